// Crypto sessions that a vhost-user front-end creates by message: it serves the control queue itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/virtio/vhost_user/backend.h"

namespace virtcrypt::devices::crypto_dev {

// The protocol says of the content only that it is a "crypto session description"; what front-ends send are
// structures of QEMU, of which there are three: QEMU up to 7.0, which DPDK up to 24.11 expects, 7.1 to 8.2,
// and 9.0 on. They are told apart by their length, and the first two, equally long, by what can stand in
// them. Sessions of the CIPHER service, chains of a cipher with a hash or a MAC, and of AKCIPHER with RSA.
// Standard dialect only. Thread-safety: one thread.
class SessionMessages final : public virtio::vhost_user::SessionMessages {
 public:
  // `device` outlives it.
  explicit SessionMessages(Device& device) : device_(device) {}

  [[nodiscard]] bool create_session(std::span<const std::byte> request, std::span<std::byte> answer) override;
  [[nodiscard]] bool close_session(std::uint64_t id) override { return device_.destroy_session(id); }

 private:
  Device& device_;
};

}  // namespace virtcrypt::devices::crypto_dev
