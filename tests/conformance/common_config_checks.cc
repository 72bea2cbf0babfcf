// VIRTIO 1.4, 4.1.3, 4.1.4.3 and 4.1.4.9: the registers of the common configuration, and the window to them
// in PCI configuration space.
#include <bit>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/features.h"
#include "tests/conformance/pci_walk.h"

namespace virtcrypt::conformance {
namespace {

namespace common = test::common;
namespace feature = test::feature;
namespace status = test::status;

std::uint16_t queue_count(Driver& driver) {
  return static_cast<std::uint16_t>(driver.pci().read_common(common::kNumQueues, 2));
}

void run_halves(Context& context) {
  Driver driver(context);
  driver.negotiate();
  for (const std::uint32_t area : {common::kQueueDesc, common::kQueueDriver, common::kQueueDevice}) {
    driver.write_queue(0, area, 4, 0x1234'5000);
    driver.write_queue(0, area + 4, 4, 0x0000'0089);
    context.expect_equal(driver.read_queue(0, area, 4), 0x1234'5000,
                         fmt::format("low half of the field at {}", area));
    context.expect_equal(driver.read_queue(0, area + 4, 4), 0x89,
                         fmt::format("high half of the field at {}", area));
    driver.write_queue(0, area, 4, 0xABCD'E000);
    context.expect_equal(driver.read_queue(0, area + 4, 4), 0x89, "high half after a write of the low one");
    driver.write_queue(0, area + 4, 4, 0);
    context.expect_equal(driver.read_queue(0, area, 4), 0xABCD'E000,
                         "low half after a write of the high one");
  }
  if (!context.is_standard()) return;
  constexpr std::uint32_t kMaxSize = 48;  // 5.9.5
  const test::Bytes bytes = driver.pci().read_device_config(kMaxSize, 8);
  test::Wire halves;
  halves.le32(driver.pci().read(4, kMaxSize, 4)).le32(driver.pci().read(4, kMaxSize + 4, 4));
  context.expect_equal(halves.done(), bytes, "max_size in halves");
}

void run_device_feature(Context& context) {
  Driver driver(context);
  const auto window = [&](std::uint32_t select) {
    driver.pci().write_common(common::kDeviceFeatureSelect, 4, select);
    context.expect_equal(driver.pci().read_common(common::kDeviceFeatureSelect, 4), select,
                         "device_feature_select");
    return driver.pci().read_common(common::kDeviceFeature, 4);
  };
  const std::uint32_t high = window(1);
  const std::uint32_t low = window(0);
  context.expect((high & 1) != 0, "window 1 begins with bit 32, VERSION_1");
  for (const std::uint32_t select : {2U, 4U, 0xFFFF'FFFFU})
    context.expect_equal(window(select), 0, fmt::format("device_feature of window {:#x}", select));
  context.expect_equal(window(1), high, "window 1, read again");
  // The driver's own selection is another register.
  driver.pci().write_common(common::kDriverFeatureSelect, 4, 0);
  context.expect_equal(driver.pci().read_common(common::kDeviceFeature, 4), high,
                       "window 1 with the driver's window 0");
  context.expect_equal(window(0), low, "window 0, read again");
  driver.negotiate();
  context.expect_equal(window(0), low, "window 0 after negotiation");
}

void run_driver_feature(Context& context) {
  Driver driver(context);
  driver.pci().add_status(status::kAcknowledge);
  driver.pci().add_status(status::kDriver);
  const auto select = [&](std::uint32_t window) {
    driver.pci().write_common(common::kDriverFeatureSelect, 4, window);
  };
  const auto value = [&] { return driver.pci().read_common(common::kDriverFeature, 4); };
  const auto low = static_cast<std::uint32_t>(driver.offered());
  const auto high = static_cast<std::uint32_t>(driver.offered() >> 32);
  for (const std::uint32_t bits : {low, 0U, low & 0x5555'5555U, low & 0xAAAA'AAAAU}) {
    select(0);
    driver.pci().write_common(common::kDriverFeature, 4, bits);
    select(1);
    driver.pci().write_common(common::kDriverFeature, 4, high & ~bits);
    context.expect_equal(value(), high & ~bits, "driver_feature of window 1");
    select(0);
    context.expect_equal(value(), bits, "driver_feature of window 0");
  }
  select(2);
  driver.pci().write_common(common::kDriverFeature, 4, 0);
  context.expect_equal(value(), 0, "driver_feature of window 2");
}

void run_generation(Context& context) {
  Driver driver(context);
  driver.start();
  const auto generation = [&] { return driver.pci().read_common(common::kConfigGeneration, 1); };
  const std::size_t bytes = context.is_standard() ? 56 : 8;
  test::Bytes content = driver.pci().read_device_config(0, bytes);
  const std::uint32_t first = generation();
  context.expect_equal(driver.pci().read_device_config(0, bytes), content, "configuration, not changed");
  context.expect_equal(generation(), first, "config_generation, with nothing changed");
  std::uint32_t before = first;
  for (int i = 0; i < 3; ++i) {
    driver.device().change_config();
    const test::Bytes changed = driver.pci().read_device_config(0, bytes);
    context.expect(changed != content, "configuration has changed");
    context.expect(generation() != before,
                   fmt::format("config_generation, {}, is not {}", generation(), before));
    content = changed;
    before = generation();
  }
}

// VERSION_1 alone: what is left from before would show.
void run_reset_registers(Context& context) {
  Driver driver(context);
  driver.start();
  driver.expect_service(0);
  driver.reset();
  for (std::uint16_t queue = 0; queue < queue_count(driver); ++queue)
    context.expect_equal(driver.read_queue(queue, common::kQueueEnable), 0,
                         fmt::format("queue_enable of queue {}", queue));
  driver.pci().add_status(status::kAcknowledge);
  driver.pci().add_status(status::kDriver);
  for (std::uint16_t queue = 0; queue < queue_count(driver); ++queue)
    context.expect_equal(driver.read_queue(queue, common::kQueueEnable), 0,
                         fmt::format("queue_enable of queue {} with DRIVER set", queue));
}

void run_no_such_queue(Context& context) {
  Driver driver(context);
  driver.negotiate();
  const std::uint16_t count = queue_count(driver);
  for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue)
    context.expect(driver.read_queue(queue, common::kQueueSize) != 0,
                   fmt::format("queue {} has a size", queue));
  for (const std::uint32_t queue : {std::uint32_t{count}, count + 1U, 0x7FFFU, 0xFFFFU})
    context.expect_equal(driver.read_queue(static_cast<std::uint16_t>(queue), common::kQueueSize), 0,
                         fmt::format("queue_size of queue {:#x}", queue));
}

void run_power_of_two(Context& context) {
  Driver driver(context, {.declined = feature::kRingPacked});
  driver.negotiate();
  for (std::uint16_t queue = 0; queue < queue_count(driver); ++queue) {
    const std::uint32_t size = driver.read_queue(queue, common::kQueueSize);
    context.expect(size == 0 || std::has_single_bit(size),
                   fmt::format("queue_size of queue {}, {}, is 0 or a power of two", queue, size));
  }
}

void run_admin_index(Context& context) {
  Driver driver(context, {.features = kAdminVq});
  driver.negotiate();
  const std::uint32_t index = driver.pci().read_common(common::kAdminQueueIndex, 2);
  context.expect(index >= queue_count(driver),
                 fmt::format("admin_queue_index, {}, is not below num_queues", index));
}

void run_admin_number(Context& context) {
  Driver driver(context, {.features = kAdminVq});
  driver.negotiate();
  const std::uint32_t index = driver.pci().read_common(common::kAdminQueueIndex, 2);
  const std::uint32_t number = driver.pci().read_common(common::kAdminQueueNum, 2);
  context.expect(number <= 0x10000 - index,
                 fmt::format("{} administration queues from {} on have indices", number, index));
}

// pci_cfg_data (4.1.4.9): a window of 1, 2 or 4 bytes to a BAR.
class Window {
 public:
  Window(Context& context, Driver& driver) : pci_(driver.device().pci()) {
    const auto found = virtio_capabilities(pci_, cfg_type::kPciCfg);
    if (found.empty()) context.fail("there is no PCI configuration access capability");
    at_ = found.front().at;
    const auto& common = driver.pci().structures().at(cfg_type::kCommon);
    bar_ = common.bar;
    offset_ = common.offset;
  }
  // Of the common configuration.
  [[nodiscard]] std::uint32_t read(std::uint32_t offset, unsigned width) {
    aim(offset, width);
    return pci_.config_read(place(16), width);
  }
  void write(std::uint32_t offset, unsigned width, std::uint32_t value) {
    aim(offset, width);
    pci_.config_write(place(16), width, value);
  }

 private:
  [[nodiscard]] std::uint16_t place(unsigned field) const { return static_cast<std::uint16_t>(at_ + field); }
  void aim(std::uint32_t offset, unsigned width) {
    pci_.config_write(place(4), 1, bar_);
    pci_.config_write(place(8), 4, offset_ + offset);
    pci_.config_write(place(12), 4, width);
  }

  test::PciAccess& pci_;
  std::uint8_t at_ = 0;
  std::uint8_t bar_ = 0;
  std::uint32_t offset_ = 0;
};

// What earlier writes have left in the other bytes of pci_cfg_data must not follow a shorter one.
void run_window_write(Context& context) {
  Driver driver(context);
  Window window(context, driver);
  constexpr std::uint32_t kLeftBehind = 0x0002'0001;
  const auto selected = [&driver] { return driver.pci().read_common(common::kQueueSelect, 2); };
  driver.pci().write_common(common::kQueueSelect, 2, 1);
  window.write(common::kDeviceFeatureSelect, 4, kLeftBehind);
  context.expect_equal(driver.pci().read_common(common::kDeviceFeatureSelect, 4), kLeftBehind,
                       "device_feature_select, written as 4 bytes");
  window.write(common::kDeviceStatus, 1, status::kAcknowledge);
  context.expect_equal(driver.pci().device_status(), status::kAcknowledge,
                       "device_status, written as 1 byte");
  context.expect_equal(selected(), 1, "queue_select, two bytes behind it");
  const std::uint32_t size = driver.read_queue(1, common::kQueueSize);
  const std::uint32_t other_size = driver.read_queue(0, common::kQueueSize);
  window.write(common::kQueueSelect, 2, 1);
  context.expect_equal(selected(), 1, "queue_select, written as 2 bytes");
  context.expect_equal(driver.read_queue(0, common::kQueueSize), other_size,
                       "queue_size of queue 0, not selected");
  context.expect_equal(driver.read_queue(1, common::kQueueSize), size,
                       "queue_size of queue 1, behind queue_select");
}

void run_window_read(Context& context) {
  Driver driver(context);
  Window window(context, driver);
  driver.pci().add_status(status::kAcknowledge);
  context.expect_equal(window.read(common::kDeviceStatus, 1), status::kAcknowledge,
                       "device_status in 1 byte");
  context.expect_equal(window.read(common::kNumQueues, 2), queue_count(driver), "num_queues in 2 bytes");
  driver.pci().write_common(common::kDeviceFeatureSelect, 4, 1);
  context.expect_equal(window.read(common::kDeviceFeature, 4), driver.offered() >> 32,
                       "device_feature in 4 bytes");
  driver.pci().add_status(status::kDriver);
  context.expect_equal(window.read(common::kDeviceStatus, 1), status::kAcknowledge | status::kDriver,
                       "device_status, changed in between");
}

const Check kChecks[] = {
    {.id = "config-halves",
     .title = "The halves of 64-bit fields are read and written on their own",
     .statements = {"PCI-DEV-008"},
     .run = run_halves},
    {.id = "config-device-feature",
     .title = "device_feature shows the 32 bits that device_feature_select asks for",
     .statements = {"PCI-DEV-014"},
     .run = run_device_feature},
    {.id = "config-driver-feature",
     .title = "driver_feature reads back what the driver accepted, window by window",
     .statements = {"PCI-DEV-015"},
     .run = run_driver_feature},
    {.id = "config-generation",
     .title = "config_generation changes with configuration space, and only then",
     .statements = {"PCI-DEV-017"},
     .needs = {.abilities = kChangesConfig},
     .run = run_generation},
    {.id = "config-queues-disabled-by-reset",
     .title = "queue_enable of all queues reads 0 after a reset",
     .statements = {"PCI-DEV-020"},
     .run = run_reset_registers},
    {.id = "config-no-such-queue",
     .title = "queue_size of a queue that is not there reads 0",
     .statements = {"PCI-DEV-026"},
     .run = run_no_such_queue},
    {.id = "config-queue-size-power-of-two",
     .title = "Without RING_PACKED queue sizes are powers of two",
     .statements = {"PCI-DEV-027"},
     .run = run_power_of_two},
    {.id = "config-admin-queue-index",
     .title = "admin_queue_index lies behind the other queues",
     .statements = {"PCI-DEV-028"},
     .needs = {.features = kAdminVq},
     .run = run_admin_index},
    {.id = "config-admin-queue-number",
     .title = "All administration queues have an index",
     .statements = {"PCI-DEV-029"},
     .needs = {.features = kAdminVq},
     .run = run_admin_number},
    {.id = "pci-cfg-write",
     .title = "Writing pci_cfg_data writes cap.length bytes of the BAR",
     .statements = {"PCI-DEV-055"},
     .run = run_window_write},
    {.id = "pci-cfg-read",
     .title = "Reading pci_cfg_data reads cap.length bytes of the BAR",
     .statements = {"PCI-DEV-056"},
     .run = run_window_read},
};

}  // namespace

std::span<const Check> common_config_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
