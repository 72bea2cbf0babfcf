#include "tests/vectors/cavp_lines.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <iterator>
#include <span>

#include "tests/vectors/hex.h"

namespace virtcrypt::vectors {
namespace {

constexpr std::size_t kLongestWord = 16;  // of a word alone on a line

bool is_word(std::string_view line) {
  return line.size() <= kLongestWord && std::all_of(line.begin(), line.end(), [](char c) {
           return std::isalpha(static_cast<unsigned char>(c)) != 0;
         });
}

bool has_letter_or_digit(std::string_view line) {
  return std::any_of(line.begin(), line.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
}

// Calls `take` with each line, trimmed, and its number.
void for_each_line(std::string_view content, const std::function<void(std::string_view, std::size_t)>& take) {
  std::size_t number = 0;
  while (!content.empty()) {
    const std::size_t end = content.find('\n');
    take(trimmed(content.substr(0, end)), ++number);
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
  }
}

class Reader {
 public:
  explicit Reader(bool lenient) : lenient_(lenient) {}

  void take(std::string_view line, std::size_t number) {
    if (line.empty()) return finish();
    if (line.front() == '#') return;
    if (line.front() == '[') return take_section(line, number);
    in_section_head_ = false;
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
      add(trimmed(line.substr(0, equals)), trimmed(line.substr(equals + 1)), number);
    } else if (is_word(line)) {
      add(line, {}, number);
    } else if (!lenient_ && has_letter_or_digit(line)) {  // or it is a rule drawn across the page
      throw ParseError(number, "neither a comment, a [section] nor 'name = value'");
    }
  }

  std::vector<Paragraph> done() {
    finish();
    return std::move(paragraphs_);
  }

 private:
  void take_section(std::string_view line, std::size_t number) {
    finish();
    const std::size_t end = line.find(']');
    if (end == std::string_view::npos) throw ParseError(number, "']' is missing");
    std::string_view text = line.substr(1, end - 1);
    section_ = in_section_head_ ? section_ + ", " + std::string(text) : std::string(text);
    while (!text.empty()) {
      const std::size_t comma = text.find(',');
      const std::string_view item = text.substr(0, comma);
      const std::size_t equals = item.find('=');
      if (equals != std::string_view::npos)
        add(trimmed(item.substr(0, equals)), trimmed(item.substr(equals + 1)), number);
      text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    finish();
    in_section_head_ = true;
  }

  void add(std::string_view name, std::string_view value, std::size_t number) {
    const std::string key = lower(name);
    if (current_.has(key)) finish();
    if (current_.values.empty()) current_.line = number;
    current_.values[key] = {std::string(value), number};
  }

  void finish() {
    if (current_.values.empty()) return;
    current_.section = section_;
    paragraphs_.push_back(std::move(current_));
    current_ = {};
  }

  bool lenient_;
  std::string section_;
  bool in_section_head_ = false;  // the last line that says anything was a [section]
  Paragraph current_;
  std::vector<Paragraph> paragraphs_;
};

bool is_hex_line(std::string_view line) {
  return !line.empty() && line.find_first_not_of("0123456789abcdefABCDEF ") == std::string_view::npos;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

const Paragraph::Value& Paragraph::value(const std::string& name) const {
  const auto found = values.find(name);
  if (found == values.end()) throw ParseError(line, "'" + name + "' is missing");
  return found->second;
}

Bytes Paragraph::hex(const std::string& name) const {
  const auto& [content, where] = value(name);
  if (content.empty() || content.front() != '"') return parse_hex(content, where);
  if (content.size() < 2 || content.back() != '"') throw ParseError(where, "'\"' is missing");
  const auto octets = std::as_bytes(std::span(content).subspan(1, content.size() - 2));
  return {octets.begin(), octets.end()};
}

Bytes Paragraph::number(const std::string& name) const {
  const auto& [content, where] = value(name);
  return parse_hex_number(content, where);
}

std::uint64_t Paragraph::decimal(const std::string& name) const {
  const auto& [content, where] = value(name);
  return parse_decimal(content, where);
}

std::string Paragraph::name() const {
  return has("count") ? "COUNT " + text("count") : "line " + std::to_string(line);
}

std::vector<Paragraph> read_paragraphs(std::string_view content, bool lenient) {
  Reader reader(lenient);
  for_each_line(content, [&](std::string_view line, std::size_t number) { reader.take(line, number); });
  return reader.done();
}

std::vector<Paragraph> select_cases(const std::vector<Paragraph>& paragraphs,
                                    std::initializer_list<const char*> markers,
                                    std::initializer_list<const char*> lasting) {
  std::vector<Paragraph> cases;
  std::map<std::string, Paragraph::Value> inherited;
  for (const Paragraph& paragraph : paragraphs) {
    const bool is_case = std::any_of(markers.begin(), markers.end(),
                                     [&](const char* marker) { return paragraph.has(marker); });
    if (is_case) {
      cases.push_back(paragraph);
      cases.back().values.insert(inherited.begin(), inherited.end());
      for (const char* const name : lasting) {
        if (paragraph.has(name)) inherited.insert_or_assign(name, paragraph.value(name));
      }
    } else {
      for (const auto& [name, value] : paragraph.values) {
        inherited.insert_or_assign(name, value);
      }
    }
  }
  return cases;
}

std::vector<Paragraph> read_rsa_laboratories(std::string_view content, const std::string& last) {
  std::vector<Paragraph> cases;
  Paragraph current;
  std::string heading;
  const auto finish = [&] {
    if (heading == last && !current.text(last).empty()) cases.push_back(current);
    heading.clear();
  };
  for_each_line(content, [&](std::string_view line, std::size_t number) {
    if (line.size() > 3 && line.front() == '#' && line.back() == ':') {
      finish();
      heading = lower(trimmed(line.substr(1, line.size() - 2)));
      current.line = number;
      current.values[heading] = {{}, number};
    } else if (heading.empty()) {
      return;
    } else if (is_hex_line(line)) {
      std::copy_if(line.begin(), line.end(), std::back_inserter(current.values[heading].text),
                   [](char c) { return c != ' '; });
    } else if (!current.text(heading).empty()) {
      finish();
    }
  });
  finish();
  return cases;
}

}  // namespace virtcrypt::vectors
