// The stream cipher ZUC and what 3GPP builds from it: 128-EEA3 and 128-EIA3 (3GPP TS 35.221, TS 35.222). What
// libipsec-mb has of them ends at 65504 bits. Its tables are indexed by secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <cryptopp/config.h>
#include <cryptopp/secblock.h>

namespace virtcrypt::crypto {

constexpr std::size_t kZucKeyBytes = 16;
constexpr std::size_t kZucIvBytes = 16;
constexpr std::size_t kZucWordBytes = 4;

// One key stream under way (TS 35.222).
class Zuc {
 public:
  // `key` and `iv` are 16 bytes each.
  Zuc(std::span<const std::byte> key, std::span<const std::byte> iv);

  // The next word of the key stream.
  [[nodiscard]] std::uint32_t next();

  // 128-EEA3: adds the key stream to whole words, and to what is left at the end of the text; `in` == `out`
  // is possible.
  void run(const CryptoPP::byte* in, CryptoPP::byte* out, std::size_t bytes);

 private:
  static constexpr std::size_t kCells = 16;

  [[nodiscard]] std::uint32_t cell(std::size_t index) const { return cells_[(first_ + index) % kCells]; }
  std::uint32_t high_low(std::size_t high, std::size_t low) const;
  std::uint32_t low_high(std::size_t low, std::size_t high) const;
  std::uint32_t nonlinear();
  void shift(std::uint32_t added);

  CryptoPP::FixedSizeSecBlock<std::uint32_t, kCells> cells_;  // 31 bits each
  std::size_t first_ = 0;                                     // where cell 0 is
  CryptoPP::FixedSizeSecBlock<std::uint32_t, 2> memory_;      // R1 and R2
};

// 128-EIA3 over a text in one piece, TS 35.221, 4.
[[nodiscard]] std::array<std::byte, 4> zuc_eia3(std::span<const std::byte> key, std::span<const std::byte> iv,
                                                std::span<const std::byte> text);

}  // namespace virtcrypt::crypto
