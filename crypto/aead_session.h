// The frame of all AEAD sessions: what an operation has to fulfil, and that no text comes out whose tag is
// wrong.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <cryptopp/secblock.h>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/engine_session.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto {

struct AeadRow {
  AeadCapability capability;
  // Key and tag have lengths that the capability allows. The row outlives the session.
  SessionPointer (*make)(const AeadRow& row, const AeadParameters& parameters);
  Cost cost;
};

constexpr KeyBytes kGcmKey{16, 32, 8};
constexpr KeyBytes kChachaKey{32, 32, 1};
constexpr std::array<std::uint16_t, 2> kGcmIvs{12, 16};
constexpr std::array<std::uint16_t, 7> kGcmTags{4, 8, 12, 13, 14, 15, 16};  // SP 800-38D, 5.2.1.2
constexpr std::array<std::uint16_t, 1> kChachaIvs{12};
constexpr std::array<std::uint16_t, 1> kChachaTags{16};

[[nodiscard]] constexpr AeadCapability aes_gcm_capability(std::string_view engine) {
  return {AeadAlgorithm::kAesGcm, "AES-GCM", kGcmKey, kGcmIvs, kGcmTags, "SP 800-38D", engine};
}

[[nodiscard]] constexpr AeadCapability chacha20_poly1305_capability(std::string_view engine) {
  return {AeadAlgorithm::kChacha20Poly1305,
          "ChaCha20-Poly1305",
          kChachaKey,
          kChachaIvs,
          kChachaTags,
          "RFC 8439",
          engine};
}

[[nodiscard]] bool fits(const AeadRow& row, const AeadParameters& parameters);

template <std::size_t kRows>
[[nodiscard]] Expected<SessionPointer, Outcome> create_from(const std::array<AeadRow, kRows>& rows,
                                                            const AeadParameters& parameters) {
  const AeadRow* const row = find_row(rows, parameters.algorithm);
  if (row == nullptr) return Unexpected<Outcome>(Outcome::kNotSupported);
  if (!fits(*row, parameters)) return Unexpected<Outcome>(Outcome::kFailed);
  return row->make(*row, parameters);
}

class AeadSession : public EngineSession {
 public:
  [[nodiscard]] Outcome execute(Operation& operation) const final;

 protected:
  static constexpr std::size_t kMaxTagBytes = 16;
  using Tag = CryptoPP::FixedSizeSecBlock<CryptoPP::byte, kMaxTagBytes>;

  AeadSession(EngineId engine, const AeadRow& row, const AeadParameters& parameters)
      : EngineSession(Service::kAead, engine, row.cost),
        row_(row),
        direction_(parameters.direction),
        tag_bytes_(parameters.tag_bytes) {}

  [[nodiscard]] Direction direction() const { return direction_; }
  [[nodiscard]] std::uint32_t tag_bytes() const { return tag_bytes_; }

  // The tag behind `bytes` bytes of text.
  [[nodiscard]] Tag tag_behind(InputSegments input, std::size_t bytes) const;

 private:
  // Of an operation that fits; `bytes` is the length of the text without its tag. Anything but kOk means that
  // the output is not to be used; after decrypt() it is cleared.
  [[nodiscard]] virtual Outcome encrypt(Operation& operation, std::size_t bytes) const = 0;
  [[nodiscard]] virtual Outcome decrypt(Operation& operation, std::size_t bytes) const = 0;

  const AeadRow& row_;
  Direction direction_;
  std::uint32_t tag_bytes_;
};

}  // namespace virtcrypt::crypto
