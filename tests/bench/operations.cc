#include "tests/bench/operations.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::bench {

Operations::Operations(crypto::SessionPointer session, const Subject& subject, const test::Bytes& text,
                       std::size_t count)
    : session_(std::move(session)),
      aad_(subject.aad),
      texts_(count, text),
      results_(count, test::Bytes(subject.result_bytes(text.size()))),
      inputs_(texts_.begin(), texts_.end()),
      operations_(count) {
  const std::size_t digest_bytes = subject.chain ? subject.digest_bytes : 0;
  for (const std::span<std::byte> result : results_) {
    outputs_.push_back(result.first(result.size() - digest_bytes));
    digests_.push_back(result.last(digest_bytes));
  }
  for (std::size_t i = 0; i < count; ++i) {
    crypto::Operation& operation = operations_[i];
    operation.session = session_.get();
    operation.kind = subject.kind;
    operation.input = std::span(&inputs_[i], 1);
    operation.output = std::span(&outputs_[i], 1);
    if (!subject.aad.empty()) operation.aad = std::span(&aad_, 1);
    operation.iv = subject.iv;
    operation.tag_bytes = subject.tag_bytes;
    operation.digest = subject.verified_digest();
    if (!subject.chain) continue;
    const auto bytes = static_cast<std::uint32_t>(text.size());
    operation.digest_output = std::span(&digests_[i], 1);
    operation.ranges = {.cipher_offset = 0, .cipher_bytes = bytes, .hash_offset = 0, .hash_bytes = bytes};
  }
}

bool Operations::execute(const crypto::Engine& engine) {
  engine.execute(operations_);
  return std::all_of(operations_.begin(), operations_.end(), [](const crypto::Operation& operation) {
    return operation.outcome == crypto::Outcome::kOk;
  });
}

std::span<const std::byte> Operations::result(std::size_t index) const {
  return std::span(results_[index]).first(operations_[index].output_bytes);
}

std::optional<test::Bytes> result_of(const crypto::Engine& engine, const Subject& subject,
                                     const test::Bytes& text) {
  const auto session = engine.create_session(subject.parameters());
  if (!session) throw std::runtime_error(fmt::format("no engine has {}", subject.name));
  Operations operation(*session, subject, text, 1);
  if (!operation.execute(engine)) return std::nullopt;
  const std::span<const std::byte> result = operation.result(0);
  return test::Bytes(result.begin(), result.end());
}

test::Bytes sure_result_of(const crypto::Engine& engine, const Subject& subject, const test::Bytes& text) {
  std::optional<test::Bytes> result = result_of(engine, subject, text);
  if (!result) throw std::runtime_error(fmt::format("{} fails", subject.title()));
  return *std::move(result);
}

}  // namespace virtcrypt::bench
