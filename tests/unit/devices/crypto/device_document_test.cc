// docs/device.md lists every algorithm with its number, its source, its engine and its tests. The list there
// is the one that is made here: when this fails, put what it prints between the two marks.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/request_set.h"
#include "virtcrypt/crypto/engine.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

constexpr const char* kBegin = "<!-- algorithms: begin -->\n";
constexpr const char* kEnd = "<!-- algorithms: end -->";
constexpr const char* kHeader =
    "| service | defined in | algorithm | number | keys (bytes) | standard | engine | shown by |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- |\n";

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string keys_of(const crypto::KeyBytes& keys) {
  std::ostringstream text;
  if (keys.least == keys.most) {
    text << keys.least;
  } else if ((keys.most - keys.least) / keys.step > 4) {
    text << keys.least << " to " << keys.most;
  } else {
    for (std::uint32_t bytes = keys.least; bytes <= keys.most; bytes += keys.step)
      text << (bytes == keys.least ? "" : ", ") << bytes;
  }
  return text.str();
}

template <typename Row>
std::uint32_t number_of(std::span<const Row> rows, std::string_view name) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [name](const Row& each) { return each.name == name; });
  INFO(name);
  REQUIRE(row != rows.end());
  return row->algorithm;
}

struct Line {
  std::string service, section, name;
  std::uint32_t number;
  std::string keys, source, engine, shown_by;
  [[nodiscard]] std::string text() const {
    return fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", service, section, name, number, keys,
                       source, engine, shown_by);
  }
};

bool begins_with_one_of(std::string_view name, std::initializer_list<std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [name](std::string_view prefix) { return name.substr(0, prefix.size()) == prefix; });
}

// What shows an algorithm, in the words of the document's legend.
std::string evidence_of(std::string_view name) {
  std::string evidence = "matrix";
  if (!begins_with_one_of(name, {"RSA", "ECDSA"})) evidence += ", published";
  if (begins_with_one_of(
          name, {"AES-ECB", "AES-CBC", "AES-CTR", "AES-XTS", "AES-GCM", "AES-CCM", "3DES-ECB", "3DES-CBC",
                 "ARC4", "MD5", "SHA", "HMAC", "CMAC", "ChaCha20", "RSA", "ECDSA"})) {
    evidence += ", files";
  }
  if (begins_with_one_of(
          name, {"AES-ECB", "AES-CBC", "AES-CTR", "AES-XTS", "AES-GCM", "AES-CCM", "3DES-ECB", "3DES-CBC",
                 "DES", "ARC4", "MD5", "SHA", "HMAC", "CMAC", "GMAC-AES", "ChaCha20", "ECDSA"})) {
    evidence += ", OpenSSL";
  }
  return evidence;
}

std::string table() {
  const auto engine = crypto::make_default_engine();
  const crypto::Capabilities& has = engine->capabilities();
  std::vector<Line> lines;
  const auto add = [&](const char* service, const char* section, const auto& row, std::uint32_t number,
                       const std::string& keys) {
    lines.push_back({service, section, std::string(row.name), number, keys, std::string(row.source),
                     std::string(row.engine), evidence_of(row.name)});
  };
  for (const auto& row : has.ciphers)
    add("CIPHER", "5.9.9.6", row, number_of(cipher_rows(), row.name), keys_of(row.key_bytes));
  for (const auto& row : has.hashes)
    add("HASH", "5.9.9.4", row, number_of(hash_rows(), row.name), "");
  for (const auto& row : has.macs)
    add("MAC", "5.9.9.5", row, number_of(mac_rows(), row.name), keys_of(row.key_bytes));
  for (const auto& row : has.aeads)
    add("AEAD", "5.9.9.7", row, number_of(aead_rows(), row.name), keys_of(row.key_bytes));
  for (const auto& row : has.akciphers)
    add("AKCIPHER", "5.9.9.8", row, row.algorithm == crypto::AkcipherAlgorithm::kRsa ? 1 : 2, "DER");
  std::stable_sort(lines.begin(), lines.end(), [](const Line& left, const Line& right) {
    return left.service == right.service && left.number < right.number;
  });
  std::string text = kHeader;
  for (const Line& line : lines)
    text += line.text();
  return text;
}

}  // namespace

TEST_CASE("Document: docs/device.md lists the algorithms that the device has", "[docs]") {
  const std::string document = file_text(VIRTCRYPT_SOURCE_DIR "/docs/device.md");
  const std::size_t begin = document.find(kBegin);
  const std::size_t end = document.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const std::size_t start = begin + std::string(kBegin).size();
  const bool current = document.substr(start, end - start) == table();
  if (!current) fmt::print("{}{}{}\n", kBegin, table(), kEnd);
  CHECK(current);
}

TEST_CASE("Document: every decision of docs/device.md has a test that names it", "[docs]") {
  const std::string document = file_text(VIRTCRYPT_SOURCE_DIR "/docs/device.md");
  std::string tests;
  for (const char* name :
       {"standard_rules_test.cc", "standard_aead_rules_test.cc", "standard_chain_rules_test.cc",
        "standard_cipher_test.cc", "standard_akcipher_test.cc", "sessions_test.cc", "lifecycle_test.cc",
        "config_space_test.cc", "request_set_test.cc", "lengths_test.cc"}) {
    tests += file_text(std::string(VIRTCRYPT_SOURCE_DIR "/tests/unit/devices/crypto/") + name);
  }
  tests += file_text(VIRTCRYPT_SOURCE_DIR "/tests/unit/virtio/pci/virtio_pci_test.cc");
  for (int number = 1; number <= 43; ++number) {
    const std::string id = fmt::format("A-{:02}", number);
    INFO(id);
    // are about the specification's text, not about a device.
    const bool editorial = number == 36 || number == 37;
    CHECK(document.find(fmt::format("| {} |", id)) != std::string::npos);
    if (!editorial) CHECK(tests.find(fmt::format("[{}]", id)) != std::string::npos);
  }
}
