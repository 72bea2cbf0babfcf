#include "virtcrypt/crypto/three_gpp.h"

#include "virtcrypt/crypto/digest.h"
#include "virtcrypt/crypto/text_run.h"

namespace virtcrypt::crypto {

void run_kasumi_f8(const KasumiF8& f8, InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                   std::size_t bytes) {
  KasumiF8::Stream stream = f8.stream(iv);
  run_units(in, out, bytes, kKasumiBlockBytes,
            [&stream](const CryptoPP::byte* from, CryptoPP::byte* to, std::size_t length) {
              stream.run(from, to, length);
            });
}

void run_zuc(std::span<const std::byte> key, InputCursor in, OutputCursor out, std::span<const std::byte> iv,
             std::size_t bytes) {
  Zuc zuc(key, iv);
  run_units(in, out, bytes, kZucWordBytes,
            [&zuc](const CryptoPP::byte* from, CryptoPP::byte* to, std::size_t length) {
              zuc.run(from, to, length);
            });
}

std::span<const std::byte> padded_string(const Operation& operation, SecureBuffer& copy) {
  const std::size_t bytes = total_bytes(operation.input);
  if (bytes % kKasumiBlockBytes != 0) return {};
  InputCursor in(operation.input);
  return in_one_piece(in, bytes, copy);
}

Outcome IvMacSession::compute(Operation& operation) const {
  InputCursor in(operation.input);
  std::array<std::byte, kZucIvBytes> iv;
  read(in, iv);
  const std::size_t bytes = total_bytes(operation.input) - iv.size();
  if (bytes == 0) return Outcome::kFailed;
  SecureBuffer copy;
  const std::optional<ThreeGppMac> mac = mac_of(iv, in_one_piece(in, bytes, copy));
  if (!mac) return Outcome::kFailed;
  write_digest(operation, *mac);
  return Outcome::kOk;
}

}  // namespace virtcrypt::crypto
