// VIRTIO 1.4, 5.9.9.4 to 5.9.9.8: what all services have in common, with sessions.
#include <algorithm>
#include <map>

#include "tests/conformance/context.h"
#include "tests/conformance/crypto_bad_requests.h"
#include "tests/conformance/crypto_bench.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

using namespace test::wire_number;
using test::Layout;

constexpr std::uint64_t kUnknownSession = 0x7FFF'FFFF'FFFF'FFF0;
constexpr Needs kStandard{.dialect = Dialect::kStandard};

// Sessions may be refused for key lengths that a device lacks, but not for all of an algorithm.
class Tally {
 public:
  void add(const KnownAnswer& known, bool served) {
    if (!known.is_settled) return;
    served_[known.algorithm] = served_[known.algorithm] || served;
  }
  void expect_all(Context& context) const {
    if (served_.empty()) context.skip("there is no published answer for what the device offers");
    for (const auto& [algorithm, served] : served_)
      context.expect(served, fmt::format("some session with algorithm {} is created", algorithm));
  }

 private:
  std::map<std::uint32_t, bool> served_;
};

// The second block of CBC and all behind it, whose IV is the first block of ciphertext.
KnownAnswer without_first_block(KnownAnswer known) {
  constexpr std::ptrdiff_t kBlock = 16;
  const test::Bytes& ciphertext = known.op == kEncrypt ? known.result : known.source;
  known.iv.assign(ciphertext.begin(), ciphertext.begin() + kBlock);
  known.source.erase(known.source.begin(), known.source.begin() + kBlock);
  known.result.erase(known.result.begin(), known.result.begin() + kBlock);
  known.what += ", from the second block on";
  return known;
}

// More than once: a session serves any number of requests, each with an IV of its own, wherever descriptors
// end.
void expect_served_again(CryptoBench& bench, const KnownAnswer& known, const test::Target& target) {
  // A ring has 64; parts end within pieces.
  constexpr std::size_t kFixedPart = 72, kMostPieces = 50;
  const std::size_t variable = known.iv.size() + known.source.size() + known.aad.size() + known.result.size();
  expect_served_cut(bench, known, target, (kFixedPart + variable + known.digest.size()) / kMostPieces + 1);
  if (known.kind == Kind::kCipher && known.algorithm == kAesCbc && known.source.size() >= 32)
    expect_served(bench, without_first_block(known), target);
}

void known_answers_in_layout(CryptoBench& bench, Kind kind) {
  Tally tally;
  for (const KnownAnswer& known : bench.offered(kind)) {
    const Created created = bench.create(known.create(bench.layout()));
    tally.add(known, created.status == kOk);
    if (created.status != kOk) {
      bench.context().note(fmt::format("no session for {}: status {}", known.what, created.status));
      continue;
    }
    expect_served(bench, known, bench.target(created.session));
    expect_served_again(bench, known, bench.target(created.session));
    static_cast<void>(bench.destroy(known.service(), created.session));
  }
  tally.expect_all(bench.context());
}

template <Kind kind>
void run_known_answers(Context& context) {
  CryptoBench bench(context);
  bench.need(service_of(kind));
  for (const Layout layout : bench.session_layouts()) {
    bench.start(layout);
    known_answers_in_layout(bench, kind);
  }
}

void expect_status(CryptoBench& bench, const test::Request& request, std::uint8_t expected,
                   std::string_view what) {
  bench.context().expect_equal(bench.call(request).status(), expected, fmt::format("status for {}", what));
}

// Never there, and no longer there.
template <Kind kind>
void run_invalid_session(Context& context) {
  CryptoBench bench(context);
  bench.need(service_of(kind));
  for (const Layout layout : bench.session_layouts()) {
    bench.start(layout);
    const KnownAnswer known = bench.offered_one(kind);
    expect_status(bench, known.request(bench.target(kUnknownSession)), kInvSess, "an unknown session");
    const test::Target target = bench.open(known);
    expect_status(bench, known.request(bench.target(kUnknownSession)), kInvSess,
                  "an unknown session beside one that is known");
    expect_served(bench, known, target);
    context.expect_equal(bench.destroy(known.service(), target.session), kOk, "status of destroy session");
    expect_status(bench, known.request(target), kInvSess, "a session that was destroyed");
  }
}

