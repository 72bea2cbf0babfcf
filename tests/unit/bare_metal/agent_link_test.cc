// Orders to the guest of `virtcrypt conformance --device bare-metal`, with a thread in the vCPU's place.
#include "tests/conformance/bare_metal/agent_link.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/catch.h"

using namespace virtcrypt;
using namespace virtcrypt::conformance;
using guest::Order;

namespace {

constexpr std::uint32_t kMailbox = 0x100, kCounts = 0x200, kFrame = 0xC00;

// What the guest does: it answers each order with the address plus 1, except one.
class FakeGuest {
 public:
  static constexpr std::uint64_t kDeadly = 0xDEAD;

  FakeGuest() : memory_({{virtio::GuestAddress{0}, std::as_writable_bytes(std::span(ram_))}}) {
    link.connect(memory_);
  }
  ~FakeGuest() {
    link.close();
    if (thread_.joinable()) thread_.join();
  }
  void start() {
    thread_ = std::thread([this] { run(); });
  }
  [[nodiscard]] guest::Mailbox& mailbox() { return at<guest::Mailbox>(kMailbox); }
  template <typename Value>
  [[nodiscard]] Value& at(std::size_t address) {
    return *reinterpret_cast<Value*>(reinterpret_cast<std::byte*>(ram_.data()) + address);
  }
  std::uint64_t order(std::uint64_t address) {
    return link.carry_out(Order::kReadMemory, address, 4, 0, "an order");
  }

  SharedNote note;
  AgentLink link{note};

 private:
  void out(std::uint64_t offset, std::uint32_t value) {
    link.write(offset, std::as_bytes(std::span(&value, 1)));
  }
  [[nodiscard]] std::uint32_t in() {
    std::uint32_t value = 0xFFFF'FFFF;
    link.read(0, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
  void run() {
    mailbox().interrupt_counts = kCounts;
    mailbox().exception_frame = kFrame;
    out(0, kMailbox);
    while (in() != 0) {
      if (mailbox().address == kDeadly) return out(4, 13);
      note_then = note.read();
      mailbox().value = mailbox().address + 1;
    }
  }

  std::array<std::uint64_t, 0x200> ram_{};
  virtio::GuestMemory memory_;
  std::thread thread_;

 public:
  std::string note_then;  // while it carried out the last order
};

}  // namespace

TEST_CASE("AgentLink: orders are carried out one after the other", "[bare-metal]") {
  FakeGuest guest;
  guest.start();
  guest.link.wait_until_ready();
  for (std::uint64_t address = 0; address < 1000; ++address)
    REQUIRE(guest.order(address) == address + 1);
  CHECK(guest.mailbox().order == Order::kReadMemory);
  CHECK(guest.mailbox().width == 4);
}

TEST_CASE("AgentLink: the note tells what the guest does, and did last", "[bare-metal]") {
  FakeGuest guest;
  guest.start();
  guest.link.wait_until_ready();
  static_cast<void>(guest.order(5));
  CHECK(guest.note_then == "the guest was busy with an order");
  CHECK(guest.note.read() == "the guest had done an order");
}

TEST_CASE("AgentLink: a machine that ends is an error of the order that it was busy with", "[bare-metal]") {
  FakeGuest guest;
  guest.start();
  guest.link.wait_until_ready();
  guest.at<std::uint64_t>(kFrame) = 0x77;
  CHECK_THROWS_WITH(
      guest.order(FakeGuest::kDeadly),
      test::contains_text("an order: the guest ended: exception 13") && test::contains_text("0x77"));
  CHECK_THROWS_AS(guest.order(1), std::runtime_error);
}

TEST_CASE("AgentLink: a machine that ends before the guest is ready is an error", "[bare-metal]") {
  FakeGuest guest;
  std::thread vcpu([&guest] { guest.link.machine_ended("triple fault"); });
  CHECK_THROWS_WITH(guest.link.wait_until_ready(), test::contains_text("triple fault"));
  vcpu.join();
}

TEST_CASE("AgentLink: counts of interrupts are read from the guest's memory", "[bare-metal]") {
  FakeGuest guest;
  guest.start();
  guest.link.wait_until_ready();
  guest.at<std::uint64_t>(kCounts + 8 * 0x41) = 3;
  CHECK(guest.link.interrupts_taken(0x41) == 3);
  CHECK(guest.link.interrupts_taken(0x40) == 0);
}

TEST_CASE("SharedNote: reaches the parent process, cut to what there is room for", "[bare-metal]") {
  SharedNote note;
  note.write("from the parent");
  const pid_t child = ::fork();
  if (child == 0) {
    note.write(std::string(2 * SharedNote::kMost, 'x'));
    ::_exit(0);
  }
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  CHECK(note.read() == std::string(SharedNote::kMost, 'x'));
}
