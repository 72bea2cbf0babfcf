// Resets, bus mastering, faults and several queues at once: the device's life, with real threads where it
// says so.
#include <atomic>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using namespace virtcrypt::test::wire_number;

namespace {

devices::crypto_dev::DeviceOptions threaded(std::uint16_t queues, std::size_t io_threads,
                                            std::size_t workers) {
  return {.data_queues = queues, .io_threads = io_threads, .workers = workers, .max_sessions = 64};
}

// SP 800-38A, F.2.1, first block.
const Bytes kKey = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
const Bytes kIv = from_hex("000102030405060708090a0b0c0d0e0f");
const Bytes kPlain = from_hex("6bc1bee22e409f96e93d7e117393172a");
const Bytes kCipher = from_hex("7649abac8119b246cee98e9b12e9197d");

bool is_right(const Answer& answer) {
  return answer.status() == kOk && std::equal(kCipher.begin(), kCipher.end(), answer.written.begin());
}

}  // namespace

TEST_CASE("Device: nothing is taken or told before DRIVER_OK",
          "[crypto][lifecycle][STATUS-DEV-001][STATUS-DEV-002]") {
  CryptoDriver driver(polled_device(), {.start = false});
  PciDriver& pci = driver.pci();
  REQUIRE(pci.negotiate(feature::kVersion1));
  SplitRing ring(driver.memory(), 16, false);
  pci.set_queue(1, ring, 2);
  const Bytes header(72);
  const Buffer in = driver.memory().allocate(header);
  const Buffer out = driver.memory().allocate(16);
  REQUIRE(ring.add(std::vector<Segment>{{in.address, 72, false}, {out.address, 16, true}}));
  pci.kick(1);
  driver.device().run_ready();
  CHECK(ring.used_index() == 0);
  CHECK(driver.slot().signals(2) == 0);
  // With DRIVER_OK what is waiting is served, without another notification.
  pci.add_status(status::kDriverOk);
  driver.device().run_ready();
  CHECK(ring.used_index() == 1);
  CHECK(driver.slot().signals(2) == 1);
}

TEST_CASE("Device: queues that the driver does not use are tolerated", "[crypto][lifecycle][A-20]") {
  CryptoDriver driver(polled_device(3), {.start = false});
  PciDriver& pci = driver.pci();
  REQUIRE(pci.negotiate(feature::kVersion1));
  SplitRing ring(driver.memory(), 16, false);
  pci.set_queue(3, ring);
  pci.add_status(status::kDriverOk);
  const Buffer in = driver.memory().allocate(Bytes(72));
  const Buffer out = driver.memory().allocate(16);
  REQUIRE(ring.add(std::vector<Segment>{{in.address, 72, false}, {out.address, 16, true}}));
  pci.kick(3);
  driver.device().run_ready();
  CHECK(ring.used_index() == 1);
  driver.reset();
  CHECK(pci.device_status() == 0);
}

TEST_CASE("Device: a ring fault needs a reset and nothing more",
          "[crypto][lifecycle][hostile][STATUS-DEV-003]") {
  CryptoDriver driver(polled_device(2));
  PciDriver& pci = driver.pci();
  SECTION("bad head") {
    driver.ring(0).make_available(9999);
  }
  SECTION("buffer in the device's own BAR") {
    driver.function().config_write(0x10, 4, 0xC000'0000);
    driver.ring(0).set_descriptor(0, {0xC000'3000, 64, 0, 0});
    driver.ring(0).make_available(0);
  }
  SECTION("buffer in a hole") {
    driver.ring(0).set_descriptor(0, {0x10, 64, 0, 0});
    driver.ring(0).make_available(0);
  }
  pci.kick(0);
  REQUIRE(driver.wait_until([&] { return (pci.device_status() & status::kNeedsReset) != 0; }));
  CHECK(driver.slot().signals(0) == 1);
  CHECK(driver.ring(0).used_index() == 0);
  CHECK(driver.device().stats().ring_faults == 1);
  // More of it changes nothing.
  pci.kick(0);
  driver.device().run_ready();
  CHECK(driver.slot().signals(0) == 1);
  driver.reset();
  REQUIRE(driver.start());
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  CHECK(is_right(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain))));
}

TEST_CASE("Device: without bus mastering guest memory is left alone", "[crypto][lifecycle][pci]") {
  CryptoDriver driver;
  PciDriver& pci = driver.pci();
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  const std::uint16_t used_before = driver.ring(0).used_index();
  pci.set_command(0x2);
  const std::uint16_t head = driver.submit(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain));
  pci.kick(0);
  for (int i = 0; i < 10; ++i)
    driver.pump(0);
  CHECK(driver.ring(0).used_index() == used_before);
  pci.set_command(0x6);  // and goes on without another notification
  CHECK(is_right(driver.wait(0, head)));
}

