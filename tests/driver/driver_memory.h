// Memory that a driver shares with its device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>

namespace virtcrypt::test {

// A piece of guest memory: where the device sees it (a physical address), and where the driver does.
struct Buffer {
  std::uint64_t address = 0;
  std::span<std::byte> bytes;
};

// An allocator over one such piece, as a driver's DMA allocator would be.
// Thread-safety: one driver thread.
class DriverMemory {
 public:
  explicit DriverMemory(const Buffer& all = {}) : all_(all) {}
  virtual ~DriverMemory() = default;
  DriverMemory(const DriverMemory&) = delete;
  DriverMemory& operator=(const DriverMemory&) = delete;

  // One behind the other; throws std::bad_alloc when it is full.
  Buffer allocate(std::size_t bytes, std::size_t alignment = 16) {
    const std::size_t start = (used_ + alignment - 1) / alignment * alignment;
    if (bytes > all_.bytes.size() || start > all_.bytes.size() - bytes) throw std::bad_alloc();
    used_ = start + bytes;
    return {all_.address + start, all_.bytes.subspan(start, bytes)};
  }
  Buffer allocate(std::span<const std::byte> content, std::size_t alignment = 16) {
    const Buffer buffer = allocate(content.size(), alignment);
    if (!content.empty()) std::memcpy(buffer.bytes.data(), content.data(), content.size());
    return buffer;
  }

  // The driver's view of an address; throws std::out_of_range when the range is not all in the memory.
  [[nodiscard]] virtual std::span<std::byte> at(std::uint64_t address, std::size_t bytes) {
    if (address < all_.address || address - all_.address > all_.bytes.size() ||
        bytes > all_.bytes.size() - (address - all_.address)) {
      throw std::out_of_range("a driver's address outside its memory");
    }
    return all_.bytes.subspan(address - all_.address, bytes);
  }

  // Gives back all that was allocated since mark().
  [[nodiscard]] std::size_t mark() const { return used_; }
  void rewind(std::size_t mark) { used_ = mark; }

 protected:
  void use(const Buffer& all) { all_ = all; }

 private:
  Buffer all_;
  std::size_t used_ = 0;
};

}  // namespace virtcrypt::test
