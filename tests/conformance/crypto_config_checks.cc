// VIRTIO 1.4, 5.9.5: device configuration layout.
#include <algorithm>
#include <array>
#include <new>

#include "tests/conformance/context.h"
#include "tests/conformance/crypto_bad_requests.h"
#include "tests/conformance/crypto_bench.h"
#include "tests/driver/algorithm_rows.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

using namespace test::wire_number;

constexpr std::uint32_t kHwReady = 1;
constexpr std::uint32_t kServices = 5;  // all but IPSEC, which has no algorithms of its own
constexpr Needs kStandard{.dialect = Dialect::kStandard};
constexpr Needs kChanging{.abilities = kChangesConfig, .dialect = Dialect::kStandard};

std::uint32_t status_of(Driver& driver) {
  return driver.pci().read(4, 0, 4);
}

void expect_defined_flags(Driver& driver, std::string_view when) {
  driver.context().expect_equal(status_of(driver) & ~kHwReady, 0,
                                fmt::format("undefined flags of status {}", when));
}

void run_max_dataqueues(Context& context) {
  Driver driver(context);
  const CryptoConfig config = read_crypto_config(driver);
  context.expect(config.max_dataqueues >= 1 && config.max_dataqueues <= 0xFFFF,
                 fmt::format("max_dataqueues, {}, lies in 1 to 65535", config.max_dataqueues));
}

void run_status_flags(Context& context) {
  Driver driver(context);
  expect_defined_flags(driver, "before negotiation");
  driver.start();
  expect_defined_flags(driver, "after DRIVER_OK");
  driver.reset();
  expect_defined_flags(driver, "after a reset");
}

void run_status_flags_changed(Context& context) {
  Driver driver(context);
  driver.start();
  for (int change = 1; change <= 3; ++change) {
    driver.provoke_config_change();
    expect_defined_flags(driver, fmt::format("after {} changes", change));
  }
}

void run_hw_ready(Context& context) {
  Driver driver(context);
  driver.start();
  if (!driver.comes_true([&] { return (status_of(driver) & kHwReady) != 0; })) {
    if (driver.call(0, driver.known_request()).status() == kOk)
      context.fail("HW_READY is clear, and requests are served");
    context.skip("HW_READY is not set");
  }
  for (std::uint16_t queue = 0; queue < driver.data_queues(); ++queue)
    driver.expect_service(queue);
}

// HW_READY goes and comes back; what then comes is served.
void run_hw_ready_again(Context& context) {
  Driver driver(context);
  driver.start();
  driver.expect_service(0);
  driver.provoke_config_change();
  if ((status_of(driver) & kHwReady) != 0) context.skip("the change left HW_READY set");
  driver.provoke_config_change();
  if ((status_of(driver) & kHwReady) == 0) context.skip("the next change left HW_READY clear");
  driver.expect_service(0);
}

// Whether any session with a known algorithm of the service can be had.
bool opens_any(CryptoBench& bench, const std::vector<KnownAnswer>& candidates) {
  return std::any_of(candidates.begin(), candidates.end(), [&](const KnownAnswer& known) {
    const Created created = bench.create(known.create(bench.layout()));
    if (created.status == kOk) static_cast<void>(bench.destroy(known.service(), created.session));
    return created.status == kOk;
  });
}

void run_services(Context& context) {
  CryptoBench bench(context);
  bench.start(bench.session_layouts().front());
  constexpr std::uint32_t kDefined = 0x3F;
  context.expect_equal(bench.config().crypto_services & ~kDefined, 0, "undefined bits of crypto_services");
  for (std::uint32_t service = 0; service < kServices; ++service) {
    const Kind kind = static_cast<Kind>(service);
    const bool offered = bench.config().offers(service);
    const std::vector<KnownAnswer> candidates = offered ? bench.offered(kind) : known_answers(kind);
    if (offered && candidates.empty()) {
      context.note(fmt::format("{}: nothing to try with the algorithms {:#x}", name_of_service(service),
                               bench.config().algorithms(service)));
      continue;
    }
    context.expect_equal(opens_any(bench, candidates) ? 1U : 0U, offered ? 1U : 0U,
                         fmt::format("whether {} can be had", name_of_service(service)));
  }
}

void run_masks_filled(Context& context) {
  Driver driver(context);
  const CryptoConfig config = read_crypto_config(driver);
  for (std::uint32_t service = 0; service < kServices; ++service) {
    if (!config.offers(service)) continue;
    context.expect(config.algorithms(service) != 0,
                   fmt::format("the algorithms of {}, {:#x}, are some", name_of_service(service),
                               config.algorithms(service)));
  }
}

