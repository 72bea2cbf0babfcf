#include "virtcrypt/virtio/vhost_user/protocol.h"

namespace virtcrypt::virtio::vhost_user {

std::string_view name_of(Request request) {
  switch (request) {
    case Request::kGetFeatures:
      return "GET_FEATURES";
    case Request::kSetFeatures:
      return "SET_FEATURES";
    case Request::kSetOwner:
      return "SET_OWNER";
    case Request::kResetOwner:
      return "RESET_OWNER";
    case Request::kSetMemTable:
      return "SET_MEM_TABLE";
    case Request::kSetVringNum:
      return "SET_VRING_NUM";
    case Request::kSetVringAddr:
      return "SET_VRING_ADDR";
    case Request::kSetVringBase:
      return "SET_VRING_BASE";
    case Request::kGetVringBase:
      return "GET_VRING_BASE";
    case Request::kSetVringKick:
      return "SET_VRING_KICK";
    case Request::kSetVringCall:
      return "SET_VRING_CALL";
    case Request::kSetVringErr:
      return "SET_VRING_ERR";
    case Request::kGetProtocolFeatures:
      return "GET_PROTOCOL_FEATURES";
    case Request::kSetProtocolFeatures:
      return "SET_PROTOCOL_FEATURES";
    case Request::kGetQueueNum:
      return "GET_QUEUE_NUM";
    case Request::kSetVringEnable:
      return "SET_VRING_ENABLE";
    case Request::kGetConfig:
      return "GET_CONFIG";
    case Request::kSetConfig:
      return "SET_CONFIG";
    case Request::kCreateCryptoSession:
      return "CREATE_CRYPTO_SESSION";
    case Request::kCloseCryptoSession:
      return "CLOSE_CRYPTO_SESSION";
    case Request::kGetInflightFd:
      return "GET_INFLIGHT_FD";
    case Request::kSetInflightFd:
      return "SET_INFLIGHT_FD";
    case Request::kResetDevice:
      return "RESET_DEVICE";
    case Request::kGetMaxMemSlots:
      return "GET_MAX_MEM_SLOTS";
    case Request::kAddMemReg:
      return "ADD_MEM_REG";
    case Request::kRemMemReg:
      return "REM_MEM_REG";
  }
  return "";
}

std::optional<Shape> shape_of(Request request) {
  constexpr Shape kEmpty{0, 0, 0}, kNumber{8, 8, 0}, kDescriptor{8, 8, 1}, kState{8, 8, 0};
  constexpr Shape kRegion{sizeof(SingleMemoryRegion), sizeof(SingleMemoryRegion), 1};
  switch (request) {
    case Request::kGetFeatures:
    case Request::kSetOwner:
    case Request::kResetOwner:
    case Request::kGetProtocolFeatures:
    case Request::kGetQueueNum:
    case Request::kResetDevice:
    case Request::kGetMaxMemSlots:
      return kEmpty;
    case Request::kSetFeatures:
    case Request::kSetProtocolFeatures:
    case Request::kCloseCryptoSession:
      return kNumber;
    case Request::kSetVringKick:
    case Request::kSetVringCall:
    case Request::kSetVringErr:
      return kDescriptor;
    case Request::kSetVringNum:
    case Request::kSetVringBase:
    case Request::kGetVringBase:
    case Request::kSetVringEnable:
      return kState;
    case Request::kSetVringAddr:
      return Shape{sizeof(VringAddress), sizeof(VringAddress), 0};
    case Request::kSetMemTable:
      return Shape{sizeof(MemoryTableHead),
                   sizeof(MemoryTableHead) + kMaxDescriptors * sizeof(MemoryRegionDescription),
                   kMaxDescriptors};
    case Request::kAddMemReg:
    case Request::kRemMemReg:
      return kRegion;
    case Request::kGetConfig:
    case Request::kSetConfig:
      return Shape{sizeof(ConfigHead), sizeof(ConfigHead) + kMaxConfigBytes, 0};
    case Request::kCreateCryptoSession:
      return Shape{0, kMaxPayload, 0};
    case Request::kGetInflightFd:
      return Shape{kInflightBytes, sizeof(InflightDescription), 0};
    case Request::kSetInflightFd:
      return Shape{kInflightBytes, sizeof(InflightDescription), 1};
  }
  return std::nullopt;
}

}  // namespace virtcrypt::virtio::vhost_user
