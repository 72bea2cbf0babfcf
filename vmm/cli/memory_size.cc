#include "virtcrypt/vmm/cli/memory_size.h"

#include <charconv>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm::cli {
namespace {

// The loader's tables and a small kernel; how much a kernel really needs, the loader knows.
constexpr std::uint64_t kSmallestMib = 16;
constexpr std::uint64_t kLargestMib = layout::kMaxRam / layout::kMiB;

}  // namespace

virtio::Expected<std::uint64_t, std::string> parse_memory_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const bool gib = unit == "G" || unit == "g";
  if (error == std::errc::invalid_argument || (!gib && !unit.empty() && unit != "M" && unit != "m")) {
    return virtio::Unexpected<std::string>(fmt::format(
        "'{}' is no size of memory: give a number of MiB, or a number with M or G behind it, like 512M or 2G",
        text));
  }
  // Compared before it is multiplied: the number may be anything.
  const bool too_large = error != std::errc{} || number > kLargestMib || (gib && number > kLargestMib / 1024);
  const std::uint64_t mib = gib ? number * 1024 : number;
  if (too_large || mib < kSmallestMib) {
    return virtio::Unexpected<std::string>(
        fmt::format("{} of memory: a machine has {}M to {}G", text, kSmallestMib, kLargestMib / 1024));
  }
  return mib * layout::kMiB;
}

}  // namespace virtcrypt::vmm::cli
