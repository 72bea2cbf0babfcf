// An address space of registers: I/O ports, or guest-physical memory that is not RAM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <shared_mutex>
#include <span>
#include <vector>

#include "virtcrypt/devices/io_handler.h"

namespace virtcrypt::vmm {

// Ranges of addresses and who answers there. Nobody answers: reads give all ones, writes are lost. Ranges may
// overlap, because a guest may program its BARs so; the one added first then answers, so that fixed ranges
// cannot be covered.
//
// An access that does not lie in one range is carried out byte by byte, each byte where it belongs.
//
// Thread-safety: any thread. No lock is held while a handler runs, so a handler may add and remove ranges,
// its own included. An access that was under way when its range was removed may reach the handler a little
// later: handlers outlive all who call read() and write().
class Bus {
 public:
  // `size` is not 0.
  void add(std::uint64_t base, std::uint64_t size, devices::IoHandler& handler);
  // Removes all ranges of the handler; none is fine.
  void remove(const devices::IoHandler& handler);

  // 1 to 8 bytes.
  void read(std::uint64_t address, std::span<std::byte> data);
  void write(std::uint64_t address, std::span<const std::byte> data);

 private:
  struct Range {
    std::uint64_t base;
    std::uint64_t size;
    devices::IoHandler* handler;  // null: nobody
  };

  [[nodiscard]] Range find(std::uint64_t address) const;

  mutable std::shared_mutex mutex_;
  std::vector<Range> ranges_;  // in the order of add(); a machine has a few dozen
};

}  // namespace virtcrypt::vmm
