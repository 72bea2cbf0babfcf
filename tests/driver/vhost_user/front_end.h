// A front-end of the vhost-user protocol together with its guest's driver: negotiates, shares memory, runs
// rings, and sends requests through them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tests/driver/crypto_requests.h"
#include "tests/driver/request_ring.h"
#include "tests/driver/vhost_user/channel.h"
#include "tests/driver/vhost_user/session_payloads.h"
#include "tests/driver/vhost_user/shared_memory.h"
#include "virtcrypt/virtio/file_descriptor.h"

namespace virtcrypt::test {

// One ring: the driver's side, and the eventfds of the front-end.
struct FrontEndRing {
  std::unique_ptr<RequestRing> requests;
  virtio::FileDescriptor kick, call, error;
  std::uint64_t kicks = 0;
};

// Thread-safety: one thread.
class FrontEnd {
 public:
  // `pump` lets a device without threads work; empty: it has threads.
  FrontEnd(Channel& channel, SharedMemory& memory, std::function<void()> pump = {})
      : channel_(channel), memory_(memory), pump_(std::move(pump)) {}

  void set_pump(std::function<void()> pump) { pump_ = std::move(pump); }

  // Messages.
  [[nodiscard]] BackEndReply ask(std::uint32_t request, Bytes payload = {},
                                 std::vector<int> descriptors = {});
  void tell(std::uint32_t request, Bytes payload = {}, std::vector<int> descriptors = {});
  // With REPLY_ACK: what the answer says, 0 for success.
  [[nodiscard]] std::uint64_t acknowledged(std::uint32_t request, Bytes payload = {},
                                           std::vector<int> descriptors = {});
  [[nodiscard]] std::uint64_t get(std::uint32_t request);
  void set(std::uint32_t request, std::uint64_t value) { tell(request, Wire().le64(value).done()); }
  void set_state(std::uint32_t request, std::uint32_t ring, std::uint32_t value);

  // As QEMU 7.2's cryptodev-vhost-user begins: the driver's features are not known to it, only PROTOCOL
  // FEATURES is acknowledged.
  void negotiate_as_qemu();
  // As a front-end that is the device's transport.
  void negotiate(std::uint64_t features, std::uint64_t protocol_features = kUsualProtocolFeatures);
  static constexpr std::uint64_t kUsualProtocolFeatures =
      vu::kMq | vu::kReplyAck | vu::kConfig | vu::kInflightShmfd | vu::kResetDeviceFeature | vu::kMemSlots;
  void share_memory();

  // Lays out an empty ring for a driver with these features.
  FrontEndRing& make_ring(std::uint16_t index, std::uint16_t size, std::uint64_t driver_features);
  [[nodiscard]] FrontEndRing& ring(std::uint16_t index) { return *rings_.at(index); }
  [[nodiscard]] DriverRing& driver_ring(std::uint16_t index) { return ring(index).requests->ring(); }
  // NUM, BASE, ADDR, KICK, CALL, in QEMU's order.
  void start_ring(std::uint16_t index, std::uint32_t base);
  // A base of nothing that has been used.
  [[nodiscard]] static std::uint32_t first_base(std::uint64_t features);
  void describe_ring(std::uint16_t index, std::uint32_t base);  // NUM, BASE, ADDR
  void set_descriptor(std::uint32_t request, std::uint16_t ring, int descriptor);
  // GET_VRING_BASE.
  [[nodiscard]] std::uint32_t stop_ring(std::uint16_t index);

  // Sessions as messages. A negative id is a failure.
  [[nodiscard]] std::int64_t create_session(Bytes payload);
  void close_session(std::uint64_t id) { set(vu::kCloseCryptoSession, id); }

  // Requests.
  std::uint16_t submit(std::uint16_t ring, const Request& request);
  void kick(std::uint16_t ring);
  // Takes in what came back, after a while.
  void pump(std::uint16_t ring);
  [[nodiscard]] bool is_back(std::uint16_t ring, std::uint16_t head);
  // Waits for a head, as an interrupt tells of it; throws after 20 seconds.
  [[nodiscard]] Answer wait(std::uint16_t ring, std::uint16_t head);
  [[nodiscard]] Answer call(std::uint16_t ring, const Request& request) {
    return wait(ring, submit(ring, request));
  }

 private:
  void wait_for_call(FrontEndRing& ring);

  Channel& channel_;
  SharedMemory& memory_;
  std::function<void()> pump_;
  std::vector<std::unique_ptr<FrontEndRing>> rings_;
};

}  // namespace virtcrypt::test
