#include "virtcrypt/vmm/interrupts.h"

#include <cerrno>
#include <system_error>

#include <sys/eventfd.h>

#include <spdlog/spdlog.h>

#include "virtcrypt/vmm/host_error.h"
#include "virtcrypt/vmm/layout.h"

namespace virtcrypt::vmm {
namespace {

constexpr std::uint32_t kPicPins = 8;
constexpr std::uint32_t kIoApicPins = 24;
constexpr std::uint32_t kTimerPin =
    2;  // GSI 0 arrives here; the PIC's pin 2 is where the second PIC is cascaded
// KVM's limit of routing entries and of GSI numbers on x86.
constexpr std::uint32_t kMaxGsis = 4096;
constexpr std::size_t kMaxMessages = kMaxGsis - 64;  // the wires take less than 64 entries

kvm_irq_routing_entry wire(std::uint32_t gsi, std::uint32_t chip, std::uint32_t pin) {
  kvm_irq_routing_entry entry{};
  entry.gsi = gsi;
  entry.type = KVM_IRQ_ROUTING_IRQCHIP;
  entry.u.irqchip.irqchip = chip;
  entry.u.irqchip.pin = pin;
  return entry;
}

kvm_irq_routing_entry message_entry(std::uint32_t gsi, const virtio::pci::MsiMessage& message) {
  kvm_irq_routing_entry entry{};
  entry.gsi = gsi;
  entry.type = KVM_IRQ_ROUTING_MSI;
  entry.u.msi.address_lo = static_cast<std::uint32_t>(message.address);
  entry.u.msi.address_hi = static_cast<std::uint32_t>(message.address >> 32);
  entry.u.msi.data = message.data;
  return entry;
}

std::vector<kvm_irq_routing_entry> wires() {
  std::vector<kvm_irq_routing_entry> entries;
  for (std::uint32_t gsi = 0; gsi < kPicPins; ++gsi) {
    if (gsi != kTimerPin) entries.push_back(wire(gsi, KVM_IRQCHIP_PIC_MASTER, gsi));
    entries.push_back(wire(kPicPins + gsi, KVM_IRQCHIP_PIC_SLAVE, gsi));
  }
  for (std::uint32_t gsi = 0; gsi < kIoApicPins; ++gsi) {
    if (gsi == kTimerPin) continue;
    entries.push_back(wire(gsi, KVM_IRQCHIP_IOAPIC, gsi == 0 ? kTimerPin : gsi));
  }
  return entries;
}

FileDescriptor make_event() {
  FileDescriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) throw std::system_error(errno, std::generic_category(), "eventfd");
  return event;
}

}  // namespace

// ---------------------------------------------------------------- Interrupts

Interrupts::Interrupts(VmEvents& events) : events_(events) {
  events_.set_gsi_routing(wires());
}

void Interrupts::set_line(InterruptLine& line, bool asserted) {
  // The lock also keeps two changes of one GSI from reaching the kernel in the wrong order.
  const std::lock_guard lock(mutex_);
  if (line.asserted_ == asserted) return;
  line.asserted_ = asserted;
  unsigned& count = asserted_[line.gsi_];
  const bool was_high = count != 0;
  count = asserted ? count + 1 : count - 1;
  if (was_high != (count != 0)) events_.set_irq_line(line.gsi_, count != 0);
}

std::uint32_t Interrupts::allocate_gsi() {
  const std::lock_guard lock(mutex_);
  if (allocated_.size() >= kMaxMessages) return 0;
  std::uint32_t gsi = layout::kMsiGsiBase;
  for (const std::uint32_t taken : allocated_) {
    if (taken != gsi) break;
    ++gsi;
  }
  allocated_.insert(gsi);
  return gsi;
}

bool Interrupts::set_message(std::uint32_t gsi, const virtio::pci::MsiMessage& message) {
  const std::lock_guard lock(mutex_);
  const auto found = messages_.find(gsi);
  if (found != messages_.end() && found->second == message) return true;
  const bool is_new = found == messages_.end();
  const virtio::pci::MsiMessage before = is_new ? virtio::pci::MsiMessage{} : found->second;
  messages_[gsi] = message;
  if (install()) return true;
  if (is_new) {
    messages_.erase(gsi);
  } else {
    messages_[gsi] = before;
  }
  return false;
}

void Interrupts::remove_message(std::uint32_t gsi) {
  const std::lock_guard lock(mutex_);
  allocated_.erase(gsi);
  if (messages_.erase(gsi) != 0) (void)install();
}

bool Interrupts::install() {
  std::vector<kvm_irq_routing_entry> entries = wires();
  for (const auto& [gsi, message] : messages_) {
    entries.push_back(message_entry(gsi, message));
  }
  try {
    events_.set_gsi_routing(entries);
    return true;
  } catch (const HostError& error) {
    // The guest chose address and data; that the kernel does not like them is no reason to end the machine.
    if (const auto swallowed = refused_.admit()) {
      spdlog::warn("interrupt message refused: {} ({} more like this)", error.what(), *swallowed);
    }
    return false;
  }
}

// ---------------------------------------------------------------- InterruptLine

InterruptLine::~InterruptLine() {
  try {
    set(false);
  } catch (const std::exception& error) {
    spdlog::error("interrupt line {}: {}", gsi_, error.what());
  }
}

// ---------------------------------------------------------------- MsiVector

MsiVector::MsiVector(Interrupts& interrupts)
    : interrupts_(interrupts), gsi_(interrupts.allocate_gsi()), event_(make_event()) {
  if (gsi_ == 0) spdlog::warn("no interrupt route left for another MSI-X vector: it stays silent");
}

MsiVector::~MsiVector() {
  if (gsi_ == 0) return;
  try {
    if (connected_) interrupts_.events_.remove_irqfd(event_.get(), gsi_);
    interrupts_.remove_message(gsi_);
  } catch (const std::exception& error) {
    spdlog::error("MSI-X vector on GSI {}: {}", gsi_, error.what());
  }
}

void MsiVector::route(const virtio::pci::MsiMessage& message) {
  if (gsi_ == 0 || !interrupts_.set_message(gsi_, message) || connected_) return;
  // Only now: an irqfd whose GSI has no route would lose its first signal.
  interrupts_.events_.add_irqfd(event_.get(), gsi_);
  connected_ = true;
}

void MsiVector::signal() {
  // An eventfd whose counter is full is signaled already.
  if (connected_) (void)::eventfd_write(event_.get(), 1);
}

}  // namespace virtcrypt::vmm
