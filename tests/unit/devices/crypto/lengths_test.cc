// Text lengths at their edges for every algorithm: nothing, around a block, the largest request and one byte
// more.
#include <cstdint>
#include <random>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/request_set.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

constexpr Layout kLayouts[] = {Layout::kPadded, Layout::kRevision1, Layout::kStateless};

struct Bench {
  explicit Bench(Layout the_layout, std::uint64_t max_size = 8 << 20)
      : layout(the_layout), driver(device(max_size), options(the_layout, max_size)) {}

  static devices::crypto_dev::DeviceOptions device(std::uint64_t max_size) {
    auto made = polled_device();
    made.max_size = max_size;
    return made;
  }
  static DriverOptions options(Layout the_layout, std::uint64_t max_size) {
    DriverOptions made;
    made.features |= features_of(the_layout);
    made.memory_bytes += 4 * max_size;
    return made;
  }

  int status(const Work& work) { return perform(driver, layout, work).status; }

  Layout layout;
  CryptoDriver driver;
  std::mt19937_64 random{11};
};

bool fits(const CipherRow& row, std::size_t bytes) {
  return bytes % row.block_bytes == 0 && bytes >= row.least_bytes;
}

// Variable-length bytes of a request besides its text.
std::size_t key_bytes(Layout layout, std::size_t bytes) {
  return layout == Layout::kStateless ? bytes : 0;
}

}  // namespace

TEST_CASE("Lengths: nothing, and around a block, for every cipher", "[crypto][standard][lengths][A-25]") {
  for (const Layout layout : kLayouts) {
    Bench bench(layout);
    for (const CipherRow& row : cipher_rows()) {
      // Stream ciphers and counter modes make their keystream in blocks of up to 16 bytes.
      const std::size_t block = row.block_bytes > 1 ? row.block_bytes : 16;
      for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, block - 1, block, block + 1,
                                      2 * block - 1, 2 * block, 2 * block + 1}) {
        for (const std::uint32_t op : {kEncrypt, kDecrypt}) {
          INFO(row.name << ", " << bytes << " bytes, op " << op);
          CHECK(bench.status(cipher_work(row, op, bytes, bench.random)) == (fits(row, bytes) ? kOk : kErr));
        }
      }
    }
  }
}

TEST_CASE("Lengths: nothing, and around a block, for every hash, MAC and AEAD",
          "[crypto][standard][lengths]") {
  for (const Layout layout : kLayouts) {
    Bench bench(layout);
    for (const std::size_t block : {8U, 16U, 64U, 72U, 104U, 128U, 136U, 144U, 168U}) {
      for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, block - 1, block, block + 1}) {
        INFO(bytes << " bytes");
        for (const HashRow& row : hash_rows()) {
          INFO(row.name);
          CHECK(bench.status(hash_work(row, bytes, bench.random)) == kOk);
        }
        for (const MacRow& row : mac_rows()) {
          INFO(row.name);
          const bool enough = row.least_bytes <= bytes && bytes % row.block_bytes == 0;
          CHECK(bench.status(mac_work(row, bytes, bench.random)) == (enough ? kOk : kErr));
        }
        for (const AeadRow& row : aead_rows()) {
          INFO(row.name);
          CHECK(bench.status(aead_work(row, bytes, 0, bench.random)) == kOk);
          CHECK(bench.status(aead_work(row, 0, bytes, bench.random)) == kOk);
        }
      }
    }
  }
}

TEST_CASE("Lengths: the largest request is served, one byte more is an error",
          "[crypto][standard][lengths][A-21][CRYPTO-DRV-009]") {
  constexpr std::uint64_t kMaxSize = 4096;
  for (const Layout layout : kLayouts) {
    Bench bench(layout, kMaxSize);
    for (const CipherRow& row : cipher_rows()) {
      INFO(row.name);
      if (row.block_bytes > 1) continue;  // exact only where text has any length
      const std::size_t rest = kMaxSize - row.iv_bytes - key_bytes(layout, row.key_bytes);
      const std::size_t bytes = rest / 2;
      if (rest % 2 != 0) continue;
      CHECK(bench.status(cipher_work(row, kEncrypt, bytes, bench.random)) == kOk);
      CHECK(bench.status(cipher_work(row, kEncrypt, bytes + 1, bench.random)) == kErr);
    }
    for (const HashRow& row : hash_rows()) {
      INFO(row.name);
      const std::size_t bytes = kMaxSize - row.digest_bytes;
      CHECK(bench.status(hash_work(row, bytes, bench.random)) == kOk);
      CHECK(bench.status(hash_work(row, bytes + 1, bench.random)) == kErr);
    }
    for (const MacRow& row : mac_rows()) {
      INFO(row.name);
      if (row.block_bytes > 1) continue;
      const std::size_t bytes = kMaxSize - row.digest_bytes - key_bytes(layout, row.key_bytes);
      CHECK(bench.status(mac_work(row, bytes, bench.random)) == kOk);
      CHECK(bench.status(mac_work(row, bytes + 1, bench.random)) == kErr);
    }
    for (const AeadRow& row : aead_rows()) {
      INFO(row.name);
      // IV, text twice, tag, and additional data for what is left.
      const std::size_t fixed = row.iv_bytes + row.tag_bytes + key_bytes(layout, row.key_bytes);
      const std::size_t aad = 100 + (kMaxSize - fixed) % 2;
      const std::size_t bytes = (kMaxSize - fixed - aad) / 2;
      CHECK(bench.status(aead_work(row, bytes, aad, bench.random)) == kOk);
      CHECK(bench.status(aead_work(row, bytes, aad + 1, bench.random)) == kErr);
    }
  }
}

TEST_CASE("Lengths: the default largest request, for every algorithm", "[crypto][standard][lengths][large]") {
  constexpr std::uint64_t kMaxSize = 8 << 20;
  Bench bench(Layout::kPadded, kMaxSize);
  for (const CipherRow& row : cipher_rows()) {
    INFO(row.name);
    const std::size_t most = (kMaxSize - 16) / 2 / 16 * 16;
    CHECK(bench.status(cipher_work(row, kEncrypt, most, bench.random)) == kOk);
  }
  for (const HashRow& row : hash_rows()) {
    INFO(row.name);
    CHECK(bench.status(hash_work(row, kMaxSize - row.digest_bytes, bench.random)) == kOk);
  }
  for (const MacRow& row : mac_rows()) {
    INFO(row.name);
    CHECK(bench.status(mac_work(row, (kMaxSize - 64) / 8 * 8, bench.random)) == kOk);
  }
  for (const AeadRow& row : aead_rows()) {
    INFO(row.name);
    // A nonce of 13 bytes leaves CCM two bytes for the length (SP 800-38C, A.1).
    constexpr std::uint32_t kCcm = 2;
    const std::size_t bytes = row.algorithm == kCcm && row.iv_bytes == 13 ? 65535 : kMaxSize / 2 - 32;
    CHECK(bench.status(aead_work(row, bytes, 0, bench.random)) == kOk);
  }
}
