// A vhost-user front-end that takes the steps of a fuzzer's input, and the back-end with its device, in one
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/driver/vhost_user/front_end.h"
#include "tests/fuzz/input.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/devices/crypto/session_messages.h"
#include "virtcrypt/virtio/vhost_user/backend.h"

namespace virtcrypt::fuzz {

// Begins its inputs.
constexpr std::uint8_t kVhostUserNumber = 0xd2;

// Kinds of steps, modulo their number.
enum class VhostUserStep : std::uint8_t {
  kMessage,     // as it is: request u8, flags u8, descriptors u8 and u8, payload
  kStart,       // a whole start: rings u8, driver's features u8, as QEMU u8
  kState,       // NUM, BASE, GET_VRING_BASE or ENABLE: which u8, ring u8, number u32
  kAddress,     // SET_VRING_ADDR: ring u8, three places u32
  kDescriptor,  // KICK, CALL or ERR: which u8, ring u8, descriptor u8
  kRegion,    // ADD_MEM_REG, REM_MEM_REG, or a table of one: which u8, address, bytes and offset u32, file u8
  kSession,   // CREATE_CRYPTO_SESSION: form u8, place u16 and what is xored in there u8; or CLOSE
  kInflight,  // GET_INFLIGHT_FD, SET_INFLIGHT_FD, or bytes into the area: which u8, place u16, bytes
  kRequest,   // on a ring: ring u8, indirect u8
  kAvailable,  // of a split ring: ring u8, head u16, index u16
  kPoke,       // bytes into memory: place u32, bytes
  kKick,       // ring u8
  kRun,        // the device works
  kDisconnect,
  kCount,
};

// What must hold is checked in the end, and aborts where it does not: once the connection is over no ring
// runs, nothing is in flight, no descriptor and no mapping is left, and memory stays as it is; and the next
// front-end, which is a good one, is served.
class VhostUserMachine {
 public:
  using Narrate = std::function<void(std::string_view)>;
  explicit VhostUserMachine(Narrate narrate = {});

  // Once.
  void run(const Input& input);

 private:
  using Message = test::FrontEndMessage;
  void take(const Step& step);
  // False when the connection is over.
  bool send(const Message& message, test::BackEndReply* reply = nullptr);
  void connection_over(std::string_view why);
  void start(Reader& bytes);
  void message(Reader& bytes);
  void state(Reader& bytes);
  void address(Reader& bytes);
  void descriptor(Reader& bytes);
  void region(Reader& bytes);
  void session(Reader& bytes);
  void inflight(Reader& bytes);
  void request(Reader& bytes);
  void available(Reader& bytes);
  void poke(Reader& bytes);
  void work();
  void check_end();
  void serve_a_good_one();
  [[nodiscard]] int some_file(std::uint8_t choice) const;

  const Narrate narrate_;
  devices::crypto_dev::Device device_;
  devices::crypto_dev::SessionMessages sessions_;
  unsigned rounds_ = 0;  // since the step began
  virtio::vhost_user::Backend backend_;
  test::DirectChannel channel_;
  test::SharedMemory memory_;
  test::FrontEnd front_end_;
  virtio::FileDescriptor small_file_, event_, timer_, area_;
  std::uint64_t area_bytes_ = 0;
  std::uint64_t session_ = 0;
  std::uint16_t rings_ = 0;  // that there are on the driver's side
};

}  // namespace virtcrypt::fuzz
