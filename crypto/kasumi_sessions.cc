#include "virtcrypt/crypto/kasumi_sessions.h"

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

std::span<const std::byte> padded_string(const Operation& operation, SecureBuffer& copy) {
  const std::size_t bytes = total_bytes(operation.input);
  if (bytes % kKasumiBlockBytes != 0) return {};
  InputCursor in(operation.input);
  return in_one_piece(in, bytes, copy);
}

}  // namespace virtcrypt::crypto
