#include "tests/fuzz/differential/openssl_texts.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "tests/driver/bytes.h"
#include "tests/unit/crypto/openssl_opinion.h"

namespace virtcrypt::fuzz {
namespace {

using namespace crypto;
using test::joined;
using test::part;
namespace openssl = virtcrypt::tests::openssl;

const Expectation kFails = Expected{Outcome::kFailed, {}};

std::string bits(std::size_t bytes) {
  return std::to_string(8 * bytes);
}

Bytes copy(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

Bytes exclusive_or(Bytes one, const Bytes& other) {
  for (std::size_t i = 0; i < one.size(); ++i)
    one[i] ^= other[i];
  return one;
}

Expectation succeeded(std::optional<Bytes> output) {
  return output ? Expectation(Expected{Outcome::kOk, *std::move(output)}) : std::nullopt;
}

struct CipherRule {
  CipherAlgorithm algorithm;
  std::size_t iv_bytes, block, least;
};
constexpr CipherRule kCipherRules[] = {
    {CipherAlgorithm::kArc4, 0, 1, 0},         {CipherAlgorithm::kAesEcb, 0, 16, 0},
    {CipherAlgorithm::kAesCbc, 16, 16, 0},     {CipherAlgorithm::kAesCtr, 16, 1, 0},
    {CipherAlgorithm::kAesF8, 16, 1, 0},       {CipherAlgorithm::kAesXts, 16, 1, 16},
    {CipherAlgorithm::kDesEcb, 0, 8, 0},       {CipherAlgorithm::kDesCbc, 8, 8, 0},
    {CipherAlgorithm::kTripleDesEcb, 0, 8, 0}, {CipherAlgorithm::kTripleDesCbc, 8, 8, 0},
    {CipherAlgorithm::kTripleDesCtr, 8, 1, 0},
};

const CipherRule* rule_of(CipherAlgorithm algorithm) {
  const auto rule = std::find_if(std::begin(kCipherRules), std::end(kCipherRules),
                                 [algorithm](const CipherRule& some) { return some.algorithm == algorithm; });
  return rule == std::end(kCipherRules) ? nullptr : &*rule;
}

std::string aes(std::size_t key_bytes, const char* mode) {
  return "AES-" + bits(key_bytes) + mode;
}

// Of the mode, or of the ECB that it is put together from. Names of ciphers that there are not, for keys of
// wrong lengths: "AES-136-CBC".
std::string name_of_cipher(CipherAlgorithm algorithm, std::size_t key_bytes) {
  const std::string triple = key_bytes == 16 ? "DES-EDE" : key_bytes == 24 ? "DES-EDE3" : "DES-EDE?";
  const std::string single = key_bytes == 8 ? "DES" : "DES?";
  switch (algorithm) {
    case CipherAlgorithm::kArc4:
      return "RC4";
    case CipherAlgorithm::kAesEcb:
      return aes(key_bytes, "-ECB");
    case CipherAlgorithm::kAesCbc:
      return aes(key_bytes, "-CBC");
    case CipherAlgorithm::kAesCtr:
      return aes(key_bytes, "-CTR");
    case CipherAlgorithm::kAesF8:
      return key_bytes % 2 == 0 ? aes(key_bytes / 2, "-ECB") : "AES?";
    case CipherAlgorithm::kAesXts:
      return key_bytes % 2 == 0 ? aes(key_bytes / 2, "-XTS") : "AES?";
    case CipherAlgorithm::kDesEcb:
      return single + "-ECB";
    case CipherAlgorithm::kDesCbc:
      return single + "-CBC";
    case CipherAlgorithm::kTripleDesEcb:
    case CipherAlgorithm::kTripleDesCtr:
      return triple + "-ECB";
    default:
      return triple + "-CBC";
  }
}

// Whether OpenSSL has this family of ciphers at all; without its legacy provider it has no DES and no RC4.
bool has_family(CipherAlgorithm algorithm) {
  static const bool has_aes = openssl::has_cipher("AES-128-XTS"), has_des = openssl::has_cipher("DES-CBC"),
                    has_triple_des = openssl::has_cipher("DES-EDE3-ECB"),
                    has_rc4 = openssl::has_cipher("RC4");
  switch (algorithm) {
    case CipherAlgorithm::kArc4:
      return has_rc4;
    case CipherAlgorithm::kDesEcb:
    case CipherAlgorithm::kDesCbc:
      return has_des;
    case CipherAlgorithm::kTripleDesEcb:
    case CipherAlgorithm::kTripleDesCbc:
    case CipherAlgorithm::kTripleDesCtr:
      return has_triple_des;
    default:
      return has_aes;
  }
}

// RFC 3711, 4.1.2.
std::optional<Bytes> aes_f8(const std::string& ecb, const Bytes& keys, const Bytes& iv, const Bytes& text) {
  const Bytes key = part(keys, 0, keys.size() / 2);
  const auto encrypt = [&](const Bytes& with, const Bytes& block) {
    return openssl::cipher(ecb, true, with, {}, block).value();
  };
  const Bytes mask = exclusive_or(key, part(keys, keys.size() / 2, key.size()));
  const Bytes start = encrypt(mask, iv);
  Bytes stream, last(16);
  for (std::uint32_t block = 0; stream.size() < text.size(); ++block) {
    Bytes counted = start;
    for (std::size_t i = 0; i < 4; ++i)
      counted[15 - i] ^= static_cast<std::byte>(block >> (8 * i));
    last = encrypt(key, exclusive_or(counted, last));
    stream.insert(stream.end(), last.begin(), last.end());
  }
  return exclusive_or(text, stream);
}

// SP 800-38A, 6.5 with blocks of 64 bits.
std::optional<Bytes> triple_des_ctr(const std::string& ecb, const Bytes& key, const Bytes& iv,
                                    const Bytes& text) {
  Bytes counters, counter = iv;
  while (counters.size() < text.size()) {
    counters.insert(counters.end(), counter.begin(), counter.end());
    for (std::size_t i = counter.size(); i-- > 0;) {
      counter[i] = static_cast<std::byte>(std::to_integer<unsigned>(counter[i]) + 1U);
      if (counter[i] != std::byte{0}) break;
    }
  }
  return exclusive_or(text, openssl::cipher(ecb, true, key, {}, counters).value());
}

bool has_equal_halves(const Bytes& key) {
  return part(key, 0, key.size() / 2) == part(key, key.size() / 2, key.size() / 2);
}

const char* name_of_hash(HashAlgorithm algorithm) {
  constexpr const char* kNames[] = {nullptr,    nullptr,    nullptr,    "MD5",      "SHA1",
                                    "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512", "SHA3-224",
                                    "SHA3-256", "SHA3-384", "SHA3-512", "SHAKE128", "SHAKE256"};
  return kNames[static_cast<std::size_t>(algorithm)];
}

// Longest digest; 0 of what is no service of the device.
std::size_t longest_digest(HashAlgorithm algorithm) {
  constexpr std::size_t kBytes[] = {0, 0, 0, 16, 20, 28, 32, 48, 64, 28, 32, 48, 64, 1U << 20U, 1U << 20U};
  return kBytes[static_cast<std::size_t>(algorithm)];
}

const char* hash_of_hmac(MacAlgorithm algorithm) {
  constexpr const char* kNames[] = {"MD5", "SHA1", "SHA2-224", "SHA2-256", "SHA2-384", "SHA2-512"};
  const auto index = static_cast<std::size_t>(algorithm);
  return index < std::size(kNames) ? kNames[index] : nullptr;
}

std::size_t longest_digest(MacAlgorithm algorithm) {
  constexpr std::size_t kHmacs[] = {16, 20, 28, 32, 48, 64};
  const auto index = static_cast<std::size_t>(algorithm);
  if (index < std::size(kHmacs)) return kHmacs[index];
  return algorithm == MacAlgorithm::kCmacTripleDes ? 8 : 16;
}

Bytes aes_block(const Bytes& key, const Bytes& block) {
  return openssl::cipher(aes(key.size(), "-ECB"), true, key, {}, block).value();
}

// FIPS 113 with AES: the last block of CBC over the text padded with zeros; no text is one block of them.
Bytes cbc_mac(const Bytes& key, Bytes text) {
  text.resize(std::max<std::size_t>(16, (text.size() + 15) / 16 * 16));
  const Bytes all = openssl::cipher(aes(key.size(), "-CBC"), true, key, Bytes(16), text).value();
  return part(all, all.size() - 16, 16);
}

// RFC 3566, 4.
Bytes xcbc(const Bytes& key, Bytes text) {
  const auto derived = [&key](unsigned number) {
    return aes_block(key, Bytes(16, static_cast<std::byte>(number)));
  };
  const bool is_whole = !text.empty() && text.size() % 16 == 0;
  if (!is_whole) text.push_back(std::byte{0x80});
  text.resize((text.size() + 15) / 16 * 16);
  const Bytes mask = derived(is_whole ? 2 : 3);
  for (std::size_t i = 0; i < 16; ++i)
    text[text.size() - 16 + i] ^= mask[i];
  return cbc_mac(derived(1), text);
}

std::optional<Bytes> mac_of(MacAlgorithm algorithm, const Bytes& key, const Bytes& text) {
  if (const char* hash = hash_of_hmac(algorithm); hash != nullptr)
    return openssl::mac("HMAC", hash, key, {}, text);
  switch (algorithm) {
    case MacAlgorithm::kCmacAes:
      return openssl::mac("CMAC", aes(key.size(), "-CBC"), key, {}, text);
    case MacAlgorithm::kCmacTripleDes:
      return openssl::mac("CMAC", "DES-EDE3-CBC", key.size() == 16 ? joined(key, part(key, 0, 8)) : key, {},
                          text);
    case MacAlgorithm::kCbcMacAes:
      return cbc_mac(key, text);
    case MacAlgorithm::kXcbcAes:
      return xcbc(key, text);
    case MacAlgorithm::kGmacAes:
      return openssl::mac("GMAC", aes(key.size(), "-GCM"), key, part(text, 0, 12),
                          part(text, 12, text.size() - 12));
    default:
      return std::nullopt;
  }
}

bool is_aes_key(std::size_t bytes) {
  return openssl::has_cipher(aes(bytes, "-CBC"));
}

std::string name_of_aead(const AeadParameters& parameters) {
  if (parameters.algorithm == AeadAlgorithm::kChacha20Poly1305) return "ChaCha20-Poly1305";
  return aes(parameters.key.size(), parameters.algorithm == AeadAlgorithm::kAesGcm ? "-GCM" : "-CCM");
}

bool is_iv_length(AeadAlgorithm algorithm, std::size_t bytes) {
  return algorithm == AeadAlgorithm::kAesCcm ? bytes >= 7 && bytes <= 13 : bytes == 12;
}

}  // namespace

std::optional<bool> accepts(const CipherParameters& parameters) {
  if (rule_of(parameters.algorithm) == nullptr || !has_family(parameters.algorithm)) return std::nullopt;
  const std::size_t bytes = parameters.key.size();
  // RFC 6229's cipher takes any key up to 256 bytes.
  if (parameters.algorithm == CipherAlgorithm::kArc4) return bytes >= 1 && bytes <= 256;
  return openssl::has_cipher(name_of_cipher(parameters.algorithm, bytes));
}

std::optional<bool> accepts(const HashParameters& parameters) {
  return longest_digest(parameters.algorithm) != 0 && parameters.result_bytes != 0;
}

std::optional<bool> accepts(const NestedHashParameters& parameters) {
  const std::size_t inner = longest_digest(parameters.inner);
  return inner != 0 && inner <= 64 && longest_digest(parameters.outer) != 0 && parameters.result_bytes != 0;
}

std::optional<bool> accepts(const MacParameters& parameters) {
  const std::size_t bytes = parameters.key.size();
  if (hash_of_hmac(parameters.algorithm) != nullptr)
    return parameters.result_bytes != 0 && bytes <= kMaxMacKeyBytes;
  switch (parameters.algorithm) {
    case MacAlgorithm::kCmacAes:
    case MacAlgorithm::kCbcMacAes:
    case MacAlgorithm::kGmacAes:
      return parameters.result_bytes != 0 && is_aes_key(bytes);
    case MacAlgorithm::kXcbcAes:
      return parameters.result_bytes != 0 && bytes == 16;
    case MacAlgorithm::kCmacTripleDes:
      return parameters.result_bytes != 0 && (bytes == 16 || bytes == 24);
    default:
      return std::nullopt;
  }
}

std::optional<bool> accepts(const AeadParameters& parameters) {
  const std::uint32_t tag = parameters.tag_bytes;
  if (!openssl::has_cipher(name_of_aead(parameters))) return false;
  switch (parameters.algorithm) {
    case AeadAlgorithm::kChacha20Poly1305:
      return parameters.key.size() == 32 && tag == 16;
    case AeadAlgorithm::kAesCcm:
      return tag >= 4 && tag <= 16 && tag % 2 == 0;
    default:
      return tag == 4 || tag == 8 || (tag >= 12 && tag <= 16);
  }
}

Expectation ciphered(const CipherParameters& parameters, const Bytes& iv, const Bytes& text) {
  const CipherRule& rule = *rule_of(parameters.algorithm);
  if (iv.size() != rule.iv_bytes || text.size() % rule.block != 0 || text.size() < rule.least) return kFails;
  const Bytes key = copy(parameters.key);
  const std::string name = name_of_cipher(parameters.algorithm, key.size());
  const bool encrypts = parameters.direction == Direction::kEncrypt;
  switch (parameters.algorithm) {
    case CipherAlgorithm::kAesF8:
      return succeeded(aes_f8(name, key, iv, text));
    case CipherAlgorithm::kTripleDesCtr:
      return succeeded(triple_des_ctr(name, key, iv, text));
    case CipherAlgorithm::kAesXts:
      // OpenSSL holds that against a key; IEEE 1619 does not.
      if (has_equal_halves(key)) return std::nullopt;
      break;
    default:
      break;
  }
  return succeeded(openssl::cipher(name, encrypts, key, iv, text));
}

Expectation digested(const HashParameters& parameters, const Bytes& text, std::size_t bytes) {
  const std::size_t most =
      std::min<std::size_t>(parameters.result_bytes, longest_digest(parameters.algorithm));
  if (bytes == 0 || bytes > most) return kFails;
  return succeeded(openssl::digest(name_of_hash(parameters.algorithm), text, bytes));
}

Expectation digested(const NestedHashParameters& parameters, const Bytes& text, std::size_t bytes) {
  const std::size_t inner_bytes = longest_digest(parameters.inner);
  const auto inner = openssl::digest(name_of_hash(parameters.inner),
                                     joined(copy(parameters.inner_prefix), text), inner_bytes);
  if (!inner) return std::nullopt;
  return digested(HashParameters{parameters.outer, parameters.result_bytes},
                  joined(copy(parameters.outer_prefix), *inner), bytes);
}

Expectation digested(const MacParameters& parameters, const Bytes& text, std::size_t bytes) {
  const std::size_t most =
      std::min<std::size_t>(parameters.result_bytes, longest_digest(parameters.algorithm));
  if (bytes == 0 || bytes > most) return kFails;
  if (parameters.algorithm == MacAlgorithm::kGmacAes && text.size() < 12) return kFails;
  std::optional<Bytes> whole = mac_of(parameters.algorithm, copy(parameters.key), text);
  if (whole) whole->resize(bytes);
  return succeeded(std::move(whole));
}

Expectation sealed_or_opened(const AeadParameters& parameters, const Bytes& iv, const Bytes& aad,
                             const Bytes& text) {
  const bool is_gcm = parameters.algorithm == AeadAlgorithm::kAesGcm;
  // OpenSSL hashes an IV of this length; to the device it is the pre-counter block.
  if (is_gcm && iv.size() == 16) return std::nullopt;
  if (!is_iv_length(parameters.algorithm, iv.size())) return kFails;
  const std::string name = name_of_aead(parameters);
  const Bytes key = copy(parameters.key);
  if (parameters.direction == Direction::kEncrypt)
    return succeeded(openssl::seal(name, key, iv, aad, text, parameters.tag_bytes));
  if (text.size() < parameters.tag_bytes) return kFails;
  auto opened = openssl::open(name, key, iv, aad, text, parameters.tag_bytes);
  if (!opened) return std::nullopt;
  if (!opened->authentic) return Expected{Outcome::kAuthenticationFailed, {}};
  return Expected{Outcome::kOk, std::move(opened->text)};
}

}  // namespace virtcrypt::fuzz
