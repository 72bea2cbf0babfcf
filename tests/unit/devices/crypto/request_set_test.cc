// Every algorithm in every layout, over both ring formats, with each feature, in awkward scatter lists: the
// answers never differ. That they are the right ones is shown by the published vectors.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/request_set.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

constexpr std::uint64_t kSeed = 0x5EED;
constexpr Layout kLayouts[] = {Layout::kPadded, Layout::kRevision1, Layout::kStateless};

devices::crypto_dev::DeviceOptions device_with_long_queues() {
  auto options = polled_device();
  options.queue_size = 1024;
  return options;
}

DriverOptions driver_with(std::uint64_t features, bool packed, std::uint16_t ring_size = 1024) {
  DriverOptions options;
  options.features = features | feature::kVersion1;
  options.packed = packed;
  options.ring_size = ring_size;
  return options;
}

// What the plainest driver gets: split ring, no features, sessions.
const std::vector<Result>& plain_results() {
  static const std::vector<Result> results = [] {
    CryptoDriver driver(device_with_long_queues(), driver_with(0, false));
    std::vector<Result> all;
    for (const Work& work : request_set(kSeed))
      all.push_back(perform(driver, Layout::kPadded, work));
    return all;
  }();
  return results;
}

void check_same(CryptoDriver& driver, Layout layout, const Shape& shape) {
  const std::vector<Work> set = request_set(kSeed);
  for (std::size_t i = 0; i < set.size(); ++i) {
    INFO(set[i].name);
    const Result result = perform(driver, layout, set[i], shape);
    const bool same = result == plain_results()[i];
    CHECK(same);
    if (!same) CHECK(int{result.status} == int{plain_results()[i].status});
  }
}

}  // namespace

TEST_CASE("Every algorithm: the request set covers what config space offers, and succeeds",
          "[crypto][standard][matrix]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  const auto mask64 = [&](std::uint32_t low, std::uint32_t high) {
    return pci.read(4, low, 4) | std::uint64_t{pci.read(4, high, 4)} << 32;
  };
  const auto mask_of = [](const auto& rows) {
    std::uint64_t mask = 0;
    for (const auto& row : rows)
      mask |= std::uint64_t{1} << row.algorithm;
    return mask;
  };
  constexpr std::uint32_t kServices = 0b11111, kRsaAndEcdsa = 0b110;
  CHECK(pci.read(4, 8, 4) == kServices);
  CHECK(mask64(12, 16) == mask_of(cipher_rows()));
  CHECK(pci.read(4, 20, 4) == mask_of(hash_rows()));
  CHECK(mask64(24, 28) == mask_of(mac_rows()));
  CHECK(pci.read(4, 32, 4) == mask_of(aead_rows()));
  CHECK(pci.read(4, 44, 4) == kRsaAndEcdsa);
  CHECK(pci.read(4, 36, 4) == 256);   // max_cipher_key_len: ARC4
  CHECK(pci.read(4, 40, 4) == 1024);  // max_auth_key_len: HMAC

  const std::vector<Work> set = request_set(kSeed);
  for (std::size_t i = 0; i < set.size(); ++i) {
    INFO(set[i].name);
    CHECK(plain_results()[i].created == kOk);
    CHECK(int{plain_results()[i].status} == kOk);
    if (set[i].room != 0) CHECK(plain_results()[i].output != Bytes(plain_results()[i].output.size()));
  }
}

