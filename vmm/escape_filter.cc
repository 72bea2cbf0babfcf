#include "virtcrypt/vmm/escape_filter.h"

namespace virtcrypt::vmm {
namespace {

constexpr std::byte kEscape{0x01};  // Ctrl-A
constexpr std::byte kQuit{'x'};

}  // namespace

EscapeFilter::Result EscapeFilter::feed(std::span<const std::byte> typed) {
  Result result;
  for (const std::byte key : typed) {
    if (!after_escape_ && key == kEscape) {
      after_escape_ = true;
      continue;
    }
    if (after_escape_ && key == kQuit) {
      result.quit = true;
      return result;
    }
    if (after_escape_ && key != kEscape) result.to_guest.push_back(kEscape);
    after_escape_ = false;
    result.to_guest.push_back(key);
  }
  return result;
}

}  // namespace virtcrypt::vmm
