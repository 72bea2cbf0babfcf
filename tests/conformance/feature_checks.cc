// VIRTIO 1.4, 2.2 and 6: feature bits.
#include <set>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/features.h"
#include "tests/conformance/pci_walk.h"

namespace virtcrypt::conformance {
namespace {

namespace common = test::common;
namespace feature = test::feature;
namespace status = test::status;

constexpr std::uint64_t kRevision1 = 1;
constexpr std::uint64_t kStateless = 0x3E;  // 5.9.3: bits 1 to 5 need REVISION_1
// 6.2: a device may refuse drivers that do not accept these.
constexpr std::uint64_t kDemanded = feature::kVersion1 | feature::kAccessPlatform | feature::kOrderPlatform;

// What is offered, without what the settings switch off.
std::uint64_t available(Context& context, Driver& driver) {
  return driver.offered() & ~context.settings().features_off;
}

// Nothing but what a device may demand; everything; each bit alone, and each bit missing.
std::set<std::uint64_t> legal_subsets(Context& context, std::uint64_t all) {
  const std::uint64_t least = all & kDemanded;
  std::set<std::uint64_t> subsets{least, all};
  for (unsigned bit = 0; bit < 64; ++bit) {
    const std::uint64_t one = std::uint64_t{1} << bit;
    if ((all & one & ~kDemanded) == 0) continue;
    const std::uint64_t needed = context.is_standard() && (one & kStateless) != 0 ? kRevision1 : 0;
    subsets.insert(least | one | needed);
    subsets.insert(all & ~(context.is_standard() && one == kRevision1 ? one | kStateless : one));
  }
  return subsets;
}

void run_dependencies(Context& context) {
  Driver driver(context);
  context.note(
      fmt::format("offered: {}", joined_feature_names(driver.offered(), context.settings().dialect)));
  context.expect((driver.offered() & kStateless) == 0 || (driver.offered() & kRevision1) != 0,
                 "no *_STATELESS_MODE is offered without REVISION_1");
}

void run_no_reserved(Context& context) {
  Driver driver(context);
  const std::uint64_t unknown = driver.offered() & ~known_features(context.settings().dialect);
  context.expect_equal(unknown, 0, "offered bits that the specification does not define");
  for (const std::uint32_t select : {2U, 3U, 4U, 31U, 0x8000'0000U}) {
    driver.pci().write_common(common::kDeviceFeatureSelect, 4, select);
    context.expect_equal(driver.pci().read_common(common::kDeviceFeature, 4), 0,
                         fmt::format("device_feature with device_feature_select {}", select));
  }
}

void run_subsets(Context& context) {
  Driver driver(context);
  for (const std::uint64_t subset : legal_subsets(context, available(context, driver))) {
    driver.set_features(subset);
    driver.negotiate();
    context.note(fmt::format("accepted: {:#x}", subset));
    driver.reset();
  }
}

void expect_refusal(Context& context, Driver& driver, std::uint64_t features) {
  context.expect(!driver.pci().negotiate(features),
                 fmt::format("FEATURES_OK reads 0 after {} was accepted",
                             joined_feature_names(features, context.settings().dialect)));
  context.expect_equal(driver.pci().device_status(), status::kAcknowledge | status::kDriver, "device_status");
  driver.reset();
}

void run_illegal_subset(Context& context) {
  Driver driver(context);
  const std::uint64_t offered = available(context, driver);
  if ((offered & kStateless) == 0) context.not_applicable("no feature is offered that needs another one");
  for (unsigned bit = 1; bit <= 5; ++bit) {
    const std::uint64_t one = std::uint64_t{1} << bit;
    if ((offered & one) != 0) expect_refusal(context, driver, feature::kVersion1 | one);
  }
  expect_refusal(context, driver, offered & ~kRevision1);
  // The refusal is of the subset, not of the driver.
  driver.negotiate();
}

// A feature that was never offered cannot be agreed on: the device refuses, or shows that it has not taken
// it.
void run_not_offered(Context& context) {
  Driver driver(context);
  for (const unsigned bit : {23U, 25U, 31U, 50U, 63U}) {
    const std::uint64_t one = std::uint64_t{1} << bit;
    if ((driver.offered() & one) != 0) continue;
    const bool agreed = driver.pci().negotiate(driver.features() | one);
    driver.pci().write_common(common::kDriverFeatureSelect, 4, bit / 32);
    const bool taken = (driver.pci().read_common(common::kDriverFeature, 4) >> (bit % 32) & 1) != 0;
    context.expect(!agreed || !taken, fmt::format("bit {} is not agreed on (FEATURES_OK {}, bit reads {})",
                                                  bit, agreed ? 1 : 0, taken ? 1 : 0));
    driver.reset();
  }
  for (const std::uint32_t window : {2U, 3U, 31U}) {
    driver.pci().write_common(common::kDeviceFeatureSelect, 4, window);
    if ((driver.pci().read_common(common::kDeviceFeature, 4) & 1) != 0) continue;
    driver.pci().write_common(common::kDriverFeatureSelect, 4, window);
    driver.pci().write_common(common::kDriverFeature, 4, 1);
    const bool agreed = driver.pci().negotiate(driver.features());
    driver.pci().write_common(common::kDriverFeatureSelect, 4, window);
    const bool taken = (driver.pci().read_common(common::kDriverFeature, 4) & 1) != 0;
    context.expect(!agreed || !taken, fmt::format("bit {} is not agreed on (FEATURES_OK {}, bit reads {})",
                                                  32 * window, agreed ? 1 : 0, taken ? 1 : 0));
    driver.reset();
  }
}

void run_again(Context& context) {
  Driver driver(context);
  const std::uint64_t all = available(context, driver);
  for (const std::uint64_t features : {all, driver.features(), all}) {
    driver.set_features(features);
    for (int round = 0; round < 3; ++round) {
      driver.negotiate();
      driver.set_up_queues();
      driver.set_driver_ok();
      driver.reset();
      context.expect_equal(driver.pci().offered(), driver.offered(), "offered features after a reset");
    }
  }
}

void run_version_1(Context& context) {
  Driver driver(context);
  driver.pci().write_common(common::kDeviceFeatureSelect, 4, 1);
  context.expect((driver.pci().read_common(common::kDeviceFeature, 4) & 1) != 0,
                 "bit 32, VERSION_1, is offered");
}

constexpr std::uint16_t kSrIovCapability = 0x10;  // PCI Express, 9.3.3

void run_sr_iov_offered(Context& context) {
  Driver driver(context);
  if (!has_extended_capability(driver.device().pci(), kSrIovCapability))
    context.not_applicable("the device has no SR-IOV capability");
  context.expect((driver.offered() & feature::kSrIov) != 0, "SR_IOV is offered with the capability");
}

void run_sr_iov_not_offered(Context& context) {
  Driver driver(context);
  if (has_extended_capability(driver.device().pci(), kSrIovCapability))
    context.not_applicable("the device has an SR-IOV capability");
  context.expect((driver.offered() & feature::kSrIov) == 0, "SR_IOV is not offered without the capability");
}

// Long and short requests in turn: a device that finishes them as it likes would swap some.
void run_in_order(Context& context) {
  Driver driver(context, {.features = feature::kInOrder});
  driver.start();
  driver.expect_service(0);
  std::vector<std::uint16_t> heads;
  for (int i = 0; i < 4; ++i)
    heads.push_back(driver.add(0, i % 2 == 0 ? driver.known_request() : driver.refused_data_request()));
  driver.kick(0);
  std::size_t next = 0;
  const bool all = driver.comes_true([&] {
    while (const auto used = driver.ring(0).poll()) {
      // 2.7.9, 2.8.8: one used element may stand for all buffers up to it.
      while (next < heads.size() && heads[next] != used->head)
        ++next;
      if (next == heads.size()) context.fail(fmt::format("buffer {} is used out of order", used->head));
      context.note(fmt::format("used: {}", used->head));
      ++next;
    }
    return next == heads.size();
  });
  context.expect(all, "all buffers are used, in the order in which they became available");
}

const Check kChecks[] = {
    {.id = "features-dependencies",
     .title = "No feature is offered without those that it needs",
     .statements = {"FEAT-DEV-001"},
     .needs = {.dialect = Dialect::kStandard},
     .run = run_dependencies},
    {.id = "features-legal-subsets",
     .title = "All of the offer, the least of it, and each bit alone or missing are agreed to",
     .statements = {"FEAT-DEV-002"},
     .run = run_subsets},
    {.id = "features-illegal-subset",
     .title = "A feature without the one that it needs leaves FEATURES_OK clear",
     .statements = {"FEAT-DEV-003"},
     .needs = {.dialect = Dialect::kStandard},
     .run = run_illegal_subset},
    {.id = "features-not-offered-refused",
     .title = "A bit that was not offered is not agreed on",
     .statements = {"FEAT-DEV-003"},
     .run = run_not_offered},
    {.id = "features-none-reserved",
     .title = "Only bits that the specification defines are offered",
     .statements = {"FEAT-DEV-004"},
     .run = run_no_reserved},
    {.id = "features-again-after-reset",
     .title = "What was agreed on once is agreed on again after a reset",
     .statements = {"FEAT-DEV-005"},
     .run = run_again},
    {.id = "features-version-1",
     .title = "VERSION_1 is offered",
     .statements = {"RSVD-DEV-001"},
     .run = run_version_1},
    {.id = "features-in-order",
     .title = "With IN_ORDER buffers are used in the order in which they became available",
     .statements = {"RSVD-DEV-005"},
     .needs = {.features = feature::kInOrder},
     .run = run_in_order},
    {.id = "features-sr-iov",
     .title = "SR_IOV is offered with the capability",
     .statements = {"RSVD-DEV-009"},
     .run = run_sr_iov_offered},
    {.id = "features-no-sr-iov",
     .title = "SR_IOV is not offered without the capability",
     .statements = {"RSVD-DEV-010"},
     .run = run_sr_iov_not_offered},
};

}  // namespace

std::span<const Check> feature_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
