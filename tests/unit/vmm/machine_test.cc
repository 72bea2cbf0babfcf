// The machine on a real /dev/kvm, with guests of a few instructions. Where there is none, these tests say so
// and pass.
#include "virtcrypt/vmm/machine.h"

#include <array>
#include <chrono>
#include <cstring>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/eventfd.h>
#include <unistd.h>

#include "tests/support/catch.h"
#include "virtcrypt/vmm/layout.h"
#include "virtcrypt/vmm/probe.h"

using namespace virtcrypt;
namespace layout = vmm::layout;

namespace {

constexpr std::uint64_t kCode = 0x1'0000;
constexpr std::uint32_t kText = 0x2'0000;  // data of the guest
constexpr std::uint32_t kBarInWindow = static_cast<std::uint32_t>(layout::kPciWindow32Base);

bool kvm_is_there() {
  if (::access("/dev/kvm", R_OK | W_OK) == 0) return true;
  WARN("skipped: no usable /dev/kvm");
  return false;
}

// 32-bit machine code, by Intel's SDM volume 2.
class Code {
 public:
  Code& out8(std::uint16_t port, std::uint8_t value) { return edx(port).bytes({0xB0, value, 0xEE}); }
  Code& out16(std::uint16_t port, std::uint16_t value) { return edx(port).eax(value).bytes({0x66, 0xEF}); }
  Code& out32(std::uint16_t port, std::uint32_t value) { return edx(port).eax(value).bytes({0xEF}); }
  Code& in8(std::uint16_t port) { return edx(port).bytes({0xEC}); }
  Code& out_al(std::uint16_t port) { return edx(port).bytes({0xEE}); }
  Code& rep_outsb(std::uint16_t port, std::uint32_t from, std::uint32_t count) {
    return edx(port).bytes({0xBE}).imm32(from).bytes({0xB9}).imm32(count).bytes({0xFC, 0xF3, 0x6E});
  }
  Code& rep_insb(std::uint16_t port, std::uint32_t to, std::uint32_t count) {
    return edx(port).bytes({0xBF}).imm32(to).bytes({0xB9}).imm32(count).bytes({0xFC, 0xF3, 0x6C});
  }
  Code& store32(std::uint32_t address, std::uint32_t value) {
    return eax(value).bytes({0xA3}).imm32(address);
  }
  Code& store16(std::uint32_t address, std::uint16_t value) {
    return eax(value).bytes({0x66, 0xA3}).imm32(address);
  }
  Code& load32(std::uint32_t address) { return bytes({0xA1}).imm32(address); }
  // Until a bit of a doubleword in memory is set.
  Code& wait_for(std::uint32_t address, std::uint32_t bits) {
    return load32(address).bytes({0xA9}).imm32(bits).bytes({0x74, 0xF4});
  }
  Code& power_off() {
    return out16(layout::kPm1aControlBase, 0x2000 | layout::kSleepTypeSoftOff << 10U).spin();
  }
  Code& spin() { return bytes({0xEB, 0xFE}); }
  Code& bytes(std::initializer_list<std::uint8_t> values) {
    code_.insert(code_.end(), values);
    return *this;
  }

  [[nodiscard]] std::span<const std::uint8_t> get() const { return code_; }

 private:
  Code& edx(std::uint32_t value) { return bytes({0xBA}).imm32(value); }
  Code& eax(std::uint32_t value) { return bytes({0xB8}).imm32(value); }
  Code& imm32(std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      code_.push_back(static_cast<std::uint8_t>(value >> shift));
    }
    return *this;
  }

  std::vector<std::uint8_t> code_;
};

// Flat 32-bit protected mode; nothing reloads a segment, so there is no GDT.
void enter_protected_mode(kvm_sregs& sregs, kvm_regs& regs) {
  const auto flat = [](kvm_segment& segment, std::uint8_t type, std::uint16_t selector) {
    segment = {};
    segment.limit = 0xFFFF'FFFF;
    segment.selector = selector;
    segment.type = type;
    segment.present = segment.db = segment.s = segment.g = 1;
  };
  flat(sregs.cs, 11, 8);
  for (kvm_segment* segment : {&sregs.ds, &sregs.es, &sregs.fs, &sregs.gs, &sregs.ss}) {
    flat(*segment, 3, 16);
  }
  sregs.idt = {};  // any exception is a triple fault
  sregs.cr0 |= 1;
  regs = {};
  regs.rip = kCode;
  regs.rflags = 2;
}

