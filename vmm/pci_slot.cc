#include "virtcrypt/vmm/pci_slot.h"

#include <algorithm>
#include <exception>

#include <spdlog/spdlog.h>

#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm {

std::uint32_t intx_gsi(unsigned slot) {
  return layout::kIntxGsiBase + slot % layout::kIntxGsiCount;
}

// ---------------------------------------------------------------- BarHandler

void PciSlot::BarHandler::attach(unsigned bar, virtio::pci::Function& function) {
  bar_ = bar;
  function_ = &function;
}

void PciSlot::BarHandler::read(std::uint64_t offset, std::span<std::byte> data) {
  function_->bar_read(bar_, offset, data);
}

void PciSlot::BarHandler::write(std::uint64_t offset, std::span<const std::byte> data) {
  function_->bar_write(bar_, offset, data);
}

// ---------------------------------------------------------------- PciSlot

PciSlot::PciSlot(unsigned number, const Machine& machine)
    : number_(number), machine_(machine), intx_(machine.interrupts, intx_gsi(number)) {}

PciSlot::~PciSlot() {
  detach();
}

void PciSlot::detach() {
  for (unsigned bar = 0; bar < kMaxBars; ++bar) {
    try {
      unmap_bar(bar);
    } catch (const std::exception& error) {
      spdlog::error("slot {}: BAR {}: {}", number_, bar, error.what());
    }
  }
}

void PciSlot::attach(virtio::pci::Function& function) {
  for (unsigned bar = 0; bar < kMaxBars; ++bar) {
    bars_[bar].attach(bar, function);
  }
  doorbells_ = function.doorbells();
  for (std::uint16_t vector = 0; vector < function.msix_vectors(); ++vector) {
    vectors_.push_back(std::make_unique<MsiVector>(machine_.interrupts));
  }
}

void PciSlot::map_bar(unsigned bar, std::uint64_t base, std::uint64_t size) {
  unmap_bar(bar);
  if (const auto swallowed = bar_mapped_.admit()) {
    spdlog::debug("slot {}: BAR {} at {:#x}, {:#x} bytes ({} more like this)", number_, bar, base, size,
                  *swallowed);
  }
  machine_.memory_bus.add(base, size, bars_.at(bar));
  map_doorbells(bar, base);
}

void PciSlot::unmap_bar(unsigned bar) {
  unmap_doorbells(bar);
  machine_.memory_bus.remove(bars_.at(bar));
}

void PciSlot::map_doorbells(unsigned bar, std::uint64_t base) {
  for (const virtio::pci::Doorbell& doorbell : doorbells_) {
    if (doorbell.bar != bar) continue;
    const std::uint64_t address = base + doorbell.offset;
    if (machine_.events.add_ioeventfd(doorbell.event_fd, address)) {
      mapped_doorbells_.push_back({bar, address, doorbell.event_fd});
    } else if (const auto swallowed = doorbell_refused_.admit()) {
      // Slower, not broken: the write becomes an exit and reaches the function through its BAR.
      spdlog::warn("slot {}: no ioeventfd at {:#x} ({} more like this)", number_, address, *swallowed);
    }
  }
}

void PciSlot::unmap_doorbells(unsigned bar) {
  std::erase_if(mapped_doorbells_, [&](const MappedDoorbell& doorbell) {
    if (doorbell.bar != bar) return false;
    machine_.events.remove_ioeventfd(doorbell.event_fd, doorbell.address);
    return true;
  });
}

void PciSlot::route_msix(std::uint16_t vector, const virtio::pci::MsiMessage& message) {
  if (vector < vectors_.size()) vectors_[vector]->route(message);
}

void PciSlot::signal_msix(std::uint16_t vector) {
  if (vector < vectors_.size()) vectors_[vector]->signal();
}

void PciSlot::set_intx(bool asserted) {
  intx_.set(asserted);
}

}  // namespace virtcrypt::vmm
