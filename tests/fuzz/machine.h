// A device and a driver that takes the steps of a fuzzer's input, in one thread, so that an input always does
// the same (but for Operation::kRace).
#pragma once

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
#include "tests/fuzz/operations.h"
#include "tests/fuzz/require.h"
#include "tests/fuzz/requests.h"
#include "virtcrypt/devices/crypto/device.h"
#include "virtcrypt/virtio/pci/virtio_pci_function.h"

namespace virtcrypt::fuzz {

constexpr std::uint16_t kDataQueues = 2;
constexpr std::uint16_t kRingSize = 32;
constexpr std::size_t kMostSessions = 8;
constexpr std::uint64_t kMostSize = 64U << 10U;
constexpr unsigned kMostRounds = 10'000;

constexpr std::uint64_t kFarBase = std::uint64_t{1} << 33U;
constexpr std::size_t kFirstRegion = 256U << 10U, kOtherRegion = 16U << 10U;

// Tells people what happens; nothing when fuzzing.
using Narrate = std::function<void(std::string_view)>;

// What must hold whatever the driver does is checked all along; where it does not, the process aborts with a
// line that says what: more sessions than allowed, a device that never becomes idle or never completes a
// reset, leftovers after a reset, requests of an honest driver that are lost, or whose readable part is
// changed.
class Machine {
 public:
  explicit Machine(const Target& target, Narrate narrate = {});

  // All of an input, and then a reset.
  void run(const Input& input);

 private:
  struct Pending {
    std::vector<test::Segment> segments;
    test::Bytes readable;  // as it was; empty when it may change
    BuiltRequest request;
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
  void race(Reader& bytes);
  void reset();
  void queue_reset(Reader& bytes);

  [[nodiscard]] std::uint16_t queue(Reader& bytes) const;
  [[nodiscard]] Place place(Reader& bytes);
  void make_ring(std::uint16_t queue);
  void collect(Ring& ring);
  void answered(const Pending& pending);
  void settle();
  void check_limits();
  template <typename... Arguments>
  void say(fmt::format_string<Arguments...> text, Arguments&&... arguments) const {
    if (narrate_) narrate_(fmt::format(text, std::forward<Arguments>(arguments)...));
  }

  const Target& target_;
  const Narrate narrate_;
  test::TestMemory memory_;
  test::FakeSlot slot_;
  devices::crypto_dev::Device* device_ = nullptr;
  std::unique_ptr<virtio::pci::VirtioPciFunction> function_;
  std::unique_ptr<test::FunctionAccess> access_;
  std::unique_ptr<test::PciDriver> pci_;
  std::uint64_t features_ = 0;
  std::vector<Ring> rings_;
  DriverState state_;
  // The driver has done nothing yet that makes what becomes of its requests uncertain.
  bool honest_ = true;
};

}  // namespace virtcrypt::fuzz
