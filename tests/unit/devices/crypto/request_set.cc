#include "tests/unit/devices/crypto/request_set.h"

#include <algorithm>
#include <utility>

#include "tests/unit/devices/crypto/rsa_vectors.h"

namespace virtcrypt::test {
namespace {

using namespace wire_number;

constexpr std::uint32_t kHashThenCipher = 1, kCipherThenHash = 2;
constexpr std::uint32_t kPlainHash = 1, kAuthenticated = 2;

// The initialization vectors of KASUMI end in 26 zero bits (TS 35.201, 3.2).
Bytes iv_for(const CipherRow& row, std::mt19937_64& random) {
  constexpr std::uint32_t kKasumiF8 = 10;
  Bytes iv = random_bytes(random, row.iv_bytes);
  if (row.algorithm == kKasumiF8) {
    iv[4] &= std::byte{0xFC};
    std::fill(iv.begin() + 5, iv.end(), std::byte{0});
  }
  return iv;
}

std::size_t whole_blocks(std::size_t bytes, std::size_t block) {
  return bytes / block * block;
}

const CipherRow& cipher_named(std::string_view name) {
  return *std::find_if(cipher_rows().begin(), cipher_rows().end(),
                       [name](const CipherRow& row) { return name == row.name; });
}

Work chain_work(const CipherRow& cipher, std::uint32_t op, std::uint32_t order, const MacRow& hash,
                bool is_mac, std::mt19937_64& random) {
  const Bytes key = random_bytes(random, cipher.key_bytes);
  const Bytes auth_key = random_bytes(random, is_mac ? hash.key_bytes : 0);
  const Bytes iv = iv_for(cipher, random);
  const Bytes aad = random_bytes(random, is_mac ? 11 : 0);
  const Bytes source = random_bytes(random, 61);
  const std::string name = std::string(order == kHashThenCipher ? "hash then cipher " : "cipher then hash ") +
                           cipher.name + (op == kEncrypt ? " encrypt, " : " decrypt, ") + hash.name;
  const auto subject = [=](const Bytes& cipher_key, const Bytes& mac_key) {
    return ChainSubject{.order = order,
                        .hash_mode = is_mac ? kAuthenticated : kPlainHash,
                        .cipher = {.algorithm = cipher.algorithm, .op = op, .key = cipher_key},
                        .hash = {.algorithm = hash.algorithm,
                                 .result_bytes = static_cast<std::uint32_t>(hash.digest_bytes),
                                 .key = mac_key},
                        .aad_bytes = 11};
  };
  return {.name = name,
          .destroy_opcode = kCipherDestroy,
          .source = source,
          .room = source.size() + 3 + hash.digest_bytes,
          .create = [=](Layout layout) { return create_request(layout, subject(key, auth_key)); },
          .request =
              [=](const Target& target) {
                return chain_request(target, subject(key, auth_key),
                                     {.iv = iv,
                                      .source = source,
                                      .aad = aad,
                                      .room = source.size() + 3,
                                      .result_bytes = hash.digest_bytes,
                                      .cipher_start = 5,
                                      .cipher_bytes = 48,
                                      .hash_start = 3,
                                      .hash_bytes = 55});
              }};
}

constexpr std::uint32_t kPublic = 1, kPrivate = 2;
constexpr std::uint32_t kPkcs1 = 1, kRsaSha256 = 6;

Work rsa_work(const char* name, std::uint32_t opcode, std::uint32_t type, std::uint32_t padding,
              std::string_view key_der, Bytes source) {
  const Bytes key = from_hex(key_der);
  const auto subject = [=](const Bytes& der) {
    return RsaSubject{.key_type = type, .padding = padding, .hash = kRsaSha256, .key = der};
  };
  constexpr std::size_t kModulusBytes = 128;
  return {.name = name,
          .destroy_opcode = kAkcipherDestroy,
          .source = source,
          .room = kModulusBytes,
          .create = [=](Layout layout) { return create_request(layout, subject(key)); },
          .request =
              [=](const Target& target) {
                return akcipher_request(target, subject(key), opcode, source, kModulusBytes);
              }};
}

// RFC 6979, A.2.5: P-256, "sample" with SHA-256.
constexpr const char* kEcdsaKey =
    "30250201010420C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721";
constexpr const char* kEcdsaPoint =
    "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
constexpr const char* kEcdsaDigest = "AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF";
constexpr const char* kEcdsaSignature =
    "3046022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    "022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8";

Work ecdsa_work(bool sign) {
  const Bytes key = from_hex(sign ? kEcdsaKey : kEcdsaPoint);
  const Bytes digest = from_hex(kEcdsaDigest);
  const Bytes signature = from_hex(kEcdsaSignature);
  const auto subject = [=](const Bytes& octets) {
    constexpr std::uint32_t kP256 = 3;
    return EcdsaSubject{.key_type = sign ? kPrivate : kPublic, .curve = kP256, .key = octets};
  };
  return {.name = sign ? "ECDSA sign" : "ECDSA verify",
          .destroy_opcode = kAkcipherDestroy,
          .source = sign ? digest : signature,
          .room = sign ? signature.size() : 0,
          .create = [=](Layout layout) { return create_request(layout, subject(key)); },
          .request =
              [=](const Target& target) {
                return sign ? akcipher_request(target, subject(key), kAkcipherSign, digest, signature.size())
                            : verify_request(target, subject(key), signature, digest);
              }};
}

void append_chains(std::vector<Work>& set, std::mt19937_64& random) {
  const MacRow sha256{"SHA-256", 4, 0, 0, 1, 32};
  const MacRow hmac{"HMAC-SHA-1", 2, 20, 0, 1, 20};
  for (const std::uint32_t order : {kHashThenCipher, kCipherThenHash}) {
    for (const std::uint32_t op : {kEncrypt, kDecrypt}) {
      for (const char* cipher : {"AES-CBC", "AES-CTR 256", "3DES-CBC", "SNOW3G-UEA2"}) {
        set.push_back(chain_work(cipher_named(cipher), op, order, sha256, false, random));
        set.push_back(chain_work(cipher_named(cipher), op, order, hmac, true, random));
      }
    }
  }
}

void append_asymmetric(std::vector<Work>& set, std::mt19937_64& random) {
  Bytes number = random_bytes(random, 128);
  number[0] = std::byte{0};  // below the modulus
  const Bytes digest = random_bytes(random, 32);
  using namespace rsa_vectors;
  set.push_back(rsa_work("RSA raw encrypt", kAkcipherEncrypt, kPublic, 0, kPublicKeyDer, number));
  set.push_back(rsa_work("RSA raw decrypt", kAkcipherDecrypt, kPrivate, 0, kPrivateKeyDer, number));
  set.push_back(rsa_work("RSA PKCS#1 sign", kAkcipherSign, kPrivate, kPkcs1, kPrivateKeyDer, digest));
  set.push_back(ecdsa_work(true));
  set.push_back(ecdsa_work(false));
}

}  // namespace

Bytes random_bytes(std::mt19937_64& random, std::size_t count) {
  Bytes bytes(count);
  std::generate(bytes.begin(), bytes.end(), [&random] { return std::byte(random() & 0xFFU); });
  return bytes;
}

Work cipher_work(const CipherRow& row, std::uint32_t op, const Parts& parts, const Bytes& source) {
  const auto subject = [=](const Bytes& octets) {
    return CipherSubject{.algorithm = row.algorithm, .op = op, .key = octets};
  };
  return {.name = std::string(row.name) + (op == kEncrypt ? " encrypt" : " decrypt"),
          .destroy_opcode = kCipherDestroy,
          .source = source,
          .room = source.size(),
          .create = [=](Layout layout) { return create_request(layout, subject(parts.key)); },
          .request =
              [=](const Target& target) {
                return cipher_request(target, subject(parts.key), parts.iv, source, source.size());
              }};
}

Work cipher_work(const CipherRow& row, std::uint32_t op, std::size_t bytes, std::mt19937_64& random,
                 Parts* parts) {
  Parts made;
  made.key = random_bytes(random, row.key_bytes);
  made.iv = iv_for(row, random);
  if (parts != nullptr) *parts = made;
  return cipher_work(row, op, made, random_bytes(random, bytes));
}

Work hash_work(const HashRow& row, std::size_t bytes, std::mt19937_64& random) {
  const Bytes source = random_bytes(random, bytes);
  const HashSubject subject{.algorithm = row.algorithm,
                            .result_bytes = static_cast<std::uint32_t>(row.digest_bytes)};
  return {.name = row.name,
          .destroy_opcode = kHashDestroy,
          .source = source,
          .room = row.digest_bytes,
          .create = [=](Layout layout) { return create_request(layout, subject); },
          .request =
              [=](const Target& target) { return hash_request(target, subject, source, row.digest_bytes); }};
}

Work mac_work(const MacRow& row, std::size_t bytes, std::mt19937_64& random, Parts* parts) {
  const Bytes key = random_bytes(random, row.key_bytes);
  if (parts != nullptr) parts->key = key;
  const Bytes source = random_bytes(random, bytes);
  const auto subject = [=](const Bytes& octets) {
    return MacSubject{.algorithm = row.algorithm,
                      .result_bytes = static_cast<std::uint32_t>(row.digest_bytes),
                      .key = octets};
  };
  return {
      .name = row.name,
      .destroy_opcode = kMacDestroy,
      .source = source,
      .room = row.digest_bytes,
      .create = [=](Layout layout) { return create_request(layout, subject(key)); },
      .request =
          [=](const Target& target) { return mac_request(target, subject(key), source, row.digest_bytes); }};
}

namespace {

Work aead(const AeadRow& row, std::uint32_t op, const Parts& parts, const Bytes& source, std::size_t room) {
  const auto subject = [=](const Bytes& octets) {
    return AeadSubject{.algorithm = row.algorithm,
                       .op = op,
                       .tag_bytes = static_cast<std::uint32_t>(row.tag_bytes),
                       .aad_bytes = static_cast<std::uint32_t>(parts.aad.size()),
                       .key = octets};
  };
  return {.name = std::string(row.name) + (op == kEncrypt ? " encrypt" : " decrypt"),
          .destroy_opcode = kAeadDestroy,
          .source = source,
          .room = room,
          .create = [=](Layout layout) { return create_request(layout, subject(parts.key)); },
          .request =
              [=](const Target& target) {
                return aead_request(target, subject(parts.key), parts.iv, source, parts.aad, room);
              }};
}

}  // namespace

Work aead_work(const AeadRow& row, std::size_t bytes, std::size_t aad_bytes, std::mt19937_64& random,
               Parts* parts) {
  Parts made;
  made.key = random_bytes(random, row.key_bytes);
  made.iv = random_bytes(random, row.iv_bytes);
  made.aad = random_bytes(random, aad_bytes);
  if (parts != nullptr) *parts = made;
  return aead(row, kEncrypt, made, random_bytes(random, bytes), bytes + row.tag_bytes);
}

Work aead_open_work(const AeadRow& row, const Parts& parts, const Bytes& sealed) {
  return aead(row, kDecrypt, parts, sealed, sealed.size() - row.tag_bytes);
}

std::vector<Work> request_set(std::uint64_t seed) {
  constexpr std::size_t kText = 53;
  std::mt19937_64 random(seed);
  std::vector<Work> set;
  for (const CipherRow& row : cipher_rows()) {
    for (const std::uint32_t op : {kEncrypt, kDecrypt})
      set.push_back(cipher_work(row, op, whole_blocks(kText, row.block_bytes), random));
  }
  for (const HashRow& row : hash_rows())
    set.push_back(hash_work(row, kText, random));
  for (const MacRow& row : mac_rows())
    set.push_back(mac_work(row, whole_blocks(kText, row.block_bytes), random));
  for (const AeadRow& row : aead_rows())
    set.push_back(aead_work(row, kText, 21, random));
  append_chains(set, random);
  append_asymmetric(set, random);
  return set;
}

std::uint64_t features_of(Layout layout) {
  constexpr std::uint64_t kRevision1 = 1, kAllStateless = 0b111110;
  switch (layout) {
    case Layout::kPadded:
      return 0;
    case Layout::kRevision1:
      return kRevision1;
    case Layout::kStateless:
      return kRevision1 | kAllStateless;
  }
  return 0;
}

Result perform(CryptoDriver& driver, Layout layout, const Work& work, const Shape& shape) {
  Result result;
  Target target{.layout = layout, .session = 0};
  if (layout != Layout::kStateless) {
    Request create = work.create(layout);
    const auto created = driver.create(create.chunk(shape.chunk).indirect(shape.indirect));
    result.created = created.status;
    if (created.status != kOk) return result;
    target.session = created.id;
  }
  Request request = work.request(target);
  request.chunk(shape.chunk).indirect(shape.indirect);
  if (shape.overlap && !work.source.empty() && work.room != 0) request.overlap(work.source, shape.shift);
  const Answer answer = driver.call(0, request);
  result.status = answer.status();
  result.used_length = answer.used_length;
  result.output.assign(answer.written.begin(), answer.written.end() - 1);
  if (layout != Layout::kStateless) {
    const Answer destroyed =
        driver.call(driver.control_queue(), destroy_request(layout, work.destroy_opcode, target.session));
    if (destroyed.status() != kOk) result.status = 0xFE;
  }
  return result;
}

}  // namespace virtcrypt::test
