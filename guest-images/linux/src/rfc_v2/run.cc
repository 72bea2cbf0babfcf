#include "rfc_v2/draft_checks.h"
#include "workloads.h"

namespace virtcrypt::guest {

bool run_rfc_v2(const DraftOptions& options) {
  using namespace test::rfc_v2;
  DraftDevice device;
  std::uint64_t features = test::feature::kVersion1 | test::feature::kIndirectDesc |
                           test::feature::kEventIdx | kFeatureStatus | kFeatureMq | kFeatureAlgs |
                           kFeatureInline;
  if (options.packed) features |= test::feature::kRingPacked;
  features &= device.offered();
  const bool has_inline = (features & kFeatureInline) != 0;

  bool passed = check_initialization(device, features & ~kFeatureInline);
  passed = check_known_answers(device) && passed;
  passed = check_chains(device) && passed;
  const std::chrono::milliseconds time(options.milliseconds);
  passed = check_traffic(device, time) && passed;
  passed = check_errors(device) && passed;
  passed = check_readiness(device) && passed;
  if (has_inline) {
    passed = device.initialize(features) && passed;
    passed = check_inline_sessions(device) && passed;
    passed = check_inline_traffic(device, time) && passed;
  }
  return passed;
}

}  // namespace virtcrypt::guest
