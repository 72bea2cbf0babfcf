// Keys in this process's memory: there while a session is open, gone when it is, in whatever way it ended.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/hostile/key_cases.h"
#include "tests/unit/hostile/memory_scan.h"
#include "virtcrypt/devices/crypto/driver_check.h"
#include "virtcrypt/virtio/driver_check/verdicts.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

using devices::crypto_dev::DeviceOptions;

constexpr std::uint64_t kAllStateless = 0x3F;
constexpr std::size_t kSmall = 64, kBig = std::size_t{128} << 10;  // on the I/O thread, on a worker

// Where looking after each algorithm would take long.
constexpr std::size_t kScanEach = 4;

DeviceOptions threaded() {
  return {.data_queues = 1, .io_threads = 1, .workers = 1, .max_sessions = 1024};
}

DriverOptions driver_options(std::uint64_t features, bool packed) {
  DriverOptions options;
  options.features |= features;
  options.ring_size = 256;
  options.packed = packed;
  return options;
}

// A device, and the driver whose memory is the one place where the keys are in the clear.
struct Host {
  explicit Host(std::uint64_t features = kAllStateless, bool packed = false,
                const DeviceOptions& device = threaded())
      : driver(std::make_unique<CryptoDriver>(device, driver_options(features, packed))), calls(*driver) {}

  [[nodiscard]] std::vector<Hit> scan(const Secrets& secrets) const {
    std::vector<std::span<std::byte>> guest;
    if (driver != nullptr) {
      for (const virtio::MemoryRegion& region : driver->memory().memory().regions())
        guest.push_back(region.host);
    }
    return scan_memory(secrets, guest);
  }

  void clear_guest_memory() const {
    for (const virtio::MemoryRegion& region : driver->memory().memory().regions())
      std::fill(region.host.begin(), region.host.end(), std::byte{0});
  }

  std::unique_ptr<CryptoDriver> driver;
  SealedCalls calls;
};

std::uint64_t open(Host& host, const KeyCase& one, const Bytes& sealed) {
  const Bytes written =
      host.calls.call(host.driver->control_queue(), one.create(Layout::kRevision1, sealed), sealed);
  std::uint64_t id = 0;
  std::uint32_t status = 1;
  std::memcpy(&id, written.data(), 8);
  std::memcpy(&status, written.data() + 8, 4);
  INFO(one.kind.name);
  REQUIRE(status == wire_number::kOk);
  return id;
}

void use(Host& host, const KeyCase& one, std::uint64_t id, std::size_t text) {
  const Target target{.layout = Layout::kRevision1, .session = id};
  const Bytes written = host.calls.call(0, one.request(target, {}, text), {});
  // Text that nobody has enciphered is refused by those who can tell, after all the work; CCM refuses a text
  // that is too long for its nonce.
  INFO(one.kind.name);
  const auto status = std::to_integer<std::uint8_t>(written.back());
  REQUIRE((status == wire_number::kOk || status == wire_number::kBadMsg ||
           (status == wire_number::kErr && (text == kBig || one.kind.expansion == Expansion::kRsa))));
}

void close(Host& host, const KeyCase& one, std::uint64_t id) {
  const Bytes written = host.calls.call(host.driver->control_queue(),
                                        destroy_request(Layout::kRevision1, one.destroy_opcode, id), {});
  REQUIRE(std::to_integer<std::uint8_t>(written.back()) == wire_number::kOk);
}

std::vector<std::uint64_t> open_all(Host& host, const std::vector<KeyCase>& cases, const Secrets& secrets) {
  std::vector<std::uint64_t> ids;
  for (std::size_t i = 0; i < cases.size(); ++i)
    ids.push_back(open(host, cases[i], secrets.sealed[i]));
  return ids;
}

void use_all(Host& host, const std::vector<KeyCase>& cases, const std::vector<std::uint64_t>& ids) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    use(host, cases[i], ids[i], kSmall);
    use(host, cases[i], ids[i], kBig);
  }
}

// Every key, or what it is expanded to, is there: the scanner can see it. A core dump would not have it.
void check_all_found(const Secrets& secrets, const std::vector<Hit>& hits) {
  std::set<std::uint32_t> found;
  for (const Hit& hit : hits) {
    found.insert(hit.secret);
    INFO(describe(secrets, std::span(&hit, 1)));
    CHECK_FALSE(hit.dumped);
  }
  for (std::uint32_t i = 0; i < secrets.names.size(); ++i) {
    INFO(secrets.names[i]);
    CHECK(found.count(i) == 1);
  }
}

void check_none_found(const Secrets& secrets, const std::vector<Hit>& hits) {
  INFO(describe(secrets, hits));
  CHECK(hits.empty());
}

