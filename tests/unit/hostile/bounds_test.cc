// What a guest can make the device take: memory for requests and sessions, and lines of the log.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <openssl/bn.h>
#include <openssl/rsa.h>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"
#include "tests/driver/rfc_v2_requests.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"
#include "tests/unit/hostile/counted_heap.h"
#include "tests/unit/hostile/key_cases.h"
#include "virtcrypt/crypto/key_memory.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

using namespace wire_number;

constexpr std::size_t kKiB = 1024;
constexpr std::uint64_t kAllStateless = 0x3F;
constexpr std::uint32_t kDataOpcodes[] = {0x000, 0x001, 0x100, 0x200, 0x300,
                                          0x301, 0x400, 0x401, 0x402, 0x403};
constexpr std::uint32_t kControlOpcodes[] = {0x002, 0x003, 0x102, 0x103, 0x202,
                                             0x203, 0x302, 0x303, 0x404, 0x405};

// docs/security.md: what one request may take of the heap while it is worked on, beside copies of its text.
constexpr std::size_t kRequestBytes = 96 * kKiB;
// Key memory comes from the system in steps.
constexpr std::size_t kKeyStep = kKiB * kKiB;

DriverOptions driver_options(std::uint64_t features, std::size_t memory = std::size_t{16} << 20) {
  DriverOptions options;
  options.features |= features;
  options.memory_bytes = memory;
  return options;
}

Bytes fixed_part(std::size_t bytes, std::size_t claim, std::uint32_t value, std::uint32_t op_type,
                 std::size_t op_type_at) {
  Bytes fixed(bytes);
  std::memcpy(fixed.data() + op_type_at, &op_type, 4);
  std::memcpy(fixed.data() + claim, &value, 4);
  return fixed;
}

// A header with a flag, and a fixed part in which one field claims as much as it can.
Request data_claim(std::uint32_t opcode, std::uint32_t flag, std::uint64_t session, const Bytes& fixed) {
  Wire wire;
  wire.le32(opcode).le32(0).le64(session).le32(flag).le32(0).bytes(fixed);
  Request request;
  return request.readable(wire).readable(Bytes(16)).writable(16).writable(1);
}

Request control_claim(std::uint32_t opcode, const Bytes& fixed) {
  Wire wire;
  wire.le32(opcode).le32(0).le32(0).le32(0).bytes(fixed);
  Request request;
  return request.readable(wire).readable(Bytes(16)).writable(16);
}

// Every field of every request, alone, with everything else 0 or an op_type.
template <typename Use>
void for_each_claim(CryptoDriver& driver, const Use& use) {
  constexpr std::uint32_t kClaims[] = {0xFFFF'FFFF, 0x7FFF'FFFF, 8U << 20U};
  for (const std::uint32_t claim : kClaims) {
    for (const std::uint32_t op_type : {1U, 2U}) {
      for (std::size_t at = 0; at < 56; at += 4) {
        for (const std::uint32_t opcode : kControlOpcodes)
          use(driver.control_queue(), control_claim(opcode, fixed_part(56, at, claim, op_type, 48)));
      }
      for (std::size_t at = 0; at < 80; at += 4) {
        for (const std::uint32_t opcode : kDataOpcodes) {
          use(0, data_claim(opcode, 0, 0, fixed_part(80, at, claim, op_type, 72)));
          use(0, data_claim(opcode, 1, 1, fixed_part(48, std::min<std::size_t>(at, 44), claim, op_type, 40)));
        }
      }
    }
  }
}

// The readable bytes of a request, with one field changed.
Request with_claim(CryptoDriver& driver, const Request& request, std::size_t at, std::uint32_t value) {
  const std::size_t mark = driver.memory().mark();
  Bytes readable;
  std::size_t writable = 0;
  for (const Segment& segment : place(driver.memory(), request)) {
    const auto bytes = driver.memory().at(segment.address, segment.length);
    if (!segment.writable) readable.insert(readable.end(), bytes.begin(), bytes.end());
    if (segment.writable) writable += segment.length;
  }
  driver.memory().rewind(mark);
  if (at + 4 <= readable.size()) std::memcpy(readable.data() + at, &value, 4);
  Request changed;
  return changed.readable(readable).writable(writable);
}

