// A client of QEMU's qtest protocol: ports, memory and interrupt lines of a machine, one line of text a
// command.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tests/support/file_descriptor.h"

namespace virtcrypt::conformance {

class QtestError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
// The other side is gone.
class QtestEnded final : public QtestError {
  using QtestError::QtestError;
};

// Every call waits for QEMU's answer. Throws QtestError when it refuses, does not answer within the time
// limit or answers something else. Thread-safety: one thread.
class Qtest {
 public:
  Qtest(test::FileDescriptor socket, std::chrono::milliseconds limit)
      : socket_(std::move(socket)), limit_(limit) {}

  // `width` is 1, 2 or 4 bytes, of memory 8 as well.
  [[nodiscard]] std::uint32_t read_port(std::uint16_t port, unsigned width);
  void write_port(std::uint16_t port, unsigned width, std::uint32_t value);
  [[nodiscard]] std::uint64_t read_memory(std::uint64_t address, unsigned width);
  void write_memory(std::uint64_t address, unsigned width, std::uint64_t value);

  // From here on QEMU tells how the inputs of this device change; to be called once.
  void watch_inputs_of(std::string_view device);
  // The level of such an input, by what has been heard so far.
  [[nodiscard]] bool input_is_high(unsigned input) const { return high_inputs_.count(input) != 0; }

  // Waits until QEMU has gone once through all that it had to do, and heard about the inputs.
  void round_trip();

 private:
  [[nodiscard]] std::string call(const std::string& command);  // what follows the OK
  [[nodiscard]] std::uint64_t call_for_number(const std::string& command);
  void send(const std::string& command);
  [[nodiscard]] std::string receive_line(std::string_view command);
  void receive_more(std::string_view command, std::chrono::steady_clock::time_point end);
  void note_input(std::string_view line);

  test::FileDescriptor socket_;
  const std::chrono::milliseconds limit_;
  std::string received_;
  std::set<unsigned> high_inputs_;
};

}  // namespace virtcrypt::conformance
