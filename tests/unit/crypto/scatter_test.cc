#include "virtcrypt/crypto/scatter.h"

#include <algorithm>
#include <random>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::aliases_shifted;
using virtcrypt::crypto::gather;
using virtcrypt::crypto::InputCursor;
using virtcrypt::crypto::OutputCursor;
using virtcrypt::crypto::total_bytes;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::InputList;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::pattern;

namespace {

// The definition, byte by byte.
bool aliases_by_definition(const InputList& input, const OutputList& output, std::size_t bytes) {
  std::vector<const std::byte*> in;
  for (const auto& segment : input) {
    for (const std::byte& byte : segment)
      in.push_back(&byte);
  }
  std::vector<const std::byte*> out;
  for (const auto& segment : output) {
    for (const std::byte& byte : segment)
      out.push_back(&byte);
  }
  for (std::size_t i = 0; i < bytes; ++i) {
    for (std::size_t j = 0; j < bytes; ++j) {
      if (i != j && in[i] == out[j]) return true;
    }
  }
  return false;
}

// Segments at random places of a small arena, so that most lists meet somewhere.
template <typename Byte>
std::vector<std::span<Byte>> random_segments(std::span<Byte> arena, std::size_t count, std::mt19937& random) {
  std::vector<std::span<Byte>> segments;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t offset = random() % arena.size();
    segments.push_back(arena.subspan(offset, random() % std::min<std::size_t>(arena.size() - offset + 1, 9)));
  }
  return segments;
}

}  // namespace

TEST_CASE("scatter: gather joins segments, empty ones included", "[crypto][scatter]") {
  const Bytes text = pattern(100);
  const InputList input = cut(std::span<const std::byte>(text), {0, 1, 0, 0, 33, 7});
  const auto buffer = gather(input);
  CHECK(total_bytes(virtcrypt::crypto::InputSegments(input)) == text.size());
  CHECK(std::equal(buffer.bytes().begin(), buffer.bytes().end(), text.begin(), text.end()));
}

TEST_CASE("scatter: write spreads over segments and stops where the data ends", "[crypto][scatter]") {
  const Bytes text = pattern(50);
  Bytes room(60, std::byte{0xee});
  const OutputList output = cut(std::span<std::byte>(room), {0, 3, 0, 20});
  OutputCursor cursor(output);
  write(cursor, text);
  CHECK(std::equal(text.begin(), text.end(), room.begin()));
  CHECK(std::all_of(room.begin() + 50, room.end(), [](std::byte byte) { return byte == std::byte{0xee}; }));
  CHECK(cursor.front().size() == 10);
}

TEST_CASE("scatter: a cursor over nothing is at its end", "[crypto][scatter]") {
  CHECK(InputCursor({}).front().empty());
  const InputList empties(3);
  CHECK(InputCursor(empties).front().empty());
}

TEST_CASE("scatter: in place however both sides are cut is no alias", "[crypto][scatter]") {
  Bytes memory(4096);
  const std::vector<std::size_t> ragged(200, 7);
  const InputList input = cut(std::span<const std::byte>(memory), ragged);
  const OutputList output = cut(std::span<std::byte>(memory), std::vector<std::size_t>(100, 11));
  CHECK_FALSE(aliases_shifted(input, output, memory.size()));
}

TEST_CASE("scatter: a shift by one byte is an alias, for short and for long lists", "[crypto][scatter]") {
  Bytes memory(4097);
  const std::size_t cuts = GENERATE(0, 1, 2000);
  const std::span<std::byte> all(memory);
  const InputList input = cut(std::span<const std::byte>(all.first(4096)), std::vector<std::size_t>(cuts, 1));
  const OutputList output = cut(all.subspan(1), std::vector<std::size_t>(cuts, 2));
  CHECK(aliases_shifted(input, output, 4096));
  CHECK(aliases_shifted(input, output, 2));
  CHECK_FALSE(aliases_shifted(input, output, 1));  // reads byte 0 and writes byte 1
}

TEST_CASE("scatter: output that is not going to be written does not count", "[crypto][scatter]") {
  Bytes memory(64);
  const std::span<std::byte> all(memory);
  const InputList input{all.subspan(16, 16)};
  const OutputList output{all.first(64)};
  CHECK_FALSE(aliases_shifted(input, output, 16));
  CHECK(aliases_shifted(InputList{all.subspan(16, 17)}, output, 17));
}

TEST_CASE("scatter: aliasing agrees with its definition on random lists", "[crypto][scatter]") {
  const unsigned seed = GENERATE(range(1U, 41U));
  CAPTURE(seed);
  std::mt19937 random(seed);  // NOLINT: repeatable on purpose
  // Sparse lists are often free of aliases; the longest ones take the sorting way.
  Bytes arena(GENERATE(64, 1000, 20000));
  const std::size_t count = GENERATE(1, 3, 12, 40);
  const std::span<std::byte> all(arena);
  const InputList input = random_segments(std::span<const std::byte>(all), count, random);
  const OutputList output = random_segments(all, count, random);
  const std::size_t bytes = std::min(total_bytes(virtcrypt::crypto::InputSegments(input)),
                                     total_bytes(virtcrypt::crypto::OutputSegments(output)));
  CHECK(aliases_shifted(input, output, bytes) == aliases_by_definition(input, output, bytes));
}

TEST_CASE("scatter: long lists that are in place but for one segment alias", "[crypto][scatter]") {
  const unsigned seed = GENERATE(range(1U, 21U));
  CAPTURE(seed);
  std::mt19937 random(seed);  // NOLINT: repeatable on purpose
  Bytes arena(800);
  const std::span<std::byte> all(arena);
  OutputList output = cut(all, std::vector<std::size_t>(99, 8));
  std::shuffle(output.begin(), output.end(), random);
  InputList input(output.begin(), output.end());
  CHECK_FALSE(aliases_shifted(input, output, arena.size()));
  CHECK_FALSE(aliases_by_definition(input, output, arena.size()));
  std::swap(input[random() % 50], input[50 + random() % 50]);
  CHECK(aliases_shifted(input, output, arena.size()));
}

// Input that overlaps itself: the output is in place with the input range that reaches farthest, and not with
// a shorter one below it.
TEST_CASE("scatter: a range hidden under a longer one of the same list still aliases", "[crypto][scatter]") {
  Bytes arena(200);
  Bytes elsewhere(110);
  Bytes padding(2 * 40);
  const std::span<std::byte> all(arena);
  InputList input{all.first(100), all.subspan(50)};                         // stream offsets 0 and 100
  OutputList output{std::span<std::byte>(elsewhere), all.subspan(60, 40)};  // stream offsets 0 and 110
  const std::size_t bytes = 150;
  CHECK(aliases_shifted(input, output, bytes));
  // The same as long lists: segments of one byte that meet nothing.
  for (std::size_t i = 0; i < 40; ++i) {
    input.push_back(std::span(padding).subspan(i, 1));
    output.push_back(std::span(padding).subspan(40 + i, 1));
  }
  CHECK(aliases_shifted(input, output, bytes + 40));
}
