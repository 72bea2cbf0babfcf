// The INTx interrupt of a PCI function as a file, by the kernel's uio_pci_generic.
#pragma once

#include <chrono>
#include <string>

#include "rfc_v2/sysfs_function.h"

namespace virtcrypt::guest {

// Thread-safety: one thread.
class UioInterrupt {
 public:
  // Binds the function to uio_pci_generic, whose module has to be loaded. Throws std::system_error, or
  // std::runtime_error when no file appears.
  UioInterrupt(const std::string& address, SysfsFunction& function);

  // Waits for an interrupt, asleep; false when none came in time. Afterwards the kernel has INTx disabled
  // until rearm(), which is called when the device no longer asserts it.
  [[nodiscard]] bool wait(std::chrono::milliseconds timeout);
  void rearm();

 private:
  SysfsFunction& function_;
  test::FileDescriptor file_;
};

}  // namespace virtcrypt::guest