struct Rig {
  std::string console;
  std::promise<vmm::GuestExit> ended;
  vmm::Machine machine;

  explicit Rig(unsigned cpus = 1, std::uint64_t memory_bytes = 16 * layout::kMiB)
      : machine({.memory_bytes = memory_bytes, .cpus = cpus},
                {.console_output = [this](std::byte byte) { console += static_cast<char>(byte); },
                 .ended = [this](const vmm::GuestExit& exit) { ended.set_value(exit); }}) {}

  void put(std::uint64_t address, std::span<const std::uint8_t> bytes) {
    const auto room = machine.memory().range(virtio::GuestAddress{address}, bytes.size());
    REQUIRE(room);
    std::memcpy(room->data(), bytes.data(), bytes.size());
  }
  void start(const Code& code) {
    put(kCode, code.get());
    machine.enter_at(enter_protected_mode);
    machine.start();
  }
  // Nothing when the guest has not ended by itself in time.
  std::optional<vmm::GuestExit> wait() {
    auto future = ended.get_future();
    const bool in_time = future.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    machine.stop();
    if (!in_time) return std::nullopt;
    return future.get();
  }
  std::optional<vmm::GuestExit> run(const Code& code) {
    start(code);
    return wait();
  }
};

// One 32-bit BAR of 4 KiB with a doorbell at 0x100. A write to 0x10 sends its MSI-X vector 0 to vector 0x50
// of APIC 0; a write to 0x20 sets INTA#. Memory decoding follows the command register.
class FunctionFake final : public virtio::pci::Function {
 public:
  explicit FunctionFake(virtio::pci::Slot& slot) : slot_(slot), event_(::eventfd(0, EFD_NONBLOCK)) {}
  ~FunctionFake() override { ::close(event_); }

  std::uint32_t config_read(std::uint16_t offset, unsigned /*width*/) override {
    if (offset == 0x3D) return 1;
    return offset == 0 ? 0x1234'5678 : 0;
  }
  void config_write(std::uint16_t offset, unsigned /*width*/, std::uint32_t value) override {
    if (offset == 0x10) base_ = value;
    if (offset != 4) return;
    if ((value & 2U) != 0) {
      slot_.map_bar(0, base_, 0x1000);
    } else {
      slot_.unmap_bar(0);
    }
  }
  void bar_read(unsigned /*bar*/, std::uint64_t offset, std::span<std::byte> data) override {
    std::fill(data.begin(), data.end(), static_cast<std::byte>(offset));
  }
  void bar_write(unsigned /*bar*/, std::uint64_t offset, std::span<const std::byte> data) override {
    writes.emplace_back(offset, data.size());
    if (offset == 0x10) {
      slot_.route_msix(0, {.address = layout::kLocalApicBase, .data = 0x50});
      slot_.signal_msix(0);
    }
    if (offset == 0x20) slot_.set_intx(std::to_integer<int>(data[0]) != 0);
  }
  std::vector<BarInfo> bars() const override { return {{0, 0x1000, false}}; }
  std::uint16_t msix_vectors() const override { return 1; }
  std::vector<virtio::pci::Doorbell> doorbells() const override { return {{0, 0x100, event_}}; }

  [[nodiscard]] std::uint64_t rings() const {
    eventfd_t count = 0;
    return ::eventfd_read(event_, &count) == 0 ? count : 0;
  }

  std::vector<std::pair<std::uint64_t, std::size_t>> writes;

 private:
  virtio::pci::Slot& slot_;
  int event_;
  std::uint32_t base_ = 0;
};

FunctionFake& add_function(Rig& rig) {
  FunctionFake* added = nullptr;
  rig.machine.add_function([&](const virtio::GuestMemory&, virtio::pci::Slot& slot) {
    auto function = std::make_unique<FunctionFake>(slot);
    added = function.get();
    return function;
  });
  return *added;
}

