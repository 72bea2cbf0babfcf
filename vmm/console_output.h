// Where the guest's console output goes: standard output and, if asked for, a file.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "virtcrypt/vmm/file_descriptor.h"

namespace virtcrypt::vmm {

// A thread of its own writes what put() collects, so that a vCPU pays neither for a system call a byte nor
// for a terminal that the user has paused: only when far more has piled up does put() wait. Thread-safety:
// any thread.
class ConsoleOutput {
 public:
  // `log` is created or emptied. HostError when that fails. The thread calls `started` first, if there is
  // one.
  explicit ConsoleOutput(const std::optional<std::filesystem::path>& log, std::function<void()> started = {});
  ConsoleOutput(const ConsoleOutput&) = delete;
  ConsoleOutput& operator=(const ConsoleOutput&) = delete;
  // As close().
  ~ConsoleOutput();

  void put(std::byte byte);
  // put() no longer waits: what standard output does not take is dropped. Before vCPUs are joined.
  void stop_waiting();
  // Writes out what there is; a standard output that takes nothing for a second loses the rest.
  void close();

 private:
  void thread_main();
  void write_to_stdout(std::span<const char> text);
  void write_to_log(std::span<const char> text);

  const std::function<void()> started_;
  FileDescriptor log_;
  bool stdout_lost_ = false;  // the writer's thread only
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string pending_;   // under mutex_
  bool waiting_ = true;   // under mutex_: put() may wait
  bool closing_ = false;  // under mutex_
  std::thread writer_;
};

}  // namespace virtcrypt::vmm
