#include "virtcrypt/crypto/cryptopp_aead.h"

#include <algorithm>
#include <array>
#include <memory>

#include <cryptopp/aes.h>
#include <cryptopp/algparam.h>
#include <cryptopp/ccm.h>
#include <cryptopp/chachapoly.h>
#include <cryptopp/misc.h>

#include "virtcrypt/crypto/aead_session.h"
#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/cryptopp_gcm.h"
#include "virtcrypt/crypto/cryptopp_session.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/scatter.h"
#include "virtcrypt/crypto/text_run.h"

namespace virtcrypt::crypto::cryptopp_aead {
namespace {

// `Cipher` is one of Crypto++'s authenticated ciphers. The keyed object holds key schedule and tables; each
// operation works on a copy of it.
template <typename Cipher>
class KeyedAeadSession final : public AeadSession {
 public:
  KeyedAeadSession(const AeadRow& row, const AeadParameters& parameters)
      : AeadSession(EngineId::kCryptopp, row, parameters) {
    // Crypto++ wants an IV at once; Resynchronize starts every text with its own. Only CCM is interested in
    // the length of the tag.
    constexpr std::array<CryptoPP::byte, 12> kNoIv{};
    const auto values = CryptoPP::MakeParameters(
        CryptoPP::Name::IV(), CryptoPP::ConstByteArrayParameter(kNoIv.data(), kNoIv.size()), false)(
        CryptoPP::Name::DigestSize(), static_cast<int>(parameters.tag_bytes), false);
    cipher_.SetKey(octets(parameters.key), parameters.key.size(), values);
  }

 private:
  // A cipher that has the AAD behind it. It is read before any output is written, which may lie over it.
  [[nodiscard]] Cipher started(const Operation& operation, std::size_t bytes) const {
    Cipher cipher = cipher_;
    cipher.Resynchronize(octets(operation.iv), static_cast<int>(operation.iv.size()));
    cipher.SpecifyDataLengths(total_bytes(operation.aad), bytes, 0);
    for (const std::span<const std::byte>& piece : operation.aad)
      cipher.Update(octets(piece), piece.size());
    return cipher;
  }

  Outcome encrypt(Operation& operation, std::size_t bytes) const override {
    Cipher cipher = started(operation, bytes);
    with_unspoiled(operation.input, operation.output, bytes, [&](InputSegments input) {
      InputCursor in(input);
      OutputCursor out(operation.output);
      run_units(in, out, bytes, 1, [&cipher](const auto* from, auto* to, std::size_t length) {
        cipher.ProcessData(to, from, length);
      });
      Tag tag;
      cipher.TruncatedFinal(tag, tag_bytes());
      write(out, std::as_bytes(std::span(tag.data(), tag_bytes())));
    });
    return Outcome::kOk;
  }

  Outcome decrypt(Operation& operation, std::size_t bytes) const override {
    // Once and first: the output may lie over it, and a guest may change it.
    const Tag expected = tag_behind(operation.input, bytes);
    Cipher cipher = started(operation, bytes);
    with_unspoiled(operation.input, operation.output, bytes,
                   [&](InputSegments input) { decrypt_text(cipher, input, operation.output, bytes); });
    Tag tag;
    cipher.TruncatedFinal(tag, tag_bytes());
    return CryptoPP::VerifyBufsEqual(tag, expected, tag_bytes()) ? Outcome::kOk
                                                                 : Outcome::kAuthenticationFailed;
  }

  // Through memory of our own: what is authenticated and what is deciphered are then the same bytes, whatever
  // a guest does meanwhile. The buffer stays in the first-level cache.
  static void decrypt_text(Cipher& cipher, InputSegments input, OutputSegments output, std::size_t bytes) {
    constexpr std::size_t kChunkBytes = 2048;
    CryptoPP::FixedSizeSecBlock<CryptoPP::byte, kChunkBytes> chunk;
    InputCursor in(input);
    OutputCursor out(output);
    while (bytes != 0) {
      const auto piece = std::as_writable_bytes(std::span(chunk.data(), std::min(bytes, kChunkBytes)));
      read(in, piece);
      cipher.ProcessData(chunk, chunk, piece.size());
      write(out, piece);
      bytes -= piece.size();
    }
  }

  Cipher cipher_;
};

template <typename Encryption, typename Decryption>
SessionPointer make(const AeadRow& row, const AeadParameters& parameters) {
  if (parameters.direction == Direction::kEncrypt)
    return make_session<KeyedAeadSession<Encryption>>(row, parameters);
  return make_session<KeyedAeadSession<Decryption>>(row, parameters);
}

using Gcm = CryptoPP::GCM<CryptoPP::AES>;
using Ccm = CryptoPP::CCM<CryptoPP::AES>;
using Chacha = CryptoPP::ChaCha20Poly1305;

constexpr KeyBytes kAesKey{16, 32, 8};
constexpr std::array<std::uint16_t, 7> kCcmIvs{7, 8, 9, 10, 11, 12, 13};  // SP 800-38C, A.1
constexpr std::array<std::uint16_t, 7> kCcmTags{4, 6, 8, 10, 12, 14, 16};

constexpr std::array<AeadRow, 3> kRows{{
    {aes_gcm_capability(kCryptoppName),
     make<GcmWithJ0<Gcm::Encryption>, GcmWithJ0<Gcm::Decryption>>,
     {600, 320}},
    {{AeadAlgorithm::kAesCcm, "AES-CCM", kAesKey, kCcmIvs, kCcmTags, "SP 800-38C", kCryptoppName},
     make<Ccm::Encryption, Ccm::Decryption>,
     {650, 1150}},
    {chacha20_poly1305_capability(kCryptoppName), make<Chacha::Encryption, Chacha::Decryption>, {1200, 1450}},
}};

constexpr auto kCapabilities = capabilities_of(kRows);

}  // namespace

std::span<const AeadCapability> capabilities() {
  return kCapabilities;
}

Expected<SessionPointer, Outcome> create_session(const AeadParameters& parameters) {
  return create_from(kRows, parameters);
}

}  // namespace virtcrypt::crypto::cryptopp_aead
