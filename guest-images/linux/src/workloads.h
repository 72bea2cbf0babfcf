// The workloads of the guest program, one function each. They print result lines (report.h) and return
// whether all of theirs passed.
#pragma once

#include <cstdint>
#include <string>

namespace virtcrypt::guest {

struct AesOptions {
  std::string device = "virtio_crypto_aes_cbc";  // driver name of the implementation under test
  std::string software;                          // driver name to compare with; empty: the first there is
  std::uint64_t seed = 0;
  unsigned processes = 4;
  unsigned sockets = 2;         // each process's, every one driven by a thread of its own
  unsigned milliseconds = 300;  // about how long each workload goes on
};

// AES-CBC, 16 bytes to 64 KiB, all key lengths, both directions: one socket, a chained message, many
// processes.
bool run_aes(const AesOptions& options);

// A result buffer whose pages lie above 4 GiB: only with more memory than fits below the PCI hole.
bool run_high_memory(const AesOptions& options);

struct RsaOptions {
  std::string folder = "/rsa";  // keys and OpenSSL's answers, made by build-images.sh
  unsigned milliseconds = 300;
};

// RSA through the key-control system calls; answers are compared with what OpenSSL computed on the build
// machine.
bool run_rsa(const RsaOptions& options);

struct DraftOptions {
  bool packed = true;           // where the device offers RING_PACKED
  unsigned milliseconds = 300;  // about how long each workload goes on
};

// The device of the draft (docs/rfc-v2.md), which no kernel driver knows: driven from user space, over PCI
// through sysfs. Needs root and the module uio_pci_generic. Throws when there is no such device.
bool run_rfc_v2(const DraftOptions& options);

// Sum of all interrupt counts of virtio devices, from /proc/interrupts.
std::uint64_t virtio_interrupts();

}  // namespace virtcrypt::guest
