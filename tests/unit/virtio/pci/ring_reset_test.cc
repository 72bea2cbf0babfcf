// VIRTIO_F_RING_RESET (VIRTIO 1.4, 2.6.1 and 4.1.4.3): a driver resets one queue and enables it again.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/pci/known_block.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

constexpr std::uint64_t kFeatures =
    feature::kVersion1 | feature::kIndirectDesc | feature::kEventIdx | feature::kRingReset;

devices::crypto_dev::DeviceOptions threaded(std::size_t workers) {
  return {.data_queues = 2, .io_threads = 2, .workers = workers, .max_sessions = 64};
}

// The areas of a queue, and all that was allocated since `mark`.
Bytes memory_of(CryptoDriver& driver, std::uint16_t queue, std::size_t mark) {
  const DriverRing& ring = driver.any_ring(queue);
  const bool packed = dynamic_cast<const PackedRing*>(&ring) != nullptr;
  const std::size_t size = ring.size();
  Bytes content;
  const auto append = [&](std::uint64_t address, std::size_t bytes) {
    if (bytes == 0) return;
    const auto area = driver.memory().at(address, bytes);
    content.insert(content.end(), area.begin(), area.end());
  };
  append(ring.descriptor_area(), 16 * size);
  append(ring.driver_area(), packed ? 4 : 6 + 2 * size);
  append(ring.device_area(), packed ? 4 : 6 + 8 * size);
  append(TestMemory::kBase + mark, driver.memory().mark() - mark);
  return content;
}

}  // namespace

TEST_CASE("Queue reset: the register shows it until it is done, and then the queue is as new",
          "[pci][ring-reset][PCI-DEV-021][PCI-DEV-023][PCI-DEV-024][PCI-DEV-025][VQRST-DEV-003]") {
  CryptoDriver driver(polled_device(2), {.features = kFeatures, .packed = GENERATE(false, true)});
  PciDriver& pci = driver.pci();
  CHECK_FALSE(pci.queue_resets(1));
  pci.request_queue_reset(1);
  CHECK(pci.queue_resets(1));
  CHECK(pci.queue_resets(1));  // polling does not end it
  CHECK_FALSE(pci.queue_resets(0));
  driver.device().run_ready();
  CHECK_FALSE(pci.queue_resets(1));
  CHECK(pci.read_common(common::kQueueEnable, 2) == 0);
  CHECK(pci.read_common(common::kQueueSize, 2) == 256);
  CHECK(pci.read_common(common::kQueueVector, 2) == 0xFFFF);
  for (const std::uint32_t area : {common::kQueueDesc, common::kQueueDriver, common::kQueueDevice}) {
    CHECK(pci.read_common(area, 4) == 0);
    CHECK(pci.read_common(area + 4, 4) == 0);
  }
  CHECK(pci.device_status() == 0xF);
  pci.write_common(common::kQueueSelect, 2, 0);
  CHECK(pci.read_common(common::kQueueEnable, 2) == 1);
}

TEST_CASE("Queue reset: without the feature there is no such register", "[pci][ring-reset][4.1.4.3]") {
  CryptoDriver driver(polled_device(), {.features = feature::kVersion1, .packed = GENERATE(false, true)});
  PciDriver& pci = driver.pci();
  const std::uint64_t id = create_block_session(driver);
  pci.request_queue_reset(0);
  CHECK_FALSE(pci.queue_resets(0));
  driver.device().run_ready();
  CHECK(pci.read_common(common::kQueueEnable, 2) == 1);
  CHECK(is_right(driver.call(0, encrypt_blocks(id))));
}

TEST_CASE("Queue reset: requests that were not taken are not executed, and none is answered",
          "[pci][ring-reset][VQRST-DEV-001][VQRST-DEV-002]") {
  CryptoDriver driver(polled_device(2), {.features = kFeatures, .packed = GENERATE(false, true)});
  const std::uint64_t id = create_block_session(driver);
  const std::uint64_t requests = driver.device().stats().requests;
  for (int i = 0; i < 3; ++i)
    driver.submit(0, encrypt_blocks(id));
  driver.pci().request_queue_reset(0);
  while (driver.device().run_ready() > 0) {
  }
  CHECK_FALSE(driver.pci().queue_resets(0));
  driver.pci().kick(0);  // and from now on notifications do nothing
  driver.device().run_ready();
  CHECK(driver.device().stats().requests <= requests + 3);
  CHECK(driver.device().stats().in_flight == 0);
  const unsigned signals = driver.slot().signals(1);
  CHECK(is_right(driver.call(1, encrypt_blocks(id))));  // the other queue goes on
  CHECK(driver.slot().signals(1) == signals);
}

