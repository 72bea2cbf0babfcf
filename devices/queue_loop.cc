#include "virtcrypt/devices/queue_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <exception>
#include <system_error>

#include <asio/post.hpp>

namespace virtcrypt::devices {
namespace {

// Takes `amount` out of what is left, which does not fall below 0.
template <typename Number>
void take(Number& left, Number amount) {
  left -= std::min(left, amount);
}

int make_eventfd() {
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

QueueLoop::QueueLoop(asio::io_context& loop, virtio::QueueIndex index, const std::atomic<bool>& bus_master,
                     const TurnBudget& budget)
    : loop_(loop), index_(index), bus_master_(bus_master), kick_(loop, make_eventfd()), budget_(budget) {
  wait_for_kick();
}

void QueueLoop::start(std::unique_ptr<virtio::Queue> queue, virtio::InterruptSink& interrupts, int kick_fd) {
  asio::post(loop_, [this, queue = std::move(queue), &interrupts, kick_fd]() mutable {
    queue_ = std::move(queue);
    interrupts_ = &interrupts;
    faulted_ = false;
    count(stats_.kicks, read_kick());
    if (kick_fd >= 0) listen_to(kick_fd);
    serve();
  });
}

void QueueLoop::stop(std::function<void()> done) {
  stops_.fetch_add(1);
  asio::post(loop_, [this, done = std::move(done)]() mutable {
    stopped_.push_back(std::move(done));
    return_held();
    if (stopping()) finish_stop_if_idle();
  });
}

void QueueLoop::drain(std::function<void(std::optional<virtio::QueuePosition>)> done) {
  asio::post(loop_, [this, done = std::move(done)]() mutable {
    drained_.push_back(std::move(done));
    if (!stopping()) finish_drain_if_idle();
  });
}

void QueueLoop::resume() {
  // One at a time: a guest that switches bus mastering on and off without end must not fill the loop.
  if (resume_posted_.exchange(true)) return;
  asio::post(loop_, [this] {
    resume_posted_.store(false);
    if (queue_ == nullptr || stopping()) return;
    return_held();
    serve_unless_posted();
  });
}

void QueueLoop::wait_for_kick() {
  kick_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const std::error_code& error) {
    if (error) return;
    const std::uint64_t kicks = read_kick();
    wait_for_kick();
    if (QueueLoop* const other = relay_.load()) return other->kick();
    count(stats_.kicks, kicks);
    learn_from_kick();
    serve_unless_posted();
  });
}

void QueueLoop::listen_to(int kick_fd) {
  try {
    outer_kick_ = std::make_shared<KickDescriptor>(loop_, kick_fd);
  } catch (const std::exception& error) {
    ::close(kick_fd);
    return fault(error.what());
  }
  wait_for_kick_of(outer_kick_);
}

void QueueLoop::wait_for_kick_of(const std::shared_ptr<KickDescriptor>& descriptor) {
  descriptor->async_wait(KickDescriptor::wait_read, [this, descriptor](const std::error_code& error) {
    if (error || descriptor != outer_kick_) return;
    std::uint64_t kicks = 0;
    const ssize_t bytes = ::read(descriptor->native_handle(), &kicks, sizeof kicks);
    // The other side has closed it: it would be readable for ever.
    if (bytes == 0 || (bytes < 0 && errno != EAGAIN)) return;
    wait_for_kick_of(descriptor);
    count(stats_.kicks, bytes == sizeof kicks ? kicks : 0);
    learn_from_kick();
    serve_unless_posted();
  });
}

// How many there were since the last time.
std::uint64_t QueueLoop::read_kick() {
  std::uint64_t kicks = 0;
  return ::read(kick_.native_handle(), &kicks, sizeof kicks) == sizeof kicks ? kicks : 0;
}

void QueueLoop::kick() {
  const std::uint64_t one = 1;
  // Fails only when the counter is full, and then the kick is pending anyway.
  [[maybe_unused]] const ssize_t written = ::write(kick_.native_handle(), &one, sizeof one);
}

// A queue whose next turn is on its way gets no other one for being kicked meanwhile.
void QueueLoop::serve_unless_posted() {
  if (!serve_posted_) serve();
}

void QueueLoop::serve() {
  if (queue_ == nullptr || halted()) return;
  try {
    take_turn();
  } catch (const std::exception& error) {
    fault(error.what());
  }
}

// Bounded, so that a guest that refills its ring without end cannot starve the loop's other queues.
void QueueLoop::take_turn() {
  left_ = budget_;
  queue_->disable_notifications();
  while (!turn_is_over()) {
    if (run_one_batch()) continue;
    if (halted()) return;
    if (poll()) continue;
    if (!queue_->enable_notifications()) return;
    queue_->disable_notifications();  // the driver was faster: it will not notify for what it has just added
    take(left_.chains, 1U);           // and may take it back: this must not go on for ever either
  }
  post_serve();
}

void QueueLoop::share_loop(LoopShare& share) {
  share.queues.push_back(this);
  share_ = &share;
}

// Looks at the empty ring for a while; true when something is available. Notifications are off meanwhile.
bool QueueLoop::poll() {
  if (share_ == nullptr || share_->poll == std::chrono::nanoseconds(0)) return false;
  constexpr int kLooksPerClock = 16;
  empty_since_ = std::chrono::steady_clock::now();
  if (!polls_) return false;
  const auto end = empty_since_ + share_->poll;
  do {
    for (int i = 0; i < kLooksPerClock; ++i) {
      if (halted() || is_loop_needed()) return false;
      if (queue_->has_available()) return true;
      __builtin_ia32_pause();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

bool QueueLoop::is_loop_needed() const {
  return std::any_of(share_->queues.begin(), share_->queues.end(),
                     [this](const QueueLoop* queue) { return queue->needs_loop(*this); });
}

// For the loop's thread: the loop has, or may soon have, something to do for this queue.
bool QueueLoop::needs_loop(const QueueLoop& polling) const {
  if (called_off() || stats_.in_flight.load(std::memory_order_relaxed) > 0) return true;
  return &polling != this && queue_ != nullptr && !halted() && queue_->has_available();
}

// A driver that has just come back will do so again, as far as anybody can tell.
void QueueLoop::learn_from_kick() {
  if (share_ == nullptr || serve_posted_) return;
  polls_ = std::chrono::steady_clock::now() - empty_since_ < share_->poll;
}

bool QueueLoop::turn_is_over() const {
  return left_.chains == 0 || left_.bytes == 0 || left_.ns == 0;
}

void QueueLoop::spend(std::uint64_t estimated_ns) {
  take(left_.ns, estimated_ns);
}

void QueueLoop::post_serve() {
  if (std::exchange(serve_posted_, true)) return;
  asio::post(loop_, [this] {
    serve_posted_ = false;
    serve();
  });
}

bool QueueLoop::halted() const {
  return stopping() || called_off() || faulted_ || !drained_.empty() || !has_bus_master();
}

bool QueueLoop::pop(virtio::DescriptorChain& chain) {
  if (halted() || turn_is_over()) return false;
  const auto popped = queue_->pop(chain);
  if (!popped) {
    fault(virtio::name_of(popped.error()).data());
    return false;
  }
  if (!*popped) return false;
  count(stats_.chains);
  --left_.chains;
  take(left_.bytes, chain.readable_bytes() + chain.writable_bytes());
  return true;
}

void QueueLoop::fault(const char* what) {
  faulted_ = true;
  count(stats_.ring_faults);
  on_fault(what);
  interrupts_->device_needs_reset();
}

void QueueLoop::complete(virtio::DescriptorChain&& chain, std::uint32_t written) {
  queue_->complete(std::move(chain), written);
  count(stats_.completed);
}

void QueueLoop::publish() {
  if (!queue_->publish()) return;
  count(stats_.interrupts);
  interrupts_->notify_used(index_);
}

void QueueLoop::end_work() {
  assert(stats_.in_flight > 0);
  count(stats_.in_flight, std::uint64_t{0} - 1);
  if (stopping()) return finish_stop_if_idle();
  if (!drained_.empty()) finish_drain_if_idle();
}

void QueueLoop::finish_drain_if_idle() {
  if (stats_.in_flight != 0) return;
  std::optional<virtio::QueuePosition> position;
  if (queue_ != nullptr) position = queue_->position();
  drop_queue();
  for (const auto& done : std::exchange(drained_, {}))
    done(position);
}

void QueueLoop::drop_queue() {
  queue_.reset();
  interrupts_ = nullptr;
  if (outer_kick_ == nullptr) return;
  // Whoever waits for it has a share of it, and would wait for a kick that may never come.
  std::error_code ignored;
  outer_kick_->close(ignored);
  outer_kick_.reset();
}

void QueueLoop::finish_stop_if_idle() {
  if (stats_.in_flight > 0) return;
  drop_queue();
  for (const auto& done : std::exchange(drained_, {}))
    done(std::nullopt);
  for (const std::function<void()>& done : std::exchange(stopped_, {})) {
    stops_.fetch_sub(1);
    done();
  }
}

}  // namespace virtcrypt::devices