constexpr std::uint32_t kSlot1 = 0x8000'0800;  // CONFIG_ADDRESS of 00:01.0
constexpr std::uint32_t kCommandOfSlot1 = kSlot1 + 4;
constexpr auto kApic = static_cast<std::uint32_t>(layout::kLocalApicBase);
constexpr std::uint32_t kApicSpurious = kApic + 0xF0;
constexpr std::uint32_t kApicIrr64To95 = kApic + 0x200 + 0x20;
constexpr auto kIoApic = static_cast<std::uint32_t>(layout::kIoApicBase);

Code& enable_memory(Code& code) {
  return code.out32(layout::kPciConfigAddress, kCommandOfSlot1).out16(layout::kPciConfigData, 2);
}

}  // namespace

TEST_CASE("Machine: port output of one and many items, then power-off", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  constexpr std::string_view kMany = "string of items";
  rig.put(kText, {reinterpret_cast<const std::uint8_t*>(kMany.data()), kMany.size()});
  Code code;
  code.out8(layout::kSerialBase, '>').rep_outsb(layout::kSerialBase, kText, kMany.size()).power_off();

  const auto exit = rig.run(code);
  REQUIRE(exit);
  CHECK(exit->end == vmm::GuestEnd::kPowerOff);
  CHECK(rig.console == ">string of items");
}

TEST_CASE("Machine: a guest reads its devices' ports", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  Code code;
  // The line status register, then a port where nobody is.
  code.in8(layout::kSerialBase + 5).out_al(layout::kSerialBase);
  code.in8(0x900).out_al(layout::kSerialBase).power_off();

  REQUIRE(rig.run(code));
  CHECK(rig.console == "\x60\xFF");
}

TEST_CASE("Machine: ports of its owner's", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  class Doubler final : public devices::IoHandler {
   public:
    void read(std::uint64_t, std::span<std::byte> data) override { data[0] = value_; }
    void write(std::uint64_t offset, std::span<const std::byte> data) override {
      value_ = static_cast<std::byte>(std::to_integer<unsigned>(data[0]) * 2 + offset);
    }

   private:
    std::byte value_{};
  };
  Doubler doubler;
  Rig rig;
  rig.machine.add_ports(0x900, 4, doubler);
  Code code;
  code.out8(0x903, 31).in8(0x900).out_al(layout::kSerialBase);
  code.in8(0x904).out_al(layout::kSerialBase).power_off();  // nobody's

  REQUIRE(rig.run(code));
  CHECK(rig.console == "A\xFF");
}

TEST_CASE("Machine: a string of input items arrives whole", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  constexpr std::string_view kTyped = "typed";
  CHECK(rig.machine.receive(std::as_bytes(std::span(kTyped))));
  Code code;
  code.out8(layout::kSerialBase + 2, 1).out8(layout::kSerialBase + 4, 2);  // FIFO on, RTS
  code.rep_insb(layout::kSerialBase, kText, kTyped.size());
  code.rep_outsb(layout::kSerialBase, kText, kTyped.size()).power_off();

  REQUIRE(rig.run(code));
  CHECK(rig.console == kTyped);
}

TEST_CASE("Machine: both reset ports reset", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  const auto [port, value] = GENERATE(std::pair{layout::kResetPort, layout::kResetValue},
                                      std::pair{layout::kI8042CommandPort, std::uint8_t{0xFE}});
  Rig rig;
  Code code;
  code.out8(port, value).out8(layout::kSerialBase, '!').spin();

  const auto exit = rig.run(code);
  REQUIRE(exit);
  CHECK(exit->end == vmm::GuestEnd::kReset);
  CHECK(rig.console.empty());  // nothing is executed after it
}

TEST_CASE("Machine: configuration space through ports and ECAM, a BAR on the memory bus",
          "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  FunctionFake& function = add_function(rig);
  Code code;
  code.out32(layout::kPciConfigAddress, kSlot1).in8(layout::kPciConfigData).out_al(layout::kSerialBase);
  code.load32(static_cast<std::uint32_t>(layout::kEcamBase) + 0x8000).out_al(layout::kSerialBase);
  code.load32(kBarInWindow + 0x42).out_al(layout::kSerialBase);  // not decoded yet
  enable_memory(code).load32(kBarInWindow + 0x42).out_al(layout::kSerialBase);
  code.store16(kBarInWindow + 0x30, 7).power_off();

  REQUIRE(rig.run(code));
  CHECK(rig.console == "\x78\x78\xFF\x42");
  CHECK(function.writes == std::vector<std::pair<std::uint64_t, std::size_t>>{{0x30, 2}});
}

