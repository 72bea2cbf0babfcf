// Landlock: the kernel refuses files and network to threads that asked for it, whoever they run as.
#pragma once

#include <filesystem>

#include "virtcrypt/vmm/file_descriptor.h"

namespace virtcrypt::vmm::sandbox {

// Version of the interface that this kernel offers; 0: none, or it is switched off.
[[nodiscard]] int landlock_abi();

// All that this kernel's Landlock knows of, refused, but what is allowed below. What is open already stays
// usable. Thread-safety: restrict_self() any thread.
class LandlockRules {
 public:
  // HostError. `abi` as landlock_abi() says, and not 0.
  explicit LandlockRules(int abi);

  // HostError when there is no such folder.
  void allow_removing_files_in(const std::filesystem::path& folder);

  // From here on the calling thread, and threads that it makes, are bound. Needs no_new_privs. Returns 0 or
  // an error number; allocates nothing.
  [[nodiscard]] int restrict_self() const;

 private:
  FileDescriptor ruleset_;
};

}  // namespace virtcrypt::vmm::sandbox
