#include "tests/unit/vmm/boot/boot_fixture.h"

namespace virtcrypt::vmm::boot {

// Out of line: where GCC 14 can see a vector of known size grow, it warns of a write behind its old end.
void put(Bytes& bytes, std::size_t offset, std::uint64_t value, unsigned size) {
  if (bytes.size() < offset + size) bytes.resize(offset + size);
  for (unsigned i = 0; i < size; ++i) bytes[offset + i] = static_cast<std::byte>(value >> (8 * i));
}

}  // namespace virtcrypt::vmm::boot
