// What every test needs that asks OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace virtcrypt::test {

template <auto kFree>
struct OpensslFree {
  template <typename Thing>
  void operator()(Thing* thing) const {
    kFree(thing);
  }
};

// Owns a thing of OpenSSL's, for example OpensslHandle<EVP_PKEY, EVP_PKEY_free>.
template <typename Thing, auto kFree>
using OpensslHandle = std::unique_ptr<Thing, OpensslFree<kFree>>;

// Bytes as OpenSSL takes them.
inline const unsigned char* octets(const std::vector<std::byte>& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(std::vector<std::byte>& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace virtcrypt::test
