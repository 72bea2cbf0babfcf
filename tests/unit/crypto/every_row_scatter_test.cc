// Every row of the tables over scattered and overlapping memory. The expected value is always the same
// session's answer for the same text in one piece, apart from its output; that answer is held to published
// vectors in symmetric_vectors_test.cc.
#include <algorithm>
#include <random>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/crypto/subject.h"

using virtcrypt::tests::all_subjects;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::InputList;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::pattern;
using virtcrypt::tests::Subject;

namespace {

InputList cut_input(std::span<const std::byte> whole, const std::vector<std::size_t>& lengths) {
  return cut(whole, lengths);
}

std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t longest) {
  std::vector<std::size_t> cuts(random() % 30);
  std::generate(cuts.begin(), cuts.end(), [&] { return random() % (longest + 1); });
  return cuts;
}

Bytes gathered(const OutputList& output) {
  Bytes all;
  for (const auto& piece : output)
    all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

}  // namespace

TEST_CASE("Every row: text cut at any byte on both sides", "[crypto][scatter]") {
  for (const Subject& subject : all_subjects()) {
    CAPTURE(subject.name());
    const Bytes input = subject.input(53);
    const Bytes expected = subject.in_one_piece(input);
    const std::size_t step = subject.digests() ? expected.size() : 1;
    for (std::size_t in_cut = 0; in_cut <= input.size(); ++in_cut) {
      for (std::size_t out_cut = 0; out_cut <= expected.size(); out_cut += step) {
        Bytes output(expected.size());
        REQUIRE(subject.succeeds(cut_input(input, {in_cut}), cut(std::span(output), {out_cut})));
        REQUIRE(output == expected);
      }
    }
  }
}

TEST_CASE("Every row: single-byte and empty segments", "[crypto][scatter]") {
  for (Subject subject : all_subjects()) {
    CAPTURE(subject.name());
    const Bytes input = subject.input(2400);  // enough of them to take the long-list way
    const Bytes expected = subject.in_one_piece(input);
    std::vector<std::size_t> ones(3 * 2400, 1);
    for (std::size_t i = 0; i < ones.size(); i += 3)
      ones[i] = 0;
    subject.set_aad_cuts(ones);
    Bytes output(expected.size());
    REQUIRE(subject.succeeds(cut_input(input, ones), cut(std::span(output), ones)));
    CHECK(output == expected);
  }
}

TEST_CASE("Every row: random cuts, apart and in place", "[crypto][scatter]") {
  const unsigned seed = GENERATE(range(1U, 31U));
  std::mt19937 random(seed);  // NOLINT: repeatable on purpose
  for (Subject subject : all_subjects()) {
    CAPTURE(subject.name(), seed);
    const Bytes input = subject.input(random() % 1200);
    const Bytes expected = subject.in_one_piece(input);
    subject.set_aad_cuts(random_cuts(random, 5));

    Bytes apart(expected.size());
    REQUIRE(subject.succeeds(cut_input(input, random_cuts(random, 90)),
                             cut(std::span(apart), random_cuts(random, 90))));
    CHECK(apart == expected);

    Bytes shared(std::max(input.size(), expected.size()));
    std::copy(input.begin(), input.end(), shared.begin());
    const std::span<std::byte> memory(shared);
    REQUIRE(subject.succeeds(cut_input(memory.first(input.size()), random_cuts(random, 90)),
                             cut(memory.first(expected.size()), random_cuts(random, 90))));
    CHECK(std::equal(expected.begin(), expected.end(), shared.begin()));
  }
}

