#include "tests/unit/crypto/vector_files.h"

#include <cctype>
#include <cstdlib>
#include <fstream>

#include "tests/support/catch.h"

namespace virtcrypt::tests {
namespace {

std::string trimmed(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
}

unsigned nibble(char digit) {
  const auto value = static_cast<unsigned char>(digit);
  if (std::isdigit(value) != 0) return value - unsigned{'0'};
  return static_cast<unsigned>(std::tolower(value)) - unsigned{'a'} + 10U;
}

std::ifstream open(std::string_view relative) {
  const std::string path = vector_path(relative);
  INFO("test vectors: " << path);
  std::ifstream file(path);
  REQUIRE(file.is_open());
  return file;
}

bool is_hex_line(const std::string& line) {
  return !line.empty() && line.find_first_not_of("0123456789abcdefABCDEF ") == std::string::npos;
}

}  // namespace

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  unsigned pending = 0;
  bool half = false;
  for (const char digit : hex) {
    if (std::isxdigit(static_cast<unsigned char>(digit)) == 0) continue;
    pending = pending << 4U | nibble(digit);
    if (half) bytes.push_back(static_cast<std::byte>(pending));
    half = !half;
  }
  return bytes;
}

std::string vector_path(std::string_view relative) {
  const char* const folder = std::getenv("VIRTCRYPT_VECTORS");
  const std::string root = folder != nullptr ? folder : "/usr/lib/python3/dist-packages/cryptography_vectors";
  return root + "/" + std::string(relative);
}

std::vector<CavpCase> read_cavp(std::string_view relative, const std::string& last) {
  std::ifstream file = open(relative);
  std::vector<CavpCase> cases;
  CavpCase inherited;
  CavpCase current;
  const auto finish = [&] {
    if (current.values.count(last) != 0) {
      cases.push_back(current);
    } else {
      inherited = current;
    }
    current = inherited;
  };
  for (std::string raw; std::getline(file, raw);) {
    const std::string line = trimmed(raw);
    const std::size_t equals = line.find('=');
    if (line.empty()) {
      finish();
    } else if (line.front() == '[') {
      current.section = inherited.section = line.substr(1, line.find(']') - 1);
    } else if (line.front() != '#' && equals != std::string::npos) {
      current.values[trimmed(line.substr(0, equals))] = trimmed(line.substr(equals + 1));
    }
  }
  finish();
  REQUIRE_FALSE(cases.empty());
  return cases;
}

std::vector<Pkcs1Case> read_pkcs1(std::string_view relative, const std::string& last) {
  std::ifstream file = open(relative);
  std::vector<Pkcs1Case> cases;
  Pkcs1Case current;
  std::string heading;
  const auto finish = [&] {
    if (heading == last && !current.parts[last].empty()) cases.push_back(current);
    heading.clear();
  };
  for (std::string raw; std::getline(file, raw);) {
    const std::string line = trimmed(raw);
    if (is_hex_line(line) && !heading.empty()) {
      const Bytes more = from_hex(line);
      current.parts[heading].insert(current.parts[heading].end(), more.begin(), more.end());
    } else if (line.size() > 3 && line.front() == '#' && line.back() == ':') {
      finish();
      heading = line.substr(2, line.size() - 3);
      current.parts[heading].clear();
    } else if (!heading.empty() && !current.parts[heading].empty()) {
      finish();
    }
  }
  finish();
  REQUIRE_FALSE(cases.empty());
  return cases;
}

}  // namespace virtcrypt::tests
