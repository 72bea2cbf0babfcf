#include "tests/unit/crypto/subject.h"

#include <algorithm>
#include <set>

#include "tests/support/catch.h"

namespace virtcrypt::tests {

using crypto::AeadCapability;
using crypto::AeadParameters;
using crypto::CipherAlgorithm;
using crypto::CipherCapability;
using crypto::CipherParameters;
using crypto::Direction;
using crypto::HashCapability;
using crypto::HashParameters;
using crypto::MacAlgorithm;
using crypto::MacCapability;
using crypto::MacParameters;
using crypto::Operation;
using crypto::OperationKind;
using crypto::Outcome;
using crypto::SessionParameters;
using crypto::SessionPointer;

namespace {

SessionPointer created(const SessionParameters& parameters) {
  auto session = engine().create_session(parameters);
  REQUIRE(session.has_value());
  return *session;
}

OperationKind kind_of(Direction direction) {
  return direction == Direction::kEncrypt ? OperationKind::kEncrypt : OperationKind::kDecrypt;
}

std::string labelled(std::string_view name, Direction direction) {
  return std::string(name) + (direction == Direction::kEncrypt ? " encrypt" : " decrypt");
}

}  // namespace

Subject Subject::of(const CipherCapability& row, Direction direction, std::size_t key_bytes) {
  Subject subject;
  const Bytes key = pattern(key_bytes);
  subject.name_ = labelled(row.name, direction);
  subject.session_ = created(CipherParameters{row.algorithm, direction, key});
  subject.kind_ = kind_of(direction);
  subject.iv_ = Bytes(row.iv_bytes, std::byte{0xfe});
  // TS 35.201, 3: the last 26 bits of KASUMI's starting value are zeros.
  if (row.algorithm == CipherAlgorithm::kKasumiF8)
    std::fill(subject.iv_.begin() + 5, subject.iv_.end(), std::byte{0});
  subject.block_bytes_ = row.block_bytes;
  subject.least_bytes_ = row.least_text_bytes;
  return subject;
}

Subject Subject::of(const HashCapability& row, std::size_t result_bytes) {
  Subject subject;
  subject.name_ = row.name;
  subject.session_ = created(HashParameters{row.algorithm, static_cast<std::uint32_t>(result_bytes)});
  subject.result_bytes_ = result_bytes;
  return subject;
}

Subject Subject::of(const MacCapability& row, std::size_t key_bytes) {
  Subject subject;
  const Bytes key = pattern(key_bytes);
  subject.name_ = row.name;
  subject.session_ = created(MacParameters{row.algorithm, row.digest_bytes, key});
  subject.result_bytes_ = row.digest_bytes;
  subject.least_bytes_ = row.iv_bytes + 1U;  // 3GPP's MACs want text behind the IV
  if (row.algorithm == MacAlgorithm::kKasumiF9) {
    subject.block_bytes_ = 8;
    subject.least_bytes_ = 16;
  }
  return subject;
}

Subject Subject::of(const AeadCapability& row, Direction direction, std::size_t key_bytes,
                    std::size_t iv_bytes, std::size_t tag_bytes) {
  Subject subject;
  const Bytes key = pattern(key_bytes);
  const auto tag = static_cast<std::uint32_t>(tag_bytes);
  subject.name_ = labelled(row.name, direction);
  subject.session_ = created(AeadParameters{row.algorithm, direction, tag, key});
  if (direction == Direction::kDecrypt)
    subject.encrypting_ = created(AeadParameters{row.algorithm, Direction::kEncrypt, tag, key});
  subject.kind_ = kind_of(direction);
  subject.iv_ = Bytes(iv_bytes, std::byte{0xfe});
  subject.aad_ = pattern(37);
  subject.result_bytes_ = tag_bytes;
  return subject;
}

Bytes Subject::input(std::size_t bytes) const {
  const Bytes text = pattern(std::max(bytes / block_bytes_ * block_bytes_, least_bytes_));
  if (encrypting_ == nullptr) return text;
  Subject other = *this;
  other.session_ = encrypting_;
  other.encrypting_ = nullptr;
  other.kind_ = OperationKind::kEncrypt;
  return other.in_one_piece(text);
}

std::size_t Subject::room(std::size_t input_bytes) const {
  if (digests()) return result_bytes_;
  return encrypting_ == nullptr ? input_bytes + result_bytes_ : input_bytes - result_bytes_;
}

Answer Subject::run(const InputList& input, const OutputList& output) const {
  const InputList aad = cut(std::span<const std::byte>(aad_), aad_cuts_);
  Operation operation;
  operation.session = session_.get();
  operation.kind = kind_;
  operation.input = input;
  operation.output = output;
  operation.aad = aad;
  operation.iv = iv_;
  operation.tag_bytes = tag_bytes_;
  engine().execute({&operation, 1});
  return {operation.outcome, operation.output_bytes};
}

bool Subject::succeeds(const InputList& input, const OutputList& output) const {
  std::size_t bytes = 0;
  for (const auto& segment : output)
    bytes += segment.size();
  const Answer answer = run(input, output);
  return answer.outcome == Outcome::kOk && answer.output_bytes == bytes;
}

Bytes Subject::in_one_piece(const Bytes& input) const {
  Bytes output(room(input.size()));
  Subject whole = *this;
  whole.aad_cuts_.clear();
  REQUIRE(whole.succeeds({input}, {output}));
  return output;
}

std::vector<Subject> all_subjects() {
  constexpr std::size_t kShakeBytes = 500;  // several squeezed blocks
  std::vector<Subject> subjects;
  const auto& capabilities = engine().capabilities();
  for (const auto& row : capabilities.ciphers) {
    for (const auto direction : {Direction::kEncrypt, Direction::kDecrypt})
      subjects.push_back(Subject::of(row, direction, row.key_bytes.most));
  }
  for (const auto& row : capabilities.hashes)
    subjects.push_back(Subject::of(row, std::min<std::size_t>(row.digest_bytes, kShakeBytes)));
  for (const auto& row : capabilities.macs)
    subjects.push_back(Subject::of(row, row.key_bytes.most));
  for (const auto& row : capabilities.aeads) {
    // An engine may have other code for other IVs.
    for (const std::size_t iv_bytes : std::set<std::size_t>{row.iv_bytes.front(), row.iv_bytes.back()}) {
      for (const auto direction : {Direction::kEncrypt, Direction::kDecrypt})
        subjects.push_back(Subject::of(row, direction, row.key_bytes.most, iv_bytes, row.tag_bytes.back()));
    }
  }
  return subjects;
}

}  // namespace virtcrypt::tests
