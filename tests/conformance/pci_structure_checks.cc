// VIRTIO 1.4, 4.1.4: the virtio capabilities and where their structures lie.
#include <bit>
#include <set>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/pci_walk.h"

namespace virtcrypt::conformance {
namespace {

namespace common = test::common;
namespace feature = test::feature;

std::vector<VirtioCapability> expect_some(Context& context, test::PciAccess& pci, std::uint8_t type) {
  const std::vector<VirtioCapability> found = virtio_capabilities(pci, type);
  context.expect(!found.empty(), fmt::format("there is a virtio capability of type {}", type));
  return found;
}

// Of types whose structure lies in a BAR: it does, within the BAR, and `least` bytes long.
void expect_structure(Context& context, std::uint8_t type, std::uint64_t least) {
  const auto device = context.make_device();
  const std::vector<PciBar> bars = probe_bars(device->pci());
  for (const VirtioCapability& capability : expect_some(context, device->pci(), type)) {
    context.expect(capability.length >= least,
                   fmt::format("the length, {}, is {} or more", capability.length, least));
    context.expect(capability.offset + capability.length <= bar_size(bars, capability.bar),
                   fmt::format("{:#x} bytes at {:#x} lie within BAR {}", capability.length, capability.offset,
                               capability.bar));
  }
}

void run_pci_cfg_present(Context& context) {
  const auto device = context.make_device();
  static_cast<void>(expect_some(context, device->pci(), cfg_type::kPciCfg));
}

void expect_aligned(Context& context, std::uint8_t type, std::uint64_t alignment) {
  const auto device = context.make_device();
  for (const VirtioCapability& capability : expect_some(context, device->pci(), type))
    context.expect(capability.offset % alignment == 0,
                   fmt::format("offset {:#x} is a multiple of {}", capability.offset, alignment));
}

// Bytes from cap_vndr to the last field (4.1.4, 4.1.4.4, 4.1.4.7, 4.1.4.8, 4.1.4.9).
std::uint8_t layout_bytes(std::uint8_t type) {
  switch (type) {
    case cfg_type::kNotify:
    case cfg_type::kPciCfg:
      return 20;
    case cfg_type::kSharedMemory:
      return 24;
    case cfg_type::kVendor:
      return 8;
    default:
      return 16;
  }
}

void run_cap_len(Context& context) {
  const auto device = context.make_device();
  for (const VirtioCapability& capability : virtio_capabilities(device->pci()))
    context.expect(capability.cap_len >= layout_bytes(capability.cfg_type),
                   fmt::format("cap_len of type {}, {}, is {} or more", capability.cfg_type,
                               capability.cap_len, layout_bytes(capability.cfg_type)));
}

// The better of two cannot be told from outside; but the first has to be one that a driver can use.
void run_best_first(Context& context) {
  const auto device = context.make_device();
  const std::vector<PciBar> bars = probe_bars(device->pci());
  std::set<std::uint8_t> seen;
  std::set<std::uint8_t> repeated;
  for (const VirtioCapability& capability : virtio_capabilities(device->pci())) {
    if (!seen.insert(capability.cfg_type).second) repeated.insert(capability.cfg_type);
  }
  repeated.erase(cfg_type::kSharedMemory);
  repeated.erase(cfg_type::kVendor);
  if (repeated.empty()) context.not_applicable("no structure is there twice");
  for (const std::uint8_t type : repeated) {
    const VirtioCapability first = virtio_capabilities(device->pci(), type).front();
    context.expect(type == cfg_type::kPciCfg || first.offset + first.length <= bar_size(bars, first.bar),
                   fmt::format("the first of type {} lies within a BAR", type));
  }
}

// Where the doorbells lie.
struct Doorbells {
  VirtioCapability capability;
  std::uint32_t multiplier;
  std::vector<std::uint64_t> offsets;  // by queue, within the structure
};

Doorbells doorbells_of(Context& context, Driver& driver) {
  Doorbells doorbells{.capability = expect_some(context, driver.device().pci(), cfg_type::kNotify).front(),
                      .multiplier = driver.pci().notify_multiplier(),
                      .offsets = {}};
  const std::uint32_t queues = driver.pci().read_common(common::kNumQueues, 2);
  for (std::uint16_t queue = 0; queue < queues; ++queue)
    doorbells.offsets.push_back(std::uint64_t{driver.read_queue(queue, common::kQueueNotifyOff)} *
                                doorbells.multiplier);
  return doorbells;
}

// A driver of a device that offers NOTIFICATION_DATA, or of one that does not.
std::unique_ptr<Driver> notify_driver(Context& context, bool with_data) {
  DriverOptions options;
  if (!with_data) options.device.features_off = feature::kNotificationData;
  auto driver = std::make_unique<Driver>(context, options);
  const bool offered = (driver->offered() & feature::kNotificationData) != 0;
  if (offered != with_data)
    context.not_applicable(fmt::format("NOTIFICATION_DATA is {}offered", offered ? "" : "not "));
  return driver;
}

void expect_notify_alignment(Context& context, bool with_data) {
  const auto driver = notify_driver(context, with_data);
  const VirtioCapability capability = doorbells_of(context, *driver).capability;
  const std::uint64_t alignment = with_data ? 4 : 2;
  context.expect(capability.offset % alignment == 0,
                 fmt::format("offset {:#x} is a multiple of {}", capability.offset, alignment));
}

void expect_notify_multiplier(Context& context, bool with_data) {
  const auto driver = notify_driver(context, with_data);
  const std::uint32_t multiplier = driver->pci().notify_multiplier();
  const std::uint32_t least = with_data ? 4 : 2;
  context.expect(
      multiplier == 0 || (std::has_single_bit(multiplier) && multiplier >= least),
      fmt::format("notify_off_multiplier, {}, is 0 or a power of two from {} on", multiplier, least));
}

void expect_notify_length(Context& context, bool with_data) {
  const auto driver = notify_driver(context, with_data);
  const std::uint64_t least = with_data ? 4 : 2;
  const std::uint64_t length = doorbells_of(context, *driver).capability.length;
  context.expect(length >= least, fmt::format("the length, {}, is {} or more", length, least));
}

// Each doorbell lies within the structure, whatever was negotiated.
void expect_doorbells_inside(Context& context, bool with_data) {
  const auto driver = notify_driver(context, with_data);
  const std::uint64_t width = with_data ? 4 : 2;
  const std::uint64_t all = driver->offered() & ~context.settings().features_off;
  for (const std::uint64_t features : {driver->features(), all}) {
    driver->set_features(features);
    driver->negotiate();
    const Doorbells doorbells = doorbells_of(context, *driver);
    for (std::size_t queue = 0; queue < doorbells.offsets.size(); ++queue)
      context.expect(doorbells.offsets[queue] + width <= doorbells.capability.length,
                     fmt::format("the doorbell of queue {} at {:#x} ends within {:#x} bytes", queue,
                                 doorbells.offsets[queue], doorbells.capability.length));
    driver->reset();
  }
}

// The doorbell of every queue does its work: the last one needs the structure's whole length.
void expect_doorbells_work(Context& context, bool with_data) {
  const auto driver = notify_driver(context, with_data);
  if (with_data) driver->set_features(driver->features() | feature::kNotificationData);
  driver->start();
  driver->settle();
  for (std::uint16_t queue = 0; queue <= driver->control_queue(); ++queue) {
    const std::uint16_t head = driver->add(queue, driver->refused_request(queue));
    driver->kick(queue);
    static_cast<void>(driver->wait(queue, head));
    context.note(fmt::format("queue {} is served when its doorbell is written", queue));
  }
}

void run_shared_memory_inside(Context& context) {
  const auto device = context.make_device();
  const std::vector<VirtioCapability> regions = virtio_capabilities(device->pci(), cfg_type::kSharedMemory);
  if (regions.empty()) context.not_applicable("the device has no shared memory");
  const std::vector<PciBar> bars = probe_bars(device->pci());
  for (const VirtioCapability& region : regions)
    context.expect(region.offset <= bar_size(bars, region.bar) &&
                       region.length <= bar_size(bars, region.bar) - region.offset,
                   fmt::format("region {} lies within BAR {}", region.id, region.bar));
}

void run_shared_memory_ids(Context& context) {
  const auto device = context.make_device();
  const std::vector<VirtioCapability> regions = virtio_capabilities(device->pci(), cfg_type::kSharedMemory);
  if (regions.empty()) context.not_applicable("the device has no shared memory");
  std::set<std::uint8_t> ids;
  for (const VirtioCapability& region : regions)
    context.expect(ids.insert(region.id).second, fmt::format("no other region has the id {}", region.id));
}

// struct virtio_pci_vndr_data (4.1.4.8): vendor_id behind cfg_type.
std::vector<VirtioCapability> vendor_data(Context& context, test::PciAccess& pci) {
  std::vector<VirtioCapability> found = virtio_capabilities(pci, cfg_type::kVendor);
  if (found.empty()) context.not_applicable("the device has no vendor data");
  return found;
}

void run_vendor_id(Context& context) {
  const auto device = context.make_device();
  for (const VirtioCapability& data : vendor_data(context, device->pci())) {
    const std::uint32_t id = device->pci().config_read(static_cast<std::uint16_t>(data.at + 4), 2);
    context.expect(id != 0x1AF4, fmt::format("the vendor_id, {:#x}, is not 0x1af4", id));
  }
}

void run_vendor_length(Context& context) {
  const auto device = context.make_device();
  for (const VirtioCapability& data : vendor_data(context, device->pci()))
    context.expect(data.cap_len % 4 == 0, fmt::format("cap_len, {}, is divisible by 4", data.cap_len));
}

void run_vendor_reading(Context& context) {
  const auto device = context.make_device();
  test::PciAccess& pci = device->pci();
  const auto configuration = [&pci] {
    std::vector<std::uint32_t> words;
    for (std::uint16_t offset = 0; offset < 256; offset = static_cast<std::uint16_t>(offset + 4))
      words.push_back(pci.config_read(offset, 4));
    return words;
  };
  static_cast<void>(vendor_data(context, pci));
  const std::vector<std::uint32_t> before = configuration();
  context.expect(configuration() == before, "configuration space reads as before");
}

constexpr std::uint32_t kCommonBytes = 56;  // without what features add
constexpr std::uint32_t kDeviceBytes = 8;   // of the smaller dialect

const Check kChecks[] = {
    {.id = "pci-cap-len",
     .title = "cap_len covers the whole capability",
     .statements = {"PCI-DEV-009"},
     .run = run_cap_len},
    {.id = "pci-best-first",
     .title = "Of a structure that is there more than once the first can be used",
     .statements = {"PCI-DEV-011"},
     .run = run_best_first},
    {.id = "pci-common-aligned",
     .title = "The common configuration lies at a multiple of 4",
     .statements = {"PCI-DEV-012"},
     .run = [](Context& context) { expect_aligned(context, cfg_type::kCommon, 4); }},
    {.id = "pci-common-present",
     .title = "There is a common configuration structure, within its BAR",
     .statements = {"PCI-DEV-013"},
     .run = [](Context& context) { expect_structure(context, cfg_type::kCommon, kCommonBytes); }},
    {.id = "pci-notify-present",
     .title = "There is a notification structure, within its BAR",
     .statements = {"PCI-DEV-030"},
     .run = [](Context& context) { expect_structure(context, cfg_type::kNotify, 2); }},
    {.id = "pci-isr-present",
     .title = "There is an ISR status, within its BAR",
     .statements = {"PCI-DEV-041"},
     .run = [](Context& context) { expect_structure(context, cfg_type::kIsr, 1); }},
    {.id = "pci-device-aligned",
     .title = "The device-specific configuration lies within its BAR at a multiple of 4",
     .statements = {"PCI-DEV-046"},
     .run =
         [](Context& context) {
           expect_structure(context, cfg_type::kDevice, kDeviceBytes);
           expect_aligned(context, cfg_type::kDevice, 4);
         }},
    {.id = "pci-cfg-present",
     .title = "There is a PCI configuration access capability",
     .statements = {"PCI-DEV-054"},
     .run = run_pci_cfg_present},
    {.id = "notify-aligned",
     .title = "Without NOTIFICATION_DATA the notification structure lies at a multiple of 2",
     .statements = {"PCI-DEV-031"},
     .run = [](Context& context) { expect_notify_alignment(context, false); }},
    {.id = "notify-multiplier",
     .title = "Without NOTIFICATION_DATA the multiplier is 0 or an even power of two",
     .statements = {"PCI-DEV-032"},
     .run = [](Context& context) { expect_notify_multiplier(context, false); }},
    {.id = "notify-length",
     .title = "Without NOTIFICATION_DATA the notification structure is 2 bytes long or more",
     .statements = {"PCI-DEV-033"},
     .run = [](Context& context) { expect_notify_length(context, false); }},
    {.id = "notify-serves-queues",
     .title = "Without NOTIFICATION_DATA each queue can be notified",
     .statements = {"PCI-DEV-034"},
     .run = [](Context& context) { expect_doorbells_work(context, false); }},
    {.id = "notify-doorbells-inside",
     .title = "Without NOTIFICATION_DATA 2 bytes at each queue's doorbell lie within the structure",
     .statements = {"PCI-DEV-034", "PCI-DEV-035"},
     .run = [](Context& context) { expect_doorbells_inside(context, false); }},
    {.id = "notify-data-multiplier",
     .title = "With NOTIFICATION_DATA the multiplier is 0 or a power of two from 4 on",
     .statements = {"PCI-DEV-036"},
     .run = [](Context& context) { expect_notify_multiplier(context, true); }},
    {.id = "notify-data-aligned",
     .title = "With NOTIFICATION_DATA the notification structure lies at a multiple of 4",
     .statements = {"PCI-DEV-037"},
     .run = [](Context& context) { expect_notify_alignment(context, true); }},
    {.id = "notify-data-length",
     .title = "With NOTIFICATION_DATA the notification structure is 4 bytes long or more",
     .statements = {"PCI-DEV-038"},
     .run = [](Context& context) { expect_notify_length(context, true); }},
    {.id = "notify-data-serves-queues",
     .title = "With NOTIFICATION_DATA each queue can be notified, 32 bits wide",
     .statements = {"PCI-DEV-039"},
     .run = [](Context& context) { expect_doorbells_work(context, true); }},
    {.id = "notify-data-doorbells-inside",
     .title = "With NOTIFICATION_DATA 4 bytes at each queue's doorbell lie within the structure",
     .statements = {"PCI-DEV-039", "PCI-DEV-040"},
     .run = [](Context& context) { expect_doorbells_inside(context, true); }},
    {.id = "shared-memory-inside",
     .title = "Shared memory regions lie within their BARs",
     .statements = {"PCI-DEV-047"},
     .run = run_shared_memory_inside},
    {.id = "shared-memory-ids",
     .title = "Each shared memory region has an id of its own",
     .statements = {"PCI-DEV-048"},
     .run = run_shared_memory_ids},
    {.id = "vendor-data-id",
     .title = "Vendor data is not under the vendor ID of virtio",
     .statements = {"PCI-DEV-051"},
     .run = run_vendor_id},
    {.id = "vendor-data-length",
     .title = "The length of vendor data is divisible by 4",
     .statements = {"PCI-DEV-052"},
     .run = run_vendor_length},
    {.id = "vendor-data-reading",
     .title = "Reading vendor data changes nothing",
     .statements = {"PCI-DEV-053"},
     .run = run_vendor_reading},
};

}  // namespace

std::span<const Check> pci_structure_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
