#include "virtcrypt/vmm/bus.h"

#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

using namespace virtcrypt;

namespace {

// Answers every read with its own mark plus the offset, and notes writes.
class Recorder final : public devices::IoHandler {
 public:
  explicit Recorder(unsigned mark) : mark_(mark) {}

  void read(std::uint64_t offset, std::span<std::byte> data) override {
    for (std::size_t i = 0; i < data.size(); ++i) {
      data[i] = static_cast<std::byte>(mark_ + offset + i);
    }
    if (on_access) on_access();
  }
  void write(std::uint64_t offset, std::span<const std::byte> data) override {
    writes.emplace_back(offset, data.size());
    if (on_access) on_access();
  }

  std::vector<std::pair<std::uint64_t, std::size_t>> writes;
  std::function<void()> on_access;

 private:
  unsigned mark_;
};

std::vector<unsigned> read(vmm::Bus& bus, std::uint64_t address, std::size_t bytes) {
  std::vector<std::byte> data(bytes);
  bus.read(address, data);
  std::vector<unsigned> values;
  for (const std::byte byte : data) {
    values.push_back(std::to_integer<unsigned>(byte));
  }
  return values;
}

using Bytes = std::vector<unsigned>;
using Writes = std::vector<std::pair<std::uint64_t, std::size_t>>;

}  // namespace

TEST_CASE("Bus: an access inside a range reaches its handler with the offset", "[vmm][bus]") {
  vmm::Bus bus;
  Recorder device(0x10);
  bus.add(0x1000, 0x10, device);

  CHECK(read(bus, 0x1004, 4) == Bytes{0x14, 0x15, 0x16, 0x17});
  CHECK(read(bus, 0x100F, 1) == Bytes{0x1F});
  bus.write(0x1008, std::array<std::byte, 8>{});
  CHECK(device.writes == Writes{{8, 8}});
}

TEST_CASE("Bus: where nobody answers, reads are all ones and writes are lost", "[vmm][bus]") {
  vmm::Bus bus;
  Recorder device(0x10);
  bus.add(0x1000, 0x10, device);

  CHECK(read(bus, 0xFFC, 4) == Bytes{0xFF, 0xFF, 0xFF, 0xFF});
  CHECK(read(bus, 0x1010, 1) == Bytes{0xFF});
  CHECK(read(bus, ~0ULL, 1) == Bytes{0xFF});
  bus.write(0x1010, std::array<std::byte, 4>{});
  CHECK(device.writes.empty());
}

TEST_CASE("Bus: an access that leaves or enters a range is split into bytes", "[vmm][bus]") {
  vmm::Bus bus;
  Recorder low(0x10);
  Recorder high(0x80);
  bus.add(0x1000, 0x10, low);
  bus.add(0x1010, 0x10, high);

  CHECK(read(bus, 0x100E, 4) == Bytes{0x1E, 0x1F, 0x80, 0x81});
  CHECK(read(bus, 0x101F, 2) == Bytes{0x8F, 0xFF});
  CHECK(read(bus, 0xFFF, 2) == Bytes{0xFF, 0x10});
  bus.write(0x100F, std::array<std::byte, 3>{});
  CHECK(low.writes == Writes{{0xF, 1}});
  CHECK(high.writes == Writes{{0, 1}, {1, 1}});
}

TEST_CASE("Bus: an access at the end of the address space does not wrap into a range at its start",
          "[vmm][bus]") {
  vmm::Bus bus;
  Recorder device(0x10);
  bus.add(~0ULL - 3, 4, device);

  CHECK(read(bus, ~0ULL - 3, 4) == Bytes{0x10, 0x11, 0x12, 0x13});
  CHECK(read(bus, ~0ULL - 1, 4) == Bytes{0x12, 0x13, 0xFF, 0xFF});
}

TEST_CASE("Bus: of overlapping ranges the first answers, and the other one when it is gone", "[vmm][bus]") {
  vmm::Bus bus;
  Recorder first(0x10);
  Recorder second(0x80);
  bus.add(0x1000, 0x10, first);
  bus.add(0x1000, 0x10, second);

  CHECK(read(bus, 0x1000, 1) == Bytes{0x10});
  bus.remove(first);
  CHECK(read(bus, 0x1000, 1) == Bytes{0x80});
  bus.remove(second);
  CHECK(read(bus, 0x1000, 1) == Bytes{0xFF});
}

TEST_CASE("Bus: a handler may move its own range while it is being called", "[vmm][bus]") {
  vmm::Bus bus;
  Recorder device(0x10);
  bus.add(0x1000, 0x10, device);
  device.on_access = [&] {
    bus.remove(device);
    bus.add(0x2000, 0x10, device);
  };

  bus.write(0x1000, std::array<std::byte, 1>{});
  CHECK(read(bus, 0x1000, 1) == Bytes{0xFF});
  CHECK(read(bus, 0x2000, 1) == Bytes{0x10});
}
