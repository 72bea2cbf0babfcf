// Drivers that go wrong in initialization, registers, notifications and resets.
#include "tests/unit/devices/crypto/watched.h"

namespace virtcrypt::test {
namespace {

const Bytes kKey(16, std::byte{1});
const Setup kNotStarted{.start = false};

void reset_all(Watched& watched) {
  watched.write_status(0);
  watched.run();
  [[maybe_unused]] const std::uint8_t status = watched.pci().device_status();
}

void program_window(Watched& watched, std::uint32_t offset, std::uint32_t length) {
  const std::uint8_t at = watched.pci().structures().at(5).capability;
  const auto field = [at](unsigned in) { return static_cast<std::uint16_t>(at + in); };
  watched.driver.function().config_write(field(4), 1, 0);
  watched.driver.function().config_write(field(8), 4, offset);
  watched.driver.function().config_write(field(12), 4, length);
  [[maybe_unused]] const std::uint32_t data = watched.driver.function().config_read(field(16), 4);
}

void doorbell(Watched& watched, unsigned width, std::uint32_t value) {
  watched.pci().write(2, 0, width, value);
}

}  // namespace

std::vector<Scene> transport_scenes() {
  return {
      {{"STATUS-DRV-001", "INIT-DRV-004"},
       kNotStarted,
       [](Watched& w) {
         reset_all(w);
         w.write_status(status::kAcknowledge);
         w.write_status(status::kAcknowledge | status::kFeaturesOk);
       }},
      {{"STATUS-DRV-002"}, {}, [](Watched& w) { w.write_status(status::kAcknowledge); }},
      {{"STATUS-DRV-003"},
       {},
       [](Watched& w) {
         w.add_status(status::kFailed);
         w.write_status(status::kAcknowledge);
       }},
      {{"INIT-DRV-014"},
       kNotStarted,
       [](Watched& w) {
         reset_all(w);
         w.add_status(status::kAcknowledge);
         w.add_status(status::kFailed);
         w.add_status(status::kDriver);
       }},
      {{"INIT-DRV-014"},
       kNotStarted,
       [](Watched& w) {
         reset_all(w);
         w.add_status(status::kAcknowledge);
         w.add_status(status::kFailed);
         w.pci().set_driver_features(w.features);
       }},
      {{"FEAT-DRV-001", "RSVD-DRV-010"},
       {.start = false, .more = feature::kSrIov},
       [](Watched& w) { w.negotiate(); }},
      {{"FEAT-DRV-001", "FEAT-DRV-005"},
       {.start = false, .more = 1U << 7U},
       [](Watched& w) { w.negotiate(); }},
      // CIPHER_STATELESS without REVISION_1.
      {{"FEAT-DRV-002", "FEAT-DRV-007", "INIT-DRV-013"},
       {.start = false, .more = 2},
       [](Watched& w) { w.negotiate(); }},
      {{"RSVD-DRV-001"}, {.start = false, .less = feature::kVersion1}, [](Watched& w) { w.negotiate(); }},
      {{"RSVD-DRV-003", "RSVD-DRV-006", "RSVD-DRV-007", "RSVD-DRV-013"}, {}, [](Watched&) {}},
      {{"RESET-DRV-001", "PCI-DRV-019"},
       {},
       [](Watched& w) {
         w.write_status(0);
         w.write_status(status::kAcknowledge);  // the reset is under way
       }},
      {{"RESET-DRV-001", "PCI-DRV-019"},
       {},
       [](Watched& w) {
         w.write_status(0);
         w.run();
         w.write_status(status::kAcknowledge);
       }},
      {{"CFG-DRV-001", "PCI-DRV-005"},
       {},
       [](Watched& w) { [[maybe_unused]] const std::uint32_t field = w.pci().read(4, 48, 8); }},
      {{"CFG-DRV-003"},
       kNotStarted,
       [](Watched& w) { [[maybe_unused]] const std::uint32_t field = w.pci().read(4, 0, 4); }},
      {{"CFG-DRV-003"},
       kNotStarted,
       [](Watched& w) {
         [[maybe_unused]] std::uint32_t field = w.pci().read_common(common::kConfigGeneration, 1);
         field = w.pci().read(4, 0, 4);
         w.pci().write_common(common::kQueueSelect, 2, 0);
       }},
      {{"VQRST-DRV-001", "PCI-DRV-021"},
       {.more = feature::kRingReset},
       [](Watched& w) {
         w.pci().request_queue_reset(0);
         w.run();
         w.pci().write_common(common::kQueueDesc, 4, 0x10'0000);
       }},
      {{"VQRST-DRV-003", "PCI-DRV-018"},
       {.more = feature::kRingReset},
       [](Watched& w) {
         w.driver.reset_queue(0);
         w.pci().write_common(common::kQueueEnable, 2, 1);
       }},
      {{"INIT-DRV-002"}, kNotStarted, [](Watched& w) { w.write_status(status::kAcknowledge); }},
      {{"INIT-DRV-003", "STATUS-DRV-001"},
       kNotStarted,
       [](Watched& w) {
         reset_all(w);
         w.write_status(status::kDriver);
       }},
      {{"INIT-DRV-005"},
       kNotStarted,
       [](Watched& w) {
         reset_all(w);
         [[maybe_unused]] const bool accepted = w.pci().negotiate(w.features);
       }},
      {{"INIT-DRV-001", "INIT-DRV-006", "INIT-DRV-008"},
       kNotStarted,
       [](Watched& w) {
         reset_all(w);
         w.add_status(status::kAcknowledge);
         w.add_status(status::kDriver);
         w.add_status(status::kDriverOk);
       }},
      {{"INIT-DRV-001", "INIT-DRV-007"},
       kNotStarted,
       [](Watched& w) {
         reset_all(w);
         [[maybe_unused]] const std::uint64_t offered = w.pci().offered();
         w.write_status(1);
         w.write_status(3);
         w.pci().set_driver_features(w.features);
         w.write_status(11);
         w.write_status(15);
       }},
      {{"INIT-DRV-009", "INIT-DRV-015"},
       kNotStarted,
       [](Watched& w) {
         w.negotiate();
         doorbell(w, 2, 0);
       }},
      {{"INIT-DRV-011"},
       kNotStarted,
       [](Watched& w) {
         reset_all(w);
         w.pci().write(4, 0, 4, 1);
       }},
      {{"INIT-DRV-012"}, {}, [](Watched& w) { w.pci().write_common(common::kDriverFeature, 4, 0); }},
      {{"SUSP-DRV-001"}, {}, [](Watched& w) { w.add_status(16); }},
      {{"PCI-DRV-005"},
       {},
       [](Watched& w) {
         [[maybe_unused]] const std::uint32_t two = w.pci().read_common(common::kConfigVector, 4);
       }},
      {{"PCI-DRV-014"},
       {},
       [](Watched& w) {
         w.driver.function().config_write(
             static_cast<std::uint16_t>(w.pci().structures().at(1).capability + 8), 4, 0);
       }},
      {{"PCI-DRV-014"},
       {},
       [](Watched& w) {
         w.driver.function().config_write(
             static_cast<std::uint16_t>(w.pci().structures().at(5).capability + 2), 1, 0);
       }},
      {{"PCI-DRV-015"}, {}, [](Watched& w) { w.pci().write_common(common::kNumQueues, 2, 1); }},
      {{"PCI-DRV-016"},
       {.packed = true, .start = false},
       [](Watched& w) {
         w.negotiate();
         w.pci().write_common(common::kQueueSize, 2, 0);
       }},
      {{"PCI-DRV-017"},
       kNotStarted,
       [](Watched& w) {
         w.negotiate();
         w.pci().write_common(common::kQueueSize, 2, 3);
       }},
      {{"PCI-DRV-018"},
       {},
       [](Watched& w) {
         w.pci().write_common(common::kQueueSelect, 2, 0);
         w.pci().write_common(common::kQueueDesc, 4, 0x10'0000);
       }},
      {{"PCI-DRV-020"}, {}, [](Watched& w) { w.pci().write_common(common::kQueueEnable, 2, 0); }},
      {{"PCI-DRV-026"},
       {},
       [](Watched& w) {
         w.driver.create_cipher(wire_number::kAesCbc, kKey, wire_number::kEncrypt);
         [[maybe_unused]] const std::uint8_t isr = w.pci().read_isr();
       }},
      {{"PCI-DRV-029", "PCI-DRV-030"}, {}, [](Watched& w) { program_window(w, 2, 4); }},
      {{"PCI-DRV-031"}, {}, [](Watched& w) { program_window(w, 0x800, 4); }},
      {{"PCI-DRV-035"}, {}, [](Watched& w) { w.pci().write_common(common::kConfigVector, 2, 100); }},
      {{"PCI-DRV-036"},
       kNotStarted,
       [](Watched& w) {
         w.negotiate();
         w.pci().write_common(common::kConfigVector, 2, 0);
         w.add_status(status::kDriverOk);
       }},
      {{"PCI-DRV-036"},
       kNotStarted,
       [](Watched& w) {
         w.negotiate();
         w.pci().write_common(common::kQueueVector, 2, 1);
         w.pci().write_common(common::kQueueEnable, 2, 1);
       }},
      {{"PCI-DRV-038"}, {}, [](Watched& w) { doorbell(w, 4, 0); }},
      {{"PCI-DRV-039"}, {.more = feature::kNotificationData}, [](Watched& w) { doorbell(w, 2, 0); }},
      {{"PCI-DRV-040"}, {}, [](Watched& w) { doorbell(w, 2, 1); }},
      {{"PCI-DRV-041"}, {.more = feature::kNotificationData}, [](Watched& w) { doorbell(w, 4, 1); }},
      {{"PCI-DRV-042"}, {.more = feature::kNotifConfigData}, [](Watched& w) { doorbell(w, 2, 0); }},
      {{"PCI-DRV-043"},
       {.more = feature::kNotifConfigData | feature::kNotificationData},
       [](Watched& w) { doorbell(w, 4, 0); }},
  };
}

}  // namespace virtcrypt::test
