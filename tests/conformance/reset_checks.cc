// VIRTIO 1.4, 2.4 and 2.5: device reset, and device configuration space.
#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/features.h"

namespace virtcrypt::conformance {
namespace {

namespace common = test::common;
namespace status = test::status;

// Requests of which nobody knows whether the device has taken them.
void leave_requests(Driver& driver) {
  for (int i = 0; i < 3; ++i)
    driver.submit(0, driver.known_request());
  driver.submit(driver.control_queue(), driver.refused_control_request());
}

// After a reset with requests in flight: what is there stays as it is, even if the driver goes on as if
// nothing had happened.
struct ResetInFlight {
  explicit ResetInFlight(Context& context, bool msix) : driver(context, {.msix = msix}) {
    driver.start();
    driver.expect_service(0);
    leave_requests(driver);
    leave_behind = driver.add(0, driver.known_request());
    driver.pci().request_reset();
    if (!driver.comes_true([&] { return driver.pci().device_status() == 0; }))
      context.fail("device_status does not become 0");
    driver.forget_messages();
    memory = driver.memory_content();
  }
  void go_on() {
    driver.kick(0);
    driver.kick(driver.control_queue());
    driver.settle();
  }

  Driver driver;
  std::uint16_t leave_behind = 0;
  test::Bytes memory;
};

void run_status_zero(Context& context) {
  Driver driver(context);
  context.expect_equal(driver.pci().device_status(), 0, "device_status after power-on");
  driver.start();
  driver.expect_service(0);
  driver.reset();
  context.expect_equal(driver.pci().device_status(), 0, "device_status after a reset");
  driver.negotiate();
  driver.reset();
  context.expect_equal(driver.pci().device_status(), 0, "device_status after a reset before DRIVER_OK");
  driver.pci().add_status(status::kAcknowledge | status::kFailed);
  driver.reset();
  context.expect_equal(driver.pci().device_status(), 0, "device_status after a reset that follows FAILED");
  driver.start();
  driver.expect_service(0);
}

// An interrupt that nobody has taken in is not sent to the next driver.
void run_isr_cleared(Context& context) {
  Driver driver(context, {.msix = false});
  driver.start();
  driver.expect_service(0);
  driver.settle();
  context.expect(driver.device().intx(), "INTA# is asserted before the reset");
  driver.reset();
  driver.settle();
  context.expect(!driver.device().intx(), "INTA# is not asserted after the reset");
  context.expect_equal(driver.pci().read_isr(), 0, "ISR status after the reset");
}

// Registers of the common configuration that a driver can change, with their names.
using Registers = std::vector<std::pair<std::string, std::uint32_t>>;

Registers registers_of(Driver& driver) {
  test::PciDriver& pci = driver.pci();
  Registers registers;
  for (const std::uint32_t window : {0U, 1U}) {
    pci.write_common(common::kDriverFeatureSelect, 4, window);
    registers.emplace_back(fmt::format("driver_feature of window {}", window),
                           pci.read_common(common::kDriverFeature, 4));
  }
  registers.emplace_back("config_msix_vector", pci.read_common(common::kConfigVector, 2));
  const std::uint32_t queues = pci.read_common(common::kNumQueues, 2);
  for (std::uint16_t queue = 0; queue < queues; ++queue) {
    const auto add = [&](std::string_view name, std::uint32_t offset, unsigned width) {
      registers.emplace_back(fmt::format("{} of queue {}", name, queue),
                             driver.read_queue(queue, offset, width));
    };
    add("queue_size", common::kQueueSize, 2);
    add("queue_msix_vector", common::kQueueVector, 2);
    add("queue_enable", common::kQueueEnable, 2);
    add("queue_desc", common::kQueueDesc, 4);
    add("queue_desc, upper half", common::kQueueDesc + 4, 4);
    add("queue_driver", common::kQueueDriver, 4);
    add("queue_device", common::kQueueDevice, 4);
  }
  return registers;
}

void run_registers(Context& context) {
  Driver driver(context);
  const Registers fresh = registers_of(driver);
  driver.start();
  driver.expect_service(0);
  driver.reset();
  const Registers seen = registers_of(driver);
  for (std::size_t i = 0; i < fresh.size(); ++i)
    context.expect_equal(seen.at(i).second, fresh[i].second, fresh[i].first);
}

void run_silent(Context& context) {
  ResetInFlight reset(context, true);
  reset.go_on();
  for (std::uint16_t vector = 0; vector < reset.driver.watched_vectors(); ++vector)
    context.expect_equal(reset.driver.take_messages(vector), 0,
                         fmt::format("messages of vector {} after the reset", vector));
  context.expect_equal(reset.driver.pci().read_isr(), 0, "ISR status after the reset");
}

void run_silent_intx(Context& context) {
  ResetInFlight reset(context, false);
  reset.go_on();
  context.expect(!reset.driver.device().intx(), "INTA# is not asserted after the reset");
  context.expect_equal(reset.driver.pci().read_isr(), 0, "ISR status after the reset");
}

void run_memory_alone(Context& context) {
  ResetInFlight reset(context, true);
  reset.go_on();
  context.expect(
      reset.driver.memory_content() == reset.memory,
      fmt::format("all {} bytes of rings and buffers are as at the end of the reset", reset.memory.size()));
}

// VIRTIO 1.4, 5.9.5; draft, 1.3.
std::size_t config_bytes(const Context& context) {
  return context.is_standard() ? 56 : 8;
}

void run_config_readable(Context& context) {
  Driver driver(context);
  const auto& structure = driver.pci().structures().at(4);
  const std::size_t bytes = config_bytes(context);
  context.expect(
      structure.length >= bytes,
      fmt::format("the structure of {} bytes has all {} bytes of fields", structure.length, bytes));
  const test::Bytes fresh = driver.pci().read_device_config(0, bytes);
  driver.pci().add_status(status::kAcknowledge);
  driver.pci().add_status(status::kDriver);
  context.expect_equal(driver.pci().read_device_config(0, bytes), fresh, "configuration with DRIVER set");
  driver.reset();
  driver.set_features(driver.offered() & known_features(context.settings().dialect) &
                      ~(test::feature::kRingPacked | context.settings().features_off));
  driver.negotiate();
  context.expect_equal(driver.pci().read_device_config(0, bytes), fresh, "configuration after FEATURES_OK");
  driver.set_up_queues();
  driver.set_driver_ok();
  context.expect_equal(driver.pci().read_device_config(0, bytes), fresh, "configuration after DRIVER_OK");
}

const Check kChecks[] = {
    {.id = "reset-status-zero",
     .title = "device_status is 0 after power-on and after each reset, and the device starts anew",
     .statements = {"RESET-DEV-001", "PCI-DEV-018", "PCI-DEV-019"},
     .run = run_status_zero},
    {.id = "reset-registers",
     .title = "After a reset the common configuration reads as after power-on",
     .statements = {"PCI-DEV-018"},
     .run = run_registers},
    {.id = "reset-clears-isr",
     .title = "An interrupt that is pending at a reset does not outlive it",
     .statements = {"RESET-DEV-002"},
     .needs = {.abilities = kSeesIntx},
     .run = run_isr_cleared},
    {.id = "reset-no-notification",
     .title = "No MSI-X message after a reset with requests in flight",
     .statements = {"RESET-DEV-002"},
     .needs = {.abilities = kSeesMessages},
     .run = run_silent},
    {.id = "reset-no-intx",
     .title = "INTA# stays silent after a reset with requests in flight",
     .statements = {"RESET-DEV-002"},
     .needs = {.abilities = kSeesIntx},
     .run = run_silent_intx},
    {.id = "reset-memory-alone",
     .title = "Rings and buffers stay as they are after a reset, whatever the driver goes on to do",
     .statements = {"RESET-DEV-003"},
     .run = run_memory_alone},
    {.id = "config-readable-early",
     .title = "All of configuration space reads the same before FEATURES_OK as after DRIVER_OK",
     .statements = {"CFG-DEV-001"},
     .run = run_config_readable},
};

}  // namespace

std::span<const Check> reset_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
