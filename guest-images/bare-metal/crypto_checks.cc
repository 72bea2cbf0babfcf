#include "checks.h"
#include "console.h"

namespace virtcrypt::guest {

namespace {

DataRequest request;
std::uint8_t output[kVectorBytes];

// Memory of the reset check: requests large enough that some are still under way when the reset comes.
constexpr unsigned kInFlight = 6;
constexpr std::uint32_t kLargeBytes = 64 * 1024;
DataRequest large[kDataQueues][kInFlight];
std::uint8_t large_input[kLargeBytes];
std::uint8_t large_output[kDataQueues][kInFlight][kLargeBytes];

bool transforms(const Function& function, Queue& queue, std::uint64_t session, Direction direction,
                const std::uint8_t (&input)[kVectorBytes], const std::uint8_t (&expected)[kVectorBytes]) {
  __builtin_memset(output, 0xCC, sizeof output);
  prepare(request, session, direction, kIv, input, output, kVectorBytes);
  return run(function, queue, request) == Status::kOk &&
         __builtin_memcmp(output, expected, kVectorBytes) == 0 && queue.last_used_bytes() == kVectorBytes + 1;
}

Status encrypt_status(const Function& function, Queue& queue, std::uint64_t session) {
  prepare(request, session, Direction::kEncrypt, kIv, kPlaintext, output, kVectorBytes);
  return run(function, queue, request);
}

std::uint64_t checksum_of_outputs() {
  std::uint64_t sum = 0;
  // A dword of each block is enough to see a write, and quick where guests are interpreted.
  for (unsigned queue = 0; queue < kDataQueues; ++queue) {
    for (unsigned i = 0; i < kInFlight; ++i) {
      for (std::uint32_t at = 0; at < kLargeBytes; at += 4 * kBlock) {
        std::uint32_t word;
        __builtin_memcpy(&word, large_output[queue][i] + at, sizeof word);
        sum = sum * 31 + word;
      }
      sum = sum * 31 + read_shared(large[queue][i].status);
    }
  }
  return sum;
}

}  // namespace

bool encrypts_vector(const Function& function, Queue& queue, std::uint64_t session) {
  return transforms(function, queue, session, Direction::kEncrypt, kPlaintext, kCiphertext);
}

void check_requests(const Function& function, Queues& queues) {
  const CreatedSession encrypt = create_session(function, queues.control, Direction::kEncrypt, kKey);
  const CreatedSession decrypt = create_session(function, queues.control, Direction::kDecrypt, kKey);
  check(encrypt.status == Status::kOk && decrypt.status == Status::kOk, "AES-CBC sessions are created");
  check(encrypt.id != decrypt.id, "sessions have different ids");
  for (unsigned i = 0; i < kDataQueues; ++i) {
    check(encrypts_vector(function, queues.data[i], encrypt.id),
          i == 0 ? "SP 800-38A F.2.1 encrypts on data queue 1" : "SP 800-38A F.2.1 encrypts on data queue 2");
    check(transforms(function, queues.data[i], decrypt.id, Direction::kDecrypt, kCiphertext, kPlaintext),
          i == 0 ? "SP 800-38A F.2.2 decrypts on data queue 1" : "SP 800-38A F.2.2 decrypts on data queue 2");
  }
  check(destroy_session(function, queues.control, encrypt.id) == Status::kOk, "session is destroyed");
  check(encrypt_status(function, queues.data[0], encrypt.id) == Status::kInvalidSession,
        "a destroyed session is an invalid one");
  check(destroy_session(function, queues.control, encrypt.id) == Status::kError,
        "destroying it again is an error");
  check(transforms(function, queues.data[0], decrypt.id, Direction::kDecrypt, kCiphertext, kPlaintext),
        "the other session still works");
}

void check_invalid_requests(const Function& function, Queues& queues) {
  const CreatedSession session = create_session(function, queues.control, Direction::kEncrypt, kKey);
  prepare(request, session.id, Direction::kEncrypt, kIv, kPlaintext, output, kVectorBytes);
  set_opcode(request, 0x7F00);
  const Status unknown = run(function, queues.data[0], request);
  check(unknown == Status::kNotSupported || unknown == Status::kError, "an unknown operation is refused");
  check(encrypt_status(function, queues.data[0], ~std::uint64_t{0}) == Status::kInvalidSession,
        "a session that never was is an invalid one");
  prepare(request, session.id, Direction::kEncrypt, kIv, kPlaintext, output, kVectorBytes - 1);
  check(run(function, queues.data[0], request) == Status::kError,
        "a length that is no multiple of the block is an error");
  check_equal(function.status() & kNeedsReset, 0, "the device needs no reset after bad requests");
  check(encrypts_vector(function, queues.data[0], session.id), "a good request after bad ones");
}

void check_bus_mastering(const Function& function, Queues& queues) {
  constexpr unsigned kQuietReads = 3000;
  const CreatedSession session = create_session(function, queues.control, Direction::kEncrypt, kKey);
  prepare(request, session.id, Direction::kEncrypt, kIv, kPlaintext, output, kVectorBytes);
  function.set_command(kCommandBusMaster, false);
  const std::uint16_t before = queues.data[0].completed();
  add(queues.data[0], request);
  queues.data[0].kick(function);
  const bool moved = wait_until([&] { return queues.data[0].completed() != before; }, kQuietReads);
  check(!moved, "no request is carried out while bus mastering is off");
  function.set_command(kCommandBusMaster, true);
  queues.data[0].kick(function);
  check(queues.data[0].wait_for_all() && read_shared(request.status) == 0,
        "it is carried out with bus mastering on");
}

void check_reset_in_flight(const Function& function, Queues& queues) {
  const CreatedSession session = create_session(function, queues.control, Direction::kEncrypt, kKey);
  for (unsigned queue = 0; queue < kDataQueues; ++queue) {
    for (unsigned i = 0; i < kInFlight; ++i) {
      prepare(large[queue][i], session.id, Direction::kEncrypt, kIv, large_input, large_output[queue][i],
              kLargeBytes);
      add(queues.data[queue], large[queue][i]);
    }
  }
  for (Queue& queue : queues.data)
    queue.kick(function);
  check(function.reset(), "reset in the middle of requests ends");
  const std::uint64_t after_reset = checksum_of_outputs();
  const std::uint16_t completed = queues.data[0].completed();
  constexpr unsigned kQuietReads = 3000;
  for (unsigned i = 0; i < kQuietReads; ++i)
    pause_shortly();
  check(checksum_of_outputs() == after_reset && queues.data[0].completed() == completed,
        "nothing is written after the reset has ended");

  check(start_device(function, queues, true), "the device starts again after the reset");
  check(encrypt_status(function, queues.data[0], session.id) == Status::kInvalidSession,
        "sessions do not survive a reset");
}

}  // namespace virtcrypt::guest
