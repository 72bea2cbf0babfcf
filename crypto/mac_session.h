// The frame of all MAC sessions: what an operation has to fulfil.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/engine_session.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/rows.h"

namespace virtcrypt::crypto {

struct MacRow {
  MacCapability capability;
  Cost cost;
  // The key has a length that the capability allows. The row outlives the session.
  SessionPointer (*make)(const MacRow& row, const MacParameters& parameters);
};

template <typename Session>
[[nodiscard]] SessionPointer make_mac(const MacRow& row, const MacParameters& parameters) {
  return make_session<Session>(row, parameters);
}

template <std::size_t kRows>
[[nodiscard]] Expected<SessionPointer, Outcome> create_from(const std::array<MacRow, kRows>& rows,
                                                            const MacParameters& parameters) {
  const MacRow* const row = find_row(rows, parameters.algorithm);
  if (row == nullptr) return Unexpected<Outcome>(Outcome::kNotSupported);
  if (parameters.result_bytes == 0 || !row->capability.key_bytes.contains(parameters.key.size()))
    return Unexpected<Outcome>(Outcome::kFailed);
  return row->make(*row, parameters);
}

class MacSession : public EngineSession {
 public:
  [[nodiscard]] Outcome execute(Operation& operation) const final;

 protected:
  MacSession(EngineId engine, const MacRow& row, const MacParameters& parameters)
      : EngineSession(Service::kMac, engine, row.cost),
        capability_(row.capability),
        result_bytes_(parameters.result_bytes) {}

 private:
  // The text holds the IV at least, and the output a digest that may be asked for. Writes the digest on kOk.
  [[nodiscard]] virtual Outcome compute(Operation& operation) const = 0;

  const MacCapability& capability_;
  std::uint32_t result_bytes_;
};

}  // namespace virtcrypt::crypto
