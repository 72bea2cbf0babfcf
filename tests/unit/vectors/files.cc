#include "tests/unit/vectors/files.h"

#include <fstream>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/vectors/vector_file.h"

namespace virtcrypt::vectors {

std::string data_path(const std::string& name) {
  return std::string(VIRTCRYPT_VECTOR_DATA) + "/" + name;
}

std::string data_content(const std::string& name) {
  std::ifstream file(data_path(name));
  REQUIRE(file.is_open());
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

FileReport run_content(const std::string& name, const std::string& content, const RunnerOptions& options) {
  return run_file(name, parse_vector_file(name, content), options);
}

std::size_t error_line(const std::string& name, const std::string& content) {
  try {
    (void)parse_vector_file(name, content);
  } catch (const ParseError& error) {
    INFO(error.what());
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    CHECK(std::string(error.what()).size() < 200);
    return error.line();
  }
  FAIL("no error");
  return 0;
}

}  // namespace virtcrypt::vectors
