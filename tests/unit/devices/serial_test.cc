// Registers and their bits by <linux/serial_reg.h>; sequences as Linux's 8250 driver probes and uses a port.
#include "virtcrypt/devices/serial.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <linux/serial_reg.h>

#include "tests/support/catch.h"

using virtcrypt::devices::Serial;

namespace {

struct Rig {
  std::string output;
  std::vector<bool> edges;  // of the interrupt pin
  int input_ready = 0;
  Serial port{{.output = [this](std::byte byte) { output += static_cast<char>(byte); },
               .interrupt = [this](bool level) { edges.push_back(level); },
               .input_ready = [this] { ++input_ready; }}};

  unsigned in(std::uint64_t offset) {
    std::array<std::byte, 1> data{};
    port.read(offset, data);
    return std::to_integer<unsigned>(data[0]);
  }
  void out(std::uint64_t offset, unsigned value) {
    const std::array<std::byte, 1> data{static_cast<std::byte>(value)};
    port.write(offset, data);
  }
  bool type(std::string_view keys) { return port.receive(std::as_bytes(std::span(keys))); }
  bool interrupt() const { return !edges.empty() && edges.back(); }

  // As a driver that opens the port: FIFO with the given trigger level, DTR and RTS up.
  void open(unsigned trigger = UART_FCR_TRIGGER_1) {
    out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR | UART_FCR_CLEAR_XMIT | trigger);
    out(UART_MCR, UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2);
  }
  // Everything the guest can read now.
  std::string read_all() {
    std::string text;
    while ((in(UART_LSR)&UART_LSR_DR) != 0) {
      text += static_cast<char>(in(UART_RX));
    }
    return text;
  }
};

constexpr unsigned kTimeout = 0x0C;
constexpr unsigned kFifos = 0xC0;
constexpr unsigned k64ByteMode = 0x20;

}  // namespace

TEST_CASE("Serial: probed as Linux does, it is a 16550A", "[devices][serial]") {
  Rig rig;
  // The interrupt enable register has four bits.
  rig.out(UART_IER, 0);
  CHECK(rig.in(UART_IER) == 0);
  rig.out(UART_IER, 0xFF);
  CHECK(rig.in(UART_IER) == 0x0F);
  rig.out(UART_IER, 0);
  // Loopback: RTS shows as CTS, OUT2 as DCD.
  rig.out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT2 | UART_MCR_RTS);
  CHECK((rig.in(UART_MSR)&0xF0) == (UART_MSR_DCD | UART_MSR_CTS));
  rig.out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT1 | UART_MCR_DTR);
  CHECK((rig.in(UART_MSR)&0xF0) == (UART_MSR_RI | UART_MSR_DSR));
  rig.out(UART_MCR, 0);
  // FIFO: both bits, so neither 8250 nor 16550; no 64-byte mode, so no 16750.
  rig.out(UART_FCR, UART_FCR_ENABLE_FIFO);
  CHECK(rig.in(UART_IIR) >> 6U == 3);
  rig.out(UART_LCR, UART_LCR_DLAB);
  rig.out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR7_64BYTE);
  CHECK((rig.in(UART_IIR)&k64ByteMode) == 0);
  rig.out(UART_LCR, 0);
  // The scratch register is there.
  rig.out(UART_SCR, 0x5A);
  CHECK(rig.in(UART_SCR) == 0x5A);
}

TEST_CASE("Serial: the divisor latch hides data and interrupt enable registers", "[devices][serial]") {
  Rig rig;
  rig.out(UART_IER, UART_IER_RDI);
  rig.out(UART_LCR, UART_LCR_DLAB | UART_LCR_WLEN8);
  rig.out(UART_DLL, 0x0C);
  rig.out(UART_DLM, 0x01);
  CHECK(rig.in(UART_DLL) == 0x0C);
  CHECK(rig.in(UART_DLM) == 0x01);
  rig.out(UART_LCR, UART_LCR_WLEN8);
  CHECK(rig.in(UART_LCR) == UART_LCR_WLEN8);
  CHECK(rig.in(UART_IER) == UART_IER_RDI);
  CHECK(rig.output.empty());
}

TEST_CASE("Serial: what is written is put out, and the transmitter is empty again", "[devices][serial]") {
  Rig rig;
  for (const char letter : {'h', 'e', 'l', 'l', 'o'}) {
    CHECK((rig.in(UART_LSR) & (UART_LSR_THRE | UART_LSR_TEMT)) == (UART_LSR_THRE | UART_LSR_TEMT));
    rig.out(UART_TX, static_cast<unsigned char>(letter));
  }
  CHECK(rig.output == "hello");
}

TEST_CASE("Serial: enabling the transmit interrupt raises it, reading IIR takes it away",
          "[devices][serial]") {
  Rig rig;
  rig.out(UART_IER, UART_IER_THRI);
  CHECK(rig.interrupt());
  CHECK(rig.in(UART_IIR) == UART_IIR_THRI);
  CHECK_FALSE(rig.interrupt());
  CHECK(rig.in(UART_IIR) == UART_IIR_NO_INT);
  // Off and on again: Linux tests for this at start-up.
  rig.out(UART_IER, 0);
  rig.out(UART_IER, UART_IER_THRI);
  CHECK(rig.in(UART_IIR) == UART_IIR_THRI);
}

