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

// The two halves of one chain operation, and the text that no half touches. The order in which memory is read
// and written is such that it does not matter which parts of it a guest let overlap: what is read late is
// copied early, and the digest is written last.
class Run {
 public:
  Run(const Engine& engine, Operation& operation)
      : engine_(engine),
        operation_(operation),
        session_(session_of(operation)),
        input_(operation.input),
        input_bytes_(total_bytes(operation.input)),
        aad_(operation.aad) {}

  [[nodiscard]] Outcome execute();

 private:
  [[nodiscard]] Outcome check() const;
  void copy_what_would_be_spoiled();
  [[nodiscard]] Outcome write_text();
  void copy_outside_cipher_range();
  void clear_behind_text();
  [[nodiscard]] Outcome cipher();
  template <typename Byte>
  [[nodiscard]] Outcome hash(std::span<const std::span<Byte>> text, SecureBuffer& digest);

  const Engine& engine_;
  Operation& operation_;
  const ChainSession& session_;
  InputSegments input_;
  std::size_t input_bytes_;
  InputSegments aad_;
  SecureBuffer input_copy_;
  SecureBuffer aad_copy_;
  std::array<std::span<const std::byte>, 1> copied_input_{};
  std::array<std::span<const std::byte>, 1> copied_aad_{};
};

Outcome Run::check() const {
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
  if (const Outcome checked = check(); checked != Outcome::kOk) return checked;
  copy_what_would_be_spoiled();
  SecureBuffer digest(total_bytes(operation_.digest_output));
  if (session_.order() == ChainOrder::kHashThenCipher) {
    if (const Outcome hashed = hash(input_, digest); hashed != Outcome::kOk) return hashed;
    if (const Outcome written = write_text(); written != Outcome::kOk) return written;
  } else {
    if (const Outcome written = write_text(); written != Outcome::kOk) return written;
    if (const Outcome hashed = hash(operation_.output, digest); hashed != Outcome::kOk) {
      for (const auto& segment : operation_.output)
        std::fill(segment.begin(), segment.end(), std::byte{0});
      return hashed;
    }
  }
  OutputCursor room(operation_.digest_output);
  write(room, digest.bytes());
  return Outcome::kOk;
}

void Run::copy_what_would_be_spoiled() {
  if (aliases_shifted(input_, operation_.output, input_bytes_)) {
    input_copy_ = gather(input_);
    copied_input_[0] = input_copy_.bytes();
    input_ = copied_input_;
  }
  // Hashing second, the AAD is read when all of the output has been written. It is short as a rule.
  if (session_.order() == ChainOrder::kCipherThenHash && !aad_.empty()) {
    aad_copy_ = gather(aad_);
    copied_aad_[0] = aad_copy_.bytes();
    aad_ = copied_aad_;
  }
}

// The cipher goes first: it refuses lengths before it writes. The room behind the text may lie over the text,
// so it is cleared when that has been read.
Outcome Run::write_text() {
  if (const Outcome ciphered = cipher(); ciphered != Outcome::kOk) return ciphered;
  copy_outside_cipher_range();
  clear_behind_text();
  return Outcome::kOk;
}

void Run::copy_outside_cipher_range() {
  const auto copy = [this](std::size_t offset, std::size_t bytes) {
    Input from;
    Output to;
    append_range(input_, offset, bytes, from);
    append_range(operation_.output, offset, bytes, to);
    OutputCursor cursor(to);
    for (const auto& segment : from)
      write(cursor, segment);
  };
  const ChainRanges& ranges = operation_.ranges;
  const std::size_t behind = std::size_t{ranges.cipher_offset} + ranges.cipher_bytes;
  copy(0, ranges.cipher_offset);
  copy(behind, input_bytes_ - behind);
}

void Run::clear_behind_text() {
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
Outcome Run::hash(std::span<const std::span<Byte>> text, SecureBuffer& digest) {
  Input from(aad_.begin(), aad_.end());
  append_range(text, operation_.ranges.hash_offset, operation_.ranges.hash_bytes, from);
  const std::array<std::span<std::byte>, 1> room{digest.bytes()};
  Operation half;
  half.session = &session_.hash();
  half.kind = OperationKind::kDigest;
  half.input = from;
  half.output = room;
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
