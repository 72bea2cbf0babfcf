#include <cstddef>
#include <iterator>
#include <string_view>

#include <spdlog/fmt/fmt.h>

#include "tests/fuzz/read_files.h"
#include "tests/vectors/case.h"
#include "tests/vectors/vector_file.h"

namespace virtcrypt::fuzz {
namespace {

using namespace vectors;

// A file's name says what kind of cases is in it.
constexpr std::string_view kPaths[] = {"ciphers/AES/CBC/CBCGFSbox128.rsp",
                                       "ciphers/AES/GCM/gcmDecrypt128.rsp",
                                       "ciphers/AES/CCM/DVPT128.rsp",
                                       "ciphers/3DES/CBC/TCBCMMT3.rsp",
                                       "ciphers/AES/XTS/XTSGenAES128.rsp",
                                       "hashes/SHA2/SHA256ShortMsg.rsp",
                                       "hashes/SHAKE/SHAKE128ShortMsg.rsp",
                                       "HMAC/HMAC.rsp",
                                       "CMAC/CMACGenAES128.rsp",
                                       "asymmetric/RSA/SigVer15_186-3.rsp",
                                       "asymmetric/ECDSA/SigVer.rsp",
                                       "wycheproof.json"};

std::string parsed(std::string_view path, std::string_view content) {
  try {
    return fmt::format("{} cases", parse_vector_file(path, content).cases.size());
  } catch (const ParseError& error) {
    return fmt::format("line {}: {}", error.line(), error.what());
  }
}

}  // namespace

std::string parse_vectors(std::span<const std::uint8_t> data) {
  if (data.empty()) return "nothing";
  const std::string_view path = kPaths[data[0] % std::size(kPaths)];
  const std::string_view content(reinterpret_cast<const char*>(data.data() + 1), data.size() - 1);
  return fmt::format("{} bytes as {}: {}", content.size(), path, parsed(path, content));
}

}  // namespace virtcrypt::fuzz
