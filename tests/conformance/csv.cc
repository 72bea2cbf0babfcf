#include "tests/conformance/csv.h"

#include <stdexcept>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::size_t line() const { return line_; }

  CsvRow row() {
    CsvRow fields;
    do {
      fields.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : plain());
    } while (accept(','));
    accept('\r');
    if (!at_end() && !accept('\n'))
      throw std::runtime_error(fmt::format("line {}: text behind a quote", line_));
    ++line_;
    return fields;
  }

 private:
  bool accept(char wanted) {
    if (at_end() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  std::string plain() {
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string field(text_.substr(at_, end - at_));
    at_ = end;
    return field;
  }

  std::string quoted() {
    std::string field;
    for (++at_; !at_end(); ++at_) {
      if (text_[at_] == '\n') ++line_;
      if (text_[at_] != '"') {
        field += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        field += text_[++at_];
      } else {
        ++at_;
        return field;
      }
    }
    throw std::runtime_error(fmt::format("line {}: a quoted field does not end", line_));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

std::vector<CsvRow> parse_csv(std::string_view text, const CsvRow& head) {
  Reader reader(text);
  std::vector<CsvRow> rows;
  if (reader.at_end() || reader.row() != head) throw std::runtime_error("line 1: not the head of this table");
  while (!reader.at_end()) {
    const std::size_t line = reader.line();
    CsvRow row = reader.row();
    if (row.size() != head.size())
      throw std::runtime_error(
          fmt::format("line {}: {} fields instead of {}", line, row.size(), head.size()));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace virtcrypt::conformance
