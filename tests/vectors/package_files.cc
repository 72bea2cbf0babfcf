#include "tests/vectors/package_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace virtcrypt::vectors {
namespace {

constexpr std::string_view kFolders[] = {
    "ciphers/AES/ECB",
    "ciphers/AES/CBC",
    "ciphers/AES/CTR",
    "ciphers/AES/GCM",
    "ciphers/AES/CCM",
    "ciphers/AES/XTS/tweak-128hexstr",
    "ciphers/3DES/ECB",
    "ciphers/AES/XTS/tweak-dataunitseqno",
    "ciphers/3DES/CBC",
    "ciphers/ARC4",
    "hashes/MD5",
    "ciphers/ChaCha20Poly1305",
    "hashes/SHA1",
    "hashes/SHA2",
    "hashes/SHA3",
    "hashes/SHAKE",
    "HMAC",
    "CMAC",
    "asymmetric/RSA",
    "asymmetric/RSA/FIPS_186-2",
    "asymmetric/ECDSA/FIPS_186-2",
    "asymmetric/ECDSA/FIPS_186-3",
};

// 3DES interleaved; truncated SHA-512; RIPEMD; paddings other than PKCS #1 v1.5.
constexpr std::string_view kForeign[] = {"Readme", "TCBCI", "SHA512_2", "ripemd",
                                         "oaep",   "PSS",   "GenRSA",   "VerRSA"};

bool is_foreign(const std::string& path) {
  return std::any_of(std::begin(kForeign), std::end(kForeign),
                     [&](std::string_view part) { return path.find(part) != std::string::npos; });
}

}  // namespace

std::string package_folder() {
  const char* const folder = std::getenv("VIRTCRYPT_VECTORS");
  return folder != nullptr ? folder : "/usr/lib/python3/dist-packages/cryptography_vectors";
}

std::vector<std::string> package_files() {
  std::vector<std::string> files;
  for (const std::string_view folder : kFolders) {
    const std::filesystem::path path = std::filesystem::path(package_folder()) / folder;
    if (!std::filesystem::is_directory(path)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      const std::string name = std::string(folder) + "/" + entry.path().filename().string();
      const std::string extension = entry.path().extension().string();
      if (entry.is_regular_file() && (extension == ".rsp" || extension == ".txt") && !is_foreign(name))
        files.push_back(name);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace virtcrypt::vectors
