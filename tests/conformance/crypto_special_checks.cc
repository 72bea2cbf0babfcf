// VIRTIO 1.4, 5.9.9.6 to 5.9.9.9: what single services have of their own.
#include <algorithm>

#include "tests/conformance/context.h"
#include "tests/conformance/crypto_bad_requests.h"
#include "tests/conformance/crypto_bench.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

using namespace test::wire_number;
using test::Layout;

constexpr std::uint64_t kRevision1 = 1;
constexpr Needs kStandard{.dialect = Dialect::kStandard};

using Wanted = bool (*)(const KnownAnswer&);
using Body = void (*)(CryptoBench&, const KnownAnswer&, const test::Target&);

void need_services(CryptoBench& bench, Kind kind) {
  bench.need(service_of(kind));
  if (kind == Kind::kChain && !bench.config().offers(service::kHash) && !bench.config().offers(service::kMac))
    bench.context().not_applicable("chains take algorithms of HASH or MAC, and the device offers neither");
}

// Answers of one kind that leave no choice, in every layout of sessions.
void for_each_known(Context& context, Kind kind, Wanted wanted, Body body) {
  CryptoBench bench(context);
  need_services(bench, kind);
  bool any = false;
  for (const Layout layout : bench.session_layouts()) {
    bench.start(layout);
    for (const KnownAnswer& known : bench.offered(kind)) {
      if (!known.is_settled || !wanted(known)) continue;
      const Created created = bench.create(known.create(layout));
      if (created.status != kOk) {
        context.note(fmt::format("no session for {}: status {}", known.what, created.status));
        continue;
      }
      any = true;
      body(bench, known, bench.target(created.session));
      static_cast<void>(bench.destroy(known.service(), created.session));
    }
  }
  if (!any) context.skip("there is no published answer for what the device offers");
}

bool is_any(const KnownAnswer&) {
  return true;
}

bool is_encryption(const KnownAnswer& known) {
  return known.op == kEncrypt;
}

bool is_decryption(const KnownAnswer& known) {
  return known.op == kDecrypt;
}

bool is_verification(const KnownAnswer& known) {
  return known.opcode == kAkcipherVerify;
}

bool is_authenticated(const KnownAnswer& known) {
  return !known.auth_key.empty();
}

// There is more to hash than becomes additional data, and it is not ciphered.
constexpr std::uint32_t kAadBytes = 4;
bool can_have_additional_data(const KnownAnswer& known) {
  return is_authenticated(known) && known.hash_start > 0 && known.hash_bytes > kAadBytes;
}

void run_chains(Context& context) {
  for_each_known(context, Kind::kChain, is_any, expect_served);
}

// Bytes behind the source that no length speaks of are no additional data. They may be refused.
void expect_no_additional_data(CryptoBench& bench, const KnownAnswer& known, const test::Target& target) {
  test::Request request = known.request(target);
  const test::Answer answer = bench.call(request.insert_readable(test::Bytes(16, std::byte{0x77})));
  if (answer.status() == kOk) {
    expect_known(bench.context(), known, answer);
  } else {
    bench.context().note(fmt::format("surplus bytes are refused with status {}", answer.status()));
  }
}

// The start of the hashed text is additional data instead. Where the hash puts it is open; that it is
// no part of the source is not.
KnownAnswer with_additional_data(const KnownAnswer& known) {
  KnownAnswer changed = known;
  const auto start = changed.source.begin() + known.hash_start;
  changed.aad.assign(start, start + kAadBytes);
  changed.source.erase(start, start + kAadBytes);
  changed.result.erase(changed.result.begin() + known.hash_start,
                       changed.result.begin() + known.hash_start + kAadBytes);
  changed.hash_bytes -= kAadBytes;
  return changed;
}

