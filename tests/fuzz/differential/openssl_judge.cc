#include "tests/fuzz/differential/openssl_judge.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <variant>

#include <spdlog/fmt/fmt.h>

#include "tests/driver/bytes.h"
#include "tests/fuzz/differential/openssl_akcipher.h"
#include "tests/fuzz/differential/openssl_texts.h"

namespace virtcrypt::fuzz {
namespace {

using namespace crypto;
using test::part;

const Expectation kFails = Expected{Outcome::kFailed, {}};
const Expectation kNotThere = Expected{Outcome::kNotSupported, {}};

// A failure counts no output, and leaves nothing behind that was not authenticated.
std::string objection_to_failure(const Answer& answer) {
  if (answer.output_bytes != 0) return "the engine counts output of a failure";
  const bool is_clear = std::all_of(answer.output.begin(), answer.output.end(), [](std::byte some) {
    return some == std::byte{0} || some == kUnwritten;
  });
  return is_clear ? "" : "a failure leaves output behind";
}

// Why an answer is not what was expected; empty: it is.
std::string objection_to(const Expected& expected, const Answer& answer) {
  if (answer.outcome != expected.outcome) {
    return fmt::format("the engine says {}, OpenSSL {}", outcome_name(answer.outcome),
                       outcome_name(expected.outcome));
  }
  if (answer.outcome != Outcome::kOk) return objection_to_failure(answer);
  if (answer.output_bytes != expected.output.size()) {
    return fmt::format("the engine counts {} bytes, OpenSSL {}", answer.output_bytes, expected.output.size());
  }
  const auto [ours, theirs] =
      std::mismatch(expected.output.begin(), expected.output.end(), answer.output.begin());
  if (ours == expected.output.end()) return {};
  return fmt::format("output byte {} of {} is {:#04x}, OpenSSL says {:#04x}", ours - expected.output.begin(),
                     expected.output.size(), std::to_integer<unsigned>(*theirs),
                     std::to_integer<unsigned>(*ours));
}

Judgement judged(const Expectation& expected, const Answer& answer) {
  if (!expected) return {};
  return objected(objection_to(*expected, answer));
}

// Rooms that are too small fail whatever the text is.
Expectation in_room(Expectation expected, std::size_t room) {
  if (expected && expected->outcome == Outcome::kOk && expected->output.size() > room) return kFails;
  return expected;
}

bool is_cipher_kind(OperationKind kind) {
  return kind == OperationKind::kEncrypt || kind == OperationKind::kDecrypt;
}

bool fits(OperationKind kind, Direction direction) {
  return (kind == OperationKind::kEncrypt) == (direction == Direction::kEncrypt);
}

// What a request makes of a session that is to be had.
struct Expecting {
  const Request& request;

  Expectation operator()(const CipherParameters& some) const {
    if (!is_cipher_kind(request.kind)) return kNotThere;
    if (!fits(request.kind, some.direction)) return kFails;
    return in_room(ciphered(some, request.iv, request.input), request.room);
  }
  Expectation operator()(const AeadParameters& some) const {
    if (!is_cipher_kind(request.kind)) return kNotThere;
    if (!fits(request.kind, some.direction)) return kFails;
    if (request.tag_bytes != 0 && request.tag_bytes != some.tag_bytes) return kFails;
    // What has no room is not looked at.
    const bool opens = some.direction == Direction::kDecrypt;
    const std::size_t text = request.input.size(), tag = some.tag_bytes;
    if (request.room < (opens ? text - std::min(text, tag) : text + tag)) return kFails;
    return sealed_or_opened(some, request.iv, request.aad, request.input);
  }
  Expectation operator()(const HashParameters& some) const { return digest(some); }
  Expectation operator()(const NestedHashParameters& some) const { return digest(some); }
  Expectation operator()(const MacParameters& some) const { return digest(some); }
  Expectation operator()(const RsaParameters&) const { return std::nullopt; }
  Expectation operator()(const EcdsaParameters&) const { return std::nullopt; }
  Expectation operator()(const ChainParameters&) const { return std::nullopt; }

 private:
  template <typename Parameters>
  [[nodiscard]] Expectation digest(const Parameters& some) const {
    if (request.kind == OperationKind::kDigest) return digested(some, request.input, request.room);
    if (request.kind != OperationKind::kVerifyDigest) return kNotThere;
    const Expectation right = digested(some, request.input, request.digest.size());
    if (!right || right->outcome != Outcome::kOk) return right;
    return Expected{right->output == request.digest ? Outcome::kOk : Outcome::kAuthenticationFailed, {}};
  }
};

// Both halves over copies of the text, step by step.
class ChainJudge {
 public:
  ChainJudge(const Request& request, const ChainParameters& parameters)
      : request_(request), parameters_(parameters), image_(request.input) {}

