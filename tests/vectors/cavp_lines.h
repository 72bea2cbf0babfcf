// The lines of NIST CAVP response files and of files made after them: comments, [sections], NAME = VALUE, and
// empty lines between paragraphs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/vectors/case.h"

namespace virtcrypt::vectors {

// What stands between two empty lines, and all that it inherits. Names are kept in small letters.
struct Paragraph {
  struct Value {
    std::string text;
    std::size_t line;
  };

  std::size_t line = 0;
  std::string section;  // text of the last [section], or of several in a row ("P-192, B.4.2")
  std::map<std::string, Value> values;

  [[nodiscard]] bool has(const std::string& name) const { return values.count(name) != 0; }
  // These throw ParseError when the value is missing or no such thing.
  [[nodiscard]] const Value& value(const std::string& name) const;
  [[nodiscard]] const std::string& text(const std::string& name) const { return value(name).text; }
  [[nodiscard]] Bytes hex(const std::string& name) const;  // or a text in quotation marks
  [[nodiscard]] Bytes number(const std::string& name) const;
  [[nodiscard]] std::uint64_t decimal(const std::string& name) const;
  // "COUNT 3", or by line where the file does not count.
  [[nodiscard]] std::string name() const;
};

// Paragraphs in their order. A value that appears twice begins a new paragraph. Words alone on a line
// ("FAIL") become values without text. With `lenient` other lines are passed over, else they throw.
[[nodiscard]] std::vector<Paragraph> read_paragraphs(std::string_view content, bool lenient = false);

// Those that hold one of `markers` are cases; what the others say is inherited by those that follow, as are
// values of sections ("[Tlen = 4]"). `lasting` values go from one case to the next as well.
[[nodiscard]] std::vector<Paragraph> select_cases(const std::vector<Paragraph>& paragraphs,
                                                  std::initializer_list<const char*> markers,
                                                  std::initializer_list<const char*> lasting = {});

// The PKCS #1 files of RSA Laboratories: "# Heading:" and lines of hexadecimal digits below it. A case is
// complete with the part called `last`; it inherits what came before. Names are kept in small letters.
[[nodiscard]] std::vector<Paragraph> read_rsa_laboratories(std::string_view content, const std::string& last);

[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace virtcrypt::vectors
