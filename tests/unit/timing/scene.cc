#include "tests/unit/timing/scene.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace virtcrypt::test {
namespace {

constexpr std::uint16_t kRingSize = 16;
constexpr std::size_t kMemoryBytes = std::size_t{64} << 10;
constexpr std::uint64_t kCheap = 1;          // executed on the I/O thread
constexpr std::uint64_t kHalfAJob = 25'000;  // two of them are handed off
constexpr std::uint64_t kWholeJob = 50'000;  // handed off

DriverOptions driver_options(bool packed, const Talk& talk) {
  return {.features = feature::kVersion1 | feature::kIndirectDesc | feature::kEventIdx | feature::kRingReset |
                      talk.features(),
          .packed = packed,
          .ring_size = kRingSize,
          .memory_bytes = kMemoryBytes,
          .start = false};
}

}  // namespace

std::string_view name_of(Stage stage) {
  static constexpr std::array<std::string_view, kStages> kNames{"available",
                                                                "popped",
                                                                "parsed",
                                                                "before execution on the loop",
                                                                "midway on the loop",
                                                                "executed on the loop",
                                                                "waiting for a worker",
                                                                "before execution by a worker",
                                                                "midway in a worker",
                                                                "executed by a worker",
                                                                "done by a worker",
                                                                "returning",
                                                                "second returning",
                                                                "before the interrupt",
                                                                "signalling"};
  return kNames.at(static_cast<std::size_t>(stage));
}

Scene::Scene(bool packed, bool is_draft)
    : slot_(steering_.gates),
      talk_(is_draft),
      driver_({.dialect = &talk_.dialect(),
               .data_queues = 4,
               .queue_size = kRingSize,
               .io_threads = 2,
               .workers = 1,
               .max_sessions = 8},
              driver_options(packed, talk_),
              {.engine = std::make_unique<SteeredEngine>(steering_),
               .slot = &slot_,
               .observer = std::make_shared<GatedObserver>(steering_.gates)}) {}

void Scene::bring_to(Stage stage) {
  if (!driver_.start()) throw std::runtime_error("features refused");
  others_.clear();
  steering_.estimated_ns = kCheap;
  session_ = talk_.open(driver_);
  other_session_ = talk_.open(driver_);
  // The interrupts for these answers come behind them, and are not to run into a gate.
  reset_queue(kFarQueue);
  driver_.enable_queue(kFarQueue, kRingSize);
  const bool in_pool = stage >= Stage::kPoolWaiting && stage <= Stage::kPoolDone;
  static constexpr std::array<Place, kStages> kPlaces{
      Place::kParsed,   Place::kTaken,     Place::kParsed,          Place::kExecution, Place::kMidway,
      Place::kExecuted, Place::kExecution, Place::kExecution,       Place::kMidway,    Place::kExecuted,
      Place::kExecuted, Place::kReturning, Place::kSecondReturning, Place::kInterrupt, Place::kSignal};
  const Place place = kPlaces.at(static_cast<std::size_t>(stage));
  steering_.gates.at(place).arm();
  if (stage == Stage::kAvailable || stage == Stage::kPoolWaiting) {
    send_other(kNeighbour, stage == Stage::kAvailable ? kCheap : kWholeJob);
    reach(place);
  }
  const std::uint64_t handed_off = driver_.device().stats().handed_off;
  steering_.estimated_ns = in_pool ? kHalfAJob : kCheap;
  send_both();
  if (stage == Stage::kPoolWaiting) {
    if (!driver_.wait_until([&] { return driver_.device().stats().handed_off == handed_off + 2; }))
      throw std::runtime_error("not handed off");
  } else if (stage != Stage::kAvailable) {
    reach(place);
  }
  if (stage != Stage::kPoolDone) return;
  steering_.gates.at(Place::kParsed).arm();
  send_other(kNeighbour, kCheap);
  reach(Place::kParsed);
  steering_.gates.at(Place::kExecuted).open();
  // The one worker does this after it has posted what it has finished.
  send_other(kFarQueue, kWholeJob);
  if (!driver_.wait_until([&] { return driver_.any_ring(kFarQueue).poll().has_value(); }))
    throw std::runtime_error("the far queue stands still");
  others_.pop_back();
}

