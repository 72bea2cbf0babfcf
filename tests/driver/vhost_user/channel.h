// Messages of the vhost-user protocol as a front-end writes them, and the ways to a back-end. Numbers and
// layouts are written down once more here, apart from the back-end's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/driver/bytes.h"
#include "virtcrypt/virtio/file_descriptor.h"
#include "virtcrypt/virtio/vhost_user/backend.h"

namespace virtcrypt::test {

// "Front-end message types".
namespace vu {
constexpr std::uint32_t kGetFeatures = 1, kSetFeatures = 2, kSetOwner = 3, kResetOwner = 4, kSetMemTable = 5;
constexpr std::uint32_t kSetVringNum = 8, kSetVringAddr = 9, kSetVringBase = 10, kGetVringBase = 11;
constexpr std::uint32_t kSetVringKick = 12, kSetVringCall = 13, kSetVringErr = 14;
constexpr std::uint32_t kGetProtocolFeatures = 15, kSetProtocolFeatures = 16, kGetQueueNum = 17;
constexpr std::uint32_t kSetVringEnable = 18, kGetConfig = 24, kSetConfig = 25;
constexpr std::uint32_t kCreateCryptoSession = 26, kCloseCryptoSession = 27;
constexpr std::uint32_t kGetInflightFd = 31, kSetInflightFd = 32, kResetDevice = 34;
constexpr std::uint32_t kGetMaxMemSlots = 36, kAddMemReg = 37, kRemMemReg = 38;
// "Protocol features".
constexpr std::uint64_t kMq = 1U << 0U, kReplyAck = 1U << 3U, kCryptoSession = 1U << 7U, kConfig = 1U << 9U;
constexpr std::uint64_t kInflightShmfd = 1U << 12U, kResetDeviceFeature = 1U << 13U, kMemSlots = 1U << 15U;
constexpr std::uint64_t kProtocolFeaturesBit = std::uint64_t{1} << 30U;
// Flags.
constexpr std::uint32_t kVersion1 = 1, kReply = 4, kNeedReply = 8;
constexpr std::uint64_t kNoDescriptor = 0x100;
}  // namespace vu

struct FrontEndMessage {
  std::uint32_t request = 0;
  Bytes payload = {};
  std::vector<int> descriptors = {};  // the sender's, and stay so
  std::uint32_t flags = vu::kVersion1;
};

struct BackEndReply {
  Bytes payload;
  virtio::FileDescriptor descriptor;
};

// what() is what the back-end says of it, where the front-end can know that.
class ConnectionEnded : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Thread-safety: one thread.
class Channel {
 public:
  virtual ~Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Sends the message and waits for its answer. Throws ConnectionEnded.
  [[nodiscard]] virtual BackEndReply ask(const FrontEndMessage& message) = 0;
  // No answer comes.
  virtual void tell(const FrontEndMessage& message) = 0;

 protected:
  Channel() = default;
};

// Calls the back-end as its socket's server does.
class DirectChannel final : public Channel {
 public:
  explicit DirectChannel(virtio::vhost_user::Backend& backend) : backend_(&backend) {}
  void connect_to(virtio::vhost_user::Backend& backend) { backend_ = &backend; }

  [[nodiscard]] BackEndReply ask(const FrontEndMessage& message) override;
  void tell(const FrontEndMessage& message) override;

 private:
  [[nodiscard]] std::optional<virtio::vhost_user::Reply> carry_out(const FrontEndMessage& message);
  virtio::vhost_user::Backend* backend_;
};

// A Unix socket.
class SocketChannel final : public Channel {
 public:
  explicit SocketChannel(virtio::FileDescriptor socket) : socket_(std::move(socket)) {}
  // Waits until somebody listens at the path.
  [[nodiscard]] static SocketChannel connect_to(const std::string& path);
  SocketChannel(SocketChannel&& other) noexcept : socket_(std::move(other.socket_)) {}

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] BackEndReply ask(const FrontEndMessage& message) override;
  void tell(const FrontEndMessage& message) override;
  // Bytes as they are, without descriptors.
  void send_raw(std::span<const std::byte> bytes);
  [[nodiscard]] BackEndReply receive(std::uint32_t request);
  // Within 20 seconds, without another message.
  [[nodiscard]] bool is_ended();

 private:
  void receive_all(std::span<std::byte> bytes, virtio::FileDescriptor* descriptor);
  virtio::FileDescriptor socket_;
};

// Header and payload, as they go through a socket.
[[nodiscard]] Bytes wire_form(const FrontEndMessage& message);

}  // namespace virtcrypt::test
