#define OPENSSL_SUPPRESS_DEPRECATED
#define CRYPTOPP_ENABLE_NAMESPACE_WEAK 1

#include "tests/unit/hostile/secret.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include <cryptopp/des.h>
#include <cryptopp/twofish.h>
#include <openssl/aes.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

namespace virtcrypt::test {
namespace {

std::uint64_t word_at(std::span<const std::byte> bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
}

std::uint64_t swapped_each(std::uint64_t word, unsigned bytes) {
  std::array<std::byte, 8> octets;
  std::memcpy(octets.data(), &word, sizeof word);
  for (auto part = octets.begin(); part != octets.end(); part += bytes)
    std::reverse(part, part + bytes);
  return word_at(octets);
}

// Runs in the child alone.
class Maker {
 public:
  explicit Maker(const SecretKind& kind) : kind_(kind) {}

  Bytes key;
  std::vector<std::pair<std::uint64_t, bool>> signs;  // and whether expanded

  void make() {
    switch (kind_.expansion) {
      case Expansion::kRsa:
        return make_rsa();
      case Expansion::kEcdsa:
        return make_ecdsa();
      default:
        key.resize(kind_.key_bytes);
        if (::getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size())) _exit(1);
        add(key, kind_.expansion == Expansion::kNone);
        expand();
    }
  }

 private:
  // In each order of bytes.
  void add(std::span<const std::byte> bytes, bool expanded) {
    for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
      const std::uint64_t word = word_at(bytes);
      for (const unsigned width : {1U, 2U, 4U, 8U})
        signs.emplace_back(swapped_each(word, width), expanded);
    }
  }
  void add_words(std::span<const std::uint32_t> words) { add(std::as_bytes(words), true); }

  void expand() {
    const std::span<const std::byte> all = key;
    switch (kind_.expansion) {
      case Expansion::kAes:
        return aes(all);
      case Expansion::kAesHalves:
        aes(all.first(all.size() / 2));
        return aes(all.subspan(all.size() / 2));
      case Expansion::kAesF8:
        return f8(all);
      case Expansion::kXcbc:
        return xcbc(all);
      case Expansion::kDes:
        return des(all);
      case Expansion::kArc4:
        return arc4(all);
      case Expansion::kTwofish:
        return twofish(all);
      case Expansion::kKasumi:
        return kasumi(all);
      default:
        return hmac();
    }
  }

  static const unsigned char* octets(std::span<const std::byte> bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
  }

  void aes(std::span<const std::byte> bytes) {
    const int bits = static_cast<int>(bytes.size() * 8);
    // Round keys behind those that are the key itself; 4 words a round. OpenSSL may keep words in either
    // order.
    AES_KEY forward{};
    AES_set_encrypt_key(octets(bytes), bits, &forward);
    const auto rounds = static_cast<std::size_t>(forward.rounds);
    const auto words = std::as_bytes(std::span(forward.rd_key, 4 * (rounds + 1)));
    add(words.subspan(bytes.size()), true);
    AES_KEY backward{};
    AES_set_decrypt_key(octets(bytes), bits, &backward);
    add(std::as_bytes(std::span(backward.rd_key + 4, 4 * (rounds - 1))), true);
  }

  void f8(std::span<const std::byte> bytes) {
    const std::size_t half = bytes.size() / 2;
    aes(bytes.first(half));
    Bytes combined(half);
    std::transform(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(half),
                   bytes.begin() + static_cast<std::ptrdiff_t>(half), combined.begin(),
                   [](std::byte a, std::byte b) { return a ^ b; });
    add(combined, false);
    aes(combined);
  }

  void xcbc(std::span<const std::byte> bytes) {
    AES_KEY schedule{};
    AES_set_encrypt_key(octets(bytes), 128, &schedule);
    Bytes derived(16, std::byte{1});
    AES_encrypt(octets(derived), reinterpret_cast<unsigned char*>(derived.data()), &schedule);
    add(derived, false);
    aes(derived);
  }

