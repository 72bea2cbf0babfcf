// The files of python3-cryptography-vectors that are about algorithms of the device.
#pragma once

#include <string>
#include <vector>

namespace virtcrypt::vectors {

// Where Debian's package lies, or what the environment variable VIRTCRYPT_VECTORS names.
[[nodiscard]] std::string package_folder();

// Paths below the folder, sorted: all files of the algorithms' folders but those whose names say that they
// are about something else (another mode, padding or hash, notes). Empty when the package is missing.
[[nodiscard]] std::vector<std::string> package_files();

}  // namespace virtcrypt::vectors
