#include <stdexcept>

#include "tests/conformance/report.h"

namespace virtcrypt::conformance {
namespace {

using Writer = std::string (*)(const Report&);

Writer writer_for(std::string_view file_name) {
  const auto ends_with = [&](std::string_view end) {
    return file_name.size() > end.size() && file_name.substr(file_name.size() - end.size()) == end;
  };
  if (ends_with(".html")) return as_html;
  if (ends_with(".json")) return as_json;
  if (ends_with(".xml")) return as_junit;
  return nullptr;
}

}  // namespace

bool is_report_name(std::string_view file_name) {
  return writer_for(file_name) != nullptr;
}

std::string as_file(const Report& report, std::string_view file_name) {
  const Writer writer = writer_for(file_name);
  if (writer == nullptr) throw std::invalid_argument("a report's name ends in .html, .json or .xml");
  return writer(report);
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(character) < 0x20 && character != '\n' && character != '\t') {
          result += "\xEF\xBF\xBD";
        } else {
          result += character;
        }
    }
  }
  return result;
}

}  // namespace virtcrypt::conformance
