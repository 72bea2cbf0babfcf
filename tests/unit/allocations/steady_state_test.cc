// Once a device has worked on a few batches, it allocates nothing for more of them: every allocation of this
// program is counted while the device runs, and only then.
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include "tests/bench/subject.h"
#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  if (counting.load(std::memory_order_relaxed)) ++allocations;
  const std::size_t whole = (bytes + alignment - 1) / alignment * alignment;
  void* const memory = std::aligned_alloc(alignment, whole == 0 ? alignment : whole);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

constexpr std::size_t kUsualAlignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes, kUsualAlignment);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

constexpr std::uint16_t kRequests = 96;  // more than a batch
constexpr std::size_t kTextBytes = 256;

// A device without threads and requests that are sent to it again and again.
class SteadyState {
 public:
  SteadyState(const bench::Subject& subject, const DriverOptions& options)
      : driver_(device_options(), options) {
    const Target target{Layout::kPadded, driver_.create(subject.create(Layout::kPadded)).id};
    const Request request = subject.request(target, subject.text(kTextBytes));
    for (std::uint16_t i = 0; i < kRequests; ++i)
      chains_.push_back(place(driver_.memory(), request));
  }

  // Allocations of the device while it works on all requests.
  std::uint64_t run() {
    for (const std::vector<Segment>& chain : chains_)
      REQUIRE(driver_.any_ring(0).add(chain, true));
    driver_.kick(0);
    allocations = 0;
    counting = true;
    driver_.device().run_ready();
    counting = false;
    std::uint16_t back = 0;
    while (driver_.any_ring(0).poll())
      ++back;
    REQUIRE(back == kRequests);
    return allocations;
  }

  void check_statuses() {
    for (const std::vector<Segment>& chain : chains_) {
      const auto status = driver_.memory().at(chain.back().address, chain.back().length).back();
      REQUIRE(std::to_integer<int>(status) == 0);
    }
  }

 private:
  static devices::crypto_dev::DeviceOptions device_options() {
    auto options = polled_device();
    options.queue_size = 256;
    return options;
  }

  CryptoDriver driver_;
  std::vector<std::vector<Segment>> chains_;
};

}  // namespace

TEST_CASE("Allocations: the counter sees what the device allocates", "[allocations]") {
  const std::vector<bench::Subject> subjects = bench::all_subjects();
  SteadyState state(subjects.front(), {.ring_size = 256});
  CHECK(state.run() > 0);  // the first batch: nothing is there to be used again
}

TEST_CASE("Allocations: a device that has worked for a while allocates nothing", "[allocations]") {
  const bool packed = GENERATE(false, true);
  for (const bench::Subject& subject : bench::all_subjects()) {
    if (subject.asymmetric) continue;  // Crypto++'s integers allocate
    DYNAMIC_SECTION(subject.title() << (packed ? ", packed" : ", split")) {
      SteadyState state(subject, {.packed = packed, .ring_size = 256});
      for (int i = 0; i < 3; ++i)
        state.run();
      for (int i = 0; i < 3; ++i)
        CHECK(state.run() == 0);
      state.check_statuses();
    }
  }
}
