#include "checks.h"
#include "console.h"

namespace virtcrypt::guest {

namespace {

constexpr std::uint32_t kNobody = 0xFFFF'FFFF;
constexpr std::uint32_t kVirtioCrypto = 0x1054'1AF4;
constexpr std::uint16_t kHeaderBytes = 256;

// An address in the 32-bit window, far behind what the machine hands out.
constexpr std::uint64_t kElsewhere = 0xD000'0000;

constexpr std::uint16_t kExpectedQueues = kDataQueues + 1;

bool both_mechanisms_agree(unsigned slot) {
  for (std::uint16_t offset = 0; offset < kHeaderBytes; offset = static_cast<std::uint16_t>(offset + 4)) {
    if (read_config_ports(slot, offset) != read_register<std::uint32_t>(ecam(slot, offset))) return false;
  }
  return true;
}

}  // namespace

unsigned check_enumeration() {
  unsigned found = kSlots;
  bool same_ids = true;
  bool same_headers = true;
  for (unsigned slot = 0; slot < kSlots; ++slot) {
    const std::uint32_t id = read_config_ports(slot, kPciId);
    same_ids = same_ids && id == read_register<std::uint32_t>(ecam(slot, kPciId));
    if (id == kNobody) continue;
    same_headers = same_headers && both_mechanisms_agree(slot);
    if (id == kVirtioCrypto && found == kSlots) found = slot;
  }
  check(read_config_ports(0, kPciId) != kNobody, "slot 0 has a host bridge");
  check(same_ids, "ports and ECAM find the same functions");
  check(same_headers, "ports and ECAM read the same configuration spaces");
  check_equal(read_register<std::uint32_t>(ecam(kSlots - 1, 0xFFC)), kNobody,
              "an empty slot reads as all ones");
  check(found != kSlots, "a virtio-crypto function is there");
  return found;
}

void check_bars(const Function& function) {
  const unsigned bar = function.common_range().bar;
  function.set_command(kCommandMemory | kCommandBusMaster, false);
  const std::uint64_t original = function.bar(bar);
  const std::uint64_t size = function.bar_size(bar);
  check(size >= 0x1000 && (size & (size - 1)) == 0, "BAR size is a power of two");
  check(function.common_range().offset + function.common_range().length <= size,
        "common configuration lies in its BAR");
  check_equal(function.bar(bar), original, "BAR has its address back after sizing");

  const std::uint64_t queues_at = function.common_range().offset + kNumQueues;
  check_equal(read_register<std::uint16_t>(original + queues_at), 0xFFFF,
              "memory is not decoded before it is enabled");
  function.set_command(kCommandMemory, true);
  check_equal(read_register<std::uint16_t>(original + queues_at), kExpectedQueues,
              "memory is decoded once enabled");

  function.set_bar(bar, kElsewhere);
  check_equal(read_register<std::uint16_t>(kElsewhere + queues_at), kExpectedQueues,
              "BAR moved while decoding: answers at the new address");
  check_equal(read_register<std::uint16_t>(original + queues_at), 0xFFFF,
              "BAR moved while decoding: nobody at the old address");
  function.set_command(kCommandMemory, false);
  check_equal(read_register<std::uint16_t>(kElsewhere + queues_at), 0xFFFF, "memory decoding off again");
  function.set_bar(bar, original);
  function.set_command(kCommandMemory | kCommandBusMaster, true);
  check_equal(read_register<std::uint16_t>(original + queues_at), kExpectedQueues,
              "BAR moved back while not decoding");
}

void check_register_access(const Function& function) {
  check_equal(function.common<std::uint16_t>(kNumQueues), kExpectedQueues,
              "two data queues and a control queue");
  check_equal(function.device_config(0), 1, "crypto device is ready");
  check_equal(function.device_config(4), kDataQueues, "crypto device has two data queues");
  check((function.device_config(8) & 1) != 0, "service CIPHER is offered");
  check((function.device_config(12) & 1 << 3) != 0, "algorithm AES-CBC is offered");

  // 4.1.4.9: bar, offset and length are written, then pci_cfg_data is a window to there.
  const std::uint16_t at = function.pci_cfg_capability();
  const auto window_to = [&](std::uint32_t offset, std::uint32_t length) {
    function.set_config<std::uint8_t>(static_cast<std::uint16_t>(at + 4),
                                      static_cast<std::uint8_t>(function.common_range().bar));
    function.set_config<std::uint32_t>(static_cast<std::uint16_t>(at + 8),
                                       function.common_range().offset + offset);
    function.set_config<std::uint32_t>(static_cast<std::uint16_t>(at + 12), length);
  };
  const auto data = static_cast<std::uint16_t>(at + 16);
  window_to(kNumQueues, 2);
  check_equal(function.config<std::uint16_t>(data), kExpectedQueues, "PCI_CFG capability reads a register");
  window_to(kQueueSelect, 2);
  function.set_config<std::uint16_t>(data, 2);
  check_equal(function.common<std::uint16_t>(kQueueSelect), 2, "PCI_CFG capability writes a register");
}

}  // namespace virtcrypt::guest
