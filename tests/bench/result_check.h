// Whether what a device answers is right.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "tests/bench/subject.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::bench {

class ResultCheck {
 public:
  // Of operations over `text`, with the default engine.
  ResultCheck(const Subject& subject, const test::Bytes& text);

  // `room` is all that the device could write its result to. Results that are always the same are compared
  // with the engine's; signatures are verified, and what is enciphered with a public key is deciphered.
  [[nodiscard]] bool is_right(std::span<const std::byte> room) const;

 private:
  [[nodiscard]] bool inverts(std::span<const std::byte> room) const;

  const std::unique_ptr<const crypto::Engine> engine_;
  const test::Bytes text_;
  const std::optional<Subject> inverse_;
  const test::Bytes expected_;  // its front, empty where results differ
};

}  // namespace virtcrypt::bench
