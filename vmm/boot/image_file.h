// A kernel or initrd file, read in pieces. Its contents are as little trusted as the guest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "virtcrypt/vmm/file_descriptor.h"
#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm::boot {

// A regular file, opened for reading. Thread-safety: none, used by the thread that starts the machine.
class ImageFile {
 public:
  // `role` is the word that errors use: "kernel" or "initrd". Throws HostError when the file is missing,
  // unreadable, not a regular file, or empty.
  ImageFile(std::string role, std::filesystem::path path);

  [[nodiscard]] std::uint64_t size() const { return size_; }

  // Whether [offset, offset + length) lies in the file.
  [[nodiscard]] bool contains(std::uint64_t offset, std::uint64_t length) const {
    return offset <= size_ && length <= size_ - offset;
  }

  // Fills `out` from `offset`. Throws HostError when the file ends before that, or reading fails.
  void read(std::uint64_t offset, std::span<std::byte> out) const;

  template <typename Value>
  requires std::is_trivially_copyable_v<Value>
  [[nodiscard]] std::optional<Value> read_value(std::uint64_t offset) const {
    if (!contains(offset, sizeof(Value))) return std::nullopt;
    Value value{};
    read(offset, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

  // "kernel /path: <problem>", ready to be thrown.
  [[nodiscard]] HostError error(const std::string& problem) const;

 private:
  std::string role_;
  std::filesystem::path path_;
  FileDescriptor fd_;
  std::uint64_t size_ = 0;
};

}  // namespace virtcrypt::vmm::boot
