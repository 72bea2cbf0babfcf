// A data queue: turns chains into operations, has them executed in batches, and returns the chains
// (VIRTIO 1.4, 5.9.9.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/stack_wipe.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/parts.h"
#include "virtcrypt/devices/crypto/stats.h"
#include "virtcrypt/devices/queue_loop.h"

namespace virtcrypt::devices::crypto_dev {

// Requests that are executed together: on the loop's thread when that is cheaper than a hand-off, else as one
// piece of work of the pool. Owned by whoever works on it. Jobs are reused, so that the steady state
// allocates nothing.
class Job {
 public:
  Job() = default;
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  struct Entry {
    virtio::DescriptorChain chain;
    DataRequest request;
    crypto::SessionPointer session;    // stateless mode
    std::size_t operation = kRefused;  // operation()'s index
    std::unique_ptr<RequestTrace::Begun> trace;
    DriverCheck::Taken taken;  // when the driver is judged
  };
  static constexpr std::size_t kRefused = SIZE_MAX;

  // The next unused entry; its request keeps the memory of earlier use.
  [[nodiscard]] Entry& add();
  [[nodiscard]] std::size_t size() const { return used_; }
  [[nodiscard]] Entry& operator[](std::size_t index) { return *entries_[index]; }
  [[nodiscard]] bool empty() const { return used_ == 0; }

  // The next operation, without an outcome yet; the rest is as earlier use has left it.
  [[nodiscard]] crypto::Operation& add_operation();
  [[nodiscard]] std::size_t operation_count() const { return operation_count_; }
  [[nodiscard]] const crypto::Operation& operation(std::size_t index) const { return operations_[index]; }
  [[nodiscard]] std::span<crypto::Operation> operations() {
    return std::span(operations_).first(operation_count_);
  }

  void clear();

  std::vector<SessionPin> pins;  // of the sessions that requests run on
  std::uint64_t estimated_ns = 0;
  bool is_executed = false;
  std::size_t stack_bytes = crypto::kSymmetricStackBytes;  // that executing them may leave secrets on

 private:
  std::vector<std::unique_ptr<Entry>> entries_;  // operations point into entries: they do not move
  std::size_t used_ = 0;
  std::vector<crypto::Operation> operations_;
  std::size_t operation_count_ = 0;
};

// Thread-safety: see QueueLoop; data_stats() from any thread.
class DataQueue final : public QueueLoop {
 public:
  DataQueue(asio::io_context& loop, virtio::QueueIndex index, const DeviceParts& parts);
  [[nodiscard]] const DataStats& data_stats() const { return data_stats_; }

 private:
  bool run_one_batch() override;
  void on_fault(const char* what) override;
  void return_held() override;

  [[nodiscard]] bool take_requests(std::unique_ptr<Job>& job);
  void add_request(virtio::DescriptorChain&& chain, Job& job);
  [[nodiscard]] const crypto::Session* session_of(Job::Entry& entry, Job& job);
  [[nodiscard]] const crypto::Session* pin_session(Job::Entry& entry, Job& job);
  [[nodiscard]] const crypto::Session* make_session(Job::Entry& entry);
  void execute_here(std::unique_ptr<Job> job);
  void hand_off(std::unique_ptr<Job> job);
  void post_to_workers(std::unique_ptr<Job> job);
  void execute_again(std::unique_ptr<Job> job);
  void execute(Job& job) const;  // any thread
  [[nodiscard]] bool is_to_wait(const Job& job) const;
  void finish(std::unique_ptr<Job> job);
  void answer(Job::Entry& entry, const Job& job);
  [[nodiscard]] std::unique_ptr<Job> take_job();

  const DeviceParts& parts_;
  const std::string log_name_;
  DataStats data_stats_;
  crypto::WorkerPool::Lane lane_;
  // The loop's thread only.
  std::size_t creation_stack_bytes_ = 0;  // that new sessions may have left secrets on, until they are wiped
  std::vector<std::unique_ptr<Job>> stock_;
  // Waiting for the bus master bit, or for a stop() that is on its way; in flight until then.
  std::vector<std::unique_ptr<Job>> held_;
};

}  // namespace virtcrypt::devices::crypto_dev
