#include "tests/conformance/bare_metal/bare_metal_target.h"

#include <array>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <spdlog/spdlog.h>

#include "tests/conformance/bare_metal/agent_image.h"
#include "tests/conformance/bare_metal/agent_link.h"
#include "tests/conformance/bare_metal/guest_access.h"
#include "tests/conformance/bare_metal/shared_note.h"
#include "tests/conformance/bare_metal/thread_watch.h"
#include "tests/driver/rfc_v2_requests.h"
#include "virtcrypt/devices/log.h"
#include "virtcrypt/vmm/crypto_function.h"
#include "virtcrypt/vmm/layout.h"
#include "virtcrypt/vmm/machine.h"
#include "virtcrypt/vmm/probe.h"

namespace virtcrypt::conformance {
namespace {

using guest::Order;
namespace layout = vmm::layout;

// The agent lies at 1 MiB and is small.
constexpr std::uint64_t kRamBytes = 32 * layout::kMiB;
constexpr std::uint64_t kDriverBase = 4 * layout::kMiB, kDriverBytes = 16 * layout::kMiB;

// Vectors of the guest: one for each message that it tells from the others, one for INTA#.
constexpr std::uint8_t kFirstMessageVector = 0x40;
constexpr std::uint8_t kLineVector = 0xA0;

constexpr std::uint16_t kInterruptLine = 0x3C;
constexpr unsigned kMaxSessions = 64;

vmm::CryptoOptions crypto_options(const Settings& settings, const DeviceOptions& options) {
  vmm::CryptoOptions crypto;
  crypto.queues = options.data_queues;
  crypto.max_sessions = kMaxSessions;
  crypto.features = virtio::FeatureSet(~(settings.features_off | options.features_off));
  if (settings.dialect == Dialect::kRfcV2) {
    crypto.dialect = vmm::CryptoDialect::kRfcV2;
    crypto.inline_sessions = (settings.features_on & test::rfc_v2::kFeatureInline) != 0;
  }
  return crypto;
}

class GuestDriverMemory final : public test::DriverMemory {
 public:
  explicit GuestDriverMemory(const virtio::GuestMemory& ram)
      : DriverMemory({.address = kDriverBase,
                      .bytes = ram.range(virtio::GuestAddress{kDriverBase}, kDriverBytes).value()}) {}
};

// Lets go of the vCPU that waits for an order, before the machine waits for the vCPU.
class LinkCloser {
 public:
  explicit LinkCloser(AgentLink& link) : link_(link) {}
  LinkCloser(const LinkCloser&) = delete;
  LinkCloser& operator=(const LinkCloser&) = delete;
  ~LinkCloser() { link_.close(); }

 private:
  AgentLink& link_;
};

class BareMetalDevice final : public Device {
 public:
  BareMetalDevice(const vmm::CryptoOptions& options, const AgentImage& agent, SharedNote& note)
      : link_(note),
        machine_({.memory_bytes = kRamBytes, .cpus = 1},
                 {.console_output = [](std::byte) {},
                  .ended = [this](const vmm::GuestExit& exit) { link_.machine_ended(exit.detail); }}),
        memory_(machine_.memory()) {
    link_.connect(machine_.memory());
    machine_.add_ports(guest::kAgentPort, guest::kAgentPorts, link_);
    add_device(options);
    machine_.load({.kernel = agent.path(), .initrd = {}, .command_line = {}});
    machine_.start();
    link_.wait_until_ready();
    access_.emplace(link_);
    line_ = access_->config_read(kInterruptLine, 1);
  }

  [[nodiscard]] test::PciAccess& pci() override { return *access_; }
  [[nodiscard]] test::DriverMemory& memory() override { return memory_; }
  void advance() override { std::this_thread::yield(); }
  // A doorbell has woken a thread of the device before the guest goes on, and each wakes the next before it
  // sleeps.
  void settle() override { static_cast<void>(device_threads_.wait_until_idle(patience())); }
  [[nodiscard]] std::chrono::milliseconds patience() const override { return std::chrono::seconds(5); }

  [[nodiscard]] Message message(std::uint16_t n) const override {
    return {.address = layout::kLocalApicBase, .data = std::uint32_t{kFirstMessageVector} + n};
  }
  [[nodiscard]] unsigned take_messages(const Message& message) override {
    link_.carry_out(Order::kTakeInterrupts, 0, 0, 0, "taking interrupts");
    return took_more(static_cast<std::uint8_t>(message.data)) ? 1 : 0;
  }
  [[nodiscard]] bool intx() override {
    link_.carry_out(Order::kWatchLine, line_, 0, kLineVector, "watching its interrupt line");
    return took_more(kLineVector);
  }
  void change_config() override { model_->set_ready(!model_->ready()); }

 private:
  void add_device(const vmm::CryptoOptions& options) {
    const std::set<pid_t> before = threads_of_this_process();
    machine_.add_function([&](const virtio::GuestMemory& memory, virtio::pci::Slot& slot) {
      vmm::CryptoFunction made = vmm::make_crypto_function(options, "crypto0", memory, slot);
      model_ = made.device;
      return std::move(made.function);
    });
    std::set<pid_t> threads = threads_of_this_process();
    for (const pid_t other : before)
      threads.erase(other);
    device_threads_ = ThreadWatch(threads);
  }

  // Than at the last call for this vector.
  bool took_more(std::uint8_t vector) {
    const std::uint64_t now = link_.interrupts_taken(vector);
    return std::exchange(taken_[vector], now) != now;
  }

  AgentLink link_;
  vmm::Machine machine_;
  LinkCloser closer_{link_};
  GuestDriverMemory memory_;
  devices::crypto_dev::Device* model_ = nullptr;  // in machine_
  ThreadWatch device_threads_;
  std::optional<GuestAccess> access_;
  std::uint32_t line_ = 0;  // the IOAPIC's input that INTA# leads to
  std::array<std::uint64_t, 256> taken_{};
};

vmm::Backend usable_backend() {
  const vmm::Kvm kvm;
  kvm.require_capabilities();
  const vmm::ProbeResult probe = vmm::probe_backend(kvm);
  vmm::require_usable(probe);
  return probe.backend;
}

class BareMetalTarget final : public Target {
 public:
  BareMetalTarget() : backend_(usable_backend()) {
    // What hostile drivers provoke is not news here.
    spdlog::set_level(spdlog::level::off);
    devices::log().set_level(spdlog::level::off);
  }
  [[nodiscard]] std::string name() const override { return "virtcrypt's device, driven by a guest on KVM"; }
  [[nodiscard]] std::string version() const override {
    return fmt::format(
        "{}, {}", VIRTCRYPT_VERSION,
        backend_ == vmm::Backend::kHardware ? "hardware virtualization" : "a KVM that interprets guests");
  }
  // Two messages in a row may become one interrupt.
  [[nodiscard]] std::uint32_t abilities() const override {
    return kSeesMessages | kSeesIntx | kChangesConfig;
  }
  [[nodiscard]] std::unique_ptr<Device> make_device(const Settings& settings,
                                                    const DeviceOptions& options) override {
    return std::make_unique<BareMetalDevice>(crypto_options(settings, options), agent_, note_);
  }
  [[nodiscard]] std::string last_words() const override { return note_.read(); }

 private:
  const vmm::Backend backend_;
  AgentImage agent_;
  SharedNote note_;
};

}  // namespace

std::unique_ptr<Target> make_bare_metal_target() {
  return std::make_unique<BareMetalTarget>();
}

}  // namespace virtcrypt::conformance