TEST_CASE("Serial: each byte written is a new edge of the transmit interrupt", "[devices][serial]") {
  Rig rig;
  rig.out(UART_IER, UART_IER_THRI);
  rig.out(UART_TX, 'a');
  CHECK(rig.edges == std::vector<bool>{true, false, true});
  CHECK(rig.in(UART_IIR) == UART_IIR_THRI);
}

TEST_CASE("Serial: received bytes interrupt until they are read", "[devices][serial]") {
  Rig rig;
  rig.open();
  rig.out(UART_IER, UART_IER_RDI);
  CHECK(rig.type("ab"));
  CHECK(rig.interrupt());
  CHECK(rig.in(UART_IIR) == (kFifos | UART_IIR_RDI));
  CHECK(rig.in(UART_RX) == 'a');
  CHECK(rig.interrupt());
  CHECK(rig.in(UART_RX) == 'b');
  CHECK_FALSE(rig.interrupt());
  CHECK(rig.in(UART_IIR) == (kFifos | UART_IIR_NO_INT));
  CHECK((rig.in(UART_LSR)&UART_LSR_DR) == 0);
}

TEST_CASE("Serial: below the trigger level it is a character timeout", "[devices][serial]") {
  Rig rig;
  rig.open(UART_FCR_TRIGGER_8);
  rig.out(UART_IER, UART_IER_RDI);
  (void)rig.type("1234567");
  CHECK(rig.in(UART_IIR) == (kFifos | kTimeout));
  (void)rig.type("8");
  CHECK(rig.in(UART_IIR) == (kFifos | UART_IIR_RDI));
}

TEST_CASE("Serial: causes are reported by priority", "[devices][serial]") {
  Rig rig;
  rig.out(UART_FCR, UART_FCR_ENABLE_FIFO);
  rig.out(UART_MCR, UART_MCR_LOOP | UART_MCR_RTS);  // CTS and others change: modem status
  for (int i = 0; i < 17; ++i) {
    rig.out(UART_TX, 'x');  // one more than the FIFO takes: overrun
  }
  rig.out(UART_IER, UART_IER_RDI | UART_IER_THRI | UART_IER_RLSI | UART_IER_MSI);

  CHECK(rig.in(UART_IIR) == (kFifos | UART_IIR_RLSI));
  CHECK((rig.in(UART_LSR)&UART_LSR_OE) != 0);
  CHECK(rig.in(UART_IIR) == (kFifos | UART_IIR_RDI));
  CHECK(rig.read_all() == std::string(16, 'x'));
  CHECK(rig.in(UART_IIR) == (kFifos | UART_IIR_THRI));
  CHECK(rig.in(UART_IIR) == (kFifos | UART_IIR_MSI));
  (void)rig.in(UART_MSR);
  CHECK(rig.in(UART_IIR) == (kFifos | UART_IIR_NO_INT));
  CHECK(rig.output.empty());
}

TEST_CASE("Serial: modem status tells changes once", "[devices][serial]") {
  Rig rig;
  CHECK(rig.in(UART_MSR) == (UART_MSR_DCD | UART_MSR_DSR | UART_MSR_CTS));
  rig.out(UART_MCR, UART_MCR_LOOP | UART_MCR_OUT1);
  CHECK(rig.in(UART_MSR) == (UART_MSR_RI | UART_MSR_DDCD | UART_MSR_DDSR | UART_MSR_DCTS));
  rig.out(UART_MCR, UART_MCR_LOOP);
  CHECK(rig.in(UART_MSR) == UART_MSR_TERI);
  CHECK(rig.in(UART_MSR) == 0);
}

TEST_CASE("Serial: pasted text is not lost, however slow the guest", "[devices][serial]") {
  Rig rig;
  rig.open();
  rig.out(UART_IER, UART_IER_RDI);
  std::string pasted;
  for (int i = 0; i < 1000; ++i) {
    pasted += static_cast<char>('a' + i % 26);
  }
  (void)rig.type(pasted);
  CHECK((rig.in(UART_LSR)&UART_LSR_OE) == 0);
  CHECK(rig.read_all() == pasted);
  CHECK_FALSE(rig.interrupt());
}

TEST_CASE("Serial: the FIFO holds 16 bytes, and one without FIFO mode", "[devices][serial]") {
  Rig rig;
  rig.open(UART_FCR_TRIGGER_1);
  (void)rig.type(std::string(40, 'x'));
  // Clearing throws away what is in the FIFO; the line then fills it again.
  rig.out(UART_FCR, UART_FCR_ENABLE_FIFO | UART_FCR_CLEAR_RCVR);
  CHECK(rig.read_all() == std::string(24, 'x'));

  (void)rig.type("abc");
  rig.out(UART_FCR, 0);  // leaving FIFO mode clears it
  (void)rig.type("de");
  CHECK(rig.in(UART_RX) == 'd');
}

TEST_CASE("Serial: what is typed before the guest opens the port waits for it", "[devices][serial]") {
  Rig rig;
  (void)rig.type("early");
  CHECK((rig.in(UART_LSR)&UART_LSR_DR) == 0);
  rig.open();  // clears the FIFO before it raises RTS
  CHECK(rig.read_all() == "early");
}

TEST_CASE("Serial: with a full backlog the host is asked to wait, once", "[devices][serial]") {
  Rig rig;
  CHECK(rig.type(std::string(Serial::kBacklogLimit - 1, 'x')));
  CHECK_FALSE(rig.type("y"));
  CHECK(rig.input_ready == 0);
  rig.open();
  CHECK(rig.read_all().size() == Serial::kBacklogLimit);
  CHECK(rig.input_ready == 1);
}
