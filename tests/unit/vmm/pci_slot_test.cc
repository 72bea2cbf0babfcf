#include "virtcrypt/vmm/pci_slot.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "tests/support/catch.h"
#include "tests/unit/vmm/vm_events_fake.h"
#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/pci_setup.h"

using namespace virtcrypt;
using tests::VmEventsFake;

namespace {

// One 64-bit BAR 0 of 16 KiB with two doorbells, and one 32-bit BAR 4 of 4 KiB.
class FunctionFake final : public virtio::pci::Function {
 public:
  std::uint32_t config_read(std::uint16_t offset, unsigned /*width*/) override { return config[offset]; }
  void config_write(std::uint16_t offset, unsigned /*width*/, std::uint32_t value) override {
    config[offset] = value;
  }
  void bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) override {
    for (std::byte& byte : data) {
      byte = static_cast<std::byte>(16 * bar + offset);
    }
  }
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override {
    last_write = {bar, offset, data.size()};
  }
  std::vector<BarInfo> bars() const override { return {{0, 0x4000, true}, {4, 0x1000, false}}; }
  std::uint16_t msix_vectors() const override { return 8; }
  std::vector<virtio::pci::Doorbell> doorbells() const override { return {{0, 0x3000, 70}, {0, 0x3004, 71}}; }

  std::array<std::uint32_t, 256> config{};
  std::array<std::uint64_t, 3> last_write{};
};

struct Rig {
  vmm::Bus bus;
  VmEventsFake events;
  vmm::Interrupts interrupts{events};
  vmm::PciSlot slot{3, {bus, events, interrupts}};
  FunctionFake function;

  Rig() { slot.attach(function); }

  unsigned read(std::uint64_t address) {
    std::array<std::byte, 1> data{};
    bus.read(address, data);
    return std::to_integer<unsigned>(data[0]);
  }
};

using Doorbells = std::map<std::uint64_t, int>;

// What is logged while it lives, from debug on.
class LogCapture {
 public:
  LogCapture() {
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(stream_));
    logger->set_level(spdlog::level::debug);
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  }
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  ~LogCapture() { spdlog::set_default_logger(before_); }

  [[nodiscard]] std::string text() const { return stream_.str(); }

 private:
  std::ostringstream stream_;
  const std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

constexpr std::uint8_t kInterruptPin = 0x3D;
constexpr std::uint8_t kInterruptLine = 0x3C;

}  // namespace

