// Messages through a real socket: in pieces, with descriptors, and answers that nobody takes.
#include "virtcrypt/virtio/vhost_user/message.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "tests/driver/vhost_user/channel.h"
#include "tests/driver/vhost_user/shared_memory.h"
#include "tests/support/catch.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using virtio::FileDescriptor;
using virtio::vhost_user::MessageSocket;
using virtio::vhost_user::Reply;

namespace {

struct Connected {
  SocketChannel front_end;
  MessageSocket back_end;
};

Connected connected() {
  int ends[2] = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {SocketChannel(FileDescriptor(ends[0])), MessageSocket(FileDescriptor(ends[1]))};
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

TEST_CASE("vhost-user: a message comes byte by byte, and the next one behind it", "[vhost-user]") {
  Connected pair = connected();
  const FrontEndMessage first{vu::kSetVringNum, Wire().le32(1).le32(64).done()};
  const FrontEndMessage second{vu::kSetOwner};
  for (const Bytes& bytes : {wire_form(first), wire_form(second)}) {
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
      pair.front_end.send_raw(part(bytes, i, 1));
      const auto received = pair.back_end.receive();
      REQUIRE(received);
      REQUIRE(!*received);
    }
    pair.front_end.send_raw(part(bytes, bytes.size() - 1, 1));
    const auto received = pair.back_end.receive();
    REQUIRE(received);
    REQUIRE(*received);
    CHECK((*received)->payload.size() == bytes.size() - 12);
  }
  // Several at once: none is mixed up with another.
  pair.front_end.send_raw(joined(wire_form(first), wire_form(second)));
  CHECK((*pair.back_end.receive())->payload == first.payload);
  CHECK((*pair.back_end.receive())->header.request == second.request);
  CHECK(!*pair.back_end.receive());
}

TEST_CASE("vhost-user: descriptors belong to their message", "[vhost-user]") {
  const std::size_t before = open_descriptors();
  {
    Connected pair = connected();
    const FileDescriptor one(::eventfd(0, EFD_CLOEXEC)), two(::eventfd(0, EFD_CLOEXEC));
    pair.front_end.tell({vu::kSetVringKick, Wire().le64(0).done(), {one.get()}});
    pair.front_end.tell({vu::kSetVringNum, Wire().le64(0).done()});
    pair.front_end.tell({vu::kSetMemTable, Bytes(72), {one.get(), two.get()}});
    for (const std::size_t descriptors : {1U, 0U, 2U}) {
      const auto received = pair.back_end.receive();
      REQUIRE((received && *received));
      REQUIRE((*received)->descriptors.size() == descriptors);
      for (const auto& each : (*received)->descriptors)
        CHECK((::fcntl(each.get(), F_GETFD) & FD_CLOEXEC) != 0);
    }
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("vhost-user: too many descriptors end the connection, and none is left", "[vhost-user][hostile]") {
  const std::size_t before = open_descriptors();
  for (const std::size_t count : {9U, 30U}) {
    Connected pair = connected();
    const FileDescriptor one(::eventfd(0, EFD_CLOEXEC));
    pair.front_end.tell({vu::kSetMemTable, Bytes(72), std::vector<int>(count, one.get())});
    const auto received = pair.back_end.receive();
    REQUIRE(!received);
    CHECK_THAT(received.error(), contains_text("descriptors"));
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("vhost-user: the end of a connection, between messages and within one", "[vhost-user]") {
  {
    Connected pair = connected();
    { const SocketChannel gone(std::move(pair.front_end)); }
    CHECK(pair.back_end.receive().error() == MessageSocket::kClosed);
  }
  for (const std::size_t bytes : {1U, 11U, 12U, 15U}) {
    Connected pair = connected();
    pair.front_end.send_raw(part(wire_form({vu::kSetFeatures, Bytes(8)}), 0, bytes));
    CHECK(!*pair.back_end.receive());
    { const SocketChannel gone(std::move(pair.front_end)); }
    CHECK_THAT(pair.back_end.receive().error(), contains_text("within a message"));
  }
}

TEST_CASE("vhost-user: a message that is longer than any is not waited for", "[vhost-user][hostile]") {
  for (const std::uint32_t size : {4097U, UINT32_MAX}) {
    Connected pair = connected();
    pair.front_end.send_raw(Wire().le32(vu::kSetFeatures).le32(1).le32(size).done());
    const auto received = pair.back_end.receive();
    REQUIRE(!received);
    CHECK_THAT(received.error(), contains_text("longer"));
  }
}

TEST_CASE("vhost-user: answers carry their descriptor, and it stays the sender's", "[vhost-user]") {
  Connected pair = connected();
  const FileDescriptor file = memory_file(4096);
  REQUIRE(pair.back_end.answer(virtio::vhost_user::Request::kGetInflightFd,
                               {.payload = Bytes(20), .descriptor = file.get()}));
  CHECK(pair.back_end.is_answered());
  const BackEndReply reply = pair.front_end.receive(vu::kGetInflightFd);
  CHECK(reply.payload == Bytes(20));
  CHECK(::lseek(reply.descriptor.get(), 0, SEEK_END) == 4096);
  CHECK(::lseek(file.get(), 0, SEEK_END) == 4096);
}

TEST_CASE("vhost-user: an answer that nobody takes keeps nobody waiting, and is there later",
          "[vhost-user][hostile]") {
  Connected pair = connected();
  const FileDescriptor file = memory_file(8192);
  const Reply reply{.payload = Bytes(4096, std::byte{7}), .descriptor = file.get()};
  std::size_t answers = 0;
  for (; pair.back_end.is_answered() && answers < 10'000; ++answers)
    REQUIRE(pair.back_end.answer(virtio::vhost_user::Request::kGetInflightFd, reply));
  REQUIRE(answers < 10'000);
  REQUIRE(pair.back_end.flush());
  CHECK(!pair.back_end.is_answered());
  for (std::size_t taken = 0; taken < answers; ++taken) {
    const BackEndReply got = pair.front_end.receive(vu::kGetInflightFd);
    CHECK(got.payload == reply.payload);
    CHECK(got.descriptor);
    REQUIRE(pair.back_end.flush());
  }
  CHECK(pair.back_end.is_answered());
}

TEST_CASE("vhost-user: an answer to somebody who has left", "[vhost-user]") {
  Connected pair = connected();
  { const SocketChannel gone(std::move(pair.front_end)); }
  CHECK(!pair.back_end.answer(virtio::vhost_user::Request::kGetFeatures, {.payload = Bytes(8)}));
}