TEST_CASE("Device: work that is executed while bus mastering goes away is returned when it is back",
          "[crypto][lifecycle][pci]") {
  CryptoDriver driver(threaded(1, 1, 1), {.memory_bytes = std::size_t{64} << 20});
  PciDriver& pci = driver.pci();
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  const Bytes big(std::size_t{2} << 20);
  for (int round = 0; round < 10; ++round) {
    const std::uint16_t head = driver.submit(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, big));
    std::this_thread::sleep_for(std::chrono::microseconds(300));
    pci.set_command(0x2);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    pci.set_command(0x6);
    CHECK(driver.wait(0, head).status() == kOk);
  }
}

TEST_CASE("Device: a reset in the middle of requests ends them all",
          "[crypto][lifecycle][reset][RESET-DEV-002][RESET-DEV-003]") {
  CryptoDriver driver(threaded(2, 2, 1), {.ring_size = 32, .memory_bytes = std::size_t{64} << 20});
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
    const Request big = CryptoDriver::cipher(kCipherEncrypt, id, kIv, Bytes(std::size_t{256} << 10));
    for (std::uint16_t i = 0; i < 8; ++i)
      driver.submit(i % 2, big);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    driver.reset();
    const std::uint16_t used[] = {driver.ring(0).used_index(), driver.ring(1).used_index()};
    const unsigned signals[] = {driver.slot().signals(1), driver.slot().signals(2)};
    const auto memory = driver.memory().at(TestMemory::kBase, std::size_t{8} << 20);
    const Bytes copy(memory.begin(), memory.end());
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    CHECK(std::memcmp(copy.data(), memory.data(), copy.size()) == 0);
    CHECK(driver.ring(0).used_index() == used[0]);
    CHECK(driver.ring(1).used_index() == used[1]);
    CHECK(driver.slot().signals(1) == signals[0]);
    CHECK(driver.slot().signals(2) == signals[1]);
    CHECK(driver.device().stats().sessions_open == 0);
    REQUIRE(driver.start());
  }
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  CHECK(is_right(driver.call(1, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain))));
}

TEST_CASE("Device: until a reset is done device_status keeps its value", "[crypto][lifecycle][reset]") {
  CryptoDriver driver;
  driver.pci().request_reset();
  CHECK(driver.pci().device_status() == 15);  // no I/O thread has run yet
  driver.pci().add_status(status::kFailed);   // and writes meanwhile do nothing
  CHECK(driver.pci().device_status() == 15);
  driver.device().run_ready();
  CHECK(driver.pci().device_status() == 0);
}

TEST_CASE("Device: one session on several queues at once", "[crypto][lifecycle][multiqueue][A-30]") {
  CryptoDriver driver(threaded(4, 2, 1), {.ring_size = 64, .memory_bytes = std::size_t{64} << 20});
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::pair<std::uint16_t, std::uint16_t>> heads;
    for (std::uint16_t i = 0; i < 40; ++i) {
      const std::uint16_t queue = i % 4;
      heads.emplace_back(queue, driver.submit(queue, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain)));
    }
    for (const auto& [queue, head] : heads)
      CHECK(is_right(driver.wait(queue, head)));
  }
}

TEST_CASE("Device: a session destroyed while its requests run on another queue",
          "[crypto][lifecycle][multiqueue][A-30]") {
  CryptoDriver driver(threaded(2, 2, 1), {.memory_bytes = std::size_t{64} << 20});
  for (int round = 0; round < 100; ++round) {
    const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
    std::vector<std::uint16_t> heads;
    for (int i = 0; i < 4; ++i)
      heads.push_back(driver.submit(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain)));
    heads.push_back(driver.submit(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, Bytes(64 << 10))));
    CHECK(driver.destroy_session(kCipherDestroy, id) == kOk);
    for (const std::uint16_t head : heads) {
      const std::uint8_t answer = driver.wait(0, head).status();
      CHECK((answer == kOk || answer == kInvSess));
    }
    CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain)).status() == kInvSess);
  }
  CHECK(driver.device().stats().sessions_open == 0);
}

