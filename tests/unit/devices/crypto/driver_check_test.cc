// Judging a driver: each wrong of the scenes is reported under its statement, and who does all right is not
// reported.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/request_set.h"
#include "tests/unit/devices/crypto/watched.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

using devices::crypto_dev::DriverCheck;
using Ids = std::set<std::string>;

std::vector<Scene> all_scenes() {
  std::vector<Scene> scenes = transport_scenes();
  for (const auto& more : {ring_scenes(), request_scenes()})
    scenes.insert(scenes.end(), more.begin(), more.end());
  return scenes;
}

Ids rules() {
  Ids ids(DriverCheck::statements().begin(), DriverCheck::statements().end());
  ids.insert(DriverCheck::request_statements().begin(), DriverCheck::request_statements().end());
  return ids;
}

constexpr std::uint64_t kAllRing = feature::kIndirectDesc | feature::kEventIdx | feature::kVersion1 |
                                   feature::kAccessPlatform | feature::kOrderPlatform |
                                   feature::kNotifConfigData;

// Everything offered is accepted, but for those.
Setup well_behaved(bool packed, std::uint64_t features) {
  return {.packed = packed,
          .more = features,
          .less = DriverOptions{}.features & ~features,
          .offered = features | (packed ? feature::kRingPacked : 0)};
}

}  // namespace

TEST_CASE("Driver check: what a driver does wrong is found under its statement", "[crypto][driver-check]") {
  for (const Scene& scene : all_scenes()) {
    INFO(scene.violates.front());
    Watched watched(scene.setup);
    scene.act(watched);
    const Ids violated = watched.violated();
    for (const std::string& id : scene.violates) {
      INFO(id);
      CHECK(violated.count(id) == 1);
      CHECK_FALSE(watched.evidence(id).empty());
    }
  }
}

TEST_CASE("Driver check: every rule has a scene that it is for, and no scene is without rule",
          "[crypto][driver-check]") {
  Ids triggered;
  for (const Scene& scene : all_scenes())
    triggered.insert(scene.violates.begin(), scene.violates.end());
  CHECK(triggered == rules());
}

TEST_CASE("Driver check: a driver that does all right violates nothing", "[crypto][driver-check]") {
  const bool packed = GENERATE(false, true);
  const std::uint64_t ring_features =
      GENERATE(std::uint64_t{0}, feature::kIndirectDesc, feature::kEventIdx, feature::kInOrder,
               feature::kNotificationData, feature::kIndirectDesc | feature::kInOrder);
  Watched watched(well_behaved(packed, kAllRing | feature::kRingReset | ring_features));
  for (int round = 0; round < 2; ++round) {
    const std::vector<Work> set = request_set(1);
    for (const Work& work : set)
      CHECK(perform(watched.driver, Layout::kPadded, work).status == wire_number::kOk);
    watched.driver.reset_queue(0);
    watched.driver.enable_queue(0, 64);
    CHECK(perform(watched.driver, Layout::kPadded, set.front()).status == wire_number::kOk);
    watched.driver.start();
  }
  CHECK(watched.violated() == Ids());
  for (const char* id : {"INIT-DRV-001", "VQRST-DRV-001", "PCI-DRV-036", "CRYPTO-DRV-022", "CRYPTO-DRV-033",
                         "CLEAN-DRV-001", "CFG-DRV-003"}) {
    INFO(id);
    CHECK(watched.kept().count(id) == 1);
  }
}

TEST_CASE("Driver check: requests in every layout, whole and in pieces, are right",
          "[crypto][driver-check]") {
  const bool packed = GENERATE(false, true);
  const auto layout = GENERATE(Layout::kPadded, Layout::kRevision1, Layout::kStateless);
  Setup setup = well_behaved(packed, kAllRing | features_of(layout));
  setup.ring_size = 256;  // no chain is longer than that
  Watched watched(setup);
  for (const Work& work : request_set(2)) {
    INFO(work.name);
    CHECK(perform(watched.driver, layout, work, {.chunk = 7, .indirect = true}).status == wire_number::kOk);
  }
  const Ids violated = watched.violated();
  CHECK(violated == Ids());
  CHECK(watched.kept().count(layout == Layout::kStateless ? "CRYPTO-DRV-035" : "CRYPTO-DRV-033") == 1);
}

