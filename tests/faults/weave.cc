#include "tests/faults/weave.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>

namespace virtcrypt::faults {
namespace {

// A place of the source, [begin, end), and what comes there.
struct Place {
  std::size_t begin;
  std::size_t end;
  std::string text;
  const std::string* fault;
};

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at]))
    ++at;
  return at;
}

// Every run of white space as one space, none at the ends.
std::string squeezed(std::string_view text) {
  std::string result;
  for (std::size_t at = skip_space(text, 0); at < text.size();) {
    if (is_space(text[at])) {
      at = skip_space(text, at);
      if (at < text.size()) result += ' ';
    } else {
      result += text[at++];
    }
  }
  return result;
}

// Where the squeezed snippet ends when it stands at `at`.
std::optional<std::size_t> match(std::string_view source, std::size_t at, std::string_view snippet) {
  for (const char c : snippet) {
    if (at >= source.size()) return std::nullopt;
    if (c == ' ') {
      if (!is_space(source[at])) return std::nullopt;
      at = skip_space(source, at);
    } else if (source[at++] != c) {
      return std::nullopt;
    }
  }
  return at;
}

std::string with_switch(std::string_view replacement, const std::string& fault) {
  constexpr std::string_view kWord = "FAULT";
  std::string result;
  for (std::size_t at = 0; at < replacement.size();) {
    const bool begins_word = at == 0 || !is_word_character(replacement[at - 1]);
    const std::size_t behind = at + kWord.size();
    const bool ends_word = behind >= replacement.size() || !is_word_character(replacement[behind]);
    if (begins_word && ends_word && replacement.substr(at, kWord.size()) == kWord) {
      result += "::virtcrypt::faults::on(\"" + fault + "\")";
      at = behind;
    } else {
      result += replacement[at++];
    }
  }
  return result;
}

Place find(std::string_view source, const Change& change, const std::string& fault) {
  const std::string snippet = squeezed(change.snippet);
  std::optional<Place> found;
  std::size_t count = 0;
  for (std::size_t at = 0; at < source.size(); ++at) {
    const auto end = match(source, at, snippet);
    if (!end) continue;
    ++count;
    found = Place{.begin = at, .end = *end, .text = with_switch(change.replacement, fault), .fault = &fault};
  }
  if (count != 1)
    throw ListError("fault " + fault + ": found " + std::to_string(count) + " times in " + change.file +
                    ", not once: " + snippet);
  return *found;
}

std::string literal(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

}  // namespace

std::string weave(std::string_view source, std::string_view file, const std::vector<ListedFault>& faults) {
  std::vector<Place> places;
  for (const ListedFault& fault : faults) {
    for (const Change& change : fault.changes) {
      if (change.file == file) places.push_back(find(source, change, fault.fault.name));
    }
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.begin < b.begin; });
  std::string result = "#include \"tests/faults/switch.h\"\n";
  std::size_t at = 0;
  for (const Place& place : places) {
    if (place.begin < at)
      throw ListError("fault " + *place.fault + ": overlaps with " + *(&place - 1)->fault + " in " +
                      std::string(file));
    result += source.substr(at, place.begin - at);
    result += place.text;
    at = place.end;
  }
  result += source.substr(at);
  return result;
}

std::string table_of(const std::vector<ListedFault>& faults) {
  std::string text =
      "#include \"tests/faults/fault.h\"\n\nnamespace virtcrypt::faults {\n\n"
      "const std::vector<Fault>& all_faults() {\n  static const std::vector<Fault> all = {\n";
  for (const ListedFault& listed : faults) {
    const Fault& fault = listed.fault;
    text += "      {" + literal(fault.name) + ", " + literal(fault.area) + ", " + literal(fault.does) + ", " +
            literal(fault.file) + ", {";
    for (const std::string& finder : fault.found_by)
      text += literal(finder) + ", ";
    text += "}},\n";
  }
  return text + "  };\n  return all;\n}\n\n}  // namespace virtcrypt::faults\n";
}

}  // namespace virtcrypt::faults
