#include "tests/conformance/qemu_target.h"

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/conformance/qemu_access.h"
#include "tests/conformance/qemu_process.h"
#include "tests/driver/pci_driver.h"

namespace virtcrypt::conformance {
namespace {

namespace feature = test::feature;

constexpr std::string_view kDefaultProgram = "qemu-system-x86_64";
constexpr unsigned kDevice = 4;  // on bus 0

struct FeatureProperty {
  std::uint64_t feature;
  std::string_view name;
};
constexpr FeatureProperty kFeatureProperties[] = {
    {feature::kIndirectDesc, "indirect_desc"},
    {feature::kEventIdx, "event_idx"},
    {feature::kAccessPlatform, "iommu_platform"},
    {feature::kRingPacked, "packed"},
    {feature::kInOrder, "in_order"},
    {feature::kNotificationData, "notification_data"},
    {feature::kRingReset, "queue_reset"},
};

// What drivers allocate, and behind it the addresses that messages go to, both in RAM.
constexpr std::size_t kMemoryBase = 0x10'0000, kMemoryBytes = 0x100'0000;
constexpr std::size_t kMessageBase = 0x200'0000, kMessageStep = 16;
constexpr std::uint32_t kMessageData = 0x4D53'0000;

// The interrupt line that the PC's bridge leads all INTx# to. Nothing else in the machine uses it.
constexpr unsigned kBridge = 1, kLine = 11;
constexpr std::uint16_t kBridgeRouting = 0x60;

class QemuMemory final : public test::DriverMemory {
 public:
  explicit QemuMemory(std::span<std::byte> ram)
      : DriverMemory({.address = kMemoryBase, .bytes = ram.subspan(kMemoryBase, kMemoryBytes)}) {}
};

class QemuDevice final : public Device {
 public:
  explicit QemuDevice(std::vector<std::string> arguments)
      : qemu_(std::move(arguments)), memory_(qemu_.ram()), access_(qemu_, kDevice) {
    QemuAccess(qemu_, kBridge).config_write(kBridgeRouting, 4, kLine * 0x0101'0101U);
    qemu_.talk([](Qtest& qtest) { qtest.watch_inputs_of("ioapic"); });
    access_.place_bars();
  }

  [[nodiscard]] test::PciAccess& pci() override { return access_; }
  [[nodiscard]] test::DriverMemory& memory() override { return memory_; }
  void advance() override {
    qemu_.talk([](Qtest& qtest) { qtest.round_trip(); });
  }
  // From a notification to the interrupt it is a few rounds of QEMU's main loop.
  void settle() override {
    constexpr unsigned kRounds = 10;
    for (unsigned round = 0; round < kRounds; ++round)
      advance();
  }
  [[nodiscard]] std::chrono::milliseconds patience() const override { return std::chrono::seconds(1); }

  // Messages are writes to memory, so they may as well go to RAM.
  [[nodiscard]] Message message(std::uint16_t n) const override {
    return {.address = kMessageBase + n * kMessageStep, .data = kMessageData + n};
  }
  [[nodiscard]] unsigned take_messages(const Message& message) override {
    advance();  // the message comes behind what it announces
    auto* const word = reinterpret_cast<std::uint32_t*>(qemu_.ram().data() + message.address);
    return std::atomic_ref(*word).exchange(0) == message.data ? 1 : 0;
  }
  [[nodiscard]] bool intx() override {
    return qemu_.talk([](Qtest& qtest) {
      qtest.round_trip();
      return qtest.input_is_high(kLine);
    });
  }

 private:
  QemuProcess qemu_;
  QemuMemory memory_;
  QemuAccess access_;
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

// "7.2.22 (Debian 1:7.2+dfsg-7)".
std::string version_of(const std::string& program) {
  constexpr std::string_view kStart = "QEMU emulator version ";
  const ProgramOutput output = run_program({program, "--version"});
  if (!output.started && program == kDefaultProgram)
    throw std::runtime_error(fmt::format(
        "{} is not installed: apt-get install qemu-system-x86, or name another with qemu:PATH", program));
  if (!output.started) throw std::runtime_error(fmt::format("cannot run {}: {}", program, output.text));
  const std::string line = first_line(output.text);
  if (line.substr(0, kStart.size()) != kStart)
    throw std::runtime_error(
        fmt::format("{} is no QEMU: asked for its version it says \"{}\"", program, line));
  return line.substr(kStart.size());
}

class QemuTarget final : public Target {
 public:
  explicit QemuTarget(const std::string& program) : program_(program), version_(version_of(program)) {
    const ProgramOutput help = run_program({program, "-device", "virtio-crypto-pci,help"});
    properties_ = qemu_properties(help.text);
    if (!help.succeeded || properties_.empty())
      throw std::runtime_error(
          fmt::format("{} has no virtio-crypto-pci: {}", program, first_line(help.text)));
  }
  [[nodiscard]] std::string name() const override { return "QEMU's virtio-crypto-pci"; }
  [[nodiscard]] std::string version() const override { return version_; }
  [[nodiscard]] std::uint32_t abilities() const override { return kSeesMessages | kSeesIntx; }

  // The builtin backend has one data queue, whatever is asked for.
  [[nodiscard]] std::unique_ptr<Device> make_device(const Settings& settings,
                                                    const DeviceOptions& options) override {
    if (settings.dialect != Dialect::kStandard)
      throw std::runtime_error(fmt::format("QEMU does not speak the dialect {}", name_of(settings.dialect)));
    constexpr unsigned kVectors = 3;  // configuration, data queue, control queue
    return std::make_unique<QemuDevice>(std::vector<std::string>{
        program_, "-object", "cryptodev-backend-builtin,id=backend", "-device",
        fmt::format("virtio-crypto-pci,cryptodev=backend,addr={:#x},vectors={}{}", kDevice, kVectors,
                    qemu_feature_properties(properties_, settings, options))});
  }

 private:
  const std::string program_;
  const std::string version_;
  std::set<std::string> properties_;
};

}  // namespace

std::set<std::string> qemu_properties(std::string_view help) {
  std::set<std::string> names;
  while (!help.empty()) {
    const std::string_view line = help.substr(0, help.find('\n'));
    help.remove_prefix(std::min(help.size(), line.size() + 1));
    const std::size_t start = line.find_first_not_of(' ');
    const std::size_t equals = line.find("=<");
    if (start != 0 && start < equals && equals != std::string_view::npos)
      names.emplace(line.substr(start, equals - start));
  }
  return names;
}

std::string qemu_feature_properties(const std::set<std::string>& known, const Settings& settings,
                                    const DeviceOptions& options) {
  const std::uint64_t off = settings.features_off | options.features_off;
  const std::uint64_t on = settings.features_on | (settings.is_packed() ? feature::kRingPacked : 0);
  std::string text;
  for (const FeatureProperty& property : kFeatureProperties) {
    if (((on | off) & property.feature) == 0 || known.count(std::string(property.name)) == 0) continue;
    text += fmt::format(",{}={}", property.name, (off & property.feature) != 0 ? "off" : "on");
  }
  return text;
}

std::unique_ptr<Target> make_qemu_target(const std::string& program) {
  return std::make_unique<QemuTarget>(program.empty() ? std::string(kDefaultProgram) : program);
}

}  // namespace virtcrypt::conformance