  [[nodiscard]] Judgement judge(const Answer& answer) {
    const std::optional<Outcome> outcome = expected_outcome();
    if (!outcome) return {};
    Expected expected{*outcome, {}};
    if (*outcome != Outcome::kOk) return objected(objection_to(expected, answer));
    Answer text = answer;
    text.output_bytes -= std::min(text.output_bytes, answer.digest.size());
    // Zeros behind the text.
    const Bytes& made = parameters_.output == ChainOutput::kImage ? image_ : ciphertext_;
    expected.output = Bytes(request_.room);
    std::copy(made.begin(), made.end(), expected.output.begin());
    if (std::string objection = objection_to(expected, text); !objection.empty()) return objected(objection);
    if (!verifies() && answer.digest != digest_) return objected("the digest is not the one of OpenSSL");
    return agreed();
  }

 private:
  [[nodiscard]] bool verifies() const { return !request_.digest.empty(); }

  [[nodiscard]] bool lengths_are_right() const {
    const ChainRanges& ranges = request_.ranges;
    const std::size_t text = image_.size();
    const bool inside = std::uint64_t{ranges.cipher_offset} + ranges.cipher_bytes <= text &&
                        std::uint64_t{ranges.hash_offset} + ranges.hash_bytes <= text;
    const std::size_t made = parameters_.output == ChainOutput::kImage ? text : ranges.cipher_bytes;
    const bool has_key = std::holds_alternative<MacParameters>(parameters_.hash);
    return inside && request_.room >= made && (has_key || request_.aad.empty());
  }

  // Nothing: no opinion.
  [[nodiscard]] std::optional<Outcome> expected_outcome() {
    if (!is_cipher_kind(request_.kind)) return Outcome::kNotSupported;
    if (!fits(request_.kind, parameters_.cipher.direction) || !lengths_are_right()) return Outcome::kFailed;
    const bool hashes_first = parameters_.order == ChainOrder::kHashThenCipher;
    const auto first = hashes_first ? hash() : cipher();
    if (first != Outcome::kOk) return first;
    return hashes_first ? cipher() : hash();
  }

  [[nodiscard]] std::optional<Outcome> cipher() {
    const ChainRanges& ranges = request_.ranges;
    const Expectation made = ciphered(parameters_.cipher, request_.iv,
                                      part(request_.input, ranges.cipher_offset, ranges.cipher_bytes));
    if (!made || made->outcome != Outcome::kOk) return made ? std::optional(made->outcome) : std::nullopt;
    ciphertext_ = made->output;
    std::copy(ciphertext_.begin(), ciphertext_.end(), image_.begin() + ranges.cipher_offset);
    return Outcome::kOk;
  }

  [[nodiscard]] std::optional<Outcome> hash() {
    Bytes text = request_.aad;
    const Bytes range = part(image_, request_.ranges.hash_offset, request_.ranges.hash_bytes);
    text.insert(text.end(), range.begin(), range.end());
    const std::size_t bytes = verifies() ? request_.digest.size() : request_.digest_room;
    const Expectation made =
        std::visit([&](const auto& some) { return digested(some, text, bytes); }, parameters_.hash);
    if (!made || made->outcome != Outcome::kOk) return made ? std::optional(made->outcome) : std::nullopt;
    digest_ = made->output;
    if (verifies() && digest_ != request_.digest) return Outcome::kAuthenticationFailed;
    return Outcome::kOk;
  }

  const Request& request_;
  const ChainParameters& parameters_;
  Bytes image_;
  Bytes ciphertext_;
  Bytes digest_;
};

struct Accepting {
  std::optional<bool> operator()(const ChainParameters& some) const {
    const std::optional<bool> cipher = accepts(some.cipher);
    const std::optional<bool> hash = std::visit([](const auto& half) { return accepts(half); }, some.hash);
    if (cipher == false || hash == false) return false;
    return cipher && hash ? std::optional(true) : std::nullopt;
  }
  std::optional<bool> operator()(const RsaParameters&) const { return std::nullopt; }
  std::optional<bool> operator()(const EcdsaParameters&) const { return std::nullopt; }
  template <typename Parameters>
  std::optional<bool> operator()(const Parameters& some) const {
    return accepts(some);
  }
};

Judgement judge(const Request& request, const Answer& answer) {
  if (std::holds_alternative<RsaParameters>(request.parameters) ||
      std::holds_alternative<EcdsaParameters>(request.parameters)) {
    return judged_akcipher(request, answer);
  }
  const std::optional<bool> accepted = std::visit(Accepting(), request.parameters);
  if (!accepted) return {};
  if (*accepted == answer.refused.has_value()) {
    return objected(*accepted ? "the engine refuses the session, OpenSSL does not"
                              : "OpenSSL refuses the session, the engine does not");
  }
  if (!*accepted) return agreed();
  if (const auto* chain = std::get_if<ChainParameters>(&request.parameters))
    return ChainJudge(request, *chain).judge(answer);
  return judged(std::visit(Expecting{request}, request.parameters), answer);
}

}  // namespace

Judgement judged_by_openssl(const Request& request, const Answer& answer) {
  try {
    return judge(request, answer);
  } catch (const std::exception& error) {
    return objected(fmt::format("OpenSSL cannot do it: {}", error.what()));
  }
}

}  // namespace virtcrypt::fuzz
