// GCM that takes the pre-counter block itself for an IV of 16 bytes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include <cryptopp/gcm.h>
#include <cryptopp/misc.h>

namespace virtcrypt::crypto {

// `Gcm` is the encrypting or decrypting half of CryptoPP::GCM. An IV of 12 bytes is treated as SP
// 800-38D, 7.1 says; one of 16 bytes is J0 (decision A-07), which the standard would have computed by hashing
// the IV.
template <typename Gcm>
class GcmWithJ0 final : public Gcm {
 private:
  static constexpr std::size_t kIvBytes = 12;
  static constexpr std::size_t kCounterBytes = 4;

  void Resync(const CryptoPP::byte* iv, std::size_t bytes) override {
    starts_at_j0_ = bytes == j0_.size();
    if (!starts_at_j0_) return Gcm::Resync(iv, bytes);
    std::copy_n(iv, j0_.size(), j0_.begin());
    Gcm::Resync(iv, kIvBytes);
    // The text starts at the counter block behind J0; only its last 32 bits count (6.2).
    auto first = j0_;
    CryptoPP::IncrementCounterByOne(first.data() + kIvBytes, kCounterBytes);
    this->m_ctr.Resynchronize(first.data(), static_cast<int>(first.size()));
  }

  void AuthenticateLastFooterBlock(CryptoPP::byte* mac, std::size_t bytes) override {
    // The base class rewinds to the first counter block and enciphers the tag there: that is J0.
    if (starts_at_j0_) this->m_ctr.Resynchronize(j0_.data(), static_cast<int>(j0_.size()));
    Gcm::AuthenticateLastFooterBlock(mac, bytes);
  }

  bool starts_at_j0_ = false;
  std::array<CryptoPP::byte, kIvBytes + kCounterBytes> j0_{};
};

}  // namespace virtcrypt::crypto
