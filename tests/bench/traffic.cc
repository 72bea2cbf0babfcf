#include "tests/bench/traffic.h"

#include <immintrin.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <thread>

#include <spdlog/fmt/fmt.h>

#include "tests/bench/raw_speed.h"
#include "tests/driver/request_ring.h"

namespace virtcrypt::bench {
namespace {

using std::chrono::steady_clock;
using test::Segment;

constexpr std::byte kUnwritten{0xee};
constexpr std::chrono::seconds kPatience{10};  // with a device that answers nothing any more
constexpr std::uint64_t kRevision1 = 1U << 0U, kStatelessServices = 0x1eU;  // 5.9.3

std::size_t memory_for(const TrafficOptions& options, std::size_t text_bytes) {
  constexpr std::size_t kRequestBytes = 2048;  // header, IV, AAD, key, tag, descriptors
  return (std::size_t{1} << 20U) +
         std::size_t{options.queues} * options.depth * (2 * text_bytes + kRequestBytes);
}

devices::crypto_dev::DeviceOptions device_options(const TrafficOptions& options) {
  devices::crypto_dev::DeviceOptions device;
  device.data_queues = options.queues;
  device.queue_size = 32768;
  device.io_threads = options.queues;
  device.workers = 0;
  return device;
}

std::uint64_t features_for(const TrafficOptions& options) {
  std::uint64_t features = test::feature::kVersion1 | test::feature::kEventIdx;
  if (options.packed) features |= test::feature::kRingPacked;
  if (options.indirect) features |= test::feature::kIndirectDesc;
  if (options.stateless) features |= kRevision1 | kStatelessServices;
  return features;
}

test::Layout layout_of(const TrafficOptions& options) {
  return options.stateless ? test::Layout::kStateless : test::Layout::kPadded;
}

}  // namespace

Traffic::Traffic(const Subject& subject, const TrafficOptions& options,
                 std::unique_ptr<const crypto::Engine> engine)
    : subject_(subject),
      options_(options),
      text_(subject.text(options.bytes)),
      expected_(expected_result(subject, options.bytes)),
      memory_(memory_for(options, text_.size())) {
  auto model = std::make_unique<devices::crypto_dev::Device>(device_options(options), std::move(engine));
  function_ = std::make_unique<virtio::pci::VirtioPciFunction>(std::move(model), memory_.memory(), slot_);
  access_ = std::make_unique<test::FunctionAccess>(*function_);
  pci_ = std::make_unique<test::PciDriver>(*access_);
  start(features_for(options));
  place_requests({layout_of(options), options.stateless ? 0 : open_session()});
}

Traffic::~Traffic() = default;

void Traffic::start(std::uint64_t features) {
  pci_->set_command(0x6);
  if (!pci_->negotiate(features)) throw std::runtime_error("the device refuses the features");
  const test::Target anywhere{layout_of(options_), 0};
  const std::uint16_t segments = segment_count(subject_.request(anywhere, text_));
  queues_.resize(options_.queues);
  for (std::uint16_t i = 0; i < options_.queues; ++i) {
    queues_[i].ring = LeanRing::make(memory_, {.packed = options_.packed,
                                               .indirect = options_.indirect,
                                               .chains = options_.depth,
                                               .segments = segments});
    queues_[i].ring->want_interrupt(false);
    pci_->set_queue(i, *queues_[i].ring);
  }
  control_ = LeanRing::make(memory_, {.packed = options_.packed,
                                      .indirect = options_.indirect,
                                      .chains = 1,
                                      .segments = segment_count(subject_.create(layout_of(options_)))});
  pci_->set_queue(options_.queues, *control_);
  pci_->add_status(test::status::kDriverOk);
}

std::uint16_t Traffic::segment_count(const test::Request& request) {
  const auto mark = memory_.mark();
  const std::size_t count = test::place(memory_, request).size();
  memory_.rewind(mark);
  return static_cast<std::uint16_t>(count);
}

std::uint64_t Traffic::open_session() {
  const std::vector<Segment> segments = test::place(memory_, subject_.create(layout_of(options_)));
  control_->place(0, segments);
  control_->add(0);
  control_->publish();
  pci_->kick(options_.queues);
  const auto limit = steady_clock::now() + kPatience;
  while (!control_->take()) {
    if (steady_clock::now() > limit) throw std::runtime_error("the device does not answer");
    std::this_thread::yield();
  }
  const std::span<const std::byte> answer = memory_.at(segments.back().address, segments.back().length);
  std::uint64_t id = 0;
  std::uint32_t status = 0;
  std::memcpy(&id, answer.data(), sizeof id);
  std::memcpy(&status, answer.data() + sizeof id, sizeof status);
  if (status != 0)
    throw std::runtime_error(
        fmt::format("the device refuses a session of {}: status {}", subject_.name, status));
  return id;
}

// The status is the last writable byte, the result all that is writable before it.
void Traffic::place_requests(const test::Target& target) {
  const test::Request request = subject_.request(target, text_);
  for (Queue& queue : queues_) {
    for (std::uint16_t chain = 0; chain < options_.depth; ++chain) {
      const std::vector<Segment> segments = test::place(memory_, request);
      queue.ring->place(chain, segments);
      queue.statuses.push_back(memory_.at(segments.back().address, segments.back().length));
      const auto result =
          std::find_if(segments.begin(), segments.end(), [](const Segment& each) { return each.writable; });
      queue.results.push_back(memory_.at(result->address, expected_.empty() ? 0 : result->length));
    }
  }
}

void Traffic::kick_if_wanted(std::uint16_t index) {
  if (queues_[index].ring->needs_kick()) pci_->kick(index);
}

void Traffic::drive(std::uint16_t index, const std::atomic<bool>& stop) {
  Queue& queue = queues_[index];
  LeanRing& ring = *queue.ring;
  std::uint16_t in_flight = options_.depth;
  std::optional<steady_clock::time_point> limit;
  for (std::uint16_t chain = 0; chain < options_.depth; ++chain)
    ring.add(chain);
  ring.publish();
  kick_if_wanted(index);
  while (in_flight != 0) {
    bool added = false;
    const bool stopping = stop.load(std::memory_order_relaxed);
    while (const auto chain = ring.take()) {
      if (*chain >= options_.depth) {
        queue.broken = true;
        return;
      }
      ++queue.completed;
      if (stopping) {
        --in_flight;
      } else {
        ring.add(*chain);
        added = true;
      }
    }
    if (added) {
      ring.publish();
      kick_if_wanted(index);
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
    for (const std::span<std::byte> bytes : queue.results)
      std::fill(bytes.begin(), bytes.end(), kUnwritten);
    for (const std::span<std::byte> byte : queue.statuses)
      std::fill(byte.begin(), byte.end(), kUnwritten);
  }
  std::atomic<bool> stop{false};
  const auto start = steady_clock::now();
  std::vector<std::jthread> drivers;
  for (std::uint16_t i = 0; i < options_.queues; ++i)
    drivers.emplace_back([&, i] { drive(i, stop); });
  std::this_thread::sleep_for(time);
  stop = true;
  drivers.clear();
  const std::chrono::duration<double> seconds = steady_clock::now() - start;
  check_results();
  std::uint64_t completed = 0;
  for (const Queue& queue : queues_)
    completed += queue.completed;
  return static_cast<double>(completed) / seconds.count();
}

Latency Traffic::latency(std::chrono::milliseconds time) {
  LeanRing& ring = *queues_.front().ring;
  std::vector<double> each;
  const auto end = steady_clock::now() + time;
  for (auto start = steady_clock::now(); start < end; start = steady_clock::now()) {
    ring.add(0);
    ring.publish();
    kick_if_wanted(0);
    while (!ring.take())
      _mm_pause();
    each.push_back(std::chrono::duration<double, std::micro>(steady_clock::now() - start).count());
  }
  std::sort(each.begin(), each.end());
  return {.median_us = each[each.size() / 2], .p99_us = each[each.size() * 99 / 100]};
}

void Traffic::check_results() const {
  for (const Queue& queue : queues_) {
    if (queue.broken)
      throw std::runtime_error("the device returned a chain that there is not, or not all of them");
    for (std::size_t chain = 0; chain < queue.results.size(); ++chain) {
      if (queue.statuses[chain].back() != std::byte{0})
        throw std::runtime_error(fmt::format("{}: a request failed with status {}", subject_.title(),
                                             std::to_integer<unsigned>(queue.statuses[chain].back())));
      const std::span<const std::byte> result = queue.results[chain];
      if (result.size() < expected_.size() || !std::equal(expected_.begin(), expected_.end(), result.begin()))
        throw std::runtime_error(fmt::format("{}: a result is wrong", subject_.title()));
    }
  }
}

}  // namespace virtcrypt::bench
