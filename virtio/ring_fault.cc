#include "virtcrypt/virtio/ring_fault.h"

namespace virtcrypt::virtio {

std::string_view name_of(RingFault fault) {
  switch (fault) {
    case RingFault::kBadQueueSize:
      return "bad queue size";
    case RingFault::kBadRingAddress:
      return "ring area misaligned or outside RAM";
    case RingFault::kAvailIndexAhead:
      return "avail index more than the queue size ahead";
    case RingFault::kHeadOutOfRange:
      return "head index out of range";
    case RingFault::kNextOutOfRange:
      return "next index out of range";
    case RingFault::kSlotInFlight:
      return "descriptor overwritten while its buffer is in flight";
    case RingFault::kChainNotAvailable:
      return "descriptor chain with an unavailable descriptor";
    case RingFault::kIdInFlight:
      return "buffer id that is in flight already";
    case RingFault::kChainTooLong:
      return "descriptor chain too long or looped";
    case RingFault::kReadableAfterWritable:
      return "device-readable descriptor after a device-writable one";
    case RingFault::kBadBufferAddress:
      return "buffer outside RAM";
    case RingFault::kTooManyBytes:
      return "chain of 2^32 bytes or more";
    case RingFault::kIndirectNotNegotiated:
      return "indirect descriptor without the feature";
    case RingFault::kIndirectNested:
      return "nested indirect descriptor";
    case RingFault::kIndirectWithNext:
      return "indirect descriptor with NEXT";
    case RingFault::kBadIndirectLength:
      return "bad length of an indirect table";
  }
  return "unknown ring fault";
}

}  // namespace virtcrypt::virtio