// That an algorithm works which no mask names is no fault.
void run_masks_true(Context& context) {
  CryptoBench bench(context);
  bench.start(bench.session_layouts().front());
  for (std::uint32_t service = 0; service < kServices; ++service) {
    if (!bench.config().offers(service)) continue;
    std::uint64_t tried = 0, opened = 0;
    for (const KnownAnswer& known : bench.offered(static_cast<Kind>(service))) {
      const std::uint64_t bit = std::uint64_t{1} << known.algorithm;
      // How the keys of other algorithms are made up is open.
      if (!known.is_settled || (opened & bit) != 0) continue;
      tried |= bit;
      if (opens_any(bench, {known})) opened |= bit;
    }
    context.expect_equal(
        opened, tried,
        fmt::format("algorithms of {} that sessions can be had with", name_of_service(service)));
  }
}

void run_masks_defined(Context& context) {
  constexpr std::uint64_t kCiphers = 0x7FFF, kHashes = 0x1FFF, kAeads = 0xF, kAkciphers = 0x7;
  constexpr std::uint64_t kMacs = 0x7F | std::uint64_t{0xF} << 25U | std::uint64_t{0x3} << 41U |
                                  std::uint64_t{0x3} << 49U | std::uint64_t{0x3} << 53U;
  constexpr std::array<std::uint64_t, kServices> kDefined = {kCiphers, kHashes, kMacs, kAeads, kAkciphers};
  Driver driver(context);
  const CryptoConfig config = read_crypto_config(driver);
  for (std::uint32_t service = 0; service < kServices; ++service)
    context.expect_equal(config.algorithms(service) & ~kDefined[service], 0,
                         fmt::format("undefined bits of the algorithms of {}", name_of_service(service)));
}

// Lengths and keys besides the source, and a status.
constexpr std::uint64_t kOtherContent = 1024;

// A digest has little content but its source; a cipher has twice as much.
KnownAnswer long_request(const CryptoBench& bench, std::uint64_t content) {
  const bool hash = bench.config().offers(service::kHash);
  KnownAnswer known = bench.offered_one(hash ? Kind::kHash : Kind::kCipher);
  constexpr std::uint64_t kWhole = 16;
  known.source.assign((hash ? content : content / 2) / kWhole * kWhole, std::byte{0});
  if (!hash) known.result.assign(known.source.size(), std::byte{0});
  return known;
}

void expect_within_max_size(CryptoBench& bench, std::uint64_t content) {
  const KnownAnswer known = long_request(bench, content - kOtherContent);
  bench.context().expect_equal(bench.call(known.request(bench.open(known))).status(), kOk,
                               fmt::format("status of {} bytes", known.source.size()));
}

// What counts as content is open: here, the source alone is too much.
void expect_above_max_size(CryptoBench& bench) {
  const std::uint64_t limit = bench.config().max_size;
  KnownAnswer known = long_request(bench, 0);
  const test::Target target = bench.open(known);
  known.source.assign(limit + kOtherContent, std::byte{0});
  if (known.kind == Kind::kCipher) known.result.assign(known.source.size(), std::byte{0});
  const auto answer = bench.try_call(known.request(target));
  if (!answer) return bench.context().note("more than max_size makes the device ask for a reset");
  bench.context().expect(answer->status() != kOk, fmt::format("{} bytes are refused, with status {}",
                                                              known.source.size(), answer->status()));
}

void run_max_size(Context& context) {
  CryptoBench bench(context);
  bench.start(bench.session_layouts().front());
  constexpr std::uint64_t kUsual = std::uint64_t{1} << 18U;
  const std::uint64_t limit = bench.config().max_size;
  context.note(fmt::format("max_size: {:#x}", limit));
  if (limit < 2 * kOtherContent) context.skip(fmt::format("max_size is only {}", limit));
  expect_within_max_size(bench, std::min(limit, kUsual));
  constexpr std::uint64_t kMost = std::uint64_t{16} << 20U;
  if (limit > kMost) return context.note("nothing longer is tried");
  try {
    expect_within_max_size(bench, limit);
    expect_above_max_size(bench);
  } catch (const std::bad_alloc&) {
    context.note("more does not fit into memory");
  }
}

KnownAnswer with_key(KnownAnswer known, std::uint64_t bytes) {
  known.key.assign(bytes, std::byte{0x5A});
  return known;
}

void expect_refused_key(CryptoBench& bench, const KnownAnswer& known) {
  const Created created = bench.create(known.create(bench.layout()));
  bench.context().expect(created.status != kOk, fmt::format("{} with a key of {} bytes is refused, status {}",
                                                            known.what, known.key.size(), created.status));
}

constexpr std::uint64_t kMostKey = 1U << 16U;  // longer ones are not tried

// Whether some algorithm takes a key of just this length.
bool is_key_length(CryptoBench& bench, std::uint64_t bytes) {
  // No two bytes are alike: some ciphers refuse keys with equal halves.
  test::Bytes key(bytes);
  for (std::size_t i = 0; i < bytes; ++i)
    key[i] = static_cast<std::byte>(i * 7 + 1);
  for (const Kind kind : {Kind::kCipher, Kind::kAead}) {
    if (!bench.config().offers(service_of(kind))) continue;
    for (KnownAnswer known : known_answers(kind)) {
      if ((bench.config().algorithms(service_of(kind)) >> known.algorithm & 1) == 0) continue;
      known.key = key;
      if (opens_any(bench, {known})) return true;
    }
  }
  return false;
}

