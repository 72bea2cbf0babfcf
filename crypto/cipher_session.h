// The frame of all cipher sessions: what an operation has to fulfil, and aliasing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/engine_session.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto {

// What a table has to say of a cipher besides how to make a session.
struct CipherRow {
  CipherCapability capability;
  Cost encrypt_cost;
  Cost decrypt_cost;
};

class CipherSession : public EngineSession {
 public:
  [[nodiscard]] Outcome execute(Operation& operation) const final;

 protected:
  // `row` outlives the session.
  CipherSession(EngineId engine, const CipherRow& row, Direction direction)
      : EngineSession(Service::kCipher, engine,
                      direction == Direction::kEncrypt ? row.encrypt_cost : row.decrypt_cost),
        capability_(row.capability),
        direction_(direction) {}

  [[nodiscard]] Direction direction() const { return direction_; }

 private:
  [[nodiscard]] Outcome check(const Operation& operation, std::size_t bytes) const;
  // `bytes` bytes, of a length that fits, from `in` to `out`, neither of which spoils the other. Anything but
  // kOk means that the output is not to be used.
  [[nodiscard]] virtual Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                                    std::size_t bytes) const = 0;

  const CipherCapability& capability_;
  Direction direction_;
};

}  // namespace virtcrypt::crypto
