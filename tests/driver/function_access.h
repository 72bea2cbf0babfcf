// A PCI function of this process, reached by calling it.
#pragma once

#include "tests/driver/pci_access.h"
#include "virtcrypt/virtio/pci/function.h"

namespace virtcrypt::test {

class FunctionAccess final : public PciAccess {
 public:
  explicit FunctionAccess(virtio::pci::Function& function) : function_(function) {}

  [[nodiscard]] std::uint32_t config_read(std::uint16_t offset, unsigned width) override {
    return function_.config_read(offset, width);
  }
  void config_write(std::uint16_t offset, unsigned width, std::uint32_t value) override {
    function_.config_write(offset, width, value);
  }
  void bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) override {
    function_.bar_read(bar, offset, data);
  }
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override {
    function_.bar_write(bar, offset, data);
  }

 private:
  virtio::pci::Function& function_;
};

}  // namespace virtcrypt::test
