#include "virtcrypt/devices/pci/host_bridge.h"

#include <array>
#include <cstring>
#include <vector>

#include "tests/support/catch.h"

using namespace virtcrypt;
using devices::HostBridge;

namespace {

// A function whose configuration space is memory; notes the accesses that reach it.
class FunctionFake final : public virtio::pci::Function {
 public:
  std::uint32_t config_read(std::uint16_t offset, unsigned width) override {
    CHECK(offset % width == 0);
    CHECK(offset + width <= 4096);
    std::uint32_t value = 0;
    std::memcpy(&value, config.data() + offset, width);
    return value;
  }
  void config_write(std::uint16_t offset, unsigned width, std::uint32_t value) override {
    CHECK(offset % width == 0);
    writes.push_back({offset, width, value});
    std::memcpy(config.data() + offset, &value, width);
  }
  void bar_read(unsigned, std::uint64_t, std::span<std::byte>) override {}
  void bar_write(unsigned, std::uint64_t, std::span<const std::byte>) override {}
  std::vector<BarInfo> bars() const override { return {}; }
  std::uint16_t msix_vectors() const override { return 0; }
  std::vector<virtio::pci::Doorbell> doorbells() const override { return {}; }

  std::array<std::uint8_t, 4096> config{};
  std::vector<std::array<std::uint32_t, 3>> writes;
};

template <typename Value>
Value read(devices::IoHandler& handler, std::uint64_t offset) {
  std::array<std::byte, sizeof(Value)> data{};
  handler.read(offset, data);
  Value value{};
  std::memcpy(&value, data.data(), sizeof value);
  return value;
}

template <typename Value>
void write(devices::IoHandler& handler, std::uint64_t offset, Value value) {
  std::array<std::byte, sizeof(Value)> data{};
  std::memcpy(data.data(), &value, sizeof value);
  handler.write(offset, data);
}

constexpr std::uint32_t kEnable = 0x8000'0000;
constexpr std::uint64_t kData = 4;  // 0xCFC

struct Rig {
  HostBridge bridge;
  FunctionFake function;  // 00:05.0

  Rig() {
    for (std::size_t i = 0; i < function.config.size(); ++i) {
      function.config[i] = static_cast<std::uint8_t>(i + i / 256);
    }
    bridge.attach(5, function);
  }

  devices::IoHandler& ports() { return bridge.config_ports(); }
  devices::IoHandler& ecam() { return bridge.ecam(); }
  void select(std::uint32_t address) { write<std::uint32_t>(ports(), 0, address); }
};

std::uint32_t cf8(unsigned device, unsigned function, unsigned reg) {
  return kEnable | device << 11U | function << 8U | reg;
}

std::uint64_t ecam_offset(unsigned device, unsigned function, unsigned reg) {
  return device << 15U | function << 12U | reg;
}

using Writes = std::vector<std::array<std::uint32_t, 3>>;

}  // namespace

