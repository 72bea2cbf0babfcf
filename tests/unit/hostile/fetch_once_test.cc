// Descriptors, indirect tables, headers, parameters, keys and IVs are read once: what has been read is
// destroyed at once, and requests still get the published answers.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"
#include "tests/driver/rfc_v2_requests.h"
#include "tests/support/catch.h"
#include "tests/unit/hostile/cbc_vector.h"
#include "tests/unit/hostile/fetch_watch.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

using namespace wire_number;

// Which of a request's readable bytes are destroyed: parameters always, text not (engines may read it twice).
struct Watched {
  Request request;
  std::size_t parameter_bytes = 0;
  bool text_once = false;  // AEAD decryption: what is authenticated is what is deciphered
};

struct Rings {
  bool packed;
  bool indirect;
};

class Bench {
 public:
  Bench(const devices::crypto_dev::DeviceOptions& device, std::uint64_t features, const Rings& rings)
      : rings_(rings), driver(device, options(features, rings)) {}

  // Writable bytes of the answer.
  Bytes call(std::uint16_t queue, const Watched& what) {
    driver.memory().rewind(mark_);
    const std::span<std::byte> memory = driver.memory().memory().regions()[0].host;
    FetchWatch watch(memory);
    const std::vector<Segment> segments = place(driver.memory(), what.request);
    DriverRing& ring = driver.any_ring(queue);
    REQUIRE(ring.add(segments, rings_.indirect));
    const std::vector<std::span<std::byte>> once = guard(watch, ring, segments, what);
    driver.kick(queue);
    watch.run([&] { driver.device().run_ready(); });
    CHECK(watch.unknown() == "");
    for (const std::span<std::byte> bytes : once) {
      CHECK(watch.most_reads(bytes) <= 1);
    }
    // The watch does see reads.
    CHECK(watch.least_reads(driver.memory().at(segments[0].address, segments[0].length)) >= 1);
    REQUIRE(ring.poll());
    Bytes written;
    for (const Segment& segment : segments) {
      if (!segment.writable) continue;
      const auto bytes = driver.memory().at(segment.address, segment.length);
      written.insert(written.end(), bytes.begin(), bytes.end());
    }
    return written;
  }

 private:
  static DriverOptions options(std::uint64_t features, const Rings& rings) {
    DriverOptions made;
    made.features |= features;
    made.packed = rings.packed;
    made.ring_size = 256;
    made.memory_bytes = std::size_t{1} << 20;
    return made;
  }

  // Returns what must not be read twice.
  std::vector<std::span<std::byte>> guard(FetchWatch& watch, const DriverRing& ring,
                                          const std::vector<Segment>& segments, const Watched& what) {
    std::vector<std::span<std::byte>> once;
    std::size_t offset = 0;
    for (const Segment& segment : segments) {
      if (segment.writable) break;
      const std::span<std::byte> bytes = driver.memory().at(segment.address, segment.length);
      const bool is_parameter = offset < what.parameter_bytes;
      if (is_parameter) watch.destroy_when_read(bytes);
      // Copying more than one byte may read some of them twice within the copy, as the C library has it.
      if (segment.length == 1 && (is_parameter || what.text_once)) once.push_back(bytes);
      offset += segment.length;
    }
    const std::span<std::byte> table = driver.memory().at(ring.descriptor_area(), 16U * ring.size());
    for (std::size_t i = 0; i < ring.size(); ++i)
      guard_descriptor(watch, table.subspan(16 * i, 16), once);
    if (!rings_.packed) {
      // Heads in the available ring, behind flags and idx.
      const std::span<std::byte> heads = driver.memory().at(ring.driver_area() + 4, 2U * ring.size());
      for (std::size_t i = 0; i < ring.size(); ++i) {
        watch.destroy_when_read(heads.subspan(2 * i, 2));
        once.push_back(heads.subspan(2 * i, 2));
      }
    }
    return once;
  }

  void guard_descriptor(FetchWatch& watch, std::span<std::byte> descriptor,
                        std::vector<std::span<std::byte>>& once) {
    std::uint64_t address = 0;
    std::uint32_t length = 0;
    std::uint16_t flags = 0;
    std::memcpy(&address, descriptor.data(), 8);
    std::memcpy(&length, descriptor.data() + 8, 4);
    std::memcpy(&flags, descriptor.data() + (rings_.packed ? 14 : 12), 2);
    if (rings_.packed) {
      // Flags are looked at until they say that there is something, then with the rest; only the first
      // counts.
      watch.destroy_when_read(descriptor.first(14));
      watch.destroy_when_read(descriptor.subspan(14));
      once.push_back(descriptor.first(14));
    } else {
      watch.destroy_when_read(descriptor);
      once.push_back(descriptor);
    }
    if ((flags & kIndirect) == 0) return;
    const auto found = driver.memory().memory().range(virtio::GuestAddress{address}, length);
    if (!found) return;  // what the watch has left of an earlier request
    const std::span<std::byte> table = *found;
    watch.destroy_when_read(table);
    // Copies of this length read nothing twice, whatever vectors they use.
    constexpr std::uint32_t kWithoutOverlap = 128;
    if (length == kWithoutOverlap) once.push_back(table);
  }

  Rings rings_;

 public:
  CryptoDriver driver;

 private:
  std::size_t mark_ = driver.memory().mark();
};

// Pieces that are copied with one instruction each.
Watched pieces(Request request, std::size_t bytes, std::size_t parameter_bytes, bool text_once = false) {
  request.chunk(bytes);
  return {std::move(request), parameter_bytes, text_once};
}

Rings any_rings() {
  const bool packed = GENERATE(false, true);
  const bool indirect = GENERATE(false, true);
  return {packed, indirect};
}

