// What a bus of the machine calls: a device with registers in port or memory space.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace virtcrypt::devices {

// Thread-safety: any vCPU thread, concurrently; implementations serialize inside.
class IoHandler {
 public:
  virtual ~IoHandler() = default;

  // `offset` is relative to the registered range; 1 to 8 bytes, inside the range. Little-endian.
  virtual void read(std::uint64_t offset, std::span<std::byte> data) = 0;
  virtual void write(std::uint64_t offset, std::span<const std::byte> data) = 0;
};

}  // namespace virtcrypt::devices