TEST_CASE("PciSlot: a mapped BAR answers on the memory bus", "[vmm][pci]") {
  Rig rig;
  rig.slot.map_bar(0, 0xC000'0000, 0x4000);
  rig.slot.map_bar(4, 0xC000'4000, 0x1000);

  CHECK(rig.read(0xC000'0002) == 0x02);
  CHECK(rig.read(0xC000'4003) == 0x43);
  rig.bus.write(0xC000'4010, std::array<std::byte, 4>{});
  CHECK(rig.function.last_write == std::array<std::uint64_t, 3>{4, 0x10, 4});
}

TEST_CASE("PciSlot: a moved BAR answers at its new place only, and so do its doorbells", "[vmm][pci]") {
  Rig rig;
  rig.slot.map_bar(0, 0xC000'0000, 0x4000);
  CHECK(rig.events.ioeventfds == Doorbells{{0xC000'3000, 70}, {0xC000'3004, 71}});

  rig.slot.map_bar(0, 0xD000'0000, 0x4000);
  CHECK(rig.read(0xC000'0002) == 0xFF);
  CHECK(rig.read(0xD000'0002) == 0x02);
  CHECK(rig.events.ioeventfds == Doorbells{{0xD000'3000, 70}, {0xD000'3004, 71}});
}

TEST_CASE("PciSlot: a guest that moves BARs without end fills no log", "[vmm][pci][hostile]") {
  using std::chrono::steady_clock;
  Rig rig;
  const LogCapture log;
  const auto start = steady_clock::now();
  for (unsigned i = 0; i < 1000; ++i)
    rig.slot.map_bar(0, i % 2 == 0 ? 0xC000'0000 : 0xD000'0000, 0x4000);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(steady_clock::now() - start).count();

  const std::string text = log.text();
  CHECK_THAT(text, test::contains_text("slot 3: BAR 0 at 0xc0000000, 0x4000 bytes (0 more like this)\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') <= 1 + seconds);
}

TEST_CASE("PciSlot: an unmapped BAR takes its doorbells with it, not those of others", "[vmm][pci]") {
  Rig rig;
  rig.slot.map_bar(0, 0xC000'0000, 0x4000);
  rig.slot.map_bar(4, 0xC000'4000, 0x1000);

  rig.slot.unmap_bar(4);
  CHECK(rig.events.ioeventfds.size() == 2);
  rig.slot.unmap_bar(0);
  CHECK(rig.events.ioeventfds.empty());
  CHECK(rig.read(0xC000'0002) == 0xFF);
  CHECK(rig.read(0xC000'4002) == 0xFF);
}

TEST_CASE("PciSlot: a doorbell whose address is taken still works as a register", "[vmm][pci]") {
  Rig rig;
  rig.events.ioeventfds[0xC000'3000] = 5;  // another function's
  rig.slot.map_bar(0, 0xC000'0000, 0x4000);

  rig.bus.write(0xC000'3000, std::array<std::byte, 2>{});
  CHECK(rig.function.last_write == std::array<std::uint64_t, 3>{0, 0x3000, 2});
  rig.slot.unmap_bar(0);
  CHECK(rig.events.ioeventfds == Doorbells{{0xC000'3000, 5}});
}

TEST_CASE("PciSlot: INTA# of slot n is GSI 16 + n % 4", "[vmm][pci]") {
  CHECK(vmm::intx_gsi(1) == 17);
  CHECK(vmm::intx_gsi(3) == 19);
  CHECK(vmm::intx_gsi(4) == 16);

  Rig rig;
  rig.slot.set_intx(true);
  CHECK(rig.events.lines == std::vector<std::pair<std::uint32_t, bool>>{{19, true}});
}

TEST_CASE("PciSlot: MSI-X vectors are routed one by one", "[vmm][pci]") {
  Rig rig;
  rig.slot.signal_msix(7);  // never routed
  rig.slot.route_msix(7, {.address = 0xFEE0'0000, .data = 0x31});
  rig.slot.route_msix(8, {.address = 0xFEE0'0000, .data = 0x34});  // the function has 8
  rig.slot.signal_msix(8);
  rig.slot.route_msix(3, {.address = 0xFEE0'0000, .data = 0x32});
  rig.slot.route_msix(7, {.address = 0xFEE0'0000, .data = 0x33});

  const auto messages = rig.events.messages();
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].u.msi.data == 0x32);
  CHECK(messages[1].u.msi.data == 0x33);
  CHECK(rig.events.irqfds.size() == 2);
}

TEST_CASE("PciWindow: addresses are aligned to the size, and end with the window", "[vmm][pci]") {
  vmm::PciWindow window(0x1000, 0x7000);

  CHECK(window.allocate(0x1000) == 0x1000);
  CHECK(window.allocate(0x2000) == 0x2000);
  CHECK(window.allocate(0x4000) == 0x4000);
  CHECK_FALSE(window.allocate(0x1000));
  CHECK_FALSE(window.allocate(1ULL << 63U));
}

TEST_CASE("PCI set-up: BARs get addresses, a function with a pin its interrupt line", "[vmm][pci]") {
  FunctionFake function;
  function.config[kInterruptPin] = 1;
  vmm::PciWindows windows = vmm::pci_windows(48);
  vmm::set_up_function(function, windows, 18);

  CHECK(function.config[0x10] == 0);
  CHECK(function.config[0x14] == 0x40);  // 256 GiB
  CHECK(function.config[0x20] == 0xC000'0000);
  CHECK(function.config[kInterruptLine] == 18);
  CHECK(function.config[0x04] == 0);  // decoding stays off
}

TEST_CASE("PCI set-up: a processor with few address bits gets all BARs below 4 GiB", "[vmm][pci]") {
  FunctionFake function;
  vmm::PciWindows windows = vmm::pci_windows(36);
  vmm::set_up_function(function, windows, 18);

  CHECK(function.config[0x10] == 0xC000'0000);
  CHECK(function.config[0x14] == 0);
  CHECK(function.config[0x20] == 0xC000'4000);
}

TEST_CASE("PCI set-up: a BAR that fits nowhere is an error of the host", "[vmm][pci]") {
  FunctionFake function;
  vmm::PciWindows windows{{0x1000, 0x1000}, {0x1000, 0x1000}};
  CHECK_THROWS_AS(vmm::set_up_function(function, windows, 18), vmm::HostError);
}

TEST_CASE("PciSlot: the guest's vectors open no file descriptor", "[vmm][pci][sandbox]") {
  const auto lowest_free = [] {
    const int fd = ::dup(STDERR_FILENO);
    ::close(fd);
    return fd;
  };
  Rig rig;
  const int before = lowest_free();
  for (std::uint16_t vector = 0; vector < 8; ++vector) {
    rig.slot.route_msix(vector, {.address = 0xFEE0'0000, .data = 0x31});
  }
  CHECK(rig.events.irqfds.size() == 8);
  CHECK(lowest_free() == before);
}
