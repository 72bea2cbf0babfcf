// VIRTIO 1.4, 5.9.9.3 to 5.9.9.8: requests without a session.
#include <algorithm>

#include "tests/conformance/context.h"
#include "tests/conformance/crypto_bad_requests.h"
#include "tests/conformance/crypto_bench.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

using namespace test::wire_number;
using test::Layout;

constexpr test::Target kStateless{.layout = Layout::kStateless, .session = 0};
constexpr std::uint64_t kUnknownSession = 0x7FFF'FFFF'FFFF'FFF0;
constexpr std::uint32_t kUndefined = 99;
constexpr Needs kStandard{.dialect = Dialect::kStandard};

void start_stateless(CryptoBench& bench, Kind kind) {
  bench.need_stateless(service_of(kind));
  bench.start(Layout::kStateless, service_of(kind));
}

// With a session, without, with an unknown one: the flag says which, whatever came before.
void expect_flag_decides(CryptoBench& bench, const KnownAnswer& known) {
  const test::Target target = bench.open(known);
  for (int round = 0; round < 2; ++round) {
    expect_served(bench, known, target);
    expect_served(bench, known, kStateless);
    bench.context().expect_equal(bench.call(known.request(bench.target(kUnknownSession))).status(), kInvSess,
                                 "status for an unknown session in session mode");
  }
  static_cast<void>(bench.destroy(known.service(), target.session));
  expect_served(bench, known, kStateless);
}

template <Kind kind>
void run_flag(Context& context) {
  CryptoBench bench(context);
  start_stateless(bench, kind);
  expect_flag_decides(bench, bench.offered_one(kind));
}

// Of key lengths that a device lacks, requests may be refused; but not of all that there are.
template <Kind kind>
void run_known_answers(Context& context) {
  CryptoBench bench(context);
  start_stateless(bench, kind);
  bool any = false;
  for (const KnownAnswer& known : bench.offered(kind)) {
    if (!known.is_settled) continue;
    const Created created = bench.create(known.create(bench.layout()));
    if (created.status != kOk) {
      context.note(fmt::format("no session for {}: status {}", known.what, created.status));
      continue;
    }
    static_cast<void>(bench.destroy(known.service(), created.session));
    expect_served(bench, known, kStateless);
    any = true;
  }
  if (!any) context.skip("there is no published answer for what the device offers");
}

test::Request undefined_akcipher() {
  constexpr std::uint32_t kPublicKey = 1, kKeyBytes = 16, kBytes = 128;
  test::Wire wire;
  wire.le32(kAkcipherEncrypt).le32(kUndefined).le64(0).le32(0).le32(0);
  wire.le32(kUndefined).le32(kPublicKey).le32(kKeyBytes).zeros(8).le32(kBytes).le32(kBytes);
  return test::Request().readable(wire.zeros(kKeyBytes).zeros(kBytes)).writable(kBytes).writable(1);
}

template <Kind kind>
void run_unsupported(Context& context) {
  CryptoBench bench(context);
  start_stateless(bench, kind);
  KnownAnswer known = bench.offered_one(kind);
  known.algorithm = kUndefined;
  const test::Request request = kind == Kind::kAkcipher ? undefined_akcipher() : known.request(kStateless);
  context.expect_equal(bench.call(request).status(), kNotSupp, "status for an undefined algorithm");
}

const Check kChecks[] = {
    {.id = "crypto-hash-stateless-flag",
     .title = "HASH: the flag tells requests with a session from those without",
     .statements = {"CRYPTO-DEV-023"},
     .needs = kStandard,
     .run = run_flag<Kind::kHash>},
    {.id = "crypto-hash-stateless",
     .title = "HASH without a session: published digests",
     .statements = {"CRYPTO-DEV-022", "CRYPTO-DEV-024", "CRYPTO-DEV-026"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kHash>},
    {.id = "crypto-hash-stateless-unsupported",
     .title = "HASH without a session: an undefined algorithm is NOTSUPP",
     .statements = {"CRYPTO-DEV-027"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kHash>},
    {.id = "crypto-mac-stateless-flag",
     .title = "MAC: the flag tells requests with a session from those without",
     .statements = {"CRYPTO-DEV-030"},
     .needs = kStandard,
     .run = run_flag<Kind::kMac>},
    {.id = "crypto-mac-stateless",
     .title = "MAC without a session: published results",
     .statements = {"CRYPTO-DEV-031", "CRYPTO-DEV-033"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kMac>},
    {.id = "crypto-mac-stateless-unsupported",
     .title = "MAC without a session: an undefined algorithm is NOTSUPP",
     .statements = {"CRYPTO-DEV-034"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kMac>},
    {.id = "crypto-cipher-stateless-flag",
     .title = "Ciphers: the flag tells requests with a session from those without",
     .statements = {"CRYPTO-DEV-037"},
     .needs = kStandard,
     .run = run_flag<Kind::kCipher>},
    {.id = "crypto-cipher-stateless",
     .title = "Ciphers without a session: published results, in both directions",
     .statements = {"CRYPTO-DEV-038", "CRYPTO-DEV-039", "CRYPTO-DEV-041"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kCipher>},
    {.id = "crypto-chain-stateless-flag",
     .title = "Chains: the flag tells requests with a session from those without",
     .statements = {"CRYPTO-DEV-037"},
     .needs = kStandard,
     .run = run_flag<Kind::kChain>},
    {.id = "crypto-chain-stateless",
     .title = "Chains without a session: published results",
     .statements = {"CRYPTO-DEV-040", "CRYPTO-DEV-041", "CRYPTO-DEV-043"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kChain>},
    {.id = "crypto-cipher-stateless-unsupported",
     .title = "Ciphers without a session: an undefined algorithm is NOTSUPP",
     .statements = {"CRYPTO-DEV-046"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kCipher>},
    {.id = "crypto-aead-stateless-flag",
     .title = "AEAD: requests with and without a session on one queue",
     .statements = {"CRYPTO-DEV-049"},
     .needs = kStandard,
     .run = run_flag<Kind::kAead>},
    {.id = "crypto-aead-stateless",
     .title = "AEAD without a session: published results, in both directions",
     .statements = {"CRYPTO-DEV-049", "CRYPTO-DEV-050", "CRYPTO-DEV-054"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kAead>},
    {.id = "crypto-aead-stateless-unsupported",
     .title = "AEAD without a session: an undefined algorithm is NOTSUPP",
     .statements = {"CRYPTO-DEV-055"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kAead>},
    {.id = "crypto-akcipher-stateless-flag",
     .title = "AKCIPHER: requests with and without a session on one queue",
     .statements = {"CRYPTO-DEV-059"},
     .needs = kStandard,
     .run = run_flag<Kind::kAkcipher>},
    {.id = "crypto-akcipher-stateless",
     .title = "AKCIPHER without a session: published results of all operations",
     .statements = {"CRYPTO-DEV-059", "CRYPTO-DEV-060", "CRYPTO-DEV-062"},
     .needs = kStandard,
     .run = run_known_answers<Kind::kAkcipher>},
    {.id = "crypto-akcipher-stateless-unsupported",
     .title = "AKCIPHER without a session: an undefined algorithm is NOTSUPP",
     .statements = {"CRYPTO-DEV-063"},
     .needs = kStandard,
     .run = run_unsupported<Kind::kAkcipher>},
};

}  // namespace

std::span<const Check> crypto_stateless_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
