#include "tests/published/rfc_v2_known_answers.h"

#include <span>
#include <stdexcept>
#include <string_view>

#include "tests/driver/algorithm_rows.h"
#include "tests/published/symmetric_vectors.h"

namespace virtcrypt::test::rfc_v2 {
namespace {

constexpr std::size_t kGcmIvBytes = 12;  // draft, G-16

// The number on the wire of an algorithm, by its name: the draft's are the standard's (draft, G-02, G-03).
template <typename Row>
std::uint32_t number_of(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return row.algorithm;
  }
  throw std::logic_error("no number for " + std::string(name));
}

// What all the answers to one vector have in common.
class Writer {
 public:
  Writer(std::vector<KnownAnswer>& answers, std::string_view algorithm, const char* origin)
      : answers_(answers), algorithm_(algorithm), origin_(origin) {}

  void add(const char* use, const Session& session, const Data& data, std::uint8_t status,
           const Bytes& result) {
    answers_.push_back({.algorithm = algorithm_,
                        .what = std::string(use) + ", " + origin_,
                        .session = session,
                        .data = data,
                        .status = status,
                        .result = result});
  }

  void add_digest(const Session& session, const Bytes& text, const Bytes& digest) {
    add("whole", session, data_of(0, {}, text, {}, 0, digest.size()), kOk, digest);
    Session truncated = session;
    truncated.result_len = 1;
    add("truncated to a byte", truncated, data_of(0, {}, text, {}, 0, 1), kOk, {digest.front()});
    Session verifying = session;
    verifying.verify_digest = 1;
    add("verified", verifying, verification(text, digest), kOk, {});
    Bytes wrong = digest;
    wrong.front() ^= std::byte{1};
    add("verified in vain", verifying, verification(text, wrong), kBadMsg, {});
  }

 private:
  // Hash range, then the digest that is expected.
  static Data verification(const Bytes& text, const Bytes& digest) {
    Data data = data_of(0, {}, joined(text, digest), {}, 0, 0);
    data.header.hash_len = static_cast<std::uint32_t>(text.size());
    data.header.cipher_len = 0;
    return data;
  }

  std::vector<KnownAnswer>& answers_;
  std::string algorithm_;
  const char* origin_;
};

void add_ciphers(std::vector<KnownAnswer>& answers) {
  for (const auto& vector : tests::cipher_vectors()) {
    const auto name = name_of(vector.algorithm);
    const std::uint32_t number = number_of(cipher_rows(), name);
    const Bytes key = from_hex(vector.key), iv = from_hex(vector.iv);
    const Bytes plaintext = from_hex(vector.plaintext), ciphertext = from_hex(vector.ciphertext);
    Writer writer(answers, name, vector.origin);
    writer.add("encrypt", cipher_session(number, key, kEncrypt),
               data_of(0, iv, plaintext, {}, plaintext.size(), 0), kOk, ciphertext);
    writer.add("decrypt", cipher_session(number, key, kDecrypt),
               data_of(0, iv, ciphertext, {}, ciphertext.size(), 0), kOk, plaintext);
  }
}

void add_hashes(std::vector<KnownAnswer>& answers) {
  for (const auto& vector : tests::hash_vectors()) {
    const auto name = name_of(vector.algorithm);
    const Bytes digest = from_hex(vector.digest);
    Writer(answers, name, vector.origin)
        .add_digest(hash_session(number_of(hash_rows(), name), digest.size()), from_hex(vector.text), digest);
  }
}

void add_macs(std::vector<KnownAnswer>& answers) {
  for (const auto& vector : tests::mac_vectors()) {
    const auto name = name_of(vector.algorithm);
    const Bytes digest = from_hex(vector.digest);
    Writer(answers, name, vector.origin)
        .add_digest(mac_session(number_of(mac_rows(), name), from_hex(vector.key), digest.size()),
                    from_hex(vector.text), digest);
  }
}

// HMAC is a nested hash whose prefixes are the padded key (RFC 2104, 2).
void add_nested(std::vector<KnownAnswer>& answers) {
  constexpr std::size_t kBlockBytes = 64;
  const auto padded = [](const Bytes& key, std::byte pad) {
    Bytes prefix(kBlockBytes, pad);
    for (std::size_t i = 0; i < key.size(); ++i)
      prefix[i] ^= key[i];
    return prefix;
  };
  for (const auto& vector : tests::mac_vectors()) {
    const Bytes key = from_hex(vector.key), digest = from_hex(vector.digest);
    if (vector.algorithm != crypto::MacAlgorithm::kHmacSha256 || key.size() > kBlockBytes) continue;
    const std::uint32_t sha256 = number_of(hash_rows(), name_of(crypto::HashAlgorithm::kSha256));
    const Session session = nested_session(sha256, sha256, digest.size(), padded(key, std::byte{0x36}),
                                           padded(key, std::byte{0x5C}));
    Writer(answers, "nested SHA-256", vector.origin).add_digest(session, from_hex(vector.text), digest);
  }
}

void add_aeads(std::vector<KnownAnswer>& answers) {
  for (const auto& vector : tests::aead_vectors()) {
    const auto name = name_of(vector.algorithm);
    const std::uint32_t number = number_of(aead_rows(), name);
    const Bytes key = from_hex(vector.key), iv = from_hex(vector.iv), aad = from_hex(vector.aad);
    const Bytes plaintext = from_hex(vector.plaintext), tag = from_hex(vector.tag);
    Bytes sealed = joined(from_hex(vector.ciphertext), tag);
    const Session seal = aead_session(number, key, kEncrypt, tag.size());
    const Session open = aead_session(number, key, kDecrypt, tag.size());
    const Data sealing = data_of(0, iv, plaintext, aad, plaintext.size(), tag.size());
    Writer writer(answers, name, vector.origin);
    if (vector.algorithm == crypto::AeadAlgorithm::kAesGcm && iv.size() != kGcmIvBytes) {
      writer.add("IV of a length that the dialect has not", seal, sealing, kErr, Bytes(sealed.size()));
      continue;
    }
    writer.add("seal", seal, sealing, kOk, sealed);
    const auto opening = [&] {
      Data data = data_of(0, iv, sealed, aad, plaintext.size(), 0);
      data.header.cipher_len = static_cast<std::uint32_t>(plaintext.size());
      return data;
    };
    writer.add("open", open, opening(), kOk, plaintext);
    sealed.back() ^= std::byte{1};
    writer.add("open with a spoiled tag", open, opening(), kBadMsg, Bytes(plaintext.size()));
  }
}

}  // namespace

std::vector<KnownAnswer> known_answers() {
  std::vector<KnownAnswer> answers;
  add_ciphers(answers);
  add_hashes(answers);
  add_macs(answers);
  add_nested(answers);
  add_aeads(answers);
  return answers;
}

}  // namespace virtcrypt::test::rfc_v2
