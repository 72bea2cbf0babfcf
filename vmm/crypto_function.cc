#include "virtcrypt/vmm/crypto_function.h"

#include <utility>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"
#include "virtcrypt/vmm/cli/crypto_names.h"

namespace virtcrypt::vmm {
namespace {

using devices::crypto_dev::Device;
using devices::crypto_dev::DeviceOptions;
using devices::crypto_dev::DriverCheck;

class ListedOnly final : public crypto::AlgorithmFilter {
 public:
  explicit ListedOnly(const CryptoOptions& options) : options_(options) {}
  [[nodiscard]] bool keeps(crypto::Service service, std::string_view name) const override {
    return (options_.services.empty() || options_.services.count(crypto::name_of(service)) != 0) &&
           (options_.algorithms.empty() || options_.algorithms.count(name) != 0);
  }

 private:
  const CryptoOptions& options_;
};

DeviceOptions device_options(const CryptoOptions& options, const std::string& name) {
  const auto limit = [](unsigned bytes) { return bytes == 0 ? UINT32_MAX : bytes; };
  return {.name = name,
          .dialect = &cli::dialect_of(options.dialect),
          .data_queues = static_cast<std::uint16_t>(options.queues),
          .queue_size = static_cast<std::uint16_t>(options.queue_size),
          .io_threads = options.io_threads,
          .poll = std::chrono::microseconds(options.poll),
          .workers = options.workers,
          .max_sessions = options.max_sessions,
          .max_size = options.max_size,
          .max_cipher_key_bytes = limit(options.max_cipher_key),
          .max_auth_key_bytes = limit(options.max_auth_key),
          .offered = options.features,
          .extensions = options.inline_sessions ? virtio::FeatureSet::all() : virtio::FeatureSet(),
          .ready = options.ready,
          .trace = {},
          .check = {},
          .threads = {}};
}

}  // namespace

std::unique_ptr<Device> make_crypto_device(const CryptoOptions& options, const std::string& name,
                                           std::shared_ptr<devices::crypto_dev::RequestTrace> trace,
                                           devices::crypto_dev::ThreadHooks threads,
                                           std::shared_ptr<DriverCheck> check) {
  auto engine = crypto::make_narrowed_engine(crypto::make_engine(options.engine), ListedOnly(options));
  DeviceOptions described = device_options(options, name);
  described.trace = std::move(trace);
  described.threads = std::move(threads);
  described.check = std::move(check);
  return std::make_unique<Device>(described, std::move(engine));
}

CryptoFunction make_crypto_function(const CryptoOptions& options, const std::string& name,
                                    const virtio::GuestMemory& memory, virtio::pci::Slot& slot,
                                    std::shared_ptr<devices::crypto_dev::RequestTrace> trace,
                                    virtio::DriverVerdicts* verdicts,
                                    devices::crypto_dev::ThreadHooks threads) {
  std::shared_ptr<DriverCheck> check;
  if (verdicts != nullptr)
    check = std::make_shared<DriverCheck>(*verdicts, name, cli::dialect_of(options.dialect),
                                          static_cast<std::uint16_t>(options.queue_size));
  auto device = make_crypto_device(options, name, std::move(trace), std::move(threads), check);
  Device* const handle = device.get();
  return {std::make_unique<virtio::pci::VirtioPciFunction>(std::move(device), memory, slot, check), handle,
          check};
}

}  // namespace virtcrypt::vmm
