// The vhost-user protocol on the wire: numbers and layouts of its messages, in the byte order of the host
// (vhost-user protocol, "Message Specification").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace virtcrypt::virtio::vhost_user {

// "Front-end message types".
enum class Request : std::uint32_t {
  kGetFeatures = 1,
  kSetFeatures = 2,
  kSetOwner = 3,
  kResetOwner = 4,
  kSetMemTable = 5,
  kSetVringNum = 8,
  kSetVringAddr = 9,
  kSetVringBase = 10,
  kGetVringBase = 11,
  kSetVringKick = 12,
  kSetVringCall = 13,
  kSetVringErr = 14,
  kGetProtocolFeatures = 15,
  kSetProtocolFeatures = 16,
  kGetQueueNum = 17,
  kSetVringEnable = 18,
  kGetConfig = 24,
  kSetConfig = 25,
  kCreateCryptoSession = 26,
  kCloseCryptoSession = 27,
  kGetInflightFd = 31,
  kSetInflightFd = 32,
  kResetDevice = 34,
  kGetMaxMemSlots = 36,
  kAddMemReg = 37,
  kRemMemReg = 38,
};

// The protocol's own name, without VHOST_USER_; empty for numbers that are not above.
[[nodiscard]] std::string_view name_of(Request request);

// What a request may look like.
struct Shape {
  std::size_t fewest_bytes;  // of the payload
  std::size_t most_bytes;
  std::size_t most_descriptors;
};
// Nothing for numbers that are not above.
[[nodiscard]] std::optional<Shape> shape_of(Request request);

// "Protocol features", as bit numbers.
enum class ProtocolFeature : unsigned {
  kMq = 0,
  kReplyAck = 3,
  kCryptoSession = 7,
  kConfig = 9,
  kInflightShmfd = 12,
  kResetDevice = 13,
  kConfigureMemSlots = 15,
};
[[nodiscard]] constexpr std::uint64_t bit_of(ProtocolFeature feature) {
  return std::uint64_t{1} << static_cast<unsigned>(feature);
}

// VHOST_USER_F_PROTOCOL_FEATURES, among the features of virtio.
constexpr std::uint64_t kProtocolFeaturesBit = std::uint64_t{1} << 30U;

// "Header".
struct Header {
  std::uint32_t request;
  std::uint32_t flags;
  std::uint32_t size;  // of the payload, in bytes
};
static_assert(sizeof(Header) == 12);
constexpr std::uint32_t kVersionMask = 3, kVersion = 1;
constexpr std::uint32_t kReplyFlag = 1U << 2U, kNeedReplyFlag = 1U << 3U;

// Ours: the longest payload of all messages above takes 1072 bytes, and no message carries more descriptors.
constexpr std::size_t kMaxPayload = 4096;
constexpr std::size_t kMaxDescriptors = 8;

struct VringState {
  std::uint32_t index;
  std::uint32_t num;
};
static_assert(sizeof(VringState) == 8);

// Addresses are the front-end's ("user addresses").
struct VringAddress {
  std::uint32_t index;
  std::uint32_t flags;
  std::uint64_t descriptor;
  std::uint64_t used;
  std::uint64_t available;
  std::uint64_t log;
};
static_assert(sizeof(VringAddress) == 40);

// SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR: index, and whether there is no descriptor.
constexpr std::uint64_t kVringIndexMask = 0xff, kVringNoDescriptor = 0x100;

struct MemoryRegionDescription {
  std::uint64_t guest_address;
  std::uint64_t size;
  std::uint64_t user_address;
  std::uint64_t mmap_offset;
};
static_assert(sizeof(MemoryRegionDescription) == 32);

struct MemoryTableHead {
  std::uint32_t regions;
  std::uint32_t padding;
};
struct SingleMemoryRegion {
  std::uint64_t padding;
  MemoryRegionDescription region;
};

struct ConfigHead {
  std::uint32_t offset;
  std::uint32_t size;
  std::uint32_t flags;
};
constexpr std::uint32_t kMaxConfigBytes = 256;

struct InflightDescription {
  std::uint64_t mmap_size;
  std::uint64_t mmap_offset;
  std::uint16_t num_queues;
  std::uint16_t queue_size;
};
// Front-ends send the padding of their structure along, or not.
constexpr std::size_t kInflightBytes = 20;
static_assert(offsetof(InflightDescription, queue_size) + 2 == kInflightBytes);

}  // namespace virtcrypt::virtio::vhost_user
