// A second opinion on everything that OpenSSL has as well: random keys, IVs, lengths, layouts, rings and
// scatter lists. VIRTCRYPT_TEST_SEED repeats a run, VIRTCRYPT_TEST_CASES says how many cases there are.
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"
#include "tests/support/catch.h"
#include "tests/support/sanitizers.h"
#include "tests/unit/devices/crypto/request_set.h"
#include "tests/unit/devices/crypto/rsa_vectors.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

template <auto free_it>
struct Deleter {
  template <typename Type>
  void operator()(Type* object) const {
    free_it(object);
  }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER, Deleter<EVP_CIPHER_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>>;
using Mac = std::unique_ptr<EVP_MAC, Deleter<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Deleter<EVP_MAC_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;

const unsigned char* octets(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* octets(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
const unsigned char* octets(const Bytes& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
int length(std::size_t bytes) {
  return static_cast<int>(bytes);
}

// What OpenSSL makes of a text, or nothing when this build of it lacks the algorithm.
using Opinion = std::optional<Bytes>;

Opinion encrypt(const char* name, const Bytes& key, const Bytes& iv, const Bytes& text) {
  const Cipher cipher(EVP_CIPHER_fetch(nullptr, name, nullptr));
  if (!cipher) return std::nullopt;
  const CipherContext context(EVP_CIPHER_CTX_new());
  REQUIRE(EVP_EncryptInit_ex2(context.get(), cipher.get(), nullptr, nullptr, nullptr) == 1);
  REQUIRE(EVP_CIPHER_CTX_set_key_length(context.get(), length(key.size())) == 1);
  REQUIRE(EVP_EncryptInit_ex2(context.get(), nullptr, octets(key), iv.empty() ? nullptr : octets(iv),
                              nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  Bytes output(text.size() + 16);
  int written = 0;
  if (!text.empty()) {
    REQUIRE(EVP_EncryptUpdate(context.get(), octets(output), &written, octets(text), length(text.size())) ==
            1);
  }
  output.resize(static_cast<std::size_t>(written));
  return output;
}

Opinion seal(const char* name, const Bytes& key, const Bytes& iv, const Bytes& aad, const Bytes& text,
             std::size_t tag_bytes) {
  const Cipher cipher(EVP_CIPHER_fetch(nullptr, name, nullptr));
  if (!cipher) return std::nullopt;
  const bool ccm = EVP_CIPHER_get_mode(cipher.get()) == EVP_CIPH_CCM_MODE;
  const CipherContext context(EVP_CIPHER_CTX_new());
  EVP_CIPHER_CTX* const raw = context.get();
  REQUIRE(EVP_EncryptInit_ex2(raw, cipher.get(), nullptr, nullptr, nullptr) == 1);
  REQUIRE(EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_AEAD_SET_IVLEN, length(iv.size()), nullptr) == 1);
  if (ccm) REQUIRE(EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_AEAD_SET_TAG, length(tag_bytes), nullptr) == 1);
  REQUIRE(EVP_EncryptInit_ex2(raw, nullptr, octets(key), octets(iv), nullptr) == 1);
  int written = 0;
  if (ccm) REQUIRE(EVP_EncryptUpdate(raw, nullptr, &written, nullptr, length(text.size())) == 1);
  if (!aad.empty()) REQUIRE(EVP_EncryptUpdate(raw, nullptr, &written, octets(aad), length(aad.size())) == 1);
  Bytes output(text.size() + tag_bytes + 16);
  // CCM is not done without a call for the text, even if there is none.
  const unsigned char none = 0;
  if (!text.empty() || ccm) {
    REQUIRE(EVP_EncryptUpdate(raw, octets(output), &written, text.empty() ? &none : octets(text),
                              length(text.size())) == 1);
  }
  REQUIRE(EVP_EncryptFinal_ex(raw, octets(output) + text.size(), &written) == 1);
  REQUIRE(EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_AEAD_GET_TAG, length(tag_bytes), octets(output) + text.size()) ==
          1);
  output.resize(text.size() + tag_bytes);
  return output;
}

Opinion hash(const char* name, const Bytes& text, std::size_t digest_bytes) {
  const Digest digest(EVP_MD_fetch(nullptr, name, nullptr));
  if (!digest) return std::nullopt;
  const DigestContext context(EVP_MD_CTX_new());
  REQUIRE(EVP_DigestInit_ex2(context.get(), digest.get(), nullptr) == 1);
  REQUIRE(EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1);
  Bytes output(digest_bytes);
  if ((EVP_MD_get_flags(digest.get()) & EVP_MD_FLAG_XOF) != 0) {
    REQUIRE(EVP_DigestFinalXOF(context.get(), octets(output), output.size()) == 1);
  } else {
    unsigned written = 0;
    REQUIRE(EVP_DigestFinal_ex(context.get(), octets(output), &written) == 1);
    REQUIRE(written == digest_bytes);
  }
  return output;
}

// `inner` is the cipher or digest that the MAC is built on.
Opinion mac(const char* name, const char* parameter, std::string inner, const Bytes& key, const Bytes& iv,
            std::span<const std::byte> text, std::size_t digest_bytes) {
  const Mac algorithm(EVP_MAC_fetch(nullptr, name, nullptr));
  if (!algorithm) return std::nullopt;
  const MacContext context(EVP_MAC_CTX_new(algorithm.get()));
  Bytes iv_copy = iv;
  std::vector<OSSL_PARAM> parameters{OSSL_PARAM_construct_utf8_string(parameter, inner.data(), 0)};
  if (!iv.empty())
    parameters.push_back(OSSL_PARAM_construct_octet_string("iv", iv_copy.data(), iv_copy.size()));
  parameters.push_back(OSSL_PARAM_construct_end());
  if (EVP_MAC_init(context.get(), octets(key), key.size(), parameters.data()) != 1) return std::nullopt;
  REQUIRE(EVP_MAC_update(context.get(), octets(text), text.size()) == 1);
  Bytes output(64);
  std::size_t written = 0;
  REQUIRE(EVP_MAC_final(context.get(), octets(output), &written, output.size()) == 1);
  REQUIRE(written == digest_bytes);
  output.resize(digest_bytes);
  return output;
}

// Devices with both ring formats and all three layouts, kept over all cases.
class Devices {
 public:
  CryptoDriver& pick(Layout layout, bool packed) {
    auto& slot = drivers_[{layout, packed}];
    if (!slot) {
      auto device = polled_device();
      device.queue_size = 1024;
      DriverOptions options;
      options.features |= features_of(layout);
      options.packed = packed;
      options.ring_size = 1024;
      slot = std::make_unique<CryptoDriver>(device, options);
    }
    return *slot;
  }

 private:
  std::map<std::pair<Layout, bool>, std::unique_ptr<CryptoDriver>> drivers_;
};

// One run of random cases.
class Run {
 public:
  explicit Run(std::uint64_t seed) : random_(seed) {}

  void one_case() {
    switch (below(4)) {
      case 0:
        return cipher_case();
      case 1:
        return hash_case();
      case 2:
        return mac_case();
      default:
        return aead_case();
    }
  }

  std::uint64_t total = 0;
  std::map<std::string, unsigned> compared;
  std::map<std::string, unsigned> lacking;  // not in this build of OpenSSL

 private:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  template <typename Row>
  const Row& one_of(std::span<const Row> rows) {
    return rows[below(rows.size())];
  }

  std::size_t text_bytes() {
    constexpr std::size_t kShort = 300, kLong = 5000;
    return below(below(8) == 0 ? kLong : kShort);
  }

  void compare(const Work& work, const std::string& name, const Opinion& opinion) {
    if (!opinion) {
      ++lacking[name];
      return;
    }
    const auto layout = static_cast<Layout>(below(3));
    CryptoDriver& driver = devices_.pick(layout, below(2) == 1);
    // Long texts get pieces so long that they fit the ring.
    const std::size_t least_chunk = work.source.size() / 300 + 1;
    const Shape shape{.chunk = below(3) == 0 ? 0 : least_chunk + below(40),
                      .indirect = below(2) == 1,
                      .overlap = below(3) == 0,
                      .shift = static_cast<std::ptrdiff_t>(below(41)) - 20};
    const Result result = perform(driver, layout, work, shape);
    INFO(work.name << ", " << work.source.size() << " bytes, layout " << static_cast<int>(layout)
                   << ", chunk " << shape.chunk
                   << (shape.overlap ? ", overlap " + std::to_string(shape.shift) : ""));
    REQUIRE(int{result.status} == kOk);
    REQUIRE(result.output == *opinion);
    ++compared[name];
    ++total;
  }

  void cipher_case() {
    const CipherRow& row = one_of(cipher_rows());
    static const std::map<std::pair<std::uint32_t, std::size_t>, const char*> kNames{
        {{1, 16}, "RC4"},          {{2, 16}, "AES-128-ECB"},  {{2, 24}, "AES-192-ECB"},
        {{2, 32}, "AES-256-ECB"},  {{3, 16}, "AES-128-CBC"},  {{3, 24}, "AES-192-CBC"},
        {{3, 32}, "AES-256-CBC"},  {{4, 16}, "AES-128-CTR"},  {{4, 24}, "AES-192-CTR"},
        {{4, 32}, "AES-256-CTR"},  {{5, 8}, "DES-ECB"},       {{6, 8}, "DES-CBC"},
        {{7, 24}, "DES-EDE3-ECB"}, {{7, 16}, "DES-EDE-ECB"},  {{8, 24}, "DES-EDE3-CBC"},
        {{8, 16}, "DES-EDE-CBC"},  {{13, 32}, "AES-128-XTS"}, {{13, 64}, "AES-256-XTS"}};
    const auto name = kNames.find({row.algorithm, row.key_bytes});
    if (name == kNames.end()) return;
    const std::size_t bytes = (row.least_bytes + text_bytes()) / row.block_bytes * row.block_bytes;
    Parts parts;
    const Work work = cipher_work(row, kEncrypt, bytes, random_, &parts);
    const Opinion ciphertext = encrypt(name->second, parts.key, parts.iv, work.source);
    if (below(2) == 0) return compare(work, name->second, ciphertext);
    // The other way round: what OpenSSL has encrypted is decrypted.
    if (!ciphertext) return compare(work, name->second, ciphertext);
    compare(cipher_work(row, kDecrypt, parts, *ciphertext), name->second, work.source);
  }

  void hash_case() {
    static const std::map<std::uint32_t, const char*> kNames{
        {1, "MD5"},      {2, "SHA1"},      {3, "SHA224"},    {4, "SHA256"},
        {5, "SHA384"},   {6, "SHA512"},    {7, "SHA3-224"},  {8, "SHA3-256"},
        {9, "SHA3-384"}, {10, "SHA3-512"}, {11, "SHAKE128"}, {12, "SHAKE256"}};
    const HashRow& row = one_of(hash_rows());
    const Work work = hash_work(row, text_bytes(), random_);
    compare(work, kNames.at(row.algorithm), hash(kNames.at(row.algorithm), work.source, row.digest_bytes));
  }

  void mac_case() {
    static const std::map<std::pair<std::uint32_t, std::size_t>, std::array<const char*, 3>> kNames{
        {{1, 16}, {"HMAC", "digest", "MD5"}},           {{2, 20}, {"HMAC", "digest", "SHA1"}},
        {{3, 28}, {"HMAC", "digest", "SHA224"}},        {{4, 32}, {"HMAC", "digest", "SHA256"}},
        {{5, 48}, {"HMAC", "digest", "SHA384"}},        {{6, 200}, {"HMAC", "digest", "SHA512"}},
        {{25, 24}, {"CMAC", "cipher", "DES-EDE3-CBC"}}, {{26, 16}, {"CMAC", "cipher", "AES-128-CBC"}},
        {{26, 32}, {"CMAC", "cipher", "AES-256-CBC"}},  {{41, 16}, {"GMAC", "cipher", "AES-128-GCM"}}};
    const MacRow& row = one_of(mac_rows());
    const auto names = kNames.find({row.algorithm, row.key_bytes});
    if (names == kNames.end()) return;
    const auto& [name, parameter, inner] = names->second;
    Parts parts;
    const Work work = mac_work(row, row.iv_bytes + text_bytes(), random_, &parts);
    const std::span<const std::byte> text(work.source);
    const Bytes iv(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(row.iv_bytes));
    compare(work, std::string(name) + " " + inner,
            mac(name, parameter, inner, parts.key, iv, text.subspan(row.iv_bytes), row.digest_bytes));
  }

  void aead_case() {
    static const std::map<std::pair<std::uint32_t, std::size_t>, const char*> kNames{
        {{1, 16}, "AES-128-GCM"},
        {{1, 32}, "AES-256-GCM"},
        {{2, 16}, "AES-128-CCM"},
        {{2, 32}, "AES-256-CCM"},
        {{3, 32}, "ChaCha20-Poly1305"}};
    const AeadRow& row = one_of(aead_rows());
    const auto name = kNames.find({row.algorithm, row.key_bytes});
    if (name == kNames.end()) return;
    Parts parts;
    const Work work = aead_work(row, text_bytes(), below(100), random_, &parts);
    const Opinion sealed = seal(name->second, parts.key, parts.iv, parts.aad, work.source, row.tag_bytes);
    if (below(2) == 0 || !sealed) return compare(work, name->second, sealed);
    compare(aead_open_work(row, parts, *sealed), name->second, work.source);
  }

  std::mt19937_64 random_;
  Devices devices_;
};

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

}  // namespace

TEST_CASE("Second opinion: OpenSSL agrees on random requests", "[crypto][standard][openssl]") {
  // Where the provider is not installed, what it has is counted as lacking.
  OSSL_PROVIDER* const legacy = OSSL_PROVIDER_try_load(nullptr, "legacy", 1);
  const std::uint64_t seed = from_environment("VIRTCRYPT_TEST_SEED", std::random_device{}());
  const std::uint64_t cases = from_environment("VIRTCRYPT_TEST_CASES", kSanitized ? 1'000 : 10'000);
  CAPTURE(seed);
  Run run(seed);
  while (run.total < cases)
    run.one_case();
  std::string summary =
      "second opinion: seed " + std::to_string(seed) + ", " + std::to_string(cases) + " cases;";
  for (const auto& [name, count] : run.compared)
    summary += " " + name + " " + std::to_string(count);
  for (const auto& [name, count] : run.lacking)
    summary += "; OpenSSL lacks " + name;
  WARN(summary);
  CHECK(run.compared.size() >= 30);
  if (legacy != nullptr) OSSL_PROVIDER_unload(legacy);
}

TEST_CASE("Second opinion: OpenSSL verifies the device's ECDSA signatures, and the device OpenSSL's",
          "[crypto][standard][openssl][ecdsa]") {
  static const std::pair<std::uint32_t, const char*> kCurves[] = {
      {1, "P-192"}, {2, "P-224"}, {3, "P-256"}, {4, "P-384"}, {5, "P-521"}};
  std::mt19937_64 random(2026);
  CryptoDriver driver;
  for (const auto& [curve, name] : kCurves) {
    CAPTURE(name);
    const Key key(EVP_EC_gen(name));
    REQUIRE(key);
    unsigned char* der = nullptr;
    const int der_bytes = i2d_PrivateKey(key.get(), &der);
    const Bytes private_key(reinterpret_cast<std::byte*>(der), reinterpret_cast<std::byte*>(der) + der_bytes);
    OPENSSL_free(der);
    Bytes point(200);
    std::size_t point_bytes = 0;
    REQUIRE(EVP_PKEY_get_octet_string_param(key.get(), "pub", octets(point), point.size(), &point_bytes) ==
            1);
    point.resize(point_bytes);

    const EcdsaSubject signing{.key_type = 2, .curve = curve, .key = private_key};
    const EcdsaSubject verifying{.key_type = 1, .curve = curve, .key = point};
    const auto signer = driver.create(create_request(Layout::kPadded, signing));
    const auto verifier = driver.create(create_request(Layout::kPadded, verifying));
    REQUIRE(signer.status == kOk);
    REQUIRE(verifier.status == kOk);
    for (const std::size_t digest_bytes : {20U, 32U, 64U}) {
      const Bytes digest = random_bytes(random, digest_bytes);
      const Answer made =
          driver.call(0, akcipher_request({Layout::kPadded, signer.id}, signing, kAkcipherSign, digest, 150));
      REQUIRE(made.status() == kOk);
      const KeyContext verify(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
      REQUIRE(EVP_PKEY_verify_init(verify.get()) == 1);
      CHECK(EVP_PKEY_verify(verify.get(), octets(made.written), made.used_length - 1, octets(digest),
                            digest.size()) == 1);

      const KeyContext sign(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
      REQUIRE(EVP_PKEY_sign_init(sign.get()) == 1);
      Bytes signature(200);
      std::size_t signature_bytes = signature.size();
      REQUIRE(EVP_PKEY_sign(sign.get(), octets(signature), &signature_bytes, octets(digest), digest.size()) ==
              1);
      signature.resize(signature_bytes);
      const Target target{Layout::kPadded, verifier.id};
      CHECK(driver.call(0, verify_request(target, verifying, signature, digest)).status() == kOk);
      Bytes other = digest;
      other[0] ^= std::byte{1};
      CHECK(driver.call(0, verify_request(target, verifying, signature, other)).status() == kKeyRejected);
    }
  }
}
