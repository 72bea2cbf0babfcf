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

DeviceOptions options_of(const Target& target, const Narrate& narrate) {
  DeviceOptions options{.data_queues = kDataQueues,
                        .queue_size = kRingSize,
                        .io_threads = 0,
                        .workers = 0,
                        .max_sessions = kMostSessions,
                        .max_size = kMostSize};
  if (target.rfc_v2) {
    options.dialect = &devices::crypto_dev::rfc_v2_dialect();
    options.extensions = virtio::FeatureSet::all();
  }
  if (narrate) options.trace = std::make_shared<devices::crypto_dev::RequestTrace>(narrate, true);
  return options;
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
    features |= test::rfc_v2::kFeatureStatus | test::rfc_v2::kFeatureMq | test::rfc_v2::kFeatureAlgs;
    add(start_bit::kStateless, test::rfc_v2::kFeatureInline);
  } else {
    // REVISION_1 (0), and the five *_STATELESS_MODE (1 to 5), which need it.
    add(start_bit::kRevision1, 1);
    if ((bits & start_bit::kRevision1) != 0) add(start_bit::kStateless, 0x3E);
  }
  return features;
}

}  // namespace

Machine::Machine(const Target& target, Narrate narrate)
    : target_(target),
      narrate_(std::move(narrate)),
      memory_({{test::TestMemory::kBase, kFirstRegion},
               {test::TestMemory::kBase + kFirstRegion, kOtherRegion},
               {kFarBase, kOtherRegion}}),
      rings_(kDataQueues + 1) {
  devices::log().set_level(spdlog::level::off);
  auto device = std::make_unique<Device>(options_of(target, narrate_), crypto::make_default_engine());
  device_ = device.get();
  function_ = std::make_unique<virtio::pci::VirtioPciFunction>(std::move(device), memory_.memory(), slot_);
  access_ = std::make_unique<test::FunctionAccess>(*function_);
  pci_ = std::make_unique<test::PciDriver>(*access_);
  pci_->set_command(0x6);
}

void Machine::run(const Input& input) {
  const auto features =
      static_cast<std::uint8_t>((input.features & target_.feature_mask) | target_.feature_force);
  if (target_.started) start(features);
  for (const Step& step : input.steps)
    take(step);
  pci_->set_command(0x6);
  reset();
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
      return run_device();
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
  honest_ = true;
}

void Machine::make_ring(std::uint16_t queue) {
  const bool event_idx = (features_ & test::feature::kEventIdx) != 0;
  Ring& ring = rings_[queue];
  ring.pending.clear();
  if ((features_ & test::feature::kRingPacked) != 0) {
    ring.ring = std::make_unique<test::PackedRing>(memory_, kRingSize, event_idx);
  } else {
    ring.ring = std::make_unique<test::SplitRing>(memory_, kRingSize, event_idx,
                                                  (features_ & test::feature::kInOrder) != 0);
  }
  ring.ring->want_interrupt(true);
  pci_->set_queue(queue, *ring.ring, static_cast<std::uint16_t>(1 + queue));
}

void Machine::settle() {
  unsigned rounds = 0;
  while (device_->run_ready() != 0)
    require(++rounds < kMostRounds, "the device never becomes idle");
  check_limits();
}

void Machine::check_limits() {
  require(device_->stats().sessions_open <= kMostSessions, "more sessions are open than the device allows");
}

void Machine::run_device() {
  settle();
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
}

void Machine::collect(Ring& ring) {
  while (const auto used = ring.ring->poll()) {
    const auto found = ring.pending.find(static_cast<std::uint16_t>(used->head));
    require(!honest_ || found != ring.pending.end(), "an answer to no request");
    if (found == ring.pending.end()) continue;
    const Pending pending = std::move(found->second);
    ring.pending.erase(found);
    answered(pending);
  }
}

void Machine::answered(const Pending& pending) {
  test::Bytes readable, written;
  for (const test::Segment& segment : pending.segments) {
    const auto bytes = memory_.at(segment.address, segment.length);
    test::Bytes& all = segment.writable ? written : readable;
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  require(!honest_ || pending.request.overlaps || readable == pending.readable,
          "the device changed what it may only read");
  if (written.empty()) return;
  const std::uint8_t last = std::to_integer<std::uint8_t>(written.back());
  if (pending.request.creates && written.size() >= 9) {
    std::uint64_t id = 0;
    std::memcpy(&id, written.data(), sizeof id);
    // The standard's status is a le32 behind the id.
    const bool ok = target_.rfc_v2 ? last == 0 : written[8] == std::byte{0};
    if (ok) state_.sessions[pending.request.service].push_back(id);
  } else if (last == 0) {
    state_.last_output.assign(written.begin(), written.end() - 1);
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
  std::atomic<bool> over{false};
  std::thread other([&] {
    while (!over.load(std::memory_order_relaxed)) {
      for (const Flip& flip : flips) {
        auto& target = reinterpret_cast<std::uint8_t&>(flip.bytes.front());
        std::atomic_ref<std::uint8_t>(target).fetch_xor(flip.mask, std::memory_order_relaxed);
      }
    }
  });
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
    device_->run_ready();
    require(++rounds < kMostRounds, "a reset is never complete");
  }
  settle();
  const auto stats = device_->stats();
  require(stats.sessions_open == 0, "a reset leaves sessions open");
  require(stats.in_flight == 0, "a reset leaves requests in flight");
  state_ = {};
  for (Ring& ring : rings_) {
    ring.ring.reset();
    ring.pending.clear();
  }
}

void Machine::queue_reset(Reader& bytes) {
  const std::uint16_t queue = this->queue(bytes);
  const bool again = (bytes.u8() & 1U) != 0;
  if (!rings_[queue].ring) return;
  say("reset of queue {}{}", queue, again ? ", which is enabled again" : "");
  pci_->request_queue_reset(queue);
  unsigned rounds = 0;
  while (pci_->queue_resets(queue)) {
    device_->run_ready();
    require(++rounds < kMostRounds || !honest_, "a queue's reset is never complete");
    if (rounds >= kMostRounds) break;
  }
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
