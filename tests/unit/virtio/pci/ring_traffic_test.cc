// Requests of all sizes on several queues of a device with threads, in either ring format: each is answered
// once and rightly, in any order or, with IN_ORDER, in the order of submission.
#include <cstdint>
#include <random>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"
#include "tests/unit/virtio/pci/known_block.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

struct Sent {
  std::uint16_t queue;
  std::uint16_t head;
  std::size_t blocks;
};

}  // namespace

TEST_CASE("Traffic: every request of a busy device is answered rightly",
          "[pci][split][packed][in-order][threads][RSVD-DEV-005]") {
  const bool packed = GENERATE(false, true);
  const bool in_order = GENERATE(false, true);
  const std::size_t workers = GENERATE(std::size_t{0}, std::size_t{2});
  CAPTURE(packed, in_order, workers);
  const std::uint64_t features = feature::kVersion1 | feature::kIndirectDesc | feature::kEventIdx |
                                 feature::kNotificationData | (in_order ? feature::kInOrder : 0);
  CryptoDriver driver({.data_queues = 2, .io_threads = 2, .workers = workers, .max_sessions = 8},
                      {.features = features,
                       .packed = packed,
                       .ring_size = static_cast<std::uint16_t>(packed ? 45 : 64),
                       .memory_bytes = std::size_t{64} << 20});
  const std::uint64_t id = create_block_session(driver);
  const std::size_t mark = driver.memory().mark();
  std::mt19937 random(5);
  for (int round = 0; round < 60; ++round) {
    std::vector<Sent> sent;
    for (std::uint16_t i = 0; i < 16; ++i) {
      // Big ones go to the workers and small ones do not, so they overtake each other.
      const std::size_t blocks = random() % 4 == 0 ? 4096 : 1 + random() % 16;
      const auto queue = static_cast<std::uint16_t>(i % 2);
      const Request request = encrypt_blocks(id, blocks).indirect(random() % 2 == 0);
      sent.push_back({queue, driver.submit(queue, request), blocks});
    }
    if (in_order) {
      // When the last one of a queue is back, all before it are.
      (void)driver.wait_until([&] {
        driver.pump(0);
        return driver.is_back(0, sent[14].head);
      });
      for (std::size_t i = 0; i < 14; i += 2)
        CHECK(driver.is_back(0, sent[i].head));
    }
    while (!sent.empty()) {
      const auto which = static_cast<std::ptrdiff_t>(random() % sent.size());
      const Sent one = sent[static_cast<std::size_t>(which)];
      sent.erase(sent.begin() + which);
      REQUIRE(is_right(driver.wait(one.queue, one.head), one.blocks));
    }
    driver.memory().rewind(mark);
  }
  CHECK(driver.pci().device_status() == 0xF);
}
