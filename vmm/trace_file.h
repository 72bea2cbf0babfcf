// The file of `run --trace`: text that several threads write.
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
  explicit TraceFile(const std::filesystem::path& path);

  // Whole texts, one behind the other. What cannot be written is lost, and the log says so once.
  void write(std::string_view text);

 private:
  const std::filesystem::path path_;
  std::mutex mutex_;
  FileDescriptor file_;
  bool failed_ = false;
};

}  // namespace virtcrypt::vmm
