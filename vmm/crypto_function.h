// The one place where the machine and the virtio-crypto device meet.
#pragma once

#include <memory>
#include <string>

#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/virtio/driver_check/verdicts.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/virtio/pci/function.h"
#include "virtcrypt/vmm/cli/crypto_options.h"

namespace virtcrypt::vmm {

struct CryptoFunction {
  std::unique_ptr<virtio::pci::Function> function;
  devices::crypto_dev::Device* device;                      // inside `function`
  std::shared_ptr<devices::crypto_dev::DriverCheck> check;  // null: the driver is not judged
};

// A virtio-crypto device for whichever transport, called `name` in logs.
[[nodiscard]] std::unique_ptr<devices::crypto_dev::Device> make_crypto_device(
    const CryptoOptions& options, const std::string& name,
    std::shared_ptr<devices::crypto_dev::RequestTrace> trace = {},
    devices::crypto_dev::ThreadHooks threads = {},
    std::shared_ptr<devices::crypto_dev::DriverCheck> check = {});

// A virtio-crypto device as PCI function, called `name` in logs; `trace`, if there is one, writes its
// requests down; `verdicts`, if there are any, get what its driver keeps and violates. `memory`, `slot` and
// `verdicts` outlive it. Its threads call `threads`.
[[nodiscard]] CryptoFunction make_crypto_function(
    const CryptoOptions& options, const std::string& name, const virtio::GuestMemory& memory,
    virtio::pci::Slot& slot, std::shared_ptr<devices::crypto_dev::RequestTrace> trace = {},
    virtio::DriverVerdicts* verdicts = nullptr, devices::crypto_dev::ThreadHooks threads = {});

}  // namespace virtcrypt::vmm