// An operation that the service does not have, on a session that it does.
void expect_unknown_operation(CryptoBench& bench, Kind kind) {
  constexpr std::uint32_t kNoOperation = 0x7F;
  const KnownAnswer known = bench.offered_one(kind);
  const test::Target target = bench.open(known);
  RawRequest raw = well_formed(known);
  raw.opcode = known.service() << 8U | kNoOperation;
  expect_status(bench, data_request(target, raw), kNotSupp, fmt::format("the opcode {:#x}", raw.opcode));
  expect_served(bench, known, target);
}

// A service that is not on offer has no session either: that may be what the device looks at first.
void expect_unknown_service(CryptoBench& bench, Kind kind) {
  const KnownAnswer& known = known_answers(kind).front();
  const std::uint8_t status = bench.call(known.request(bench.target(kUnknownSession))).status();
  bench.context().expect(
      status == kNotSupp || status == kInvSess,
      fmt::format("status {} for {}, which is not on offer, is NOTSUPP or INVSESS", status, known.what));
}

template <Kind kind>
void run_unsupported(Context& context) {
  CryptoBench bench(context);
  for (const Layout layout : bench.session_layouts()) {
    bench.start(layout);
    if (bench.config().offers(service_of(kind))) {
      expect_unknown_operation(bench, kind);
    } else {
      expect_unknown_service(bench, kind);
    }
  }
}

// After each a session of its own: a device may ask for a reset instead of an answer.
template <Kind kind>
void run_failures(Context& context) {
  CryptoBench bench(context);
  bench.need(service_of(kind));
  bool answered = false;
  for (const Layout layout : bench.session_layouts()) {
    bench.start(layout);
    for (const BadRequest& bad : failing_requests(bench, kind)) {
      const auto answer = bench.try_call(data_request(bench.open(bad.known), bad.raw));
      if (!answer) {
        context.note(fmt::format("{} makes the device ask for a reset", bad.what));
        bench.start(layout);
        continue;
      }
      answered = true;
      context.expect_equal(answer->status(), kErr, fmt::format("status for {}", bad.what));
      context.expect(answer->used_length <= answer->written.size(), "used length is within the chain");
    }
  }
  if (!answered) context.skip("the device asks for a reset whenever a request fails");
}

template <Kind kind>
void run_statuses(Context& context) {
  CryptoBench bench(context);
  bench.need(service_of(kind));
  for (const Layout layout : bench.session_layouts()) {
    bench.start(layout);
    for (const BadRequest& bad : odd_requests(bench, kind)) {
      const auto answer = bench.try_call(data_request(bench.open(bad.known), bad.raw));
      if (!answer) {
        context.note(fmt::format("{} makes the device ask for a reset", bad.what));
        bench.start(layout);
        continue;
      }
      context.expect(is_status_of(kind, answer->status()),
                     fmt::format("status {} for {} is one of the listed", answer->status(), bad.what));
    }
  }
}

