#include "virtcrypt/devices/queue_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <exception>
#include <system_error>

#include <asio/post.hpp>

namespace virtcrypt::devices {
namespace {

// A turn is bounded, so that a guest that refills its ring without end cannot starve the loop's other queues.
constexpr int kBatchesPerTurn = 16;

int make_eventfd() {
  const int fd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  return fd;
}

}  // namespace

QueueLoop::QueueLoop(asio::io_context& loop, virtio::QueueIndex index, const std::atomic<bool>& bus_master)
    : loop_(loop), index_(index), bus_master_(bus_master), kick_(loop, make_eventfd()) {
  wait_for_kick();
}

void QueueLoop::start(std::unique_ptr<virtio::Queue> queue, virtio::InterruptSink& interrupts) {
  asio::post(loop_, [this, queue = std::move(queue), &interrupts]() mutable {
    queue_ = std::move(queue);
    interrupts_ = &interrupts;
    faulted_ = false;
    count(stats_.kicks, read_kick());
    serve();
  });
}

void QueueLoop::stop(std::function<void()> done) {
  asio::post(loop_, [this, done = std::move(done)]() mutable {
    stopped_.push_back(std::move(done));
    return_held();
    if (stopping()) finish_stop_if_idle();
  });
}

void QueueLoop::resume() {
  asio::post(loop_, [this] {
    if (queue_ == nullptr || stopping()) return;
    return_held();
    serve();
  });
}

void QueueLoop::wait_for_kick() {
  kick_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const std::error_code& error) {
    if (error) return;
    const std::uint64_t kicks = read_kick();
    wait_for_kick();
    if (QueueLoop* const other = relay_.load()) return other->kick();
    count(stats_.kicks, kicks);
    serve();
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

void QueueLoop::serve() {
  if (queue_ == nullptr || halted()) return;
  try {
    take_turns();
  } catch (const std::exception& error) {
    fault(error.what());
  }
}

void QueueLoop::take_turns() {
  queue_->disable_notifications();
  for (int turn = 0; turn < kBatchesPerTurn; ++turn) {
    if (run_one_batch()) continue;
    if (halted() || !queue_->enable_notifications()) return;
    queue_->disable_notifications();  // the driver was faster: it will not notify for what it has just added
  }
  post_serve();
}

void QueueLoop::post_serve() {
  if (std::exchange(serve_posted_, true)) return;
  asio::post(loop_, [this] {
    serve_posted_ = false;
    serve();
  });
}

bool QueueLoop::halted() const {
  return stopping() || faulted_ || !has_bus_master();
}

std::optional<virtio::DescriptorChain> QueueLoop::pop() {
  if (halted()) return std::nullopt;
  auto popped = queue_->pop();
  if (!popped) {
    fault(virtio::name_of(popped.error()).data());
    return std::nullopt;
  }
  if (*popped) count(stats_.chains);
  return std::move(*popped);
}

void QueueLoop::fault(const char* what) {
  faulted_ = true;
  count(stats_.ring_faults);
  on_fault(what);
  interrupts_->device_needs_reset();
}

void QueueLoop::complete(virtio::DescriptorChain chain, std::uint32_t written) {
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
  if (stopping()) finish_stop_if_idle();
}

void QueueLoop::finish_stop_if_idle() {
  if (stats_.in_flight > 0) return;
  queue_.reset();
  interrupts_ = nullptr;
  for (const std::function<void()>& done : std::exchange(stopped_, {}))
    done();
}

}  // namespace virtcrypt::devices
