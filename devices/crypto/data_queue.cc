#include "virtcrypt/devices/crypto/data_queue.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <asio/post.hpp>

#include "virtcrypt/crypto/session_cost.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

// A job is worth a hand-off from here on. Waking a sleeping worker and coming back takes 15 to 19
// microseconds (tests/bench/hand_off.cc); below about twice that the loop's own thread is done sooner.
constexpr std::uint64_t kHandOffNs = 40'000;

// As many requests are executed and returned together: enough for an engine that works on several side by
// side, while the driver has the results of the first soon.
constexpr std::size_t kMostInBatch = 64;

// Without workers a batch is executed from here on: the turn of the queue is over then.
constexpr std::uint64_t kBatchNs = TurnBudget().ns;

// Clears what new sessions have left on the stack, once for all, when the scope is left in whatever way.
class CreationWipe {
 public:
  explicit CreationWipe(std::size_t& bytes) : bytes_(bytes) {}
  ~CreationWipe() {
    if (bytes_ != 0) crypto::wipe_stack(std::exchange(bytes_, 0));
  }
  CreationWipe(const CreationWipe&) = delete;
  CreationWipe& operator=(const CreationWipe&) = delete;

 private:
  std::size_t& bytes_;
};

}  // namespace

Job::~Job() {
  for (const auto& entry : entries_)
    entry->chain.discard();
}

Job::Entry& Job::add() {
  if (used_ == entries_.size()) entries_.push_back(std::make_unique<Entry>());
  Entry& entry = *entries_[used_++];
  entry.operation = kRefused;
  return entry;
}

crypto::Operation& Job::add_operation() {
  if (operation_count_ == operations_.size()) operations_.emplace_back();
  crypto::Operation& operation = operations_[operation_count_++];
  operation.outcome = crypto::Outcome::kFailed;
  operation.output_bytes = 0;
  return operation;
}

void Job::clear() {
  for (std::size_t i = 0; i < used_; ++i) {
    Entry& entry = *entries_[i];
    entry.chain.discard();  // one that a fault of the host has left
    entry.session.reset();
    entry.trace.reset();
    entry.request.reset();
  }
  used_ = 0;
  operation_count_ = 0;
  pins.clear();
  estimated_ns = 0;
  is_executed = false;
  stack_bytes = crypto::kSymmetricStackBytes;
}

DataQueue::DataQueue(asio::io_context& loop, virtio::QueueIndex index, const DeviceParts& parts)
    : QueueLoop(loop, index, parts.bus_master),
      parts_(parts),
      log_name_(fmt::format("dataq{}", to_integer(index))) {}

bool DataQueue::run_one_batch() {
  std::unique_ptr<Job> job = take_job();
  const bool popped = take_requests(job);
  if (job->empty()) {
    stock_.push_back(std::move(job));
  } else {
    execute_here(std::move(job));
  }
  return popped;
}

// Pops into `job`, which is another one whenever the last was handed off; false when there was nothing.
bool DataQueue::take_requests(std::unique_ptr<Job>& job) {
  const CreationWipe wipe(creation_stack_bytes_);  // before anything is executed or answered here
  bool popped = false;
  virtio::DescriptorChain chain;
  while (job->size() < kMostInBatch && pop(chain)) {
    popped = true;
    add_request(std::move(chain), *job);
    if (parts_.workers.has_threads()) {
      if (job->estimated_ns >= kHandOffNs) hand_off(std::exchange(job, take_job()));
    } else if (job->estimated_ns >= kBatchNs) {
      break;
    }
  }
  return popped;
}

void DataQueue::add_request(virtio::DescriptorChain&& chain, Job& job) {
  Job::Entry& entry = job.add();
  entry.chain = std::move(chain);
  const virtio::DescriptorChain& taken = entry.chain;
  DataRequest& request = entry.request;
  if (parts_.trace != nullptr) {
    entry.trace = parts_.trace->begin(parts_.name, log_name_, false, taken, parts_.dialect, parts_.terms);
  }
  if (parts_.check != nullptr) entry.taken = parts_.check->taken(log_name_, false, taken, parts_.terms);
  parts_.dialect.parse_data(taken, parts_.terms, request);
  count(data_stats_.requests);
  const crypto::Session* session = session_of(entry, job);
  if (session == nullptr) return;

  entry.operation = job.operation_count();
  crypto::Operation& operation = job.add_operation();
  operation.session = session;
  operation.kind = request.kind;
  operation.input = request.input;
  operation.output = request.output;
  operation.aad = request.aad;
  operation.digest_output = request.digest_output;
  operation.ranges = request.ranges;
  operation.iv = std::span(request.iv).first(request.iv_bytes);
  operation.digest = request.digest;
  operation.tag_bytes = request.tag_bytes;
  count(data_stats_.source_bytes, request.source_bytes);
  job.estimated_ns += parts_.engine.estimated_ns(operation);
  if (request.service == crypto::Service::kAkcipher) job.stack_bytes = crypto::kDeepStackBytes;
}

// What the request is to be executed on; nothing, with the request's status set, when it is refused.
const crypto::Session* DataQueue::session_of(Job::Entry& entry, Job& job) {
  DataRequest& request = entry.request;
  if (request.status != RequestStatus::kOk) return nullptr;
  // a device that is not ready fails what a driver sends all the same.
  if (!parts_.ready.load(std::memory_order_acquire)) {
    request.status = RequestStatus::kError;
    request.refusal = {.field = "status", .value = 0};
    return nullptr;
  }
  const crypto::Session* session = request.stateless ? make_session(entry) : pin_session(entry, job);
  if (session == nullptr) return nullptr;
  const SessionNote& note = request.stateless ? request.note : job.pins.back().note();
  request.status = parts_.dialect.fit_to_session(entry.chain, parts_.terms, *session, note, request);
  if (request.status == RequestStatus::kOk) return session;
  entry.session.reset();
  return nullptr;
}

