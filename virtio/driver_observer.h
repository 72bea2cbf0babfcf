// What a driver does, as its device sees it: for those who watch drivers. Nothing here changes what a device
// does; without an observer each place costs one test of a null pointer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "virtcrypt/virtio/features.h"
#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/virtio/queue.h"
#include "virtcrypt/virtio/ring_fault.h"

namespace virtcrypt::virtio {

// An access to a structure of registers. `offset` from the structure's start; `value` is the first 8 bytes,
// little-endian: what was written, or what a read answered.
struct RegisterAccess {
  std::uint64_t offset = 0;
  std::size_t bytes = 0;
  std::uint64_t value = 0;
};

// How far the driver has come, by the device's registers.
struct DriverView {
  std::uint8_t status = 0;
  FeatureSet offered;
  FeatureSet accepted;           // what stands in driver_feature
  bool accepted_beyond = false;  // bits above 63 as well
  bool makes_sense = true;       // the device could work with what was accepted
  std::uint16_t queue_count = 0;
  std::uint16_t enabled_queues = 0;
  std::uint16_t msix_vectors = 0;
  std::uint16_t queue_select = 0;
  bool queue_enabled = false;  // the selected one
  bool resetting = false;      // a reset of the device is under way: writes have no effect
};

// A descriptor as the device has read it, of the ring or of an indirect table.
struct SeenDescriptor {
  std::uint64_t address = 0;
  std::uint32_t length = 0;
  std::uint16_t flags = 0;
  std::uint16_t index = 0;  // where it stands in its table or ring
  std::uint16_t next = 0;   // split
  bool in_table = false;
};

// A chain that the device has taken off a ring, or has tried to.
struct SeenChain {
  std::span<const SeenDescriptor> descriptors;  // as far as they were read
  std::uint16_t head = 0;                       // of a chain without fault: ChainStorage::head
  std::uint64_t number = 0;                     // of a chain without fault: ChainStorage::number
  std::optional<RingFault> fault;
};

// One ring, from when it is made to when it is dropped. Called by the thread that serves the queue.
class RingObserver {
 public:
  virtual ~RingObserver() = default;
  // Split: the driver's idx when the device looks for chains.
  virtual void avail_index_read(std::uint16_t) {}
  virtual void taken(const SeenChain&) {}
  // Just before a chain is returned.
  virtual void returning(std::uint64_t /*number*/) {}
  // Packed: the device has written a used element over this slot.
  virtual void slot_written(std::uint16_t) {}
};

// Thread-safety: called by any thread; the transport's own lock may be held.
class DriverObserver {
 public:
  virtual ~DriverObserver() = default;

  virtual void common_read(const RegisterAccess&, const DriverView&) {}
  virtual void common_written(const RegisterAccess&, const DriverView& /*before*/,
                              const DriverView& /*after*/) {}
  virtual void device_config_read(const RegisterAccess&) {}
  virtual void device_config_written(const RegisterAccess&) {}
  virtual void isr_read(bool /*msix_enabled*/) {}
  // `config_data` is the queue's queue_notif_config_data.
  virtual void notified(QueueIndex, const RegisterAccess&, std::uint16_t /*config_data*/) {}
  // A vendor capability in configuration space, outside the fields that 4.1.4.9 lets the driver write.
  virtual void capability_written(std::uint16_t /*offset*/, std::uint32_t /*value*/) {}
  // pci_cfg_data was accessed; `in_structure`: the window lies in what another capability names.
  virtual void window_used(unsigned /*bar*/, std::uint64_t /*offset*/, std::uint64_t /*length*/,
                           bool /*in_structure*/) {}
  virtual void interrupted(bool /*by_config_change*/, bool /*msix*/) {}
  virtual void reset_done() {}

  // A queue is about to be served. Null: nobody watches it. `memory` outlives it.
  [[nodiscard]] virtual std::unique_ptr<RingObserver> watch_ring(QueueIndex, const QueueConfig&,
                                                                 const GuestMemory&, FeatureSet) {
    return nullptr;
  }
  // It could not be.
  virtual void ring_refused(QueueIndex, RingFault) {}
};

}  // namespace virtcrypt::virtio