TEST_CASE("Every row: output shifted against the input, forward and back", "[crypto][scatter]") {
  const std::size_t shift = GENERATE(1, 7, 8, 15, 16, 17, 64, 100, 159, 160);
  const bool output_ahead = GENERATE(true, false);
  const bool is_whole = GENERATE(true, false);
  using Cuts = std::vector<std::size_t>;
  for (const Subject& subject : all_subjects()) {
    CAPTURE(subject.name(), shift, output_ahead, is_whole);
    const Bytes text = subject.input(160);
    const Bytes expected = subject.in_one_piece(text);
    Bytes memory(std::max(text.size(), expected.size()) + shift);
    const auto at = [&memory, shift](bool ahead, std::size_t bytes) {
      return std::span(memory).subspan(ahead ? shift : 0, bytes);
    };
    const std::span<std::byte> input = at(!output_ahead, text.size());
    const std::span<std::byte> output = at(output_ahead, expected.size());
    std::copy(text.begin(), text.end(), input.begin());
    REQUIRE(subject.succeeds(cut_input(input, is_whole ? Cuts() : Cuts{5, 40}),
                             cut(output, is_whole ? Cuts() : Cuts{70})));
    CHECK(std::equal(output.begin(), output.end(), expected.begin()));
  }
}

TEST_CASE("Every row: segments swapped between input and output", "[crypto][scatter]") {
  for (const Subject& subject : all_subjects()) {
    if (subject.digests()) continue;
    CAPTURE(subject.name());
    const Bytes text = subject.input(64);
    const Bytes expected = subject.in_one_piece(text);
    Bytes memory(std::max(text.size(), expected.size()));
    std::copy(text.begin(), text.end(), memory.begin());
    const std::span<std::byte> front = std::span(memory).first(32);
    const std::span<std::byte> back = std::span(memory).subspan(32);
    const OutputList output{back.first(expected.size() - 32), front};
    REQUIRE(subject.succeeds({front, back.first(text.size() - 32)}, output));
    CHECK(gathered(output) == expected);
  }
}

TEST_CASE("Every row: one input segment named many times", "[crypto][scatter]") {
  const std::size_t times = GENERATE(2, 30, 51);
  for (const Subject& subject : all_subjects()) {
    if (subject.input(48).size() != 48 || subject.digests()) continue;  // AEAD: no such text is authentic
    CAPTURE(subject.name(), times);
    Bytes memory = pattern(48);
    Bytes text;
    for (std::size_t i = 0; i < times; ++i)
      text.insert(text.end(), memory.begin(), memory.end());
    const Bytes expected = subject.in_one_piece(text);
    const InputList input(times, std::span<const std::byte>(memory));
    Bytes output(expected.size());
    REQUIRE(subject.succeeds(input, {output}));
    CHECK(output == expected);

    if (subject.room(text.size()) != text.size()) continue;
    // All results land on the same place; the last one stays.
    const OutputList onto_itself(times, std::span<std::byte>(memory));
    REQUIRE(subject.succeeds(input, onto_itself));
    CHECK(std::equal(memory.begin(), memory.end(), expected.end() - 48));
  }
}

TEST_CASE("Every row: random overlaps give what a copy of the input would give", "[crypto][scatter]") {
  const unsigned seed = GENERATE(range(1U, 61U));
  std::mt19937 random(seed);  // NOLINT: repeatable on purpose
  for (const Subject& subject : all_subjects()) {
    CAPTURE(subject.name(), seed);
    const Bytes text = subject.input(800);
    const Bytes expected = subject.in_one_piece(text);
    // Output pieces do not meet each other, so the expected memory is well defined; the input's own places
    // are apart from each other as well, so that any text can be put there, and meet the output's in any way.
    Bytes arena(4000);
    const auto scattered = [&](std::size_t bytes) {
      OutputList pieces = cut(std::span(arena), std::vector<std::size_t>(400, 1 + random() % 60));
      std::shuffle(pieces.begin(), pieces.end(), random);
      OutputList enough;
      for (std::size_t i = 0; bytes != 0; ++i) {
        enough.push_back(pieces[i].first(std::min(bytes, pieces[i].size())));
        bytes -= enough.back().size();
      }
      return enough;
    };
    const OutputList input = scattered(text.size());
    const OutputList output = scattered(expected.size());
    auto next = text.begin();
    for (const auto& piece : input) {
      std::copy_n(next, piece.size(), piece.begin());
      next += static_cast<std::ptrdiff_t>(piece.size());
    }
    REQUIRE(subject.succeeds(InputList(input.begin(), input.end()), output));
    CHECK(gathered(output) == expected);
  }
}