Host draft_host() {
  auto device = threaded();
  device.dialect = &devices::crypto_dev::rfc_v2_dialect();
  device.extensions = virtio::FeatureSet::all();
  return Host(rfc_v2::kFeatureStatus | rfc_v2::kFeatureAlgs | rfc_v2::kFeatureInline, false, device);
}

rfc_v2::Data draft_data(const DraftCase& one, std::uint64_t id, std::size_t text) {
  const Bytes iv(one.iv_bytes), source(text, std::byte{0x11});
  return rfc_v2::data_of(id, iv, source, {}, one.has_output ? text : 0, one.digest_bytes);
}

}  // namespace

TEST_CASE("Keys: in memory while sessions are open, wiped when each is destroyed", "[hostile][keys]") {
  const std::vector<KeyCase> cases = key_cases();
  const Secrets secrets = secrets_of(cases);
  Host host;
  check_none_found(secrets, host.scan(secrets));
  const std::vector<std::uint64_t> ids = open_all(host, cases, secrets);
  use_all(host, cases, ids);
  check_all_found(secrets, host.scan(secrets));
  for (std::size_t i = 0; i < cases.size(); ++i)
    close(host, cases[i], ids[i]);
  check_none_found(secrets, host.scan(secrets));
  // One by one, so that none covers what another leaves behind.
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].kind.name);
    const std::uint64_t id = open(host, cases[i], secrets.sealed[i]);
    use(host, cases[i], id, kSmall);
    use(host, cases[i], id, kBig);
    close(host, cases[i], id);
    check_none_found(secrets, host.scan(secrets));
  }
}

TEST_CASE("Keys: requests that bring theirs leave nothing behind", "[hostile][keys][stateless]") {
  const std::vector<KeyCase> cases = key_cases();
  const Secrets secrets = secrets_of(cases);
  Host host;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].kind.name);
    for (const std::size_t text : {kSmall, kBig}) {
      const Target target{.layout = Layout::kStateless, .session = 0};
      host.calls.call(0, cases[i].request(target, secrets.sealed[i], text), secrets.sealed[i]);
    }
    check_none_found(secrets, host.scan(secrets));
  }
}

TEST_CASE("Keys: a reset wipes all sessions", "[hostile][keys][reset]") {
  const std::vector<KeyCase> cases = key_cases();
  const Secrets secrets = secrets_of(cases);
  Host host;
  use_all(host, cases, open_all(host, cases, secrets));
  check_all_found(secrets, host.scan(secrets));
  host.driver->reset();
  check_none_found(secrets, host.scan(secrets));
  CHECK(host.driver->device().stats().sessions_open == 0);
}

TEST_CASE("Keys: requests that a reset overtakes leave none behind", "[hostile][keys][reset][stateless]") {
  const bool whole_device = GENERATE(false, true);
  const bool packed = GENERATE(false, true);
  const std::vector<KeyCase> cases = key_cases();
  const Secrets secrets = secrets_of(cases);
  Host host(kAllStateless | feature::kRingReset, packed);
  const Target target{.layout = Layout::kStateless, .session = 0};
  for (int round = 0; round < 8; ++round) {
    // More than a batch, so that some have begun, on both kinds of threads, and some have not.
    for (std::size_t i = 0; i < 12; ++i) {
      const std::size_t one = (static_cast<std::size_t>(round) * 12 + i) % cases.size();
      host.calls.submit(0, cases[one].request(target, secrets.sealed[one], kBig / 4), secrets.sealed[one]);
    }
    if (whole_device) {
      host.driver->reset();
      check_none_found(secrets, host.scan(secrets));
      REQUIRE(host.driver->start());
    } else {
      host.driver->reset_queue(0);
      check_none_found(secrets, host.scan(secrets));
      host.driver->memory().rewind(0);
      host.driver->reset();
      REQUIRE(host.driver->start());
    }
    host.calls = SealedCalls(*host.driver);
  }
}

TEST_CASE("Keys: a device that is destroyed takes its keys with it", "[hostile][keys]") {
  const std::vector<KeyCase> cases = key_cases();
  const Secrets secrets = secrets_of(cases);
  Host host;
  use_all(host, cases, open_all(host, cases, secrets));
  // Guest memory may become heap when it is freed.
  host.clear_guest_memory();
  check_all_found(secrets, host.scan(secrets));
  host.driver.reset();
  check_none_found(secrets, host.scan(secrets));
}