TEST_CASE("Every algorithm: numbers beyond the tables are not supported, and what is offered can be created",
          "[crypto][standard][matrix][QEMU-builtin]") {
  CryptoDriver driver;
  const auto offered = [](const auto& rows, std::uint32_t algorithm) {
    for (const auto& row : rows) {
      if (row.algorithm == algorithm) return true;
    }
    return false;
  };
  const Layout layout = Layout::kPadded;
  for (std::uint32_t algorithm = 0; algorithm < 70; ++algorithm) {
    INFO("algorithm " << algorithm);
    // A key that no algorithm has: the number alone decides between "no such thing" and "wrong key".
    const Bytes key(7);
    const auto status_of = [&](const auto& subject) {
      return driver.create(create_request(layout, subject)).status;
    };
    if (!offered(cipher_rows(), algorithm))
      CHECK(status_of(CipherSubject{.algorithm = algorithm, .op = kEncrypt, .key = key}) == kNotSupp);
    if (!offered(hash_rows(), algorithm))
      CHECK(status_of(HashSubject{.algorithm = algorithm, .result_bytes = 16}) == kNotSupp);
    if (!offered(mac_rows(), algorithm))
      CHECK(status_of(MacSubject{.algorithm = algorithm, .result_bytes = 4, .key = key}) == kNotSupp);
    if (!offered(aead_rows(), algorithm)) {
      CHECK(status_of(AeadSubject{.algorithm = algorithm, .op = kEncrypt, .tag_bytes = 16, .key = key}) ==
            kNotSupp);
    }
  }
}

TEST_CASE("Every algorithm: the same answers over both rings, with each feature, with and without sessions",
          "[crypto][standard][matrix][ring]") {
  const bool packed = GENERATE(false, true);
  const std::uint64_t features =
      GENERATE(std::uint64_t{0}, feature::kIndirectDesc, feature::kEventIdx, feature::kInOrder,
               feature::kNotificationData, feature::kNotifConfigData, feature::kRingReset,
               feature::kAccessPlatform | feature::kOrderPlatform,
               feature::kIndirectDesc | feature::kEventIdx | feature::kInOrder | feature::kNotificationData |
                   feature::kRingReset | feature::kAccessPlatform | feature::kOrderPlatform);
  CAPTURE(packed, features);
  for (const Layout layout : kLayouts) {
    CAPTURE(static_cast<int>(layout));
    CryptoDriver driver(device_with_long_queues(), driver_with(features | features_of(layout), packed));
    check_same(driver, layout, {});
  }
}

TEST_CASE("Every algorithm: the same answers however the request is cut",
          "[crypto][standard][matrix][scatter]") {
  const std::size_t chunk = GENERATE(1U, 2U, 3U, 7U, 15U, 16U, 17U);
  const bool indirect = GENERATE(false, true);
  const bool packed = GENERATE(false, true);
  CAPTURE(chunk, indirect, packed);
  for (const Layout layout : kLayouts) {
    CAPTURE(static_cast<int>(layout));
    const std::uint64_t features = (indirect ? feature::kIndirectDesc : 0) | features_of(layout);
    // The longest request has about 950 bytes, one descriptor each.
    CryptoDriver driver(device_with_long_queues(), driver_with(features, packed));
    check_same(driver, layout, {.chunk = chunk, .indirect = indirect, .overlap = false, .shift = 0});
  }
}

TEST_CASE("Every algorithm: the same answers when source and destination share memory",
          "[crypto][standard][matrix][A-38]") {
  const std::ptrdiff_t shift = GENERATE(0, 1, -1, 5, -5, 8, -8, 16, -16, 31, -31, 48, -48);
  const std::size_t chunk = GENERATE(0U, 5U, 16U);
  CAPTURE(shift, chunk);
  for (const Layout layout : kLayouts) {
    CAPTURE(static_cast<int>(layout));
    CryptoDriver driver(device_with_long_queues(), driver_with(features_of(layout), false));
    check_same(driver, layout, {.chunk = chunk, .indirect = false, .overlap = true, .shift = shift});
  }
}

TEST_CASE("Every algorithm: queue sizes that are no powers of two, on packed rings",
          "[crypto][standard][matrix][ring]") {
  const std::uint16_t size = GENERATE(std::uint16_t{17}, std::uint16_t{31}, std::uint16_t{100});
  CAPTURE(size);
  CryptoDriver driver(device_with_long_queues(), driver_with(feature::kIndirectDesc, true, size));
  for (int round = 0; round < 3; ++round)
    check_same(driver, Layout::kPadded, {.chunk = 0, .indirect = round == 1, .overlap = false, .shift = 0});
}
