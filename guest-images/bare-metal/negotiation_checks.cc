#include "checks.h"
#include "console.h"
#include "interrupts.h"

namespace virtcrypt::guest {

namespace {

constexpr std::uint32_t kUnknownBit = 1U << 31;  // feature 63, which no device offers

}  // namespace

void check_negotiation(const Function& function) {
  check(function.reset(), "reset ends with status 0");
  function.set_common<std::uint32_t>(kDeviceFeatureSelect, kVersion1Word);
  check((function.common<std::uint32_t>(kDeviceFeature) & kVersion1Bit) != 0, "VERSION_1 is offered");

  function.set_status(kAcknowledge);
  function.set_status(kAcknowledge | kDriver);
  check_equal(function.status(), kAcknowledge | kDriver, "ACKNOWLEDGE and DRIVER are kept");
  function.set_status(kAcknowledge | kDriver | kFeaturesOk);
  check_equal(function.status() & kFeaturesOk, 0, "FEATURES_OK is refused without VERSION_1");

  check(function.reset(), "reset after a refusal");
  function.set_status(kAcknowledge | kDriver);
  function.accept_feature_word(kVersion1Word, kVersion1Bit | kUnknownBit);
  function.set_status(kAcknowledge | kDriver | kFeaturesOk);
  check_equal(function.status() & kFeaturesOk, 0,
              "FEATURES_OK is refused with a feature that is not offered");

  check(function.reset(), "reset after a second refusal");
  function.set_status(kAcknowledge);
  function.set_status(kAcknowledge | kDriver);
  function.set_status(kAcknowledge | kDriver | kDriverOk);
  check_equal(function.status() & kDriverOk, 0, "DRIVER_OK without FEATURES_OK is not taken");

  check(function.negotiate(), "right order: FEATURES_OK is kept");
  function.accept_feature_word(kVersion1Word, 0);
  function.set_common<std::uint32_t>(kDriverFeatureSelect, kVersion1Word);
  check_equal(function.common<std::uint32_t>(kDriverFeature), kVersion1Bit,
              "features after FEATURES_OK are ignored");

  function.set_common<std::uint16_t>(kQueueSelect, 1000);
  check_equal(function.common<std::uint16_t>(kQueueSize), 0, "a queue that is not there has size 0");
  function.set_common<std::uint16_t>(kConfigVector, function.msix_vectors());
  check_equal(function.common<std::uint16_t>(kConfigVector), kNoVector,
              "a vector that is not there is not mapped");
  check(function.reset(), "reset after negotiation");
  check_equal(function.common<std::uint16_t>(kConfigVector), kNoVector, "no vector is mapped after a reset");
}

bool start_device(const Function& function, Queues& queues, bool with_msix) {
  bool good = function.negotiate();
  function.enable_msix(with_msix, false);
  for (std::uint16_t i = 0; with_msix && i <= kDataQueues; ++i) {
    function.set_msix_vector(i, static_cast<std::uint8_t>(kFirstQueueVector + i), false);
  }
  for (std::uint16_t i = 0; i <= kDataQueues; ++i) {
    Queue& queue = i < kDataQueues ? queues.data[i] : queues.control;
    good = queue.enable(function, i, with_msix ? i : kNoVector) && good;
  }
  function.set_status(kAcknowledge | kDriver | kFeaturesOk | kDriverOk);
  return good && function.status() == (kAcknowledge | kDriver | kFeaturesOk | kDriverOk);
}

}  // namespace virtcrypt::guest