// Every field of requests that are right otherwise.
template <typename Use>
void for_each_changed(CryptoDriver& driver, const Use& use) {
  constexpr std::uint32_t kClaim = 0xFFFF'FFFF;
  for (const KeyCase& one : key_cases()) {
    const Bytes key(one.kind.key_bytes, std::byte{5});
    const Request create = one.create(Layout::kRevision1, key);
    for (std::size_t at = 16; at < 72; at += 4)
      use(driver.control_queue(), with_claim(driver, create, at, kClaim));
    const Request request = one.request({.layout = Layout::kStateless, .session = 0}, key, 32);
    for (std::size_t at = 16; at < 104; at += 4)
      use(0, with_claim(driver, request, at, kClaim));
  }
}

// The largest RSA key that is taken. Its factors are no primes, which would take a minute to find; all that
// is checked of a key holds.
Bytes largest_rsa_key() {
  constexpr int kFactorBits = 4096;
  BN_CTX* const context = BN_CTX_new();
  BIGNUM *p = BN_new(), *q = BN_new(), *e = BN_new(), *n = BN_new(), *d = nullptr, *p1 = BN_new(),
         *q1 = BN_new(), *gcd = BN_new(), *lcm = BN_new(), *product = BN_new(), *dp = BN_new(),
         *dq = BN_new(), *u = nullptr;
  BN_set_word(e, 65537);
  while (d == nullptr || u == nullptr) {
    BN_rand(p, kFactorBits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
    BN_rand(q, kFactorBits, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD);
    BN_sub(p1, p, BN_value_one());
    BN_sub(q1, q, BN_value_one());
    BN_gcd(gcd, p1, q1, context);
    BN_mul(product, p1, q1, context);
    BN_div(lcm, nullptr, product, gcd, context);
    d = BN_mod_inverse(nullptr, e, lcm, context);
    u = BN_mod_inverse(nullptr, q, p, context);
  }
  BN_mul(n, p, q, context);
  BN_mod(dp, d, p1, context);
  BN_mod(dq, d, q1, context);
  RSA* const rsa = RSA_new();
  RSA_set0_key(rsa, n, e, d);
  RSA_set0_factors(rsa, p, q);
  RSA_set0_crt_params(rsa, dp, dq, u);
  unsigned char* der = nullptr;
  const int bytes = i2d_RSAPrivateKey(rsa, &der);
  const auto* octets = reinterpret_cast<const std::byte*>(der);
  return {octets, octets + bytes};
}

Request rsa_create(const Bytes& key) {
  return create_request(Layout::kRevision1, RsaSubject{.key_type = 2, .padding = 0, .hash = 0, .key = key});
}

// Descriptors of one byte each.
Request scattered(const Request& request) {
  Request pieces = request;
  return pieces.chunk(1).indirect();
}

}  // namespace

TEST_CASE("Bounds: what a request claims costs nothing", "[hostile][bounds]") {
  CryptoDriver driver(polled_device(), driver_options(kAllStateless));
  std::size_t most = 0, most_key = 0;
  const auto measure = [&](std::uint16_t queue, const Request& request) {
    const std::uint16_t head = driver.submit(queue, request);
    const PeakHeap peak;
    driver.device().run_ready();
    most = std::max(most, peak.bytes());
    most_key = std::max(most_key, peak.key_bytes());
    const Answer answer = driver.wait(queue, head);
    CHECK_FALSE(answer.written.empty());
  };
  for_each_claim(driver, measure);
  for_each_changed(driver, measure);
  INFO(most << " and " << most_key << " bytes");
  CHECK(most > 0);
  CHECK(most <= kRequestBytes);
  CHECK(most_key <= kKeyStep);
}

