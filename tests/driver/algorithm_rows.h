// The algorithms of the device as a driver knows them, one row for each key length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace virtcrypt::test {

// A cipher as its standard has it, written out here once more: the device's tables are under test.
struct CipherRow {
  const char* name;
  std::uint32_t algorithm;
  std::size_t key_bytes;
  std::size_t iv_bytes;
  std::size_t block_bytes;  // text is a multiple of it
  std::size_t least_bytes;
};
[[nodiscard]] std::span<const CipherRow> cipher_rows();

struct HashRow {
  const char* name;
  std::uint32_t algorithm;
  std::size_t digest_bytes;
};
[[nodiscard]] std::span<const HashRow> hash_rows();

struct MacRow {
  const char* name;
  std::uint32_t algorithm;
  std::size_t key_bytes;
  std::size_t iv_bytes;  // at the front of the text
  std::size_t block_bytes;
  std::size_t digest_bytes;
  std::size_t least_bytes = 0;  // with the IV
};
[[nodiscard]] std::span<const MacRow> mac_rows();

struct AeadRow {
  const char* name;
  std::uint32_t algorithm;
  std::size_t key_bytes;
  std::size_t iv_bytes;
  std::size_t tag_bytes;
};
[[nodiscard]] std::span<const AeadRow> aead_rows();

}  // namespace virtcrypt::test
