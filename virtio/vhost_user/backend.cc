#include "virtcrypt/virtio/vhost_user/backend.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstring>
#include <utility>

#include "virtcrypt/virtio/ring_queue.h"

namespace virtcrypt::virtio::vhost_user {
namespace {

using Ended = Unexpected<std::string>;

// Polling, for front-ends that do not kick.
constexpr long kPollNanoseconds = 200'000;
constexpr unsigned kVringEnabled = 1;
// What an answer with REPLY_ACK says.
constexpr std::uint64_t kSuccess = 0, kFailure = 1;

// Features that are a PCI transport's, or need messages that this back-end does not have (of an IOMMU).
constexpr FeatureSet kNotOffered = FeatureSet()
                                       .with(Feature::kAccessPlatform)
                                       .with(Feature::kNotificationData)
                                       .with(Feature::kNotifConfigData)
                                       .with(Feature::kRingReset);

constexpr std::uint64_t kProtocolFeatures =
    bit_of(ProtocolFeature::kMq) | bit_of(ProtocolFeature::kReplyAck) | bit_of(ProtocolFeature::kConfig) |
    bit_of(ProtocolFeature::kInflightShmfd) | bit_of(ProtocolFeature::kResetDevice) |
    bit_of(ProtocolFeature::kConfigureMemSlots);

template <typename Payload>
Expected<Payload, std::string> payload_of(const Message& message) {
  if (message.payload.size() != sizeof(Payload)) return Ended("its payload is of another length");
  Payload payload;
  std::memcpy(&payload, message.payload.data(), sizeof payload);
  return payload;
}

template <typename Payload>
Reply reply_with(const Payload& payload) {
  const auto bytes = std::as_bytes(std::span(&payload, 1));
  return {.payload = {bytes.begin(), bytes.end()}};
}

Expected<InflightDescription, std::string> inflight_of(const Message& message) {
  if (message.payload.size() != kInflightBytes && message.payload.size() != sizeof(InflightDescription))
    return Ended("its payload is of another length");
  InflightDescription description{};
  std::memcpy(&description, message.payload.data(), kInflightBytes);
  return description;
}

// Nothing when its size is not that of the bytes that follow.
std::optional<ConfigHead> config_head_of(const Message& message) {
  ConfigHead head{};
  std::memcpy(&head, message.payload.data(), sizeof head);
  if (message.payload.size() != sizeof head + head.size) return std::nullopt;
  return head;
}

// What the driver negotiated, as far as the front-end knows it.
FeatureSet negotiated_by(std::uint64_t acknowledged) {
  const FeatureSet negotiated(acknowledged & ~kProtocolFeaturesBit);
  if (negotiated.has(Feature::kVersion1)) return negotiated;
  return negotiated.with(Feature::kVersion1).with(Feature::kRingIndirectDesc);
}

FileDescriptor poll_timer() {
  FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  const itimerspec often{.it_interval = {0, kPollNanoseconds}, .it_value = {0, kPollNanoseconds}};
  if (timer) ::timerfd_settime(timer.get(), 0, &often, nullptr);
  return timer;
}

std::optional<std::string_view> what_is_wrong_with(const Message& message) {
  const auto shape = shape_of(static_cast<Request>(message.header.request));
  if (!shape) return "there is no such request here";
  const std::size_t bytes = message.payload.size();
  if (bytes < shape->fewest_bytes || bytes > shape->most_bytes) return "its payload is of another length";
  if (message.descriptors.size() > shape->most_descriptors)
    return "it has descriptors that it should not have";
  return std::nullopt;
}

// What a loop can wait for without being held up by it.
bool make_pollable(int fd) {
  const FileDescriptor probe(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};
  event.events = EPOLLIN;
  const int flags = ::fcntl(fd, F_GETFL);
  return probe && flags >= 0 && ::epoll_ctl(probe.get(), EPOLL_CTL_ADD, fd, &event) == 0 &&
         ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

}  // namespace

// Of the device as a whole there is nothing to tell: CONFIG without a channel of the back-end's own.
class Backend::NoInterrupts final : public InterruptSink {
 public:
  void notify_used(QueueIndex) override {}
  void notify_config_change() override {}
  void device_needs_reset() override {}
};

Backend::Backend(VirtioDevice& device, SessionMessages* sessions, BackendOptions options)
    : device_(device),
      sessions_(sessions),
      options_(std::move(options)),
      no_interrupts_(std::make_unique<NoInterrupts>()) {
  for (std::uint16_t i = 0; i < device.queue_count(); ++i)
    rings_.push_back(std::make_unique<Vring>(QueueIndex{i}));
  device_.set_bus_master(true);
}

Backend::~Backend() {
  reset_device();
}

Expected<std::optional<Reply>, std::string> Backend::handle(Message message) {
  const auto request = static_cast<Request>(message.header.request);
  const std::string_view name = name_of(request);
  const std::string title =
      name.empty() ? "message " + std::to_string(message.header.request) : std::string(name);
  if ((message.header.flags & kVersionMask) != kVersion || (message.header.flags & kReplyFlag) != 0)
    return Ended(title + ": these are no flags of a request of version 1");
  if (const auto wrong = what_is_wrong_with(message)) return Ended(title + ": " + std::string(*wrong));
  is_as_new_ = false;
  Result result = dispatch(request, message);
  if (!result) return Ended(title + ": " + result.error());
  if (!*result && wants_acknowledgement(message)) return std::optional(reply_with(kSuccess));
  return result;
}

bool Backend::wants_acknowledgement(const Message& message) const {
  return (message.header.flags & kNeedReplyFlag) != 0 && has(ProtocolFeature::kReplyAck);
}

// What cannot be done, but is no reason to end the connection.
std::optional<Reply> Backend::refusal_of(const Message& message) const {
  return wants_acknowledgement(message) ? std::optional(reply_with(kFailure)) : std::nullopt;
}

Backend::Result Backend::dispatch(Request request, Message& message) {
  const auto with = [&message](auto payload, auto function) -> Result {
    const auto read = payload_of<decltype(payload)>(message);
    return read ? Result(function(*read)) : Result(Ended(read.error()));
  };
  switch (request) {
    case Request::kGetFeatures:
      return reply_with(offered_features() | kProtocolFeaturesBit);
    case Request::kSetFeatures:
      return with(std::uint64_t{}, [this](std::uint64_t bits) { return set_features(bits); });
    case Request::kSetOwner:
    case Request::kResetOwner:  // deprecated, and nobody agrees about what it does
      return std::nullopt;
    case Request::kGetProtocolFeatures:
      return reply_with(kProtocolFeatures |
                        (sessions_ != nullptr ? bit_of(ProtocolFeature::kCryptoSession) : 0));
    case Request::kSetProtocolFeatures:
      return with(std::uint64_t{}, [this](std::uint64_t bits) { return set_protocol_features(bits); });
    case Request::kGetQueueNum:
      return reply_with(
          std::uint64_t{has(ProtocolFeature::kCryptoSession) && options_.queues_with_sessions > 0
                            ? options_.queues_with_sessions
                            : rings_.size()});
    case Request::kSetMemTable:
      return set_mem_table(message);
    case Request::kGetMaxMemSlots:
      return reply_with(std::uint64_t{MemoryTable::kMaxRegions});
    case Request::kAddMemReg:
    case Request::kRemMemReg:
      return change_memory(request, message);
    case Request::kSetVringNum:
      return with(VringState{}, [this](const VringState& state) { return set_vring_number(state); });
    case Request::kSetVringAddr:
      return with(VringAddress{}, [this](const VringAddress& address) { return set_vring_address(address); });
    case Request::kSetVringBase:
      return with(VringState{}, [this](const VringState& state) { return set_vring_base(state); });
    case Request::kGetVringBase:
      return with(VringState{}, [this](const VringState& state) { return get_vring_base(state); });
    case Request::kSetVringEnable:
      return with(VringState{}, [this](const VringState& state) { return set_vring_enable(state); });
    case Request::kSetVringKick:
    case Request::kSetVringCall:
    case Request::kSetVringErr:
      return set_vring_descriptor(request, message);
    case Request::kGetConfig:
      return get_config(message);
    case Request::kSetConfig:
      if (!config_head_of(message)) return Ended("its payload is of another length");
      // 5.9.5: there is nothing that a driver may write.
      log("SET_CONFIG: refused, the configuration space is read-only");
      return refusal_of(message);
    case Request::kCreateCryptoSession:
    case Request::kCloseCryptoSession:
      return crypto_session(request, message);
    case Request::kGetInflightFd:
      return get_inflight(message);
    case Request::kSetInflightFd:
      return set_inflight(message);
    case Request::kResetDevice:
      reset_device();
      return std::nullopt;
  }
  return Ended("there is no such request here");
}

std::uint64_t Backend::offered_features() const {
  return device_.offered_features().bits() & ~kNotOffered.bits();
}

Backend::Result Backend::set_features(std::uint64_t features) {
  if ((features & ~(offered_features() | kProtocolFeaturesBit)) != 0)
    return Ended("it acknowledges what was not offered");
  if (!device_.accepts(negotiated_by(features))) return Ended("these features do not go together");
  const Done done = change_all([this, features]() -> Done {
    features_ = features;
    return {};
  });
  return done ? Result(std::nullopt) : Result(Ended(done.error()));
}

Backend::Result Backend::set_protocol_features(std::uint64_t features) {
  const std::uint64_t crypto = sessions_ != nullptr ? bit_of(ProtocolFeature::kCryptoSession) : 0;
  if ((features & ~(kProtocolFeatures | crypto)) != 0) return Ended("it acknowledges what was not offered");
  protocol_features_ = features;
  return std::nullopt;
}

Backend::Result Backend::set_mem_table(Message& message) {
  MemoryTableHead head{};
  std::memcpy(&head, message.payload.data(), sizeof head);
  if (head.regions > kMaxDescriptors || message.descriptors.size() != head.regions)
    return Ended("it has not one descriptor for each region");
  // Some send the whole structure, whatever of it counts.
  const std::size_t bytes = message.payload.size(), most = shape_of(Request::kSetMemTable)->most_bytes;
  if (bytes != most && bytes != sizeof head + head.regions * sizeof(MemoryRegionDescription))
    return Ended("its payload is of another length");
  const Done done = change_all([&]() -> Done {
    memory_.clear();
    for (std::size_t i = 0; i < head.regions; ++i) {
      MemoryRegionDescription region{};
      std::memcpy(&region, message.payload.data() + sizeof head + i * sizeof region, sizeof region);
      if (Done added = memory_.add(region, message.descriptors[i].get()); !added) return added;
    }
    return {};
  });
  return done ? Result(std::nullopt) : Result(Ended(done.error()));
}

Backend::Result Backend::change_memory(Request request, Message& message) {
  const auto described = payload_of<SingleMemoryRegion>(message);
  if (!described) return Ended(described.error());
  const bool adds = request == Request::kAddMemReg;
  if (message.descriptors.size() > 1 || (adds && message.descriptors.empty()))
    return Ended("it has not one descriptor");
  const Done done = change_all([&]() -> Done {
    if (adds) return memory_.add(described->region, message.descriptors.front().get());
    if (!memory_.remove(described->region)) return Ended("there is no such region");
    return {};
  });
  return done ? Result(std::nullopt) : Result(Ended(done.error()));
}

Expected<Vring*, std::string> Backend::ring(std::uint64_t index) {
  if (index >= rings_.size()) return Ended("there is no ring " + std::to_string(index));
  return rings_[index].get();
}

Backend::Result Backend::set_vring_number(const VringState& state) {
  const auto named = ring(state.index);
  if (!named) return Ended(named.error());
  if (state.num == 0 || state.num > kMaxQueueSize) return Ended("a ring cannot have that size");
  const Done done = change(**named, [&]() -> Done {
    (*named)->size = static_cast<std::uint16_t>(state.num);
    return {};
  });
  return done ? Result(std::nullopt) : Result(Ended(done.error()));
}

Backend::Result Backend::set_vring_address(const VringAddress& address) {
  const auto named = ring(address.index);
  if (!named) return Ended(named.error());
  const Done done = change(**named, [&]() -> Done {
    (*named)->address = address;
    return {};
  });
  return done ? Result(std::nullopt) : Result(Ended(done.error()));
}

Backend::Result Backend::set_vring_base(const VringState& state) {
  const auto named = ring(state.index);
  if (!named) return Ended(named.error());
  if ((*named)->running) return Ended("the ring is running");
  (*named)->base = state.num;
  return std::nullopt;
}

// Stops the ring: what was taken from it is returned before the answer goes out.
Backend::Result Backend::get_vring_base(const VringState& state) {
  const auto named = ring(state.index);
  if (!named) return Ended(named.error());
  suspend(**named);
  (*named)->kick = FileDescriptor();
  const bool packed = features_ && FeatureSet(*features_).has(Feature::kRingPacked);
  return reply_with(VringState{state.index, (*named)->base.value_or(encode_base(QueuePosition(), packed))});
}

Backend::Result Backend::set_vring_enable(const VringState& state) {
  const auto named = ring(state.index);
  if (!named) return Ended(named.error());
  if (state.num > kVringEnabled) return Ended("it is neither 0 nor 1");
  const Done done = change(**named, [&]() -> Done {
    (*named)->enabled = state.num == kVringEnabled;
    return {};
  });
  return done ? Result(std::nullopt) : Result(Ended(done.error()));
}

Backend::Result Backend::set_vring_descriptor(Request request, Message& message) {
  const auto word = payload_of<std::uint64_t>(message);
  if (!word) return Ended(word.error());
  const auto named = ring(*word & kVringIndexMask);
  if (!named) return Ended(named.error());
  const bool has_none = (*word & kVringNoDescriptor) != 0;
  if (message.descriptors.size() != (has_none ? 0U : 1U)) return Ended("it has not one descriptor");
  FileDescriptor descriptor = has_none ? FileDescriptor() : std::move(message.descriptors.front());
  if (has_none && request == Request::kSetVringKick) {
    descriptor = poll_timer();
    if (!descriptor) return Ended("out of file descriptors");
  } else if (descriptor && !make_pollable(descriptor.get())) {
    return Ended("its descriptor is no eventfd");
  }
  const Done done = change(**named, [&]() -> Done {
    if (request == Request::kSetVringKick) {
      (*named)->kick = std::move(descriptor);
    } else if (request == Request::kSetVringCall) {
      (*named)->set_call(std::move(descriptor));
    } else {
      (*named)->error = std::move(descriptor);
    }
    return {};
  });
  return done ? Result(std::nullopt) : Result(Ended(done.error()));
}

Backend::Result Backend::get_config(const Message& message) const {
  const auto named = config_head_of(message);
  if (!named) return Ended("its payload is of another length");
  const ConfigHead& head = *named;
  // The answer to what cannot be had is one without payload.
  const std::size_t all = device_.config_bytes();
  if (head.offset > all || head.size > all - head.offset) return Reply{};
  Reply reply{.payload = message.payload};
  device_.read_config(head.offset, std::span(reply.payload).subspan(sizeof head));
  return reply;
}

Backend::Result Backend::crypto_session(Request request, const Message& message) {
  if (!has(ProtocolFeature::kCryptoSession)) return Ended("CRYPTO_SESSION was not negotiated");
  if (request == Request::kCloseCryptoSession) {
    const auto id = payload_of<std::uint64_t>(message);
    if (!id) return Ended(id.error());
    if (sessions_->close_session(*id)) return std::nullopt;
    log("CLOSE_CRYPTO_SESSION: there is no session " + std::to_string(*id));
    return refusal_of(message);
  }
  Reply reply{.payload = std::vector<std::byte>(message.payload.size())};
  if (!sessions_->create_session(message.payload, reply.payload))
    return Ended("its payload is none that is known");
  return reply;
}

Backend::Result Backend::get_inflight(const Message& message) {
  const auto wanted = inflight_of(message);
  if (!wanted) return Ended(wanted.error());
  auto area = InflightArea::create(*wanted);
  if (!area) return Ended(area.error());
  const Done done = change_all([&]() -> Done {
    for (const auto& each : rings_)
      each->inflight.reset();
    inflight_ = std::move(*area);
    return {};
  });
  if (!done) return Ended(done.error());
  Reply reply{.payload = std::vector<std::byte>(message.payload.size()), .descriptor = inflight_->fd()};
  std::memcpy(reply.payload.data(), &inflight_->description(), kInflightBytes);
  return reply;
}

Backend::Result Backend::set_inflight(Message& message) {
  const auto described = inflight_of(message);
  if (!described) return Ended(described.error());
  if (message.descriptors.size() != 1) return Ended("it has not one descriptor");
  auto area = InflightArea::map(*described, message.descriptors.front().get());
  if (!area) return Ended(area.error());
  const Done done = change_all([&]() -> Done {
    for (const auto& each : rings_)
      each->inflight.reset();
    inflight_ = std::move(*area);
    return {};
  });
  return done ? Result(std::nullopt) : Result(Ended(done.error()));
}

Backend::Done Backend::change(std::span<Vring* const> rings, const std::function<Done()>& change) {
  for (Vring* each : rings)
    suspend(*each);
  if (Done changed = change(); !changed) return changed;
  for (Vring* each : rings) {
    if (Done started = start_if_ready(*each); !started) return started;
  }
  return {};
}

Backend::Done Backend::change(Vring& ring, const std::function<Done()>& done) {
  Vring* const one = &ring;
  return change(std::span(&one, 1), done);
}

Backend::Done Backend::change_all(const std::function<Done()>& done) {
  std::vector<Vring*> all;
  for (const auto& each : rings_)
    all.push_back(each.get());
  return change(all, done);
}

Backend::Done Backend::start_if_ready(Vring& ring) {
  const bool is_ready =
      ring.size != 0 && ring.address && ring.kick && ring.enabled && features_ && memory_.memory() != nullptr;
  if (!is_ready || ring.running) return {};
  const auto descriptors = memory_.guest_address(ring.address->descriptor);
  const auto available = memory_.guest_address(ring.address->available);
  const auto used = memory_.guest_address(ring.address->used);
  if (!descriptors || !available || !used) return {};  // memory that may come yet
  activate_device();
  const bool packed = active_with_->has(Feature::kRingPacked);
  QueueResume resume{.position = ring.base ? decode_base(*ring.base, packed) : QueuePosition(),
                     .event_idx_unknown = !FeatureSet(*features_).has(Feature::kVersion1)};
  if (const auto part = inflight_ ? inflight_->part(to_integer(ring.index)) : std::nullopt;
      part && !packed && ring.size <= inflight_->queue_size()) {
    ring.inflight = std::make_unique<SplitInflight>(*part, inflight_->queue_size());
    resume.inflight = ring.inflight.get();
  }
  auto queue = make_queue(
      {.size = ring.size, .descriptor_area = *descriptors, .driver_area = *available, .device_area = *used},
      *memory_.memory(), *active_with_, &resume);
  if (!queue) {
    device_.report_fault(ring.index, queue.error());
    return Ended("ring " + std::to_string(to_integer(ring.index)) +
                 " cannot be started: " + std::string(name_of(queue.error())));
  }
  const int kick = ::fcntl(ring.kick.get(), F_DUPFD_CLOEXEC, 0);
  if (kick < 0) return Ended("out of file descriptors");
  ring.running = true;
  device_.activate_queue({.index = ring.index, .queue = std::move(*queue), .kick_fd = kick}, ring);
  return {};
}

void Backend::activate_device() {
  const FeatureSet negotiated = negotiated_by(*features_);
  if (active_with_ == negotiated) return;
  assert(running_rings() == 0);
  active_with_ = negotiated;
  device_.activate({.negotiated = negotiated, .queues = {}, .interrupts = *no_interrupts_});
}

void Backend::suspend(Vring& ring) {
  if (!ring.running) return;
  const auto position = std::make_shared<std::optional<QueuePosition>>();
  wait_for([&](std::function<void()> done) {
    device_.suspend_queue(ring.index, [position, done = std::move(done)](std::optional<QueuePosition> at) {
      *position = at;
      done();
    });
  });
  ring.running = false;
  if (*position) ring.base = encode_base(**position, active_with_->has(Feature::kRingPacked));
}

// `begin` gets what is to be called at the end, by any thread.
void Backend::wait_for(const std::function<void(std::function<void()>)>& begin) const {
  const auto is_done = std::make_shared<std::atomic<bool>>(false);
  begin([is_done] {
    is_done->store(true);
    is_done->notify_all();
  });
  while (!is_done->load()) {
    if (options_.let_device_work) {
      options_.let_device_work();
    } else {
      is_done->wait(false);
    }
  }
}

void Backend::disconnect() {
  for (const auto& each : rings_) {
    suspend(*each);
    each->forget();
  }
  inflight_.reset();
  memory_.clear();
  features_.reset();
  protocol_features_ = 0;
}

void Backend::reset_device() {
  if (std::exchange(is_as_new_, true)) return;
  wait_for([this](std::function<void()> done) { device_.reset(std::move(done)); });
  active_with_.reset();
  inflight_.reset();
  for (const auto& each : rings_) {
    each->running = false;
    each->base.reset();
    each->kick = FileDescriptor();
    each->inflight.reset();
  }
}

std::size_t Backend::running_rings() const {
  return static_cast<std::size_t>(
      std::count_if(rings_.begin(), rings_.end(), [](const auto& each) { return each->running; }));
}

void Backend::log(const std::string& text) const {
  if (options_.log) options_.log(text);
}

}  // namespace virtcrypt::virtio::vhost_user
