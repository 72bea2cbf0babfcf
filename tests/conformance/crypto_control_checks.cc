// VIRTIO 1.4, 5.9.9.2.1: sessions.
#include <algorithm>
#include <set>

#include "tests/conformance/context.h"
#include "tests/conformance/crypto_bench.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

using namespace test::wire_number;
using test::Layout;

constexpr std::uint32_t kServices = 5;  // with sessions
constexpr std::uint64_t kUnknownSession = 0x7FFF'FFFF'FFFF'FFF0;
constexpr Needs kStandard{.dialect = Dialect::kStandard};

// What is done in every layout that sessions have.
void in_session_layouts(Context& context, void (*body)(CryptoBench&)) {
  CryptoBench bench(context);
  for (const Layout layout : bench.session_layouts()) {
    bench.start(layout);
    body(bench);
  }
}

// A settled answer of each service on offer, and of a chain.
std::vector<KnownAnswer> one_of_each(const CryptoBench& bench) {
  std::vector<KnownAnswer> chosen;
  for (const Kind kind :
       {Kind::kCipher, Kind::kHash, Kind::kMac, Kind::kAead, Kind::kAkcipher, Kind::kChain}) {
    const std::vector<KnownAnswer> all = bench.offered(kind);
    const auto found = std::find_if(all.begin(), all.end(), [](const KnownAnswer& each) {
      return each.is_settled && each.op == kEncrypt;
    });
    if (found != all.end()) chosen.push_back(*found);
  }
  if (chosen.empty()) bench.context().skip("there is no published answer for what the device offers");
  return chosen;
}

void each_service(CryptoBench& bench) {
  for (const KnownAnswer& known : one_of_each(bench)) {
    const test::Target target = bench.open(known);
    expect_served(bench, known, target);
    // One service's sessions are none of another's.
    bench.context().expect_equal(bench.destroy(known.service(), target.session), kOk,
                                 fmt::format("status of destroy session for {}", known.what));
  }
}

// Descriptors end wherever they like.
void split_keys(CryptoBench& bench) {
  for (const KnownAnswer& known : one_of_each(bench)) {
    for (const std::size_t chunk : {std::size_t{7}, std::size_t{73}, std::size_t{80}}) {
      const Created created = bench.create(known.create(bench.layout()).chunk(chunk));
      bench.context().expect_equal(
          created.status, kOk,
          fmt::format("status of create session for {}, {} bytes a descriptor", known.what, chunk));
      const test::Target target = bench.target(created.session);
      expect_served(bench, known, target);
      static_cast<void>(bench.destroy(known.service(), target.session));
    }
  }
}

bool is_create_status(const CryptoBench& bench, std::uint32_t status) {
  return status == kOk || status == kErr || status == kNotSupp ||
         (status == kNoSpc && bench.has_revision_1());
}

void expect_create_status(CryptoBench& bench, const KnownAnswer& known, std::string_view change) {
  const std::optional<test::Answer> answer =
      bench.try_call(known.create(bench.layout()), bench.driver().control_queue());
  if (!answer) {
    bench.context().note(fmt::format("{} with {} makes the device ask for a reset", known.what, change));
    return bench.start(bench.layout());
  }
  const Created created = created_of(*answer);
  bench.context().expect(is_create_status(bench, created.status),
                         fmt::format("status {} of create session for {} with {} is one of the listed",
                                     created.status, known.what, change));
  if (created.status == kOk) static_cast<void>(bench.destroy(known.service(), created.session));
}

