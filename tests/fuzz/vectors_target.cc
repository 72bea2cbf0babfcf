// A fuzzer of the files that `virtcrypt vectors` reads: NIST's and Wycheproof's forms.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/vectors/case.h"
#include "tests/vectors/vector_file.h"

// The first byte chooses the file's name, which says what kind of cases are in it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virtcrypt::vectors;
  constexpr std::string_view kPaths[] = {
      "ciphers/AES/CBC/CBCGFSbox128.rsp", "ciphers/AES/GCM/gcmDecrypt128.rsp", "ciphers/AES/CCM/DVPT128.rsp",
      "ciphers/3DES/CBC/TCBCMMT3.rsp",    "ciphers/AES/XTS/XTSGenAES128.rsp",  "hashes/SHA2/SHA256ShortMsg.rsp",
      "hashes/SHAKE/SHAKE128ShortMsg.rsp", "HMAC/HMAC.rsp",                     "CMAC/CMACGenAES128.rsp",
      "asymmetric/RSA/SigVer15_186-3.rsp", "asymmetric/ECDSA/SigVer.rsp",       "wycheproof.json"};
  if (size == 0) return 0;
  const std::string_view content(reinterpret_cast<const char*>(data + 1), size - 1);
  try {
    static_cast<void>(parse_vector_file(kPaths[data[0] % std::size(kPaths)], content));
  } catch (const ParseError&) {
    // The one line that a user sees.
  }
  return 0;
}
