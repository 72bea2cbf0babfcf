// Feature bits (VIRTIO 1.4, 2.2 and 6) and the set type that carries them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <linux/virtio_config.h>

namespace virtcrypt::virtio {

// Bit numbers of the device-independent features that this room implements. linux/virtio_ring.h does not
// compile as C++ and older headers lack the newest, so those are spelled out.
enum class Feature : unsigned {
  kRingIndirectDesc = 28,  // 2.7.5.3, 2.8.7
  kRingEventIdx = 29,      // 2.7.10, 2.8.10
  kVersion1 = VIRTIO_F_VERSION_1,
  kAccessPlatform = VIRTIO_F_ACCESS_PLATFORM,  // 6
  kRingPacked = VIRTIO_F_RING_PACKED,          // 2.8
  kInOrder = VIRTIO_F_IN_ORDER,                // 2.7.9, 2.8.8
  kOrderPlatform = VIRTIO_F_ORDER_PLATFORM,    // 6
  kNotificationData = 38,                      // 2.9
  kNotifConfigData = 39,                       // 4.1.5.2
  kRingReset = 40,                             // 2.6.1
};

// A set of feature bits, up to bit 63: nothing this program offers lies above. Value type.
class FeatureSet {
 public:
  constexpr FeatureSet() = default;
  constexpr explicit FeatureSet(std::uint64_t bits) : bits_(bits) {}

  [[nodiscard]] static constexpr FeatureSet all() { return FeatureSet(UINT64_MAX); }

  [[nodiscard]] constexpr bool has(Feature feature) const { return has_bit(static_cast<unsigned>(feature)); }
  [[nodiscard]] constexpr bool has_bit(unsigned bit) const { return (bits_ >> bit & 1) != 0; }
  [[nodiscard]] constexpr FeatureSet with(Feature feature) const {
    return FeatureSet(bits_ | std::uint64_t{1} << static_cast<unsigned>(feature));
  }
  [[nodiscard]] constexpr FeatureSet without(Feature feature) const {
    return FeatureSet(bits_ & ~FeatureSet().with(feature).bits_);
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

  friend constexpr FeatureSet operator&(FeatureSet a, FeatureSet b) { return FeatureSet(a.bits_ & b.bits_); }
  friend constexpr FeatureSet operator|(FeatureSet a, FeatureSet b) { return FeatureSet(a.bits_ | b.bits_); }
  friend constexpr bool operator==(FeatureSet, FeatureSet) = default;

 private:
  std::uint64_t bits_ = 0;
};

// All that queues and transports of this room implement, for devices to offer; none of them depends on
// another (2.2). ACCESS_PLATFORM and ORDER_PLATFORM ask something of the driver alone: where no IOMMU stands
// in between, the addresses that the platform gives it are guest-physical ones, and stronger barriers than a
// device in software needs do no harm.
constexpr FeatureSet kImplementedFeatures = FeatureSet()
                                                .with(Feature::kRingIndirectDesc)
                                                .with(Feature::kRingEventIdx)
                                                .with(Feature::kVersion1)
                                                .with(Feature::kAccessPlatform)
                                                .with(Feature::kRingPacked)
                                                .with(Feature::kInOrder)
                                                .with(Feature::kOrderPlatform)
                                                .with(Feature::kNotificationData)
                                                .with(Feature::kNotifConfigData)
                                                .with(Feature::kRingReset);

// The specification's names without VIRTIO_F_, as logs and command lines use them: "RING_PACKED".
[[nodiscard]] std::string_view name_of(Feature feature);
[[nodiscard]] std::optional<Feature> feature_named(std::string_view name);

}  // namespace virtcrypt::virtio
