// The block cipher KASUMI (3GPP TS 35.202) and what 3GPP builds from it: f8 and f9 (TS 35.201). No library of
// the distribution has the block cipher by itself, and what libipsec-mb has of f8 and f9 ends at 20000 bits.
// Its tables are indexed by secrets, as in every table implementation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <cryptopp/cryptlib.h>
#include <cryptopp/secblock.h>

namespace virtcrypt::crypto {

constexpr std::size_t kKasumiKeyBytes = 16;
constexpr std::size_t kKasumiBlockBytes = 8;

// Enciphers; nothing of 3GPP's deciphers. Thread-safety: const functions from any number of threads.
class Kasumi final : public CryptoPP::BlockTransformation {
 public:
  // Each octet of the key is combined with `modifier` first, as f8 and f9 want it for their second key.
  explicit Kasumi(std::span<const std::byte> key, std::byte modifier = {});

  [[nodiscard]] std::uint64_t encipher(std::uint64_t block) const;

  void ProcessAndXorBlock(const CryptoPP::byte* in, const CryptoPP::byte* xored,
                          CryptoPP::byte* out) const override;
  [[nodiscard]] unsigned int BlockSize() const override { return kKasumiBlockBytes; }
  [[nodiscard]] bool IsForwardTransformation() const override { return true; }

 private:
  // TS 35.202, 4.6, table 1.
  struct RoundKeys {
    std::array<std::uint16_t, 2> kl;
    std::array<std::uint16_t, 3> ko;
    std::array<std::uint16_t, 3> ki;
  };
  static constexpr std::size_t kRounds = 8;

  static std::uint32_t fo(std::uint32_t value, const RoundKeys& keys);
  static std::uint32_t fl(std::uint32_t value, const RoundKeys& keys);

  CryptoPP::FixedSizeSecBlock<RoundKeys, kRounds> rounds_;
};

// TS 35.201, 3, without its end at 20000 bits. Encryption and decryption are the same.
class KasumiF8 {
 public:
  // One text under way.
  class Stream {
   public:
    // Whole blocks, and what is left at the end of the text; `in` == `out` is possible.
    void run(const CryptoPP::byte* in, CryptoPP::byte* out, std::size_t bytes);

   private:
    friend class KasumiF8;
    Stream(const Kasumi& cipher, std::uint64_t start) : cipher_(cipher), start_(start) {}

    const Kasumi& cipher_;
    std::uint64_t start_;
    std::uint64_t counter_ = 0;
    std::uint64_t key_stream_ = 0;
  };

  explicit KasumiF8(std::span<const std::byte> key);
  // `iv` is 8 bytes: COUNT, BEARER, DIRECTION and zeros. The stream must not outlive this object.
  [[nodiscard]] Stream stream(std::span<const std::byte> iv) const;

 private:
  Kasumi cipher_;
  Kasumi start_cipher_;
};

// TS 35.201, 4: the MAC of the padded string PS, whole blocks of it.
class KasumiF9 {
 public:
  explicit KasumiF9(std::span<const std::byte> key);
  [[nodiscard]] std::array<std::byte, 4> mac_of(std::span<const std::byte> padded_string) const;

 private:
  Kasumi cipher_;
  Kasumi last_cipher_;
};

}  // namespace virtcrypt::crypto
