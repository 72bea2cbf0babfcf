#include "tests/faults/fault_list.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <sstream>

namespace virtcrypt::faults {
namespace {

bool is_name(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

void append_line(std::string& text, const std::string& line) {
  if (!text.empty()) text += '\n';
  text += line;
}

class Reader {
 public:
  Reader(std::string_view text, std::string_view name) : lines_(std::string(text)), name_(name) {}

  std::vector<ListedFault> read() {
    for (std::string line; std::getline(lines_, line);) {
      ++line_number_;
      const bool was_replacement = in_replacement_;
      in_replacement_ = false;
      if (line.empty() || line.front() == '#') continue;
      if (line.front() == '-') {
        add_snippet(line.substr(std::min<std::size_t>(2, line.size())));
      } else if (line.front() == '+') {
        add_replacement(line.substr(std::min<std::size_t>(2, line.size())), was_replacement);
      } else {
        add_word(line);
      }
    }
    check_last();
    return std::move(faults_);
  }

 private:
  void add_word(const std::string& line) {
    const std::size_t space = line.find(' ');
    const std::string word = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    if (rest.empty()) fail("a word and what it stands for expected");
    if (word == "fault") return begin(rest);
    if (faults_.empty()) fail("a list begins with a fault");
    Fault& fault = faults_.back().fault;
    if (word == "area") {
      fault.area = rest;
    } else if (word == "does") {
      fault.does = rest;
    } else if (word == "found-by") {
      fault.found_by.push_back(rest);
    } else if (word == "file") {
      if (fault.file.empty()) fault.file = rest;
      file_ = rest;
    } else {
      fail("unknown word " + word);
    }
  }

  void begin(const std::string& fault) {
    check_last();
    if (!is_name(fault)) fail("the name of a fault has a-z, 0-9 and - only");
    if (!names_.insert(fault).second) fail("a second fault " + fault);
    faults_.emplace_back().fault.name = fault;
    file_.clear();
    in_snippet_ = false;
  }

  // A line of a snippet: of a new one, unless the line before was one.
  void add_snippet(const std::string& line) {
    if (file_.empty()) fail("a change without a file");
    std::vector<Change>& changes = faults_.back().changes;
    if (!in_snippet_) changes.push_back({.file = file_, .snippet = {}, .replacement = {}});
    in_snippet_ = true;
    append_line(changes.back().snippet, line);
  }

  void add_replacement(const std::string& line, bool continues) {
    if (!in_snippet_ && !continues) fail("a replacement without a snippet");
    in_snippet_ = false;
    in_replacement_ = true;
    append_line(faults_.back().changes.back().replacement, line);
  }

  void check_last() const {
    if (faults_.empty()) return;
    const ListedFault& last = faults_.back();
    const auto complain = [&](const char* what) {
      throw ListError(std::string(name_) + ": fault " + last.fault.name + ": " + what);
    };
    if (last.fault.area.empty() || last.fault.does.empty()) complain("needs an area, and what it does");
    if (last.changes.empty()) complain("changes nothing");
    for (const Change& change : last.changes) {
      if (change.snippet.find_first_not_of(" \n") == std::string::npos) complain("has an empty snippet");
      if (change.replacement.find("FAULT") == std::string::npos)
        complain("has a replacement without the word FAULT");
    }
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw ListError(std::string(name_) + ":" + std::to_string(line_number_) + ": " + what);
  }

  std::istringstream lines_;
  const std::string_view name_;
  std::size_t line_number_ = 0;
  std::vector<ListedFault> faults_;
  std::set<std::string> names_;
  std::string file_;
  bool in_snippet_ = false;
  bool in_replacement_ = false;
};

}  // namespace

std::vector<ListedFault> parse_faults(std::string_view text, std::string_view name) {
  return Reader(text, name).read();
}

}  // namespace virtcrypt::faults
