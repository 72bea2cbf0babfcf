#include "virtcrypt/crypto/nested_hash.h"

#include <array>
#include <utility>
#include <vector>

#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/scatter.h"
#include "virtcrypt/crypto/secure_buffer.h"

namespace virtcrypt::crypto::nested_hash {
namespace {

class NestedHashSession final : public Session {
 public:
  NestedHashSession(const NestedHashParameters& parameters, SessionPointer inner, SessionPointer outer)
      : Session(Service::kHash, EngineId::kChain),
        inner_digest_bytes_(digest_bytes(parameters.inner)),
        inner_prefix_(parameters.inner_prefix),
        outer_prefix_(parameters.outer_prefix),
        inner_(std::move(inner)),
        outer_(std::move(outer)) {}

  [[nodiscard]] std::size_t inner_digest_bytes() const { return inner_digest_bytes_; }
  [[nodiscard]] std::span<const std::byte> inner_prefix() const { return inner_prefix_.bytes(); }
  [[nodiscard]] std::span<const std::byte> outer_prefix() const { return outer_prefix_.bytes(); }
  [[nodiscard]] const Session& inner() const { return *inner_; }
  [[nodiscard]] const Session& outer() const { return *outer_; }

 private:
  std::size_t inner_digest_bytes_;
  SecureBuffer inner_prefix_;
  SecureBuffer outer_prefix_;
  SessionPointer inner_;
  SessionPointer outer_;
};

const NestedHashSession& session_of(const Operation& operation) {
  return static_cast<const NestedHashSession&>(*operation.session);
}

Outcome digest(const Engine& engine, const Session& session, InputSegments text, OutputSegments room) {
  Operation half;
  half.session = &session;
  half.kind = OperationKind::kDigest;
  half.input = text;
  half.output = room;
  engine.execute(std::span(&half, 1));
  return half.outcome;
}

Outcome run(const Engine& engine, const Operation& operation) {
  if (operation.kind != OperationKind::kDigest) return Outcome::kNotSupported;
  const NestedHashSession& session = session_of(operation);
  std::vector<std::span<const std::byte>> inner_text{session.inner_prefix()};
  inner_text.insert(inner_text.end(), operation.input.begin(), operation.input.end());
  SecureBuffer inner_digest(session.inner_digest_bytes());
  const std::array<std::span<std::byte>, 1> room{inner_digest.bytes()};
  if (const Outcome outcome = digest(engine, session.inner(), inner_text, room); outcome != Outcome::kOk)
    return outcome;
  const std::array<std::span<const std::byte>, 2> outer_text{session.outer_prefix(), inner_digest.bytes()};
  return digest(engine, session.outer(), outer_text, operation.output);
}

}  // namespace

Expected<SessionPointer, Outcome> create_session(const Engine& engine,
                                                 const NestedHashParameters& parameters) {
  const auto inner_bytes = static_cast<std::uint32_t>(digest_bytes(parameters.inner));
  auto inner = engine.create_session(HashParameters{parameters.inner, inner_bytes});
  if (!inner) return inner;
  auto outer = engine.create_session(HashParameters{parameters.outer, parameters.result_bytes});
  if (!outer) return outer;
  return make_session<NestedHashSession>(parameters, std::move(*inner), std::move(*outer));
}

void execute(const Engine& engine, Operation& operation) {
  operation.outcome = run(engine, operation);
  operation.output_bytes = operation.outcome == Outcome::kOk ? total_bytes(operation.output) : 0;
}

std::uint64_t estimated_ns(const Engine& engine, const Operation& operation) {
  const NestedHashSession& session = session_of(operation);
  Operation half;
  half.kind = OperationKind::kDigest;
  half.input = operation.input;
  half.session = &session.inner();
  const std::uint64_t inner_ns = engine.estimated_ns(half);
  half.input = {};
  half.output = operation.output;
  half.session = &session.outer();
  return inner_ns + engine.estimated_ns(half);
}

}  // namespace virtcrypt::crypto::nested_hash
