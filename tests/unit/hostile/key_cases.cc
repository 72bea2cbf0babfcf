#include "tests/unit/hostile/key_cases.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/driver/algorithm_rows.h"

namespace virtcrypt::test {
namespace {

using namespace wire_number;

constexpr std::uint32_t kPrivate = 2, kPkcs1 = 1, kRsaSha256 = 6, kP256 = 3;
constexpr std::uint32_t kCipherThenHash = 2, kAuthenticated = 2;
constexpr std::size_t kModulusBytes = 128;

Expansion expansion_of_cipher(std::uint32_t algorithm) {
  switch (algorithm) {
    case 1:
      return Expansion::kArc4;
    case 2:
    case 3:
    case 4:
      return Expansion::kAes;
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      return Expansion::kDes;
    case 10:
      return Expansion::kKasumi;
    case 12:
      return Expansion::kAesF8;
    case 13:
      return Expansion::kAesHalves;
    default:
      return Expansion::kNone;  // SNOW 3G, ZUC
  }
}

Expansion expansion_of_mac(std::uint32_t algorithm) {
  switch (algorithm) {
    case 1:
      return Expansion::kHmacMd5;
    case 2:
      return Expansion::kHmacSha1;
    case 3:
      return Expansion::kHmacSha224;
    case 4:
      return Expansion::kHmacSha256;
    case 5:
      return Expansion::kHmacSha384;
    case 6:
      return Expansion::kHmacSha512;
    case 25:
      return Expansion::kDes;
    case 26:
    case 41:
    case 49:
      return Expansion::kAes;
    case 42:
      return Expansion::kTwofish;
    case 53:
      return Expansion::kXcbc;
    case 27:
    case 50:
      return Expansion::kKasumi;
    default:
      return Expansion::kNone;
  }
}

Expansion expansion_of_aead(std::uint32_t algorithm) {
  return algorithm == 3 ? Expansion::kNone : Expansion::kAes;
}

KeyCase cipher_case(const CipherRow& row, std::uint32_t op) {
  const auto subject = [=](const Bytes& key) {
    return CipherSubject{.algorithm = row.algorithm, .op = op, .key = key};
  };
  return {.kind = {std::string(row.name) + (op == kEncrypt ? " encrypt" : " decrypt"),
                   expansion_of_cipher(row.algorithm), row.key_bytes},
          .destroy_opcode = kCipherDestroy,
          .create = [=](Layout layout, const Bytes& key) { return create_request(layout, subject(key)); },
          .request =
              [=](const Target& target, const Bytes& key, std::size_t text) {
                const Bytes source = text_of(text / 16 * 16);
                // KASUMI's IV ends in zeros.
                return cipher_request(target, subject(key), Bytes(row.iv_bytes), source, source.size());
              }};
}

KeyCase mac_case(const MacRow& row) {
  const auto subject = [=](const Bytes& key) {
    return MacSubject{
        .algorithm = row.algorithm, .result_bytes = static_cast<std::uint32_t>(row.digest_bytes), .key = key};
  };
  return {.kind = {row.name, expansion_of_mac(row.algorithm), row.key_bytes},
          .destroy_opcode = kMacDestroy,
          .create = [=](Layout layout, const Bytes& key) { return create_request(layout, subject(key)); },
          .request =
              [=](const Target& target, const Bytes& key, std::size_t text) {
                return mac_request(target, subject(key), text_of(text / 16 * 16), row.digest_bytes);
              }};
}

KeyCase aead_case(const AeadRow& row, std::uint32_t op) {
  const auto subject = [=](const Bytes& key) {
    return AeadSubject{.algorithm = row.algorithm,
                       .op = op,
                       .tag_bytes = static_cast<std::uint32_t>(row.tag_bytes),
                       .aad_bytes = 16,
                       .key = key};
  };
  return {.kind = {std::string(row.name) + (op == kEncrypt ? " encrypt" : " decrypt"),
                   expansion_of_aead(row.algorithm), row.key_bytes},
          .destroy_opcode = kAeadDestroy,
          .create = [=](Layout layout, const Bytes& key) { return create_request(layout, subject(key)); },
          .request =
              [=](const Target& target, const Bytes& key, std::size_t text) {
                return aead_request(target, subject(key), Bytes(row.iv_bytes), text_of(text), text_of(16),
                                    text + row.tag_bytes);
              }};
}

KeyCase chain_case() {
  // One key for both halves of it.
  constexpr std::uint32_t kHmacSha1 = 2;
  const auto subject = [](const Bytes& key) {
    return ChainSubject{.order = kCipherThenHash,
                        .hash_mode = kAuthenticated,
                        .cipher = {.algorithm = kAesCbc, .op = kEncrypt, .key = key},
                        .hash = {.algorithm = kHmacSha1, .result_bytes = 20, .key = key},
                        .aad_bytes = 0};
  };
  return {.kind = {"AES-CBC and HMAC-SHA-1", Expansion::kAes, 32},
          .destroy_opcode = kCipherDestroy,
          .create = [=](Layout layout, const Bytes& key) { return create_request(layout, subject(key)); },
          .request =
              [=](const Target& target, const Bytes& key, std::size_t text) {
                const auto bytes = static_cast<std::uint32_t>(text / 16 * 16);
                const Bytes iv(16), source = text_of(bytes);
                return chain_request(target, subject(key),
                                     {.iv = iv,
                                      .source = source,
                                      .aad = {},
                                      .room = bytes,
                                      .result_bytes = 20,
                                      .cipher_start = 0,
                                      .cipher_bytes = bytes,
                                      .hash_start = 0,
                                      .hash_bytes = bytes});
              }};
}

KeyCase rsa_case(std::uint32_t opcode) {
  const auto subject = [=](const Bytes& key) {
    return RsaSubject{.key_type = kPrivate,
                      .padding = opcode == kAkcipherSign ? kPkcs1 : 0,
                      .hash = kRsaSha256,
                      .key = key};
  };
  return {.kind = {opcode == kAkcipherSign ? "RSA sign" : "RSA decrypt", Expansion::kRsa, 0},
          .destroy_opcode = kAkcipherDestroy,
          .create = [=](Layout layout, const Bytes& key) { return create_request(layout, subject(key)); },
          .request =
              [=](const Target& target, const Bytes& key, std::size_t) {
                Bytes source = text_of(opcode == kAkcipherSign ? 32 : kModulusBytes);
                return akcipher_request(target, subject(key), opcode, source, kModulusBytes);
              }};
}

KeyCase ecdsa_case() {
  const auto subject = [](const Bytes& key) {
    return EcdsaSubject{.key_type = kPrivate, .curve = kP256, .key = key};
  };
  return {.kind = {"ECDSA sign", Expansion::kEcdsa, 0},
          .destroy_opcode = kAkcipherDestroy,
          .create = [=](Layout layout, const Bytes& key) { return create_request(layout, subject(key)); },
          .request =
              [=](const Target& target, const Bytes& key, std::size_t) {
                return akcipher_request(target, subject(key), kAkcipherSign, text_of(32), 72);
              }};
}

template <typename Case>
Secrets make(std::span<const Case> cases) {
  std::vector<SecretKind> kinds;
  for (const Case& one : cases)
    kinds.push_back(one.kind);
  return make_secrets(kinds);
}

}  // namespace

Bytes text_of(std::size_t bytes) {
  Bytes text(bytes, std::byte{0x11});
  std::uint32_t state = 1;
  for (std::size_t i = 1; i < bytes; ++i) {
    state = state * 1103515245U + 12345U;
    text[i] = static_cast<std::byte>(state >> 16U & 0xFFU);
  }
  return text;
}

std::vector<KeyCase> key_cases() {
  std::vector<KeyCase> cases;
  for (const CipherRow& row : cipher_rows()) {
    for (const std::uint32_t op : {kEncrypt, kDecrypt})
      cases.push_back(cipher_case(row, op));
  }
  for (const MacRow& row : mac_rows())
    cases.push_back(mac_case(row));
  for (const AeadRow& row : aead_rows()) {
    for (const std::uint32_t op : {kEncrypt, kDecrypt})
      cases.push_back(aead_case(row, op));
  }
  cases.push_back(chain_case());
  cases.push_back(rsa_case(kAkcipherDecrypt));
  cases.push_back(rsa_case(kAkcipherSign));
  cases.push_back(ecdsa_case());
  return cases;
}

Secrets secrets_of(std::span<const KeyCase> cases) {
  return make(cases);
}

std::vector<DraftCase> draft_cases() {
  std::vector<DraftCase> cases;
  for (const CipherRow& row : cipher_rows()) {
    cases.push_back(
        {.kind = {row.name, expansion_of_cipher(row.algorithm), row.key_bytes},
         .session =
             [row](const Bytes& key) { return rfc_v2::cipher_session(row.algorithm, key, rfc_v2::kEncrypt); },
         .iv_bytes = row.iv_bytes});
  }
  for (const MacRow& row : mac_rows()) {
    cases.push_back(
        {.kind = {row.name, expansion_of_mac(row.algorithm), row.key_bytes},
         .session =
             [row](const Bytes& key) { return rfc_v2::mac_session(row.algorithm, key, row.digest_bytes); },
         .iv_bytes = 0,
         .digest_bytes = row.digest_bytes,
         .has_output = false});
  }
  for (const AeadRow& row : aead_rows()) {
    if (row.iv_bytes == 16) continue;  // not of the draft
    cases.push_back({.kind = {row.name, expansion_of_aead(row.algorithm), row.key_bytes},
                     .session =
                         [row](const Bytes& key) {
                           return rfc_v2::aead_session(row.algorithm, key, rfc_v2::kEncrypt, row.tag_bytes);
                         },
                     .iv_bytes = row.iv_bytes,
                     .digest_bytes = row.tag_bytes});
  }
  // A prefix is a key as well.
  cases.push_back({.kind = {"nested hash", Expansion::kNone, 64},
                   .session =
                       [](const Bytes& key) {
                         constexpr std::uint32_t kSha256 = 4;
                         return rfc_v2::nested_session(kSha256, kSha256, 32, key, text_of(8));
                       },
                   .iv_bytes = 0,
                   .digest_bytes = 32,
                   .has_output = false});
  return cases;
}

Secrets secrets_of(std::span<const DraftCase> cases) {
  return make(cases);
}

std::uint16_t SealedCalls::submit(std::uint16_t queue, const Request& request, const Bytes& sealed) {
  last_ = place(driver_->memory(), request);
  for (const Segment& segment : last_) {
    if (segment.writable || sealed.empty()) continue;
    std::span<std::byte> bytes = driver_->memory().at(segment.address, segment.length);
    while (true) {
      const auto found = std::search(bytes.begin(), bytes.end(), sealed.begin(), sealed.end());
      if (found == bytes.end()) break;
      const auto at = static_cast<std::size_t>(found - bytes.begin());
      unseal(bytes.subspan(at, sealed.size()));
      bytes = bytes.subspan(at + sealed.size());
    }
  }
  DriverRing& ring = driver_->any_ring(queue);
  const auto head = ring.add(last_);
  if (!head) throw std::runtime_error("ring is full");
  if (ring.needs_kick()) driver_->kick(queue);
  return *head;
}

Bytes SealedCalls::wait(std::uint16_t queue) {
  DriverRing& ring = driver_->any_ring(queue);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!ring.poll()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("request does not come back");
    driver_->device().run_ready();
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
  ring.want_interrupt(true);
  Bytes written;
  for (const Segment& segment : last_) {
    if (!segment.writable) continue;
    const auto bytes = driver_->memory().at(segment.address, segment.length);
    written.insert(written.end(), bytes.begin(), bytes.end());
  }
  driver_->memory().rewind(mark_);
  return written;
}

}  // namespace virtcrypt::test
