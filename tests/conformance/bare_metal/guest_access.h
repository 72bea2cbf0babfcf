// The PCI function under test, reached by a guest's instructions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "tests/conformance/bare_metal/agent_link.h"
#include "tests/driver/pci_access.h"

namespace virtcrypt::conformance {

// The first function on bus 0 that is not the host bridge. Its BARs are where the machine has put them.
// Thread-safety: one thread.
class GuestAccess final : public test::PciAccess {
 public:
  // Looks for it, with an agent that is ready; std::runtime_error when there is none.
  explicit GuestAccess(AgentLink& link);

  // Through the ports of mechanism #1 (PCI Local Bus 3.0, 3.2.2.3.2) and through ECAM (PCI Express 5.0,
  // 7.2.2) in turn, as far as the ports reach.
  [[nodiscard]] std::uint32_t config_read(std::uint16_t offset, unsigned width) override;
  void config_write(std::uint16_t offset, unsigned width, std::uint32_t value) override;
  void bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) override;
  void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  [[nodiscard]] bool is_turn_of_ports(std::uint16_t offset, unsigned width);
  void select(std::uint16_t offset, const std::string& what);
  [[nodiscard]] std::uint64_t ecam_address(std::uint16_t offset) const;
  [[nodiscard]] std::uint64_t bar_address(unsigned bar) const;
  void find_bars();

  AgentLink& link_;
  unsigned slot_ = 0;
  bool ports_were_last_ = false;
  std::array<std::optional<std::uint64_t>, 6> bars_;
};

}  // namespace virtcrypt::conformance
