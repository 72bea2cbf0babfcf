#include "virtcrypt/virtio/queue.h"

#include "virtcrypt/virtio/packed_queue.h"
#include "virtcrypt/virtio/split_queue.h"

namespace virtcrypt::virtio {

RingResult<std::unique_ptr<Queue>> make_queue(const QueueConfig& config, const GuestMemory& memory,
                                              FeatureSet negotiated, const QueueResume* resume) {
  return negotiated.has(Feature::kRingPacked) ? PackedQueue::create(config, memory, negotiated, resume)
                                              : SplitQueue::create(config, memory, negotiated, resume);
}

}  // namespace virtcrypt::virtio
