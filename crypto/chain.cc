#include "virtcrypt/crypto/chain.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>
#include <vector>

#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/scatter.h"
#include "virtcrypt/crypto/verify_digest.h"

namespace virtcrypt::crypto::chain {
namespace {

class ChainSession final : public Session {
 public:
  ChainSession(const ChainParameters& parameters, SessionPointer cipher, SessionPointer hash)
      : Session(Service::kChain, EngineId::kChain),
        order_(parameters.order),
        output_(parameters.output),
        direction_(parameters.cipher.direction),
        cipher_(std::move(cipher)),
        hash_(std::move(hash)) {}

  [[nodiscard]] ChainOrder order() const { return order_; }
  [[nodiscard]] bool makes_image() const { return output_ == ChainOutput::kImage; }
  [[nodiscard]] Direction direction() const { return direction_; }
  [[nodiscard]] const Session& cipher() const { return *cipher_; }
  [[nodiscard]] const Session& hash() const { return *hash_; }

 private:
  ChainOrder order_;
  ChainOutput output_;
  Direction direction_;
  SessionPointer cipher_;
  SessionPointer hash_;
};

const ChainSession& session_of(const Operation& operation) {
  return static_cast<const ChainSession&>(*operation.session);
}

// Needs no memory of its own for as few segments as a text has as a rule.
template <typename To>
class SegmentList {
 public:
  void push_back(std::span<To> segment) {
    if (count_ < few_.size()) {
      few_[count_++] = segment;
      return;
    }
    if (many_.empty()) many_.assign(few_.begin(), few_.end());
    many_.push_back(segment);
  }
  [[nodiscard]] std::span<const std::span<To>> segments() const {
    return many_.empty() ? std::span(few_).first(count_) : std::span(many_);
  }