TEST_CASE("HostBridge: device 0 is a host bridge", "[devices][pci]") {
  Rig rig;
  CHECK(read<std::uint16_t>(rig.ecam(), ecam_offset(0, 0, 0x00)) != 0xFFFF);
  CHECK(read<std::uint16_t>(rig.ecam(), ecam_offset(0, 0, 0x0A)) == 0x0600);  // class code
  CHECK(read<std::uint8_t>(rig.ecam(), ecam_offset(0, 0, 0x0E)) == 0);        // one function, type 0
  write<std::uint32_t>(rig.ecam(), ecam_offset(0, 0, 0x10), 0xFFFF'FFFF);
  CHECK(read<std::uint32_t>(rig.ecam(), ecam_offset(0, 0, 0x10)) == 0);  // no BAR
}

TEST_CASE("HostBridge: both mechanisms show the same registers at every width", "[devices][pci]") {
  Rig rig;
  for (unsigned device = 0; device < 32; ++device) {
    for (unsigned reg = 0; reg < 256; reg += 4) {
      rig.select(cf8(device, 0, reg));
      const std::uint64_t in_ecam = ecam_offset(device, 0, reg);
      CHECK(read<std::uint32_t>(rig.ports(), kData) == read<std::uint32_t>(rig.ecam(), in_ecam));
      for (unsigned i = 0; i < 4; i += 2) {
        CHECK(read<std::uint16_t>(rig.ports(), kData + i) == read<std::uint16_t>(rig.ecam(), in_ecam + i));
      }
      for (unsigned i = 0; i < 4; ++i) {
        CHECK(read<std::uint8_t>(rig.ports(), kData + i) == read<std::uint8_t>(rig.ecam(), in_ecam + i));
      }
    }
  }
}

TEST_CASE("HostBridge: registers come from the function that is there", "[devices][pci]") {
  Rig rig;
  rig.select(cf8(5, 0, 0x40));
  CHECK(read<std::uint32_t>(rig.ports(), kData) == 0x4342'4140);
  CHECK(read<std::uint8_t>(rig.ports(), kData + 3) == 0x43);
  CHECK(read<std::uint32_t>(rig.ecam(), ecam_offset(5, 0, 0x104)) == 0x0807'0605);
}

TEST_CASE("HostBridge: what is absent reads as all ones and swallows writes", "[devices][pci]") {
  Rig rig;
  const auto [device, function] =
      GENERATE(std::pair{4U, 0U}, std::pair{5U, 1U}, std::pair{0U, 7U}, std::pair{31U, 0U});
  rig.select(cf8(device, function, 0));
  CHECK(read<std::uint32_t>(rig.ports(), kData) == 0xFFFF'FFFF);
  CHECK(read<std::uint8_t>(rig.ports(), kData) == 0xFF);
  CHECK(read<std::uint16_t>(rig.ecam(), ecam_offset(device, function, 2)) == 0xFFFF);
  write<std::uint32_t>(rig.ports(), kData, 0);
  write<std::uint32_t>(rig.ecam(), ecam_offset(device, function, 4), 0);
  CHECK(rig.function.writes.empty());
}

TEST_CASE("HostBridge: without the enable bit, or on another bus, the data port selects nothing",
          "[devices][pci]") {
  Rig rig;
  const std::uint32_t address = GENERATE(cf8(5, 0, 0x40) & ~kEnable, cf8(5, 0, 0x40) | 1U << 16U);
  rig.select(address);
  CHECK(read<std::uint32_t>(rig.ports(), kData) == 0xFFFF'FFFF);
  write<std::uint32_t>(rig.ports(), kData, 0);
  CHECK(rig.function.writes.empty());
}

TEST_CASE("HostBridge: only a doubleword reaches the address register", "[devices][pci][PCI 3.2.2.3.2]") {
  Rig rig;
  rig.select(cf8(5, 0, 0x40));
  write<std::uint8_t>(rig.ports(), 3, 0x01);  // Linux does this before it probes
  write<std::uint16_t>(rig.ports(), 0, 0x1234);
  CHECK(read<std::uint32_t>(rig.ports(), 0) == cf8(5, 0, 0x40));
  CHECK(read<std::uint8_t>(rig.ports(), 0) == 0xFF);
  CHECK(read<std::uint16_t>(rig.ports(), 2) == 0xFFFF);
}

TEST_CASE("HostBridge: reserved bits of the address register read as zero", "[devices][pci][PCI 3.2.2.3.2]") {
  Rig rig;
  rig.select(0xFFFF'FFFF);
  CHECK(read<std::uint32_t>(rig.ports(), 0) == 0x80FF'FFFC);
}

TEST_CASE("HostBridge: a write arrives with its width and place", "[devices][pci]") {
  Rig rig;
  rig.select(cf8(5, 0, 0x3C));
  write<std::uint8_t>(rig.ports(), kData + 1, 0xAB);
  write<std::uint16_t>(rig.ports(), kData + 2, 0xABCD);
  write<std::uint32_t>(rig.ecam(), ecam_offset(5, 0, 0x100), 0x1234'5678);
  CHECK(rig.function.writes == Writes{{0x3D, 1, 0xAB}, {0x3E, 2, 0xABCD}, {0x100, 4, 0x1234'5678}});
}

TEST_CASE("HostBridge: unaligned and wide accesses are cut into aligned ones", "[devices][pci]") {
  Rig rig;
  CHECK(read<std::uint64_t>(rig.ecam(), ecam_offset(5, 0, 0x40)) == 0x4746'4544'4342'4140);
  CHECK(read<std::uint32_t>(rig.ecam(), ecam_offset(5, 0, 0x41)) == 0x4443'4241);
  rig.select(cf8(5, 0, 0x40));
  CHECK(read<std::uint16_t>(rig.ports(), kData + 1) == 0x4241);

  write<std::uint32_t>(rig.ecam(), ecam_offset(5, 0, 0x41), 0x1122'3344);
  CHECK(rig.function.writes == Writes{{0x41, 1, 0x44}, {0x42, 2, 0x2233}, {0x44, 1, 0x11}});
}

TEST_CASE("HostBridge: no access runs from one function into the next", "[devices][pci]") {
  Rig rig;
  CHECK(read<std::uint32_t>(rig.ecam(), ecam_offset(5, 0, 0xFFE)) == 0xFFFF'FFFF);
  CHECK(read<std::uint32_t>(rig.ecam(), ecam_offset(31, 7, 0xFFE)) == 0xFFFF'FFFF);
  write<std::uint32_t>(rig.ecam(), ecam_offset(5, 0, 0xFFE), 0);
  CHECK(rig.function.writes.empty());
}
