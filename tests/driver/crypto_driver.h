// A crypto device in this process and a driver for it: requests are written byte by byte into guest memory,
// go through the rings, and come back.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/driver/driver_ring.h"
#include "tests/driver/fake_slot.h"
#include "tests/driver/function_access.h"
#include "tests/driver/packed_ring.h"
#include "tests/driver/pci_driver.h"
#include "tests/driver/request.h"
#include "tests/driver/request_ring.h"
#include "tests/driver/split_ring.h"
#include "tests/driver/test_memory.h"
#include "tests/driver/wire_number.h"
#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::test {

struct DriverOptions {
  std::uint64_t features = feature::kVersion1 | feature::kIndirectDesc | feature::kEventIdx;
  bool packed = false;  // adds RING_PACKED to the features
  std::uint16_t ring_size = 64;
  std::size_t memory_bytes = std::size_t{16} << 20;
  bool msix = true;
  bool start = true;  // up to DRIVER_OK
  // Leaves nothing out that the specification demands of a driver, even where no device could tell.
  bool by_the_book = false;
  // How many of the data queues are set up, with the control queue behind them; nothing: all that there are.
  std::optional<std::uint16_t> data_queues = {};
};

// What stands around the device in the place of the usual, for tests that want a hand in it.
struct Surroundings {
  std::unique_ptr<const crypto::Engine> engine = {};      // null: all that there is
  virtio::pci::Slot* slot = nullptr;                      // null: CryptoDriver::slot()
  std::shared_ptr<virtio::DriverObserver> observer = {};  // null: DeviceOptions::check
};

// Options of a device without threads: every step runs inside wait().
[[nodiscard]] devices::crypto_dev::DeviceOptions polled_device(std::uint16_t data_queues = 1);

// Thread-safety: one driver thread; a second one may use submit()/wait() on another queue.
class CryptoDriver {
 public:
  explicit CryptoDriver(const devices::crypto_dev::DeviceOptions& device = polled_device(),
                        const DriverOptions& driver = {}, Surroundings surroundings = {});
  ~CryptoDriver();

  [[nodiscard]] PciDriver& pci() { return *pci_; }
  [[nodiscard]] virtio::pci::VirtioPciFunction& function() { return *function_; }
  [[nodiscard]] FakeSlot& slot() { return slot_; }
  [[nodiscard]] TestMemory& memory() { return memory_; }
  // Of either format; split_ring() and packed_ring() throw std::bad_cast when the format is the other one.
  [[nodiscard]] DriverRing& any_ring(std::uint16_t queue) { return rings_.at(queue)->ring(); }
  [[nodiscard]] SplitRing& split_ring(std::uint16_t queue) {
    return dynamic_cast<SplitRing&>(any_ring(queue));
  }
  [[nodiscard]] PackedRing& packed_ring(std::uint16_t queue) {
    return dynamic_cast<PackedRing&>(any_ring(queue));
  }
  [[nodiscard]] SplitRing& ring(std::uint16_t queue) { return split_ring(queue); }
  [[nodiscard]] devices::crypto_dev::Device& device() { return *device_; }
  [[nodiscard]] std::uint16_t control_queue() const { return data_queues_; }

  // 3.1.1 from reset to DRIVER_OK with fresh rings; false when the features are refused.
  bool start();
  // Resets and waits until device_status reads 0.
  void reset();

  // RING_RESET: resets one queue, whose requests are lost, and enables it again with a fresh ring.
  void reset_queue(std::uint16_t queue);
  void enable_queue(std::uint16_t queue, std::uint16_t ring_size);

  // Notifies as negotiated.
  void kick(std::uint16_t queue);

  // Puts the request on the ring and kicks if the device asks for it. Returns the head.
  std::uint16_t submit(std::uint16_t queue, const Request& request);
  // Waits for a head; throws after 20 seconds.
  Answer wait(std::uint16_t queue, std::uint16_t head);
  Answer call(std::uint16_t queue, const Request& request) { return wait(queue, submit(queue, request)); }

  // Runs the device once (polled) or lets its threads run; then takes in what came back.
  void pump(std::uint16_t queue);
  [[nodiscard]] bool is_back(std::uint16_t queue, std::uint16_t head) const;
  // Until `condition` or 20 seconds; returns whether it came true.
  template <typename Condition>
  bool wait_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      idle();
    }
    return true;
  }

  // Guest memory of the test's own that stays until the next start(). Only while no request is under way.
  Buffer keep(std::size_t bytes);
  Buffer keep(std::span<const std::byte> content);

  // Control queue.
  struct Created {
    std::uint32_t status;
    std::uint64_t id;
  };
  [[nodiscard]] static Request cipher_create(std::uint32_t algorithm, std::span<const std::byte> key,
                                             std::uint32_t op, std::uint32_t op_type = 1);
  [[nodiscard]] static Request akcipher_create(std::uint32_t key_type, std::uint32_t padding,
                                               std::uint32_t hash, std::span<const std::byte> key,
                                               std::uint32_t algorithm = 1);
  [[nodiscard]] static Request destroy(std::uint32_t opcode, std::uint64_t id);
  Created create(const Request& request);
  std::uint64_t create_cipher(std::uint32_t algorithm, std::span<const std::byte> key, std::uint32_t op);
  std::uint8_t destroy_session(std::uint32_t opcode, std::uint64_t id);

  // Data queues.
  [[nodiscard]] static Request cipher(std::uint32_t opcode, std::uint64_t session,
                                      std::span<const std::byte> iv, std::span<const std::byte> source,
                                      std::optional<std::size_t> destination = {});
  [[nodiscard]] static Bytes cipher_header(std::uint32_t opcode, std::uint64_t session, std::uint32_t iv,
                                           std::uint32_t source, std::uint32_t destination,
                                           std::uint32_t op_type = 1);
  [[nodiscard]] static Bytes akcipher_header(std::uint32_t opcode, std::uint64_t session,
                                             std::uint32_t source, std::uint32_t destination);
  [[nodiscard]] static Request akcipher(std::uint32_t opcode, std::uint64_t session,
                                        std::span<const std::byte> source, std::size_t destination);

 private:
  void idle();
  void make_ring(std::uint16_t queue, std::uint16_t size);

  const DriverOptions options_;
  const std::uint64_t features_;
  const std::uint16_t data_queues_;
  const bool polled_;
  TestMemory memory_;
  FakeSlot slot_;
  devices::crypto_dev::Device* device_ = nullptr;
  std::unique_ptr<virtio::pci::VirtioPciFunction> function_;
  std::unique_ptr<FunctionAccess> access_;
  std::unique_ptr<PciDriver> pci_;
  std::vector<std::unique_ptr<RequestRing>> rings_;
  std::size_t memory_mark_ = 0;
};

}  // namespace virtcrypt::test
