#include "virtcrypt/virtio/driver_check/ring_check.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "virtcrypt/virtio/endian.h"

namespace virtcrypt::virtio {
namespace {

constexpr std::uint64_t kMostChainBytes = std::uint64_t{1} << 32;

bool readable_come_first(const SeenChain& chain) {
  bool writable = false;
  for (const SeenDescriptor& descriptor : chain.descriptors) {
    if ((descriptor.flags & kDescriptorIndirect) != 0) continue;
    const bool is_writable = (descriptor.flags & kDescriptorWrite) != 0;
    if (writable && !is_writable) return false;
    writable = is_writable;
  }
  return true;
}

std::uint64_t bytes_of(const SeenChain& chain) {
  std::uint64_t sum = 0;
  for (const SeenDescriptor& descriptor : chain.descriptors) {
    if ((descriptor.flags & kDescriptorIndirect) == 0) sum += descriptor.length;
  }
  return sum;
}

std::size_t buffers_of(const SeenChain& chain) {
  return static_cast<std::size_t>(
      std::count_if(chain.descriptors.begin(), chain.descriptors.end(),
                    [](const SeenDescriptor& each) { return (each.flags & kDescriptorIndirect) == 0; }));
}

template <typename Test>
bool any_of(const SeenChain& chain, const Test& test) {
  return std::any_of(chain.descriptors.begin(), chain.descriptors.end(), test);
}

Le16 load16(std::span<const std::byte> bytes) {
  Le16 value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

RingCheck::RingCheck(DriverVerdicts& verdicts, QueueIndex queue, const QueueConfig& config,
                     const GuestMemory& memory, const Terms& terms)
    : verdicts_(verdicts),
      queue_(queue),
      config_(config),
      memory_(memory),
      terms_(terms),
      is_packed_(terms.negotiated.has(Feature::kRingPacked)),
      owned_(config.size) {
  judge_areas();
  if (is_packed_) return;
  const auto used_flags = memory_.range(config_.device_area, 2);
  if (!used_flags) return;
  const std::uint16_t flags = load16(*used_flags);
  verdicts_.judge("SPLIT-DRV-019", flags == 0, [&] {
    return evidence_text("queue ", to_integer(queue_), ": used ring flags are ", hex(flags),
                         " when the queue starts");
  });
}

void RingCheck::judge_areas() {
  const std::uint64_t driver_alignment = is_packed_ ? 4 : 2;
  const bool is_aligned = to_integer(config_.descriptor_area) % 16 == 0 &&
                          to_integer(config_.driver_area) % driver_alignment == 0 &&
                          to_integer(config_.device_area) % 4 == 0;
  verdicts_.judge(is_packed_ ? "PACKED-DRV-001" : "SPLIT-DRV-001", is_aligned, [&] {
    return evidence_text("queue ", to_integer(queue_), ": areas at ",
                         hex(to_integer(config_.descriptor_area)), ", ", hex(to_integer(config_.driver_area)),
                         ", ", hex(to_integer(config_.device_area)));
  });
}

std::string RingCheck::text_of(const SeenChain& chain) const {
  constexpr std::size_t kMost = 16;
  std::string text;
  std::size_t shown = 0;
  for (const SeenDescriptor& each : chain.descriptors) {
    if (shown++ == kMost) break;
    text += evidence_text("\n  ", each.in_table ? "table entry " : "descriptor ", each.index, ": address ",
                          hex(each.address), ", ", each.length, " bytes, flags ", hex(each.flags));
    if (!is_packed_ && (each.flags & kDescriptorNext) != 0) text += evidence_text(", next ", each.next);
  }
  if (chain.descriptors.size() > kMost)
    text += evidence_text("\n  ... ", chain.descriptors.size(), " descriptors in all");
  return text;
}

void RingCheck::violate(std::string_view statement, const SeenChain& chain, std::string_view what) {
  verdicts_.violate(
      statement,
      evidence_text("queue ", to_integer(queue_), ": ", what, chain.fault ? "; the device stops: " : "",
                    chain.fault ? name_of(*chain.fault) : std::string_view(), text_of(chain)));
}

void RingCheck::judge(std::string_view statement, bool is_kept, const SeenChain& chain,
                      std::string_view what) {
  if (is_kept) {
    verdicts_.keep(statement);
  } else {
    violate(statement, chain, what);
  }
}

void RingCheck::avail_index_read(std::uint16_t index) {
  judge_avail_flags();
  if (avail_index_) {
    const auto back = static_cast<std::uint16_t>(*avail_index_ - index);
    const bool is_back = back != 0 && back <= config_.size;
    const auto ahead = static_cast<std::uint16_t>(index - *avail_index_);
    // Further away than the ring is long it is neither: the device stops at that.
    if (is_back || (ahead != 0 && ahead <= config_.size)) {
      verdicts_.judge("SPLIT-DRV-011", !is_back, [&] {
        return evidence_text("queue ", to_integer(queue_), ": avail idx went from ", *avail_index_, " to ",
                             index);
      });
    }
  }
  avail_index_ = index;
}

void RingCheck::judge_avail_flags() {
  const auto area = memory_.range(config_.driver_area, 2);
  if (!area) return;
  const std::uint16_t flags = load16(*area);
  const bool event_idx = terms_.negotiated.has(Feature::kRingEventIdx);
  verdicts_.judge(event_idx ? "SPLIT-DRV-014" : "SPLIT-DRV-012", event_idx ? flags == 0 : flags <= 1, [&] {
    return evidence_text("queue ", to_integer(queue_), ": avail ring flags are ", hex(flags));
  });
}

void RingCheck::taken(const SeenChain& chain) {
  if (is_packed_) {
    judge_packed(chain);
  } else {
    judge_split(chain);
  }
  judge_address(verdicts_, terms_, chain.fault == RingFault::kBadBufferAddress, [&] {
    return evidence_text("queue ", to_integer(queue_), ": an address is not RAM", text_of(chain));
  });
  if (!chain.fault) remember(chain);
}

void RingCheck::judge_split(const SeenChain& chain) {
  if (chain.descriptors.empty()) return;  // it is no chain that the device stops at
  judge("SPLIT-DRV-002", readable_come_first(chain), chain, "a readable descriptor behind a writable one");
  // The device stops where it has seen as many descriptors as the ring or the table has, or at the sight of a
  // table that is too long.
  const bool is_cut = chain.fault == RingFault::kChainTooLong;
  const bool is_loop = is_cut && (chain.descriptors.back().flags & kDescriptorIndirect) == 0;
  judge("SPLIT-DRV-004", bytes_of(chain) <= kMostChainBytes && !is_loop, chain,
        "a chain that loops, or has more than 2^32 bytes");
  judge("SPLIT-DRV-008", buffers_of(chain) <= config_.size && !is_cut, chain,
        "a chain of more descriptors than the queue has entries");
  if (any_of(chain, [](const SeenDescriptor& each) { return (each.flags & kDescriptorIndirect) != 0; })) {
    judge("SPLIT-DRV-006", terms_.negotiated.has(Feature::kRingIndirectDesc), chain,
          "INDIRECT, and INDIRECT_DESC was not negotiated");
    judge("SPLIT-DRV-007",
          !any_of(chain,
                  [](const SeenDescriptor& each) {
                    return each.in_table && (each.flags & kDescriptorIndirect) != 0;
                  }),
          chain, "INDIRECT in an indirect table");
    constexpr std::uint16_t kBoth = kDescriptorIndirect | kDescriptorNext;
    judge("SPLIT-DRV-009",
          !any_of(chain, [](const SeenDescriptor& each) { return (each.flags & kBoth) == kBoth; }), chain,
          "INDIRECT and NEXT in one descriptor");
  }
  if (terms_.negotiated.has(Feature::kInOrder)) judge_split_order(chain);
}

void RingCheck::judge_split_order(const SeenChain& chain) {
  bool in_ring = true;
  bool in_table = true;
  bool has_ring_link = false;
  bool has_table = false;
  for (const SeenDescriptor& each : chain.descriptors) {
    has_table = has_table || each.in_table;
    if ((each.flags & kDescriptorNext) == 0) continue;
    if (each.in_table) {
      in_table = in_table && each.next == each.index + 1;
    } else {
      has_ring_link = true;
      in_ring = in_ring && each.next == (each.index + 1) % config_.size;
    }
  }
  if (has_ring_link) judge("SPLIT-DRV-005", in_ring, chain, "IN_ORDER, and next is not the next descriptor");
  if (has_table) judge("SPLIT-DRV-010", in_table, chain, "IN_ORDER, and next is not the next table entry");
}

void RingCheck::judge_packed(const SeenChain& chain) {
  const bool in_flight = chain.fault == RingFault::kSlotInFlight;
  // The device stops before it reads the descriptor whose slot is still its own.
  const bool first_in_flight = in_flight && chain.descriptors.empty();
  judge("PACKED-DRV-002", !in_flight, chain, "a slot was written anew before its buffer was used");
  if (!first_in_flight)
    judge("PACKED-DRV-010", !in_flight, chain, "a list runs into slots that were not free");
  if (first_in_flight) return;
  const bool is_loop = chain.fault == RingFault::kChainTooLong && !chain.descriptors.empty() &&
                       (chain.descriptors.back().flags & kDescriptorIndirect) == 0 &&
                       !chain.descriptors.back().in_table;
  const auto has_table = [](const SeenDescriptor& each) {
    return (each.flags & kDescriptorIndirect) != 0 && !each.in_table;
  };
  for (const char* statement : {"PACKED-DRV-006", "PACKED-DRV-007"})
    judge(statement, !is_loop, chain, "a list of more descriptors than the queue has entries");
  judge("PACKED-DRV-008", readable_come_first(chain), chain, "a readable descriptor behind a writable one");
  judge("PACKED-DRV-011", chain.fault != RingFault::kChainNotAvailable, chain,
        "NEXT leads to a descriptor that is not available");
  if (!any_of(chain, has_table)) return;
  judge("PACKED-DRV-012", terms_.negotiated.has(Feature::kRingIndirectDesc), chain,
        "INDIRECT, and INDIRECT_DESC was not negotiated");
  judge("PACKED-DRV-013",
        !any_of(chain,
                [](const SeenDescriptor& each) {
                  return each.in_table && (each.flags & ~kDescriptorWrite) != 0;
                }),
        chain, "a flag other than WRITE in an indirect table");
  judge("PACKED-DRV-014", chain.fault != RingFault::kChainTooLong, chain,
        "an indirect table of more entries than the device takes");
  judge("PACKED-DRV-015", chain.fault != RingFault::kIndirectWithNext, chain,
        "INDIRECT in a list of several descriptors");
}

std::optional<RingCheck::DescriptorBytes> RingCheck::descriptor_in_ring(std::uint16_t index) const {
  const auto area = memory_.range(
      GuestAddress{to_integer(config_.descriptor_area) + kDescriptorBytes * index}, kDescriptorBytes);
  if (!area) return std::nullopt;
  DescriptorBytes bytes;
  std::memcpy(bytes.data(), area->data(), bytes.size());
  return bytes;
}

// What the ring holds now of the descriptors that the chain takes.
void RingCheck::remember(const SeenChain& chain) {
  std::vector<std::uint16_t> indices;
  for (const SeenDescriptor& each : chain.descriptors) {
    if (each.in_table || each.index >= owned_.size() || remembered_ == owned_.size()) continue;
    const auto bytes = descriptor_in_ring(each.index);
    if (!bytes || owned_[each.index].is_owned) continue;  // in two chains at once
    owned_[each.index] = {.is_owned = true, .overwritten = false, .bytes = *bytes};
    indices.push_back(each.index);
    ++remembered_;
  }
  chains_[chain.number] = std::move(indices);
}

void RingCheck::slot_written(std::uint16_t slot) {
  if (slot < owned_.size()) owned_[slot].overwritten = true;
}

void RingCheck::returning(std::uint64_t number) {
  const auto chain = chains_.find(number);
  if (chain == chains_.end()) return;
  bool is_kept = true;
  std::uint16_t changed = 0;
  for (const std::uint16_t index : chain->second) {
    Owned& owned = owned_[index];
    if (!owned.overwritten && descriptor_in_ring(index) != owned.bytes) {
      is_kept = false;
      changed = index;
    }
    owned = Owned();
    --remembered_;
  }
  chains_.erase(chain);
  const auto evidence = [&] {
    return evidence_text("queue ", to_integer(queue_), ": descriptor ", changed,
                         " was changed while its buffer belonged to the device");
  };
  verdicts_.judge("CLEAN-DRV-001", is_kept, evidence);
  if (is_packed_) verdicts_.judge("PACKED-DRV-003", is_kept, evidence);
}

}  // namespace virtcrypt::virtio
