// VIRTIO 1.4, 4.1.1 and 4.1.2: a PCI function like any other, and its IDs.
#include <bit>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/pci_walk.h"

namespace virtcrypt::conformance {
namespace {

constexpr std::uint16_t kCommand = 0x04, kStatus = 0x06, kRevision = 0x08, kHeaderType = 0x0E;
constexpr std::uint16_t kSubsystemId = 0x2E, kInterruptPin = 0x3D;
constexpr std::uint16_t kMemorySpace = 1 << 1, kBusMaster = 1 << 2, kInterruptDisable = 1 << 10;
constexpr std::uint32_t kCapabilityList = 1 << 4;

void run_header(Context& context) {
  const auto device = context.make_device();
  test::PciAccess& pci = device->pci();
  context.expect_equal(pci.config_read(kHeaderType, 1) & 0x7F, 0, "layout in the header type");
  context.expect((pci.config_read(kStatus, 2) & kCapabilityList) != 0,
                 "the status register tells of capabilities");
  context.expect_equal(pci.config_read(kInterruptPin, 1), 1, "interrupt pin");
  // Parts of a register read as it does.
  const std::uint32_t ids = pci.config_read(0, 4);
  for (std::uint16_t byte = 0; byte < 4; ++byte)
    context.expect_equal(pci.config_read(byte, 1), ids >> (8 * byte) & 0xFF,
                         fmt::format("byte {} of the IDs", byte));
  context.expect_equal(pci.config_read(2, 2), ids >> 16, "device ID as two bytes");
}

void run_read_only(Context& context) {
  const auto device = context.make_device();
  test::PciAccess& pci = device->pci();
  constexpr std::uint16_t kReadOnly[] = {0x00, 0x08, 0x2C, 0x34};
  for (const std::uint16_t offset : kReadOnly) {
    const std::uint32_t before = pci.config_read(offset, 4);
    pci.config_write(offset, 4, ~before);
    context.expect_equal(pci.config_read(offset, 4), before,
                         fmt::format("register {:#x} after a write", offset));
  }
}

void run_command(Context& context) {
  const auto device = context.make_device();
  test::PciAccess& pci = device->pci();
  constexpr std::uint16_t kWritable = kMemorySpace | kBusMaster | kInterruptDisable;
  pci.config_write(kCommand, 2, kWritable);
  context.expect_equal(pci.config_read(kCommand, 2) & kWritable, kWritable, "command register, bits set");
  pci.config_write(kCommand, 2, 0xF800 | kMemorySpace);
  context.expect_equal(pci.config_read(kCommand, 2) & 0xF800, 0, "reserved bits of the command register");
  pci.config_write(kCommand, 2, 0);
  context.expect_equal(pci.config_read(kCommand, 2) & kWritable, 0, "command register, bits cleared");
}

void run_bars(Context& context) {
  const auto device = context.make_device();
  const std::vector<PciBar> bars = probe_bars(device->pci());
  context.expect(!bars.empty(), "there is a BAR");
  for (const PciBar& bar : bars) {
    context.expect(std::has_single_bit(bar.size) && bar.size >= (bar.is_io ? 4U : 16U),
                   fmt::format("the size of BAR {}, {:#x}, is a power of two", bar.index, bar.size));
    const auto offset = static_cast<std::uint16_t>(0x10 + 4 * bar.index);
    const std::uint32_t type = device->pci().config_read(offset, 4) & 7;
    context.expect(bar.is_io || type == 0 || type == 4,
                   fmt::format("the type of BAR {}, {}, is defined", bar.index, type));
  }
}

void run_capability_list(Context& context) {
  const auto device = context.make_device();
  bool taken[256] = {};
  for (const PciCapability& capability : walk_capabilities(device->pci())) {
    context.expect(capability.offset >= 0x40 && capability.offset % 4 == 0,
                   fmt::format("capability {:#x} at {:#x} lies behind the header, aligned", capability.id,
                               capability.offset));
    context.expect(!taken[capability.offset], "the list has no loop");
    taken[capability.offset] = true;
  }
  for (const VirtioCapability& capability : virtio_capabilities(device->pci())) {
    context.expect(capability.at + capability.cap_len <= 256,
                   fmt::format("the capability at {:#x} ends within configuration space", capability.at));
    for (unsigned at = capability.at + 1U; at < capability.at + unsigned{capability.cap_len}; ++at)
      context.expect(!taken[at], "no capability begins inside another");
  }
}

void run_bus_master(Context& context) {
  Driver driver(context);
  driver.start();
  driver.expect_service(0);
  driver.forget_messages();
  driver.pci().set_command(kMemorySpace);
  const std::uint16_t head = driver.add(0, driver.known_request());
  const test::Bytes memory = driver.memory_content();
  driver.kick(0);
  driver.settle();
  context.expect(driver.memory_content() == memory, "no memory is written without Bus Master Enable");
  if (context.has(kSeesMessages))
    context.expect_equal(driver.take_messages(driver.vector_of(0)), 0, "messages without Bus Master Enable");
  context.expect(!driver.is_back(0, head), "the request is not answered");
  if (context.has(kSeesMessages) && context.has(kChangesConfig)) {
    driver.device().change_config();
    driver.device().change_config();
    driver.settle();
    context.expect_equal(driver.take_messages(0), 0,
                         "messages of configuration changes without Bus Master Enable");
  }
  driver.pci().set_command(kMemorySpace | kBusMaster);
  driver.reset();
  driver.start();
  driver.expect_service(0);
}

void run_interrupt_disable(Context& context) {
  Driver driver(context, {.msix = false});
  driver.start();
  driver.pci().set_command(kMemorySpace | kBusMaster | kInterruptDisable);
  driver.expect_service(0);
  driver.settle();
  context.expect(!driver.device().intx(), "INTA# is not asserted with Interrupt Disable");
  driver.pci().set_command(kMemorySpace | kBusMaster);
  driver.settle();
  context.expect(driver.device().intx(), "INTA# is asserted when it may be");
}

void expect_id(Context& context, std::uint16_t offset, unsigned width, std::uint32_t least,
               std::uint32_t most, std::string_view what) {
  const auto device = context.make_device();
  const std::uint32_t seen = device->pci().config_read(offset, width);
  context.expect(seen >= least && seen <= most,
                 fmt::format("{}, {:#x}, lies between {:#x} and {:#x}", what, seen, least, most));
}

constexpr std::uint16_t kCryptoDeviceId = 0x1040 + 20;

const Check kChecks[] = {
    {.id = "pci-header",
     .title = "The header is one of type 0 with capabilities, in accesses of any width",
     .statements = {"PCI-DEV-001"},
     .run = run_header},
    {.id = "pci-read-only",
     .title = "IDs, class and capabilities pointer keep their values when they are written",
     .statements = {"PCI-DEV-001"},
     .run = run_read_only},
    {.id = "pci-command",
     .title = "The command register takes its bits, and no reserved ones",
     .statements = {"PCI-DEV-001"},
     .run = run_command},
    {.id = "pci-bars",
     .title = "BARs are sized by writing ones",
     .statements = {"PCI-DEV-001"},
     .run = run_bars},
    {.id = "pci-capability-list",
     .title = "The capability list is well-formed",
     .statements = {"PCI-DEV-001"},
     .run = run_capability_list},
    {.id = "pci-bus-master",
     .title = "Without Bus Master Enable no memory is touched and no message sent",
     .statements = {"PCI-DEV-001"},
     .run = run_bus_master},
    {.id = "pci-interrupt-disable",
     .title = "Interrupt Disable keeps INTA# from being asserted",
     .statements = {"PCI-DEV-001"},
     .needs = {.abilities = kSeesIntx},
     .run = run_interrupt_disable},
    {.id = "pci-vendor-id",
     .title = "The vendor ID is 0x1AF4",
     .statements = {"PCI-DEV-002"},
     .run = [](Context& context) { expect_id(context, 0, 2, 0x1AF4, 0x1AF4, "vendor ID"); }},
    {.id = "pci-device-id",
     .title = "The device ID is 0x1040 plus the device type 20",
     .statements = {"PCI-DEV-003", "PCI-DEV-005"},
     .needs = {.dialect = Dialect::kStandard},
     .run =
         [](Context& context) { expect_id(context, 2, 2, kCryptoDeviceId, kCryptoDeviceId, "device ID"); }},
    {.id = "pci-revision-id",
     .title = "The revision ID is 1 or more",
     .statements = {"PCI-DEV-006"},
     .run = [](Context& context) { expect_id(context, kRevision, 1, 1, 0xFF, "revision ID"); }},
    {.id = "pci-subsystem-id",
     .title = "The subsystem device ID is 0x40 or more",
     .statements = {"PCI-DEV-007"},
     .run =
         [](Context& context) { expect_id(context, kSubsystemId, 2, 0x40, 0xFFFF, "subsystem device ID"); }},
};

}  // namespace

std::span<const Check> pci_header_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
