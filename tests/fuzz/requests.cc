#include "tests/fuzz/requests.h"

#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/driver/algorithm_rows.h"
#include "tests/fuzz/request_bytes.h"
#include "tests/fuzz/rfc_v2_requests.h"
#include "tests/published/asymmetric_vectors.h"

namespace virtcrypt::fuzz {
namespace {

using test::Bytes;
using test::Layout;
namespace keys = virtcrypt::tests;

// The services' places in opcodes (VIRTIO 1.4, 5.9.7): service << 8 | operation.
constexpr std::uint32_t opcode(Service service, std::uint32_t operation) {
  switch (service) {
    case Service::kCipher:
    case Service::kChain:
      return operation;
    case Service::kHash:
      return 0x0100U | operation;
    case Service::kMac:
      return 0x0200U | operation;
    case Service::kAead:
      return 0x0300U | operation;
    case Service::kRsa:
    case Service::kEcdsa:
      break;
  }
  return 0x0400U | (operation == 3 ? 5U : operation);
}
constexpr std::uint32_t kDestroySession = 3;

const char* name_of(Service service) {
  constexpr const char* kNames[] = {"CIPHER", "chain", "HASH", "MAC", "AEAD", "RSA", "ECDSA"};
  return kNames[static_cast<std::size_t>(service)];
}

// Numbers that stand for nothing come up now and then.
std::uint32_t number(Reader& bytes, std::uint32_t right) {
  const std::uint8_t choice = bytes.u8();
  return choice < 240 ? right : bytes.u32();
}

// One service's requests, as numbers of the fuzzer's bytes.
class Builder {
 public:
  Builder(const DriverState& state, Reader& bytes) : state_(state), bytes_(bytes) {}

  test::Request create(Service service);
  test::Request data(Service service);
  test::Request destroy(Service service) {
    return test::destroy_request(state_.layout, opcode(service, kDestroySession), session(service));
  }
  std::string text() const { return text_; }
  const Bytes& source() const { return source_; }

 private:
  struct Cipher {
    const test::CipherRow& row;
    test::CipherSubject subject;
  };
  struct Mac {
    const test::MacRow& row;
    test::MacSubject subject;
  };
  struct Aead {
    const test::AeadRow& row;
    test::AeadSubject subject;
  };

  std::uint64_t session(Service service);
  std::span<const std::byte> key(std::size_t bytes);
  std::span<const std::byte> published(const char* hex);
  Bytes source(std::size_t length);
  Cipher cipher();
  Mac mac();
  Aead aead();
  test::HashSubject hash(std::size_t& digest_bytes);
  test::ChainSubject chain(std::size_t& digest_bytes);
  test::RsaSubject rsa();
  test::EcdsaSubject ecdsa();
  test::AkcipherSubject akcipher(Service service);
  test::Target target(Service service);
  void note(std::string_view text) { text_.append(" ").append(text); }

  test::Request cipher_data();
  test::Request chain_data();
  test::Request hash_data();
  test::Request mac_data();
  test::Request aead_data();
  test::Request akcipher_data(Service service);