 private:
  std::array<std::span<To>, 4> few_{};
  std::size_t count_ = 0;
  std::vector<std::span<To>> many_;  // all, once there are more
};

using Input = SegmentList<const std::byte>;
using Output = SegmentList<std::byte>;

// Appends the bytes [offset, offset + bytes) of `segments`, which hold them, to `range`.
template <typename Byte, typename To>
void append_range(std::span<const std::span<Byte>> segments, std::size_t offset, std::size_t bytes,
                  SegmentList<To>& range) {
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
  [[nodiscard]] std::size_t text_bytes() const;  // of the output
  void copy_what_would_be_spoiled();
  void find_text_to_hash();
  void find_text_around_cipher_range();
  void append_copy(std::size_t offset, std::size_t bytes, SecureBuffer& copy);
  [[nodiscard]] Outcome hash_then_cipher();
  [[nodiscard]] Outcome cipher_then_hash();
  [[nodiscard]] Outcome write_text();
  void copy_outside_cipher_range();
  void clear_behind_text();
  void clear_output();
  [[nodiscard]] Outcome cipher();
  [[nodiscard]] Outcome hash();
  void hand_out_digest();

  const Engine& engine_;
  Operation& operation_;
  const ChainSession& session_;
  InputSegments input_;
  std::size_t input_bytes_;
  InputSegments aad_;
  SecureBuffer input_copy_;
  SecureBuffer aad_copy_;
  SecureBuffer front_copy_;  // hashed text before and behind the cipher's range
  SecureBuffer back_copy_;
  Input hashed_;  // AAD and text
  SecureBuffer digest_;
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
      total_bytes(operation_.output) < text_bytes()) {
    return Outcome::kFailed;
  }
  // A plain hash has no place for additional data.
  const bool plain = session_.hash().service() == Service::kHash;
  return plain && total_bytes(operation_.aad) != 0 ? Outcome::kFailed : Outcome::kOk;
}

std::size_t Run::text_bytes() const {
  return session_.makes_image() ? input_bytes_ : operation_.ranges.cipher_bytes;
}

Outcome Run::execute() {
  if (const Outcome checked = check(); checked != Outcome::kOk) return checked;
  copy_what_would_be_spoiled();
  find_text_to_hash();
  const bool verifies = !operation_.digest.empty();
  digest_ = SecureBuffer(verifies ? operation_.digest.size() : total_bytes(operation_.digest_output));
  const Outcome outcome =
      session_.order() == ChainOrder::kHashThenCipher ? hash_then_cipher() : cipher_then_hash();
  if (outcome == Outcome::kOk && !verifies) hand_out_digest();
  return outcome;
}

Outcome Run::hash_then_cipher() {
  const Outcome hashed = hash();
  return hashed == Outcome::kOk ? write_text() : hashed;
}

Outcome Run::cipher_then_hash() {
  if (const Outcome written = write_text(); written != Outcome::kOk) return written;
  const Outcome hashed = hash();
  if (hashed != Outcome::kOk) clear_output();
  return hashed;
}

void Run::hand_out_digest() {
  OutputCursor room(operation_.digest_output);
  write(room, digest_.bytes());
}

void Run::copy_what_would_be_spoiled() {
  if (session_.makes_image() && aliases_shifted(input_, operation_.output, input_bytes_)) {
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

void Run::find_text_to_hash() {
  for (const std::span<const std::byte> piece : aad_)
    hashed_.push_back(piece);
  const ChainRanges& ranges = operation_.ranges;
  if (session_.order() == ChainOrder::kHashThenCipher) {
    append_range(input_, ranges.hash_offset, ranges.hash_bytes, hashed_);
  } else if (session_.makes_image()) {
    append_range(operation_.output, ranges.hash_offset, ranges.hash_bytes, hashed_);
  } else {
    find_text_around_cipher_range();
  }
}

// Three pieces: input before the cipher's range, output for what lies in it, input behind it. By the time the
// input is hashed the output has been written, and may lie over it.
void Run::find_text_around_cipher_range() {
  const ChainRanges& ranges = operation_.ranges;
  const std::size_t cipher_begin = ranges.cipher_offset;
  const std::size_t cipher_end = cipher_begin + ranges.cipher_bytes;
  const std::size_t begin = ranges.hash_offset;
  const std::size_t end = begin + ranges.hash_bytes;
  if (begin < cipher_begin) append_copy(begin, std::min(end, cipher_begin) - begin, front_copy_);
  const std::size_t inside = std::max(begin, cipher_begin);
  if (inside < std::min(end, cipher_end))
    append_range(operation_.output, inside - cipher_begin, std::min(end, cipher_end) - inside, hashed_);
  const std::size_t behind = std::max(begin, cipher_end);
  if (behind < end) append_copy(behind, end - behind, back_copy_);
}

void Run::append_copy(std::size_t offset, std::size_t bytes, SecureBuffer& copy) {
  Input from;
  append_range(input_, offset, bytes, from);
  copy = gather(from.segments());
  hashed_.push_back(copy.bytes());
}

// The cipher goes first: it refuses lengths before it writes. The room behind the text may lie over the text,
// so it is cleared when that has been read.
Outcome Run::write_text() {
  if (const Outcome ciphered = cipher(); ciphered != Outcome::kOk) return ciphered;
  if (session_.makes_image()) copy_outside_cipher_range();
  clear_behind_text();
  return Outcome::kOk;
}

void Run::copy_outside_cipher_range() {
  const auto copy = [this](std::size_t offset, std::size_t bytes) {
    Input from;
    Output to;
    append_range(input_, offset, bytes, from);
    append_range(operation_.output, offset, bytes, to);
    OutputCursor cursor(to.segments());
    for (const auto& segment : from.segments())
      write(cursor, segment);
  };
  const ChainRanges& ranges = operation_.ranges;
  const std::size_t behind = std::size_t{ranges.cipher_offset} + ranges.cipher_bytes;
  copy(0, ranges.cipher_offset);
  copy(behind, input_bytes_ - behind);
}

void Run::clear_behind_text() {
  Output rest;
  append_range(operation_.output, text_bytes(), total_bytes(operation_.output) - text_bytes(), rest);
  for (const auto& segment : rest.segments())
    std::fill(segment.begin(), segment.end(), std::byte{0});
}

void Run::clear_output() {
  for (const auto& segment : operation_.output)
    std::fill(segment.begin(), segment.end(), std::byte{0});
}

Outcome Run::cipher() {
  Input from;
  Output to;
  append_range(input_, operation_.ranges.cipher_offset, operation_.ranges.cipher_bytes, from);
  const std::size_t place = session_.makes_image() ? operation_.ranges.cipher_offset : 0;
  append_range(operation_.output, place, operation_.ranges.cipher_bytes, to);
  Operation half;
  half.session = &session_.cipher();
  half.kind = operation_.kind;
  half.input = from.segments();
  half.output = to.segments();
  half.iv = operation_.iv;
  engine_.execute(std::span(&half, 1));
  return half.outcome;
}

// Into digest_, and compares it when there is one to verify.
Outcome Run::hash() {
  const std::array<std::span<std::byte>, 1> room{digest_.bytes()};
  Operation half;
  half.session = &session_.hash();
  half.kind = OperationKind::kDigest;
  half.input = hashed_.segments();
  half.output = room;
  engine_.execute(std::span(&half, 1));
  if (half.outcome != Outcome::kOk || operation_.digest.empty()) return half.outcome;
  return equal_in_constant_time(digest_.bytes(), operation_.digest) ? Outcome::kOk
                                                                    : Outcome::kAuthenticationFailed;
}

}  // namespace

Expected<SessionPointer, Outcome> create_session(const Engine& engine, const ChainParameters& parameters) {
  auto cipher = engine.create_session(parameters.cipher);
  if (!cipher) return cipher;
  auto hash = std::visit([&](const auto& some) { return engine.create_session(some); }, parameters.hash);
  if (!hash) return hash;
  return make_session<ChainSession>(parameters, std::move(*cipher), std::move(*hash));
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
