// What the queues of a crypto device share.
#pragma once

#include <atomic>
#include <string>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/worker_pool.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/sessions.h"
#include "virtcrypt/devices/log.h"

namespace virtcrypt::devices::crypto_dev {

// All of it may be used by every thread of the device.
struct DeviceParts {
  std::string name;  // for logs
  const crypto::Engine& engine;
  const Dialect& dialect;
  const Terms& terms;  // written before the queues of an activation start
  SessionTable& sessions;
  crypto::WorkerPool& workers;
  const std::atomic<bool>& bus_master;
  const std::atomic<bool>& ready;  // VIRTIO_CRYPTO_S_HW_READY
  LimitedLog& log;
};

}  // namespace virtcrypt::devices::crypto_dev
