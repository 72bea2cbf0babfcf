// Random keys, IVs, lengths and scatter lists, against OpenSSL.
#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/crypto/openssl_opinion.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::AeadAlgorithm;
using virtcrypt::crypto::AeadParameters;
using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::CipherParameters;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::HashParameters;
using virtcrypt::crypto::MacAlgorithm;
using virtcrypt::crypto::MacParameters;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::SessionParameters;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::engine;
using virtcrypt::tests::test_seed;
namespace openssl = virtcrypt::tests::openssl;

namespace {

constexpr int kRounds = 60;

class Random {
 public:
  explicit Random(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return random_() % bound; }
  template <typename List>
  std::size_t one_of(const List& list) {
    return list[below(list.size())];
  }
  Bytes bytes(std::size_t count) {
    Bytes all(count);
    std::generate(all.begin(), all.end(), [this] { return static_cast<std::byte>(random_()); });
    return all;
  }
  std::size_t key_bytes(const virtcrypt::crypto::KeyBytes& keys) {
    return keys.least + keys.step * below((keys.most - keys.least) / keys.step + 1);
  }
  std::vector<std::size_t> cuts() {
    std::vector<std::size_t> all(below(12));
    std::generate(all.begin(), all.end(), [this] { return below(200); });
    return all;
  }

