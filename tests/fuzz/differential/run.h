// The requests of an input through every engine, together and alone, in pieces and whole: all have to agree.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "tests/fuzz/differential/request.h"
#include "tests/fuzz/differential/run_alone.h"

namespace virtcrypt::fuzz {

// What somebody says of an answer who shares no code with the engines.
struct Judgement {
  bool has_opinion = false;
  std::string objection;  // what is wrong with the answer; empty: nothing
};
[[nodiscard]] inline Judgement agreed() {
  return {.has_opinion = true, .objection = {}};
}
[[nodiscard]] inline Judgement objected(std::string_view objection) {
  return {.has_opinion = true, .objection = std::string(objection)};
}
using Judge = std::function<Judgement(const Request&, const Answer&)>;

// Called for each request and the answer to it; may be empty.
using Observer = std::function<void(const Request&, const Answer&)>;

// "ok with 16 bytes"
[[nodiscard]] std::string describe(const Answer& answer);

// One line that names the algorithm, and who says what; nothing when all agree. `judge` may be empty.
[[nodiscard]] std::optional<std::string> disagreement(const Input& input, const Judge& judge,
                                                      const Observer& observer = {});

}  // namespace virtcrypt::fuzz
