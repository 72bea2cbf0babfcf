// What a run of the suite is about: the choices of the command line that checks can see.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace virtcrypt::conformance {

enum class Dialect : std::uint8_t {
  kStandard,  // VIRTIO 1.4, 5.9
  kRfcV2,     // the draft of April 2016
};
enum class RingFormat : std::uint8_t { kSplit, kPacked };

struct Settings {
  Dialect dialect = Dialect::kStandard;
  RingFormat ring = RingFormat::kSplit;
  std::uint64_t features_on = 0;      // drivers accept these wherever a check leaves it open
  std::uint64_t features_off = 0;     // drivers never accept these; a device of ours does not offer them
  std::string device = "in-process";  // as --device takes it

  [[nodiscard]] bool is_packed() const { return ring == RingFormat::kPacked; }
};

[[nodiscard]] constexpr std::string_view name_of(Dialect dialect) {
  return dialect == Dialect::kStandard ? "standard" : "rfc-v2";
}
[[nodiscard]] constexpr std::string_view name_of(RingFormat ring) {
  return ring == RingFormat::kSplit ? "split" : "packed";
}

}  // namespace virtcrypt::conformance
