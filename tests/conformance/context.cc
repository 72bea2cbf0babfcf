#include "tests/conformance/context.h"

#include <algorithm>
#include <utility>

namespace virtcrypt::conformance {
namespace {

constexpr std::size_t kMostEvidence = 16;

}  // namespace

std::string hex(std::span<const std::byte> bytes, std::size_t most) {
  std::string text;
  for (const std::byte byte : bytes.first(std::min(bytes.size(), most)))
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  if (bytes.size() > most) text += fmt::format("... ({} bytes)", bytes.size());
  return text;
}

void Context::expect(bool condition, std::string_view what) {
  if (!condition) fail(fmt::format("not so: {}", what));
  note(fmt::format("as expected: {}", what));
}

void Context::expect_equal(std::uint64_t seen, std::uint64_t expected, std::string_view what) {
  if (seen != expected) fail(fmt::format("{}: {:#x}, expected {:#x}", what, seen, expected));
  note(fmt::format("{}: {:#x}", what, seen));
}

void Context::expect_equal(std::span<const std::byte> seen, std::span<const std::byte> expected,
                           std::string_view what) {
  if (!std::equal(seen.begin(), seen.end(), expected.begin(), expected.end()))
    fail(fmt::format("{}: {}, expected {}", what, hex(seen), hex(expected)));
  note(what, seen);
}

void Context::note(std::string text) {
  if (std::find(evidence_.begin(), evidence_.end(), text) != evidence_.end()) return;
  if (evidence_.size() < kMostEvidence) {
    if (sink_) sink_(text);
    evidence_.push_back(std::move(text));
  } else {
    ++left_out_;
  }
}

void Context::note(std::string_view what, std::span<const std::byte> bytes) {
  note(fmt::format("{}: {}", what, hex(bytes)));
}

void Context::fail(const std::string& text) {
  throw CheckFailed(text);
}

void Context::skip(const std::string& reason) {
  throw CheckSkipped(reason);
}

void Context::not_applicable(const std::string& reason) {
  throw CheckNotApplicable(reason);
}

std::vector<std::string> Context::evidence() const {
  std::vector<std::string> lines = evidence_;
  if (left_out_ > 0) lines.push_back(fmt::format("and {} more lines", left_out_));
  return lines;
}

}  // namespace virtcrypt::conformance
