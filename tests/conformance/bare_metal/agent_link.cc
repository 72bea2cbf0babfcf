#include "tests/conformance/bare_metal/agent_link.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

std::uint32_t first_word(std::span<const std::byte> data) {
  std::uint32_t word = 0;
  std::memcpy(&word, data.data(), std::min(data.size(), sizeof word));
  return word;
}

}  // namespace

void AgentLink::wait_until_ready() {
  const std::string what = "its start";
  note_.write("the guest was busy with " + what);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return state_ != State::kStarting; });
  expect_alive(what);
}

std::uint64_t AgentLink::carry_out(guest::Order order, std::uint64_t address, unsigned width,
                                   std::uint64_t value, const std::string& what) {
  std::unique_lock lock(mutex_);
  expect_alive(what);
  guest::Mailbox& box = mailbox();
  box.order = order;
  box.width = width;
  box.address = address;
  box.value = value;
  note_.write("the guest was busy with " + what);
  state_ = State::kBusy;
  changed_.notify_all();
  changed_.wait(lock, [this] { return state_ != State::kBusy; });
  expect_alive(what);
  note_.write("the guest had done " + what);
  return box.value;
}

std::uint64_t AgentLink::interrupts_taken(std::uint8_t vector) {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  std::memcpy(&count, at(mailbox().interrupt_counts + sizeof count * vector, sizeof count).data(),
              sizeof count);
  return count;
}

void AgentLink::expect_alive(const std::string& what) const {
  if (state_ == State::kEnded)
    throw std::runtime_error(fmt::format("{}: the guest ended: {}", what, reason_));
}

void AgentLink::machine_ended(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  reason_ = reason;
  changed_.notify_all();
}

void AgentLink::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

void AgentLink::read(std::uint64_t offset, std::span<std::byte> data) {
  std::fill(data.begin(), data.end(), std::byte{0});
  if (offset != 0) return;
  std::unique_lock lock(mutex_);
  if (state_ != State::kEnded) state_ = State::kWaiting;
  changed_.notify_all();
  changed_.wait(lock, [this] { return closed_ || state_ != State::kWaiting; });
  if (state_ == State::kBusy) data[0] = std::byte{1};
}

void AgentLink::write(std::uint64_t offset, std::span<const std::byte> data) {
  if (offset != 0) return on_exception(first_word(data));
  const std::lock_guard lock(mutex_);
  mailbox_ = first_word(data);
}

void AgentLink::on_exception(std::uint32_t vector) {
  std::uint64_t pushed[2] = {};
  {
    const std::lock_guard lock(mutex_);
    std::memcpy(pushed, at(mailbox().exception_frame, sizeof pushed).data(), sizeof pushed);
  }
  machine_ended(fmt::format("exception {} in the guest, stack {:#x} {:#x}", vector, pushed[0], pushed[1]));
}

std::span<std::byte> AgentLink::at(std::uint64_t address, std::size_t bytes) const {
  const auto range = memory_->range(virtio::GuestAddress{address}, bytes);
  if (!range) throw std::runtime_error(fmt::format("the guest's address {:#x} is not in its RAM", address));
  return *range;
}

guest::Mailbox& AgentLink::mailbox() const {
  return *reinterpret_cast<guest::Mailbox*>(at(mailbox_, sizeof(guest::Mailbox)).data());
}

}  // namespace virtcrypt::conformance