std::uint64_t id_in(const Bytes& created) {
  std::uint64_t id = 0;
  std::uint32_t status = 1;
  std::memcpy(&id, created.data(), 8);
  std::memcpy(&status, created.data() + 8, 4);
  REQUIRE(status == kOk);
  return id;
}

constexpr std::size_t kCreateBytes = 16 + 56, kHeaderBytes = 24 + 48;

}  // namespace

TEST_CASE("Fetch once: sessions and requests on them", "[hostile][fetch]") {
  const Rings rings = any_rings();
  const std::size_t piece = GENERATE(1U, 8U, 16U);
  INFO((rings.packed ? "packed, " : "split, ") << (rings.indirect ? "indirect, " : "direct, ") << piece);
  Bench bench(polled_device(), 0, rings);
  const std::uint64_t id = id_in(bench.call(
      1, pieces(CryptoDriver::cipher_create(kAesCbc, kKey, kEncrypt), piece, kCreateBytes + kKey.size())));
  const Request request = CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain);
  const Bytes answer = bench.call(0, pieces(request, piece, kHeaderBytes + kIv.size()));
  REQUIRE(std::to_integer<std::uint8_t>(answer.back()) == kOk);
  CHECK(Bytes(answer.begin(), answer.end() - 1) == kCbc);
  const Bytes closed = bench.call(1, pieces(CryptoDriver::destroy(kCipherDestroy, id), piece, kCreateBytes));
  CHECK(std::to_integer<std::uint8_t>(closed.back()) == kOk);
}

TEST_CASE("Fetch once: an indirect table that is copied without overlap", "[hostile][fetch]") {
  const bool packed = GENERATE(false, true);
  Bench bench(polled_device(), 0, {packed, true});
  const std::uint64_t id =
      id_in(bench.call(1, {CryptoDriver::cipher_create(kAesCbc, kKey, kEncrypt), 0, false}));
  // Header, IV and text each in a piece of its own, then result and status: as many entries as fill 128
  // bytes.
  Request request = CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain);
  request.writable(1).writable(1).writable(1);
  const Bytes answer = bench.call(0, {request, 0, false});
  REQUIRE(std::to_integer<std::uint8_t>(answer.back()) == kOk);
  CHECK(Bytes(answer.begin(), answer.begin() + 16) == kCbc);
}

TEST_CASE("Fetch once: requests that bring their keys", "[hostile][fetch][stateless]") {
  const Rings rings = any_rings();
  const std::size_t piece = GENERATE(1U, 8U);
  constexpr std::uint64_t kStatelessFeatures = 0x3F;
  Bench bench(polled_device(), kStatelessFeatures, rings);
  const Target target{.layout = Layout::kStateless, .session = 0};
  const CipherSubject subject{.algorithm = kAesCbc, .op = kEncrypt, .key = kKey};
  const Request request = cipher_request(target, subject, kIv, kPlain, kPlain.size());
  // Header of 24, fixed part of 80 bytes.
  const Bytes answer = bench.call(0, pieces(request, piece, 24 + 80 + kKey.size() + kIv.size()));
  REQUIRE(std::to_integer<std::uint8_t>(answer.back()) == kOk);
  CHECK(Bytes(answer.begin(), answer.end() - 1) == kCbc);
}

TEST_CASE("Fetch once: AEAD decryption reads text, tag and additional data once", "[hostile][fetch][aead]") {
  // SP 800-38D's first test case with text: AES-128-GCM, key, IV and text of zeros.
  const Bytes key(16), iv(12);
  const Bytes sealed = from_hex("0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf");
  constexpr std::uint32_t kGcm = 1;
  constexpr std::uint64_t kStatelessFeatures = 0x3F;
  const Rings rings = any_rings();
  Bench bench(polled_device(), kStatelessFeatures, rings);
  const Target target{.layout = Layout::kStateless, .session = 0};
  const AeadSubject subject{.algorithm = kGcm, .op = kDecrypt, .tag_bytes = 16, .aad_bytes = 0, .key = key};
  const Bytes answer = bench.call(0, pieces(aead_request(target, subject, iv, sealed, {}, 16), 1, 0, true));
  REQUIRE(std::to_integer<std::uint8_t>(answer.back()) == kOk);
  CHECK(Bytes(answer.begin(), answer.end() - 1) == Bytes(16));
}

TEST_CASE("Fetch once: the draft's sessions and requests", "[hostile][fetch][rfc-v2]") {
  using namespace rfc_v2;
  const Rings rings = any_rings();
  const bool brings_session = GENERATE(false, true);
  auto device = polled_device();
  device.dialect = &devices::crypto_dev::rfc_v2_dialect();
  device.extensions = virtio::FeatureSet::all();
  Bench bench(device, kFeatureStatus | kFeatureAlgs | kFeatureInline, rings);
  Data data = cbc_data(0);
  data.flags = brings_session ? kEndOfSession : 0;
  std::size_t parameters = rfc_v2::kHeaderBytes + 4;
  if (brings_session) {
    data.session = cbc_session();
    parameters += kSessionBytes + 16;
  } else {
    const Bytes created = bench.call(1, pieces(create(cbc_session()), 1, 1 + kSessionBytes + 16));
    REQUIRE(std::to_integer<std::uint8_t>(created.front()) == rfc_v2::kOk);
    data.header.session = le64_at(created, 1);
  }
  const Bytes answer = bench.call(0, pieces(request(data), 1, parameters + 16));  // and the IV
  REQUIRE(std::to_integer<std::uint8_t>(answer.back()) == rfc_v2::kOk);
  CHECK(Bytes(answer.begin(), answer.begin() + 32) == cbc_result());
}