TEST_CASE("Driver check: notifications come as accesses when they are to be seen, and only then",
          "[crypto][driver-check]") {
  Watched watched;
  CHECK(watched.driver.function().doorbells().empty());
  CryptoDriver unwatched;
  CHECK(unwatched.function().doorbells().size() == 2);
}

TEST_CASE("Driver check: occurrences are counted, and the first kept with the request decoded",
          "[crypto][driver-check]") {
  Watched watched;
  for (int i = 0; i < 10; ++i)
    watched.driver.call(0, CryptoDriver::cipher(wire_number::kCipherEncrypt, 99, Bytes(16), Bytes(16)));
  const auto tallies = watched.verdicts.tallies();
  const auto found = std::find_if(tallies.begin(), tallies.end(),
                                  [](const auto& tally) { return tally.statement == "CRYPTO-DRV-033"; });
  REQUIRE(found != tallies.end());
  CHECK(found->violated == 10);
  CHECK(found->evidence.size() == virtio::DriverVerdicts::kMostEvidence);
  CHECK(found->evidence.front().find("crypto0 dataq0 chain ") != std::string::npos);
  CHECK(found->evidence.front().find("session_id                   0x63") != std::string::npos);
}

TEST_CASE("Driver check: of the draft's driver transport and rings alone are judged",
          "[crypto][driver-check][rfc-v2]") {
  virtio::DriverVerdicts verdicts;
  auto options = polled_device();
  options.dialect = &devices::crypto_dev::rfc_v2_dialect();
  options.check = std::make_shared<DriverCheck>(verdicts, "crypto0", *options.dialect, options.queue_size);
  CryptoDriver driver(options, {.by_the_book = true});
  driver.call(0, Request().readable(Bytes(64)).writable(1));
  for (const auto& [offset, bytes] : {std::pair(0U, 2U), std::pair(2U, 2U), std::pair(4U, 4U)}) {
    [[maybe_unused]] const std::uint32_t field = driver.pci().read(4, offset, bytes);
  }
  bool has_transport = false;
  constexpr std::uint64_t read_at_once = 1;  // the first two fields, by read_all_device_config()
  for (const auto& tally : verdicts.tallies()) {
    CHECK(tally.statement.substr(0, 6) != "CRYPTO");
    if (tally.statement == "PCI-DRV-005") CHECK(tally.violated == read_at_once);
    has_transport = has_transport || tally.statement == "INIT-DRV-001";
  }
  CHECK(has_transport);
}

TEST_CASE("Driver check: queues on threads of their own are judged together", "[crypto][driver-check]") {
  virtio::DriverVerdicts verdicts;
  devices::crypto_dev::DeviceOptions options{.data_queues = 2, .io_threads = 2, .workers = 1};
  options.check = std::make_shared<DriverCheck>(verdicts, "crypto0", *options.dialect, options.queue_size);
  {
    CryptoDriver driver(options, {.by_the_book = true});
    const Bytes key(16);
    const std::uint64_t id = driver.create_cipher(wire_number::kAesCbc, key, wire_number::kEncrypt);
    const Bytes text(4096);
    for (int i = 0; i < 100; ++i) {
      const Request request = CryptoDriver::cipher(wire_number::kCipherEncrypt, id, Bytes(16), text);
      const std::uint16_t first = driver.submit(0, request);
      const std::uint16_t second = driver.submit(1, request);
      CHECK(driver.wait(0, first).status() == wire_number::kOk);
      CHECK(driver.wait(1, second).status() == wire_number::kOk);
    }
  }
  std::uint64_t kept = 0;
  for (const auto& tally : verdicts.tallies()) {
    INFO(tally.statement);
    CHECK((tally.violated == 0 || tally.statement.substr(0, 4) == "RSVD"));
    if (tally.statement == "CRYPTO-DRV-033") kept = tally.kept;
  }
  CHECK(kept == 200);
}
