// Neither keys nor texts in what the device writes about requests: its log, traces, reports about drivers.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"
#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"
#include "tests/unit/devices/crypto/rsa_vectors.h"
#include "tests/unit/hostile/key_cases.h"
#include "virtcrypt/devices/crypto/driver_check.h"
#include "virtcrypt/devices/log.h"
#include "virtcrypt/virtio/driver_check/verdicts.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

using devices::crypto_dev::RequestTrace;

constexpr std::size_t kText = 64;
constexpr std::uint64_t kAllStateless = 0x3F;

// Looks for four bytes of a secret in a row: as they are, as hexadecimal digits, as a number of either byte
// order.
class Search {
 public:
  void add(std::span<const std::byte> secret) {
    for (std::size_t at = 0; at + 4 <= secret.size(); ++at) {
      std::uint32_t word = 0;
      std::memcpy(&word, secret.data() + at, 4);
      words_.insert(word);
      words_.insert(__builtin_bswap32(word));
    }
  }

  // What was found first, with what stands before it; empty: nothing.
  [[nodiscard]] std::string found_in(const std::string& text) const {
    for (std::size_t at = 0; at + 4 <= text.size(); ++at) {
      std::uint32_t word = 0;
      std::memcpy(&word, text.data() + at, 4);
      if (words_.count(word) != 0) return excerpt(text, at);
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (has_number(text, at, 16, 8) || has_number(text, at, 10, 10)) return excerpt(text, at);
    }
    return {};
  }

 private:
  // `digits` digits from here on, as a number of 32 bits.
  [[nodiscard]] bool has_number(const std::string& text, std::size_t at, int base, std::size_t digits) const {
    if (at + digits > text.size()) return false;
    const auto first = text.begin() + static_cast<std::ptrdiff_t>(at);
    if (!std::all_of(first, first + static_cast<std::ptrdiff_t>(digits), [base](char digit) {
          return (base == 16 ? std::isxdigit(digit) : std::isdigit(digit)) != 0;
        })) {
      return false;
    }
    const unsigned long value = std::stoul(text.substr(at, digits), nullptr, base);
    return value <= UINT32_MAX && words_.count(static_cast<std::uint32_t>(value)) != 0;
  }
  static std::string excerpt(const std::string& text, std::size_t at) {
    return text.substr(at < 100 ? 0 : at - 100, 140);
  }

  std::unordered_set<std::uint32_t> words_;
};

Bytes key_of(const SecretKind& kind, std::mt19937& random) {
  if (kind.expansion == Expansion::kRsa) return from_hex(rsa_vectors::kPrivateKeyDer);
  // RFC 6979, A.2.5.
  if (kind.expansion == Expansion::kEcdsa)
    return from_hex("30250201010420C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721");
  Bytes key(kind.key_bytes);
  std::generate(key.begin(), key.end(), [&random] { return static_cast<std::byte>(random() & 0xFFU); });
  return key;
}

// A device with all that can be told of it, and everything that is told.
struct Told {
  Told(const devices::crypto_dev::Dialect& dialect, std::uint64_t features, bool payload)
      : driver(options(dialect, payload), driver_options(features)) {
    devices::log().set_level(spdlog::level::trace);
  }

  devices::crypto_dev::DeviceOptions options(const devices::crypto_dev::Dialect& dialect, bool payload) {
    auto device = polled_device();
    device.dialect = &dialect;
    device.extensions = virtio::FeatureSet::all();
    device.trace = std::make_shared<RequestTrace>([this](std::string_view text) { all += text; }, payload);
    device.check =
        std::make_shared<devices::crypto_dev::DriverCheck>(verdicts, device.name, dialect, device.queue_size);
    return device;
  }
  static DriverOptions driver_options(std::uint64_t features) {
    DriverOptions made;
    made.features |= features;
    return made;
  }

  // The request, and what is left of it when it is cut.
  Answer call(std::uint16_t queue, const Request& request) {
    Bytes readable;
    std::size_t writable = 0;
    const std::size_t mark = driver.memory().mark();
    for (const Segment& segment : place(driver.memory(), request)) {
      const auto bytes = driver.memory().at(segment.address, segment.length);
      if (!segment.writable) readable.insert(readable.end(), bytes.begin(), bytes.end());
      if (segment.writable) writable += segment.length;
    }
    driver.memory().rewind(mark);
    for (std::size_t cut = 0; cut < std::min<std::size_t>(readable.size(), 200); cut += 23) {
      Request part;
      if (cut > 0) part.readable(std::span(readable).first(cut));
      driver.call(queue, part.writable(writable));
    }
    Request longer;  // and with a byte too many before the end
    readable.insert(readable.end() - 1, std::byte{0});
    driver.call(queue, longer.readable(readable).writable(writable));
    return driver.call(queue, request);
  }

