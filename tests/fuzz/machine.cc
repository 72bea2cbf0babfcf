#include "tests/fuzz/machine.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "tests/driver/packed_ring.h"
#include "tests/driver/rfc_v2_requests.h"
#include "tests/driver/split_ring.h"
#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/log.h"

namespace virtcrypt::fuzz {

namespace {

using devices::crypto_dev::Device;
using devices::crypto_dev::DeviceOptions;
using devices::crypto_dev::Dialect;
using devices::crypto_dev::DriverCheck;
using devices::crypto_dev::RequestTrace;

const Dialect& dialect_of(const Target& target) {
  return target.rfc_v2 ? devices::crypto_dev::rfc_v2_dialect() : devices::crypto_dev::standard_dialect();
}

std::uint8_t start_bits(const Target& target, const Input& input) {
  return static_cast<std::uint8_t>((input.features & target.feature_mask) | target.feature_force);
}

// What a driver that knows the bits asks for, of what is offered.
std::uint64_t features_of(const Target& target, std::uint8_t bits) {
  namespace feature = test::feature;
  std::uint64_t features = feature::kVersion1 | feature::kRingReset;
  const auto add = [&](std::uint8_t bit, std::uint64_t wanted) {
    if ((bits & bit) != 0) features |= wanted;
  };
  add(start_bit::kPacked, feature::kRingPacked);
  add(start_bit::kEventIdx, feature::kEventIdx);
  add(start_bit::kIndirect, feature::kIndirectDesc);
  add(start_bit::kInOrder, feature::kInOrder);
  add(start_bit::kNotificationData, feature::kNotificationData);
  if (target.rfc_v2) {
    features |= test::rfc_v2::kFeatureStatus | test::rfc_v2::kFeatureAlgs;
    if ((bits & start_bit::kRevision1) == 0) features |= test::rfc_v2::kFeatureMq;
    add(start_bit::kStateless, test::rfc_v2::kFeatureInline);
  } else {
    // REVISION_1 (0), and the five *_STATELESS_MODE (1 to 5), which need it.
    add(start_bit::kRevision1, 1);
    if ((bits & start_bit::kRevision1) != 0) add(start_bit::kStateless, 0x3E);
  }
  return features;
}

// Less than a device has as a rule.
void narrow(DeviceOptions& options, std::uint64_t features) {
  options.offered = virtio::FeatureSet(features);
  options.max_cipher_key_bytes = 24;
  options.max_auth_key_bytes = 48;
  options.max_size = 2048;
  options.queue_size = kNarrowRingSize;
}

DeviceOptions options_of(const Target& target, const Input& input, const Narrate& narrate,
                         std::shared_ptr<DriverCheck> check) {
  const auto is_on = [&](std::uint8_t option) { return (input.options & option) != 0; };
  DeviceOptions options{.data_queues = kDataQueues,
                        .queue_size = kRingSize,
                        .io_threads = 0,
                        .workers = is_on(power_on_option::kWorkers) ? std::size_t{1} : std::size_t{0},
                        .max_sessions = kMostSessions,
                        .max_size = kMostSize};
  options.dialect = &dialect_of(target);
  options.extensions = virtio::FeatureSet::all();
  if (is_on(power_on_option::kNarrow)) narrow(options, features_of(target, start_bits(target, input)));
  if (narrate) {
    options.trace = std::make_shared<RequestTrace>(narrate, true);
  } else if (is_on(power_on_option::kTraced)) {
    options.trace = std::make_shared<RequestTrace>(
        [](std::string_view text) { require(text.ends_with('\n'), "a trace without an end"); }, true);
  }
  options.check = std::move(check);
  return options;
}

// Null where nobody is to judge the driver.
std::shared_ptr<DriverCheck> check_of(const Target& target, const Input& input,
                                      virtio::DriverVerdicts& verdicts) {
  if ((input.options & power_on_option::kJudged) == 0) return nullptr;
  const bool is_narrow = (input.options & power_on_option::kNarrow) != 0;
  return std::make_shared<DriverCheck>(verdicts, "crypto0", dialect_of(target),
                                       is_narrow ? kNarrowRingSize : kRingSize);
}

}  // namespace

Machine::Machine(const Target& target, const Input& first, Narrate narrate)
    : target_(target),
      narrate_(std::move(narrate)),
      narrow_((first.options & power_on_option::kNarrow) != 0),
      memory_({{test::TestMemory::kBase, kFirstRegion},
               {test::TestMemory::kBase + kFirstRegion, kOtherRegion},
               {kFarBase, kOtherRegion}}),
      guard_(memory_.memory()),
      check_(check_of(target, first, verdicts_)),
      rings_(kDataQueues + 1) {
  devices::log().set_level(spdlog::level::off);
  auto device =
      std::make_unique<Device>(options_of(target, first, narrate_, check_), crypto::make_default_engine());
  device_ = device.get();
  function_ =
      std::make_unique<virtio::pci::VirtioPciFunction>(std::move(device), memory_.memory(), slot_, check_);
  access_ = std::make_unique<test::FunctionAccess>(*function_);
  pci_ = std::make_unique<test::PciDriver>(*access_);
  pci_->set_command(0x6);
}

void Machine::run(const Input& input) {
  if (target_.started) start(start_bits(target_, input));
  for (const Step& step : input.steps)
    take(step);
  pci_->set_command(0x6);
  reset();
  if (check_ != nullptr) {
    check_->finish();
    check_verdicts();
  }
}

void Machine::take(const Step& step) {
  Reader bytes(step.bytes);
  switch (target_.operations[step.kind % target_.operations.size()]) {
    case Operation::kConfigRead:
      return config_read(bytes);
    case Operation::kConfigWrite:
      return config_write(bytes);
    case Operation::kBarRead:
      return bar_read(bytes);
    case Operation::kBarWrite:
      return bar_write(bytes);
    case Operation::kCommonWrite:
      return common_write(bytes);
    case Operation::kStart:
      return start(static_cast<std::uint8_t>((bytes.u8() & target_.feature_mask) | target_.feature_force));
    case Operation::kDescriptor:
      return descriptor(bytes);
    case Operation::kAvailable:
      return available(bytes);
    case Operation::kPoke:
      return poke(bytes);
    case Operation::kRequest:
      return request(bytes);
    case Operation::kNotify:
      return notify(bytes);
    case Operation::kRun:
      return (bytes.u8() & 3U) == 1 ? run_briefly() : run_device();
    case Operation::kRace:
      return race(bytes);
    case Operation::kReset:
      return reset();
    case Operation::kQueueReset:
      return queue_reset(bytes);
    case Operation::kReady: {
      const bool ready = (bytes.u8() & 1U) != 0;
      say("HW_READY {}", ready ? "on" : "off");
      return device_->set_ready(ready);
    }
    case Operation::kCommand: {
      const std::uint16_t value = bytes.u16();
      say("PCI command = {:#06x}", value);
      honest_ = false;
      return pci_->set_command(value);
    }
    case Operation::kQueueSetup:
      return queue_setup(bytes);
  }
}

void Machine::start(std::uint8_t bits) {
  reset();
  memory_.rewind(0);
  features_ = features_of(target_, bits);
  const bool accepted = pci_->negotiate(features_);
  say("start with features {:#x}{}", features_, accepted ? "" : ": refused");
  if (!accepted) return;
  const bool msix = (bits & start_bit::kMsix) != 0;
  pci_->set_command(0x6);
  pci_->enable_msix(msix);
  if (msix) {
    for (std::uint16_t i = 0; i <= kDataQueues + 1; ++i)
      pci_->program_vector(i, 0xFEE0'0000, 0x40U + i, false);
  }
  pci_->write_common(test::common::kConfigVector, 2, msix ? 0 : 0xFFFF);
  for (std::uint16_t queue = 0; queue <= kDataQueues; ++queue)
    make_ring(queue);
  pci_->add_status(test::status::kDriverOk);
  device_->run_ready();
  const bool revision1 = (features_ & 1U) != 0 && !target_.rfc_v2;
  state_ = {};
  state_.layout = revision1 ? test::Layout::kRevision1 : test::Layout::kPadded;
  state_.stateless = (bits & start_bit::kStateless) != 0 && (target_.rfc_v2 || revision1);
  const bool has_queues = !target_.rfc_v2 || (features_ & test::rfc_v2::kFeatureMq) != 0;
  data_queues_ = has_queues ? kDataQueues : 1;
  honest_ = true;
  known_sessions_.reset();
  // What a session is is said in few words by the standard's requests alone.
  if (!target_.rfc_v2) known_sessions_ = 0;
}

void Machine::make_ring(std::uint16_t queue) {
  const bool event_idx = (features_ & test::feature::kEventIdx) != 0;
  Ring& ring = rings_[queue];
  ring.pending.clear();
  if ((features_ & test::feature::kRingPacked) != 0) {
    ring.ring = std::make_unique<test::PackedRing>(memory_, ring_size(), event_idx);
  } else {
    ring.ring = std::make_unique<test::SplitRing>(memory_, ring_size(), event_idx,
                                                  (features_ & test::feature::kInOrder) != 0);
  }
  ring.ring->want_interrupt(true);
  pci_->set_queue(queue, *ring.ring, static_cast<std::uint16_t>(1 + queue));
}

// All that the device can do now. Without bus mastering it holds back what is done, unless a reset drops
// that.
void Machine::work(bool resetting) {
  const auto start = std::chrono::steady_clock::now();
  unsigned rounds = 0;
  for (;;) {
    while (device_->run_ready() != 0)
      require(++rounds < kMostRounds, "the device never becomes idle");
    const bool held = !resetting && (access_->config_read(4, 2) & 4U) == 0;
    if (held || device_->stats().in_flight == 0) return;
    require(std::chrono::steady_clock::now() - start < kMostPatience, "work is never done");
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  }
}

void Machine::settle() {
  work();
  check_limits();
}

void Machine::check_limits() {
  require(device_->stats().sessions_open <= kMostSessions, "more sessions are open than the device allows");
}

// The guest's memory may be changed where requests have room for answers, and where the device's side of
// rings is; for a driver that has spoiled its rings nobody can tell where that is.
void Machine::check_memory() {
  for (const Ring& ring : rings_) {
    if (!ring.ring) continue;
    const std::uint64_t slots = ring_size();
    const bool packed = (features_ & test::feature::kRingPacked) != 0;
    guard_.allow(ring.ring->device_area(), packed ? 4 : 6 + 8 * slots);
    if (packed) guard_.allow(ring.ring->descriptor_area(), 16 * slots);
    for (const auto& [head, pending] : ring.pending) {
      for (const test::Segment& segment : pending.segments) {
        if (segment.writable) guard_.allow(segment.address, segment.length);
      }
    }
  }
  require(!guard_.first_change(), "the device writes memory that is not its to write");
}

void Machine::check_sessions() {
  require(!known_sessions_ || device_->stats().sessions_open == *known_sessions_,
          "other sessions are open than those that the driver has created");
}

void Machine::check_verdicts() {
  for (const virtio::DriverVerdicts::Tally& tally : verdicts_.tallies()) {
    require(tally.evidence.size() <= virtio::DriverVerdicts::kMostEvidence, "too much evidence");
    for (const std::string& evidence : tally.evidence) {
      // With a line that says that there was more.
      require(evidence.size() < 2 * virtio::DriverVerdicts::kMostEvidenceBytes, "evidence without an end");
    }
  }
}

unsigned Machine::interrupts() const {
  unsigned all = slot_.intx_edges();
  for (std::uint16_t vector = 0; vector <= kDataQueues + 1; ++vector)
    all += slot_.signals(vector);
  return all;
}

// Leaves workers alone with what they have in hand.
void Machine::run_briefly() {
  device_->run_ready();
  check_limits();
  say("the device has worked, but perhaps for its workers");
}

void Machine::run_device() {
  guard_.remember();
  settle();
  if (honest_) check_memory();
  say("the device has worked");
  for (Ring& ring : rings_) {
    if (!ring.ring) continue;
    try {
      collect(ring);
    } catch (const std::exception&) {
      // The driver stumbled over a ring that it spoiled itself.
      require(!honest_, "an honest driver finds a used ring that makes no sense");
      ring.pending.clear();
    }
    const bool served = honest_ && pci_->device_status() == 0x0F;
    require(!served || ring.pending.empty(), "a request of an honest driver is not answered");
  }
  if (honest_ && pci_->device_status() == 0x0F) check_sessions();
}

void Machine::collect(Ring& ring) {
  while (const auto used = ring.ring->poll()) {
    const auto found = ring.pending.find(static_cast<std::uint16_t>(used->head));
    require(!honest_ || found != ring.pending.end(), "an answer to no request");
    if (found == ring.pending.end()) continue;
    const Pending pending = std::move(found->second);
    ring.pending.erase(found);
    answered(pending, used->length);
  }
}

void Machine::answered(const Pending& pending, std::uint32_t used_length) {
  test::Bytes readable, written;
  for (const test::Segment& segment : pending.segments) {
    const auto bytes = memory_.at(segment.address, segment.length);
    test::Bytes& all = segment.writable ? written : readable;
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  require(!honest_ || pending.request.overlaps || readable == pending.readable,
          "the device changed what it may only read");
  require(!honest_ || used_length <= written.size(), "a used length beyond what can be written");
  if (written.empty()) return;
  count_sessions(pending, written);
  const std::uint8_t last = std::to_integer<std::uint8_t>(written.back());
  if (pending.request.creates && written.size() >= 9) {
    std::uint64_t id = 0;
    // The standard's status is a le32 behind the id, the draft's a byte before it.
    std::memcpy(&id, written.data() + (target_.rfc_v2 ? 1 : 0), sizeof id);
    const bool ok = (target_.rfc_v2 ? written.front() : written[8]) == std::byte{0};
    if (ok) state_.sessions[pending.request.service].push_back(id);
  } else if (last == 0) {
    state_.last_output.assign(written.begin(), written.end() - 1);
  }
}

void Machine::count_sessions(const Pending& pending, const test::Bytes& written) {
  const BuiltRequest& request = pending.request;
  if (!known_sessions_ || (!request.is_control && !pending.misplaced)) return;
  if (pending.misplaced || !request.changes.empty()) {
    known_sessions_.reset();
  } else if (request.creates) {
    if (written.size() >= 9 && written[8] == std::byte{0}) ++*known_sessions_;
  } else if (written.front() == std::byte{0}) {
    --*known_sessions_;
  }
}

void Machine::race(Reader& bytes) {
  struct Flip {
    std::span<std::byte> bytes;
    std::uint8_t mask;
  };
  std::vector<Flip> flips;
  for (int i = 0; i < 4 && !bytes.rest().empty(); ++i) {
    const Place where = place(bytes);
    const auto mask = static_cast<std::uint8_t>(bytes.u8() | 1U);
    say("from now on {:#x} changes by {:#04x}", where.address, mask);
    if (!where.bytes.empty()) flips.push_back({where.bytes, mask});
  }
  honest_ = false;
  std::atomic<bool> begun{false}, over{false};
  std::thread other([&] {
    begun.store(true, std::memory_order_relaxed);
    while (!over.load(std::memory_order_relaxed)) {
      for (const Flip& flip : flips) {
        auto& target = reinterpret_cast<std::uint8_t&>(flip.bytes.front());
        std::atomic_ref<std::uint8_t>(target).fetch_xor(flip.mask, std::memory_order_relaxed);
      }
    }
  });
  while (!begun.load(std::memory_order_relaxed))
    std::this_thread::yield();
  settle();
  over.store(true, std::memory_order_relaxed);
  other.join();
  run_device();
}

void Machine::reset() {
  say("reset");
  pci_->request_reset();
  unsigned rounds = 0;
  while (pci_->device_status() != 0) {
    work(true);
    require(++rounds < kMostRounds, "a reset is never complete");
  }
  check_reset();
  known_sessions_.reset();
  state_ = {};
  for (Ring& ring : rings_) {
    ring.ring.reset();
    ring.pending.clear();
  }
}

// A device that was reset is as if it had never been used (2.4), whatever rings its doorbells.
void Machine::check_reset() {
  guard_.remember();
  const unsigned before = interrupts();
  for (std::uint16_t queue = 0; queue <= kDataQueues; ++queue)
    pci_->write(2, queue * pci_->notify_multiplier(), 2, queue);
  settle();
  require(!guard_.first_change(), "the device writes memory after a reset");
  require(interrupts() == before, "the device interrupts after a reset");
  const auto stats = device_->stats();
  require(stats.sessions_open == 0, "a reset leaves sessions open");
  require(stats.in_flight == 0, "a reset leaves requests in flight");
}

void Machine::queue_reset(Reader& bytes) {
  const std::uint16_t queue = this->queue(bytes);
  const bool again = (bytes.u8() & 1U) != 0;
  if (!rings_[queue].ring) return;
  say("reset of queue {}{}", queue, again ? ", which is enabled again" : "");
  pci_->request_queue_reset(queue);
  unsigned rounds = 0;
  while (pci_->queue_resets(queue)) {
    work();
    require(++rounds < kMostRounds || !honest_, "a queue's reset is never complete");
    if (rounds >= kMostRounds) break;
  }
  // Whether a request was still carried out, nobody has told.
  if (!rings_[queue].pending.empty()) known_sessions_.reset();
  rings_[queue].pending.clear();
  rings_[queue].ring.reset();
  if (!again) return;
  try {
    make_ring(queue);
  } catch (const std::bad_alloc&) {
    say("no memory for another ring");
  }
}

}  // namespace virtcrypt::fuzz
