// A second opinion on everything that OpenSSL has as well: random keys, IVs, lengths, layouts, rings and
// scatter lists. VIRTCRYPT_TEST_SEED repeats a run, VIRTCRYPT_TEST_CASES says how many cases there are.
#include <openssl/ec.h>
#include <openssl/evp.h>
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
#include "tests/support/openssl.h"
#include "tests/unit/crypto/openssl_opinion.h"
#include "tests/unit/devices/crypto/request_set.h"
#include "tests/unit/devices/crypto/rsa_vectors.h"
#include "virtcrypt/crypto/sanitizers.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

using Key = OpensslHandle<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = OpensslHandle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

// What OpenSSL makes of a text, or nothing when this build of it lacks the algorithm.
using Opinion = std::optional<Bytes>;
namespace openssl = tests::openssl;

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
    const Opinion ciphertext = openssl::cipher(name->second, true, parts.key, parts.iv, work.source);
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
    compare(work, kNames.at(row.algorithm),
            openssl::digest(kNames.at(row.algorithm), work.source, row.digest_bytes));
  }

  void mac_case() {
    static const std::map<std::pair<std::uint32_t, std::size_t>, std::array<const char*, 2>> kNames{
        {{1, 16}, {"HMAC", "MD5"}},           {{2, 20}, {"HMAC", "SHA1"}},
        {{3, 28}, {"HMAC", "SHA224"}},        {{4, 32}, {"HMAC", "SHA256"}},
        {{5, 48}, {"HMAC", "SHA384"}},        {{6, 200}, {"HMAC", "SHA512"}},
        {{25, 24}, {"CMAC", "DES-EDE3-CBC"}}, {{26, 16}, {"CMAC", "AES-128-CBC"}},
        {{26, 32}, {"CMAC", "AES-256-CBC"}},  {{41, 16}, {"GMAC", "AES-128-GCM"}}};
    const MacRow& row = one_of(mac_rows());
    const auto names = kNames.find({row.algorithm, row.key_bytes});
    if (names == kNames.end()) return;
    const auto& [name, inner] = names->second;
    Parts parts;
    const Work work = mac_work(row, row.iv_bytes + text_bytes(), random_, &parts);
    const auto behind_iv = work.source.begin() + static_cast<std::ptrdiff_t>(row.iv_bytes);
    const Bytes iv(work.source.begin(), behind_iv);
    const Bytes text(behind_iv, work.source.end());
    compare(work, std::string(name) + " " + inner, openssl::mac(name, inner, parts.key, iv, text));
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
    const Opinion sealed =
        openssl::seal(name->second, parts.key, parts.iv, parts.aad, work.source, row.tag_bytes);
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
