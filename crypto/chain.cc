#include "virtcrypt/crypto/chain.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>
#include <vector>

#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto::chain {
namespace {

class ChainSession final : public Session {
 public:
  ChainSession(const ChainParameters& parameters, SessionPointer cipher, SessionPointer hash)
      : Session(Service::kChain, EngineId::kChain),
        order_(parameters.order),
        direction_(parameters.cipher.direction),
        cipher_(std::move(cipher)),
        hash_(std::move(hash)) {}

  [[nodiscard]] ChainOrder order() const { return order_; }
  [[nodiscard]] Direction direction() const { return direction_; }
  [[nodiscard]] const Session& cipher() const { return *cipher_; }
  [[nodiscard]] const Session& hash() const { return *hash_; }

 private:
  ChainOrder order_;
  Direction direction_;
  SessionPointer cipher_;
  SessionPointer hash_;
};

const ChainSession& session_of(const Operation& operation) {
  return static_cast<const ChainSession&>(*operation.session);
}

// Appends the bytes [offset, offset + bytes) of `segments`, which hold them, to `range`.
template <typename Byte, typename To>
void append_range(std::span<const std::span<Byte>> segments, std::size_t offset, std::size_t bytes,
                  std::vector<std::span<To>>& range) {
  for (const std::span<Byte> segment : segments) {
    if (bytes == 0) return;
    if (offset >= segment.size()) {
      offset -= segment.size();
      continue;
    }
    const std::size_t piece = std::min(bytes, segment.size() - offset);
    range.push_back(segment.subspan(offset, piece));
    offset = 0;
    bytes -= piece;
  }
}

using Input = std::vector<std::span<const std::byte>>;
using Output = std::vector<std::span<std::byte>>;

// The two halves of one chain operation, and the text that no half touches.
class Run {
 public:
  Run(const Engine& engine, Operation& operation)
      : engine_(engine), operation_(operation), session_(session_of(operation)) {}

  [[nodiscard]] Outcome execute();

 private:
  [[nodiscard]] Outcome check();
  void copy_outside_cipher_range();
  [[nodiscard]] Outcome cipher();
  template <typename Byte>
  [[nodiscard]] Outcome hash(std::span<const std::span<Byte>> text);

  const Engine& engine_;
  Operation& operation_;
  const ChainSession& session_;
  InputSegments input_;
  SecureBuffer copy_;
  std::array<std::span<const std::byte>, 1> copied_{};
  std::size_t input_bytes_ = 0;
};

Outcome Run::check() {
  if (operation_.kind != OperationKind::kEncrypt && operation_.kind != OperationKind::kDecrypt)
    return Outcome::kNotSupported;
  const bool encrypts = operation_.kind == OperationKind::kEncrypt;
  if (encrypts != (session_.direction() == Direction::kEncrypt)) return Outcome::kFailed;
  const ChainRanges& ranges = operation_.ranges;
  if (std::uint64_t{ranges.cipher_offset} + ranges.cipher_bytes > input_bytes_ ||
      std::uint64_t{ranges.hash_offset} + ranges.hash_bytes > input_bytes_ ||
      total_bytes(operation_.output) < input_bytes_) {
    return Outcome::kFailed;
  }
  // A plain hash has no place for additional data.
  const bool plain = session_.hash().service() == Service::kHash;
  return plain && total_bytes(operation_.aad) != 0 ? Outcome::kFailed : Outcome::kOk;
}

Outcome Run::execute() {
  input_ = operation_.input;
  input_bytes_ = total_bytes(input_);
  if (const Outcome checked = check(); checked != Outcome::kOk) return checked;
  // The digest room may lie over the text as well: then hashing first and writing last has to be taken
  // literally, on a copy.
  if (aliases_shifted(input_, operation_.output, input_bytes_)) {
    copy_ = gather(input_);
    copied_[0] = copy_.bytes();
    input_ = copied_;
  }
  if (session_.order() == ChainOrder::kHashThenCipher) {
    if (const Outcome hashed = hash(input_); hashed != Outcome::kOk) return hashed;
    copy_outside_cipher_range();
    return cipher();
  }
  copy_outside_cipher_range();
  if (const Outcome ciphered = cipher(); ciphered != Outcome::kOk) return ciphered;
  return hash(operation_.output);
}

void Run::copy_outside_cipher_range() {
  const ChainRanges& ranges = operation_.ranges;
  const std::size_t behind = std::size_t{ranges.cipher_offset} + ranges.cipher_bytes;
  const auto copy = [this](std::size_t offset, std::size_t bytes) {
    Input from;
    Output to;
    append_range(input_, offset, bytes, from);
    append_range(operation_.output, offset, bytes, to);
    OutputCursor cursor(to);
    for (const auto& segment : from)
      write(cursor, segment);
  };
  copy(0, ranges.cipher_offset);
  copy(behind, input_bytes_ - behind);
  Output rest;
  append_range(operation_.output, input_bytes_, total_bytes(operation_.output) - input_bytes_, rest);
  for (const auto& segment : rest)
    std::fill(segment.begin(), segment.end(), std::byte{0});
}

Outcome Run::cipher() {
  Input from;
  Output to;
  append_range(input_, operation_.ranges.cipher_offset, operation_.ranges.cipher_bytes, from);
  append_range(operation_.output, operation_.ranges.cipher_offset, operation_.ranges.cipher_bytes, to);
  Operation half;
  half.session = &session_.cipher();
  half.kind = operation_.kind;
  half.input = from;
  half.output = to;
  half.iv = operation_.iv;
  engine_.execute(std::span(&half, 1));
  return half.outcome;
}

template <typename Byte>
Outcome Run::hash(std::span<const std::span<Byte>> text) {
  Input from(operation_.aad.begin(), operation_.aad.end());
  append_range(text, operation_.ranges.hash_offset, operation_.ranges.hash_bytes, from);
  Operation half;
  half.session = &session_.hash();
  half.kind = OperationKind::kDigest;
  half.input = from;
  half.output = operation_.digest_output;
  engine_.execute(std::span(&half, 1));
  return half.outcome;
}

}  // namespace

Expected<SessionPointer, Outcome> create_session(const Engine& engine, const ChainParameters& parameters) {
  auto cipher = engine.create_session(parameters.cipher);
  if (!cipher) return cipher;
  auto hash = std::visit([&](const auto& some) { return engine.create_session(some); }, parameters.hash);
  if (!hash) return hash;
  return std::make_shared<const ChainSession>(parameters, std::move(*cipher), std::move(*hash));
}

void execute(const Engine& engine, Operation& operation) {
  operation.output_bytes = 0;
  operation.outcome = Run(engine, operation).execute();
  if (operation.outcome == Outcome::kOk) {
    operation.output_bytes = total_bytes(operation.output) + total_bytes(operation.digest_output);
  }
}

std::uint64_t estimated_ns(const Engine& engine, const Operation& operation) {
  const ChainSession& session = session_of(operation);
  Operation half;
  half.kind = operation.kind;
  half.input = operation.input;
  half.session = &session.cipher();
  const std::uint64_t cipher_ns = engine.estimated_ns(half);
  half.kind = OperationKind::kDigest;
  half.session = &session.hash();
  return cipher_ns + engine.estimated_ns(half);
}

}  // namespace virtcrypt::crypto::chain
