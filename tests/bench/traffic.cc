#include "tests/bench/traffic.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "tests/driver/request_ring.h"

namespace virtcrypt::bench {
namespace {

using std::chrono::steady_clock;
using test::Segment;

constexpr std::byte kUnwritten{0xee};
constexpr std::chrono::seconds kPatience{10};  // with a device that answers nothing any more
// 5.9.9: in the header of a data request.
constexpr std::size_t kSessionIdOffset = 8, kSessionIdBytes = 8;
constexpr std::uint8_t kDeviceConfig = 4;                                   // cfg_type
constexpr std::uint32_t kMaxDataQueues = 4;                                 // 5.9.5
constexpr std::uint64_t kRevision1 = 1U << 0U, kStatelessServices = 0x3eU;  // 5.9.3

std::size_t memory_for(const TrafficOptions& options) {
  // Header, IV, AAD, key, tag, descriptors; requests for sessions.
  constexpr std::size_t kRequestBytes = 4096;
  return (std::size_t{1} << 20U) +
         std::size_t{options.queues} * options.depth * (2 * options.bytes + kRequestBytes);
}

devices::crypto_dev::DeviceOptions device_options(const TrafficOptions& options) {
  devices::crypto_dev::DeviceOptions device;
  device.data_queues = options.queues;
  device.queue_size = 32768;
  device.io_threads = options.by_turns ? 0 : options.queues;
  device.poll = std::chrono::microseconds(options.poll_us);
  device.workers = 0;
  device.max_sessions =
      std::max<std::size_t>(device.max_sessions, options.sessions + std::size_t{options.depth});
  return device;
}

// Nothing can be read of a device whose BARs are not decoded.
std::uint64_t offer_of(test::PciDriver& pci) {
  constexpr std::uint16_t kMemoryAndBusMaster = 0x6;
  pci.set_command(kMemoryAndBusMaster);
  return pci.offered();
}

// Of what is wanted, what is offered.
std::uint64_t features_for(const TrafficOptions& options, std::uint64_t offered) {
  constexpr std::uint64_t kStateless = kRevision1 | kStatelessServices;
  std::uint64_t features = test::feature::kVersion1 | test::feature::kEventIdx;
  if (options.packed) features |= test::feature::kRingPacked;
  if (options.indirect) features |= test::feature::kIndirectDesc;
  if (options.stateless) features |= kStateless;
  if (options.stateless && (offered & kStateless) != kStateless)
    throw std::runtime_error("the device does not offer stateless requests");
  return features & offered;
}

TrafficOptions options_with(std::uint64_t features, TrafficOptions options) {
  options.packed = (features & test::feature::kRingPacked) != 0;
  options.indirect = (features & test::feature::kIndirectDesc) != 0;
  return options;
}

// All that is writable before the status.
std::vector<std::span<std::byte>> results_in(test::DriverMemory& memory, std::span<const Segment> segments) {
  std::vector<std::span<std::byte>> results;
  for (const Segment& each : segments.first(segments.size() - 1)) {
    if (each.writable) results.push_back(memory.at(each.address, each.length));
  }
  return results;
}

test::Layout layout_of(const TrafficOptions& options) {
  return options.stateless ? test::Layout::kStateless : test::Layout::kPadded;
}

}  // namespace

Traffic::Traffic(const Subject& subject, const TrafficOptions& options,
                 std::unique_ptr<const crypto::Engine> engine)
    : Traffic(subject, options,
              make_own_device(device_options(options), std::move(engine), memory_for(options))) {}

Traffic::Traffic(const Subject& subject, const TrafficOptions& options, conformance::Target& peer)
    : Traffic(subject, options, make_peer_device(peer, options.packed)) {}

Traffic::Traffic(const Subject& subject, const TrafficOptions& options,
                 std::unique_ptr<MeasuredDevice> device)
    : subject_(subject),
      text_(subject.text(options.bytes)),
      check_(subject, text_),
      device_(std::move(device)),
      memory_(device_->memory()),
      pci_(device_->pci()),
      features_(features_for(options, offer_of(pci_))),
      options_(options_with(features_, options)) {
  start();
  place_control_requests();
  if (!options.stateless) open_sessions();
  place_requests();
}

void Traffic::start() {
  if (!pci_.negotiate(features_)) throw std::runtime_error("the device refuses the features");
  control_index_ = static_cast<std::uint16_t>(pci_.read(kDeviceConfig, kMaxDataQueues, 4));
  if (control_index_ < options_.queues)
    throw std::runtime_error(
        fmt::format("the device has {} data queues, not {}", control_index_, options_.queues));
  const test::Target anywhere{layout_of(options_), 0};
  RingShape shape{.packed = options_.packed,
                  .indirect = options_.indirect,
                  .chains = options_.depth,
                  .segments = segment_count(subject_.request(anywhere, text_))};
  queues_.resize(options_.queues);
  for (std::uint16_t i = 0; i < options_.queues; ++i)
    queues_[i].ring = set_up_queue(i, shape);
  shape.segments = segment_count(subject_.create(layout_of(options_)));
  shape.chains = most_control_chains(shape);
  control_depth_ = shape.chains / 2;
  control_ = set_up_queue(control_index_, shape);
  pci_.add_status(test::status::kDriverOk);
}

std::uint16_t Traffic::most_descriptors(std::uint16_t queue) {
  pci_.write_common(test::common::kQueueSelect, 2, queue);
  return static_cast<std::uint16_t>(pci_.read_common(test::common::kQueueSize, 2));
}

// Two for each request in flight, unless the queue holds fewer.
std::uint16_t Traffic::most_control_chains(RingShape shape) {
  const std::uint16_t most = most_descriptors(control_index_);
  shape.chains = static_cast<std::uint16_t>(2 * options_.depth);
  while (shape.chains > 2 && LeanRing::size_for(shape) > most)
    shape.chains = static_cast<std::uint16_t>(shape.chains - 2);
  return shape.chains;
}

std::unique_ptr<LeanRing> Traffic::set_up_queue(std::uint16_t index, const RingShape& shape) {
  const std::uint16_t size = LeanRing::size_for(shape), most = most_descriptors(index);
  if (size > most)
    throw std::runtime_error(
        fmt::format("queue {} of the device has {} descriptors, not {}: see --depth and --descriptors", index,
                    most, size));
  std::unique_ptr<LeanRing> ring = LeanRing::make(memory_, shape);
  ring->want_interrupt(false);
  pci_.set_queue(index, *ring);
  return ring;
}

std::uint16_t Traffic::segment_count(const test::Request& request) {
  const auto mark = memory_.mark();
  const std::size_t count = test::place(memory_, request).size();
  memory_.rewind(mark);
  return static_cast<std::uint16_t>(count);
}

// The status is the last writable byte.
void Traffic::place_requests() {
  const test::Target target{layout_of(options_), sessions_.empty() ? 0 : sessions_.front()};
  const test::Request request = subject_.request(target, text_);
  for (Queue& queue : queues_) {
    for (std::uint16_t chain = 0; chain < options_.depth; ++chain) {
      const std::vector<Segment> segments = test::place(memory_, request);
      queue.ring->place(chain, segments);
      queue.statuses.push_back(memory_.at(segments.back().address, segments.back().length));
      queue.results.push_back(results_in(memory_, segments));
      queue.session_ids.push_back(memory_.at(segments.front().address + kSessionIdOffset, kSessionIdBytes));
    }
  }
}

void Traffic::add(Queue& queue, std::uint16_t chain) {
  if (sessions_.size() > 1) {
    queue.next_session = (queue.next_session + 1) % sessions_.size();
    std::memcpy(queue.session_ids[chain].data(), &sessions_[queue.next_session], kSessionIdBytes);
  }
  if (subject_.asymmetric) queue.statuses[chain].back() = kUnwritten;
  queue.ring->add(chain);
}

// Beside an asymmetric operation it costs nothing to look at each answer. Those of others that are quick are
// looked at behind a run.
void Traffic::look_at_status(Queue& queue, std::uint16_t chain) const {
  if (!subject_.asymmetric) return;
  const std::byte status = queue.statuses[chain].back();
  if (status != std::byte{0}) queue.failure = status;
}

// Without EVENT_IDX a split ring does not say at which index a notification is wanted.
void Traffic::kick_if_wanted(std::uint16_t index, LeanRing& ring) {
  if (ring.needs_kick() || (features_ & test::feature::kEventIdx) == 0) pci_.kick(index);
}

void Traffic::drive(std::uint16_t index, const std::atomic<bool>& stop) {
  Queue& queue = queues_[index];
  LeanRing& ring = *queue.ring;
  std::uint16_t in_flight = options_.depth;
  std::optional<steady_clock::time_point> limit;
  for (std::uint16_t chain = 0; chain < options_.depth; ++chain)
    add(queue, chain);
  ring.publish();
  kick_if_wanted(index, ring);
  while (in_flight != 0) {
    bool added = false;
    const bool stopping = stop.load(std::memory_order_relaxed);
    while (const auto chain = ring.take()) {
      if (*chain >= options_.depth) {
        queue.broken = true;
        return;
      }
      ++queue.completed;
      look_at_status(queue, *chain);
      if (stopping) {
        --in_flight;
      } else {
        add(queue, *chain);
        added = true;
      }
    }
    if (added) {
      ring.publish();
      kick_if_wanted(index, ring);
    } else if (stopping) {
      if (!limit) limit = steady_clock::now() + kPatience;
      queue.broken = steady_clock::now() > *limit;
      if (queue.broken) return;
    } else {
      _mm_pause();
    }
  }
}

double Traffic::run(std::chrono::milliseconds time) {
  for (Queue& queue : queues_) {
    queue.completed = 0;
    queue.broken = false;
    queue.failure = std::byte{0};
    for (const auto& parts : queue.results) {
      for (const std::span<std::byte> bytes : parts)
        std::fill(bytes.begin(), bytes.end(), kUnwritten);
    }
    for (const std::span<std::byte> byte : queue.statuses)
      std::fill(byte.begin(), byte.end(), kUnwritten);
  }
  const double seconds = options_.by_turns ? run_by_turns(time) : run_with_threads(time);
  check_results();
  std::uint64_t completed = 0;
  for (const Queue& queue : queues_)
    completed += queue.completed;
  return static_cast<double>(completed) / seconds;
}

double Traffic::run_with_threads(std::chrono::milliseconds time) {
  std::atomic<bool> stop{false};
  const auto start = steady_clock::now();
  std::vector<std::future<void>> drivers;
  for (std::uint16_t i = 0; i < options_.queues; ++i)
    drivers.push_back(std::async(std::launch::async, [&, i] { drive(i, stop); }));
  std::this_thread::sleep_for(time);
  stop = true;
  for (std::future<void>& driver : drivers)
    driver.get();
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

// The driver's side of a turn: takes all chains back.
std::size_t Traffic::turn_over(Queue& queue) {
  std::size_t taken = 0;
  while (const auto chain = queue.ring->take()) {
    if (*chain < options_.depth)
      look_at_status(queue, *chain);
    else
      queue.broken = true;
    ++taken;
  }
  queue.completed += taken;
  return taken;
}

double Traffic::run_by_turns(std::chrono::milliseconds time) {
  std::chrono::duration<double> spent{0};
  while (spent < time) {
    for (std::uint16_t i = 0; i < options_.queues; ++i) {
      for (std::uint16_t chain = 0; chain < options_.depth; ++chain)
        add(queues_[i], chain);
      queues_[i].ring->publish();
      kick_if_wanted(i, *queues_[i].ring);
    }
    const auto start = steady_clock::now();
    device_->run_ready();
    spent += steady_clock::now() - start;
    for (Queue& queue : queues_)
      queue.broken = turn_over(queue) != options_.depth || queue.broken;
    check_chains();
  }
  return spent.count();
}

void Traffic::wait_for_one(LeanRing& ring) {
  constexpr unsigned kLooksPerClock = 4096;
  const auto limit = steady_clock::now() + kPatience;
  for (unsigned looks = 1; !ring.take(); ++looks) {
    _mm_pause();
    if (looks % kLooksPerClock == 0 && steady_clock::now() > limit)
      throw std::runtime_error("the device does not answer");
  }
}

Latency Traffic::latency(std::chrono::milliseconds time) {
  Queue& queue = queues_.front();
  LeanRing& ring = *queue.ring;
  std::vector<double> each;
  const auto end = steady_clock::now() + time;
  for (auto start = steady_clock::now(); start < end; start = steady_clock::now()) {
    add(queue, 0);
    ring.publish();
    kick_if_wanted(0, ring);
    if (options_.by_turns) device_->run_ready();
    wait_for_one(ring);
    each.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - start).count());
    look_at_status(queue, 0);
  }
  check_results();
  std::sort(each.begin(), each.end());
  return {.median_us = each[each.size() / 2], .p99_us = each[each.size() * 99 / 100]};
}

void Traffic::check_chains() const {
  for (const Queue& queue : queues_) {
    if (queue.broken)
      throw std::runtime_error("the device returned a chain that there is not, or not all of them");
  }
}

void Traffic::check_results() const {
  check_chains();
  for (const Queue& queue : queues_) {
    for (std::size_t chain = 0; chain < queue.results.size(); ++chain)
      check_result(queue, chain);
  }
}

void Traffic::check_result(const Queue& queue, std::size_t chain) const {
  for (const std::byte status : {queue.failure, queue.statuses[chain].back()}) {
    if (status != std::byte{0})
      throw RequestRefused(fmt::format("{}: a request failed with status {}", subject_.title(),
                                       std::to_integer<unsigned>(status)));
  }
  test::Bytes result;
  for (const std::span<const std::byte> part : queue.results[chain])
    result.insert(result.end(), part.begin(), part.end());
  if (!check_.is_right(result))
    throw std::runtime_error(fmt::format("{}: a result is wrong", subject_.title()));
}

}  // namespace virtcrypt::bench
