#include "virtcrypt/vmm/escape_filter.h"

#include <string>
#include <string_view>

#include "tests/support/catch.h"

using virtcrypt::vmm::EscapeFilter;

namespace {

// What reaches the guest, with "|quit" behind it when the user leaves.
std::string feed(EscapeFilter& filter, std::string_view keys) {
  const auto result = filter.feed(std::as_bytes(std::span(keys)));
  std::string text(reinterpret_cast<const char*>(result.to_guest.data()), result.to_guest.size());
  return result.quit ? text + "|quit" : text;
}

}  // namespace

TEST_CASE("EscapeFilter: what is typed goes to the guest", "[vmm][terminal]") {
  EscapeFilter filter;
  CHECK(feed(filter, "ls x\r\x03\x04") == "ls x\r\x03\x04");
}

TEST_CASE("EscapeFilter: Ctrl-A x leaves, and drops what follows", "[vmm][terminal]") {
  EscapeFilter filter;
  CHECK(feed(filter, "ab\x01xcd") == "ab|quit");
}

TEST_CASE("EscapeFilter: the two keys may come apart", "[vmm][terminal]") {
  EscapeFilter filter;
  CHECK(feed(filter, "\x01").empty());
  CHECK(feed(filter, "x") == "|quit");
}

TEST_CASE("EscapeFilter: Ctrl-A Ctrl-A is one Ctrl-A, and an x after it is an x", "[vmm][terminal]") {
  EscapeFilter filter;
  CHECK(feed(filter, "\x01\x01x") == "\x01x");
}

TEST_CASE("EscapeFilter: Ctrl-A with another key is the guest's", "[vmm][terminal]") {
  EscapeFilter filter;
  CHECK(feed(filter, "\x01") == "");
  CHECK(feed(filter, "kx") == "\x01kx");
}
