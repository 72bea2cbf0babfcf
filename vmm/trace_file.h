// A file of `run`, its trace or a report: text that several threads write.
#pragma once

#include <filesystem>
#include <mutex>
#include <string_view>

#include "virtcrypt/vmm/file_descriptor.h"

namespace virtcrypt::vmm {

// Thread-safety: any thread.
class TraceFile {
 public:
  // Created or emptied, readable by its owner only. Throws HostError when that fails.
  // `what` is in it, for messages.
  explicit TraceFile(const std::filesystem::path& path, std::string_view what = "trace");

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  // Whole texts, one behind the other. What cannot be written is lost, and the log says so once.
  void write(std::string_view text);

 private:
  const std::filesystem::path path_;
  const std::string_view what_;  // a literal
  std::mutex mutex_;
  FileDescriptor file_;
  bool failed_ = false;
};

}  // namespace virtcrypt::vmm
