// One slot of the PCI bus: connects a function to the machine's memory bus, doorbells and interrupts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "virtcrypt/devices/io_handler.h"
#include "virtcrypt/devices/log_limiter.h"
#include "virtcrypt/virtio/pci/function.h"
#include "virtcrypt/vmm/bus.h"
#include "virtcrypt/vmm/interrupts.h"
#include "virtcrypt/vmm/vm_events.h"

namespace virtcrypt::vmm {

// INTA# of slot n is wired to layout::kIntxGsiBase + n % layout::kIntxGsiCount; the DSDT's _PRT says the
// same.
[[nodiscard]] std::uint32_t intx_gsi(unsigned slot);

// Built before its function, which gets a reference to it, and destroyed after it.
// Thread-safety: as virtio::pci::Slot says. attach() comes before the guest runs, detach() when no vCPU runs
// any more.
class PciSlot final : public virtio::pci::Slot {
 public:
  // What a slot uses of the machine.
  struct Machine {
    Bus& memory_bus;
    VmEvents& events;
    Interrupts& interrupts;
  };

  PciSlot(unsigned number, const Machine& machine);
  PciSlot(const PciSlot&) = delete;
  PciSlot& operator=(const PciSlot&) = delete;
  ~PciSlot() override;

  // Makes what the function will use: a vector that is first routed while the guest runs opens no descriptor.
  void attach(virtio::pci::Function& function);
  // Takes the function's BARs and doorbells off the machine: before the function, whose eventfds they use,
  // goes.
  void detach();
  [[nodiscard]] std::uint32_t gsi() const { return intx_.gsi(); }

  void map_bar(unsigned bar, std::uint64_t base, std::uint64_t size) override;
  void unmap_bar(unsigned bar) override;
  void route_msix(std::uint16_t vector, const virtio::pci::MsiMessage& message) override;
  void signal_msix(std::uint16_t vector) override;
  void set_intx(bool asserted) override;

 private:
  static constexpr unsigned kMaxBars = 6;

  // Answers on the memory bus for one BAR.
  class BarHandler final : public devices::IoHandler {
   public:
    void attach(unsigned bar, virtio::pci::Function& function);
    void read(std::uint64_t offset, std::span<std::byte> data) override;
    void write(std::uint64_t offset, std::span<const std::byte> data) override;

   private:
    unsigned bar_ = 0;
    virtio::pci::Function* function_ = nullptr;
  };

  struct MappedDoorbell {
    unsigned bar;
    std::uint64_t address;
    int event_fd;
  };

  void map_doorbells(unsigned bar, std::uint64_t base);
  void unmap_doorbells(unsigned bar);

  unsigned number_;
  Machine machine_;
  InterruptLine intx_;
  std::array<BarHandler, kMaxBars> bars_;
  std::vector<virtio::pci::Doorbell> doorbells_;
  std::vector<MappedDoorbell> mapped_doorbells_;
  std::vector<std::unique_ptr<MsiVector>> vectors_;  // constant after attach()
  devices::LogLimiter doorbell_refused_;
  devices::LogLimiter bar_mapped_;
};

}  // namespace virtcrypt::vmm
