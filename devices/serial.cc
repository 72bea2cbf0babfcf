#include "virtcrypt/devices/serial.h"

#include <utility>

#include <linux/serial_reg.h>

namespace virtcrypt::devices {
namespace {

constexpr std::uint8_t kInterruptEnableBits = UART_IER_RDI | UART_IER_THRI | UART_IER_RLSI | UART_IER_MSI;
constexpr std::uint8_t kModemControlBits =
    UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT1 | UART_MCR_OUT2 | UART_MCR_LOOP;
// Kept of FCR: FIFO mode and receive trigger level. The reset bits act once.
constexpr std::uint8_t kFifoControlBits = UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_MASK;
constexpr std::uint8_t kCharacterTimeout = UART_IIR_RDI | 0x08;
constexpr std::uint8_t kFifosEnabled = 0xC0;  // in IIR; only one of these two bits would mean a broken 16550
constexpr std::uint16_t kDivisor115200 = 1;

constexpr std::array<std::size_t, 4> kTriggerLevels{1, 4, 8, 14};

}  // namespace

Serial::Serial(Callbacks callbacks) : callbacks_(std::move(callbacks)), divisor_(kDivisor115200) {}

bool Serial::receive(std::span<const std::byte> data) {
  const std::lock_guard lock(mutex_);
  backlog_.insert(backlog_.end(), data.begin(), data.end());
  refill();
  update_interrupt();
  backlog_was_full_ = backlog_.size() >= kBacklogLimit;
  return !backlog_was_full_;
}

void Serial::read(std::uint64_t offset, std::span<std::byte> data) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data[i] = std::byte{read_register(offset + i)};
  }
  update_interrupt();
}

void Serial::write(std::uint64_t offset, std::span<const std::byte> data) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < data.size(); ++i) {
    write_register(offset + i, std::to_integer<std::uint8_t>(data[i]));
    // After each byte: an edge between two writes of one access must not get lost.
    update_interrupt();
  }
}

// ---------------------------------------------------------------- registers

std::uint8_t Serial::read_register(std::uint64_t offset) {
  switch (offset) {
    case UART_RX:
      return divisor_selected() ? static_cast<std::uint8_t>(divisor_) : take_received();
    case UART_IER:
      return divisor_selected() ? static_cast<std::uint8_t>(divisor_ >> 8U) : interrupt_enable_;
    case UART_IIR: {
      const std::uint8_t cause = interrupt_cause();
      // Reading IIR acknowledges THRE, but only when it is what was reported.
      if (cause == UART_IIR_THRI) transmit_interrupt_ = false;
      return cause | ((fifo_control_ & UART_FCR_ENABLE_FIFO) != 0 ? kFifosEnabled : 0);
    }
    case UART_LCR:
      return line_control_;
    case UART_MCR:
      return modem_control_;
    case UART_LSR: {
      const bool overrun = std::exchange(overrun_, false);
      return static_cast<std::uint8_t>(UART_LSR_TEMT | UART_LSR_THRE | (overrun ? UART_LSR_OE : 0) |
                                       (fifo_.empty() ? 0 : UART_LSR_DR));
    }
    case UART_MSR:
      return static_cast<std::uint8_t>(modem_lines() | std::exchange(modem_deltas_, std::uint8_t{0}));
    default:
      return scratch_;
  }
}

void Serial::write_register(std::uint64_t offset, std::uint8_t value) {
  switch (offset) {
    case UART_TX:
      if (!divisor_selected()) return transmit(value);
      divisor_ = static_cast<std::uint16_t>((divisor_ & 0xFF00U) | value);
      return;
    case UART_IER:
      if (!divisor_selected()) return write_interrupt_enable(value);
      divisor_ = static_cast<std::uint16_t>((divisor_ & 0x00FFU) | static_cast<unsigned>(value) << 8U);
      return;
    case UART_FCR:
      return write_fifo_control(value);
    case UART_LCR:
      line_control_ = value;
      return;
    case UART_MCR:
      return write_modem_control(value);
    case UART_SCR:
      scratch_ = value;
      return;
    default:
      return;  // LSR and MSR: writing is for factory tests
  }
}

void Serial::write_interrupt_enable(std::uint8_t value) {
  const bool thre_was_enabled = (interrupt_enable_ & UART_IER_THRI) != 0;
  interrupt_enable_ = value & kInterruptEnableBits;
  // The transmitter is empty: enabling its interrupt raises it at once, and drivers count on that.
  if (!thre_was_enabled && (value & UART_IER_THRI) != 0) transmit_interrupt_ = true;
}

