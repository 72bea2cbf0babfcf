// A request as a driver builds it, and the answer to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/driver/driver_memory.h"
#include "tests/driver/driver_ring.h"

namespace virtcrypt::test {

// What a request's chain came back with.
struct Answer {
  std::uint32_t used_length = 0;
  Bytes written;  // all device-writable bytes
  [[nodiscard]] std::uint8_t status() const { return std::to_integer<std::uint8_t>(written.back()); }
};

// A request under construction: readable parts, then writable ones. Each part becomes one descriptor, or
// several of `chunk` bytes.
class Request {
 public:
  Request& readable(std::span<const std::byte> content);
  Request& writable(std::size_t bytes);
  Request& at(std::uint64_t address, std::uint32_t bytes, bool writable);  // memory of the caller's
  // A readable part behind all others.
  Request& insert_readable(std::span<const std::byte> content);
  Request& chunk(std::size_t bytes);
  Request& indirect(bool yes = true);
  // The readable part with this content and the first writable part share memory: the latter begins `shift`
  // bytes behind the former, or before it.
  Request& overlap(std::span<const std::byte> source, std::ptrdiff_t shift = 0);

 private:
  friend class RequestRing;
  friend std::vector<Segment> place(DriverMemory& memory, const Request& request);
  void place_overlap(DriverMemory& memory);
  struct Part {
    Bytes content;  // readable
    std::uint64_t address = 0;
    std::uint32_t bytes = 0;
    bool writable = false;
    bool placed = false;  // memory of the caller's
  };
  std::vector<Part> parts_;
  [[nodiscard]] std::optional<std::size_t> part_with(std::span<const std::byte> content) const;
  [[nodiscard]] std::size_t first_writable() const;

  struct Overlap {
    std::size_t readable;
    std::size_t writable;
    std::ptrdiff_t shift;
  };
  std::size_t chunk_ = 0;
  bool indirect_ = false;
  std::optional<Overlap> overlap_;
};

}  // namespace virtcrypt::test
