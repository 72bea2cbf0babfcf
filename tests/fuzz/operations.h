// The steps that a fuzzing driver can take, and which of them each target is made of.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace virtcrypt::fuzz {

enum class Operation : std::uint8_t {
  kConfigRead,   // PCI configuration space: offset u16, width u8
  kConfigWrite,  // offset u16, width u8, value u32
  kBarRead,      // bar u8, offset u16, bytes u8
  kBarWrite,     // bar u8, offset u16, bytes u8, value u64
  kCommonWrite,  // a field of the common configuration structure: field u8, value u64
  kStart,        // reset, negotiation, all queues, DRIVER_OK: start_bit bits u8
  kDescriptor,  // a descriptor in a ring: queue u8, index u16, address, length u32, flags u16, next or id u16
  kAvailable,   // split: an entry of the available ring and its index: queue u8, head u16, step u8
  kPoke,        // bytes into memory: address, bytes
  kRequest,     // a request as requests.h builds it: queue u8, request
  kNotify,      // queue u8, value u16
  kRun,         // the device works until it is idle; or what it can do without waiting: briefly u8
  kRace,        // the same while another thread changes memory: up to 4 times address, mask u8
  kReset,       // device_status = 0
  kQueueReset,  // RING_RESET: queue u8, enable again u8
  kReady,       // HW_READY: on or off u8
  kCommand,     // the PCI command register: value u16
  kQueueSetup,  // a queue with areas anywhere: queue u8, how u8, size u8, 3 addresses
};

enum class Service : std::uint8_t { kCipher, kChain, kHash, kMac, kAead, kRsa, kEcdsa };

// Bits of Input::features and of kStart. In the draft's dialect kStateless is INLINE_SESSION, and kRevision1
// leaves MQ out.
namespace start_bit {
constexpr std::uint8_t kPacked = 1, kEventIdx = 2, kIndirect = 4, kInOrder = 8, kRevision1 = 16,
                       kStateless = 32, kNotificationData = 64, kMsix = 128;
}

// Bits of Input::options: what the device is made with.
namespace power_on_option {
constexpr std::uint8_t kJudged = 1,  // somebody watches the driver and judges it
    kTraced = 2,                     // requests are written down
    kWorkers = 4,                    // threads for long operations
    kNarrow = 8;                     // offers what Input::features names alone, short keys, short requests
}

struct Target {
  std::uint8_t number;  // in inputs, up to 15
  std::string_view name;
  std::string_view about;
  std::span<const Operation> operations;  // Step::kind modulo their number
  std::span<const Service> services;      // of requests
  bool rfc_v2 = false;
  bool started = true;              // DRIVER_OK before the first step
  std::uint8_t feature_mask = 255;  // of Input::features
  std::uint8_t feature_force = 0;
};

[[nodiscard]] std::span<const Target> targets();
[[nodiscard]] const Target* target_named(std::string_view name);
// The number of an input modulo how many there are.
[[nodiscard]] const Target& target_numbered(std::uint8_t number);

}  // namespace virtcrypt::fuzz
