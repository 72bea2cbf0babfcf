#include "tests/driver/request.h"

#include <algorithm>
#include <stdexcept>

namespace virtcrypt::test {

Request& Request::readable(std::span<const std::byte> content) {
  Part part;
  part.content.assign(content.begin(), content.end());
  parts_.push_back(std::move(part));
  return *this;
}

Request& Request::writable(std::size_t bytes) {
  Part part;
  part.bytes = static_cast<std::uint32_t>(bytes);
  part.writable = true;
  parts_.push_back(std::move(part));
  return *this;
}

Request& Request::at(std::uint64_t address, std::uint32_t bytes, bool writable) {
  parts_.push_back({.content = {}, .address = address, .bytes = bytes, .writable = writable, .placed = true});
  return *this;
}

Request& Request::chunk(std::size_t bytes) {
  chunk_ = bytes;
  return *this;
}

Request& Request::insert_readable(std::span<const std::byte> content) {
  Part part;
  part.content.assign(content.begin(), content.end());
  parts_.insert(parts_.begin() + static_cast<std::ptrdiff_t>(first_writable()), std::move(part));
  return *this;
}

Request& Request::overlap(std::span<const std::byte> source, std::ptrdiff_t shift) {
  const auto readable = part_with(source);
  if (!readable) throw std::logic_error("no part of the request has this content");
  overlap_ = Overlap{*readable, first_writable(), shift};
  return *this;
}

std::optional<std::size_t> Request::part_with(std::span<const std::byte> content) const {
  const auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& each) {
    return !each.writable &&
           std::equal(each.content.begin(), each.content.end(), content.begin(), content.end());
  });
  if (part == parts_.end()) return std::nullopt;
  return static_cast<std::size_t>(part - parts_.begin());
}

std::size_t Request::first_writable() const {
  const auto part =
      std::find_if(parts_.begin(), parts_.end(), [](const Part& each) { return each.writable; });
  return static_cast<std::size_t>(part - parts_.begin());
}

Request& Request::indirect(bool yes) {
  indirect_ = yes;
  return *this;
}

}  // namespace virtcrypt::test
