#include "rfc_v2/sysfs_function.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace virtcrypt::guest {
namespace {

const std::filesystem::path kFunctions = "/sys/bus/pci/devices";

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::uint32_t number_in(const std::filesystem::path& path) {
  std::string text;
  std::ifstream(path) >> text;
  return text.empty() ? 0 : static_cast<std::uint32_t>(std::stoul(text, nullptr, 16));
}

// Registers take accesses of their own width only, which a compiler must neither split nor join.
template <typename Integer>
void load(const std::byte* from, std::byte* to) {
  const Integer value = *reinterpret_cast<const volatile Integer*>(from);
  std::memcpy(to, &value, sizeof value);
}

template <typename Integer>
void store(std::byte* to, const std::byte* from) {
  Integer value;
  std::memcpy(&value, from, sizeof value);
  *reinterpret_cast<volatile Integer*>(to) = value;
}

}  // namespace

std::optional<std::string> find_function(std::uint16_t vendor, std::uint16_t device) {
  for (const auto& entry : std::filesystem::directory_iterator(kFunctions)) {
    if (number_in(entry.path() / "vendor") == vendor && number_in(entry.path() / "device") == device)
      return entry.path().filename().string();
  }
  return std::nullopt;
}

test::FileDescriptor open_file(const std::string& path, int flags) {
  test::FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (file.get() < 0) fail(path);
  return file;
}

void write_file(const std::string& path, const std::string& text) {
  const test::FileDescriptor file = open_file(path, O_WRONLY);
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail(path);
}

SysfsFunction::SysfsFunction(const std::string& address)
    : config_(open_file((kFunctions / address / "config").string(), O_RDWR)) {
  const std::filesystem::path folder = kFunctions / address;
  write_file((folder / "enable").string(), "1");
  for (unsigned bar = 0; bar < kBars; ++bar) {
    const std::string path = (folder / ("resource" + std::to_string(bar))).string();
    struct stat information = {};
    if (::stat(path.c_str(), &information) != 0 || information.st_size == 0) continue;
    const test::FileDescriptor resource = open_file(path, O_RDWR);
    const auto bytes = static_cast<std::size_t>(information.st_size);
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, resource.get(), 0);
    if (memory == MAP_FAILED) fail(path);
    bars_[bar] = {static_cast<std::byte*>(memory), bytes};
  }
}

SysfsFunction::~SysfsFunction() {
  for (const auto bar : bars_) {
    if (!bar.empty()) ::munmap(bar.data(), bar.size());
  }
}

std::uint32_t SysfsFunction::config_read(std::uint16_t offset, unsigned width) {
  std::uint32_t value = 0;
  if (::pread(config_.get(), &value, width, offset) != static_cast<ssize_t>(width))
    fail("configuration space");
  return value;
}

void SysfsFunction::config_write(std::uint16_t offset, unsigned width, std::uint32_t value) {
  if (::pwrite(config_.get(), &value, width, offset) != static_cast<ssize_t>(width))
    fail("configuration space");
}

std::byte* SysfsFunction::place(unsigned bar, std::uint64_t offset, std::size_t bytes) const {
  const auto memory = bars_.at(bar);
  if (offset > memory.size() || bytes > memory.size() - offset)
    throw std::out_of_range("an access behind the end of a BAR");
  return memory.data() + offset;
}

void SysfsFunction::bar_read(unsigned bar, std::uint64_t offset, std::span<std::byte> data) {
  const std::byte* const from = place(bar, offset, data.size());
  switch (data.size()) {
    case 1:
      return load<std::uint8_t>(from, data.data());
    case 2:
      return load<std::uint16_t>(from, data.data());
    case 4:
      return load<std::uint32_t>(from, data.data());
    case 8:
      return load<std::uint64_t>(from, data.data());
    default:
      throw std::logic_error("registers are of 1, 2, 4 or 8 bytes");
  }
}

void SysfsFunction::bar_write(unsigned bar, std::uint64_t offset, std::span<const std::byte> data) {
  std::byte* const to = place(bar, offset, data.size());
  switch (data.size()) {
    case 1:
      return store<std::uint8_t>(to, data.data());
    case 2:
      return store<std::uint16_t>(to, data.data());
    case 4:
      return store<std::uint32_t>(to, data.data());
    case 8:
      return store<std::uint64_t>(to, data.data());
    default:
      throw std::logic_error("registers are of 1, 2, 4 or 8 bytes");
  }
}

}  // namespace virtcrypt::guest