// Requests that follow each other on the same session share a pin of it.
const crypto::Session* DataQueue::pin_session(Job::Entry& entry, Job& job) {
  DataRequest& request = entry.request;
  if (job.pins.empty() || !job.pins.back().is_open_as(request.session_id)) {
    SessionPin pin = parts_.sessions.find(request.session_id);
    if (!pin) {
      request.status = RequestStatus::kInvalidSession;
      request.refusal = {.field = "session_id", .value = request.session_id};
      return nullptr;
    }
    job.pins.push_back(std::move(pin));
  }
  // Pinned before: this request and those in flight go on.
  if (request.ends_session && parts_.sessions.remove(request.session_id, std::nullopt))
    count(data_stats_.sessions_destroyed);
  return &job.pins.back().session();
}

const crypto::Session* DataQueue::make_session(Job::Entry& entry) {
  DataRequest& request = entry.request;
  creation_stack_bytes_ = std::max(creation_stack_bytes_, crypto::creation_stack_bytes(request.parameters));
  spend(crypto::estimated_creation_ns(request.parameters));
  auto session = try_create_session(parts_, log_name_, request.parameters);
  request.key = {};  // wiped: the session has its own form of it
  if (!session) {
    request.status = to_status(session.error());
    return nullptr;
  }
  if (request.keeps_session) {
    const std::optional<std::uint64_t> id = parts_.sessions.add(*session, request.note);
    if (!id) {
      request.status = RequestStatus::kNoSpace;
      return nullptr;
    }
    count(data_stats_.sessions_created);
    request.new_session_id = *id;
  }
  entry.session = std::move(*session);
  return entry.session.get();
}

void DataQueue::execute(Job& job) const {
  // The results would be written to memory that is the driver's again, or that the device may not access.
  if (called_off() || !has_bus_master()) return;
  job.is_executed = true;
  const crypto::StackWipe wipe(job.stack_bytes);
  try {
    parts_.engine.execute(job.operations());
  } catch (const std::exception& error) {
    // Out of memory, in practice. Operations that were not reached have failed.
    parts_.log.write(spdlog::level::err, "{}: {}: {}", parts_.name, log_name_, error.what());
  }
}

void DataQueue::execute_here(std::unique_ptr<Job> job) {
  begin_work();
  spend(job->estimated_ns);
  execute(*job);
  finish(std::move(job));
}

void DataQueue::hand_off(std::unique_ptr<Job> job) {
  begin_work();
  count(data_stats_.handed_off, job->operation_count());
  post_to_workers(std::move(job));
}

void DataQueue::post_to_workers(std::unique_ptr<Job> job) {
  parts_.workers.post(lane_, [this, job = std::move(job)]() mutable {
    execute(*job);
    asio::post(loop(), [this, job = std::move(job)]() mutable { finish(std::move(job)); });
  });
}

bool DataQueue::is_to_wait(const Job& job) const {
  if (stopping()) return false;
  return !has_bus_master() || (called_off() && !job.is_executed);
}

void DataQueue::finish(std::unique_ptr<Job> job) {
  if (is_to_wait(*job)) return held_.push_back(std::move(job));
  if (!job->is_executed && !stopping()) return execute_again(std::move(job));
  try {
    for (std::size_t i = 0; i < job->size(); ++i)
      answer((*job)[i], *job);
    if (!stopping()) publish();
  } catch (const std::exception& error) {
    fault(error.what());
  }
  job->clear();
  stock_.push_back(std::move(job));
  end_work();
}

// What was not executed for want of the bus master bit.
void DataQueue::execute_again(std::unique_ptr<Job> job) {
  if (parts_.workers.has_threads()) return post_to_workers(std::move(job));
  execute(*job);
  finish(std::move(job));
}

void DataQueue::answer(Job::Entry& entry, const Job& job) {
  if (stopping()) {
    // The driver will not learn of a session that it asked for.
    if (entry.request.new_session_id != 0) {
      [[maybe_unused]] const bool removed =
          parts_.sessions.remove(entry.request.new_session_id, std::nullopt);
    }
    if (entry.trace) parts_.trace->drop(*entry.trace);
    return entry.chain.discard();
  }
  RequestStatus status = entry.request.status;
  std::size_t result_bytes = 0;
  if (entry.operation != Job::kRefused) {
    const crypto::Operation& operation = job.operation(entry.operation);
    status = to_status(operation.outcome);
    result_bytes = operation.output_bytes;
  }
  if (status != RequestStatus::kOk) {
    count(data_stats_.failed);
    log_refusal(parts_, log_name_, entry.request.refusal, status);
  }
  const std::uint32_t written =
      parts_.dialect.write_data_answer(entry.request, status, result_bytes, entry.chain);
  if (parts_.check != nullptr) parts_.check->answered(entry.taken, status);
  if (entry.trace) parts_.trace->end(*entry.trace, status, entry.request.refusal, written, entry.chain);
  complete(std::move(entry.chain), written);
}

void DataQueue::return_held() {
  for (std::unique_ptr<Job>& job : std::exchange(held_, {}))
    finish(std::move(job));
}

std::unique_ptr<Job> DataQueue::take_job() {
  if (stock_.empty()) return std::make_unique<Job>();
  std::unique_ptr<Job> job = std::move(stock_.back());
  stock_.pop_back();
  return job;
}

void DataQueue::on_fault(const char* what) {
  parts_.log.write(spdlog::level::warn, "{}: {}: {}: device needs reset", parts_.name, log_name_, what);
}

}  // namespace virtcrypt::devices::crypto_dev
