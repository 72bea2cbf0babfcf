// Feature bits (VIRTIO 1.4, 2.2 and 6) and the set type that carries them.
#pragma once

#include <cstdint>

#include <linux/virtio_config.h>

namespace virtcrypt::virtio {

// Bit numbers. linux/virtio_ring.h does not compile as C++, so the ring's own are spelled out.
enum class Feature : unsigned {
  kRingIndirectDesc = 28,  // 2.7.5.3
  kRingEventIdx = 29,      // 2.7.10
  kVersion1 = VIRTIO_F_VERSION_1,
};

// A set of feature bits, up to bit 63: nothing this program offers lies above. Value type.
class FeatureSet {
 public:
  constexpr FeatureSet() = default;
  constexpr explicit FeatureSet(std::uint64_t bits) : bits_(bits) {}

  [[nodiscard]] constexpr bool has(Feature feature) const { return has_bit(static_cast<unsigned>(feature)); }
  [[nodiscard]] constexpr bool has_bit(unsigned bit) const { return (bits_ >> bit & 1) != 0; }
  [[nodiscard]] constexpr FeatureSet with(Feature feature) const {
    return FeatureSet(bits_ | std::uint64_t{1} << static_cast<unsigned>(feature));
  }
  [[nodiscard]] constexpr bool is_subset_of(FeatureSet other) const { return (bits_ & ~other.bits_) == 0; }
  [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }

  // How many 32-bit words there are.
  static constexpr std::uint32_t kWords = 2;

  // The 32 bits that a *_feature register shows for a *_feature_select value; 0 beyond bit 63.
  [[nodiscard]] constexpr std::uint32_t word(std::uint32_t select) const {
    return select < kWords ? static_cast<std::uint32_t>(bits_ >> (32 * select)) : 0;
  }
  constexpr void set_word(std::uint32_t select, std::uint32_t value) {
    if (select >= kWords) return;
    const unsigned shift = 32 * select;
    bits_ = (bits_ & ~(std::uint64_t{0xFFFF'FFFF} << shift)) | (std::uint64_t{value} << shift);
  }

  friend constexpr bool operator==(FeatureSet, FeatureSet) = default;

 private:
  std::uint64_t bits_ = 0;
};

}  // namespace virtcrypt::virtio
