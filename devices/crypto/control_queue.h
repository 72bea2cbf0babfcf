// The control queue: creates and destroys sessions (VIRTIO 1.4, 5.9.9.2).
#pragma once

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/parts.h"
#include "virtcrypt/devices/crypto/stats.h"
#include "virtcrypt/devices/queue_loop.h"

namespace virtcrypt::devices::crypto_dev {

// Thread-safety: see QueueLoop; control_stats() from any thread.
class ControlQueue final : public QueueLoop {
 public:
  ControlQueue(asio::io_context& loop, virtio::QueueIndex index, const DeviceParts& parts);
  [[nodiscard]] const ControlStats& control_stats() const { return control_stats_; }

 private:
  bool run_one_batch() override;
  void on_fault(const char* what) override;
  [[nodiscard]] std::uint32_t answer(const virtio::DescriptorChain& chain);
  [[nodiscard]] ControlAnswer carry_out(ControlRequest& request);
  [[nodiscard]] ControlAnswer create(const CreateSession& request);

  const DeviceParts& parts_;
  ControlStats control_stats_;
};

}  // namespace virtcrypt::devices::crypto_dev
