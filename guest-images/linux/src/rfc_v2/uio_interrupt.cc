#include "rfc_v2/uio_interrupt.h"

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace virtcrypt::guest {
namespace {

constexpr std::uint16_t kCommand = 4;
constexpr std::uint32_t kInterruptDisable = 1U << 10U;

std::string uio_file(const std::string& address) {
  const std::filesystem::path folder = "/sys/bus/pci/devices/" + address + "/uio";
  if (std::filesystem::exists(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      return "/dev/" + entry.path().filename().string();
  }
  throw std::runtime_error("uio_pci_generic has made no file for " + address);
}

void bind(const std::string& address) {
  const std::string function = "/sys/bus/pci/devices/" + address;
  if (std::filesystem::exists(function + "/uio")) return;
  write_file(function + "/driver_override", "uio_pci_generic");
  write_file("/sys/bus/pci/drivers_probe", address);
}

}  // namespace

UioInterrupt::UioInterrupt(const std::string& address, SysfsFunction& function) : function_(function) {
  bind(address);
  file_ = open_file(uio_file(address), O_RDWR);
  rearm();
}

bool UioInterrupt::wait(std::chrono::milliseconds timeout) {
  pollfd waiting = {.fd = file_.get(), .events = POLLIN, .revents = 0};
  const int ready = ::poll(&waiting, 1, static_cast<int>(timeout.count()));
  if (ready < 0) throw std::system_error(errno, std::generic_category(), "poll");
  if (ready == 0) return false;
  std::uint32_t count = 0;
  if (::read(file_.get(), &count, sizeof count) != sizeof count)
    throw std::system_error(errno, std::generic_category(), "uio");
  return true;
}

void UioInterrupt::rearm() {
  function_.config_write(kCommand, 2, function_.config_read(kCommand, 2) & ~kInterruptDisable);
}

}  // namespace virtcrypt::guest
