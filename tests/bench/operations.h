// Operations of a subject on an engine, without a device.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "tests/bench/subject.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::bench {

// A batch with memory of its own for each operation. `subject` outlives it.
class Operations {
 public:
  Operations(crypto::SessionPointer session, const Subject& subject, const test::Bytes& text,
             std::size_t count);
  Operations(const Operations&) = delete;  // they point into this object
  Operations& operator=(const Operations&) = delete;

  // Whether all succeed.
  [[nodiscard]] bool execute(const crypto::Engine& engine);
  [[nodiscard]] std::span<const std::byte> result(std::size_t index) const;

 private:
  const crypto::SessionPointer session_;
  const std::span<const std::byte> aad_;
  std::vector<test::Bytes> texts_, results_;
  std::vector<std::span<const std::byte>> inputs_;
  std::vector<std::span<std::byte>> outputs_, digests_;
  std::vector<crypto::Operation> operations_;
};

// Of one operation. nullopt: it fails. Throws std::runtime_error when the engine does not have the algorithm.
[[nodiscard]] std::optional<test::Bytes> result_of(const crypto::Engine& engine, const Subject& subject,
                                                   const test::Bytes& text);
// The same for what cannot fail; throws std::runtime_error otherwise.
[[nodiscard]] test::Bytes sure_result_of(const crypto::Engine& engine, const Subject& subject,
                                         const test::Bytes& text);

}  // namespace virtcrypt::bench