  // There is no common form of these schedules: as Crypto++ has them.
  void des(std::span<const std::byte> bytes) {
    struct Schedule : CryptoPP::RawDES {
      using RawDES::k;
    };
    for (const auto direction : {CryptoPP::ENCRYPTION, CryptoPP::DECRYPTION}) {
      for (std::size_t at = 0; at < bytes.size(); at += 8) {
        Schedule one;
        one.RawSetKey(direction, octets(bytes.subspan(at)));
        add_words(std::span(one.k.data(), one.k.size()));
      }
    }
  }

  void twofish(std::span<const std::byte> bytes) {
    struct Schedule : CryptoPP::Twofish::Encryption {
      using Base::m_k;
    };
    Schedule schedule;
    schedule.SetKey(octets(bytes), bytes.size());
    add_words(std::span(schedule.m_k.data(), schedule.m_k.size()));
  }

  void arc4(std::span<const std::byte> bytes) {
    std::array<std::uint8_t, 256> state{};
    std::iota(state.begin(), state.end(), std::uint8_t{0});
    unsigned j = 0;
    for (unsigned i = 0; i < state.size(); ++i) {
      j = (j + state[i] + std::to_integer<unsigned>(bytes[i % bytes.size()])) % state.size();
      std::swap(state[i], state[j]);
    }
    add(std::as_bytes(std::span(state)), true);
  }

  // The keys of a round (TS 35.202, 4.6, table 1), KL, KO and KI one behind the other.
  void kasumi(std::span<const std::byte> bytes) {
    constexpr std::array<std::uint16_t, 8> kConstants{0x0123, 0x4567, 0x89AB, 0xCDEF,
                                                      0xFEDC, 0xBA98, 0x7654, 0x3210};
    std::array<std::uint16_t, 8> words{};
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] = static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[2 * i]) << 8U |
                                            std::to_integer<unsigned>(bytes[2 * i + 1]));
    const auto turned = [&](std::size_t i, unsigned by) {
      const unsigned word = words[i % 8];
      return static_cast<std::uint16_t>(word << by | word >> (16 - by));
    };
    const auto primed = [&](std::size_t i) {
      return static_cast<std::uint16_t>(words[i % 8] ^ kConstants[i % 8]);
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::array<std::uint16_t, 8> keys{turned(i, 1),     primed(i + 2),     turned(i + 1, 5),
                                              turned(i + 5, 8), turned(i + 6, 13), primed(i + 4),
                                              primed(i + 3),    primed(i + 7)};
      add(std::as_bytes(std::span(keys)), true);
    }
  }

  template <typename Context>
  void state(Bytes padded, std::size_t key_bytes, int (*init)(Context*),
             int (*update)(Context*, const void*, std::size_t), std::byte pad) {
    for (std::byte& byte : padded)
      byte ^= pad;
    add(std::span(padded).first(key_bytes), false);  // the rest is 0x36 or 0x5c, as elsewhere, too
    Context context;
    init(&context);
    update(&context, padded.data(), padded.size());
    // Chaining variables come first in all of these.
    constexpr std::size_t kStateBytes = std::is_same_v<Context, MD5_CTX>      ? 16
                                        : std::is_same_v<Context, SHA_CTX>    ? 20
                                        : std::is_same_v<Context, SHA256_CTX> ? 32
                                                                              : 64;
    add(std::as_bytes(std::span(&context, 1)).first(kStateBytes), true);
  }

  template <typename Context>
  void states(std::size_t block, int (*init)(Context*), int (*update)(Context*, const void*, std::size_t),
              const EVP_MD* hash) {
    Bytes padded = key;
    if (padded.size() > block) {
      unsigned length = 0;
      padded.resize(block);
      EVP_Digest(key.data(), key.size(), reinterpret_cast<unsigned char*>(padded.data()), &length, hash,
                 nullptr);
      padded.resize(length);
      add(padded, false);
    }
    const std::size_t key_bytes = padded.size();
    padded.resize(block);
    state(padded, key_bytes, init, update, std::byte{0x36});
    state(padded, key_bytes, init, update, std::byte{0x5c});
  }

  void hmac() {
    switch (kind_.expansion) {
      case Expansion::kHmacMd5:
        return states<MD5_CTX>(64, MD5_Init, MD5_Update, EVP_md5());
      case Expansion::kHmacSha1:
        return states<SHA_CTX>(64, SHA1_Init, SHA1_Update, EVP_sha1());
      case Expansion::kHmacSha224:
        return states<SHA256_CTX>(64, SHA224_Init, SHA224_Update, EVP_sha224());
      case Expansion::kHmacSha256:
        return states<SHA256_CTX>(64, SHA256_Init, SHA256_Update, EVP_sha256());
      case Expansion::kHmacSha384:
        return states<SHA512_CTX>(128, SHA384_Init, SHA384_Update, EVP_sha384());
      case Expansion::kHmacSha512:
        return states<SHA512_CTX>(128, SHA512_Init, SHA512_Update, EVP_sha512());
      default:
        return;
    }
  }

  // Also as integers of Crypto++ have it: the least significant byte first.
  void add_number(const EVP_PKEY* made, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(made, name, &number) != 1) _exit(1);
    Bytes big(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, reinterpret_cast<unsigned char*>(big.data()));
    add(big, true);
    std::reverse(big.begin(), big.end());
    add(big, true);
  }

  void encode(EVP_PKEY* made) {
    unsigned char* der = nullptr;
    const int bytes = i2d_PrivateKey(made, &der);
    if (bytes <= 0) _exit(1);
    key.assign(reinterpret_cast<std::byte*>(der), reinterpret_cast<std::byte*>(der) + bytes);
  }

  void make_rsa() {
    EVP_PKEY* made = EVP_RSA_gen(1024);
    if (made == nullptr) _exit(1);
    encode(made);
    for (const char* name :
         {OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2,
          OSSL_PKEY_PARAM_RSA_EXPONENT1, OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1})
      add_number(made, name);
  }

  void make_ecdsa() {
    EVP_PKEY* made = EVP_EC_gen("P-256");
    if (made == nullptr) _exit(1);
    encode(made);
    add_number(made, OSSL_PKEY_PARAM_PRIV_KEY);
  }

  const SecretKind& kind_;
};

