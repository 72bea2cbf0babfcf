// Stands in for KVM: keeps what it is told.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/vm_events.h"

namespace virtcrypt::tests {

class VmEventsFake final : public vmm::VmEvents {
 public:
  void set_irq_line(std::uint32_t gsi, bool level) override { lines.emplace_back(gsi, level); }
  void set_gsi_routing(std::span<const kvm_irq_routing_entry> entries) override {
    if (refuse_routing) throw vmm::HostError("KVM_SET_GSI_ROUTING: refused");
    routing.assign(entries.begin(), entries.end());
  }
  void add_irqfd(int event_fd, std::uint32_t gsi) override { irqfds[gsi] = event_fd; }
  void remove_irqfd(int /*event_fd*/, std::uint32_t gsi) override { irqfds.erase(gsi); }
  bool add_ioeventfd(int event_fd, std::uint64_t address) override {
    return ioeventfds.emplace(address, event_fd).second;
  }
  void remove_ioeventfd(int /*event_fd*/, std::uint64_t address) override { ioeventfds.erase(address); }

  [[nodiscard]] std::vector<kvm_irq_routing_entry> messages() const {
    std::vector<kvm_irq_routing_entry> found;
    for (const auto& entry : routing) {
      if (entry.type == KVM_IRQ_ROUTING_MSI) found.push_back(entry);
    }
    return found;
  }

  bool refuse_routing = false;
  std::vector<std::pair<std::uint32_t, bool>> lines;
  std::vector<kvm_irq_routing_entry> routing;
  std::map<std::uint32_t, int> irqfds;      // GSI to eventfd
  std::map<std::uint64_t, int> ioeventfds;  // address to eventfd
};

}  // namespace virtcrypt::tests
