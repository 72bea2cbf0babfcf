// Files of lines: what is recognized, what the cases are, and what is no such file.
#include <string>

#include "tests/support/catch.h"
#include "tests/unit/vectors/files.h"
#include "tests/vectors/cavp_kinds.h"
#include "tests/vectors/cavp_lines.h"
#include "tests/vectors/vector_file.h"

using namespace virtcrypt::vectors;

namespace {

// SP 800-38A, F.2.1 and F.2.2, as CAVP writes cases.
const std::string kCbc =
    "# AESVS MMT test data for CBC\n"
    "# State : Encrypt and Decrypt\n"
    "\n"
    "[ENCRYPT]\n"
    "\n"
    "COUNT = 0\n"
    "KEY = 2b7e151628aed2a6abf7158809cf4f3c\n"
    "IV = 000102030405060708090a0b0c0d0e0f\n"
    "PLAINTEXT = 6bc1bee22e409f96e93d7e117393172a\n"
    "CIPHERTEXT = 7649abac8119b246cee98e9b12e9197d\n"
    "\n"
    "[DECRYPT]\n"
    "\n"
    "COUNT = 0\n"
    "KEY = 2b7e151628aed2a6abf7158809cf4f3c\n"
    "IV = 000102030405060708090a0b0c0d0e0f\n"
    "CIPHERTEXT = 7649abac8119b246cee98e9b12e9197d\n"
    "PLAINTEXT = 6bc1bee22e409f96e93d7e117393172a\n";

// FIPS 180-4's example, and lengths that are none of whole bytes.
const std::string kSha1 =
    "#  \"SHA-1 ShortMsg\" information\n"
    "[L = 20]\n\n"
    "Len = 24\nMsg = 616263\nMD = a9993e364706816aba3e25717850c26c9cd0d89d\n\n"
    "Len = 0\nMsg = 00\nMD = da39a3ee5e6b4b0d3255bfef95601890afd80709\n\n"
    "Len = 5\nMsg = 98\nMD = 29826b003b906e660eff4027ce98af3531ac75ba\n";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("CAVP: encryption and decryption run, and a wrong result fails by name and line",
          "[vectors][parse]") {
  const FileReport good = run_content("x.rsp", kCbc);
  CHECK(good.kind == "AES-CBC");
  CHECK(good.passed == 2);
  const FileReport bad = run_content("x.rsp", replaced(kCbc, "PLAINTEXT = 6b", "PLAINTEXT = 6c"));
  CHECK(bad.passed == 1);
  CHECK(bad.failed == 1);
  REQUIRE(bad.failures.size() == 1);
  CHECK(bad.failures[0].line == 6);
  CHECK(bad.failures[0].name == "ENCRYPT COUNT 0");
}

TEST_CASE("CAVP: lengths in bits, empty messages, and what is no whole number of bytes", "[vectors][parse]") {
  const FileReport report = run_content("x.rsp", kSha1);
  CHECK(report.passed == 2);
  CHECK(report.failed == 0);
  CHECK(report.not_applicable == 1);
  REQUIRE(report.reasons.size() == 1);
  CHECK(report.reasons.begin()->second == 1);
}

TEST_CASE("CAVP: values of sections and of paragraphs without a result are inherited", "[vectors][parse]") {
  const auto cases = select_cases(
      read_paragraphs(
          "[Alen = 0, Plen = 1]\nKey = aa\n\nCount = 0\nCT = 01\n\nKey = bb\n\nCT = 02\nCT = 03\n"),
      {"ct"});
  REQUIRE(cases.size() == 3);
  CHECK(cases[0].text("key") == "aa");
  CHECK(cases[0].decimal("plen") == 1);
  CHECK(cases[0].name() == "COUNT 0");
  CHECK(cases[1].text("key") == "bb");
  CHECK(cases[2].text("ct") == "03");
  CHECK(cases[2].line == 10);
}

TEST_CASE("CAVP: text in quotation marks, odd numbers, CR LF", "[vectors][parse]") {
  const auto paragraphs = read_paragraphs("A= \"abc\"\r\nB = fff\r\nC = 0010\r\n");
  REQUIRE(paragraphs.size() == 1);
  CHECK(paragraphs[0].hex("a").size() == 3);
  CHECK(paragraphs[0].number("b").size() == 2);
  CHECK(paragraphs[0].number("c").size() == 1);
  CHECK_THROWS_AS(paragraphs[0].hex("b"), ParseError);
  CHECK_THROWS_AS(paragraphs[0].hex("d"), ParseError);
  CHECK_THROWS_AS(paragraphs[0].decimal("a"), ParseError);
}

TEST_CASE("CAVP: a file is recognized by its comments, else by its path", "[vectors][parse]") {
  const auto name_of = [](const char* path, const char* content) {
    const auto kind = recognize_cavp(path, content);
    return kind ? std::string(kind->name) : std::string();
  };
  CHECK(name_of("x", "# \"SHA3-256 Monte\" information") == "SHA3-256 Monte Carlo");
  CHECK(name_of("x", "# TDES Multi block Message Test for CBC\n") == "3DES-CBC");
  CHECK(name_of("x", "# TDES Multi block Message Test for CBCI\n") == "3DES in another mode");
  CHECK(name_of("/a/HMAC/rfc-2202-sha1.txt", "") == "HMAC-SHA-1");
  CHECK(name_of("/hmac/sha1/deeper/than/three/parts/x.txt", "").empty());
  CHECK(name_of("x.rsp", "# SigGen RSA (X9.31)") == "RSA X9.31");
  CHECK(name_of("x.rsp", "COUNT = 0").empty());
}

TEST_CASE("CAVP: errors name the line", "[vectors][parse][hostile]") {
  CHECK(error_line("x.rsp", "COUNT = 0\n") == 1);  // nothing recognized
  CHECK(error_line("x.rsp", "") == 1);
  CHECK(error_line("x.rsp", replaced(kCbc, "IV = 0", "IV = x")) == 8);
  CHECK(error_line("x.rsp", replaced(kCbc, "IV = 0", "IV = ")) == 8);
  CHECK(error_line("x.rsp", replaced(kCbc, "KEY = ", "KAY = ")) == 6);
  CHECK(error_line("x.rsp", replaced(kCbc, "[ENCRYPT]", "[ENCRYPT")) == 4);
  CHECK(error_line("x.rsp", kCbc + "\nwhat is this supposed to be\n") == 20);
  CHECK(error_line("x.rsp", "# AESVS MMT test data for CBC\n# State : nothing\n") == 3);
  CHECK(error_line("x.rsp", replaced(kSha1, "Len = 24", "Len = 25000")) == 4);
  CHECK(error_line("x.rsp", replaced(kSha1, "Len = 24", "Len = -8")) == 4);
  CHECK(error_line("x.rsp", replaced(kSha1, "Len = 24", "Len = 99999999999999999999")) == 4);
}

TEST_CASE("CAVP: a file cut at any byte is read, or refused with a line", "[vectors][parse][hostile]") {
  for (const std::string& whole : {kCbc, kSha1}) {
    for (std::size_t length = 0; length < whole.size(); ++length) {
      try {
        const VectorFile file = parse_vector_file("x.rsp", whole.substr(0, length));
        CHECK(file.cases.size() <= 3);
      } catch (const ParseError& error) {
        CHECK(error.line() <= 21);
      }
    }
  }
}

TEST_CASE("CAVP: bytes changed at random are read or refused, never worse", "[vectors][parse][hostile]") {
  std::uint32_t state = 1;
  const auto random = [&state] { return (state = state * 1664525U + 1013904223U) >> 16U; };
  for (int round = 0; round < 2000; ++round) {
    std::string text = round % 2 == 0 ? kCbc : kSha1;
    for (int i = 0; i < 3; ++i)
      text[random() % text.size()] = static_cast<char>(random());
    try {
      (void)parse_vector_file("x.rsp", text);
    } catch (const ParseError&) {
    }
  }
}

TEST_CASE("CAVP: a line of megabytes runs, one beyond guest memory fails alone",
          "[vectors][parse][hostile]") {
  const std::string head = "# \"SHA-1 ShortMsg\"\n";
  const std::string abc = "Len = 24\nMsg = 616263\nMD = a9993e364706816aba3e25717850c26c9cd0d89d\n\n";
  const auto zeros = [](std::size_t bytes) {
    return "Len = " + std::to_string(8 * bytes) + "\nMsg = " + std::string(2 * bytes, '0') +
           "\nMD = 0000000000000000000000000000000000000000\n\n";
  };
  const FileReport report = run_content("x.rsp", head + abc + zeros(1 << 20) + zeros(40 << 20) + abc);
  CHECK(report.passed == 2);
  CHECK(report.failed == 2);
}

TEST_CASE("Files: missing ones, folders and devices are refused", "[vectors][parse]") {
  CHECK_THROWS_AS(read_vector_file("/nonexistent/x.rsp"), ParseError);
  CHECK_THROWS_AS(read_vector_file("/"), ParseError);
  CHECK_THROWS_AS(read_vector_file("/dev/null"), ParseError);
}
