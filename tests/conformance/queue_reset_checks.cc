// VIRTIO 1.4, 2.6.1 and 4.1.4.3: one queue is reset and enabled again (RING_RESET).
#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"

namespace virtcrypt::conformance {
namespace {

namespace common = test::common;
namespace feature = test::feature;

constexpr std::uint32_t kAreas[] = {common::kQueueDesc, common::kQueueDriver, common::kQueueDevice};

// Registers of a queue that a reset brings back to what they were after power-on.
struct QueueRegisters {
  std::uint32_t size, vector, enable;
  std::uint64_t areas[3];
  friend bool operator==(const QueueRegisters&, const QueueRegisters&) = default;
};

QueueRegisters registers_of(Driver& driver, std::uint16_t queue) {
  QueueRegisters registers{.size = driver.read_queue(queue, common::kQueueSize),
                           .vector = driver.read_queue(queue, common::kQueueVector),
                           .enable = driver.read_queue(queue, common::kQueueEnable),
                           .areas = {}};
  for (std::size_t i = 0; i < 3; ++i) {
    registers.areas[i] = driver.read_queue(queue, kAreas[i], 4) |
                         std::uint64_t{driver.read_queue(queue, kAreas[i] + 4, 4)} << 32;
  }
  return registers;
}

void wait_for_queue_reset(Context& context, Driver& driver, std::uint16_t queue) {
  driver.pci().request_queue_reset(queue);
  if (!driver.comes_true([&] { return !driver.pci().queue_resets(queue); }))
    context.fail(fmt::format("queue_reset of queue {} stays 1", queue));
}

// Queue 0 is reset while it has requests; the memory is that at the end of the reset.
struct ResetWithRequests {
  explicit ResetWithRequests(Context& context) : driver(context, {.features = feature::kRingReset}) {
    driver.start();
    driver.expect_service(0);
    for (int i = 0; i < 3; ++i)
      driver.submit(0, driver.known_request());
    left_behind = driver.known_request();
    wait_for_queue_reset(context, driver, 0);
    driver.forget_messages();
  }
  // The driver goes on with the old ring as if nothing had happened.
  void go_on() {
    driver.add(0, left_behind);
    memory = driver.memory_content();
    driver.kick(0);
    driver.settle();
  }

  Driver driver;
  test::Request left_behind;
  test::Bytes memory;
};

void run_not_executed(Context& context) {
  ResetWithRequests reset(context);
  reset.go_on();
  context.expect(reset.driver.memory_content() == reset.memory,
                 fmt::format("all {} bytes of rings and buffers stay as at the end of the queue's reset",
                             reset.memory.size()));
  // And it was that queue alone.
  static_cast<void>(reset.driver.call(reset.driver.control_queue(), reset.driver.refused_control_request()));
}

void run_silent(Context& context) {
  ResetWithRequests reset(context);
  reset.go_on();
  for (std::uint16_t vector = 0; vector < reset.driver.watched_vectors(); ++vector)
    context.expect_equal(reset.driver.take_messages(vector), 0,
                         fmt::format("messages of vector {} after the queue's reset", vector));
  context.expect_equal(reset.driver.pci().read_isr(), 0, "ISR status after the queue's reset");
}

void run_defaults(Context& context) {
  Driver driver(context, {.features = feature::kRingReset});
  driver.negotiate();
  const QueueRegisters fresh = registers_of(driver, 0);
  driver.set_up_queues();
  driver.set_driver_ok();
  for (int i = 0; i < 5; ++i)
    driver.expect_service(0);
  driver.reset_queue(0);
  const QueueRegisters seen = registers_of(driver, 0);
  context.expect_equal(seen.size, fresh.size, "queue_size after the queue's reset");
  context.expect_equal(seen.vector, fresh.vector, "queue_msix_vector after the queue's reset");
  context.expect_equal(seen.enable, 0, "queue_enable after the queue's reset");
  for (std::size_t i = 0; i < 3; ++i)
    context.expect_equal(seen.areas[i], fresh.areas[i],
                         fmt::format("address of area {} after the queue's reset", i));
  // A fresh ring begins at index 0, and with a wrap counter of 1.
  driver.set_up_queue(0, 64);
  for (int i = 0; i < 3; ++i)
    driver.expect_service(0);
}

void run_other_settings(Context& context) {
  Driver driver(context, {.features = feature::kRingReset});
  driver.start();
  driver.expect_service(0);
  constexpr std::uint16_t kSizes[] = {8, 32, 16};
  for (const std::uint16_t size : kSizes) {
    driver.reset_queue(0);
    driver.set_up_queue(0, size, driver.vectors() > 0 ? std::uint16_t{0} : std::uint16_t{0xFFFF});
    context.expect_equal(driver.read_queue(0, common::kQueueSize), size, "queue_size");
    driver.forget_messages();
    // Several times round the ring.
    for (int i = 0; i < 12; ++i)
      driver.expect_service(0);
    if (context.has(kSeesMessages) && driver.vectors() > 0)
      context.expect(driver.take_messages(0) > 0, "messages go to the queue's new vector");
  }
}

void run_after_device_reset(Context& context) {
  Driver driver(context, {.features = feature::kRingReset});
  driver.start();
  driver.settle();
  driver.pci().request_queue_reset(0);
  driver.reset();
  driver.negotiate();
  for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue)
    context.expect_equal(driver.read_queue(queue, common::kQueueReset), 0,
                         fmt::format("queue_reset of queue {} after a reset of the device", queue));
}

void run_after_enable(Context& context) {
  Driver driver(context, {.features = feature::kRingReset});
  driver.start();
  for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue) {
    context.expect_equal(driver.read_queue(queue, common::kQueueReset), 0, "queue_reset of an enabled queue");
    driver.reset_queue(queue);
    driver.set_up_queue(queue, 16);
    context.expect_equal(driver.read_queue(queue, common::kQueueEnable), 1, "queue_enable");
    context.expect_equal(driver.read_queue(queue, common::kQueueReset), 0,
                         fmt::format("queue_reset of queue {}, enabled again", queue));
  }
  driver.expect_service(0);
}

