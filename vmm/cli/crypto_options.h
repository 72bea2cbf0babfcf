// The value of --crypto: what one virtio-crypto device is like.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/virtio/expected.h"
#include "virtcrypt/virtio/features.h"

namespace virtcrypt::vmm {

// What a device speaks to its driver.
enum class CryptoDialect : std::uint8_t {
  kStandard,  // VIRTIO 1.4
  kRfcV2,     // the draft of April 2016, docs/rfc-v2.md
};

struct CryptoOptions {
  CryptoDialect dialect = CryptoDialect::kStandard;
  crypto::EngineChoice engine = crypto::EngineChoice::kAuto;
  unsigned queues = 1;  // data queues
  // Entries of each queue, at most. Without INDIRECT_DESC, Linux's driver makes close to 300 descriptors of a
  // request of 64 KiB (each page and again all behind it), and tries for ever where they do not fit.
  unsigned queue_size = 1024;
  unsigned workers = 1;     // threads for big operations; 0: the I/O threads do all
  unsigned io_threads = 1;  // threads that serve the queues
  unsigned poll = 50;       // microseconds that they look at an empty queue before they sleep; 0: none
  unsigned max_sessions = 1024;
  unsigned max_size = 8U << 20U;  // bytes
  // Longest keys in bytes, 0: what the algorithms take.
  unsigned max_cipher_key = 0;
  unsigned max_auth_key = 0;
  bool ready = true;
  // What is offered, empty: all that there is. Names as crypto::name_of() writes them.
  std::set<std::string, std::less<>> services;
  std::set<std::string, std::less<>> algorithms;
  virtio::FeatureSet features = virtio::FeatureSet::all();
  bool inline_sessions = false;  // rfc-v2's INLINE_SESSION
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
