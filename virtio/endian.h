// Little-endian integers of the wire as types, so that a forgotten conversion does not compile. Alignment is
// 1: structures made of them have no padding and can be copied to and from guest memory byte for byte.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace virtcrypt::virtio {

// Converts between host order and little-endian; its own inverse.
template <std::unsigned_integral Integer>
[[nodiscard]] constexpr Integer little_endian(Integer value) {
  if constexpr (std::endian::native == std::endian::little || sizeof(Integer) == 1) {
    return value;
  } else {
    Integer swapped = 0;
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      swapped = static_cast<Integer>((swapped << 8) | ((value >> (8 * i)) & 0xFF));
    }
    return swapped;
  }
}

template <std::unsigned_integral Integer>
class LittleEndian {
 public:
  LittleEndian() = default;
  constexpr LittleEndian(Integer value)  // implicit on purpose: a wire field is assigned like an integer
      : bytes_(std::bit_cast<Bytes>(little_endian(value))) {}
  constexpr operator Integer() const { return little_endian(std::bit_cast<Integer>(bytes_)); }

 private:
  using Bytes = std::array<std::byte, sizeof(Integer)>;
  Bytes bytes_{};
};

using Le16 = LittleEndian<std::uint16_t>;
using Le32 = LittleEndian<std::uint32_t>;
using Le64 = LittleEndian<std::uint64_t>;

static_assert(sizeof(Le64) == 8 && alignof(Le64) == 1);

}  // namespace virtcrypt::virtio
