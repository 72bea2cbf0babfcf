// A device under test, whatever it is: checks see it only as a driver would.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/conformance/settings.h"
#include "tests/driver/driver_memory.h"
#include "tests/driver/pci_access.h"

namespace virtcrypt::conformance {

// What a check asks of a fresh device. A target that cannot give it throws CheckSkipped.
struct DeviceOptions {
  std::uint16_t data_queues = 2;   // so many, where the target has the choice
  std::uint64_t features_off = 0;  // not offered either, where it has the choice; a check looks at the offer
};

// What a target can show or do, as bits of a set.
enum Ability : std::uint32_t {
  kSeesMessages = 1,    // MSI-X messages
  kCountsMessages = 2,  // and tells two in a row from one
  kSeesIntx = 4,
  kChangesConfig = 8,  // change_config()
};

// A message-signaled interrupt, as a driver writes it into the MSI-X table.
struct Message {
  std::uint64_t address;
  std::uint32_t data;
};

// One device, from power-on to its end: its BARs have addresses, memory decoding and bus mastering are off.
// Thread-safety: one thread.
class Device {
 public:
  virtual ~Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  [[nodiscard]] virtual test::PciAccess& pci() = 0;
  // Memory that both sides see. All zero at first.
  [[nodiscard]] virtual test::DriverMemory& memory() = 0;

  // Lets the device work for a moment.
  virtual void advance() = 0;
  // Lets it work until it has done all that it is going to do.
  virtual void settle() = 0;
  // How long to wait for what a device has to do.
  [[nodiscard]] virtual std::chrono::milliseconds patience() const = 0;

  // The n-th message that the target can tell from the others; `n` up to 64.
  [[nodiscard]] virtual Message message(std::uint16_t n) const = 0;
  // How many of them were sent since the last call; without kCountsMessages 1 stands for any number.
  [[nodiscard]] virtual unsigned take_messages(const Message& message) = 0;
  // Level of INTA#.
  [[nodiscard]] virtual bool intx() = 0;

  // Changes a field of the device's configuration space that may change at run time (kChangesConfig): each
  // call changes it once more.
  virtual void change_config() {}

 protected:
  Device() = default;
};

// Makes devices. Used in the child process that runs a check.
class Target {
 public:
  virtual ~Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  // For reports: what is under test, and which version of it.
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual std::string version() const = 0;
  [[nodiscard]] virtual std::uint32_t abilities() const = 0;  // set of Ability

  // A fresh device that does not offer settings.features_off if that can be had. Throws std::runtime_error
  // when there is none.
  [[nodiscard]] virtual std::unique_ptr<Device> make_device(const Settings& settings,
                                                            const DeviceOptions& options) = 0;

  // In the process that started a check's: what the device that was made last was told to do last, when the
  // check's process ended before the check did. Empty where nothing is known of it.
  [[nodiscard]] virtual std::string last_words() const { return {}; }

 protected:
  Target() = default;
};

}  // namespace virtcrypt::conformance
