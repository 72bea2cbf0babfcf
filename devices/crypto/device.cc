#include "virtcrypt/devices/crypto/device.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <thread>
#include <utility>

namespace virtcrypt::devices::crypto_dev {
namespace {

Limits limits_of(const DeviceOptions& options, const crypto::Capabilities& capabilities) {
  Limits limits{.data_queues = options.data_queues,
                .max_cipher_key_bytes = 0,
                .max_auth_key_bytes = 0,
                .max_akcipher_key_bytes = 0,
                .max_size = options.max_size};
  const auto raise = [](std::uint32_t& limit, std::uint32_t bytes) { limit = std::max(limit, bytes); };
  for (const auto& row : capabilities.ciphers)
    raise(limits.max_cipher_key_bytes, row.key_bytes.most);
  for (const auto& row : capabilities.aeads)
    raise(limits.max_cipher_key_bytes, row.key_bytes.most);
  for (const auto& row : capabilities.macs)
    raise(limits.max_auth_key_bytes, row.key_bytes.most);
  for (const auto& row : capabilities.akciphers)
    raise(limits.max_akcipher_key_bytes, row.max_key_bytes);
  limits.max_cipher_key_bytes = std::min(limits.max_cipher_key_bytes, options.max_cipher_key_bytes);
  limits.max_auth_key_bytes = std::min(limits.max_auth_key_bytes, options.max_auth_key_bytes);
  return limits;
}

}  // namespace

Device::Device(const DeviceOptions& options, std::unique_ptr<const crypto::Engine> engine)
    : options_(options),
      engine_(std::move(engine)),
      limits_(limits_of(options, engine_->capabilities())),
      ready_(options.ready),
      sessions_(options.max_sessions),
      io_(options.io_threads, options.name, options.threads.io_thread_started),
      workers_(std::make_unique<crypto::WorkerPool>(options.workers, options.name + "/w",
                                                    options.threads.worker_started)),
      parts_{.name = options.name,
             .engine = *engine_,
             .dialect = *options.dialect,
             .terms = terms_,
             .sessions = sessions_,
             .workers = *workers_,
             .bus_master = bus_master_,
             .ready = ready_,
             .log = log_,
             .trace = options.trace.get(),
             .check = options.check.get()},
      active_data_queues_(options.data_queues) {
  assert(options.data_queues >= 1 && options.data_queues <= kMaxDataQueues);
  for (std::uint16_t i = 0; i < options.data_queues; ++i) {
    data_queues_.push_back(std::make_unique<DataQueue>(io_.loop(i), virtio::QueueIndex{i}, parts_));
    loops_.push_back(data_queues_.back().get());
  }
  control_queue_ =
      std::make_unique<ControlQueue>(io_.loop(0), virtio::QueueIndex{options.data_queues}, parts_);
  loops_.push_back(control_queue_.get());
  const std::uint16_t fewest = parts_.dialect.data_queues({}, limits_);
  if (fewest != options.data_queues) {
    early_control_queue_ = std::make_unique<ControlQueue>(io_.loop(0), virtio::QueueIndex{fewest}, parts_);
    loops_.push_back(early_control_queue_.get());
  }
  share_loops();
  config_ = parts_.dialect.config_space(options.ready, engine_->capabilities(), limits_, offered_features());
}

void Device::share_loops() {
  // Looking without end, or where nobody else can run meanwhile, helps nobody.
  const bool polls = options_.io_threads > 0 && std::thread::hardware_concurrency() > 1;
  shares_.resize(io_.loops());
  for (LoopShare& share : shares_)
    share.poll = polls ? options_.poll : std::chrono::microseconds(0);
  for (std::size_t i = 0; i < data_queues_.size(); ++i)
    data_queues_[i]->share_loop(shares_[i % shares_.size()]);
  control_queue_->share_loop(shares_.front());
  if (early_control_queue_ != nullptr) early_control_queue_->share_loop(shares_.front());
}

Device::~Device() {
  // The loops first, which hand work to the pool; then the pool, whose results the loops drop when they die.
  io_.stop();
  workers_.reset();
}

virtio::FeatureSet Device::offered_features() const {
  virtio::FeatureSet offered = parts_.dialect.offered_features(engine_->capabilities()) & options_.offered;
  const std::uint64_t not_wanted = parts_.dialect.extensions().bits() & ~options_.extensions.bits();
  offered = virtio::FeatureSet(offered.bits() & ~not_wanted);
  // FEAT-DEV-001: what is left depends on what was taken out.
  if (!parts_.dialect.accepts(offered)) offered = virtio::FeatureSet();
  return (offered | (virtio::kImplementedFeatures & options_.offered)).with(virtio::Feature::kVersion1);
}

bool Device::accepts(virtio::FeatureSet subset) const {
  return parts_.dialect.accepts(subset);
}

std::uint16_t Device::max_queue_size(virtio::QueueIndex) const {
  return options_.queue_size;
}

int Device::kick_fd(virtio::QueueIndex queue) const {
  return loops_[to_integer(queue)]->kick_fd();
}

void Device::read_config(std::size_t offset, std::span<std::byte> data) const {
  const std::lock_guard lock(config_mutex_);
  std::memcpy(data.data(), config_.data() + offset, data.size());
}

void Device::write_config(std::size_t, std::span<const std::byte>) {
  // 5.9.5: the driver may only read.
}

std::uint8_t Device::config_generation() const {
  const std::lock_guard lock(config_mutex_);
  return config_generation_;
}

void Device::set_ready(bool ready) {
  const std::lock_guard lock(config_mutex_);
  if (ready_.exchange(ready) == ready) return;
  log_.write(spdlog::level::info, "{}: hardware {}", parts_.name, ready ? "ready" : "not ready");
  auto config = parts_.dialect.config_space(ready, engine_->capabilities(), limits_, offered_features());
  if (config == config_) return;  // a dialect may not tell
  config_ = std::move(config);
  ++config_generation_;
  if (interrupts_ != nullptr) interrupts_->notify_config_change();
}

void Device::activate(virtio::Activation activation) {
  {
    const std::lock_guard lock(config_mutex_);
    interrupts_ = &activation.interrupts;
  }
  terms_.negotiated = activation.negotiated;
  log_.write(spdlog::level::info, "{}: driver ready, features {:#x}, {} queues", parts_.name,
             activation.negotiated.bits(), activation.queues.size());
  active_data_queues_ = parts_.dialect.data_queues(activation.negotiated, limits_);
  if (early_control_queue_ != nullptr) {
    const bool is_early = active_data_queues_ != limits_.data_queues;
    data_queues_[parts_.dialect.data_queues({}, limits_)]->relay_kicks_to(
        is_early ? early_control_queue_.get() : nullptr);
  }
  for (virtio::ActiveQueue& active : activation.queues)
    activate_queue(std::move(active), activation.interrupts);
}

// What serves a queue under what was negotiated; nothing for queues that have no use.
QueueLoop* Device::loop_serving(virtio::QueueIndex queue) {
  const std::uint16_t index = to_integer(queue);
  if (index < active_data_queues_) return data_queues_[index].get();
  if (index > active_data_queues_) return nullptr;
  return active_data_queues_ == limits_.data_queues ? control_queue_.get() : early_control_queue_.get();
}

void Device::activate_queue(virtio::ActiveQueue queue, virtio::InterruptSink& interrupts) {
  if (QueueLoop* const loop = loop_serving(queue.index)) {
    loop->start(std::move(queue.queue), interrupts, queue.kick_fd);
  } else if (queue.kick_fd >= 0) {
    ::close(queue.kick_fd);
  }
}

void Device::reset_queue(virtio::QueueIndex queue, std::function<void()> done) {
  QueueLoop* const loop = loop_serving(queue);
  (loop != nullptr ? loop : loops_[to_integer(queue)])->stop(std::move(done));
}

void Device::suspend_queue(virtio::QueueIndex queue,
                           std::function<void(std::optional<virtio::QueuePosition>)> done) {
  QueueLoop* const loop = loop_serving(queue);
  (loop != nullptr ? loop : loops_[to_integer(queue)])->drain(std::move(done));
}

crypto::Expected<std::uint64_t, RequestStatus> Device::create_session(
    const crypto::SessionParameters& parameters) {
  // A-35, as on the control queue.
  if (!ready()) {
    count(outside_stats_.refused);
    return crypto::Unexpected<RequestStatus>(RequestStatus::kError);
  }
  auto id = open_session(parts_, "session message", parameters, {});
  count(id ? outside_stats_.sessions_created : outside_stats_.refused);
  return id;
}

bool Device::destroy_session(std::uint64_t id) {
  if (!sessions_.remove(id, std::nullopt)) return false;
  count(outside_stats_.sessions_destroyed);
  return true;
}

void Device::report_fault(virtio::QueueIndex queue, virtio::RingFault fault) {
  log_.write(spdlog::level::warn, "{}: queue {}: {}: device needs reset", parts_.name, to_integer(queue),
             virtio::name_of(fault));
}

void Device::reset(std::function<void()> done) {
  {
    const std::lock_guard lock(config_mutex_);
    interrupts_ = nullptr;
  }
  reset_done_ = std::move(done);
  loops_to_stop_.store(loops_.size());
  for (QueueLoop* loop : loops_) {
    loop->stop([this] {
      if (loops_to_stop_.fetch_sub(1) == 1) finish_reset();
    });
  }
}

void Device::finish_reset() {
  const StatsSnapshot before = stats();
  const std::size_t dropped = sessions_.clear();
  const StatsSnapshot now = stats();
  log_.write(spdlog::level::info,
             "{}: reset: sessions={} in_flight={} sessions_dropped={} sessions_created={} "
             "sessions_destroyed={} requests={} "
             "failed={} handed_off={} source_bytes={} kicks={} interrupts={} ring_faults={}",
             parts_.name, now.sessions_open, before.in_flight, dropped, now.sessions_created,
             now.sessions_destroyed, now.requests, now.requests_failed, now.handed_off, now.source_bytes,
             now.kicks, now.interrupts, now.ring_faults);
  std::exchange(reset_done_, nullptr)();
}

void Device::set_bus_master(bool enabled) {
  bus_master_.store(enabled, std::memory_order_release);
  if (!enabled) return;
  for (QueueLoop* loop : loops_)
    loop->resume();
}

StatsSnapshot Device::stats() const {
  StatsSnapshot sum;
  sum.sessions_open = sessions_.size();
  const auto add = [&sum](const ControlStats& control) {
    sum.sessions_created += control.sessions_created.load(std::memory_order_relaxed);
    sum.sessions_destroyed += control.sessions_destroyed.load(std::memory_order_relaxed);
    sum.control_refused += control.refused.load(std::memory_order_relaxed);
  };
  add(outside_stats_);
  add(control_queue_->control_stats());
  if (early_control_queue_ != nullptr) add(early_control_queue_->control_stats());
  for (const auto& queue : data_queues_) {
    const DataStats& data = queue->data_stats();
    sum.requests += data.requests.load(std::memory_order_relaxed);
    sum.requests_failed += data.failed.load(std::memory_order_relaxed);
    sum.handed_off += data.handed_off.load(std::memory_order_relaxed);
    sum.source_bytes += data.source_bytes.load(std::memory_order_relaxed);
    sum.sessions_created += data.sessions_created.load(std::memory_order_relaxed);
    sum.sessions_destroyed += data.sessions_destroyed.load(std::memory_order_relaxed);
  }
  for (const QueueLoop* loop : loops_) {
    const QueueStats& queue = loop->stats();
    sum.kicks += queue.kicks.load(std::memory_order_relaxed);
    sum.interrupts += queue.interrupts.load(std::memory_order_relaxed);
    sum.ring_faults += queue.ring_faults.load(std::memory_order_relaxed);
    sum.in_flight += queue.in_flight.load(std::memory_order_relaxed);
  }
  return sum;
}

}  // namespace virtcrypt::devices::crypto_dev
