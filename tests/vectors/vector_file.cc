#include "tests/vectors/vector_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/vectors/cavp.h"
#include "tests/vectors/wycheproof.h"

namespace virtcrypt::vectors {
namespace {

bool is_json(std::string_view content) {
  const std::size_t first = content.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && content[first] == '{';
}

std::string read_all(const std::string& path) {
  if (std::filesystem::is_directory(path)) throw ParseError(0, "this is a folder; name files");
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw ParseError(0, std::strerror(errno));
  const std::streamoff size = file.tellg();
  if (size < 0) throw ParseError(0, "this cannot be read");
  if (static_cast<std::uint64_t>(size) > kMostFileBytes) throw ParseError(0, "this is longer than 256 MiB");
  std::string content(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  file.read(content.data(), size);
  if (!file) throw ParseError(0, "this cannot be read");
  return content;
}

}  // namespace

VectorFile parse_vector_file(std::string_view path, std::string_view content) {
  VectorFile file;
  if (is_json(content)) {
    file = wycheproof_file(content);
  } else {
    const std::optional<CavpKind> kind = recognize_cavp(path, content);
    if (!kind) {
      throw ParseError(
          1, "no algorithm is recognized; NIST CAVP files and Wycheproof JSON are (docs/vectors.md)");
    }
    file = {.kind = std::string(kind->name), .cases = cavp_cases(*kind, content)};
  }
  if (file.cases.empty()) {
    const auto lines = static_cast<std::size_t>(std::count(content.begin(), content.end(), '\n'));
    throw ParseError(lines + 1, "the file of " + file.kind + " ends without a single case");
  }
  return file;
}

VectorFile read_vector_file(const std::string& path) {
  return parse_vector_file(path, read_all(path));
}

}  // namespace virtcrypt::vectors
