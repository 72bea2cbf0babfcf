// Traffic of the control queue: sessions that stay open, and such that come and go.
#include <immintrin.h>

#include <chrono>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <thread>

#include <spdlog/fmt/fmt.h>

#include "tests/bench/traffic.h"
#include "tests/driver/request_ring.h"

namespace virtcrypt::bench {
namespace {

using std::chrono::steady_clock;
using test::Segment;

constexpr std::chrono::seconds kPatience{10};  // with a device that answers nothing any more
// 5.9.9.2: a header of 16 bytes; in a destroy request the session's id is next.
constexpr std::uint32_t kControlHeaderBytes = 16;
constexpr std::size_t kSessionIdBytes = 8;

// Makes the first `bytes` bytes of the first segment one of their own.
void cut_front(std::vector<Segment>& chain, std::uint32_t bytes) {
  Segment front = chain.front();
  front.length = bytes;
  chain.front().address += bytes;
  chain.front().length -= bytes;
  chain.insert(chain.begin(), front);
}

}  // namespace

// All chains of a ring have the same number of segments: those of a destroy request are cut once more, or
// several times.
void Traffic::place_control_requests() {
  const test::Layout layout = options_.stateless ? test::Layout::kRevision1 : test::Layout::kPadded;
  for (std::uint16_t chain = 0; chain < control_depth_; ++chain) {
    const std::vector<Segment> create = test::place(memory_, subject_.create(layout));
    control_->place(chain, create);
    create_answers_.push_back(memory_.at(create.back().address, create.back().length));

    std::vector<Segment> destroy = test::place(memory_, subject_.destroy(layout, 0));
    ids_to_destroy_.push_back(memory_.at(destroy.front().address + kControlHeaderBytes, kSessionIdBytes));
    destroy_answers_.push_back(memory_.at(destroy.back().address, destroy.back().length));
    for (std::uint32_t bytes = kControlHeaderBytes; destroy.size() < create.size(); bytes /= 2)
      cut_front(destroy, bytes);
    control_->place(static_cast<std::uint16_t>(control_depth_ + chain), destroy);
  }
}

// Sends requests that have been placed, and waits for all of them.
void Traffic::control(std::span<const std::uint16_t> chains) {
  for (const std::uint16_t chain : chains)
    control_->add(chain);
  control_->publish();
  kick_if_wanted(control_index_, *control_);
  const auto limit = steady_clock::now() + kPatience;
  for (std::size_t back = 0; back < chains.size();) {
    if (options_.by_turns) device_->run_ready();
    if (control_->take()) {
      ++back;
    } else if (steady_clock::now() > limit) {
      throw std::runtime_error("the device does not answer");
    } else {
      _mm_pause();
    }
  }
}

std::uint64_t Traffic::created(std::uint16_t chain) const {
  const std::span<const std::byte> answer = create_answers_[chain];
  std::uint64_t id = 0;
  std::uint32_t status = 0;
  std::memcpy(&id, answer.data(), sizeof id);
  std::memcpy(&status, answer.data() + sizeof id, sizeof status);
  if (status != 0)
    throw SessionRefused(fmt::format("the device refuses a session of {}: status {}", subject_.name, status));
  return id;
}

void Traffic::open_sessions() {
  constexpr std::uint16_t kFirst = 0;
  control(std::span(&kFirst, 1));
  sessions_.push_back(created(kFirst));
  while (sessions_.size() < options_.sessions) {
    control(std::span(&kFirst, 1));
    try {
      sessions_.push_back(created(kFirst));
    } catch (const SessionRefused&) {
      throw std::runtime_error(fmt::format("the device has room for {} sessions only", sessions_.size()));
    }
  }
}

double Traffic::churn(std::chrono::milliseconds time) {
  std::vector<std::uint16_t> creates(control_depth_), destroys(control_depth_);
  std::iota(creates.begin(), creates.end(), std::uint16_t{0});
  std::iota(destroys.begin(), destroys.end(), control_depth_);
  std::uint64_t pairs = 0;
  const auto start = steady_clock::now();
  auto now = start;
  for (; now < start + time; now = steady_clock::now()) {
    control(creates);
    for (const std::uint16_t chain : creates) {
      const std::uint64_t id = created(chain);
      std::memcpy(ids_to_destroy_[chain].data(), &id, sizeof id);
    }
    control(destroys);
    for (const std::span<const std::byte> answer : destroy_answers_) {
      if (answer.back() != std::byte{0}) throw std::runtime_error("a session could not be destroyed");
    }
    pairs += control_depth_;
  }
  return static_cast<double>(pairs) / std::chrono::duration<double>(now - start).count();
}

}  // namespace virtcrypt::bench