TEST_CASE("Bounds: 100000 bad requests leave memory as it was", "[hostile][bounds]") {
  CryptoDriver driver(polled_device(), driver_options(kAllStateless));
  std::size_t requests = 0, after_first = 0, keys_after_first = 0;
  const auto round = [&] {
    for_each_claim(driver, [&](std::uint16_t queue, const Request& request) {
      driver.call(queue, request);
      ++requests;
    });
    for_each_changed(driver, [&](std::uint16_t queue, const Request& request) {
      driver.call(queue, request);
      ++requests;
    });
    // Some of them are sessions after all: a field that is not looked at.
    driver.reset();
    REQUIRE(driver.start());
  };
  round();
  after_first = heap_bytes();
  keys_after_first = crypto::take_key_memory_use().bytes;
  while (requests < 100'000)
    round();
  // A few containers grow by what happens to be in flight together.
  CHECK(heap_bytes() <= after_first + 4 * kKiB);
  CHECK(crypto::take_key_memory_use().bytes == keys_after_first);
  CHECK(driver.device().stats().sessions_open == 0);
}

TEST_CASE("Bounds: the longest chains", "[hostile][bounds]") {
  constexpr std::size_t kMostDescriptors = 1024;
  CryptoDriver driver(polled_device(), driver_options(kAllStateless));
  const Bytes key(16), iv(16);
  const CipherSubject subject{.algorithm = kAesCtr, .op = kEncrypt, .key = key};
  const Target target{.layout = Layout::kStateless, .session = 0};
  const std::size_t others = 24 + 80 + 16 + 16 + 1;
  const Bytes text((kMostDescriptors - others) / 2);
  const std::uint16_t head =
      driver.submit(0, scattered(cipher_request(target, subject, iv, text, text.size())));
  const PeakHeap peak;
  driver.device().run_ready();
  INFO(peak.bytes());
  CHECK(peak.bytes() > 2 * kMostDescriptors * sizeof(std::span<std::byte>) / 2);
  CHECK(peak.bytes() <= kRequestBytes + 16 * kMostDescriptors);  // the copy of the table
  CHECK(driver.wait(0, head).status() == kOk);
}

TEST_CASE("Bounds: copies of a text are no longer than max_size allows", "[hostile][bounds]") {
  // Where segments do not allow to work in place: once in, once out.
  constexpr std::uint64_t kMaxSize = 4 << 20;
  auto device = polled_device();
  device.max_size = kMaxSize;
  CryptoDriver driver(device, driver_options(kAllStateless, std::size_t{32} << 20));
  const Bytes key(16), iv(16);
  const std::uint32_t algorithm = GENERATE(3U, 11U, 14U);  // AES-CBC, SNOW 3G, ZUC
  const bool overlapping = GENERATE(false, true);
  const CipherSubject subject{.algorithm = algorithm, .op = kEncrypt, .key = key};
  const Bytes text((kMaxSize / 2 - 64) / 16 * 16, std::byte{7});
  Request request =
      cipher_request({.layout = Layout::kStateless, .session = 0}, subject, iv, text, text.size());
  request.chunk(std::size_t{100} * kKiB).indirect();
  if (overlapping) request.overlap(text, 8);
  const std::uint16_t head = driver.submit(0, request);
  const PeakHeap peak;
  driver.device().run_ready();
  INFO(algorithm << ": " << peak.key_bytes());
  CHECK(peak.bytes() <= kRequestBytes);
  CHECK(peak.key_bytes() <= kMaxSize + 2 * kKeyStep);
  CHECK(driver.wait(0, head).status() == kOk);
}

TEST_CASE("Bounds: the largest RSA key and an operation with it", "[hostile][bounds][rsa]") {
  CryptoDriver driver(polled_device(), driver_options(1));
  const Bytes key = largest_rsa_key();
  const std::uint16_t head = driver.submit(driver.control_queue(), rsa_create(key));
  const PeakHeap peak;
  driver.device().run_ready();
  CHECK(peak.bytes() <= kRequestBytes);
  CHECK(peak.key_bytes() <= 2 * kKeyStep);
  const Answer created = driver.wait(driver.control_queue(), head);
  REQUIRE(created.written[8] == std::byte{kOk});
  std::uint64_t id = 0;
  std::memcpy(&id, created.written.data(), 8);
  // Factors that are no primes: the private operation is done, and its result found wrong.
  for (const auto& [opcode, expected] :
       {std::pair(kAkcipherEncrypt, kOk), std::pair(kAkcipherDecrypt, kErr)}) {
    const Request request = akcipher_request({.layout = Layout::kRevision1, .session = id}, RsaSubject{},
                                             opcode, Bytes(1024, std::byte{1}), 1024);
    const std::uint16_t operation = driver.submit(0, request);
    const PeakHeap working;
    driver.device().run_ready();
    CHECK(working.bytes() <= kRequestBytes);
    CHECK(working.key_bytes() <= 2 * kKeyStep);
    CHECK(driver.wait(0, operation).status() == expected);
  }
}

TEST_CASE("Bounds: a session takes at most 32 KiB, and there are no more than were allowed",
          "[hostile][bounds][sessions]") {
  constexpr std::size_t kSessions = 200, kSessionBytes = 32 * kKiB;
  auto device = polled_device();
  device.max_sessions = kSessions;
  CryptoDriver driver(device, driver_options(1));
  const Bytes rsa_key = largest_rsa_key(), mac_key(1024, std::byte{3});
  std::vector<std::pair<std::string, std::function<Request()>>> kinds;
  kinds.emplace_back("HMAC-SHA-512, longest key", [&] {
    return create_request(Layout::kRevision1, MacSubject{.algorithm = 6, .result_bytes = 64, .key = mac_key});
  });
  for (const KeyCase& one : key_cases()) {
    if (one.kind.key_bytes == 0) continue;
    kinds.emplace_back(one.kind.name, [one] {
      Bytes key(one.kind.key_bytes);
      for (std::size_t i = 0; i < key.size(); ++i)
        key[i] = static_cast<std::byte>(7 * i + 1);
      return one.create(Layout::kRevision1, key);
    });
  }
  // The largest last: what earlier ones gave back is used again.
  kinds.emplace_back("RSA-8192", [&] { return rsa_create(rsa_key); });
  for (const auto& [name, create] : kinds) {
    INFO(name);
    const std::size_t before = heap_bytes() + crypto::take_key_memory_use().bytes;
    std::size_t opened = 0;
    while (driver.create(create()).status == kOk)
      ++opened;
    CHECK(opened == kSessions);
    CHECK(driver.create(create()).status == kNoSpc);
    const std::size_t taken = heap_bytes() + crypto::take_key_memory_use().bytes - before;
    CHECK(taken <= kSessions * kSessionBytes + kKeyStep);
    driver.reset();
    REQUIRE(driver.start());
  }
}

TEST_CASE("Bounds: a flood of faults is a trickle in the log", "[hostile][bounds][log]") {
  using std::chrono::steady_clock;
  constexpr unsigned kLinesPerSecond = 11;  // ten, and one that counts those left out
  const bool packed = GENERATE(false, true);
  DriverOptions options = driver_options(1);
  options.packed = packed;
  CryptoDriver driver(polled_device(), options);
  rfc_v2::LogCapture log;
  const auto since = steady_clock::now();
  std::size_t faults = 0;
  while (steady_clock::now() - since < std::chrono::milliseconds(1500)) {
    driver.call(0, data_claim(0xFFFF, 0, 0, Bytes(48)));
    const Segment nowhere{0xFFFF'FFFF'0000'0000U, 4096, false};
    REQUIRE(driver.any_ring(0).add(std::span(&nowhere, 1)));
    driver.kick(0);
    driver.device().run_ready();
    REQUIRE((driver.pci().device_status() & status::kNeedsReset) != 0);
    ++faults;
    driver.reset();
    REQUIRE(driver.start());
  }
  const std::chrono::duration<double> seconds = steady_clock::now() - since;
  const std::size_t lines = log.take().size();
  INFO(faults << " faults, " << lines << " lines");
  CHECK(faults > 10 * lines);
  CHECK(lines >= 10);
  CHECK(static_cast<double>(lines) <= kLinesPerSecond * (seconds.count() + 1));
}
