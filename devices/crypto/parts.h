// What the queues of a crypto device share.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/worker_pool.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/driver_check.h"
#include "virtcrypt/devices/crypto/request_trace.h"
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
  RequestTrace* trace;  // nullptr: requests are not written down
  DriverCheck* check;   // nullptr: the driver is not judged
};

// What was wrong with a request of a guest, once for each request.
inline void log_refusal(const DeviceParts& parts, std::string_view queue, const Refusal& refusal,
                        RequestStatus status) {
  if (refusal.field.empty()) {
    parts.log.write(spdlog::level::debug, "{}: {}: request {}", parts.name, queue, name_of(status));
  } else {
    parts.log.write(spdlog::level::debug, "{}: {}: {} {}: {}", parts.name, queue, refusal.field,
                    refusal.value, name_of(status));
  }
}

// A fault of the host fails the request that met it, not the device.
[[nodiscard]] inline crypto::Expected<crypto::SessionPointer, crypto::Outcome> try_create_session(
    const DeviceParts& parts, std::string_view queue, const crypto::SessionParameters& parameters) {
  try {
    return parts.engine.create_session(parameters);
  } catch (const std::exception& error) {
    parts.log.write(spdlog::level::err, "{}: {}: {}", parts.name, queue, error.what());
    return crypto::Unexpected<crypto::Outcome>(crypto::Outcome::kFailed);
  }
}

// Creates a session and gives it an id; wipes what that leaves on the stack.
[[nodiscard]] crypto::Expected<std::uint64_t, RequestStatus> open_session(
    const DeviceParts& parts, std::string_view queue, const crypto::SessionParameters& parameters,
    const SessionNote& note);

}  // namespace virtcrypt::devices::crypto_dev
