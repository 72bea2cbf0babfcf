// The frame of all cipher sessions: what an operation has to fulfil, and aliasing.
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <memory>
#include <span>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/engine_session.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/rows.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto {

struct CipherRow {
  CipherCapability capability;
  Cost encrypt_cost;
  Cost decrypt_cost;
  // The key has a length that the capability allows. The row outlives the session.
  SessionPointer (*make)(const CipherRow& row, const CipherParameters& parameters);
};

template <typename Session>
[[nodiscard]] SessionPointer make_cipher(const CipherRow& row, const CipherParameters& parameters) {
  return make_session<Session>(row, parameters);
}

template <std::size_t kRows>
[[nodiscard]] Expected<SessionPointer, Outcome> create_from(const std::array<CipherRow, kRows>& rows,
                                                            const CipherParameters& parameters) {
  const CipherRow* const row = find_row(rows, parameters.algorithm);
  if (row == nullptr) return Unexpected<Outcome>(Outcome::kNotSupported);
  if (!row->capability.key_bytes.contains(parameters.key.size()))
    return Unexpected<Outcome>(Outcome::kFailed);
  return row->make(*row, parameters);
}

class CipherSession : public EngineSession {
 public:
  [[nodiscard]] Outcome execute(Operation& operation) const final;

 protected:
  // Whether the operation, whose input has `bytes` bytes, is one that this session can execute.
  [[nodiscard]] Outcome check(const Operation& operation, std::size_t bytes) const;

  CipherSession(EngineId engine, const CipherRow& row, Direction direction)
      : EngineSession(Service::kCipher, engine,
                      direction == Direction::kEncrypt ? row.encrypt_cost : row.decrypt_cost),
        capability_(row.capability),
        partial_block_(row.capability.block_bytes - 1U),
        direction_(direction) {
    assert(std::has_single_bit(row.capability.block_bytes));
  }

  [[nodiscard]] Direction direction() const { return direction_; }

 private:
  // `bytes` bytes, of a length that fits, from `in` to `out`, neither of which spoils the other. Anything but
  // kOk means that the output is not to be used.
  [[nodiscard]] virtual Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                                    std::size_t bytes) const = 0;

  const CipherCapability& capability_;
  std::size_t partial_block_;  // bits of a length that say what is beyond whole blocks
  Direction direction_;
};

}  // namespace virtcrypt::crypto
