// The published vectors as known answers.
#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "tests/conformance/known_answers.h"
#include "tests/driver/algorithm_rows.h"
#include "tests/driver/wire_number.h"
#include "tests/published/asymmetric_vectors.h"
#include "tests/published/symmetric_vectors.h"

namespace virtcrypt::conformance {
namespace {

using namespace test::wire_number;
using test::from_hex;

constexpr std::uint32_t kHashOpcode = 0x0100, kMacOpcode = 0x0200, kAeadEncrypt = 0x0300,
                        kAeadDecrypt = 0x0301;
constexpr std::uint32_t kPublicKey = 1, kPrivateKey = 2, kRaw = 0, kPkcs1 = 1, kRsaSha1 = 5;
constexpr std::uint32_t kRsa = 1, kEcdsa = 2, kP256 = 3;
constexpr std::uint32_t kHashThenCipher = 1, kCipherThenHash = 2, kPlainHash = 1, kAuthenticated = 2;

// Algorithms that the specification and their own standards leave no choice in. Of the others it is open what
// the key or the IV consists of, or how long a result is: 3DES-CTR, KASUMI-F8, SNOW3G-UEA2, AES-F8 and
// ZUC-EEA3; SHAKE; MACs with an IV, and CBC-MACs, which pad as they like; the IV of CCM.
constexpr std::uint32_t kSettledCiphers[] = {1, 2, 3, 4, 5, 6, 7, 8, 13};
constexpr std::uint32_t kSettledHashes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
constexpr std::uint32_t kSettledMacs[] = {1, 2, 3, 4, 5, 6, 25, 26, 53};
constexpr std::uint32_t kSettledAeads[] = {1, 3};

bool contains(std::span<const std::uint32_t> numbers, std::uint32_t number) {
  return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

// The number of an algorithm, whose name begins a row's.
template <typename Row>
std::uint32_t number_of(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return row.algorithm;
  }
  throw std::logic_error("no number for " + std::string(name));
}

template <typename Vector, typename Row>
KnownAnswer start_of(Kind kind, const Vector& vector, std::span<const Row> rows,
                     std::span<const std::uint32_t> settled) {
  KnownAnswer known;
  known.kind = kind;
  known.algorithm = number_of(rows, name_of(vector.algorithm));
  known.what = std::string(name_of(vector.algorithm)).append(" (").append(vector.origin).append(")");
  // What somebody computed is not published.
  const bool computed = std::string_view(vector.origin).substr(0, 8) == "computed";
  known.is_settled = !computed && contains(settled, known.algorithm);
  return known;
}

std::vector<KnownAnswer> ciphers() {
  std::vector<KnownAnswer> all;
  for (const auto& vector : tests::cipher_vectors()) {
    KnownAnswer known = start_of(Kind::kCipher, vector, test::cipher_rows(), kSettledCiphers);
    known.key = from_hex(vector.key);
    known.iv = from_hex(vector.iv);
    known.source = from_hex(vector.plaintext);
    known.result = from_hex(vector.ciphertext);
    known.opcode = kCipherEncrypt;
    all.push_back(known);
    std::swap(known.source, known.result);
    known.op = kDecrypt;
    known.opcode = kCipherDecrypt;
    known.what.append(", decrypt");
    all.push_back(known);
  }
  return all;
}

// Whether a text may be empty is open.
std::vector<KnownAnswer> hashes() {
  std::vector<KnownAnswer> all;
  for (const auto& vector : tests::hash_vectors()) {
    KnownAnswer known = start_of(Kind::kHash, vector, test::hash_rows(), kSettledHashes);
    known.source = from_hex(vector.text);
    known.result = from_hex(vector.digest);
    known.opcode = kHashOpcode;
    known.is_settled = known.is_settled && !known.source.empty();
    all.push_back(known);
  }
  return all;
}

std::vector<KnownAnswer> macs() {
  std::vector<KnownAnswer> all;
  for (const auto& vector : tests::mac_vectors()) {
    KnownAnswer known = start_of(Kind::kMac, vector, test::mac_rows(), kSettledMacs);
    known.key = from_hex(vector.key);
    known.source = from_hex(vector.text);
    known.result = from_hex(vector.digest);
    known.opcode = kMacOpcode;
    known.is_settled = known.is_settled && !known.source.empty();
    all.push_back(known);
  }
  return all;
}

std::vector<KnownAnswer> aeads() {
  constexpr std::size_t kUsualIv = 12;
  std::vector<KnownAnswer> all;
  for (const auto& vector : tests::aead_vectors()) {
    KnownAnswer known = start_of(Kind::kAead, vector, test::aead_rows(), kSettledAeads);
    known.key = from_hex(vector.key);
    known.iv = from_hex(vector.iv);
    known.aad = from_hex(vector.aad);
    const test::Bytes text = from_hex(vector.plaintext), tag = from_hex(vector.tag);
    const test::Bytes sealed = joined({from_hex(vector.ciphertext), tag});
    known.tag_bytes = static_cast<std::uint32_t>(tag.size());
    known.is_settled = known.is_settled && known.iv.size() == kUsualIv && !text.empty();
    known.source = text;
    known.result = sealed;
    known.opcode = kAeadEncrypt;
    all.push_back(known);
    // Ciphertext and tag are the source.
    known.source = sealed;
    known.result = text;
    known.op = kDecrypt;
    known.opcode = kAeadDecrypt;
    known.what.append(", decrypt");
    all.push_back(known);
  }
  return all;
}

KnownAnswer rsa(std::uint32_t opcode, std::uint32_t key_type, std::uint32_t padding, const char* source,
                const char* result) {
  namespace vector = tests::rsa_signature;
  KnownAnswer known;
  known.kind = Kind::kAkcipher;
  known.algorithm = kRsa;
  known.opcode = opcode;
  known.key_type = key_type;
  known.padding = padding;
  known.hash = padding == kPkcs1 ? kRsaSha1 : 0;
  known.key = from_hex(key_type == kPublicKey ? vector::kPublicKey : vector::kPrivateKey);
  known.source = from_hex(source);
  known.result = from_hex(result);
  return known;
}

KnownAnswer rsa_pkcs1_decrypt() {
  namespace vector = tests::rsa_encryption;
  KnownAnswer known = rsa(kAkcipherDecrypt, kPrivateKey, kPkcs1, vector::kCiphertext, vector::kMessage);
  known.key = from_hex(vector::kPrivateKey);
  known.what = "RSA, PKCS1, decrypt (RSA Laboratories, PKCS#1 v1.5 encryption, 1.1)";
  known.is_settled = false;  // the text describes the padding of signatures only
  return known;
}

KnownAnswer ecdsa_verify() {
  namespace vector = tests::ecdsa_p256;
  KnownAnswer known = rsa(kAkcipherVerify, kPublicKey, kRaw, vector::kSignature, "");
  known.algorithm = kEcdsa;
  known.key = from_hex(vector::kPublicKey);
  known.curve = kP256;
  known.digest = from_hex(vector::kDigest);
  known.what = "ECDSA, P-256, verify (RFC 6979, A.2.5)";
  return known;
}

std::vector<KnownAnswer> akciphers() {
  namespace vector = tests::rsa_signature;
  KnownAnswer encrypt = rsa(kAkcipherEncrypt, kPublicKey, kRaw, vector::kSignature, vector::kEncodedMessage);
  encrypt.what = "RSA, raw, encrypt (RSA Laboratories, PKCS#1 v1.5 signature, 1.1)";
  KnownAnswer decrypt = rsa(kAkcipherDecrypt, kPrivateKey, kRaw, vector::kEncodedMessage, vector::kSignature);
  decrypt.what = "RSA, raw, decrypt (RSA Laboratories, PKCS#1 v1.5 signature, 1.1)";
  KnownAnswer sign = rsa(kAkcipherSign, kPrivateKey, kPkcs1, vector::kDigest, vector::kSignature);
  sign.what = "RSA, PKCS1, sign (RSA Laboratories, PKCS#1 v1.5 signature, 1.1)";
  KnownAnswer verify = rsa(kAkcipherVerify, kPublicKey, kPkcs1, vector::kSignature, "");
  verify.digest = from_hex(vector::kDigest);
  verify.what = "RSA, PKCS1, verify (RSA Laboratories, PKCS#1 v1.5 signature, 1.1)";
  return {encrypt, decrypt, sign, verify, rsa_pkcs1_decrypt(), ecdsa_verify()};
}

// One text is ciphered and the other, behind it, is hashed first: both answers are published.
KnownAnswer side_by_side(const KnownAnswer& cipher, const KnownAnswer& hash) {
  KnownAnswer chain = cipher;
  chain.kind = Kind::kChain;
  chain.what.append(" and ").append(hash.what);
  chain.source = joined({cipher.source, hash.source});
  // What dst_data has outside of the ciphered range is open: here, the source.
  chain.result = joined({cipher.result, hash.source, hash.result});
  chain.order = kHashThenCipher;
  chain.hash_mode = hash.kind == Kind::kHash ? kPlainHash : kAuthenticated;
  chain.hash_algorithm = hash.algorithm;
  chain.auth_key = hash.key;
  chain.cipher_bytes = static_cast<std::uint32_t>(cipher.source.size());
  chain.hash_start = chain.cipher_bytes;
  chain.hash_bytes = static_cast<std::uint32_t>(hash.source.size());
  chain.digest_bytes = static_cast<std::uint32_t>(hash.result.size());
  return chain;
}

bool begins_with(const test::Bytes& text, const test::Bytes& start) {
  return text.size() >= start.size() && std::equal(start.begin(), start.end(), text.begin());
}

// Both over the same text, of which the hash sees the plaintext.
KnownAnswer over_the_same(const KnownAnswer& cipher, const KnownAnswer& hash) {
  KnownAnswer chain = side_by_side(cipher, hash);
  chain.source = cipher.source;
  chain.result = joined({cipher.result, hash.result});
  chain.order = cipher.op == kEncrypt ? kHashThenCipher : kCipherThenHash;
  chain.hash_start = 0;
  chain.what.append(", one text");
  return chain;
}

std::vector<KnownAnswer> chains() {
  std::vector<KnownAnswer> all;
  for (const KnownAnswer& cipher : known_answers(Kind::kCipher)) {
    if (cipher.algorithm != kAesCbc) continue;
    for (const Kind kind : {Kind::kHash, Kind::kMac}) {
      for (const KnownAnswer& hash : known_answers(kind)) {
        if (!hash.is_settled) continue;
        all.push_back(side_by_side(cipher, hash));
        const test::Bytes& plaintext = cipher.op == kEncrypt ? cipher.source : cipher.result;
        if (begins_with(plaintext, hash.source)) all.push_back(over_the_same(cipher, hash));
      }
    }
  }
  return all;
}

}  // namespace

const std::vector<KnownAnswer>& known_answers(Kind kind) {
  static const std::vector<KnownAnswer> kCiphers = ciphers(), kHashes = hashes(), kMacs = macs(),
                                        kAeads = aeads(), kAkciphers = akciphers();
  switch (kind) {
    case Kind::kCipher:
      return kCiphers;
    case Kind::kHash:
      return kHashes;
    case Kind::kMac:
      return kMacs;
    case Kind::kAead:
      return kAeads;
    case Kind::kAkcipher:
      return kAkciphers;
    case Kind::kChain:
      break;
  }
  static const std::vector<KnownAnswer> kChains = chains();
  return kChains;
}

}  // namespace virtcrypt::conformance
