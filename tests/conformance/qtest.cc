#include "tests/conformance/qtest.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

constexpr std::string_view kRaise = "IRQ raise ", kLower = "IRQ lower ";

char letter_of(unsigned width) {
  switch (width) {
    case 1:
      return 'b';
    case 2:
      return 'w';
    case 4:
      return 'l';
    case 8:
      return 'q';
    default:
      throw QtestError(fmt::format("qtest has no access of {} bytes", width));
  }
}

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

template <typename Number>
bool parse(std::string_view text, int base, Number& number) {
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number, base);
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

std::uint32_t Qtest::read_port(std::uint16_t port, unsigned width) {
  return static_cast<std::uint32_t>(call_for_number(fmt::format("in{} {:#x}", letter_of(width), port)));
}

void Qtest::write_port(std::uint16_t port, unsigned width, std::uint32_t value) {
  (void)call(fmt::format("out{} {:#x} {:#x}", letter_of(width), port, value));
}

std::uint64_t Qtest::read_memory(std::uint64_t address, unsigned width) {
  return call_for_number(fmt::format("read{} {:#x}", letter_of(width), address));
}

void Qtest::write_memory(std::uint64_t address, unsigned width, std::uint64_t value) {
  (void)call(fmt::format("write{} {:#x} {:#x}", letter_of(width), address, value));
}

void Qtest::watch_inputs_of(std::string_view device) {
  (void)call(fmt::format("irq_intercept_in {}", device));
}

void Qtest::round_trip() {
  (void)call("readb 0x0");
}

std::string Qtest::call(const std::string& command) {
  send(command);
  for (;;) {
    const std::string line = receive_line(command);
    if (starts_with(line, "IRQ ")) {
      note_input(line);
    } else if (line == "OK") {
      return {};
    } else if (starts_with(line, "OK ")) {
      return line.substr(3);
    } else {
      throw QtestError(fmt::format("QEMU answers \"{}\" to the qtest command \"{}\"", line, command));
    }
  }
}

std::uint64_t Qtest::call_for_number(const std::string& command) {
  const std::string answer = call(command);
  std::uint64_t number = 0;
  if (!starts_with(answer, "0x") || !parse(std::string_view(answer).substr(2), 16, number))
    throw QtestError(
        fmt::format("QEMU answers \"OK {}\" to the qtest command \"{}\": no number", answer, command));
  return number;
}

void Qtest::send(const std::string& command) {
  const std::string line = fmt::format("{}\n", command);
  for (std::size_t at = 0; at < line.size();) {
    const ssize_t sent = ::send(socket_.get(), line.data() + at, line.size() - at, MSG_NOSIGNAL);
    if (sent > 0) at += static_cast<std::size_t>(sent);
    if (sent >= 0 || errno == EINTR) continue;
    throw QtestEnded(fmt::format("QEMU ended before the qtest command \"{}\"", command));
  }
}

std::string Qtest::receive_line(std::string_view command) {
  const auto end = std::chrono::steady_clock::now() + limit_;
  for (;;) {
    const std::size_t length = received_.find('\n');
    if (length != std::string::npos) {
      std::string line = received_.substr(0, length);
      received_.erase(0, length + 1);
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    receive_more(command, end);
  }
}

void Qtest::receive_more(std::string_view command, std::chrono::steady_clock::time_point end) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
  pollfd poll{.fd = socket_.get(), .events = POLLIN, .revents = 0};
  const int ready = left > 0 ? ::poll(&poll, 1, static_cast<int>(left)) : 0;
  if (ready < 0 && errno == EINTR) return;
  if (ready == 0)
    throw QtestError(fmt::format("QEMU does not answer the qtest command \"{}\" within {} seconds", command,
                                 static_cast<double>(limit_.count()) / 1000));
  char buffer[4096];
  const ssize_t count = ::recv(socket_.get(), buffer, sizeof buffer, 0);
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) throw QtestEnded(fmt::format("QEMU ended on the qtest command \"{}\"", command));
  received_.append(buffer, static_cast<std::size_t>(count));
}

void Qtest::note_input(std::string_view line) {
  const bool raise = starts_with(line, kRaise);
  unsigned input = 0;
  if ((!raise && !starts_with(line, kLower)) || !parse(line.substr(kRaise.size()), 10, input))
    throw QtestError(fmt::format("QEMU says \"{}\": no interrupt that qtest knows", line));
  if (raise)
    high_inputs_.insert(input);
  else
    high_inputs_.erase(input);
}

}  // namespace virtcrypt::conformance