TEST_CASE("Queue reset: the queue comes back with any other size, and sessions are still there",
          "[pci][ring-reset][VQRST-DEV-004][A-30]") {
  const bool packed = GENERATE(false, true);
  CryptoDriver driver(polled_device(2), {.features = kFeatures, .packed = packed, .ring_size = 64});
  const std::uint64_t id = create_block_session(driver);
  REQUIRE(is_right(driver.call(0, encrypt_blocks(id))));
  const std::vector<std::uint16_t> sizes =
      packed ? std::vector<std::uint16_t>{5, 256, 7, 64} : std::vector<std::uint16_t>{8, 256, 64};
  for (const std::uint16_t size : sizes) {
    driver.reset_queue(0);
    CHECK(is_right(driver.call(1, encrypt_blocks(id))));
    driver.enable_queue(0, size);
    CHECK(driver.pci().read_common(common::kQueueEnable, 2) == 1);
    CHECK_FALSE(driver.pci().queue_resets(0));  // PCI-DEV-022
    CHECK(driver.pci().read_common(common::kQueueSize, 2) == size);
    const unsigned signals = driver.slot().signals(1);
    for (int i = 0; i < 300; ++i)
      REQUIRE(is_right(driver.call(0, encrypt_blocks(id))));
    CHECK(driver.slot().signals(1) > signals);
  }
}

TEST_CASE("Queue reset: what is on the ring when it is enabled again is served without a notification",
          "[pci][ring-reset][2.6.1.2]") {
  CryptoDriver driver(polled_device(), {.features = kFeatures});
  driver.reset_queue(1);
  SplitRing ring(driver.memory(), 16, true);
  const Buffer in = driver.memory().allocate(72);
  const Buffer out = driver.memory().allocate(16);
  REQUIRE(ring.add(std::vector<Segment>{{in.address, 72, false}, {out.address, 16, true}}));
  driver.pci().set_queue(1, ring, 2);
  driver.device().run_ready();
  CHECK(ring.used_index() == 1);
}

TEST_CASE("Queue reset: the control queue, too", "[pci][ring-reset]") {
  CryptoDriver driver(polled_device(), {.features = kFeatures, .packed = GENERATE(false, true)});
  const std::uint64_t before = create_block_session(driver);
  driver.reset_queue(1);
  CHECK(is_right(driver.call(0, encrypt_blocks(before))));
  driver.enable_queue(1, 16);
  const std::uint64_t after = create_block_session(driver);
  CHECK(is_right(driver.call(0, encrypt_blocks(after))));
  CHECK(driver.destroy_session(kCipherDestroy, before) == kOk);
}

TEST_CASE("Queue reset: while it goes on the queue cannot be touched", "[pci][ring-reset][hostile]") {
  CryptoDriver driver(polled_device(), {.features = kFeatures});
  PciDriver& pci = driver.pci();
  pci.request_queue_reset(0);
  const std::uint32_t area = pci.read_common(common::kQueueDesc, 4);
  pci.write_common(common::kQueueDesc, 4, 0x1000);
  pci.write_common(common::kQueueSize, 2, 2);
  pci.write_common(common::kQueueEnable, 2, 1);
  pci.write_common(common::kQueueReset, 2, 0);
  pci.write_common(common::kQueueReset, 2, 1);
  CHECK(pci.read_common(common::kQueueDesc, 4) == area);
  CHECK(pci.read_common(common::kQueueSize, 2) == 64);
  CHECK(pci.queue_resets(0));
  driver.device().run_ready();
  CHECK_FALSE(pci.queue_resets(0));
  CHECK(pci.read_common(common::kQueueEnable, 2) == 0);
  CHECK((pci.device_status() & status::kNeedsReset) == 0);
}

TEST_CASE("Queue reset: only a 1 to a queue that exists is one", "[pci][ring-reset][hostile]") {
  CryptoDriver driver(polled_device(), {.features = kFeatures});
  PciDriver& pci = driver.pci();
  pci.write_common(common::kQueueSelect, 2, 0);
  for (const std::uint32_t value : {0U, 2U, 3U, 0xFFFFU}) {
    pci.write_common(common::kQueueReset, 2, value);
    CHECK(pci.read_common(common::kQueueReset, 2) == 0);
  }
  for (const std::uint16_t queue : {std::uint16_t{2}, std::uint16_t{0xFFFF}}) {
    pci.request_queue_reset(queue);
    CHECK_FALSE(pci.queue_resets(queue));
  }
  driver.device().run_ready();
  const std::uint64_t id = create_block_session(driver);
  CHECK(is_right(driver.call(0, encrypt_blocks(id))));
}

