// Lists of faults, and sources with faults woven in.
#include <string>

#include "tests/faults/switch.h"
#include "tests/faults/weave.h"
#include "tests/support/catch.h"

using namespace virtcrypt::faults;
using virtcrypt::test::contains_text;

namespace {

const std::string kSource = "int f(int a) {\n  return a +\n      1;\n}\nint g() { return 2; }\n";

std::string list_with(const std::string& changes) {
  return "# a list\nfault f-adds-two\narea arithmetic\ndoes f adds two\nfound-by test-of-f split\nfile "
         "lib/f.cc\n" +
         changes;
}

std::string woven(const std::string& changes) {
  return weave(kSource, "lib/f.cc", parse_faults(list_with(changes), "list"));
}

}  // namespace

TEST_CASE("Faults: a list gives name, area, effect, finders and changes", "[faults]") {
  const auto faults =
      parse_faults(list_with("found-by other\n- a + 1\n+ FAULT ? a : b\n+ c\n- x\n+ FAULT\n"), "list");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].fault.name == "f-adds-two");
  CHECK(faults[0].fault.area == "arithmetic");
  CHECK(faults[0].fault.does == "f adds two");
  CHECK(faults[0].fault.file == "lib/f.cc");
  CHECK(faults[0].fault.found_by == std::vector<std::string>{"test-of-f split", "other"});
  REQUIRE(faults[0].changes.size() == 2);
  CHECK(faults[0].changes[0].replacement == "FAULT ? a : b\nc");
  CHECK(faults[0].changes[1].snippet == "x");
}

TEST_CASE("Faults: a list that is wrong is refused with the place", "[faults]") {
  const auto refused = [](const std::string& text, const std::string& message) {
    CHECK_THROWS_WITH(parse_faults(text, "list"), contains_text(message));
  };
  refused("area x\n", "list:1: a list begins with a fault");
  refused("fault Upper\n", "list:1: the name of a fault");
  refused(list_with("surprise x\n"), "list:7: unknown word surprise");
  refused(list_with(""), "fault f-adds-two: changes nothing");
  refused(list_with("- a\n+ b\n"), "without the word FAULT");
  refused(list_with("- a\n"), "without the word FAULT");
  refused(list_with("+ FAULT\n"), "list:7: a replacement without a snippet");
  refused(list_with("-\n+ FAULT\n"), "empty snippet");
  refused("fault a\nfault a\n", "fault a: needs an area");
  refused(list_with("- a\n+ FAULT\nfault f-adds-two\n"), "a second fault f-adds-two");
}

TEST_CASE("Faults: a replacement stands where its snippet stood, however that is formatted", "[faults]") {
  CHECK(woven("- return a + 1;\n+ return a + (FAULT ? 2 : 1);\n") ==
        "#include \"tests/faults/switch.h\"\nint f(int a) {\n  return a + "
        "(::virtcrypt::faults::on(\"f-adds-two\") ? 2 : "
        "1);\n}\nint g() { return 2; }\n");
  CHECK_THAT(woven("- 2;\n+ FAULT ? NO_FAULT : 2;\n"), contains_text("on(\"f-adds-two\") ? NO_FAULT : 2; }"));
}

TEST_CASE("Faults: sources that moved on are refused, naming the fault", "[faults]") {
  CHECK_THROWS_WITH(woven("- return b + 1;\n+ FAULT\n"),
                    "fault f-adds-two: found 0 times in lib/f.cc, not once: return b + 1;");
  CHECK_THROWS_WITH(woven("- return\n+ FAULT\n"),
                    "fault f-adds-two: found 2 times in lib/f.cc, not once: return");
  CHECK_THROWS_WITH(woven("- a + 1\n+ FAULT\n- + 1;\n+ FAULT\n"), contains_text("overlaps"));
}

TEST_CASE("Faults: a table has what a list has", "[faults]") {
  const std::string table = table_of(parse_faults(list_with("- a \"q\"\n+ FAULT\n"), "list"));
  CHECK_THAT(table, contains_text(
                        R"({"f-adds-two", "arithmetic", "f adds two", "lib/f.cc", {"test-of-f split", }})"));
}

TEST_CASE("Faults: one is on at a time", "[faults]") {
  CHECK_FALSE(on("one"));
  switch_on("one");
  CHECK(on("one"));
  CHECK_FALSE(on("other"));
  switch_on("other");
  CHECK_FALSE(on("one"));
  switch_off();
  CHECK_FALSE(on("other"));
}
