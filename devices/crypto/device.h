// The virtio-crypto device model (VIRTIO 1.4, 5.9): control queue, data queues, sessions and configuration
// space.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/worker_pool.h"
#include "virtcrypt/devices/crypto/control_queue.h"
#include "virtcrypt/devices/crypto/data_queue.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/driver_check.h"
#include "virtcrypt/devices/crypto/parts.h"
#include "virtcrypt/devices/crypto/request_trace.h"
#include "virtcrypt/devices/crypto/sessions.h"
#include "virtcrypt/devices/crypto/stats.h"
#include "virtcrypt/devices/io_threads.h"
#include "virtcrypt/devices/log.h"
#include "virtcrypt/virtio/device.h"

namespace virtcrypt::devices::crypto_dev {

// Called by each thread of a device before it does anything else; empty: nothing is called. Must not throw.
struct ThreadHooks {
  std::function<void()> io_thread_started = {};
  std::function<void()> worker_started = {};
};

struct DeviceOptions {
  std::string name = "crypto0";
  const Dialect* dialect = &standard_dialect();
  std::uint16_t data_queues = 1;   // 1 to kMaxDataQueues
  std::uint16_t queue_size = 256;  // largest size of each queue, 1 to 32768
  std::size_t io_threads = 1;      // 0: run_ready() does their work
  // How long an I/O thread looks at a queue that ran empty before it sleeps, where the driver comes back that
  // soon. 0: it sleeps at once.
  std::chrono::microseconds poll{50};
  std::size_t workers = 1;           // 0: operations run on the I/O threads
  std::size_t max_sessions = 65536;  // open at once; 1 to kMaxSessions
  std::uint64_t max_size = 8 << 20;  // bytes, config space's max_size
  // Longest keys that are accepted, where that is less than what the engine takes.
  std::uint32_t max_cipher_key_bytes = UINT32_MAX;
  std::uint32_t max_auth_key_bytes = UINT32_MAX;
  // Of the features that there are; VERSION_1 always is.
  virtio::FeatureSet offered = virtio::FeatureSet::all();
  // Of those, the extensions of the dialect that are offered.
  virtio::FeatureSet extensions = {};
  bool ready = true;                         // VIRTIO_CRYPTO_S_HW_READY from the start
  std::shared_ptr<RequestTrace> trace = {};  // writes every request down
  std::shared_ptr<DriverCheck> check = {};   // judges the driver; its transport shows it the rest
  ThreadHooks threads = {};
};

constexpr std::uint16_t kMaxDataQueues = 64;
constexpr std::size_t kMaxSessions = std::size_t{1} << 20;

// Queues 0 to N-1 are the data queues, queue N is the control queue (5.9.2). Where N depends on what was
// negotiated, the queues behind N are not used. Data queue i is served by I/O
// thread i modulo their number, the control queue by the first. Thread-safety: as VirtioDevice says; stats()
// from any thread.
class Device final : public virtio::VirtioDevice {
 public:
  Device(const DeviceOptions& options, std::unique_ptr<const crypto::Engine> engine);
  ~Device() override;

  [[nodiscard]] std::string_view name() const override { return parts_.name; }
  [[nodiscard]] virtio::DeviceType type() const override { return parts_.dialect.device_type(); }
  [[nodiscard]] virtio::FeatureSet offered_features() const override;
  [[nodiscard]] bool accepts(virtio::FeatureSet subset) const override;
  [[nodiscard]] std::uint16_t queue_count() const override {
    return static_cast<std::uint16_t>(limits_.data_queues + 1);
  }
  [[nodiscard]] std::uint16_t max_queue_size(virtio::QueueIndex queue) const override;
  [[nodiscard]] int kick_fd(virtio::QueueIndex queue) const override;
  [[nodiscard]] std::size_t config_bytes() const override { return config_.size(); }
  void read_config(std::size_t offset, std::span<std::byte> data) const override;
  void write_config(std::size_t offset, std::span<const std::byte> data) override;
  [[nodiscard]] std::uint8_t config_generation() const override;
  void activate(virtio::Activation activation) override;
  void activate_queue(virtio::ActiveQueue queue, virtio::InterruptSink& interrupts) override;
  void reset_queue(virtio::QueueIndex queue, std::function<void()> done) override;
  void suspend_queue(virtio::QueueIndex queue,
                     std::function<void(std::optional<virtio::QueuePosition>)> done) override;
  void report_fault(virtio::QueueIndex queue, virtio::RingFault fault) override;
  void reset(std::function<void()> done) override;
  void set_bus_master(bool enabled) override;

  // Sets or clears VIRTIO_CRYPTO_S_HW_READY and tells the driver (5.9.5, 5.9.8). While it is clear every
  // request is answered with an error; what is being executed is finished. Any thread.
  void set_ready(bool ready);
  [[nodiscard]] bool ready() const { return ready_.load(std::memory_order_acquire); }

  // For transports whose control queue is somebody else's: a session as a driver creates it, open until it is
  // destroyed or the device reset. kNoSpace when all are taken. One thread at a time, never during a reset.
  [[nodiscard]] crypto::Expected<std::uint64_t, RequestStatus> create_session(
      const crypto::SessionParameters& parameters);
  // False when there is none.
  [[nodiscard]] bool destroy_session(std::uint64_t id);

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] LimitedLog& log() { return log_; }

  [[nodiscard]] StatsSnapshot stats() const;

  // Without I/O threads: does all that is ready. Returns how many handlers ran.
  std::size_t run_ready() { return io_.run_ready(); }

 private:
  [[nodiscard]] QueueLoop* loop_serving(virtio::QueueIndex queue);
  void share_loops();
  void finish_reset();

  const DeviceOptions options_;
  const std::unique_ptr<const crypto::Engine> engine_;
  const Limits limits_;
  // Configuration space and who is told of its changes; no data-path code takes this lock.
  mutable std::mutex config_mutex_;
  std::vector<std::byte> config_;
  std::uint8_t config_generation_ = 0;
  virtio::InterruptSink* interrupts_ = nullptr;  // of an active device
  std::atomic<bool> ready_;
  std::atomic<bool> bus_master_{false};
  Terms terms_{.limits = limits_, .capabilities = engine_->capabilities(), .negotiated = {}};
  LimitedLog log_;
  SessionTable sessions_;
  IoThreads io_;
  std::unique_ptr<crypto::WorkerPool> workers_;
  const DeviceParts parts_;
  ControlStats outside_stats_;  // of sessions that did not come through the control queue

  std::vector<std::unique_ptr<DataQueue>> data_queues_;
  std::unique_ptr<ControlQueue> control_queue_;
  // Serves the control queue when negotiation puts it in the place of a data queue; null if it cannot.
  std::unique_ptr<ControlQueue> early_control_queue_;
  std::vector<QueueLoop*> loops_;  // by index, then the early control queue
  std::vector<LoopShare> shares_;  // of each of io_'s loops
  std::uint16_t active_data_queues_;

  std::atomic<std::size_t> loops_to_stop_{0};
  std::function<void()> reset_done_;
};

}  // namespace virtcrypt::devices::crypto_dev
