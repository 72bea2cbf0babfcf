// A PCI function as a host bridge sees it, and what the machine offers to a function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virtcrypt::virtio::pci {

// Address and data of a message-signaled interrupt, as programmed into the MSI-X table.
struct MsiMessage {
  std::uint64_t address = 0;
  std::uint32_t data = 0;
  friend bool operator==(const MsiMessage&, const MsiMessage&) = default;
};

// The machine's side of a slot: where a function's BARs appear and how its interrupts travel.
// map_bar(), unmap_bar() and route_msix() are called by one thread at a time, with the function's
// configuration lock held; an implementation must not call back into the function from them. signal_msix()
// and set_intx() come from any thread.
class Slot {
 public:
  virtual ~Slot() = default;

  // The BAR decodes [base, base + size) of guest-physical memory from now on, or no longer.
  virtual void map_bar(unsigned bar, std::uint64_t base, std::uint64_t size) = 0;
  virtual void unmap_bar(unsigned bar) = 0;

  // Vector `vector` sends this message from now on. Called before the vector's first signal, and on every
  // change.
  virtual void route_msix(std::uint16_t vector, const MsiMessage& message) = 0;
  virtual void signal_msix(std::uint16_t vector) = 0;

  // Level of the INTA# pin.
  virtual void set_intx(bool asserted) = 0;
};

// A register whose write may be delivered through an eventfd instead of bar_write(): any width, any data.
struct Doorbell {
  unsigned bar;
  std::uint64_t offset;
  int event_fd;  // borrowed, lives as long as the function
};

// One type 0 function with memory BARs only. Thread-safety: any thread; accesses are serialized inside.
class Function {
 public:
  virtual ~Function() = default;

  // `offset` < 4096 (bytes from 256 on only through ECAM), `width` 1, 2 or 4 and the access naturally
  // aligned.
  [[nodiscard]] virtual std::uint32_t config_read(std::uint16_t offset, unsigned width) = 0;
  virtual void config_write(std::uint16_t offset, unsigned width, std::uint32_t value) = 0;

  // An access that fell into a mapped BAR: 1 to 8 bytes, `offset` + data.size() within the BAR, any
  // alignment.
  virtual void bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) = 0;
  virtual void bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) = 0;

  // Sizes of the BARs that exist (powers of two). A 64-bit BAR takes the register after its own as well.
  struct BarInfo {
    unsigned bar;
    std::uint64_t size;
    bool is_64bit;
  };
  [[nodiscard]] virtual std::vector<BarInfo> bars() const = 0;

  // Entries of its MSI-X table, which is how many vectors it routes and signals; constant.
  [[nodiscard]] virtual std::uint16_t msix_vectors() const = 0;

  // The doorbells inside its BARs; constant.
  [[nodiscard]] virtual std::vector<Doorbell> doorbells() const = 0;
};

}  // namespace virtcrypt::virtio::pci
