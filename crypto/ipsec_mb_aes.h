// AES modes by libipsec-mb's multi-buffer code, which works on several texts side by side: encryption in CBC,
// where each block waits for the one before, gets by that what the processor can give. Needs
// shared_manager().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <cryptopp/secblock.h>
#include <intel-ipsec-mb.h>

#include "virtcrypt/crypto/cipher_session.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::crypto::ipsec_mb_aes {

// Texts that are worked on together have this in common.
struct BurstKind {
  IMB_CIPHER_MODE mode;
  IMB_CIPHER_DIRECTION direction;
  IMB_KEY_SIZE_BYTES key_bytes;

  [[nodiscard]] bool operator==(const BurstKind& other) const {
    return mode == other.mode && direction == other.direction && key_bytes == other.key_bytes;
  }
};

// AES-CBC or AES-CTR.
class Session final : public CipherSession {
 public:
  Session(const CipherRow& row, const CipherParameters& parameters, IMB_CIPHER_MODE mode);

  [[nodiscard]] const BurstKind& kind() const { return kind_; }
  // For this direction, as the library wants it.
  [[nodiscard]] const std::uint32_t* schedule() const { return schedule_; }

  [[nodiscard]] bool join_burst(Operation& operation) const override;

 private:
  static constexpr std::size_t kScheduleWords = 60;  // FIPS 197, 5.2: four for each of up to 15 round keys
  using Schedule = CryptoPP::FixedSizeAlignedSecBlock<std::uint32_t, kScheduleWords>;

  void expand(std::span<const std::byte> key);
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override;

  BurstKind kind_;
  Schedule schedule_;
};

[[nodiscard]] std::span<const CipherCapability> capabilities();
// Makes a Session.
[[nodiscard]] Expected<SessionPointer, Outcome> create_session(const CipherParameters& parameters);

}  // namespace virtcrypt::crypto::ipsec_mb_aes