void run_max_cipher_key_len(Context& context) {
  CryptoBench bench(context);
  bench.need(service::kCipher);
  bench.start(bench.session_layouts().front());
  const std::uint64_t limit = bench.config().max_cipher_key_len;
  KnownAnswer known = bench.offered_one(Kind::kCipher);
  for (const test::CipherRow& row : test::cipher_rows()) {
    if ((bench.config().cipher_algo >> row.algorithm & 1) == 0) continue;
    known.algorithm = row.algorithm;
    known.what = row.name;
    if (row.key_bytes > limit) expect_refused_key(bench, with_key(known, row.key_bytes));
    if (limit < kMostKey) expect_refused_key(bench, with_key(known, limit + 1));
  }
  // At least one algorithm can be used with the keys that the limit leaves.
  context.expect(opens_any(bench, bench.offered(Kind::kCipher)),
                 fmt::format("a cipher takes a key of at most {} bytes", limit));
  if (limit < kMostKey)
    context.expect(is_key_length(bench, limit),
                   fmt::format("some key of {} bytes, the most, is taken", limit));
}

void run_max_auth_key_len(Context& context) {
  CryptoBench bench(context);
  bench.need(service::kMac);
  bench.start(bench.session_layouts().front());
  const std::uint64_t limit = bench.config().max_auth_key_len;
  KnownAnswer known = bench.offered_one(Kind::kMac);
  for (const KnownAnswer& each : known_answers(Kind::kMac)) {
    if ((bench.config().mac_algo >> each.algorithm & 1) == 0) continue;
    if (each.key.size() > limit) expect_refused_key(bench, each);
    if (limit < kMostKey) expect_refused_key(bench, with_key(each, limit + 1));
  }
  constexpr std::uint32_t kLastHmac = 6;  // which take keys of any length
  if (known.algorithm > kLastHmac || limit >= kMostKey) return;
  context.expect(opens_any(bench, {with_key(known, limit)}),
                 fmt::format("{} takes a key of {} bytes", known.what, limit));
}

const Check kChecks[] = {
    {.id = "crypto-config-max-dataqueues",
     .title = "max_dataqueues lies in 1 to 65535",
     .statements = {"CRYPTO-DEV-001"},
     .needs = kStandard,
     .run = run_max_dataqueues},
    {.id = "crypto-config-status",
     .title = "Status has no flags but HW_READY, before and after negotiation",
     .statements = {"CRYPTO-DEV-002", "CRYPTO-DEV-003"},
     .needs = kStandard,
     .run = run_status_flags},
    {.id = "crypto-config-status-changed",
     .title = "Status has no flags but HW_READY when it changes",
     .statements = {"CRYPTO-DEV-002", "CRYPTO-DEV-003"},
     .needs = kChanging,
     .run = run_status_flags_changed},
    {.id = "crypto-config-hw-ready",
     .title = "With HW_READY set, every data queue serves requests; a device that serves them has set it",
     .statements = {"CRYPTO-DEV-002", "CRYPTO-DEV-004"},
     .needs = kStandard,
     .run = run_hw_ready},
    {.id = "crypto-config-hw-ready-again",
     .title = "With HW_READY set again, requests are served again",
     .statements = {"CRYPTO-DEV-004"},
     .needs = kChanging,
     .run = run_hw_ready_again},
    {.id = "crypto-config-services",
     .title = "Sessions can be had of the services in crypto_services, and of no others",
     .statements = {"CRYPTO-DEV-005"},
     .needs = kStandard,
     .run = run_services},
    {.id = "crypto-config-masks-filled",
     .title = "The mask of every service on offer names algorithms",
     .statements = {"CRYPTO-DEV-006"},
     .needs = kStandard,
     .run = run_masks_filled},
    {.id = "crypto-config-masks-true",
     .title = "Sessions can be had with the algorithms that masks name",
     .statements = {"CRYPTO-DEV-006"},
     .needs = kStandard,
     .run = run_masks_true},
    {.id = "crypto-config-masks-defined",
     .title = "Bits without an algorithm are clear in every mask",
     .statements = {"CRYPTO-DEV-007"},
     .needs = kStandard,
     .run = run_masks_defined},
    {.id = "crypto-config-max-size",
     .title = "Requests are served up to max_size and refused above",
     .statements = {"CRYPTO-DEV-008"},
     .needs = kStandard,
     .run = run_max_size},
    {.id = "crypto-config-max-cipher-key-len",
     .title =
         "max_cipher_key_len is the longest key that is taken: of that length some are, longer ones are not",
     .statements = {"CRYPTO-DEV-009"},
     .needs = kStandard,
     .run = run_max_cipher_key_len},
    {.id = "crypto-config-max-auth-key-len",
     .title = "Authentication keys longer than max_auth_key_len are refused, one of that length is taken",
     .statements = {"CRYPTO-DEV-010"},
     .needs = kStandard,
     .run = run_max_auth_key_len},
};

}  // namespace

std::span<const Check> crypto_config_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