  const DriverState& state_;
  Reader& bytes_;
  Bytes key_, second_key_, source_;
  std::string text_;
};

std::uint64_t Builder::session(Service service) {
  const std::uint8_t choice = bytes_.u8();
  const auto found = state_.sessions.find(service);
  if (choice >= 240 || found == state_.sessions.end() || found->second.empty()) return bytes_.u64();
  return found->second[choice % found->second.size()];
}

test::Target Builder::target(Service service) {
  if (state_.stateless && (bytes_.u8() & 1U) != 0) return {.layout = Layout::kStateless, .session = 0};
  return {.layout = state_.layout, .session = session(service)};
}

std::span<const std::byte> Builder::key(std::size_t right) {
  Bytes& key = key_.empty() ? key_ : second_key_;
  key = filling(nearly(bytes_, right), bytes_.u8());
  return key;
}

std::span<const std::byte> Builder::published(const char* hex) {
  key_ = test::from_hex(hex);
  const std::uint8_t choice = bytes_.u8();
  if (choice >= 220 && !key_.empty()) key_.resize(key_.size() * (choice - 220U) / 36U);
  return key_;
}

// What the device gave back last is good for the way back.
Bytes Builder::source(std::size_t length) {
  const std::uint8_t seed = bytes_.u8();
  if ((seed & 1U) != 0 && !state_.last_output.empty()) return state_.last_output;
  return filling(length, seed);
}

Builder::Cipher Builder::cipher() {
  const test::CipherRow& row = pick(bytes_, test::cipher_rows());
  note(row.name);
  return {row,
          {.algorithm = number(bytes_, row.algorithm),
           .op = number(bytes_, 1U + bytes_.u8() % 2U),
           .key = key(row.key_bytes)}};
}

Builder::Mac Builder::mac() {
  const test::MacRow& row = pick(bytes_, test::mac_rows());
  note(row.name);
  return {row,
          {.algorithm = number(bytes_, row.algorithm),
           .result_bytes = static_cast<std::uint32_t>(nearly(bytes_, row.digest_bytes)),
           .key = key(row.key_bytes)}};
}

Builder::Aead Builder::aead() {
  const test::AeadRow& row = pick(bytes_, test::aead_rows());
  note(row.name);
  return {row,
          {.algorithm = number(bytes_, row.algorithm),
           .op = number(bytes_, 1U + bytes_.u8() % 2U),
           .tag_bytes = static_cast<std::uint32_t>(nearly(bytes_, row.tag_bytes)),
           .aad_bytes = bytes_.u8(),
           .key = key(row.key_bytes)}};
}

test::HashSubject Builder::hash(std::size_t& digest_bytes) {
  const test::HashRow& row = pick(bytes_, test::hash_rows());
  note(row.name);
  digest_bytes = row.digest_bytes;
  return {.algorithm = number(bytes_, row.algorithm),
          .result_bytes = static_cast<std::uint32_t>(nearly(bytes_, row.digest_bytes))};
}

test::ChainSubject Builder::chain(std::size_t& digest_bytes) {
  test::ChainSubject subject{.order = number(bytes_, 1U + bytes_.u8() % 2U),
                             .hash_mode = number(bytes_, 1U + bytes_.u8() % 2U),
                             .cipher = cipher().subject,
                             .hash = {},
                             .aad_bytes = bytes_.u8() % 32U};
  if (subject.hash_mode == 2) {
    const Mac with = mac();
    subject.hash = with.subject;
    digest_bytes = with.row.digest_bytes;
  } else {
    const test::HashSubject plain = hash(digest_bytes);
    subject.hash = {.algorithm = plain.algorithm, .result_bytes = plain.result_bytes, .key = {}};
  }
  return subject;
}

test::RsaSubject Builder::rsa() {
  const bool is_private = (bytes_.u8() & 1U) != 0;
  note(is_private ? "RSA private" : "RSA public");
  return {.key_type = number(bytes_, is_private ? 2 : 1),
          .padding = number(bytes_, bytes_.u8() % 2U),
          .hash = number(bytes_, bytes_.u8() % 13U),
          .key = published(is_private ? keys::rsa_signature::kPrivateKey : keys::rsa_signature::kPublicKey)};
}

test::EcdsaSubject Builder::ecdsa() {
  const bool is_private = (bytes_.u8() & 1U) != 0;
  note(is_private ? "ECDSA private" : "ECDSA public");
  return {.key_type = number(bytes_, is_private ? 2 : 1),
          .curve = number(bytes_, 3),
          .key = published(is_private ? keys::ecdsa_p256::kPrivateKey : keys::ecdsa_p256::kPublicKey)};
}

test::AkcipherSubject Builder::akcipher(Service service) {
  if (service == Service::kRsa) return rsa();
  return ecdsa();
}

test::Request Builder::create(Service service) {
  std::size_t digest_bytes = 0;
  switch (service) {
    case Service::kCipher:
      return test::create_request(state_.layout, cipher().subject);
    case Service::kChain:
      return test::create_request(state_.layout, chain(digest_bytes));
    case Service::kHash:
      return test::create_request(state_.layout, hash(digest_bytes));
    case Service::kMac:
      return test::create_request(state_.layout, mac().subject);
    case Service::kAead:
      return test::create_request(state_.layout, aead().subject);
    case Service::kRsa:
      return test::create_request(state_.layout, rsa());
    case Service::kEcdsa:
      break;
  }
  return test::create_request(state_.layout, ecdsa());
}

test::Request Builder::cipher_data() {
  const test::Target to = target(Service::kCipher);
  const Cipher cipher = this->cipher();
  const Bytes iv = filling(nearly(bytes_, cipher.row.iv_bytes), bytes_.u8());
  source_ = source(text_length(bytes_, cipher.row.block_bytes, cipher.row.least_bytes));
  return test::cipher_request(to, cipher.subject, iv, source_, nearly(bytes_, source_.size()));
}

test::Request Builder::chain_data() {
  const test::Target to = target(Service::kChain);
  std::size_t digest_bytes = 0;
  const test::ChainSubject subject = chain(digest_bytes);
  const Bytes iv = filling(nearly(bytes_, 16), bytes_.u8());
  source_ = source(text_length(bytes_, 16));
  const Bytes aad = filling(bytes_.u8() % 32U, 1);
  const auto length = static_cast<std::uint32_t>(source_.size());
  const auto part = [&](std::uint32_t right) { return nearly_field(bytes_, right); };
  return test::chain_request(to, subject,
                             {.iv = iv,
                              .source = source_,
                              .aad = aad,
                              .room = nearly(bytes_, source_.size()),
                              .result_bytes = nearly(bytes_, digest_bytes),
                              .cipher_start = part(0),
                              .cipher_bytes = part(length),
                              .hash_start = part(0),
                              .hash_bytes = part(length)});
}

test::Request Builder::hash_data() {
  const test::Target to = target(Service::kHash);
  std::size_t digest_bytes = 0;
  const test::HashSubject subject = hash(digest_bytes);
  source_ = source(text_length(bytes_, 64));
  return test::hash_request(to, subject, source_, nearly(bytes_, digest_bytes));
}

test::Request Builder::mac_data() {
  const test::Target to = target(Service::kMac);
  const Mac mac = this->mac();
  source_ = source(text_length(bytes_, mac.row.block_bytes, mac.row.least_bytes + mac.row.iv_bytes));
  return test::mac_request(to, mac.subject, source_, nearly(bytes_, mac.row.digest_bytes));
}

test::Request Builder::aead_data() {
  const test::Target to = target(Service::kAead);
  const Aead aead = this->aead();
  const Bytes iv = filling(nearly(bytes_, aead.row.iv_bytes), bytes_.u8());
  source_ = source(text_length(bytes_, 1));
  const Bytes aad = filling(bytes_.u8() % 64U, 2);
  const std::size_t tag = aead.subject.op == 2 ? 0 : aead.row.tag_bytes;
  return test::aead_request(to, aead.subject, iv, source_, aad, nearly(bytes_, source_.size() + tag));
}

test::Request Builder::akcipher_data(Service service) {
  const test::Target to = target(service);
  const test::AkcipherSubject subject = akcipher(service);
  const std::uint32_t operation = bytes_.u8() % 4U;
  source_ = source(service == Service::kRsa ? 20U + bytes_.u8() % 110U : 32U);
  if (operation == 3) {
    const bool is_rsa = service == Service::kRsa;
    const Bytes digest = test::from_hex(is_rsa ? keys::rsa_signature::kDigest : keys::ecdsa_p256::kDigest);
    const Bytes signature =
        test::from_hex(is_rsa ? keys::rsa_signature::kSignature : keys::ecdsa_p256::kSignature);
    return test::verify_request(to, subject, (bytes_.u8() & 1U) != 0 ? signature : source_, digest);
  }
  return test::akcipher_request(to, subject, 0x0400U | operation, source_, nearly(bytes_, 128));
}

test::Request Builder::data(Service service) {
  switch (service) {
    case Service::kCipher:
      return cipher_data();
    case Service::kChain:
      return chain_data();
    case Service::kHash:
      return hash_data();
    case Service::kMac:
      return mac_data();
    case Service::kAead:
      return aead_data();
    case Service::kRsa:
    case Service::kEcdsa:
      break;
  }
  return akcipher_data(service);
}

enum class Kind : std::uint8_t { kCreate, kData, kDestroy };

BuiltRequest build_standard(const Target& target, const DriverState& state, Kind kind, Reader& bytes) {
  const Service service = target.services[bytes.u8() % target.services.size()];
  Builder builder(state, bytes);
  BuiltRequest built;
  built.service = service;
  built.is_control = kind != Kind::kData;
  built.creates = kind == Kind::kCreate;
  built.request = kind == Kind::kCreate ? builder.create(service)
                  : kind == Kind::kData ? builder.data(service)
                                        : builder.destroy(service);
  if (kind == Kind::kData) built.source = builder.source();
  constexpr const char* kVerbs[] = {"create", "use", "destroy"};
  built.text =
      fmt::format("{} {}{}", kVerbs[static_cast<std::size_t>(kind)], name_of(service), builder.text());
  return built;
}

// The result goes over the source, or beside it by a few bytes.
void overlap(BuiltRequest& built, Reader& bytes) {
  const bool wanted = bytes.u8() % 8U == 1;
  const auto shift = static_cast<std::int8_t>(bytes.u8());
  if (!wanted || built.source.empty()) return;
  try {
    built.request.overlap(built.source, shift);
  } catch (const std::logic_error&) {
    return;  // it is not among its parts: a request to verify a published signature
  }
  built.overlaps = true;
  built.text.append(fmt::format(", the result {} bytes behind the source", shift));
}

// Cuts, tables and wrong bytes: of any request.
void disturb(BuiltRequest& built, Reader& bytes) {
  constexpr std::size_t kChunks[] = {0, 0, 0, 0, 0, 1, 3, 7, 16, 100};
  const std::size_t chunk = kChunks[bytes.u8() % std::size(kChunks)];
  const bool indirect = chunk == 1 || chunk == 3 || (bytes.u8() & 1U) != 0;
  built.request.chunk(chunk);
  built.indirect = indirect;
  const std::size_t changes = bytes.u8() % 8U;
  for (std::size_t i = 0; i < changes && i < 3; ++i)
    built.changes.push_back({bytes.u16(), bytes.u8()});
  if (chunk != 0) built.text.append(fmt::format(", in pieces of {}", chunk));
  if (indirect) built.text.append(", indirect");
  for (const BuiltRequest::Change& change : built.changes)
    built.text.append(fmt::format(", byte {} ^ {:#04x}", change.offset, change.mask));
  overlap(built, bytes);
  if (bytes.u8() % 16U != 1) return;
  built.cut = bytes.u8();
  built.text.append(fmt::format(", {} bytes less to write", built.cut));
}

}  // namespace

BuiltRequest build_request(const Target& target, const DriverState& state, Reader& bytes) {
  constexpr Kind kKinds[] = {Kind::kCreate, Kind::kData, Kind::kData, Kind::kData, Kind::kDestroy};
  const std::uint8_t choice = bytes.u8();
  const Kind kind = kKinds[choice % std::size(kKinds)];
  BuiltRequest built;
  if (target.rfc_v2) {
    built = build_rfc_v2(target, state, kind == Kind::kCreate, kind == Kind::kDestroy, bytes);
  } else {
    built = build_standard(target, state, kind, bytes);
  }
  disturb(built, bytes);
  return built;
}

}  // namespace virtcrypt::fuzz
