// The guest's RAM: one anonymous mapping, placed below and above the PCI hole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/vmm/kvm.h"

namespace virtcrypt::vmm {

// A block of RAM in guest-physical space.
struct RamBlock {
  std::uint64_t base;
  std::uint64_t size;
  friend bool operator==(const RamBlock&, const RamBlock&) = default;
};

// Where `bytes` of RAM lie, by layout.h: up to 3 GiB from 0, the rest from 4 GiB.
[[nodiscard]] std::vector<RamBlock> ram_blocks(std::uint64_t bytes);

// Memory is reserved, not committed: a page costs host memory when the guest first touches it. It stays out
// of core dumps, for it holds the guest's secrets. Thread-safety: immutable after construction, any thread.
// Must outlive the machine's KVM handles.
class GuestRam {
 public:
  // `bytes` is a multiple of the page size and not above layout::kMaxRam. HostError when the host refuses.
  explicit GuestRam(std::uint64_t bytes);

  [[nodiscard]] const virtio::GuestMemory& memory() const { return memory_; }
  // Makes the RAM visible to the guest, one memory slot for each block.
  void add_slots(KvmVm& vm) const;

 private:
  class Mapping {
   public:
    explicit Mapping(std::uint64_t bytes);
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping();
    [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }

   private:
    std::span<std::byte> bytes_;
  };

  Mapping mapping_;
  virtio::GuestMemory memory_;
};

}  // namespace virtcrypt::vmm
