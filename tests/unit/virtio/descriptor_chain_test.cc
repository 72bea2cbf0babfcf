#include "virtcrypt/virtio/descriptor_chain.h"

#include <cstddef>
#include <vector>

#include "tests/driver/test_memory.h"
#include "tests/support/catch.h"

using virtcrypt::test::Bytes;
using virtcrypt::virtio::ReadCursor;
using virtcrypt::virtio::WriteCursor;

namespace {

// Ten bytes, 0 to 9, in pieces of 3, 1, 0 and 6.
struct Pieces {
  Bytes storage;
  std::vector<std::span<std::byte>> spans;
  Pieces() {
    for (unsigned i = 0; i < 10; ++i)
      storage.push_back(static_cast<std::byte>(i));
    const std::span<std::byte> all(storage);
    spans = {all.subspan(0, 3), all.subspan(3, 1), all.subspan(4, 6)};
  }
};

}  // namespace

TEST_CASE("ReadCursor: copies across segment boundaries", "[virtio][chain][2.7.4.1]") {
  Pieces pieces;
  ReadCursor cursor(pieces.spans, 10);
  Bytes five(5);
  REQUIRE(cursor.read(five));
  CHECK(five == Bytes{std::byte{0}, std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}});
  CHECK(cursor.remaining() == 5);
}

TEST_CASE("ReadCursor: reading more than there is consumes nothing", "[virtio][chain]") {
  Pieces pieces;
  ReadCursor cursor(pieces.spans, 10);
  Bytes eleven(11);
  CHECK_FALSE(cursor.read(eleven));
  CHECK(cursor.remaining() == 10);
  std::vector<std::span<const std::byte>> taken;
  CHECK_FALSE(cursor.take(11, taken));
  CHECK(taken.empty());
  CHECK_FALSE(cursor.read_object<std::array<std::byte, 11>>());
}

TEST_CASE("ReadCursor: skips across segment boundaries, or not at all", "[virtio][chain]") {
  Pieces pieces;
  ReadCursor cursor(pieces.spans, 10);
  REQUIRE(cursor.skip(5));
  CHECK_FALSE(cursor.skip(6));
  CHECK(cursor.read_object<std::byte>() == std::byte{5});
  REQUIRE(cursor.skip(4));
  CHECK(cursor.skip(0));
  CHECK(cursor.remaining() == 0);
}

TEST_CASE("ReadCursor: take() hands out the bytes themselves", "[virtio][chain]") {
  Pieces pieces;
  ReadCursor cursor(pieces.spans, 10);
  std::vector<std::span<const std::byte>> taken;
  REQUIRE(cursor.take(2, taken));
  REQUIRE(cursor.take(3, taken));
  REQUIRE(taken.size() == 4);
  CHECK(taken[0].data() == pieces.storage.data());
  CHECK(taken[1].data() == pieces.storage.data() + 2);
  CHECK(taken[3].data() == pieces.storage.data() + 4);
  CHECK(taken[3].size() == 1);
}

TEST_CASE("WriteCursor: writes, zeroes and skips across boundaries and not beyond", "[virtio][chain]") {
  Pieces pieces;
  WriteCursor cursor(pieces.spans, 10);
  cursor.skip(2);
  REQUIRE(cursor.write(Bytes(3, std::byte{0xAA})));
  cursor.fill_zero(2);
  CHECK_FALSE(cursor.write(Bytes(4, std::byte{0xBB})));
  CHECK(cursor.remaining() == 3);
  cursor.fill_zero(100);
  CHECK(cursor.remaining() == 0);
  const Bytes expected{std::byte{0}, std::byte{1}, std::byte{0xAA}, std::byte{0xAA}, std::byte{0xAA},
                       std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},    std::byte{0}};
  CHECK(pieces.storage == expected);
}

TEST_CASE("WriteCursor: what was dropped from the end cannot be taken", "[virtio][chain]") {
  Pieces pieces;
  WriteCursor cursor(pieces.spans, 10);
  cursor.drop_last(1);
  std::vector<std::span<std::byte>> taken;
  CHECK_FALSE(cursor.take(10, taken));
  CHECK(cursor.take(9, taken));
  cursor.drop_last(5);
  CHECK(cursor.remaining() == 0);
}