TEST_CASE("Device: big requests go to the workers, small ones do not", "[crypto][lifecycle][workers]") {
  CryptoDriver driver(threaded(1, 1, 2), {.memory_bytes = std::size_t{32} << 20});
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  CHECK(is_right(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain))));
  CHECK(driver.device().stats().handed_off == 0);
  CHECK(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, Bytes(std::size_t{1} << 20))).status() ==
        kOk);
  CHECK(driver.device().stats().handed_off == 1);
}

TEST_CASE("Device: a batch is answered with one interrupt", "[crypto][lifecycle]") {
  CryptoDriver driver(polled_device(), {.ring_size = 128});
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  std::vector<std::uint16_t> heads;
  for (int i = 0; i < 20; ++i)
    heads.push_back(driver.submit(0, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain)));
  for (const std::uint16_t head : heads)
    CHECK(is_right(driver.wait(0, head)));
  CHECK(driver.slot().signals(1) == 1);
}

TEST_CASE("Device: created and destroyed with any number of queues and threads",
          "[crypto][lifecycle][QEMU-unrealize]") {
  const std::uint16_t queues = GENERATE(std::uint16_t{1}, std::uint16_t{5}, std::uint16_t{64});
  const std::size_t threads = GENERATE(0U, 1U, 3U);
  CryptoDriver driver({.data_queues = queues, .io_threads = threads, .workers = threads, .max_sessions = 4},
                      {.ring_size = 16});
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  // And dies with requests on their way.
  for (std::uint16_t queue = 0; queue < queues; ++queue) {
    driver.submit(queue, CryptoDriver::cipher(kCipherEncrypt, id, kIv, Bytes(64 << 10)));
  }
}

TEST_CASE("Device: a driver that rewrites its ring while the device reads it harms only itself",
          "[crypto][hostile][race]") {
  CryptoDriver driver(threaded(1, 1, 1), {.ring_size = 16});
  const std::uint64_t id = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  const Buffer text = driver.keep(4096);
  // Fresh rings lie where the old ones were: the attacker goes on through resets.
  const std::span<std::byte> table = driver.memory().at(driver.ring(0).descriptor_area(), 16 * 16);
  std::atomic<bool> end{false};
  std::thread attacker([&] {
    std::mt19937 random(7);
    while (!end.load()) {
      std::byte* descriptor = table.data() + 16 * (random() % 16);
      const std::uint64_t address = text.address + random() % 4096;
      const auto length = static_cast<std::uint32_t>(random() % 8192);
      const auto flags_and_next = static_cast<std::uint32_t>(random() % 8 | random() % 17 << 16);
      std::memcpy(descriptor, &address, 8);
      std::memcpy(descriptor + 8, &length, 4);
      std::memcpy(descriptor + 12, &flags_and_next, 4);
      text.bytes[random() % 4096] = static_cast<std::byte>(random());
    }
  });
  const Bytes header = CryptoDriver::cipher_header(kCipherEncrypt, id, 16, 16, 16);
  for (int round = 0; round < 300; ++round) {
    std::memcpy(text.bytes.data(), header.data(), header.size());
    driver.ring(0).make_available(static_cast<std::uint16_t>(round % 16));
    driver.pci().kick(0);
    std::this_thread::sleep_for(std::chrono::microseconds(50));
    if ((driver.pci().device_status() & status::kNeedsReset) != 0) {
      driver.reset();
      REQUIRE(driver.start());
      driver.keep(4096);
    }
  }
  end.store(true);
  attacker.join();
  driver.reset();
  REQUIRE(driver.start());
  const std::uint64_t again = driver.create_cipher(kAesCbc, kKey, kEncrypt);
  CHECK(is_right(driver.call(0, CryptoDriver::cipher(kCipherEncrypt, again, kIv, kPlain))));
}
