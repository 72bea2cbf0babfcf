#include "tests/bench/measured_device.h"

#include <utility>

#include "tests/conformance/qemu_target.h"
#include "tests/driver/function_access.h"
#include "tests/driver/test_memory.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::bench {
namespace {

constexpr std::string_view kQemu = "qemu", kQemuPath = "qemu:";

// A slot without interrupts: the drivers look at their rings.
class SilentSlot final : public virtio::pci::Slot {
 public:
  void map_bar(unsigned, std::uint64_t, std::uint64_t) override {}
  void unmap_bar(unsigned) override {}
  void route_msix(std::uint16_t, const virtio::pci::MsiMessage&) override {}
  void signal_msix(std::uint16_t) override {}
  void set_intx(bool) override {}
};

class OwnDevice final : public MeasuredDevice {
 public:
  OwnDevice(std::unique_ptr<devices::crypto_dev::Device> model, std::size_t memory_bytes)
      : memory_(memory_bytes),
        model_(*model),
        function_(std::move(model), memory_.memory(), slot_),
        access_(function_) {}

  [[nodiscard]] test::PciAccess& pci() override { return access_; }
  [[nodiscard]] test::DriverMemory& memory() override { return memory_; }
  void run_ready() override { model_.run_ready(); }

 private:
  test::TestMemory memory_;
  SilentSlot slot_;
  devices::crypto_dev::Device& model_;  // the function's
  virtio::pci::VirtioPciFunction function_;
  test::FunctionAccess access_;
};

class PeerDevice final : public MeasuredDevice {
 public:
  explicit PeerDevice(std::unique_ptr<conformance::Device> device) : device_(std::move(device)) {}

  [[nodiscard]] test::PciAccess& pci() override { return device_->pci(); }
  [[nodiscard]] test::DriverMemory& memory() override { return device_->memory(); }
  void run_ready() override { device_->settle(); }

 private:
  std::unique_ptr<conformance::Device> device_;
};

}  // namespace

std::unique_ptr<MeasuredDevice> make_own_device(const devices::crypto_dev::DeviceOptions& options,
                                                std::unique_ptr<const crypto::Engine> engine,
                                                std::size_t memory_bytes) {
  return std::make_unique<OwnDevice>(
      std::make_unique<devices::crypto_dev::Device>(options, std::move(engine)), memory_bytes);
}

bool is_peer_name(const std::string& name) {
  return name == kQemu || (name.starts_with(kQemuPath) && name.size() > kQemuPath.size());
}

std::unique_ptr<conformance::Target> make_peer(const std::string& name) {
  return conformance::make_qemu_target(name.starts_with(kQemuPath) ? name.substr(kQemuPath.size()) : "");
}

std::unique_ptr<MeasuredDevice> make_peer_device(conformance::Target& peer, bool packed) {
  conformance::Settings settings;
  if (packed) settings.ring = conformance::RingFormat::kPacked;
  return std::make_unique<PeerDevice>(peer.make_device(settings, {}));
}

}  // namespace virtcrypt::bench