TEST_CASE("Queue reset: before DRIVER_OK a queue has only registers to lose", "[pci][ring-reset]") {
  CryptoDriver driver(polled_device(), {.start = false});
  PciDriver& pci = driver.pci();
  pci.request_queue_reset(0);  // not even negotiated
  CHECK_FALSE(pci.queue_resets(0));
  REQUIRE(pci.negotiate(kFeatures));
  SplitRing ring(driver.memory(), 16, false);
  pci.set_queue(0, ring, 1);
  pci.request_queue_reset(0);
  CHECK_FALSE(pci.queue_resets(0));
  CHECK(pci.read_common(common::kQueueEnable, 2) == 0);
  CHECK(pci.read_common(common::kQueueSize, 2) == 256);
  CHECK(pci.read_common(common::kQueueVector, 2) == 0xFFFF);
  pci.set_queue(1, ring, 1);
  pci.add_status(status::kDriverOk);
  const Buffer in = driver.memory().allocate(72);
  const Buffer out = driver.memory().allocate(16);
  REQUIRE(ring.add(std::vector<Segment>{{in.address, 72, false}, {out.address, 16, true}}));
  pci.kick(1);
  driver.device().run_ready();
  CHECK(ring.used_index() == 1);
}

TEST_CASE("Queue reset: a queue that was left out at first can be enabled later only with the feature",
          "[pci][ring-reset][2.6.1.2][A-20]") {
  const bool negotiated = GENERATE(false, true);
  CryptoDriver driver(polled_device(), {.start = false});
  PciDriver& pci = driver.pci();
  REQUIRE(pci.negotiate(negotiated ? kFeatures : kFeatures & ~feature::kRingReset));
  pci.add_status(status::kDriverOk);
  SplitRing ring(driver.memory(), 16, false);
  const Buffer in = driver.memory().allocate(72);
  const Buffer out = driver.memory().allocate(16);
  REQUIRE(ring.add(std::vector<Segment>{{in.address, 72, false}, {out.address, 16, true}}));
  pci.set_queue(1, ring, 1);
  CHECK(pci.read_common(common::kQueueEnable, 2) == (negotiated ? 1 : 0));
  // Resetting one that is not enabled is done at once.
  pci.write_common(common::kQueueSelect, 2, 0);
  pci.write_common(common::kQueueSize, 2, 8);
  pci.request_queue_reset(0);
  CHECK_FALSE(pci.queue_resets(0));
  CHECK(pci.read_common(common::kQueueSize, 2) == 256);
  pci.kick(1);
  driver.device().run_ready();
  CHECK(ring.used_index() == (negotiated ? 1 : 0));
}

