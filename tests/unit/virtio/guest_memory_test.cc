#include "virtcrypt/virtio/guest_memory.h"

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "tests/driver/test_memory.h"
#include "tests/support/catch.h"

using virtcrypt::test::TestMemory;
using virtcrypt::virtio::GuestAddress;
using virtcrypt::virtio::GuestMemory;

namespace {

// Two adjacent regions and one beyond a hole.
TestMemory three_regions() {
  return TestMemory({{0x1000, 0x1000}, {0x2000, 0x1000}, {0x8000, 0x1000}});
}

}  // namespace

TEST_CASE("GuestMemory: a range inside a region is translated", "[virtio][memory]") {
  TestMemory test = three_regions();
  const auto range = test.memory().range(GuestAddress{0x1FF0}, 0x10);
  REQUIRE(range);
  CHECK(range->size() == 0x10);
  CHECK(range->data() == test.at(0x1000, 0x1000).data() + 0xFF0);
}

TEST_CASE("GuestMemory: a range that leaves RAM has no translation", "[virtio][memory]") {
  TestMemory test = three_regions();
  const auto [address, length] = GENERATE(table<std::uint64_t, std::uint64_t>({
      {0x0FFF, 1},                  // below
      {0x0FFF, 2},                  // straddles the start
      {0x3000, 1},                  // in the hole
      {0x2FFF, 2},                  // straddles the end
      {0x7FFF, 1},                  // end of the hole
      {0x9000, 1},                  // above
      {0x1000, 0x2001},             // longer than two regions
      {UINT64_MAX, 1},              // last address
      {UINT64_MAX, UINT64_MAX},     // wraps
      {0x1000, UINT64_MAX},         // wraps
      {0x1000, UINT64_MAX - 0xFFF}  // ends at 0
  }));
  std::vector<std::span<std::byte>> pieces;
  CHECK_FALSE(test.memory().range(GuestAddress{address}, length));
  CHECK_FALSE(test.memory().append_pieces(GuestAddress{address}, length, pieces));
  CHECK(pieces.empty());
}

TEST_CASE("GuestMemory: a range over adjacent regions comes in pieces", "[virtio][memory]") {
  TestMemory test = three_regions();
  std::vector<std::span<std::byte>> pieces;
  CHECK_FALSE(test.memory().range(GuestAddress{0x1FFE}, 4));
  REQUIRE(test.memory().append_pieces(GuestAddress{0x1FFE}, 4, pieces));
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].data() == test.at(0x1FFE, 2).data());
  CHECK(pieces[0].size() == 2);
  CHECK(pieces[1].data() == test.at(0x2000, 2).data());
  CHECK(pieces[1].size() == 2);
}

TEST_CASE("GuestMemory: a failed append leaves earlier pieces alone", "[virtio][memory]") {
  TestMemory test = three_regions();
  std::vector<std::span<std::byte>> pieces;
  REQUIRE(test.memory().append_pieces(GuestAddress{0x1000}, 8, pieces));
  CHECK_FALSE(test.memory().append_pieces(GuestAddress{0x2FFF}, 2, pieces));
  CHECK(pieces.size() == 1);
}

TEST_CASE("GuestMemory: nothing is a range of no bytes", "[virtio][memory]") {
  TestMemory test = three_regions();
  std::vector<std::span<std::byte>> pieces;
  CHECK_FALSE(test.memory().range(GuestAddress{0x1000}, 0));
  CHECK(test.memory().append_pieces(GuestAddress{0x5000}, 0, pieces));
  CHECK(pieces.empty());
}

TEST_CASE("GuestMemory: regions that overlap, wrap or are empty are refused", "[virtio][memory]") {
  std::vector<std::byte> storage(0x1000);
  const std::span<std::byte> host(storage);
  CHECK_THROWS_AS(GuestMemory({{GuestAddress{0}, host}, {GuestAddress{0xFFF}, host}}), std::invalid_argument);
  CHECK_THROWS_AS(GuestMemory({{GuestAddress{UINT64_MAX - 0x10}, host}}), std::invalid_argument);
  CHECK_THROWS_AS(GuestMemory({{GuestAddress{0}, host.first(0)}}), std::invalid_argument);
}