void Scene::reach(Place place) {
  if (!steering_.gates.at(place).wait_until_reached()) throw std::runtime_error("nobody comes to the gate");
}

Scene::Sent Scene::put(std::uint16_t queue, std::uint64_t session) {
  const std::uint32_t number = next_number_++;
  const std::vector<Segment> segments = place(driver_.memory(), talk_.encrypt(session, number));
  // The parts that the device writes lie one behind the other.
  const auto first =
      std::find_if(segments.begin(), segments.end(), [](const Segment& segment) { return segment.writable; });
  std::vector<Segment> chain(segments.begin(), first);
  const Buffer room = driver_.memory().allocate(Bytes(Talk::kTextBytes + 1, std::byte{0xEE}));
  chain.push_back({room.address, static_cast<std::uint32_t>(room.bytes.size()), true});
  const auto head = driver_.any_ring(queue).add(chain);
  if (!head) throw std::runtime_error("ring is full");
  return {.head = *head, .number = number, .written = room.bytes};
}

void Scene::send_both() {
  for (Sent& sent : sent_)
    sent = put(kQueue, session_);
  driver_.kick(kQueue);
}

void Scene::send_other(std::uint16_t queue, std::uint64_t estimated_ns) {
  steering_.estimated_ns = estimated_ns;
  put(queue, other_session_);
  driver_.kick(queue);
  others_.push_back(queue);
}

int Scene::collect() {
  int chains = 0;
  while (const auto used = driver_.any_ring(kQueue).poll()) {
    ++chains;
    const auto found =
        std::find_if(sent_.begin(), sent_.end(), [&](const Sent& sent) { return sent.head == used->head; });
    if (found == sent_.end()) throw std::runtime_error("a chain came back that was not sent");
    ++found->returned;
    found->used_length = used->length;
  }
  return chains;
}

bool Scene::wait_for_both() {
  return driver_.wait_until([&] {
    collect();
    return sent_[0].returned > 0 && sent_[1].returned > 0;
  });
}

void Scene::wait_for_others() {
  for (const std::uint16_t queue : others_) {
    if (!driver_.wait_until([&] { return driver_.any_ring(queue).poll().has_value(); }))
      throw std::runtime_error("another queue stands still");
  }
  others_.clear();
}

// A queue is stopped by its thread when that has done what came before.
void Scene::reset_queue(std::uint16_t queue) {
  pci().request_queue_reset(queue);
  if (!driver_.wait_until([&] { return !pci().queue_resets(queue); }))
    throw std::runtime_error("a queue is not reset");
}

void Scene::settle() {
  reset_queue(kFarQueue);
  reset_queue(kNeighbour);
}

bool Scene::is_quiet() {
  const auto signals = [this] {
    std::vector<unsigned> counts{slot().intx_edges()};
    for (std::uint16_t vector = 0; vector <= 5; ++vector)
      counts.push_back(slot().signals(vector));
    return counts;
  };
  const auto memory = driver_.memory().at(TestMemory::kBase, kMemoryBytes);
  const Bytes copy(memory.begin(), memory.end());
  const auto before = signals();
  std::this_thread::sleep_for(std::chrono::microseconds(500));
  return std::equal(copy.begin(), copy.end(), memory.begin()) && signals() == before;
}

bool Scene::works(std::uint64_t session) {
  const Sent sent = put(kQueue, session);
  driver_.kick(kQueue);
  return driver_.wait_until([&] { return driver_.any_ring(kQueue).poll().has_value(); }) &&
         Talk::is_right(sent.written, sent.number);
}

}  // namespace virtcrypt::test