TEST_CASE("Keys: of sessions that are refused none is kept", "[hostile][keys]") {
  const std::vector<KeyCase> cases = key_cases();
  const Secrets secrets = secrets_of(cases);
  auto device = threaded();
  device.max_sessions = 1;
  const bool is_full = GENERATE(false, true);
  Host host(kAllStateless, false, device);
  if (is_full) open(host, cases.front(), secrets.sealed.front());
  for (std::size_t i = 1; i < cases.size(); ++i) {
    INFO(cases[i].kind.name);
    // Whole and with the table full, or a byte short, which only MACs take.
    Bytes sealed = secrets.sealed[i];
    if (!is_full) sealed.pop_back();
    const Bytes written =
        host.calls.call(host.driver->control_queue(), cases[i].create(Layout::kRevision1, sealed), sealed);
    if (written[8] == std::byte{wire_number::kOk}) {
      std::uint64_t id = 0;
      std::memcpy(&id, written.data(), 8);
      close(host, cases[i], id);
    }
    if (i % kScanEach != 0) continue;
    std::vector<Hit> hits = host.scan(secrets);
    std::erase_if(hits, [](const Hit& hit) { return hit.secret == 0; });
    check_none_found(secrets, hits);
  }
}

TEST_CASE("Keys: traces and reports about the driver keep none", "[hostile][keys][trace]") {
  const std::vector<KeyCase> cases = key_cases();
  const Secrets secrets = secrets_of(cases);
  auto device = threaded();
  std::vector<std::string> texts;
  device.trace = std::make_shared<devices::crypto_dev::RequestTrace>(
      [&texts](std::string_view text) { texts.emplace_back(text); });
  virtio::DriverVerdicts verdicts;
  device.check = std::make_shared<devices::crypto_dev::DriverCheck>(verdicts, device.name, *device.dialect,
                                                                    device.queue_size);
  Host host(kAllStateless, false, device);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].kind.name);
    const std::uint64_t id = open(host, cases[i], secrets.sealed[i]);
    use(host, cases[i], id, kSmall);
    close(host, cases[i], id);
    const Target target{.layout = Layout::kStateless, .session = 0};
    host.calls.call(0, cases[i].request(target, secrets.sealed[i], kSmall), secrets.sealed[i]);
    if (i % kScanEach == 0) check_none_found(secrets, host.scan(secrets));
  }
  CHECK(texts.size() == 4 * cases.size());
}

TEST_CASE("Keys: the draft's sessions are wiped when they are closed", "[hostile][keys][rfc-v2]") {
  using namespace rfc_v2;
  const std::vector<DraftCase> cases = draft_cases();
  const Secrets secrets = secrets_of(cases);
  Host host = draft_host();
  const std::uint16_t control = host.driver->control_queue();
  const auto open_one = [&](std::size_t i) {
    const Bytes& sealed = secrets.sealed[i];
    const Bytes created = host.calls.call(control, create(cases[i].session(sealed)), sealed);
    REQUIRE(std::to_integer<std::uint8_t>(created.front()) == kOk);
    const std::uint64_t id = le64_at(created, 1);
    Data data = draft_data(cases[i], id, kSmall);
    data.flags = 0;
    REQUIRE(std::to_integer<std::uint8_t>(host.calls.call(0, request(data), {}).back()) == kOk);
    return id;
  };
  std::vector<std::uint64_t> ids;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].kind.name);
    ids.push_back(open_one(i));
  }
  check_all_found(secrets, host.scan(secrets));
  for (const std::uint64_t id : ids)
    REQUIRE(std::to_integer<std::uint8_t>(host.calls.call(control, rfc_v2::close(id), {}).back()) == kOk);
  check_none_found(secrets, host.scan(secrets));
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].kind.name);
    host.calls.call(control, rfc_v2::close(open_one(i)), {});
    if (i % kScanEach == 0) check_none_found(secrets, host.scan(secrets));
  }
}

TEST_CASE("Keys: of requests that bring the draft's sessions", "[hostile][keys][rfc-v2]") {
  using namespace rfc_v2;
  const std::vector<DraftCase> cases = draft_cases();
  const Secrets secrets = secrets_of(cases);
  Host host = draft_host();
  for (std::size_t i = 0; i < cases.size(); ++i) {
    INFO(cases[i].kind.name);
    for (const std::size_t text : {kBig / 4, kSmall}) {
      Data data = draft_data(cases[i], 0, text);
      data.session = cases[i].session(secrets.sealed[i]);
      data.flags = kEndOfSession;
      host.calls.call(0, request(data), secrets.sealed[i]);
      if (text == kSmall && i % kScanEach == 0) check_none_found(secrets, host.scan(secrets));
      // Kept, then ended by the next.
      data.flags = 0;
      const Bytes kept = host.calls.call(0, request(data), secrets.sealed[i]);
      Data last = draft_data(cases[i], le64_at(kept, kept.size() - 9), text);
      REQUIRE(last.header.session != 0);
      last.flags = kEndOfSession;
      host.calls.call(0, request(last), {});
      if (text == kSmall) check_none_found(secrets, host.scan(secrets));
    }
  }
  CHECK(host.driver->device().stats().sessions_open == 0);
}
