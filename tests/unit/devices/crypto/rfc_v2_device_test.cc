// The device of the draft as its driver meets it: identity, features, config space, initialization in the
// draft's order, queues with and without MQ, readiness.
#include <cstdint>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/devices/crypto/rfc_v2_bench.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::rfc_v2;

namespace {

constexpr std::uint8_t kDeviceConfig = 4;
constexpr std::uint64_t kMqAll = kFeatureStatus | kFeatureMq | kFeatureAlgs;

devices::crypto_dev::DeviceOptions threaded(std::uint16_t queues, std::size_t io_threads) {
  auto options = draft_device(queues);
  options.io_threads = io_threads;
  options.workers = 1;
  return options;
}

}  // namespace

TEST_CASE("RFC v2: the PCI identity is an experimental one", "[crypto][rfc-v2][G-38]") {
  Bench bench;
  auto& function = bench.driver.function();
  CHECK(function.config_read(0x00, 4) == 0x10FF'1AF4);
  CHECK(function.config_read(0x08, 1) == 1);
  CHECK(function.config_read(0x2C, 4) == 0xFFFF'1AF4);
}

TEST_CASE("RFC v2: features are STATUS, MQ and ALGS; INLINE_SESSION only when asked for",
          "[crypto][rfc-v2]") {
  constexpr std::uint64_t kSpecific = 0xFF'FFFF;
  Bench plain;
  CHECK((plain.driver.pci().offered() & kSpecific) == kMqAll);
  CHECK((plain.driver.pci().offered() & feature::kVersion1) != 0);
  Bench extended(draft_device(1, true));
  CHECK((extended.driver.pci().offered() & kSpecific) == (kMqAll | kFeatureInline));
  Bench refused(draft_device(), draft_driver(kFeatureInline));  // not offered
  CHECK((refused.driver.pci().device_status() & status::kFeaturesOk) == 0);
}

TEST_CASE("RFC v2: config space, each feature switched off", "[crypto][rfc-v2][G-31]") {
  const std::uint64_t off = GENERATE(std::uint64_t{0}, kFeatureStatus, kFeatureMq, kFeatureAlgs, kMqAll);
  auto options = draft_device(5);
  options.offered = virtio::FeatureSet(~off);
  Bench bench(options, {.start = false});
  PciDriver& pci = bench.driver.pci();
  CHECK((pci.offered() & kMqAll) == (kMqAll & ~off));
  CHECK(pci.structures().at(kDeviceConfig).length == kConfigBytes);
  CHECK(pci.read(kDeviceConfig, kConfigStatus, 2) == ((off & kFeatureStatus) != 0 ? 0U : 1U));
  CHECK(pci.read(kDeviceConfig, kConfigMaxVirtqueues, 2) == ((off & kFeatureMq) != 0 ? 0U : 5U));
  CHECK(pci.read(kDeviceConfig, kConfigAlgorithms, 4) == ((off & kFeatureAlgs) != 0 ? 0U : 1U));
  CHECK(pci.read_common(common::kNumQueues, 2) == 6);
}

TEST_CASE("RFC v2: initialization in the draft's order, then the draft's example byte for byte",
          "[crypto][rfc-v2][5.5]") {
  const bool packed = GENERATE(false, true);
  Bench bench(draft_device(2), draft_driver(kMqAll, packed));  // queues before config space, as 1.4 has it
  PciDriver& pci = bench.driver.pci();
  CHECK(pci.read(kDeviceConfig, kConfigStatus, 2) == 1);
  CHECK(pci.read(kDeviceConfig, kConfigMaxVirtqueues, 2) == 2);
  CHECK(pci.read(kDeviceConfig, kConfigAlgorithms, 4) == 1);

  Request create;
  create.readable(
      from_hex("01 01000000 03000000 10000000 01"
               "00000000 00000000 00000000 00000000 00000000 00000000 00"
               "2b7e151628aed2a6abf7158809cf4f3c"));
  const Answer created = bench.driver.call(2, create.writable(9));
  CHECK(created.used_length == 9);
  REQUIRE(created.written.front() == std::byte{0});
  const std::uint64_t id = le64_at(created.written, 1);
  CHECK(id != 0);

  Wire header;
  header.le64(id).bytes(
      from_hex("10000000 00000000 00000000 00000000 10000000 20000000"
               "00000000 00000000 30000000"));
  CHECK(header.done().size() == 44);
  Request encrypt;
  encrypt.readable(header).readable(cbc_data(id).memory).writable(33);
  const Answer answer = bench.driver.call(1, encrypt);
  CHECK(answer.used_length == 33);
  CHECK(is_cbc_answer(answer));
  CHECK(bench.close(id) == kOk);
}

TEST_CASE("RFC v2: without MQ queue 1 is the control queue, and the others have no use",
          "[crypto][rfc-v2][G-30]") {
  Bench bench(draft_device(3));
  CHECK(bench.driver.control_queue() == 1);
  CHECK(bench.driver.pci().read_common(common::kNumQueues, 2) == 4);
  const std::uint64_t id = bench.open(cbc_session());
  CHECK(is_cbc_answer(bench.call(cbc_data(id))));
  CHECK(bench.close(id) == kOk);
  CHECK(bench.driver.device().stats().sessions_created == 1);
  CHECK(bench.driver.device().stats().sessions_destroyed == 1);
}

TEST_CASE("RFC v2: surplus queues can be set up without harm", "[crypto][rfc-v2][G-30]") {
  auto driver_options = draft_driver();
  driver_options.data_queues = 3;  // sets queues 0 to 3 up, though it did not accept MQ
  driver_options.features |= feature::kRingReset;
  Bench bench(draft_device(3), driver_options);
  CryptoDriver& driver = bench.driver;
  const std::uint16_t lost = driver.submit(3, create(cbc_session()));
  const Answer created = driver.call(1, create(cbc_session()));
  REQUIRE(created.written.front() == std::byte{0});
  CHECK(is_cbc_answer(bench.call(cbc_data(le64_at(created.written, 1)))));
  CHECK_FALSE(driver.is_back(3, lost));
  driver.reset_queue(3);
  driver.reset_queue(1);
  driver.enable_queue(1, 16);
  driver.enable_queue(3, 16);
  CHECK(driver.call(1, create(cbc_session())).written.front() == std::byte{0});
  driver.reset();
  CHECK(driver.pci().device_status() == 0);
}

TEST_CASE("RFC v2: the control queue moves with each negotiation, threads and all",
          "[crypto][rfc-v2][G-30][lifecycle]") {
  const std::size_t io_threads = GENERATE(1U, 2U);
  auto options = threaded(2, io_threads);
  CryptoDriver driver(options, {.start = false});
  PciDriver& pci = driver.pci();
  for (int round = 0; round < 20; ++round) {
    const bool mq = round % 2 == 0;
    driver.memory().rewind(0);
    REQUIRE(pci.negotiate(feature::kVersion1 | (mq ? kFeatureMq : 0)));
    SplitRing control(driver.memory(), 16, false);
    pci.set_queue(mq ? 2 : 1, control);
    pci.add_status(status::kDriverOk);
    const Bytes bytes = create_bytes(cbc_session());
    for (std::uint16_t i = 0; i < 5; ++i) {
      const Buffer in = driver.memory().allocate(bytes);
      const Buffer out = driver.memory().allocate(9);
      REQUIRE(control.add(std::vector<Segment>{{in.address, static_cast<std::uint32_t>(bytes.size()), false},
                                               {out.address, 9, true}}));
      pci.kick(mq ? 2 : 1);
      REQUIRE(driver.wait_until([&] { return control.used_index() == i + 1; }));
      CHECK(out.bytes.front() == std::byte{0});
    }
    CHECK(driver.device().stats().sessions_open == 5);
    driver.reset();
    CHECK(driver.device().stats().sessions_open == 0);
  }
}

TEST_CASE("RFC v2: one session on several queues at once, and closed meanwhile",
          "[crypto][rfc-v2][R-2][multiqueue]") {
  auto driver_options = draft_driver(kMqAll);
  driver_options.memory_bytes = std::size_t{64} << 20;
  Bench bench(threaded(4, 2), driver_options);
  for (int round = 0; round < 20; ++round) {
    const std::uint64_t id = bench.open(cbc_session());
    std::vector<std::pair<std::uint16_t, std::uint16_t>> heads;
    for (std::uint16_t i = 0; i < 32; ++i) {
      const std::uint16_t queue = i % 4;
      heads.emplace_back(queue, bench.driver.submit(queue, request(cbc_data(id))));
    }
    const bool early = round % 2 == 1;
    if (early) CHECK(bench.close(id) == kOk);
    for (const auto& [queue, head] : heads) {
      const Answer answer = bench.driver.wait(queue, head);
      CHECK((is_cbc_answer(answer) || (early && answer.status() == kErr)));
    }
    CHECK(bench.close(id) == (early ? kErr : kOk));
  }
  CHECK(bench.driver.device().stats().sessions_open == 0);
}

TEST_CASE("RFC v2: readiness goes away and comes back, told by the configuration interrupt",
          "[crypto][rfc-v2][G-32][G-33]") {
  Bench bench;
  CryptoDriver& driver = bench.driver;
  const std::uint64_t id = bench.open(cbc_session());
  const unsigned told = driver.slot().signals(0);
  const std::uint32_t generation = driver.pci().read_common(common::kConfigGeneration, 1);
  driver.device().set_ready(false);
  CHECK(driver.slot().signals(0) == told + 1);
  CHECK(driver.pci().read_common(common::kConfigGeneration, 1) != generation);
  CHECK(driver.pci().read(kDeviceConfig, kConfigStatus, 2) == 0);
  const Answer refused = bench.call(cbc_data(id));
  CHECK(refused.status() == kErr);
  CHECK(refused.used_length == 33);
  CHECK(refused.written == joined(Bytes(32), Bytes(1, std::byte{1})));
  CHECK(bench.create(cbc_session()).status == kErr);
  CHECK(bench.close(id) == kErr);
  driver.device().set_ready(true);
  CHECK(driver.slot().signals(0) == told + 2);
  CHECK(driver.pci().read(kDeviceConfig, kConfigStatus, 2) == 1);
  CHECK(is_cbc_answer(bench.call(cbc_data(id))));
  CHECK(bench.close(id) == kOk);
}

TEST_CASE("RFC v2: without STATUS nothing is told of readiness", "[crypto][rfc-v2][G-31]") {
  auto options = draft_device();
  options.offered = virtio::FeatureSet(~kFeatureStatus);
  Bench bench(options, draft_driver(kFeatureAlgs));
  const unsigned told = bench.driver.slot().signals(0);
  bench.driver.device().set_ready(false);
  bench.driver.device().set_ready(true);
  CHECK(bench.driver.slot().signals(0) == told);
  CHECK(bench.open(cbc_session()) != 0);
}

TEST_CASE("RFC v2: a reset drops all sessions, and ids are not used again", "[crypto][rfc-v2][G-27]") {
  Bench bench;
  const std::uint64_t id = bench.open(cbc_session());
  bench.driver.reset();
  REQUIRE(bench.driver.start());
  CHECK(bench.call(cbc_data(id)).status() == kErr);
  CHECK(bench.open(cbc_session()) != id);
}
