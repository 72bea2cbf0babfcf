// What a driver can do to a ring that only a reset mends.
#pragma once

#include <cstdint>
#include <string_view>

#include "virtcrypt/virtio/expected.h"

namespace virtcrypt::virtio {

// A ring fault puts the device into DEVICE_NEEDS_RESET (VIRTIO 1.4, 2.1.2), and never does more than that.
// Faults of a single request are not ring faults: they are answered with a status.
enum class RingFault : std::uint8_t {
  kBadQueueSize,           // zero, above the maximum, or (split) no power of two
  kBadRingAddress,         // a ring area misaligned or not inside one block of RAM
  kAvailIndexAhead,        // split: avail idx more than the queue size ahead
  kHeadOutOfRange,         // split: a head index not below the queue size
  kNextOutOfRange,         // split: a next index not below the table's length
  kSlotInFlight,           // packed: a descriptor written anew before its buffer was used
  kChainNotAvailable,      // packed: NEXT leads to a descriptor that is not available
  kIdInFlight,             // packed: a buffer id that is in flight
  kChainTooLong,           // a loop, or more descriptors than a chain may have
  kReadableAfterWritable,  // order of 2.7.4.2 broken
  kBadBufferAddress,       // a buffer or indirect table that is not RAM
  kTooManyBytes,           // 2^32 bytes or more in one chain (2.7.5.2)
  kIndirectNotNegotiated,  // INDIRECT without the feature
  kIndirectNested,         // split: INDIRECT inside an indirect table
  kIndirectWithNext,       // INDIRECT and NEXT in one descriptor or (packed) in one chain
  kBadIndirectLength,      // zero or no multiple of 16
};

template <typename Value>
using RingResult = Expected<Value, RingFault>;

[[nodiscard]] std::string_view name_of(RingFault fault);

}  // namespace virtcrypt::virtio
