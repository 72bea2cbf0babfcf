#include "tests/bench/result_check.h"

#include <algorithm>

#include "tests/bench/asymmetric_subject.h"
#include "tests/bench/operations.h"

namespace virtcrypt::bench {
namespace {

// A signature of ECDSA may be shorter than its room: the second octet of its DER says how long it is.
std::span<const std::byte> signature_in(std::span<const std::byte> room) {
  constexpr std::size_t kHeaderBytes = 2;
  if (room.size() < kHeaderBytes) return room;
  return room.first(std::min(room.size(), kHeaderBytes + std::to_integer<std::size_t>(room[1])));
}

}  // namespace

ResultCheck::ResultCheck(const Subject& subject, const test::Bytes& text)
    : engine_(crypto::make_default_engine()),
      text_(text),
      inverse_(inverse_of(subject)),
      expected_(is_deterministic(subject) ? sure_result_of(*engine_, subject, text) : test::Bytes()) {}

bool ResultCheck::is_right(std::span<const std::byte> room) const {
  if (room.size() < expected_.size() || !std::equal(expected_.begin(), expected_.end(), room.begin()))
    return false;
  return !inverse_ || inverts(room);
}

bool ResultCheck::inverts(std::span<const std::byte> room) const {
  const bool is_ecdsa = std::holds_alternative<crypto::Curve>(inverse_->asymmetric->scheme);
  const std::span<const std::byte> given = is_ecdsa ? signature_in(room) : room;
  const std::optional<test::Bytes> result = result_of(*engine_, *inverse_, {given.begin(), given.end()});
  return result && (inverse_->kind == crypto::OperationKind::kVerify || *result == text_);
}

}  // namespace virtcrypt::bench
