// A device, the back-end that presents it, and a front-end with its driver, in one process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/vhost_user/front_end.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/devices/crypto/session_messages.h"
#include "virtcrypt/virtio/vhost_user/backend.h"

namespace virtcrypt::test {

// Options of a device with threads.
[[nodiscard]] devices::crypto_dev::DeviceOptions threaded_device(std::uint16_t data_queues = 1);

// A device and its back-end: a process of its own, as far as the protocol is concerned.
class BackEndProcess {
 public:
  explicit BackEndProcess(const devices::crypto_dev::DeviceOptions& options = polled_device());

  [[nodiscard]] devices::crypto_dev::Device& device() { return device_; }
  [[nodiscard]] virtio::vhost_user::Backend& backend() { return backend_; }
  [[nodiscard]] const std::vector<std::string>& log() const { return log_; }
  // Empty when the device has threads.
  [[nodiscard]] std::function<void()> pump();

 private:
  const bool polled_;
  devices::crypto_dev::Device device_;
  devices::crypto_dev::SessionMessages sessions_;
  std::vector<std::string> log_;
  virtio::vhost_user::Backend backend_;
};

class Scene {
 public:
  explicit Scene(const devices::crypto_dev::DeviceOptions& options = polled_device(),
                 const std::vector<SharedMemory::Wanted>& regions = {{SharedMemory::kBase, 4 << 20}});

  [[nodiscard]] FrontEnd& front_end() { return *front_end_; }
  [[nodiscard]] SharedMemory& memory() { return memory_; }
  [[nodiscard]] devices::crypto_dev::Device& device() { return process_->device(); }
  [[nodiscard]] virtio::vhost_user::Backend& backend() { return process_->backend(); }
  [[nodiscard]] const std::vector<std::string>& log() const { return process_->log(); }

  // The whole start: negotiation, memory, rings 0 to `rings` - 1.
  void start_as_qemu(std::uint16_t rings = 1, std::uint16_t ring_size = 64);
  void start(std::uint64_t features, std::uint16_t rings, std::uint16_t ring_size = 64);
  // The back-end's process dies without a word, and another one takes its place; the rings stay as they are.
  void replace_process();

 private:
  const devices::crypto_dev::DeviceOptions options_;
  SharedMemory memory_;
  std::unique_ptr<BackEndProcess> process_;
  std::unique_ptr<DirectChannel> channel_;
  std::unique_ptr<FrontEnd> front_end_;
};

constexpr std::uint64_t kModern = feature::kVersion1 | feature::kIndirectDesc | feature::kEventIdx;

// RFC 3602, section 4.
struct CbcVector {
  Bytes key, iv, text, cipher_text;
};
[[nodiscard]] const CbcVector& rfc3602_case_1();  // one block
[[nodiscard]] const CbcVector& rfc3602_case_2();  // two

[[nodiscard]] CipherSubject aes_cbc(std::span<const std::byte> key, std::uint32_t op = wire_number::kEncrypt);
[[nodiscard]] Request encrypt(std::uint64_t session, const CbcVector& vector);
// That it came back with the vector's result.
[[nodiscard]] bool is_right(const Answer& answer, const CbcVector& vector);

}  // namespace virtcrypt::test
