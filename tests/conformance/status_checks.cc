// VIRTIO 1.4, 2.1: device status.
#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"

namespace virtcrypt::conformance {
namespace {

namespace status = test::status;

constexpr std::uint8_t kIsrConfig = 2;  // 4.1.4.5

// Every queue has a request and was kicked, but DRIVER_OK is not set.
struct EarlyRequests {
  explicit EarlyRequests(Context& context) : driver(context) {
    driver.negotiate();
    driver.set_up_queues();
    for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue) {
      heads.push_back(driver.add(queue, driver.refused_request(queue)));
      driver.kick(queue);
    }
    driver.settle();
  }

  Driver driver;
  std::vector<std::uint16_t> heads;  // by queue
};

void run_no_buffers(Context& context) {
  EarlyRequests early(context);
  for (std::uint16_t queue = 0; queue < early.heads.size(); ++queue)
    context.expect(!early.driver.is_back(queue, early.heads[queue]),
                   fmt::format("queue {} is not served before DRIVER_OK", queue));
  // What lies there is a request like any other.
  early.driver.set_driver_ok();
  for (std::uint16_t queue = 0; queue < early.heads.size(); ++queue) {
    early.driver.kick(queue);
    static_cast<void>(early.driver.wait(queue, early.heads[queue]));
  }
}

void run_no_messages(Context& context) {
  EarlyRequests early(context);
  for (std::uint16_t vector = 0; vector < early.driver.watched_vectors(); ++vector)
    context.expect_equal(early.driver.take_messages(vector), 0,
                         fmt::format("messages of vector {} before DRIVER_OK", vector));
  context.expect_equal(early.driver.pci().read_isr(), 0, "ISR status before DRIVER_OK");
}

bool raises_needs_reset(Driver& driver) {
  return driver.comes_true([&] { return (driver.pci().device_status() & status::kNeedsReset) != 0; });
}

void run_needs_reset(Context& context) {
  Driver driver(context);
  driver.start();
  driver.submit_wild_chain(0);
  if (raises_needs_reset(driver)) {
    context.note(fmt::format("device_status: {:#x}", driver.pci().device_status()));
  } else {
    // A device that goes on has entered no error state.
    driver.expect_service(0);
  }
  driver.reset();
  driver.start();
  driver.expect_service(0);
}

void run_needs_reset_notification(Context& context) {
  Driver driver(context);
  driver.start();
  static_cast<void>(driver.take_messages(0));
  driver.submit_wild_chain(0);
  if (!raises_needs_reset(driver))
    context.skip("the device does not raise DEVICE_NEEDS_RESET for a wild chain");
  driver.settle();
  context.expect(driver.take_messages(0) > 0, "a message of the configuration vector came");
  context.expect((driver.pci().read_isr() & kIsrConfig) != 0, "bit 1 of ISR status is set");
}

const Check kChecks[] = {
    {.id = "status-no-buffers-early",
     .title = "Buffers are left alone until DRIVER_OK, and then used",
     .statements = {"STATUS-DEV-001"},
     .run = run_no_buffers},
    {.id = "status-no-notification-early",
     .title = "No used buffer notification before DRIVER_OK",
     .statements = {"STATUS-DEV-002"},
     .needs = {.abilities = kSeesMessages},
     .run = run_no_messages},
    {.id = "status-needs-reset",
     .title = "A chain outside of memory raises DEVICE_NEEDS_RESET or is survived; a reset cures it",
     .statements = {"STATUS-DEV-003"},
     .run = run_needs_reset},
    {.id = "status-needs-reset-notification",
     .title = "DEVICE_NEEDS_RESET comes with a configuration change notification",
     .statements = {"STATUS-DEV-004"},
     .needs = {.abilities = kSeesMessages},
     .run = run_needs_reset_notification},
};

}  // namespace

std::span<const Check> status_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
