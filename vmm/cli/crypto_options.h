// The value of --crypto: what one virtio-crypto device is like.
#pragma once

#include <string>
#include <string_view>

#include "virtcrypt/virtio/expected.h"

namespace virtcrypt::vmm {

struct CryptoOptions {
  unsigned queues = 1;        // data queues
  unsigned queue_size = 256;  // entries of each queue, at most
  unsigned workers = 1;       // threads for big operations; 0: the I/O threads do all
  unsigned io_threads = 1;    // threads that serve the queues
  unsigned max_sessions = 1024;
  friend bool operator==(const CryptoOptions&, const CryptoOptions&) = default;
};

}  // namespace virtcrypt::vmm

namespace virtcrypt::vmm::cli {

// Reads key=value,...; what is not given keeps its default, so an empty text is a device with all defaults.
// The error is one line that names what is wrong and what would be right.
[[nodiscard]] virtio::Expected<CryptoOptions, std::string> parse_crypto_options(std::string_view text);

// The keys with their ranges and defaults, for --help.
[[nodiscard]] std::string crypto_options_help();

}  // namespace virtcrypt::vmm::cli
