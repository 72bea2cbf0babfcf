// Descriptors that are no eventfds, and rings that are polled.
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <filesystem>

#include "tests/support/catch.h"
#include "tests/unit/vhost_user/scene.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using virtio::FileDescriptor;

namespace {

std::uint64_t new_session(FrontEnd& front_end, const CbcVector& vector) {
  return static_cast<std::uint64_t>(
      front_end.create_session(session_payload(SessionForm::kUnion, aes_cbc(vector.key))));
}

struct Pair {
  FileDescriptor first, second;
};

Pair make_pipe() {
  int ends[2] = {};
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Pair make_sockets() {
  int ends[2] = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// A ring that is kicked through `kick`, with a request on it.
std::uint16_t submit_quietly(Scene& scene, int kick, std::uint64_t& session) {
  FrontEnd& front_end = scene.front_end();
  scene.start(kModern, 1);
  session = new_session(front_end, rfc3602_case_1());
  front_end.set_descriptor(vu::kSetVringKick, 0, kick);
  return front_end.ring(0).requests->add(encrypt(session, rfc3602_case_1()));
}

bool comes_back(Scene& scene, std::uint16_t head) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!scene.front_end().is_back(0, head)) {
    if (std::chrono::steady_clock::now() > end) return false;
    scene.front_end().pump(0);
  }
  return true;
}

}  // namespace

TEST_CASE("vhost-user: without a kick descriptor the ring is polled", "[vhost-user]") {
  const bool threads = GENERATE(false, true);
  Scene scene(threads ? threaded_device() : polled_device());
  std::uint64_t session = 0;
  REQUIRE(comes_back(scene, submit_quietly(scene, -1, session)));
  for (int i = 0; i < 100; ++i) {
    const std::size_t mark = scene.memory().mark();
    REQUIRE(comes_back(scene, scene.front_end().ring(0).requests->add(encrypt(session, rfc3602_case_1()))));
    scene.memory().rewind(mark);
  }
}

TEST_CASE("vhost-user: kicks may come through a pipe or a socket", "[vhost-user]") {
  const Pair pair = GENERATE(0, 1) == 0 ? make_pipe() : make_sockets();
  Scene scene(threaded_device());
  std::uint64_t session = 0;
  const std::uint16_t first = submit_quietly(scene, pair.first.get(), session);
  for (const std::size_t bytes : {8U, 3U, 64U}) {
    const Bytes kick(bytes, std::byte{1});
    const std::uint16_t head = scene.front_end().ring(0).requests->add(encrypt(session, rfc3602_case_1()));
    REQUIRE(::write(pair.second.get(), kick.data(), kick.size()) == static_cast<ssize_t>(bytes));
    REQUIRE(comes_back(scene, head));
  }
  CHECK(comes_back(scene, first));
}

TEST_CASE("vhost-user: a kick descriptor whose other end is closed does no harm", "[vhost-user][hostile]") {
  Pair pair = GENERATE(0, 1) == 0 ? make_pipe() : make_sockets();
  Scene scene(threaded_device());
  std::uint64_t session = 0;
  static_cast<void>(submit_quietly(scene, pair.first.get(), session));
  pair.second = FileDescriptor();
  const auto kicks = [&] { return scene.device().stats().kicks; };
  // It would be readable for ever: nobody looks at it again and again.
  const std::clock_t before = std::clock();
  ::usleep(100'000);
  CHECK(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC < 0.05);
  CHECK(kicks() < 10);
  // Another one serves.
  scene.front_end().set_descriptor(vu::kSetVringKick, 0, scene.front_end().ring(0).kick.get());
  const std::uint16_t head = scene.front_end().submit(0, encrypt(session, rfc3602_case_1()));
  CHECK(comes_back(scene, head));
}

TEST_CASE("vhost-user: a file is no descriptor for a ring", "[vhost-user][hostile]") {
  const FileDescriptor file = memory_file(4096);
  for (const auto& [request, name] :
       {std::pair(vu::kSetVringKick, "SET_VRING_KICK"), std::pair(vu::kSetVringCall, "SET_VRING_CALL"),
        std::pair(vu::kSetVringErr, "SET_VRING_ERR")}) {
    Scene scene;
    scene.start(kModern, 1);
    CHECK_THROWS_WITH(scene.front_end().set_descriptor(request, 0, file.get()), contains_text(name));
    CHECK(scene.backend().running_rings() == 0);
  }
}

TEST_CASE("vhost-user: a call descriptor that is full, or closed, keeps nobody waiting",
          "[vhost-user][hostile]") {
  // As the program has it.
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  {
    const FileDescriptor full(::eventfd(0, EFD_NONBLOCK));
    const std::uint64_t most = UINT64_MAX - 1;
    REQUIRE(::write(full.get(), &most, sizeof most) == sizeof most);
    Pair broken = make_pipe();
    broken.first = FileDescriptor();
    Pair stuffed = make_pipe();
    ::fcntl(stuffed.second.get(), F_SETFL, O_NONBLOCK);
    const Bytes page(4096);
    while (::write(stuffed.second.get(), page.data(), page.size()) > 0)
      continue;
    ::fcntl(stuffed.second.get(), F_SETFL, 0);
    for (const int call : {full.get(), broken.second.get(), stuffed.second.get()}) {
      Scene scene(threaded_device());
      scene.start(kModern, 1);
      scene.front_end().set_descriptor(vu::kSetVringCall, 0, call);
      const std::uint64_t session = new_session(scene.front_end(), rfc3602_case_1());
      CHECK(comes_back(scene, scene.front_end().submit(0, encrypt(session, rfc3602_case_1()))));
      CHECK(comes_back(scene, scene.front_end().submit(0, encrypt(session, rfc3602_case_1()))));
    }
  }
  ::signal(SIGPIPE, old);
}

TEST_CASE("vhost-user: rings that begin again and again leave no descriptor behind",
          "[vhost-user][hostile]") {
  const bool threads = GENERATE(false, true);
  Scene scene(threads ? threaded_device() : polled_device());
  scene.start(kModern, 2);
  const auto open = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto before = open();
  for (int i = 0; i < 50; ++i)
    scene.front_end().set_state(vu::kSetVringNum, 0, 64);
  scene.front_end().set_state(vu::kSetVringEnable, 0, 0);
  CHECK(open() < before);
}

TEST_CASE("vhost-user: a flood of kicks leaves the other rings their turn",
          "[vhost-user][threads][hostile]") {
  auto options = threaded_device(2);
  options.io_threads = 1;
  Scene scene(options);
  scene.start(kModern, 3);
  // Readable without end, as an endless stream of kicks would be.
  const FileDescriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const itimerspec often{.it_interval = {0, 1000}, .it_value = {0, 1000}};
  REQUIRE(::timerfd_settime(timer.get(), 0, &often, nullptr) == 0);
  scene.front_end().set_descriptor(vu::kSetVringKick, 0, timer.get());
  const std::uint64_t session = new_session(scene.front_end(), rfc3602_case_1());
  for (int i = 0; i < 50; ++i)
    REQUIRE(is_right(scene.front_end().call(1, encrypt(session, rfc3602_case_1())), rfc3602_case_1()));
}
