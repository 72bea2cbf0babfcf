#include "tests/conformance/in_process_target.h"

#include <map>
#include <utility>

#include "tests/driver/function_access.h"
#include "tests/driver/test_memory.h"
#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/devices/log.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::conformance {
namespace {

namespace crypto_dev = devices::crypto_dev;

// Counts messages as an interrupt controller would see them: by address and data.
class RecordingSlot final : public virtio::pci::Slot {
 public:
  void map_bar(unsigned, std::uint64_t, std::uint64_t) override {}
  void unmap_bar(unsigned) override {}
  void route_msix(std::uint16_t vector, const virtio::pci::MsiMessage& message) override {
    routes_[vector] = message;
  }
  void signal_msix(std::uint16_t vector) override {
    const auto route = routes_.find(vector);
    if (route != routes_.end()) ++sent_[{route->second.address, route->second.data}];
  }
  void set_intx(bool asserted) override { intx_ = asserted; }

  [[nodiscard]] unsigned take(const Message& message) {
    return std::exchange(sent_[{message.address, message.data}], 0);
  }
  [[nodiscard]] bool intx() const { return intx_; }

 private:
  std::map<std::uint16_t, virtio::pci::MsiMessage> routes_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, unsigned> sent_;
  bool intx_ = false;
};

crypto_dev::DeviceOptions model_options(const Settings& settings, const DeviceOptions& options) {
  return {.dialect = settings.dialect == Dialect::kStandard ? &crypto_dev::standard_dialect()
                                                            : &crypto_dev::rfc_v2_dialect(),
          .data_queues = options.data_queues,
          .io_threads = 0,
          .workers = 0,
          .max_sessions = 64,
          .offered = virtio::FeatureSet(~(settings.features_off | options.features_off)),
          .extensions = virtio::FeatureSet(settings.features_on)};
}

class InProcessDevice final : public Device {
 public:
  InProcessDevice(const Settings& settings, const DeviceOptions& options) {
    auto model =
        std::make_unique<crypto_dev::Device>(model_options(settings, options), crypto::make_default_engine());
    model_ = model.get();
    function_ = std::make_unique<virtio::pci::VirtioPciFunction>(std::move(model), memory_.memory(), slot_);
    access_ = std::make_unique<test::FunctionAccess>(*function_);
    place_bars();
  }

  [[nodiscard]] test::PciAccess& pci() override { return *access_; }
  [[nodiscard]] test::DriverMemory& memory() override { return memory_; }
  void advance() override { model_->run_ready(); }
  void settle() override {
    while (model_->run_ready() > 0) {
    }
  }
  // All that a polled device does, it does in advance().
  [[nodiscard]] std::chrono::milliseconds patience() const override { return std::chrono::milliseconds(100); }

  [[nodiscard]] Message message(std::uint16_t n) const override {
    return {.address = 0xFEE0'0000, .data = 0x40U + n};
  }
  [[nodiscard]] unsigned take_messages(const Message& message) override { return slot_.take(message); }
  [[nodiscard]] bool intx() override { return slot_.intx(); }
  void change_config() override { model_->set_ready(!model_->ready()); }

 private:
  // As firmware would.
  void place_bars() {
    std::uint64_t next = std::uint64_t{1} << 32;
    for (const auto& bar : function_->bars()) {
      next = (next + bar.size - 1) / bar.size * bar.size;
      const auto offset = static_cast<std::uint16_t>(0x10 + 4 * bar.bar);
      access_->config_write(offset, 4, static_cast<std::uint32_t>(next));
      if (bar.is_64bit)
        access_->config_write(static_cast<std::uint16_t>(offset + 4), 4,
                              static_cast<std::uint32_t>(next >> 32));
      next += bar.size;
    }
  }

  test::TestMemory memory_{std::size_t{16} << 20};
  RecordingSlot slot_;
  crypto_dev::Device* model_ = nullptr;
  std::unique_ptr<virtio::pci::VirtioPciFunction> function_;
  std::unique_ptr<test::FunctionAccess> access_;
};

class InProcessTarget final : public Target {
 public:
  InProcessTarget() {
    // What hostile drivers provoke is not news here.
    devices::log().set_level(spdlog::level::off);
  }
  [[nodiscard]] std::string name() const override { return "virtcrypt's device model"; }
  [[nodiscard]] std::string version() const override { return VIRTCRYPT_VERSION; }
  [[nodiscard]] std::uint32_t abilities() const override {
    return kSeesMessages | kCountsMessages | kSeesIntx | kChangesConfig;
  }
  [[nodiscard]] std::unique_ptr<Device> make_device(const Settings& settings,
                                                    const DeviceOptions& options) override {
    return std::make_unique<InProcessDevice>(settings, options);
  }
};

}  // namespace

std::unique_ptr<Target> make_in_process_target() {
  return std::make_unique<InProcessTarget>();
}

}  // namespace virtcrypt::conformance