// Algorithms need not be supported with additional data; what is, uses it.
void expect_additional_data_apart(CryptoBench& bench, const KnownAnswer& known, const test::Target&) {
  const KnownAnswer changed = with_additional_data(known);
  const Created created = bench.create(changed.create(bench.layout()));
  if (created.status == kNotSupp) return bench.context().note("no session with additional data");
  bench.context().expect_equal(
      created.status, kOk, fmt::format("status of create session, with additional data, of {}", known.what));
  const test::Target target = bench.target(created.session);
  const test::Answer answer = bench.call(changed.request(target));
  KnownAnswer other = changed;
  other.aad.back() ^= std::byte{1};
  const test::Answer other_answer = bench.call(other.request(target));
  static_cast<void>(bench.destroy(changed.service(), created.session));
  if (answer.status() == kNotSupp) return bench.context().note("additional data is not supported");
  bench.context().expect_equal(answer.status(), kOk,
                               fmt::format("status, with additional data, of {}", known.what));
  const auto ciphered = std::span(answer.written).first(changed.cipher_bytes);
  bench.context().expect_equal(ciphered, std::span(changed.result).first(changed.cipher_bytes),
                               fmt::format("ciphered part, with additional data, of {}", changed.what));
  const auto digest = std::span(answer.written).subspan(changed.room(), changed.digest_bytes);
  const auto other_digest = std::span(other_answer.written).subspan(changed.room(), changed.digest_bytes);
  bench.context().expect(!std::equal(digest.begin(), digest.end(), other_digest.begin()),
                         fmt::format("additional data makes a difference to the digest of {}", changed.what));
  const bool in_front = std::equal(digest.begin(), digest.end(), changed.result.end() - changed.digest_bytes);
  bench.context().note(in_front ? "additional data is hashed before the text"
                                : "additional data is not hashed right before the text");
}

void run_chain_additional_data(Context& context) {
  for_each_known(context, Kind::kChain, is_authenticated, expect_no_additional_data);
  for_each_known(context, Kind::kChain, can_have_additional_data, expect_additional_data_apart);
}

void run_chain_invalid_session(Context& context) {
  for_each_known(context, Kind::kChain, is_any,
                 [](CryptoBench& bench, const KnownAnswer& known, const test::Target& target) {
                   constexpr std::uint64_t kUnknownSession = 0x7FFF'FFFF'FFFF'FFF0;
                   const test::Request request = known.request(bench.target(kUnknownSession));
                   bench.context().expect_equal(bench.call(request).status(), kInvSess,
                                                "status for an unknown session");
                   expect_served(bench, known, target);
                 });
}

void run_aead(Context& context) {
  for_each_known(context, Kind::kAead, is_any, expect_served);
}

// dst_data with room to spare does not move the tag.
void run_aead_tag_place(Context& context) {
  for_each_known(context, Kind::kAead, is_encryption,
                 [](CryptoBench& bench, const KnownAnswer& known, const test::Target& target) {
                   expect_served(bench, known, target);
                   KnownAnswer roomy = known;
                   roomy.result.resize(known.result.size() + 32);
                   const test::Answer answer = bench.call(roomy.request(target));
                   if (answer.status() != kOk)
                     return bench.context().note(
                         fmt::format("room to spare is refused with status {}", answer.status()));
                   expect_known(bench.context(), known, answer);
                 });
}

// The lengths with which the device opens what is sealed properly; nothing if it refuses both readings.
std::optional<KnownAnswer> opened(CryptoBench& bench, const KnownAnswer& known, const test::Target& target) {
  for (const KnownAnswer& reading : readings(known)) {
    if (bench.call(reading.request(target)).status() == kOk) return reading;
  }
  return std::nullopt;
}

void expect_tag_checked(CryptoBench& bench, const KnownAnswer& known, const test::Target& target) {
  expect_served(bench, known, target);
  std::optional<KnownAnswer> reading = opened(bench, known, target);
  if (!reading) bench.context().fail(fmt::format("{} is not opened again", known.what));
  const auto spoil = [&](test::Bytes KnownAnswer::*part, std::size_t at, std::string_view name) {
    KnownAnswer changed = *reading;
    (changed.*part)[at] ^= std::byte{0x10};
    bench.context().expect_equal(
        bench.call(changed.request(target)).status(), kBadMsg,
        fmt::format("status of {} with byte {} of {} spoiled", known.what, at, name));
  };
  const std::size_t text = known.source.size() - known.tag_bytes;
  spoil(&KnownAnswer::source, text, "ciphertext and tag");
  spoil(&KnownAnswer::source, known.source.size() - 1, "ciphertext and tag");
  spoil(&KnownAnswer::source, 0, "ciphertext and tag");
  spoil(&KnownAnswer::iv, 0, "the IV");
  if (!known.aad.empty()) spoil(&KnownAnswer::aad, known.aad.size() - 1, "the additional data");
  expect_served(bench, known, target);
}

void run_aead_tag_checked(Context& context) {
  for_each_known(context, Kind::kAead, is_decryption, expect_tag_checked);
}

