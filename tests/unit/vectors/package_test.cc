// Every vector of Debian's python3-cryptography-vectors that applies, through the rings.
#include <cstdio>
#include <string>

#include "tests/support/catch.h"
#include "tests/vectors/package_files.h"
#include "tests/vectors/report.h"
#include "tests/vectors/vector_file.h"

using namespace virtcrypt::vectors;

namespace {

#ifdef VIRTCRYPT_THIN_VECTORS
constexpr std::size_t kEvery = VIRTCRYPT_THIN_VECTORS;  // sanitizers make each request many times slower
const char* const kTags = "[vectors][cavp]";
#else
constexpr std::size_t kEvery = 1;
const char* const kTags = "[vectors][cavp][.]";  // a test of ctest's own, vectors_cavp
#endif

// Files of one kind each, small and quick, for the rings and modes that the long run leaves out.
const char* const kSamples[] = {
    "ciphers/AES/CBC/CBCMMT128.rsp", "ciphers/AES/CTR/aes-256-ctr.txt",
    "ciphers/AES/CCM/VTT128.rsp",    "ciphers/ChaCha20Poly1305/openssl.txt",
    "ciphers/3DES/CBC/TCBCMMT3.rsp", "hashes/SHA3/SHA3_512ShortMsg.rsp",
    "hashes/SHA1/SHA1ShortMsg.rsp",  "HMAC/rfc-4231-sha512.txt",
    "CMAC/nist-800-38b-3des.txt",    "asymmetric/ECDSA/FIPS_186-2/PKV.rsp",
};

FileReport run_package_file(const std::string& name, const RunnerOptions& options) {
  const std::string path = package_folder() + "/" + name;
  return run_file(name, read_vector_file(path), options);
}

}  // namespace

TEST_CASE("Vectors: all files of the package that apply pass, every vector in them", kTags) {
  const auto files = package_files();
  REQUIRE(files.size() > 150);
  std::vector<FileReport> reports;
  std::fputs(table_head().c_str(), stdout);
  for (const std::string& name : files) {
    reports.push_back(run_package_file(name, {.packed = false, .every = kEvery}));
    std::fputs(as_row(reports.back()).c_str(), stdout);
    CAPTURE(name);
    CHECK(reports.back().failed == 0);
    CHECK(reports.back().passed > 0);
  }
  std::fputs(as_sum(reports).c_str(), stdout);
  CHECK(is_success(reports));
}

TEST_CASE("Vectors: one file a service in every mode and on both rings", "[vectors][modes]") {
  using virtcrypt::test::Layout;
  const auto layout = GENERATE(Layout::kPadded, Layout::kRevision1, Layout::kStateless);
  const bool packed = GENERATE(false, true);
  for (const char* const name : kSamples) {
    CAPTURE(name, packed, static_cast<int>(layout));
    const FileReport report = run_package_file(name, {.packed = packed, .layout = layout});
    CHECK(report.failed == 0);
    CHECK(report.passed > 0);
  }
}
