// The guest that is part of this program: guest-images/bare-metal, agent.cc.
#pragma once

#include <filesystem>

#include "tests/support/file_descriptor.h"

namespace virtcrypt::conformance {

// A file of it, in memory.
class AgentImage {
 public:
  // Throws std::runtime_error when this host has no room for it.
  AgentImage();

  // In this process and those that it forks.
  [[nodiscard]] std::filesystem::path path() const;

 private:
  test::FileDescriptor file_;
};

}  // namespace virtcrypt::conformance
