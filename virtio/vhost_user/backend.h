// The back-end of the vhost-user protocol: presents any VirtioDevice to a front-end, which is a virtual
// machine monitor of somebody else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "virtcrypt/virtio/device.h"
#include "virtcrypt/virtio/expected.h"
#include "virtcrypt/virtio/features.h"
#include "virtcrypt/virtio/vhost_user/inflight_area.h"
#include "virtcrypt/virtio/vhost_user/memory_table.h"
#include "virtcrypt/virtio/vhost_user/message.h"
#include "virtcrypt/virtio/vhost_user/protocol.h"
#include "virtcrypt/virtio/vhost_user/vring.h"

namespace virtcrypt::virtio::vhost_user {

// Who carries out the messages about crypto sessions, whose content the protocol leaves to the device.
class SessionMessages {
 public:
  virtual ~SessionMessages() = default;
  // CREATE_CRYPTO_SESSION: fills in the answer, which is as long as the request and zero. False: malformed.
  [[nodiscard]] virtual bool create_session(std::span<const std::byte> request,
                                            std::span<std::byte> answer) = 0;
  // CLOSE_CRYPTO_SESSION. False: there is none.
  [[nodiscard]] virtual bool close_session(std::uint64_t id) = 0;
};

struct BackendOptions {
  // One line about what happened, that the front-end will not say.
  std::function<void(std::string_view)> log = {};
  // Called again and again while waiting for a device without threads; empty: it has threads.
  std::function<void()> let_device_work = {};
  // Queues that GET_QUEUE_NUM tells of when sessions come as messages: then the control queue is the
  // front-end's own. 0: all.
  std::uint16_t queues_with_sessions = 0;
};

// Serves one front-end at a time. What the protocol asks for and this does otherwise:
// - A ring begins when it has all that it needs, not with its first kick; and it is enabled until
//   SET_VRING_ENABLE disables it, because QEMU negotiates protocol features and never enables its crypto
//   rings.
// - A front-end that acknowledges features without VERSION_1 does not know what the driver negotiated, as
//   QEMU's does not: indirect descriptors are served then, and both ways to suppress notifications.
// Thread-safety: one thread. The device's threads may run meanwhile.
class Backend {
 public:
  // `device` and `sessions`, which may be null, outlive it; nobody else is the device's transport.
  Backend(VirtioDevice& device, SessionMessages* sessions, BackendOptions options = {});
  ~Backend();
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  // Carries a request out. The error ends the connection, and says in one line why; disconnect() follows.
  [[nodiscard]] Expected<std::optional<Reply>, std::string> handle(Message message);

  // The front-end is gone: finishes what is in flight, and forgets all but what the device itself keeps
  // (sessions).
  void disconnect();

  // The device as new. Without a message since the last time there is nothing to do.
  void reset_device();

  // Rings that are served at the moment.
  [[nodiscard]] std::size_t running_rings() const;

 private:
  using Result = Expected<std::optional<Reply>, std::string>;
  using Done = Expected<void, std::string>;

  [[nodiscard]] Result dispatch(Request request, Message& message);
  [[nodiscard]] Result set_features(std::uint64_t features);
  [[nodiscard]] Result set_protocol_features(std::uint64_t features);
  [[nodiscard]] Result set_mem_table(Message& message);
  [[nodiscard]] Result change_memory(Request request, Message& message);
  [[nodiscard]] Result set_vring_number(const VringState& state);
  [[nodiscard]] Result set_vring_address(const VringAddress& address);
  [[nodiscard]] Result set_vring_base(const VringState& state);
  [[nodiscard]] Result get_vring_base(const VringState& state);
  [[nodiscard]] Result set_vring_enable(const VringState& state);
  [[nodiscard]] Result set_vring_descriptor(Request request, Message& message);
  [[nodiscard]] Result get_config(const Message& message) const;
  [[nodiscard]] Result crypto_session(Request request, const Message& message);
  [[nodiscard]] Result get_inflight(const Message& message);
  [[nodiscard]] Result set_inflight(Message& message);

  [[nodiscard]] bool wants_acknowledgement(const Message& message) const;
  [[nodiscard]] std::optional<Reply> refusal_of(const Message& message) const;
  [[nodiscard]] std::uint64_t offered_features() const;
  [[nodiscard]] bool has(ProtocolFeature feature) const {
    return (protocol_features_ & bit_of(feature)) != 0;
  }
  [[nodiscard]] Expected<Vring*, std::string> ring(std::uint64_t index);
  // Changes what rings are made of; those that run are suspended meanwhile.
  [[nodiscard]] Done change(std::span<Vring* const> rings, const std::function<Done()>& change);
  [[nodiscard]] Done change(Vring& ring, const std::function<Done()>& change);
  [[nodiscard]] Done change_all(const std::function<Done()>& change);
  [[nodiscard]] Done start_if_ready(Vring& ring);
  void activate_device();
  void suspend(Vring& ring);
  void wait_for(const std::function<void(std::function<void()>)>& begin) const;
  void log(const std::string& text) const;

  VirtioDevice& device_;
  SessionMessages* const sessions_;
  const BackendOptions options_;

  MemoryTable memory_;
  std::optional<InflightArea> inflight_;
  std::vector<std::unique_ptr<Vring>> rings_;
  std::optional<std::uint64_t> features_;  // that were acknowledged
  std::uint64_t protocol_features_ = 0;
  bool is_as_new_ = true;
  std::optional<FeatureSet> active_with_;  // what the device was activated with
  class NoInterrupts;
  const std::unique_ptr<NoInterrupts> no_interrupts_;
};

}  // namespace virtcrypt::virtio::vhost_user
