#include "virtcrypt/devices/power.h"

#include <array>
#include <cstring>
#include <vector>

#include "tests/support/catch.h"

using namespace virtcrypt::devices;

namespace {

constexpr unsigned kSoftOff = 5;
constexpr std::uint64_t kStatus = 0;
constexpr std::uint64_t kEnable = 2;
constexpr std::uint64_t kControl = 4;
constexpr std::uint16_t kSleepEnable = 1U << 13U;

std::uint16_t sleep_type(unsigned type) {
  return static_cast<std::uint16_t>(type << 10U);
}

struct Rig {
  std::vector<PowerRequest> requests;
  AcpiPowerRegisters registers{kSoftOff, [this](PowerRequest request) { requests.push_back(request); }};

  std::uint16_t read(std::uint64_t offset) {
    std::array<std::byte, 2> data{};
    registers.read(offset, data);
    std::uint16_t value = 0;
    std::memcpy(&value, data.data(), sizeof value);
    return value;
  }
  void write(std::uint64_t offset, std::uint16_t value) {
    registers.write(offset, std::as_bytes(std::span(&value, 1)));
  }
  void write_byte(std::uint64_t offset, std::uint8_t value) {
    registers.write(offset, std::as_bytes(std::span(&value, 1)));
  }
};

using Requests = std::vector<PowerRequest>;

}  // namespace

TEST_CASE("ACPI registers: the machine is in ACPI mode and has no event", "[devices][power]") {
  Rig rig;
  CHECK(rig.read(kControl) == 1);  // SCI_EN
  CHECK(rig.read(kStatus) == 0);
  rig.write(kControl, 0);
  rig.write(kStatus, 0xFFFF);
  CHECK(rig.read(kControl) == 1);
  CHECK(rig.read(kStatus) == 0);
}

TEST_CASE("ACPI registers: enable bits read back as written", "[devices][power]") {
  Rig rig;
  rig.write(kEnable, 0x0120);  // power button and global lock
  CHECK(rig.read(kEnable) == 0x0120);
  rig.write_byte(kEnable + 1, 0x02);  // sleep button
  CHECK(rig.read(kEnable) == 0x0220);
  rig.write(kEnable, 0xFFFF);
  CHECK(rig.read(kEnable) == 0x4721);  // the bits that ACPI defines
}

TEST_CASE("ACPI registers: SLP_TYP of soft-off with SLP_EN switches off", "[devices][power]") {
  Rig rig;
  rig.write(kControl, sleep_type(kSoftOff) | 1);  // as ACPICA: first the type alone
  CHECK(rig.requests.empty());
  CHECK(rig.read(kControl) == (sleep_type(kSoftOff) | 1));
  rig.write(kControl, sleep_type(kSoftOff) | kSleepEnable | 1);
  CHECK(rig.requests == Requests{PowerRequest::kPowerOff});
  CHECK((rig.read(kControl) & kSleepEnable) == 0);
}

TEST_CASE("ACPI registers: a byte is enough to switch off", "[devices][power]") {
  Rig rig;
  rig.write_byte(kControl, 0xFF);
  CHECK(rig.requests.empty());
  rig.write_byte(kControl + 1, 0x34);
  CHECK(rig.requests == Requests{PowerRequest::kPowerOff});
}

TEST_CASE("ACPI registers: other sleep types do nothing", "[devices][power]") {
  Rig rig;
  const unsigned type = GENERATE(0U, 1U, 3U, 4U, 6U, 7U);
  rig.write(kControl, sleep_type(type) | kSleepEnable);
  CHECK(rig.requests.empty());
}

TEST_CASE("ACPI registers: one access may cover several registers", "[devices][power]") {
  Rig rig;
  const std::array<std::uint8_t, 4> data{0x20, 0x01, 0x00, 0x34};  // PM1_EN and PM1_CNT
  rig.registers.write(kEnable, std::as_bytes(std::span(data)));
  CHECK(rig.read(kEnable) == 0x0120);
  CHECK(rig.requests == Requests{PowerRequest::kPowerOff});
}

TEST_CASE("Reset port: only its value resets, and reads are 0", "[devices][power]") {
  std::vector<PowerRequest> requests;
  ResetPort port(0xFE, [&](PowerRequest request) { requests.push_back(request); });

  std::array<std::byte, 1> data{std::byte{0xD1}};
  port.write(0, data);
  CHECK(requests.empty());
  port.read(0, data);
  CHECK(data[0] == std::byte{0});
  data[0] = std::byte{0xFE};
  port.write(0, data);
  CHECK(requests == Requests{PowerRequest::kReset});
}
