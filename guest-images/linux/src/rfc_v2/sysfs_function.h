// A PCI function reached through the kernel's sysfs, for drivers in user space.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "tests/driver/pci_access.h"
#include "tests/support/file_descriptor.h"

namespace virtcrypt::guest {

// The address ("0000:00:01.0") of the first function with these numbers.
[[nodiscard]] std::optional<std::string> find_function(std::uint16_t vendor, std::uint16_t device);

// Throws std::system_error. `flags` without O_CLOEXEC, which is always added.
[[nodiscard]] test::FileDescriptor open_file(const std::string& path, int flags);

// Writes a word into a file of the kernel's; throws std::system_error.
void write_file(const std::string& path, const std::string& text);

// Thread-safety: as the registers behind it.
class SysfsFunction final : public test::PciAccess {
 public:
  // Enables the function and maps its memory BARs. Throws std::system_error.
  explicit SysfsFunction(const std::string& address);
  ~SysfsFunction() override;

  [[nodiscard]] std::uint32_t config_read(std::uint16_t offset, unsigned width) override;
  void config_write(std::uint16_t offset, unsigned width, std::uint32_t value) override;
  void bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) override;
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  static constexpr unsigned kBars = 6;
  [[nodiscard]] std::byte* place(unsigned bar, std::uint64_t offset, std::size_t bytes) const;

  test::FileDescriptor config_;
  std::array<std::span<std::byte>, kBars> bars_ = {};
};

}  // namespace virtcrypt::guest