void Serial::write_fifo_control(std::uint8_t value) {
  const bool mode_changes = ((fifo_control_ ^ value) & UART_FCR_ENABLE_FIFO) != 0;
  if (mode_changes || (value & UART_FCR_CLEAR_RCVR) != 0) fifo_.clear();
  // Without FIFO mode the trigger level keeps its old value: FCR's other bits count only together with the
  // enable bit.
  if ((value & UART_FCR_ENABLE_FIFO) != 0) {
    fifo_control_ = value & kFifoControlBits;
  } else {
    fifo_control_ &= static_cast<std::uint8_t>(~UART_FCR_ENABLE_FIFO);
  }
  refill();
}

void Serial::write_modem_control(std::uint8_t value) {
  const std::uint8_t before = modem_lines();
  modem_control_ = value & kModemControlBits;
  const auto changed = static_cast<std::uint8_t>(before ^ modem_lines());
  // DCTS, DDSR and DDCD tell of any change, TERI only of RI's trailing edge.
  const unsigned edges = changed & (UART_MSR_CTS | UART_MSR_DSR | UART_MSR_DCD);
  const unsigned ring_ended = changed & before & UART_MSR_RI;
  modem_deltas_ |= static_cast<std::uint8_t>((edges | ring_ended) >> 4U);
  refill();
}

void Serial::transmit(std::uint8_t value) {
  if (loopback()) {
    push_received(value);
  } else {
    callbacks_.output(std::byte{value});
  }
  // Full and empty again: THRE was low for a moment, so its interrupt comes anew, as an edge.
  if (transmit_interrupt_) {
    transmit_interrupt_ = false;
    update_interrupt();
  }
  transmit_interrupt_ = true;
}

// ---------------------------------------------------------------- receiver

bool Serial::divisor_selected() const {
  return (line_control_ & UART_LCR_DLAB) != 0;
}

bool Serial::loopback() const {
  return (modem_control_ & UART_MCR_LOOP) != 0;
}

std::size_t Serial::fifo_capacity() const {
  return (fifo_control_ & UART_FCR_ENABLE_FIFO) != 0 ? kFifoBytes : 1;
}

std::uint8_t Serial::take_received() {
  if (fifo_.empty()) return 0;
  const std::uint8_t value = fifo_.front();
  fifo_.pop_front();
  refill();
  return value;
}

// The loopback path: unlike the host's side of the line it cannot wait.
void Serial::push_received(std::uint8_t value) {
  if (fifo_.size() < fifo_capacity()) {
    fifo_.push_back(value);
    return;
  }
  overrun_ = true;
  // The FIFO keeps what it has; without one, the new byte replaces the old.
  if (fifo_capacity() == 1) fifo_.back() = value;
}

void Serial::refill() {
  if (loopback() || (modem_control_ & UART_MCR_RTS) == 0) return;
  while (!backlog_.empty() && fifo_.size() < fifo_capacity()) {
    fifo_.push_back(std::to_integer<std::uint8_t>(backlog_.front()));
    backlog_.pop_front();
  }
  if (backlog_was_full_ && backlog_.size() < kBacklogLimit / 2) {
    backlog_was_full_ = false;
    callbacks_.input_ready();
  }
}

// ---------------------------------------------------------------- modem lines, interrupts

std::uint8_t Serial::modem_lines() const {
  // Somebody is always at the other end.
  if (!loopback()) return UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS;
  std::uint8_t lines = 0;
  if ((modem_control_ & UART_MCR_RTS) != 0) lines |= UART_MSR_CTS;
  if ((modem_control_ & UART_MCR_DTR) != 0) lines |= UART_MSR_DSR;
  if ((modem_control_ & UART_MCR_OUT1) != 0) lines |= UART_MSR_RI;
  if ((modem_control_ & UART_MCR_OUT2) != 0) lines |= UART_MSR_DCD;
  return lines;
}

// The highest of the pending causes, as in the data sheet's table of interrupt control functions.
std::uint8_t Serial::interrupt_cause() const {
  if ((interrupt_enable_ & UART_IER_RLSI) != 0 && overrun_) return UART_IIR_RLSI;
  if ((interrupt_enable_ & UART_IER_RDI) != 0 && !fifo_.empty()) {
    const bool fifo_mode = (fifo_control_ & UART_FCR_ENABLE_FIFO) != 0;
    const std::size_t trigger = fifo_mode ? kTriggerLevels.at(fifo_control_ >> 6U) : 1;
    // Below the trigger level a real port waits four character times for more; on this line that time is over
    // at once.
    return fifo_.size() >= trigger ? UART_IIR_RDI : kCharacterTimeout;
  }
  if ((interrupt_enable_ & UART_IER_THRI) != 0 && transmit_interrupt_) return UART_IIR_THRI;
  if ((interrupt_enable_ & UART_IER_MSI) != 0 && modem_deltas_ != 0) return UART_IIR_MSI;
  return UART_IIR_NO_INT;
}

void Serial::update_interrupt() {
  const bool pending = interrupt_cause() != UART_IIR_NO_INT;
  if (pending == line_asserted_) return;
  line_asserted_ = pending;
  callbacks_.interrupt(pending);
}

}  // namespace virtcrypt::devices
