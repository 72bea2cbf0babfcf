// VIRTIO 1.4, 2.4 and 2.5: device reset, and device configuration space.
#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/features.h"

namespace virtcrypt::conformance {
namespace {

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
