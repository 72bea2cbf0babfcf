// The driver side of a virtqueue, whatever its format (VIRTIO 1.4, 2.6), written independently of the device
// side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace virtcrypt::test {

// Flags of descriptors, the same in both formats (2.7.5, 2.8.5 to 2.8.7).
constexpr std::uint16_t kNext = 1;
constexpr std::uint16_t kWrite = 2;
constexpr std::uint16_t kIndirect = 4;

struct Segment {
  std::uint64_t address;
  std::uint32_t length;
  bool writable;
};

// `head` is what add() returned: the head descriptor's index (split) or the buffer id (packed).
struct Used {
  std::uint32_t head;
  std::uint32_t length;
};

// Thread-safety: one driver thread; the device works on the other side of the memory.
class DriverRing {
 public:
  virtual ~DriverRing() = default;
  DriverRing(const DriverRing&) = delete;
  DriverRing& operator=(const DriverRing&) = delete;

  [[nodiscard]] virtual std::uint16_t size() const = 0;
  [[nodiscard]] virtual std::uint64_t descriptor_area() const = 0;
  [[nodiscard]] virtual std::uint64_t driver_area() const = 0;
  [[nodiscard]] virtual std::uint64_t device_area() const = 0;
  [[nodiscard]] virtual std::size_t free_descriptors() const = 0;

  // Puts a chain into free descriptors, and makes it available. With `indirect`, one descriptor points at a
  // table allocated from the memory. Returns the head or buffer id, or nothing when there are not enough
  // descriptors.
  [[nodiscard]] std::optional<std::uint16_t> add(std::span<const Segment> segments, bool indirect = false) {
    return put(segments, indirect);
  }

  // Whether the device asks for an available buffer notification for what was added since the last call.
  [[nodiscard]] virtual bool needs_kick() = 0;

  // next_off and next_wrap (bit 15) as a notification with data carries them (2.9).
  [[nodiscard]] virtual std::uint16_t next_available() const = 0;

  // The next used element; frees its descriptors.
  [[nodiscard]] virtual std::optional<Used> poll() = 0;

  // Asks for an interrupt with the next used element, or for none.
  virtual void want_interrupt(bool wanted) = 0;

 protected:
  DriverRing() = default;
  [[nodiscard]] virtual std::optional<std::uint16_t> put(std::span<const Segment> segments,
                                                         bool indirect) = 0;
};

}  // namespace virtcrypt::test