void write_all(int fd, const void* data, std::size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(fd, from, bytes);
    if (written <= 0) _exit(1);
    from += written;
    bytes -= static_cast<std::size_t>(written);
  }
}

void read_all(int fd, void* data, std::size_t bytes) {
  auto* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = ::read(fd, to, bytes);
    if (got <= 0) throw std::runtime_error("the child that makes keys has failed");
    to += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

[[noreturn]] void run_child(int fd, std::span<const SecretKind> kinds) {
  for (std::uint32_t i = 0; i < kinds.size(); ++i) {
    Maker maker(kinds[i]);
    maker.make();
    for (std::byte& byte : maker.key)
      byte ^= kMask;
    const std::uint64_t counts[] = {maker.key.size(), maker.signs.size()};
    write_all(fd, counts, sizeof counts);
    write_all(fd, maker.key.data(), maker.key.size());
    for (const auto& [word, expanded] : maker.signs) {
      const Sign sign{masked(word), i, expanded};
      write_all(fd, &sign, sizeof sign);
    }
  }
  _exit(0);
}

}  // namespace

Secrets make_secrets(std::span<const SecretKind> kinds) {
  int ends[2];
  if (::pipe(ends) != 0) throw std::runtime_error("no pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no child");
  if (child == 0) run_child(ends[1], kinds);
  ::close(ends[1]);
  Secrets secrets;
  for (const SecretKind& kind : kinds) {
    std::uint64_t counts[2];
    read_all(ends[0], counts, sizeof counts);
    secrets.names.push_back(kind.name);
    read_all(ends[0], secrets.sealed.emplace_back(counts[0]).data(), counts[0]);
    const std::size_t before = secrets.signs.size();
    secrets.signs.resize(before + counts[1]);
    read_all(ends[0], secrets.signs.data() + before, counts[1] * sizeof(Sign));
  }
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return secrets;
}

void unseal(std::span<std::byte> bytes) {
  // One byte at a time: no register ever holds eight of them.
  for (std::byte& byte : bytes) {
    volatile std::byte& cell = byte;
    cell = cell ^ kMask;
  }
}

}  // namespace virtcrypt::test
