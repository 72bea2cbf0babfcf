#include "virtcrypt/vmm/crypto_function.h"

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::vmm {

std::unique_ptr<virtio::pci::Function> make_crypto_function(const CryptoOptions& options, const std::string& name,
                                                            const virtio::GuestMemory& memory,
                                                            virtio::pci::Slot& slot) {
  using devices::crypto_dev::Device;
  const devices::crypto_dev::DeviceOptions device_options{.name = name,
                                                          .data_queues = static_cast<std::uint16_t>(options.queues),
                                                          .queue_size = static_cast<std::uint16_t>(options.queue_size),
                                                          .io_threads = options.io_threads,
                                                          .workers = options.workers,
                                                          .max_sessions = options.max_sessions};
  return std::make_unique<virtio::pci::VirtioPciFunction>(
      std::make_unique<Device>(device_options, crypto::make_default_engine()), memory, slot);
}

}  // namespace virtcrypt::vmm