void create_statuses(CryptoBench& bench) {
  for (const KnownAnswer& known : one_of_each(bench)) {
    expect_create_status(bench, known, "no change");
    for (const std::uint32_t algorithm : {0U, 31U, 63U, 0xFFFF'FFFFU}) {
      KnownAnswer changed = known;
      changed.algorithm = algorithm;
      expect_create_status(bench, changed, fmt::format("the algorithm {:#x}", algorithm));
    }
    for (const std::size_t bytes : {0U, 1U, 17U, 1000U}) {
      KnownAnswer changed = known;
      changed.key.assign(bytes, std::byte{0x5A});
      expect_create_status(bench, changed, fmt::format("a key of {} bytes", bytes));
    }
    KnownAnswer changed = known;
    changed.op = changed.key_type = changed.hash_mode = 77;
    expect_create_status(bench, changed, "77 for direction, key type and hash mode");
  }
}

constexpr std::uint32_t kUndefined = 99;

// Its structure is the same in all layouts.
test::Request undefined_akcipher() {
  constexpr std::uint32_t kPublicKey = 1, kKeyBytes = 16;
  test::Wire wire;
  wire.le32(kAkcipherCreate).le32(kUndefined).le32(0).le32(0);
  wire.le32(kUndefined).le32(kPublicKey).le32(kKeyBytes).zeros(44).zeros(kKeyBytes);
  return test::Request().readable(wire).writable(16);
}

// A session with an algorithm that has no number.
test::Request unsupported_request(std::uint32_t service, Layout layout) {
  if (service == service::kAkcipher) return undefined_akcipher();
  const std::vector<KnownAnswer>& all = known_answers(static_cast<Kind>(service));
  KnownAnswer known = *std::find_if(
      all.begin(), all.end(), [](const KnownAnswer& each) { return each.is_settled && each.op == kEncrypt; });
  known.algorithm = kUndefined;
  return known.create(layout);
}

void unsupported_algorithms(CryptoBench& bench) {
  for (std::uint32_t service = 0; service < kServices; ++service) {
    const bool offered = bench.config().offers(service);
    const Created created = bench.create(unsupported_request(service, bench.layout()));
    bench.context().expect_equal(created.status, kNotSupp,
                                 fmt::format("status of create session for {}",
                                             offered ? "an undefined algorithm of " : "the missing ")
                                     .append(name_of_service(service)));
  }
}

// Create session of a service that has no number.
test::Request undefined_service() {
  constexpr std::uint32_t kUndefinedCreate = 0x7F02;
  test::Wire wire;
  wire.le32(kUndefinedCreate).le32(1).le32(0).le32(0).zeros(72);
  return test::Request().readable(wire).writable(16);
}

// A service that is not on offer, with an algorithm that there is; and one that nobody offers.
void unsupported_services(CryptoBench& bench) {
  bench.context().expect_equal(bench.create(undefined_service()).status, kNotSupp,
                               "status of create session for a service that has no number");
  for (std::uint32_t service = 0; service < kServices; ++service) {
    if (bench.config().offers(service)) continue;
    const KnownAnswer& known = known_answers(static_cast<Kind>(service)).front();
    bench.context().expect_equal(
        bench.create(known.create(bench.layout())).status, kNotSupp,
        fmt::format("status of create session for {}, which is not on offer", known.what));
  }
}

// Other reasons than the algorithm.
void other_failures(CryptoBench& bench) {
  const std::vector<KnownAnswer> ciphers = bench.offered(Kind::kCipher);
  const auto found = std::find_if(ciphers.begin(), ciphers.end(), [](const KnownAnswer& each) {
    return each.algorithm == kAesCbc || each.algorithm == kAesEcb || each.algorithm == kAesCtr;
  });
  if (found == ciphers.end()) bench.context().skip("no mode of AES is on offer");
  KnownAnswer known = *found;
  for (const std::size_t bytes : {15U, 17U, 0U}) {
    known.key.assign(bytes, std::byte{0x5A});
    const Created created = bench.create(known.create(bench.layout()));
    bench.context().expect_equal(
        created.status, kErr, fmt::format("status of create session for AES with a key of {} bytes", bytes));
  }
}

// key_len of AES says more than there is.
test::Request truncated_key(std::size_t present) {
  constexpr std::uint32_t kAes256Key = 32;
  test::Wire wire;
  wire.le32(kCipherCreate).le32(kAesCbc).le32(0).le32(0);
  wire.le32(kAesCbc).le32(kAes256Key).le32(kEncrypt).zeros(36).le32(1).le32(0).zeros(present);
  return test::Request().readable(wire).writable(16);
}

void truncated_keys(CryptoBench& bench) {
  if (!bench.config().offers(service::kCipher) || (bench.config().cipher_algo >> kAesCbc & 1) == 0)
    bench.context().skip("the device does not offer AES-CBC");
  for (const std::size_t present : {std::size_t{0}, std::size_t{16}, std::size_t{31}}) {
    const auto answer = bench.try_call(truncated_key(present), bench.driver().control_queue());
    if (!answer) {
      bench.context().note(fmt::format("{} of 32 bytes make the device ask for a reset", present));
      bench.start(bench.layout());
      continue;
    }
    bench.context().expect_equal(created_of(*answer).status, kErr,
                                 fmt::format("status with {} of 32 bytes of the key", present));
  }
}

// As many sessions as the device has room for, up to a number that devices may well exceed; each stays
// usable.
std::vector<std::uint64_t> exhaust(CryptoBench& bench, const KnownAnswer& known, std::uint32_t& last_status) {
  constexpr std::size_t kMost = 5000;
  std::vector<std::uint64_t> sessions;
  last_status = kOk;
  while (sessions.size() < kMost && last_status == kOk) {
    const Created created = bench.create(known.create(bench.layout()));
    last_status = created.status;
    if (created.status == kOk) sessions.push_back(created.session);
  }
  if (sessions.empty())
    bench.context().fail(fmt::format("no session for {}: status {}", known.what, last_status));
  for (std::size_t i = 0; i < sessions.size(); i += sessions.size() / 16 + 1)
    expect_served(bench, known, bench.target(sessions[i]));
  if (last_status == kOk) bench.context().skip(fmt::format("{} sessions do not exhaust the device", kMost));
  return sessions;
}

void exhausted(CryptoBench& bench) {
  const KnownAnswer known = one_of_each(bench).front();
  std::uint32_t refusal = kOk;
  std::vector<std::uint64_t> sessions = exhaust(bench, known, refusal);
  const std::uint32_t expected = bench.has_revision_1() ? kNoSpc : kErr;
  bench.context().expect_equal(refusal, expected,
                               fmt::format("status of create session behind {} others, {}", sessions.size(),
                                           name_of_layout(bench.layout())));
  bench.context().expect_equal(bench.destroy(known.service(), sessions.back()), kOk,
                               "status of destroy session");
  bench.context().expect_equal(bench.create(known.create(bench.layout())).status, kOk,
                               "status of create session in the place of another");
}

void unique_ids(CryptoBench& bench) {
  std::set<std::uint64_t> seen;
  for (int round = 0; round < 4; ++round) {
    for (const KnownAnswer& known : one_of_each(bench)) {
      const test::Target target = bench.open(known);
      bench.context().expect(seen.insert(target.session).second,
                             fmt::format("session_id {:#x} is not that of another session", target.session));
      bench.context().expect(target.session != 0xEEEE'EEEE'EEEE'EEEE, "session_id was written");
    }
  }
}

// Zeros, or what had been there, are no id. What else is written looks like one.
void no_id_on_failure(CryptoBench& bench) {
  constexpr std::uint64_t kUnwritten = 0xEEEE'EEEE'EEEE'EEEE;
  for (std::uint32_t service = 0; service < kServices; ++service) {
    const Created created = bench.create(unsupported_request(service, bench.layout()));
    bench.context().expect(created.status != kOk, "create session fails");
    const bool is_none = created.session == 0 || created.session == kUnwritten || ~created.session == 0;
    bench.context().expect(is_none, fmt::format("session_id {:#x} of a failure is none", created.session));
  }
}

std::uint8_t destroy_status(CryptoBench& bench, std::uint32_t opcode, std::uint64_t session) {
  const auto answer = bench.control(test::destroy_request(bench.layout(), opcode, session));
  bench.context().expect(answer.status() == kOk || answer.status() == kErr,
                         fmt::format("status {} of opcode {:#x} for session {:#x} is one of the listed",
                                     answer.status(), opcode, session));
  return answer.status();
}

// Live, gone, never there, and by the opcode of another service, which may or may not do.
void destroy_statuses(CryptoBench& bench) {
  for (const KnownAnswer& known : one_of_each(bench)) {
    const std::uint32_t opcode = destroy_opcode(known.service());
    const test::Target target = bench.open(known);
    for (std::uint32_t service = 0; service < kServices; ++service) {
      if (bench.config().offers(service) && service != known.service())
        static_cast<void>(destroy_status(bench, destroy_opcode(service), target.session));
    }
    static_cast<void>(destroy_status(bench, opcode, target.session));
    static_cast<void>(destroy_status(bench, opcode, target.session));
    static_cast<void>(destroy_status(bench, opcode, kUnknownSession));
    static_cast<void>(destroy_status(bench, opcode, ~std::uint64_t{0}));
  }
}

// OK, and the session is gone; others stay.
void destroyed(CryptoBench& bench) {
  for (const KnownAnswer& known : one_of_each(bench)) {
    const test::Target gone = bench.open(known), stays = bench.open(known);
    bench.context().expect_equal(bench.destroy(known.service(), gone.session), kOk,
                                 fmt::format("status of destroy session for {}", known.what));
    bench.context().expect(bench.call(known.request(gone)).status() != kOk,
                           "a session that was destroyed serves no more");
    expect_served(bench, known, stays);
  }
}

void destroy_failures(CryptoBench& bench) {
  for (const KnownAnswer& known : one_of_each(bench)) {
    const test::Target target = bench.open(known);
    bench.context().expect_equal(
        bench.destroy(known.service(), kUnknownSession), kErr,
        fmt::format("status for an unknown session of {}", name_of_service(known.service())));
    bench.context().expect_equal(bench.destroy(known.service(), target.session), kOk, "status for a session");
    bench.context().expect_equal(bench.destroy(known.service(), target.session), kErr,
                                 "status for a session that is gone");
  }
}

// A function without state for each row of the table.
template <void (*body)(CryptoBench&)>
void run(Context& context) {
  in_session_layouts(context, body);
}

const Check kChecks[] = {
    {.id = "crypto-session-each-service",
     .title = "The opcode selects the structure: sessions of every service are created, and work",
     .statements = {"CRYPTO-DEV-011", "CRYPTO-DEV-014"},
     .needs = kStandard,
     .run = run<each_service>},
    {.id = "crypto-session-split-keys",
     .title = "Keys are taken from behind the structure, wherever descriptors end",
     .statements = {"CRYPTO-DEV-012"},
     .needs = kStandard,
     .run = run<split_keys>},
    {.id = "crypto-session-create-statuses",
     .title = "Create session answers with a listed status, whatever it is asked for",
     .statements = {"CRYPTO-DEV-013"},
     .needs = kStandard,
     .run = run<create_statuses>},
    {.id = "crypto-session-unsupported",
     .title = "An algorithm that has no number is NOTSUPP for every service",
     .statements = {"CRYPTO-DEV-015"},
     .needs = kStandard,
     .run = run<unsupported_algorithms>},
    {.id = "crypto-session-unsupported-service",
     .title = "A service that is not on offer is NOTSUPP",
     .statements = {"CRYPTO-DEV-015"},
     .needs = kStandard,
     .run = run<unsupported_services>},
    {.id = "crypto-session-exhausted",
     .title = "With all sessions in use the status is NOSPC with REVISION_1, and ERR without",
     .statements = {"CRYPTO-DEV-016"},
     .needs = kStandard,
     .run = run<exhausted>},
    {.id = "crypto-session-bad-key-length",
     .title = "A key length that the algorithm does not have is ERR",
     .statements = {"CRYPTO-DEV-017"},
     .needs = kStandard,
     .run = run<other_failures>},
    {.id = "crypto-session-truncated-key",
     .title = "A key shorter than it is said to be is ERR",
     .statements = {"CRYPTO-DEV-017"},
     .needs = kStandard,
     .run = run<truncated_keys>},
    {.id = "crypto-session-unique-ids",
     .title = "Every session has an id of its own",
     .statements = {"CRYPTO-DEV-018"},
     .needs = kStandard,
     .run = run<unique_ids>},
    {.id = "crypto-session-no-id-on-failure",
     .title = "No session_id is handed out when create session fails",
     .statements = {"CRYPTO-DEV-018"},
     .needs = kStandard,
     .run = run<no_id_on_failure>},
    {.id = "crypto-session-destroy-statuses",
     .title = "Destroy session answers with OK or ERR, whatever it is asked for",
     .statements = {"CRYPTO-DEV-019"},
     .needs = kStandard,
     .run = run<destroy_statuses>},
    {.id = "crypto-session-destroyed",
     .title = "Destroy session answers with OK; that session is gone and others are not",
     .statements = {"CRYPTO-DEV-020"},
     .needs = kStandard,
     .run = run<destroyed>},
    {.id = "crypto-session-destroy-failures",
     .title = "Destroy session of an unknown or a destroyed session is ERR",
     .statements = {"CRYPTO-DEV-021"},
     .needs = kStandard,
     .run = run<destroy_failures>},
};

}  // namespace

std::span<const Check> crypto_control_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
