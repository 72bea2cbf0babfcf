#include "virtcrypt/crypto/secure_buffer.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "tests/support/catch.h"

using virtcrypt::crypto::SecureBuffer;

namespace {

constexpr std::array<std::byte, 4> kSecret{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

bool holds_secret(const SecureBuffer& buffer) {
  return std::equal(buffer.bytes().begin(), buffer.bytes().end(), kSecret.begin(), kSecret.end());
}

}  // namespace

TEST_CASE("SecureBuffer: is not copied by accident", "[crypto][secure_buffer]") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<SecureBuffer>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<SecureBuffer>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<SecureBuffer>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<SecureBuffer>);
}

TEST_CASE("SecureBuffer: copies its source", "[crypto][secure_buffer]") {
  const SecureBuffer buffer{std::span<const std::byte>(kSecret)};
  CHECK(holds_secret(buffer));
  CHECK(buffer.bytes().data() != kSecret.data());
}

TEST_CASE("SecureBuffer: empty by default", "[crypto][secure_buffer]") {
  const SecureBuffer buffer;
  CHECK(buffer.empty());
  CHECK(buffer.bytes().empty());
}

TEST_CASE("SecureBuffer: a move takes the bytes and leaves nothing behind", "[crypto][secure_buffer]") {
  SecureBuffer source{std::span<const std::byte>(kSecret)};
  SecureBuffer constructed(std::move(source));
  CHECK(holds_secret(constructed));
  CHECK(source.empty());  // NOLINT: what is left of the source is what is tested
  SecureBuffer assigned(9);
  assigned = std::move(constructed);
  CHECK(holds_secret(assigned));
  CHECK(constructed.empty());  // NOLINT
}

TEST_CASE("SecureBuffer: assigning to itself keeps the bytes", "[crypto][secure_buffer]") {
  SecureBuffer buffer{std::span<const std::byte>(kSecret)};
  SecureBuffer& alias = buffer;
  buffer = std::move(alias);
  CHECK(holds_secret(buffer));
}