const Check kChecks[] = {
    {.id = "crypto-hash-known-answers",
     .title = "Published digests of every hash on offer, request after request on a session",
     .statements = {"CRYPTO-DEV-022", "CRYPTO-DEV-024", "CRYPTO-DEV-026"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kHash>},
    {.id = "crypto-hash-statuses",
     .title = "HASH answers with a listed status, whatever it is asked for",
     .statements = {"CRYPTO-DEV-025"},
     .needs = kStandard,
     .run = run_statuses<Kind::kHash>},
    {.id = "crypto-hash-unsupported",
     .title = "HASH operations that there are not are NOTSUPP",
     .statements = {"CRYPTO-DEV-027"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kHash>},
    {.id = "crypto-hash-invalid-session",
     .title = "HASH on an unknown or destroyed session is INVSESS",
     .statements = {"CRYPTO-DEV-028"},
     .needs = kStandard,
     .run = run_invalid_session<Kind::kHash>},
    {.id = "crypto-hash-failures",
     .title = "HASH requests that cannot be done are ERR",
     .statements = {"CRYPTO-DEV-029"},
     .needs = kStandard,
     .run = run_failures<Kind::kHash>},
    {.id = "crypto-mac-known-answers",
     .title = "Published results of every MAC on offer",
     .statements = {"CRYPTO-DEV-031", "CRYPTO-DEV-033"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kMac>},
    {.id = "crypto-mac-statuses",
     .title = "MAC answers with a listed status, whatever it is asked for",
     .statements = {"CRYPTO-DEV-032"},
     .needs = kStandard,
     .run = run_statuses<Kind::kMac>},
    {.id = "crypto-mac-unsupported",
     .title = "MAC operations that there are not are NOTSUPP",
     .statements = {"CRYPTO-DEV-034"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kMac>},
    {.id = "crypto-mac-invalid-session",
     .title = "MAC on an unknown or destroyed session is INVSESS",
     .statements = {"CRYPTO-DEV-035"},
     .needs = kStandard,
     .run = run_invalid_session<Kind::kMac>},
    {.id = "crypto-mac-failures",
     .title = "MAC requests that cannot be done are ERR",
     .statements = {"CRYPTO-DEV-036"},
     .needs = kStandard,
     .run = run_failures<Kind::kMac>},
    {.id = "crypto-cipher-known-answers",
     .title = "Published results of every cipher on offer, in both directions, request after request",
     .statements = {"CRYPTO-DEV-038", "CRYPTO-DEV-039", "CRYPTO-DEV-041", "CRYPTO-DEV-045"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kCipher>},
    {.id = "crypto-cipher-statuses",
     .title = "Ciphers answer with a listed status, whatever they are asked for",
     .statements = {"CRYPTO-DEV-044"},
     .needs = kStandard,
     .run = run_statuses<Kind::kCipher>},
    {.id = "crypto-cipher-unsupported",
     .title = "CIPHER operations that there are not are NOTSUPP",
     .statements = {"CRYPTO-DEV-046"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kCipher>},
    {.id = "crypto-cipher-invalid-session",
     .title = "A cipher on an unknown or destroyed session is INVSESS",
     .statements = {"CRYPTO-DEV-047"},
     .needs = kStandard,
     .run = run_invalid_session<Kind::kCipher>},
    {.id = "crypto-cipher-failures",
     .title = "Cipher requests that cannot be done are ERR",
     .statements = {"CRYPTO-DEV-048"},
     .needs = kStandard,
     .run = run_failures<Kind::kCipher>},
    {.id = "crypto-aead-statuses",
     .title = "AEAD answers with a listed status, whatever it is asked for",
     .statements = {"CRYPTO-DEV-052"},
     .needs = kStandard,
     .run = run_statuses<Kind::kAead>},
    {.id = "crypto-aead-unsupported",
     .title = "AEAD operations that there are not are NOTSUPP",
     .statements = {"CRYPTO-DEV-055"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kAead>},
    {.id = "crypto-aead-invalid-session",
     .title = "AEAD on an unknown or destroyed session is INVSESS",
     .statements = {"CRYPTO-DEV-057"},
     .needs = kStandard,
     .run = run_invalid_session<Kind::kAead>},
    {.id = "crypto-aead-failures",
     .title = "AEAD requests that cannot be done are ERR",
     .statements = {"CRYPTO-DEV-058"},
     .needs = kStandard,
     .run = run_failures<Kind::kAead>},
    {.id = "crypto-akcipher-known-answers",
     .title = "Published results of RSA and ECDSA",
     .statements = {"CRYPTO-DEV-060", "CRYPTO-DEV-062"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kAkcipher>},
    {.id = "crypto-akcipher-statuses",
     .title = "AKCIPHER answers with a listed status, whatever it is asked for",
     .statements = {"CRYPTO-DEV-061"},
     .needs = kStandard,
     .run = run_statuses<Kind::kAkcipher>},
    {.id = "crypto-akcipher-unsupported",
     .title = "AKCIPHER operations that there are not are NOTSUPP",
     .statements = {"CRYPTO-DEV-063"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kAkcipher>},
    {.id = "crypto-akcipher-invalid-session",
     .title = "AKCIPHER on an unknown or destroyed session is INVSESS",
     .statements = {"CRYPTO-DEV-065"},
     .needs = kStandard,
     .run = run_invalid_session<Kind::kAkcipher>},
    {.id = "crypto-akcipher-failures",
     .title = "AKCIPHER requests that cannot be done are ERR",
     .statements = {"CRYPTO-DEV-067"},
     .needs = kStandard,
     .run = run_failures<Kind::kAkcipher>},
};

}  // namespace

std::span<const Check> crypto_service_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
