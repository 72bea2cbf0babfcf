// A 16550A serial port (National Semiconductor PC16550D): the guest's console. vCPU threads reach its
// registers, the event loop feeds it what the user types.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>

#include "virtcrypt/devices/io_handler.h"

namespace virtcrypt::devices {

// The line is infinitely fast: a byte written is gone at once, so the transmitter is always empty. The other
// end honours hardware flow control: it sends only while the guest asserts RTS, as every system does once a
// program has opened the port. What comes earlier, or faster than the guest reads, waits in a backlog and is
// not lost.
//
// Thread-safety: any thread. The callbacks come with the port's lock held, so they arrive in the order of the
// accesses; they must not call back into the port.
class Serial final : public IoHandler {
 public:
  static constexpr std::uint64_t kPorts = 8;
  // Above this many waiting bytes, receive() asks its caller to pause.
  static constexpr std::size_t kBacklogLimit = 64U << 10U;

  struct Callbacks {
    std::function<void(std::byte)> output;      // a byte from the guest
    std::function<void(bool)> interrupt;        // level of the INTR pin, on changes only
    std::function<void()> input_ready = [] {};  // the backlog has room again, after receive() returned false
  };
  explicit Serial(Callbacks callbacks);

  // Bytes for the guest, in order. All are taken; false asks to wait for input_ready before sending more.
  [[nodiscard]] bool receive(std::span<const std::byte> data);

  void read(std::uint64_t offset, std::span<std::byte> data) override;
  void write(std::uint64_t offset, std::span<const std::byte> data) override;

 private:
  static constexpr std::size_t kFifoBytes = 16;

  [[nodiscard]] std::uint8_t read_register(std::uint64_t offset);
  void write_register(std::uint64_t offset, std::uint8_t value);

  [[nodiscard]] bool divisor_selected() const;
  [[nodiscard]] bool loopback() const;
  [[nodiscard]] std::size_t fifo_capacity() const;
  [[nodiscard]] std::uint8_t interrupt_cause() const;
  [[nodiscard]] std::uint8_t modem_lines() const;
  [[nodiscard]] std::uint8_t take_received();
  void transmit(std::uint8_t value);
  void write_fifo_control(std::uint8_t value);
  void write_interrupt_enable(std::uint8_t value);
  void write_modem_control(std::uint8_t value);
  void push_received(std::uint8_t value);
  void refill();
  void update_interrupt();

  const Callbacks callbacks_;
  std::mutex mutex_;
  std::deque<std::uint8_t> fifo_;  // at most kFifoBytes, or one without FIFO mode
  std::deque<std::byte> backlog_;  // the host's side of the line
  bool backlog_was_full_ = false;
  bool transmit_interrupt_ = false;  // THRE has not been reported through IIR yet
  bool line_asserted_ = false;
  std::uint16_t divisor_;
  std::uint8_t interrupt_enable_ = 0;
  std::uint8_t fifo_control_ = 0;
  std::uint8_t line_control_ = 0;
  std::uint8_t modem_control_ = 0;
  std::uint8_t modem_deltas_ = 0;  // the low half of MSR
  std::uint8_t scratch_ = 0;
  bool overrun_ = false;
};

}  // namespace virtcrypt::devices
