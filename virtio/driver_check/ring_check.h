// Judges what a driver writes into one virtqueue (VIRTIO 1.4, 2.7, 2.8, 3.3.1, 6).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "virtcrypt/virtio/driver_check/verdicts.h"
#include "virtcrypt/virtio/driver_observer.h"
#include "virtcrypt/virtio/ring_queue.h"

namespace virtcrypt::virtio {

// Thread-safety: the thread that serves the queue.
class RingCheck final : public RingObserver {
 public:
  struct Terms {
    FeatureSet offered;
    FeatureSet negotiated;
  };
  // The areas need not be valid. `memory` and `verdicts` outlive the object.
  RingCheck(DriverVerdicts& verdicts, QueueIndex queue, const QueueConfig& config, const GuestMemory& memory,
            const Terms& terms);

  void avail_index_read(std::uint16_t index) override;
  void taken(const SeenChain& chain) override;
  void returning(std::uint64_t number) override;
  void slot_written(std::uint16_t slot) override;

 private:
  using DescriptorBytes = std::array<std::byte, kDescriptorBytes>;
  // A descriptor of the ring that belongs to the device, as it was when it was taken.
  struct Owned {
    bool is_owned = false;
    bool overwritten = false;  // by the device
    DescriptorBytes bytes{};
  };

  void judge_areas();
  void judge_split(const SeenChain& chain);
  void judge_split_order(const SeenChain& chain);
  void judge_packed(const SeenChain& chain);
  void judge_avail_flags();
  void remember(const SeenChain& chain);
  void violate(std::string_view statement, const SeenChain& chain, std::string_view what);
  void judge(std::string_view statement, bool is_kept, const SeenChain& chain, std::string_view what);
  [[nodiscard]] std::optional<DescriptorBytes> descriptor_in_ring(std::uint16_t index) const;
  [[nodiscard]] std::string text_of(const SeenChain& chain) const;

  DriverVerdicts& verdicts_;
  const QueueIndex queue_;
  const QueueConfig config_;
  const GuestMemory& memory_;
  const Terms terms_;
  const bool is_packed_;
  std::optional<std::uint16_t> avail_index_;
  std::vector<Owned> owned_;  // by index
  // Indices of the ring that each chain in flight takes; all together no more than the ring has.
  std::map<std::uint64_t, std::vector<std::uint16_t>> chains_;
  std::size_t remembered_ = 0;
};

// RSVD-DRV-004 or RSVD-DRV-005, whichever the negotiation makes the driver's duty.
template <typename Evidence>
void judge_address(DriverVerdicts& verdicts, const RingCheck::Terms& terms, bool is_bad,
                   const Evidence& evidence) {
  if (terms.negotiated.has(Feature::kAccessPlatform)) verdicts.judge("RSVD-DRV-004", !is_bad, evidence);
  if (!terms.offered.has(Feature::kAccessPlatform)) verdicts.judge("RSVD-DRV-005", !is_bad, evidence);
}

}  // namespace virtcrypt::virtio