  std::string everything() {
    for (const std::string& line : log.take())
      all += line + "\n";
    for (const auto& tally : verdicts.tallies()) {
      for (const std::string& evidence : tally.evidence)
        all += evidence + "\n";
    }
    return all;
  }

  std::string all;
  virtio::DriverVerdicts verdicts;
  CryptoDriver driver;
  rfc_v2::LogCapture log;
};

std::uint64_t id_in(const Answer& created) {
  std::uint64_t id = 0;
  std::memcpy(&id, created.written.data(), 8);
  return id;
}

void run_standard(Told& told, Layout layout, Search& search) {
  std::mt19937 random(4);
  for (const KeyCase& one : key_cases()) {
    const Bytes key = key_of(one.kind, random);
    search.add(key);
    Target target{.layout = layout, .session = 0};
    if (layout != Layout::kStateless) {
      target.session = id_in(told.call(1, one.create(layout, key)));
      // Keys that are too long, and a session that nobody has.
      Bytes longer = key;
      longer.push_back(std::byte{1});
      told.call(1, one.create(layout, longer));
      told.call(0, one.request({.layout = layout, .session = 77}, key, kText));
    }
    told.call(0, one.request(target, key, kText));
    if (layout != Layout::kStateless)
      told.driver.call(1, destroy_request(layout, one.destroy_opcode, target.session));
  }
  // A fault of the ring, and a device that is not ready.
  told.driver.device().set_ready(false);
  const KeyCase first = key_cases().front();
  told.driver.call(0, first.request({.layout = layout, .session = 1}, key_of(first.kind, random), kText));
  const Segment nowhere{1, 4096, false};
  REQUIRE(told.driver.any_ring(0).add(std::span(&nowhere, 1)));
  told.driver.kick(0);
  told.driver.device().run_ready();
  told.driver.reset();
}

void run_draft(Told& told, Search& search) {
  using namespace rfc_v2;
  std::mt19937 random(5);
  const Bytes text = text_of(kText);
  for (const DraftCase& one : draft_cases()) {
    const Bytes key = key_of(one.kind, random);
    search.add(key);
    const Answer created = told.call(1, create(one.session(key)));
    const Bytes iv(one.iv_bytes);
    Data data = data_of(le64_at(created.written, 1), iv, text, {}, one.has_output ? text.size() : 0,
                        one.digest_bytes);
    data.flags = 0;
    told.call(0, request(data));
    told.driver.call(1, close(data.header.session));
    data.session = one.session(key);
    data.header.session = 0;
    data.flags = kEndOfSession;
    told.call(0, request(data));
  }
}

}  // namespace

TEST_CASE("Texts: logs, traces and reports hold no key and no text", "[hostile][keys][log][trace]") {
  const bool payload = GENERATE(false, true);  // with it they do: the search can see them
  const int what = GENERATE(0, 1, 2, 3);
  Search search;
  search.add(std::span<const std::byte>(text_of(kText)).subspan(1));
  std::string all;
  if (what == 3) {
    Told told(devices::crypto_dev::rfc_v2_dialect(),
              rfc_v2::kFeatureStatus | rfc_v2::kFeatureAlgs | rfc_v2::kFeatureInline, payload);
    run_draft(told, search);
    all = told.everything();
  } else {
    constexpr Layout kLayouts[] = {Layout::kPadded, Layout::kRevision1, Layout::kStateless};
    constexpr std::uint64_t kFeatures[] = {0, 1, kAllStateless};
    Told told(devices::crypto_dev::standard_dialect(), kFeatures[what], payload);
    run_standard(told, kLayouts[what], search);
    all = told.everything();
  }
  CHECK(all.size() > 10'000);
  CHECK(all.find("debug crypto0: ") != std::string::npos);
  CHECK(search.found_in(all).empty() != payload);
  if (!payload) CHECK(search.found_in(all) == "");
}