 private:
  std::mt19937 random_;
};

// Runs the operation over scattered text; what it made.
Bytes run(Random& random, const SessionParameters& parameters, OperationKind kind, const Bytes& text,
          std::size_t room, const Bytes& iv = {}, const Bytes& aad = {}) {
  const auto session = engine().create_session(parameters).value();
  Bytes output(room);
  const auto in = cut(std::span<const std::byte>(text), random.cuts());
  const auto additional = cut(std::span<const std::byte>(aad), random.cuts());
  const auto out = cut(std::span(output), random.cuts());
  Operation operation;
  operation.session = session.get();
  operation.kind = kind;
  operation.input = in;
  operation.output = out;
  operation.aad = additional;
  operation.iv = iv;
  engine().execute({&operation, 1});
  CHECK(operation.outcome == Outcome::kOk);
  CHECK(operation.output_bytes == room);
  return output;
}

// Says once for each name that OpenSSL has no opinion.
void without_opinion(const std::string& name) {
  static std::set<std::string> said;
  if (said.insert(name).second) WARN("this OpenSSL has no " << name);
}

std::string bits(std::size_t key_bytes) {
  return std::to_string(8 * key_bytes);
}

std::string openssl_name(CipherAlgorithm algorithm, std::size_t key_bytes) {
  switch (algorithm) {
    case CipherAlgorithm::kArc4:
      return "RC4";
    case CipherAlgorithm::kAesEcb:
      return "AES-" + bits(key_bytes) + "-ECB";
    case CipherAlgorithm::kAesCbc:
      return "AES-" + bits(key_bytes) + "-CBC";
    case CipherAlgorithm::kAesCtr:
      return "AES-" + bits(key_bytes) + "-CTR";
    case CipherAlgorithm::kAesXts:
      return "AES-" + bits(key_bytes / 2) + "-XTS";
    case CipherAlgorithm::kDesEcb:
      return "DES-ECB";
    case CipherAlgorithm::kDesCbc:
      return "DES-CBC";
    case CipherAlgorithm::kTripleDesEcb:
      return key_bytes == 16 ? "DES-EDE-ECB" : "DES-EDE3-ECB";
    case CipherAlgorithm::kTripleDesCbc:
      return key_bytes == 16 ? "DES-EDE-CBC" : "DES-EDE3-CBC";
    default:
      return "";
  }
}

const std::map<HashAlgorithm, std::string> kHashes{
    {HashAlgorithm::kMd5, "MD5"},           {HashAlgorithm::kSha1, "SHA1"},
    {HashAlgorithm::kSha224, "SHA2-224"},   {HashAlgorithm::kSha256, "SHA2-256"},
    {HashAlgorithm::kSha384, "SHA2-384"},   {HashAlgorithm::kSha512, "SHA2-512"},
    {HashAlgorithm::kSha3_224, "SHA3-224"}, {HashAlgorithm::kSha3_256, "SHA3-256"},
    {HashAlgorithm::kSha3_384, "SHA3-384"}, {HashAlgorithm::kSha3_512, "SHA3-512"},
    {HashAlgorithm::kShake128, "SHAKE128"}, {HashAlgorithm::kShake256, "SHAKE256"},
};

const std::map<MacAlgorithm, std::string> kHmacs{
    {MacAlgorithm::kHmacMd5, "MD5"},         {MacAlgorithm::kHmacSha1, "SHA1"},
    {MacAlgorithm::kHmacSha224, "SHA2-224"}, {MacAlgorithm::kHmacSha256, "SHA2-256"},
    {MacAlgorithm::kHmacSha384, "SHA2-384"}, {MacAlgorithm::kHmacSha512, "SHA2-512"},
};

// CBC-MAC is the last block of CBC with an IV of zeros.
std::optional<Bytes> cbc_mac(const Bytes& key, Bytes text) {
  text.resize(std::max<std::size_t>(16, (text.size() + 15) / 16 * 16));
  auto whole = openssl::cipher("AES-" + bits(key.size()) + "-CBC", true, key, Bytes(16), text);
  if (whole) whole->erase(whole->begin(), whole->end() - 16);
  return whole;
}

std::optional<Bytes> mac_opinion(MacAlgorithm algorithm, const Bytes& key, const Bytes& text) {
  if (const auto hmac = kHmacs.find(algorithm); hmac != kHmacs.end())
    return openssl::mac("HMAC", hmac->second, key, {}, text);
  switch (algorithm) {
    case MacAlgorithm::kCmacAes:
      return openssl::mac("CMAC", "AES-" + bits(key.size()) + "-CBC", key, {}, text);
    case MacAlgorithm::kCmacTripleDes:
      return key.size() == 16 ? std::nullopt : openssl::mac("CMAC", "DES-EDE3-CBC", key, {}, text);
    case MacAlgorithm::kCbcMacAes:
      return cbc_mac(key, text);
    case MacAlgorithm::kGmacAes: {
      const Bytes iv(text.begin(), text.begin() + 12);
      return openssl::mac("GMAC", "AES-" + bits(key.size()) + "-GCM", key, iv,
                          Bytes(text.begin() + 12, text.end()));
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

TEST_CASE("Second opinion: ciphers", "[crypto][openssl]") {
  const unsigned seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (const auto& row : engine().capabilities().ciphers) {
    for (int round = 0; round < kRounds; ++round) {
      const Bytes key = random.bytes(random.key_bytes(row.key_bytes));
      const std::string name = openssl_name(row.algorithm, key.size());
      const Bytes iv = random.bytes(row.iv_bytes);
      const std::size_t length = row.least_text_bytes + random.below(1000);
      const Bytes text = random.bytes(length / row.block_bytes * row.block_bytes);
      CAPTURE(row.name, key.size(), text.size(), round);
      const auto expected = name.empty() ? std::nullopt : openssl::cipher(name, true, key, iv, text);
      if (!expected) {
        without_opinion(std::string(row.name));
        continue;
      }
      const auto apply = [&](Direction direction, OperationKind kind, const Bytes& from) {
        return run(random, CipherParameters{row.algorithm, direction, key}, kind, from, from.size(), iv);
      };
      CHECK(apply(Direction::kEncrypt, OperationKind::kEncrypt, text) == *expected);
      CHECK(apply(Direction::kDecrypt, OperationKind::kDecrypt, *expected) == text);
    }
  }
}

TEST_CASE("Second opinion: hashes", "[crypto][openssl]") {
  const unsigned seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (const auto& row : engine().capabilities().hashes) {
    for (int round = 0; round < kRounds; ++round) {
      const Bytes text = random.bytes(random.below(1000));
      const std::size_t bytes = 1 + random.below(std::min(row.digest_bytes, 1000U));
      CAPTURE(row.name, text.size(), bytes, round);
      const auto expected = openssl::digest(kHashes.at(row.algorithm), text, bytes);
      if (!expected) {
        without_opinion(std::string(row.name));
        continue;
      }
      CHECK(run(random, HashParameters{row.algorithm, row.digest_bytes}, OperationKind::kDigest, text,
                bytes) == *expected);
    }
  }
}

TEST_CASE("Second opinion: MACs", "[crypto][openssl]") {
  const unsigned seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (const auto& row : engine().capabilities().macs) {
    for (int round = 0; round < kRounds; ++round) {
      const Bytes key = random.bytes(random.key_bytes(row.key_bytes));
      const Bytes text = random.bytes(row.iv_bytes + random.below(1000));
      CAPTURE(row.name, key.size(), text.size(), round);
      const auto expected = mac_opinion(row.algorithm, key, text);
      if (!expected) {
        without_opinion(std::string(row.name) + " with " + bits(key.size()) + "-bit keys");
        continue;
      }
      CHECK(run(random, MacParameters{row.algorithm, row.digest_bytes, key}, OperationKind::kDigest, text,
                row.digest_bytes) == *expected);
    }
  }
}

TEST_CASE("Second opinion: AEAD", "[crypto][openssl]") {
  const unsigned seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (const auto& row : engine().capabilities().aeads) {
    for (int round = 0; round < kRounds; ++round) {
      const Bytes key = random.bytes(random.key_bytes(row.key_bytes));
      // OpenSSL hashes a GCM IV of 16 bytes; ours is the pre-counter block.
      const bool is_gcm = row.algorithm == AeadAlgorithm::kAesGcm;
      const Bytes iv = random.bytes(is_gcm ? 12 : random.one_of(row.iv_bytes));
      const std::size_t tag_bytes = random.one_of(row.tag_bytes);
      const Bytes aad = random.bytes(1 + random.below(200));
      const Bytes text = random.bytes(1 + random.below(1000));
      CAPTURE(row.name, key.size(), iv.size(), tag_bytes, aad.size(), text.size(), round);
      const std::string name = row.algorithm == AeadAlgorithm::kChacha20Poly1305
                                   ? "ChaCha20-Poly1305"
                                   : "AES-" + bits(key.size()) + (is_gcm ? "-GCM" : "-CCM");
      const auto expected = openssl::seal(name, key, iv, aad, text, tag_bytes);
      if (!expected) {
        without_opinion(name);
        continue;
      }
      const auto tag = static_cast<std::uint32_t>(tag_bytes);
      CHECK(run(random, AeadParameters{row.algorithm, Direction::kEncrypt, tag, key}, OperationKind::kEncrypt,
                text, text.size() + tag_bytes, iv, aad) == *expected);
      CHECK(run(random, AeadParameters{row.algorithm, Direction::kDecrypt, tag, key}, OperationKind::kDecrypt,
                *expected, text.size(), iv, aad) == text);
    }
  }
}
