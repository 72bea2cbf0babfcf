// Published test vectors, read from the files of Debian's package python3-cryptography-vectors.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace virtcrypt::tests {

using Bytes = std::vector<std::byte>;

[[nodiscard]] Bytes from_hex(std::string_view hex);

// The folder of the package, or what the environment variable VIRTCRYPT_VECTORS names. Fails the test when
// absent.
[[nodiscard]] std::string vector_path(std::string_view relative);

// One test case of a CAVP response file: NAME = VALUE lines up to an empty line. `section` is the text of the
// last [header] before it; values that stand alone before the first case of a section ("n = ...") are
// inherited by what follows.
struct CavpCase {
  std::string section;
  std::map<std::string, std::string> values;
  [[nodiscard]] const std::string& text(const std::string& name) const { return values.at(name); }
  [[nodiscard]] Bytes bytes(const std::string& name) const { return from_hex(values.at(name)); }
};

// Calls a paragraph a case when it has a value called `last`; other paragraphs are inherited.
[[nodiscard]] std::vector<CavpCase> read_cavp(std::string_view relative, const std::string& last);

// One example of RSA Laboratories' PKCS #1 vector files with the key that it belongs to; parts by their
// headings
// ("Modulus", "Public exponent", "Exponent", "Prime 1", ..., "Message", "Signature").
struct Pkcs1Case {
  std::map<std::string, Bytes> parts;
  [[nodiscard]] const Bytes& part(const std::string& name) const { return parts.at(name); }
};

// `last` is the heading that completes an example.
[[nodiscard]] std::vector<Pkcs1Case> read_pkcs1(std::string_view relative, const std::string& last);

}  // namespace virtcrypt::tests
