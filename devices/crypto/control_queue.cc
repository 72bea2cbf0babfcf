#include "virtcrypt/devices/crypto/control_queue.h"

#include <exception>
#include <utility>

#include "virtcrypt/crypto/session_cost.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

// Creating a session may take long, and an answer is written for each: few of them in a turn should not hold
// up the loop's data queues.
constexpr TurnBudget kBudget{.chains = 8};

}  // namespace

ControlQueue::ControlQueue(asio::io_context& loop, virtio::QueueIndex index, const DeviceParts& parts)
    : QueueLoop(loop, index, parts.bus_master, kBudget), parts_(parts) {}

bool ControlQueue::run_one_batch() {
  bool popped = false;
  virtio::DescriptorChain chain;
  while (pop(chain)) {
    popped = true;
    try {
      const std::uint32_t written = answer(chain);
      complete(std::move(chain), written);
    } catch (...) {
      chain.discard();
      throw;
    }
  }
  if (popped) publish();
  return popped;
}

// Carries a request out and writes its answer; returns the used length.
std::uint32_t ControlQueue::answer(const virtio::DescriptorChain& chain) {
  std::unique_ptr<RequestTrace::Begun> trace;
  if (parts_.trace != nullptr)
    trace = parts_.trace->begin(parts_.name, "controlq", true, chain, parts_.dialect, parts_.terms);
  DriverCheck::Taken taken;
  if (parts_.check != nullptr) taken = parts_.check->taken("controlq", true, chain, parts_.terms);
  ControlRequest request = parts_.dialect.parse_control(chain, parts_.terms);
  const ControlAnswer answer = carry_out(request);
  if (answer.status != RequestStatus::kOk) {
    count(control_stats_.refused);
    log_refusal(parts_, "controlq", request.refusal, answer.status);
  }
  const std::uint32_t written = parts_.dialect.write_control_answer(request, answer, chain, parts_.terms);
  if (parts_.check != nullptr) parts_.check->answered(taken, answer.status, answer.session_id);
  if (trace) parts_.trace->end(*trace, answer.status, request.refusal, written, chain);
  return written;
}

ControlAnswer ControlQueue::carry_out(ControlRequest& request) {
  if (const auto* refused = std::get_if<RequestStatus>(&request.action)) return {.status = *refused};
  // a device that is not ready fails what a driver sends all the same.
  if (!parts_.ready.load(std::memory_order_acquire)) {
    request.refusal = {.field = "status", .value = 0};
    return {.status = RequestStatus::kError};
  }
  if (const auto* create_session = std::get_if<CreateSession>(&request.action))
    return create(*create_session);
  const auto& destroy = std::get<DestroySession>(request.action);
  // an unknown id, or one of another service, is an error.
  if (!parts_.sessions.remove(destroy.id, destroy.service)) {
    request.refusal = {.field = "session_id", .value = destroy.id};
    return {.status = RequestStatus::kError};
  }
  count(control_stats_.sessions_destroyed);
  return {.status = RequestStatus::kOk};
}

ControlAnswer ControlQueue::create(const CreateSession& request) {
  spend(crypto::estimated_creation_ns(request.parameters));
  const auto id = open_session(parts_, "controlq", request.parameters, request.note);
  if (!id) return {.status = id.error()};
  count(control_stats_.sessions_created);
  return {.status = RequestStatus::kOk, .session_id = *id};
}

void ControlQueue::on_fault(const char* what) {
  parts_.log.write(spdlog::level::warn, "{}: controlq: {}: device needs reset", parts_.name, what);
}

}  // namespace virtcrypt::devices::crypto_dev
