// The way to the agent: orders from a check's thread to the vCPU's, answers back.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>

#include "guest-images/bare-metal/agent_orders.h"
#include "tests/conformance/bare_metal/shared_note.h"
#include "virtcrypt/devices/io_handler.h"
#include "virtcrypt/virtio/guest_memory.h"

namespace virtcrypt::conformance {

// Answers at guest::kAgentPort. The vCPU that reads there waits until there is an order. Thread-safety: the
// handler's functions, machine_ended() and close() any thread; the rest the check's thread.
class AgentLink final : public devices::IoHandler {
 public:
  // `note` always tells what the guest does.
  explicit AgentLink(SharedNote& note) : note_(note) {}

  // The memory of the agent's machine, before the machine starts; it outlives the link.
  void connect(const virtio::GuestMemory& memory) { memory_ = &memory; }
  void wait_until_ready();

  // One order, for which `what` are the words; returns the mailbox's value when it is carried out. Throws
  // std::runtime_error when the machine ends over it.
  std::uint64_t carry_out(guest::Order order, std::uint64_t address, unsigned width, std::uint64_t value,
                          const std::string& what);
  // How often the guest has taken interrupts with this vector.
  [[nodiscard]] std::uint64_t interrupts_taken(std::uint8_t vector);

  // Nothing will be carried out any more, for this reason.
  void machine_ended(const std::string& reason);
  // The vCPU does not wait here any more: before the machine stops.
  void close();

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  enum class State { kStarting, kWaiting, kBusy, kEnded };

  void expect_alive(const std::string& what) const;
  void on_exception(std::uint32_t vector);
  // In the agent's memory; throws std::runtime_error when there is no such address.
  [[nodiscard]] std::span<std::byte> at(std::uint64_t address, std::size_t bytes) const;
  [[nodiscard]] guest::Mailbox& mailbox() const;

  SharedNote& note_;
  const virtio::GuestMemory* memory_ = nullptr;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Under mutex_; the mailbox belongs to the guest while it is busy.
  State state_ = State::kStarting;
  bool closed_ = false;
  std::uint64_t mailbox_ = 0;
  std::string reason_;  // why it ended
};

}  // namespace virtcrypt::conformance
