#include "crypto_requests.h"

namespace virtcrypt::guest {

namespace {

constexpr std::uint32_t kCipherCreate = 0x0002;
constexpr std::uint32_t kCipherDestroy = 0x0003;
constexpr std::uint32_t kAesCbc = 3;
constexpr std::uint32_t kOperationCipher = 1;
constexpr unsigned kControlBytes = 72;

// Memory of the one control request that is under way.
std::uint8_t control_request[kControlBytes];
std::uint8_t control_key[kBlock];
std::uint8_t control_answer[16];

void put32(std::uint8_t* where, std::uint32_t value) {
  __builtin_memcpy(where, &value, sizeof value);
}
void put64(std::uint8_t* where, std::uint64_t value) {
  __builtin_memcpy(where, &value, sizeof value);
}

Status as_status(std::uint64_t value) {
  return static_cast<Status>(value);
}

// Sends the control request with `readable` bytes of key and `writable` of answer.
bool run_control(const Function& function, Queue& control, std::uint32_t key_bytes,
                 std::uint32_t answer_bytes) {
  for (auto& byte : control_answer)
    byte = static_cast<std::uint8_t>(Status::kUntouched);
  const Buffer buffers[] = {{control_request, kControlBytes, false},
                            {control_key, key_bytes, false},
                            {control_answer, answer_bytes, true}};
  const Buffer without_key[] = {buffers[0], buffers[2]};
  if (key_bytes != 0) control.add(buffers, 3);
  if (key_bytes == 0) control.add(without_key, 2);
  control.kick(function);
  return control.wait_for_all();
}

}  // namespace

CreatedSession create_session(const Function& function, Queue& control, Direction direction,
                              const std::uint8_t (&key)[kBlock]) {
  __builtin_memset(control_request, 0, kControlBytes);
  put32(control_request + 0, kCipherCreate);
  put32(control_request + 4, kAesCbc);
  put32(control_request + 16, kAesCbc);
  put32(control_request + 20, kBlock);
  put32(control_request + 24, static_cast<std::uint32_t>(direction));
  put32(control_request + 64, kOperationCipher);
  __builtin_memcpy(control_key, key, kBlock);
  if (!run_control(function, control, kBlock, 16)) return {Status::kUntouched, 0};
  std::uint64_t id = 0;
  std::uint32_t status = 0;
  __builtin_memcpy(&id, control_answer, sizeof id);
  __builtin_memcpy(&status, control_answer + 8, sizeof status);
  return {as_status(status), id};
}

Status destroy_session(const Function& function, Queue& control, std::uint64_t id) {
  __builtin_memset(control_request, 0, kControlBytes);
  put32(control_request + 0, kCipherDestroy);
  put64(control_request + 16, id);
  if (!run_control(function, control, 0, 1)) return Status::kUntouched;
  return as_status(control_answer[0]);
}

void prepare(DataRequest& request, std::uint64_t session, Direction direction,
             const std::uint8_t (&iv)[kBlock], const void* source, void* destination, std::uint32_t bytes) {
  __builtin_memset(request.header, 0, sizeof request.header);
  set_opcode(request, direction == Direction::kEncrypt ? 0 : 1);
  put64(request.header + 8, session);
  put32(request.header + 24, kBlock);
  put32(request.header + 28, bytes);
  put32(request.header + 32, bytes);
  put32(request.header + 64, kOperationCipher);
  __builtin_memcpy(request.iv, iv, kBlock);
  request.source = source;
  request.destination = destination;
  request.bytes = bytes;
  request.status = static_cast<std::uint8_t>(Status::kUntouched);
}

void set_opcode(DataRequest& request, std::uint32_t opcode) {
  put32(request.header, opcode);
}

void add(Queue& queue, DataRequest& request) {
  const Buffer buffers[] = {{request.header, sizeof request.header, false},
                            {request.iv, kBlock, false},
                            {request.source, request.bytes, false},
                            {request.destination, request.bytes, true},
                            {&request.status, 1, true}};
  queue.add(buffers, 5);
}

Status run(const Function& function, Queue& queue, DataRequest& request) {
  add(queue, request);
  queue.kick(function);
  if (!queue.wait_for_all()) return Status::kUntouched;
  return as_status(read_shared(request.status));
}

}  // namespace virtcrypt::guest
