#include "tests/conformance/bare_metal/thread_watch.h"

#include <charconv>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

constexpr std::size_t kStatusBytes = 4096;

// What proc(5) says behind "\nNAME:" in a status file.
std::string_view field(std::string_view status, std::string_view name) {
  const std::size_t at = status.find(name);
  if (at == std::string_view::npos) return {};
  status.remove_prefix(at + name.size());
  const std::size_t start = status.find_first_not_of(" \t");
  return start == std::string_view::npos ? std::string_view() : status.substr(start);
}

}  // namespace

std::set<pid_t> threads_of_this_process() {
  std::set<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    threads.insert(std::stoi(entry.path().filename()));
  return threads;
}

ThreadWatch::ThreadWatch(const std::set<pid_t>& threads) {
  for (const pid_t thread : threads) {
    status_files_.emplace_back(
        ::open(fmt::format("/proc/self/task/{}/status", thread).c_str(), O_RDONLY | O_CLOEXEC));
    if (status_files_.back().get() < 0)
      throw std::runtime_error(fmt::format("/proc does not tell of thread {}", thread));
  }
}

bool ThreadWatch::wait_until_idle(std::chrono::milliseconds limit) const {
  const auto end = std::chrono::steady_clock::now() + limit;
  // Whoever has not woken between two looks was asleep from the first to the second: at the end of the first
  // look and the beginning of the second all of them were.
  std::optional<std::vector<unsigned long>> before;
  for (;;) {
    std::optional<std::vector<unsigned long>> now = naps();
    if (now && now == before) return true;
    before = std::move(now);
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
}

std::optional<std::vector<unsigned long>> ThreadWatch::naps() const {
  std::vector<unsigned long> counts;
  for (const test::FileDescriptor& file : status_files_) {
    char buffer[kStatusBytes];
    const ssize_t length = ::pread(file.get(), buffer, sizeof buffer, 0);
    const std::string_view status(buffer, length < 0 ? 0 : static_cast<std::size_t>(length));
    if (field(status, "\nState:").substr(0, 1) != "S") return std::nullopt;
    const std::string_view digits = field(status, "\nvoluntary_ctxt_switches:");
    unsigned long count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    counts.push_back(count);
  }
  return counts;
}

}  // namespace virtcrypt::conformance
