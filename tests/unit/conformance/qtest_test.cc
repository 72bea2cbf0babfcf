// The qtest client against a server that says what it is told to.
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/conformance/qemu_target.h"
#include "tests/conformance/qtest.h"
#include "tests/driver/pci_driver.h"
#include "tests/support/catch.h"

using namespace virtcrypt::conformance;
using namespace std::chrono_literals;
using virtcrypt::test::FileDescriptor;

namespace {

// Answers each command with the next text; when there is none left, it goes away.
class FakeServer {
 public:
  explicit FakeServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    client_ = FileDescriptor(pair[0]);
    server_ = FileDescriptor(pair[1]);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeServer() { thread_.join(); }

  [[nodiscard]] FileDescriptor take_client() { return std::move(client_); }
  // To be asked when all answers are given.
  [[nodiscard]] const std::vector<std::string>& commands() {
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([] {});
    return commands_;
  }

 private:
  void serve() {
    for (const std::string& answer : answers_) {
      std::string line;
      char character = 0;
      while (::recv(server_.get(), &character, 1, 0) == 1 && character != '\n')
        line += character;
      commands_.push_back(line);
      // In two pieces: a stream knows no lines.
      const std::size_t half = answer.size() / 2;
      (void)::send(server_.get(), answer.data(), half, MSG_NOSIGNAL);
      std::this_thread::sleep_for(1ms);
      (void)::send(server_.get(), answer.data() + half, answer.size() - half, MSG_NOSIGNAL);
    }
    server_.close();
  }

  const std::vector<std::string> answers_;
  std::vector<std::string> commands_;
  FileDescriptor client_;
  FileDescriptor server_;
  std::thread thread_;
};

constexpr auto kLimit = 5s;

template <typename Work>
std::string error_of(Work work) {
  try {
    work();
  } catch (const QtestError& error) {
    return error.what();
  }
  return "none";
}

std::string error_on_read(const std::string& answer) {
  FakeServer server({answer});
  Qtest qtest(server.take_client(), kLimit);
  return error_of([&] { (void)qtest.read_memory(0, 4); });
}

}  // namespace

TEST_CASE("qtest: accesses are spelled by their widths") {
  FakeServer server({"OK 0x00ab\n", "OK\n", "OK 0x0123456789abcdef\n", "OK\n", "OK\n"});
  Qtest qtest(server.take_client(), kLimit);
  CHECK(qtest.read_port(0xCFC, 1) == 0xAB);
  qtest.write_port(0xCF8, 4, 0x8000'2000);
  CHECK(qtest.read_memory(0xE000'0000, 8) == 0x0123'4567'89AB'CDEF);
  qtest.write_memory(0xE000'0014, 2, 7);
  qtest.watch_inputs_of("ioapic");
  CHECK(server.commands() == std::vector<std::string>{"inb 0xcfc", "outl 0xcf8 0x80002000",
                                                      "readq 0xe0000000", "writew 0xe0000014 0x7",
                                                      "irq_intercept_in ioapic"});
}

TEST_CASE("qtest: interrupts come between answers") {
  FakeServer server({"IRQ raise 11\nIRQ raise 5\nOK 0x1\n", "IRQ lower 11\r\nOK 0x2\r\n"});
  Qtest qtest(server.take_client(), kLimit);
  CHECK(qtest.read_memory(0, 1) == 1);
  CHECK(qtest.input_is_high(11));
  CHECK(qtest.input_is_high(5));
  qtest.round_trip();
  CHECK_FALSE(qtest.input_is_high(11));
  CHECK(qtest.input_is_high(5));
}

TEST_CASE("qtest: what is no answer is an error that names the command") {
  CHECK(error_on_read("FAIL Unknown command 'readl'\n") ==
        "QEMU answers \"FAIL Unknown command 'readl'\" to the qtest command \"readl 0x0\"");
  CHECK(error_on_read("OK\n") == "QEMU answers \"OK \" to the qtest command \"readl 0x0\": no number");
  CHECK(error_on_read("OK 0xyz\n") ==
        "QEMU answers \"OK 0xyz\" to the qtest command \"readl 0x0\": no number");
  CHECK(error_on_read("OK 0x11112222333344445\n") ==
        "QEMU answers \"OK 0x11112222333344445\" to the qtest command \"readl 0x0\": no number");
  CHECK(error_on_read("IRQ flip 3\n") == "QEMU says \"IRQ flip 3\": no interrupt that qtest knows");
  CHECK(error_on_read("IRQ raise x\n") == "QEMU says \"IRQ raise x\": no interrupt that qtest knows");
}

TEST_CASE("qtest: a server that goes away, or is silent, is noticed") {
  CHECK(error_on_read("OK 0x") == "QEMU ended on the qtest command \"readl 0x0\"");
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
  const FileDescriptor silent(pair[1]);
  Qtest qtest(FileDescriptor(pair[0]), 20ms);
  CHECK(error_of([&] { qtest.round_trip(); }) ==
        "QEMU does not answer the qtest command \"readb 0x0\" within 0.02 seconds");
}

TEST_CASE("qemu: the properties of a device are read from its help") {
  const auto names = qemu_properties(
      "virtio-crypto-pci options:\n"
      "  event_idx=<bool>       - on/off (default: true)\n"
      "  cryptodev=<link<cryptodev-backend>>\n"
      "  packed=<bool>          - on/off (default: false)\n"
      "a word\n");
  CHECK(names == std::set<std::string>{"cryptodev", "event_idx", "packed"});
  CHECK(qemu_properties("").empty());
}

TEST_CASE("qemu: features become the properties that this QEMU has") {
  namespace feature = virtcrypt::test::feature;
  const std::set<std::string> known = {"event_idx", "packed", "indirect_desc"};
  CHECK(qemu_feature_properties(known, {}, {}).empty());
  CHECK(qemu_feature_properties(known, {.features_off = feature::kEventIdx | feature::kInOrder},
                                {.features_off = feature::kIndirectDesc}) ==
        ",indirect_desc=off,event_idx=off");
  CHECK(qemu_feature_properties(known, {.ring = RingFormat::kPacked, .features_on = feature::kEventIdx},
                                {}) == ",event_idx=on,packed=on");
}

TEST_CASE("qemu: what cannot be run, or is none, is said in one line") {
  const auto error_with = [](const std::string& program) -> std::string {
    try {
      (void)make_qemu_target(program);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "none";
  };
  CHECK(error_with("/nowhere/qemu") == "cannot run /nowhere/qemu: No such file or directory");
  CHECK(error_with("/bin/true").find("/bin/true is no QEMU: asked for its version it says") == 0);
}