// Both statuses are listed for it.
void expect_rejected(CryptoBench& bench, const KnownAnswer& known, const test::Target& target,
                     std::string_view spoiled) {
  const std::uint8_t status = bench.call(known.request(target)).status();
  bench.context().expect(
      status == kKeyRejected || status == kBadMsg,
      fmt::format("status {} of {} with {} spoiled is KEY_REJECTED or BADMSG", status, known.what, spoiled));
}

void expect_signature_checked(CryptoBench& bench, const KnownAnswer& known, const test::Target& target) {
  expect_served(bench, known, target);
  KnownAnswer changed = known;
  changed.source.back() ^= std::byte{1};
  expect_rejected(bench, changed, target, "the signature");
  changed = known;
  changed.digest.front() ^= std::byte{1};
  expect_rejected(bench, changed, target, "the digest");
  expect_served(bench, known, target);
}

void run_signatures(Context& context) {
  for_each_known(context, Kind::kAkcipher, is_verification, expect_signature_checked);
}

constexpr std::uint32_t kIpsecOutbound = 0x0500, kIpsecInbound = 0x0501;
constexpr std::uint64_t kUnknownSa = 0x7FFF'FFF0;

test::Request ipsec_request(std::uint32_t opcode) {
  constexpr std::uint32_t kPacket = 64, kRoom = 256;
  test::Wire fixed;
  fixed.le32(kPacket).le32(kRoom);
  return data_request({.layout = Layout::kRevision1, .session = kUnknownSa},
                      {.opcode = opcode,
                       .fixed = fixed,
                       .variable = test::Bytes(kPacket, std::byte{0x45}),
                       .writable_bytes = kRoom});
}

void run_ipsec_unknown_sa(Context& context) {
  CryptoBench bench(context);
  bench.need(service::kIpsec);
  bench.start(Layout::kRevision1);
  for (const std::uint32_t opcode : {kIpsecOutbound, kIpsecInbound})
    context.expect_equal(bench.call(ipsec_request(opcode)).status(), kInvSess,
                         fmt::format("status of opcode {:#x} for an unknown SA", opcode));
}

const Check kChecks[] = {
    {.id = "crypto-chain-known-answers",
     .title = "Chains: ciphertext in dst_data, digest in hash_result, both published",
     .statements = {"CRYPTO-DEV-040", "CRYPTO-DEV-041", "CRYPTO-DEV-043", "CRYPTO-DEV-045"},
     .needs = kStandard,
     .run = run_chains},
    {.id = "crypto-chain-additional-data",
     .title = "Chains: additional data is what its length says, is hashed, and is nothing without one",
     .statements = {"CRYPTO-DEV-042"},
     .needs = kStandard,
     .run = run_chain_additional_data},
    {.id = "crypto-chain-invalid-session",
     .title = "A chain on an unknown session is INVSESS",
     .statements = {"CRYPTO-DEV-047"},
     .needs = kStandard,
     .run = run_chain_invalid_session},
    {.id = "crypto-aead-known-answers",
     .title = "Published results of AEAD algorithms, in both directions",
     .statements = {"CRYPTO-DEV-050", "CRYPTO-DEV-054"},
     .needs = kStandard,
     .run = run_aead},
    {.id = "crypto-aead-tag-place",
     .title = "The tag follows the ciphertext, even with room behind it",
     .statements = {"CRYPTO-DEV-051"},
     .needs = kStandard,
     .run = run_aead_tag_place},
    {.id = "crypto-aead-tag-checked",
     .title = "A spoiled ciphertext, tag, IV or additional data is BADMSG",
     .statements = {"CRYPTO-DEV-053", "CRYPTO-DEV-056"},
     .needs = kStandard,
     .run = run_aead_tag_checked},
    {.id = "crypto-akcipher-signature-checked",
     .title = "A signature that does not verify is KEY_REJECTED or BADMSG",
     .statements = {"CRYPTO-DEV-064", "CRYPTO-DEV-066"},
     .needs = kStandard,
     .run = run_signatures},
    {.id = "crypto-ipsec-unknown-sa",
     .title = "IPSEC requests on an SA that there is not are INVSESS",
     .statements = {"CRYPTO-DEV-081", "CRYPTO-DEV-085"},
     .needs = {.features = kRevision1, .dialect = Dialect::kStandard},
     .run = run_ipsec_unknown_sa},
};

}  // namespace

std::span<const Check> crypto_special_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
