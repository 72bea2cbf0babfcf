#include "virtcrypt/virtio/descriptor_chain.h"

#include <algorithm>

namespace virtcrypt::virtio {
namespace {

// Calls use(piece) for the next `bytes` bytes and moves the position; the caller has checked that they are
// there.
template <typename Use>
void advance(std::span<const std::span<std::byte>>& segments, std::size_t& offset, std::uint64_t& remaining,
             std::uint64_t bytes, Use use) {
  remaining -= bytes;
  while (bytes > 0) {
    const std::span<std::byte> rest = segments.front().subspan(offset);
    const std::size_t here = std::min<std::uint64_t>(bytes, rest.size());
    use(rest.first(here));
    bytes -= here;
    offset += here;
    if (offset == segments.front().size()) {
      segments = segments.subspan(1);
      offset = 0;
    }
  }
}

}  // namespace

bool ReadCursor::read_pieces(std::span<std::byte> destination) {
  if (destination.size() > remaining_) return false;
  advance(segments_, offset_, remaining_, destination.size(), [&](std::span<std::byte> piece) {
    std::memcpy(destination.data(), piece.data(), piece.size());
    destination = destination.subspan(piece.size());
  });
  no_second_load();
  return true;
}

bool ReadCursor::skip_pieces(std::uint64_t bytes) {
  if (bytes > remaining_) return false;
  advance(segments_, offset_, remaining_, bytes, [](std::span<std::byte>) {});
  return true;
}

bool ReadCursor::take_pieces(std::uint64_t bytes, std::vector<std::span<const std::byte>>& pieces) {
  if (bytes > remaining_) return false;
  advance(segments_, offset_, remaining_, bytes,
          [&](std::span<std::byte> piece) { pieces.emplace_back(piece); });
  return true;
}

bool WriteCursor::write(std::span<const std::byte> source) {
  if (source.size() > remaining_) return false;
  advance(segments_, offset_, remaining_, source.size(), [&](std::span<std::byte> piece) {
    std::memcpy(piece.data(), source.data(), piece.size());
    source = source.subspan(piece.size());
  });
  return true;
}

void WriteCursor::fill_pieces(std::uint64_t bytes) {
  advance(segments_, offset_, remaining_, std::min(bytes, remaining_),
          [](std::span<std::byte> piece) { std::memset(piece.data(), 0, piece.size()); });
}

void WriteCursor::skip_pieces(std::uint64_t bytes) {
  advance(segments_, offset_, remaining_, std::min(bytes, remaining_), [](std::span<std::byte>) {});
}

bool WriteCursor::take_pieces(std::uint64_t bytes, std::vector<std::span<std::byte>>& pieces) {
  if (bytes > remaining_) return false;
  advance(segments_, offset_, remaining_, bytes,
          [&](std::span<std::byte> piece) { pieces.push_back(piece); });
  return true;
}

}  // namespace virtcrypt::virtio