TEST_CASE("Queue reset: a queue that is enabled with bad areas needs a reset of the device",
          "[pci][ring-reset][STATUS-DEV-003][STATUS-DEV-004]") {
  CryptoDriver driver(polled_device(), {.features = kFeatures, .packed = GENERATE(false, true)});
  PciDriver& pci = driver.pci();
  driver.reset_queue(0);
  pci.write_common(common::kQueueDesc, 4, 0xFEE0'0000);
  pci.write_common(common::kQueueEnable, 2, 1);
  CHECK((pci.device_status() & status::kNeedsReset) != 0);
  CHECK(driver.slot().signals(0) == 1);
  // It has nothing to serve, so resetting it once more is quick.
  driver.reset_queue(0);
  driver.reset();
  REQUIRE(driver.start());
  const std::uint64_t id = create_block_session(driver);
  CHECK(is_right(driver.call(0, encrypt_blocks(id))));
}

TEST_CASE("Queue reset: on a device that could not be activated it is done at once", "[pci][ring-reset]") {
  CryptoDriver driver(polled_device(), {.start = false});
  PciDriver& pci = driver.pci();
  REQUIRE(pci.negotiate(kFeatures));
  pci.write_common(common::kQueueDesc, 4, 0xFEE0'0000);
  pci.write_common(common::kQueueEnable, 2, 1);
  pci.add_status(status::kDriverOk);
  REQUIRE((pci.device_status() & status::kNeedsReset) != 0);
  pci.request_queue_reset(0);
  CHECK_FALSE(pci.queue_resets(0));
  CHECK(pci.read_common(common::kQueueEnable, 2) == 0);
}

TEST_CASE("Queue reset: a faulted queue is usable again, but the device still needs a reset",
          "[pci][ring-reset][hostile]") {
  CryptoDriver driver(polled_device(), {.features = kFeatures, .packed = true});
  PciDriver& pci = driver.pci();
  const std::uint64_t id = create_block_session(driver);
  driver.packed_ring(0).push({.address = 0xFEE0'0000, .length = 16, .id = 0, .flags = 0});
  pci.kick(0);
  REQUIRE(driver.wait_until([&] { return (pci.device_status() & status::kNeedsReset) != 0; }));
  driver.reset_queue(0);
  driver.enable_queue(0, 16);
  CHECK(is_right(driver.call(0, encrypt_blocks(id))));
  CHECK((pci.device_status() & status::kNeedsReset) != 0);
}

TEST_CASE("Queue reset: with 0, 1 or many requests in flight nothing is written after it",
          "[pci][ring-reset][reset][VQRST-DEV-001][VQRST-DEV-002]") {
  const bool packed = GENERATE(false, true);
  const std::size_t workers = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{2});
  CryptoDriver driver(threaded(workers), {.features = kFeatures | (workers == 1 ? feature::kInOrder : 0),
                                          .packed = packed,
                                          .ring_size = 32,
                                          .memory_bytes = std::size_t{64} << 20});
  const std::uint64_t id = create_block_session(driver);
  const Request big = encrypt_blocks(id, 8192).indirect();
  std::mt19937 random(1);
  for (int round = 0; round < 30; ++round) {
    const std::size_t mark = driver.memory().mark();
    const int in_flight = std::vector<int>{0, 1, 8}[static_cast<std::size_t>(round % 3)];
    for (int i = 0; i < in_flight; ++i)
      driver.submit(0, big);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 1500));
    driver.reset_queue(0);
    const unsigned signals = driver.slot().signals(1);
    const Bytes before = memory_of(driver, 0, mark);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK(memory_of(driver, 0, mark) == before);
    CHECK(driver.slot().signals(1) == signals);
    CHECK(is_right(driver.call(1, encrypt_blocks(id))));
    driver.memory().rewind(mark);
    driver.enable_queue(0, static_cast<std::uint16_t>(packed ? 9 + round : 8 << (round % 3)));
    CHECK(is_right(driver.call(0, encrypt_blocks(id))));
  }
}

TEST_CASE("Queue reset: a reset of the device may overtake it", "[pci][ring-reset][reset][hostile]") {
  CryptoDriver driver(threaded(1), {.features = kFeatures,
                                    .packed = GENERATE(false, true),
                                    .ring_size = 16,
                                    .memory_bytes = std::size_t{32} << 20});
  std::mt19937 random(2);
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t id = create_block_session(driver);
    for (int i = 0; i < 3; ++i)
      driver.submit(0, encrypt_blocks(id, 4096));
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
    driver.pci().request_queue_reset(0);
    driver.pci().request_queue_reset(1);
    driver.reset();
    CHECK(driver.pci().device_status() == 0);
    CHECK_FALSE(driver.pci().queue_resets(0));
    REQUIRE(driver.start());
    const std::uint64_t fresh = create_block_session(driver);
    CHECK(is_right(driver.call(0, encrypt_blocks(fresh))));
    CHECK(is_right(driver.call(1, encrypt_blocks(fresh))));
  }
}

TEST_CASE("Queue reset: work that waits for the bus master bit is dropped by it",
          "[pci][ring-reset][reset]") {
  CryptoDriver driver(threaded(1), {.features = kFeatures, .memory_bytes = std::size_t{32} << 20});
  PciDriver& pci = driver.pci();
  const std::uint64_t id = create_block_session(driver);
  for (int round = 0; round < 10; ++round) {
    const std::size_t mark = driver.memory().mark();
    driver.submit(0, encrypt_blocks(id, 65536));
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    pci.set_command(0x2);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    driver.reset_queue(0);
    pci.set_command(0x6);
    driver.memory().rewind(mark);
    driver.enable_queue(0, 64);
    CHECK(is_right(driver.call(0, encrypt_blocks(id))));
  }
}