void run_resets(Context& context) {
  Driver driver(context, {.features = feature::kRingReset});
  driver.start();
  driver.expect_service(0);
  wait_for_queue_reset(context, driver, 0);
  context.expect_equal(driver.read_queue(0, common::kQueueReset), 0, "queue_reset when the reset is over");
  context.expect_equal(driver.read_queue(0, common::kQueueEnable), 0, "queue_enable when the reset is over");
  for (std::uint16_t queue = 1; queue <= driver.control_queue(); ++queue)
    context.expect_equal(driver.read_queue(queue, common::kQueueEnable), 1,
                         fmt::format("queue_enable of queue {}, which was not reset", queue));
  const std::uint16_t head = driver.add(0, driver.known_request());
  driver.kick(0);
  driver.settle();
  context.expect(!driver.is_back(0, head), "a request on the old ring is not served");
}

// While queue_reset reads 1 the device may work; from its first 0 on nothing of the queue changes any more.
void run_reads_one_until_over(Context& context) {
  Driver driver(context, {.features = feature::kRingReset});
  driver.start();
  driver.expect_service(0);
  for (int i = 0; i < 8; ++i)
    driver.submit(0, driver.known_request());
  driver.pci().request_queue_reset(0);
  unsigned ones = 0;
  test::Bytes memory;
  const bool over = driver.comes_true([&] {
    if (!driver.pci().queue_resets(0)) return true;
    ++ones;
    return false;
  });
  memory = driver.memory_content();
  context.note(fmt::format("queue_reset read 1 {} times", ones));
  context.expect(over, "queue_reset becomes 0");
  context.expect_equal(driver.read_queue(0, common::kQueueEnable), 0, "queue_enable at that moment");
  driver.settle();
  context.expect(driver.memory_content() == memory, "rings and buffers stay as they were at that moment");
}

const Check kChecks[] = {
    {.id = "queue-reset-not-executed",
     .title = "Nothing of a queue that was reset is executed, and the other queues go on",
     .statements = {"VQRST-DEV-001"},
     .needs = {.features = feature::kRingReset},
     .run = run_not_executed},
    {.id = "queue-reset-no-notification",
     .title = "A queue that was reset sends no notification",
     .statements = {"VQRST-DEV-002"},
     .needs = {.features = feature::kRingReset, .abilities = kSeesMessages},
     .run = run_silent},
    {.id = "queue-reset-defaults",
     .title = "A queue that was reset has the registers of one after power-on, and starts at index 0",
     .statements = {"VQRST-DEV-003"},
     .needs = {.features = feature::kRingReset},
     .run = run_defaults},
    {.id = "queue-reset-other-settings",
     .title = "A queue comes back with another size, other addresses and another vector",
     .statements = {"VQRST-DEV-004"},
     .needs = {.features = feature::kRingReset},
     .run = run_other_settings},
    {.id = "queue-reset-after-device-reset",
     .title = "queue_reset reads 0 after a reset of the device",
     .statements = {"PCI-DEV-021"},
     .needs = {.features = feature::kRingReset},
     .run = run_after_device_reset},
    {.id = "queue-reset-after-enable",
     .title = "queue_reset reads 0 once the queue has been enabled",
     .statements = {"PCI-DEV-022"},
     .needs = {.features = feature::kRingReset},
     .run = run_after_enable},
    {.id = "queue-reset-resets",
     .title = "Writing 1 to queue_reset resets that queue; then queue_reset and queue_enable read 0",
     .statements = {"PCI-DEV-023", "PCI-DEV-025"},
     .needs = {.features = feature::kRingReset},
     .run = run_resets},
    {.id = "queue-reset-reads-one-until-over",
     .title = "When queue_reset reads 0 the reset is over",
     .statements = {"PCI-DEV-024"},
     .needs = {.features = feature::kRingReset},
     .run = run_reads_one_until_over},
};

}  // namespace

std::span<const Check> queue_reset_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
