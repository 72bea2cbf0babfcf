// A device and a driver that takes the steps of a fuzzer's input, in one thread, so that an input always does
// the same (but for Operation::kRace).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "tests/driver/driver_ring.h"
#include "tests/driver/fake_slot.h"
#include "tests/driver/function_access.h"
#include "tests/driver/pci_driver.h"
#include "tests/driver/test_memory.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/memory_guard.h"
#include "tests/fuzz/operations.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/requests.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/devices/crypto/driver_check.h"
#include "virtcrypt/virtio/driver_check/verdicts.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::fuzz {

constexpr std::uint16_t kDataQueues = 2;
constexpr std::uint16_t kRingSize = 32;
// Of a narrow device: soon used up, and one that packed virtqueues alone can have.
constexpr std::uint16_t kNarrowRingSize = 12;
constexpr std::size_t kMostSessions = 8;
constexpr std::uint64_t kMostSize = 64U << 10U;
constexpr unsigned kMostRounds = 10'000;
// How long the device waits for its workers.
constexpr std::chrono::seconds kMostPatience{10};

constexpr std::uint64_t kFarBase = std::uint64_t{1} << 33U;
constexpr std::size_t kFirstRegion = 256U << 10U, kOtherRegion = 16U << 10U;

// Tells people what happens; nothing when fuzzing.
using Narrate = std::function<void(std::string_view)>;

// What must hold whatever the driver does is checked all along; where it does not, the process aborts with a
// line that says what: more sessions than allowed, a device that never becomes idle or never completes a
// reset, leftovers after a reset, memory written or an interrupt sent behind one; requests of an honest
// driver that are lost, answered with more than they have room for, or whose readable part is changed, memory
// written that is none of theirs, sessions that it knows nothing of.
class Machine {
 public:
  // Of `first`, what it says about the device and its start.
  explicit Machine(const Target& target, const Input& first = {}, Narrate narrate = {});

  // All of an input, and then a reset. Once.
  void run(const Input& input);

 private:
  struct Pending {
    std::vector<test::Segment> segments;
    test::Bytes readable;  // as it was; empty when it may change
    BuiltRequest request;
    bool misplaced = false;  // on a queue that it is not for
  };
  struct Ring {
    std::unique_ptr<test::DriverRing> ring;
    std::map<std::uint16_t, Pending> pending;  // by head
  };
  struct Place {
    std::uint64_t address;
    std::span<std::byte> bytes;  // from there to the region's end; empty when it is not memory
  };

  void take(const Step& step);
  void config_read(Reader& bytes);
  void config_write(Reader& bytes);
  void bar_read(Reader& bytes);
  void bar_write(Reader& bytes);
  void common_write(Reader& bytes);
  void start(std::uint8_t features);
  void descriptor(Reader& bytes);
  void available(Reader& bytes);
  void poke(Reader& bytes);
  void request(Reader& bytes);
  void notify(Reader& bytes);
  void run_device();
  void run_briefly();
  void race(Reader& bytes);
  void reset();
  void queue_reset(Reader& bytes);
  void queue_setup(Reader& bytes);

  [[nodiscard]] std::uint16_t queue(Reader& bytes) const;
  [[nodiscard]] std::uint16_t ring_size() const;
  [[nodiscard]] Place place(Reader& bytes);
  void make_ring(std::uint16_t queue);
  void collect(Ring& ring);
  void answered(const Pending& pending, std::uint32_t used_length);
  void count_sessions(const Pending& pending, const test::Bytes& written);
  void work(bool resetting = false);
  void settle();
  void check_limits();
  void check_reset();
  void check_memory();
  void check_sessions();
  void check_verdicts();
  [[nodiscard]] unsigned interrupts() const;
  template <typename... Arguments>
  void say(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    if (narrate_) narrate_(fmt::format(text, std::forward<Arguments>(arguments)...));
  }

  const Target& target_;
  const Narrate narrate_;
  const bool narrow_;  // power_on_option::kNarrow
  test::TestMemory memory_;
  MemoryGuard guard_;
  test::FakeSlot slot_;
  virtio::DriverVerdicts verdicts_;
  const std::shared_ptr<devices::crypto_dev::DriverCheck> check_;  // may be null
  devices::crypto_dev::Device* device_ = nullptr;
  std::unique_ptr<virtio::pci::VirtioPciFunction> function_;
  std::unique_ptr<test::FunctionAccess> access_;
  std::unique_ptr<test::PciDriver> pci_;
  std::uint64_t features_ = 0;
  std::uint16_t data_queues_ = kDataQueues;  // that there are after negotiation
  std::vector<Ring> rings_;
  DriverState state_;
  // The driver has done nothing yet that makes what becomes of its requests uncertain.
  bool honest_ = true;
  // How many sessions there are, as far as its requests leave no doubt.
  std::optional<std::size_t> known_sessions_;
};

}  // namespace virtcrypt::fuzz