TEST_CASE("Machine: a doorbell of any width rings the eventfd while its BAR is mapped",
          "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  FunctionFake& function = add_function(rig);
  Code code;
  enable_memory(code).store16(kBarInWindow + 0x100, 0).store32(kBarInWindow + 0x100, 0xFFFF'FFFF);
  code.out16(layout::kPciConfigData, 0).store16(kBarInWindow + 0x100, 0).power_off();

  REQUIRE(rig.run(code));
  CHECK(function.rings() == 2);
  CHECK(function.writes.empty());
}

TEST_CASE("Machine: an MSI-X vector reaches the local APIC through its irqfd", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  add_function(rig);
  Code code;
  code.store32(kApicSpurious, 0x1FF);  // APIC on; interrupts stay pending, for IF is 0
  enable_memory(code).store32(kBarInWindow + 0x10, 1);
  code.wait_for(kApicIrr64To95, 1U << (0x50 - 64)).out8(layout::kSerialBase, 'M').power_off();

  REQUIRE(rig.run(code));
  CHECK(rig.console == "M");
}

TEST_CASE("Machine: INTA# reaches the IOAPIC pin of its slot", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  add_function(rig);  // slot 1: pin 17
  Code code;
  code.store32(kApicSpurious, 0x1FF);
  // Redirection of pin 17: level triggered, active low as ACPI says for PCI, vector 0x51 to APIC 0.
  code.store32(kIoApic, 0x10 + 2 * 17).store32(kIoApic + 0x10, 0x0000'A051);
  enable_memory(code).store32(kBarInWindow + 0x20, 1);
  code.wait_for(kApicIrr64To95, 1U << (0x51 - 64)).out8(layout::kSerialBase, 'L').power_off();

  REQUIRE(rig.run(code));
  CHECK(rig.console == "L");
}

TEST_CASE("Machine: memory above the hole is there", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig(1, 5 * layout::kGiB);  // reserved, not touched
  Code code;
  code.out8(layout::kSerialBase, 'G').power_off();

  REQUIRE(rig.run(code));
  CHECK(rig.console == "G");
}

TEST_CASE("Machine: an exception without handlers is a triple fault", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  Code code;
  code.bytes({0xF7, 0xF1}).spin();  // DIV ecx, which is 0

  const auto exit = rig.run(code);
  REQUIRE(exit);
  CHECK(exit->end == vmm::GuestEnd::kTripleFault);
}

TEST_CASE("Machine: an instruction that cannot be emulated is reported with its place and bytes",
          "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  if (vmm::probe_backend(vmm::Kvm()).backend != vmm::Backend::kInterpreted) {
    WARN("skipped: hardware executes everything");
    return;
  }
  Rig rig;
  Code code;
  code.bytes({0xF3, 0x0F, 0xB8, 0xC1}).spin();  // POPCNT eax, ecx

  const auto exit = rig.run(code);
  REQUIRE(exit);
  CHECK(exit->end == vmm::GuestEnd::kEmulationFailure);
  CHECK_THAT(exit->detail, test::contains_text("0x10000") && test::contains_text("f3 0f b8 c1"));
}

TEST_CASE("Machine: a spinning guest is stopped from outside", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig(2);  // the second vCPU waits to be started
  Code code;
  code.out8(layout::kSerialBase, 'S').spin();
  rig.start(code);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  rig.machine.stop();
  CHECK(rig.console == "S");
}

TEST_CASE("Machine: stopped before it started, it never runs", "[vmm][machine][kvm]") {
  if (!kvm_is_there()) return;
  Rig rig;
  Code code;
  code.out8(layout::kSerialBase, 'S').spin();
  rig.machine.stop();
  rig.start(code);
  rig.machine.stop();
  CHECK(rig.console.empty());
}
