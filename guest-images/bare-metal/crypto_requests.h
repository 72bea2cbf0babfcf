// virtio-crypto requests in the layout that drivers without REVISION_1 use (VIRTIO 1.4, 5.9.9).
#pragma once

#include <cstdint>

#include "queue.h"

namespace virtcrypt::guest {

enum class Status : std::uint8_t {
  kOk = 0,
  kError = 1,
  kNotSupported = 3,
  kInvalidSession = 4,
  kUntouched = 0xEE
};

enum class Direction : std::uint32_t { kEncrypt = 1, kDecrypt = 2 };

constexpr std::uint32_t kBlock = 16;

// Control queue: AES-CBC sessions. `id` is set when the status is kOk. kUntouched: no answer came.
struct CreatedSession {
  Status status;
  std::uint64_t id;
};
[[nodiscard]] CreatedSession create_session(const Function& function, Queue& control, Direction direction,
                                            const std::uint8_t (&key)[kBlock]);
[[nodiscard]] Status destroy_session(const Function& function, Queue& control, std::uint64_t id);

// One data request and all memory that it needs; has to outlive its way through the queue.
struct DataRequest {
  std::uint8_t header[72];
  std::uint8_t iv[kBlock];
  const void* source;
  void* destination;
  std::uint32_t bytes;
  std::uint8_t status;
};

// Fills in the request: opcode by direction, cipher operation, `bytes` from source to destination.
void prepare(DataRequest& request, std::uint64_t session, Direction direction,
             const std::uint8_t (&iv)[kBlock], const void* source, void* destination, std::uint32_t bytes);
void set_opcode(DataRequest& request, std::uint32_t opcode);
// Puts it into the ring, without a kick.
void add(Queue& queue, DataRequest& request);
// Adds, kicks, waits.
[[nodiscard]] Status run(const Function& function, Queue& queue, DataRequest& request);

}  // namespace virtcrypt::guest
