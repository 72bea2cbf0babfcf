// The fixed-length fields of a request, whose size depends on what was negotiated (VIRTIO 1.4, 5.9.9).
#pragma once

#include <cstddef>
#include <cstring>
#include <optional>

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/wire_standard.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev::standard {

[[nodiscard]] inline bool has_revision_1(const Terms& terms) {
  return terms.negotiated.has_bit(wire::kFeatureRevision1);
}

// Copies a fixed part out; with `padded_bytes` larger than it, also what pads it, which is ignored. Nothing
// when the chain is shorter.
template <typename Fixed>
[[nodiscard]] std::optional<Fixed> read_padded(virtio::ReadCursor& reader, std::size_t padded_bytes) {
  auto fixed = reader.read_object<Fixed>();
  if (padded_bytes > sizeof(Fixed) && fixed && !reader.skip(padded_bytes - sizeof(Fixed))) fixed.reset();
  return fixed;
}

// The structure that starts at the front of `field`, which is one of several that may stand there.
template <typename Structure, std::size_t bytes>
[[nodiscard]] Structure structure_in(const std::byte (&field)[bytes]) {
  static_assert(sizeof(Structure) <= bytes);
  Structure structure;
  std::memcpy(&structure, field, sizeof structure);
  return structure;
}

}  // namespace virtcrypt::devices::crypto_dev::standard
