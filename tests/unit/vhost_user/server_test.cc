// Front-ends at a real socket, one after another.
#include "virtcrypt/vmm/vhost_user_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <spdlog/spdlog.h>
#include <asio/post.hpp>

#include "tests/support/catch.h"
#include "tests/unit/vhost_user/scene.h"
#include "virtcrypt/vmm/host_error.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using virtio::FileDescriptor;

namespace {

constexpr std::chrono::seconds kPatience{20};

// The same in processes that this one forks.
const std::string& socket_path() {
  static const std::string path = "vhost-user-test-" + std::to_string(::getpid()) + ".sock";
  return path;
}

// The program's part of it: a device, the server, and the thread that runs its loop.
class Served {
 public:
  Served() : process_(threaded_device()) {
    spdlog::default_logger()->set_level(spdlog::level::off);
    server_ = std::make_unique<vmm::VhostUserServer>(context_, process_.backend(), socket_path());
    run();
  }
  explicit Served(int fd) : process_(threaded_device()) {
    server_ = std::make_unique<vmm::VhostUserServer>(context_, process_.backend(), fd,
                                                     [this] { ended_.set_value(); });
    run();
  }
  ~Served() {
    context_.stop();
    thread_.join();
    server_.reset();
  }

  [[nodiscard]] std::uint64_t sessions() { return process_.device().stats().sessions_open; }
  [[nodiscard]] bool has_sessions(std::uint64_t count) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (sessions() != count) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  [[nodiscard]] bool has_ended() {
    return ended_.get_future().wait_for(kPatience) == std::future_status::ready;
  }
  // How long another handler of the loop waits for its turn, as that of a signal would.
  [[nodiscard]] std::chrono::steady_clock::duration time_to_a_turn() {
    auto done = std::make_shared<std::promise<void>>();
    const auto begin = std::chrono::steady_clock::now();
    asio::post(context_, [done] { done->set_value(); });
    done->get_future().wait_for(kPatience);
    return std::chrono::steady_clock::now() - begin;
  }

 private:
  void run() {
    thread_ = std::thread([this] { context_.run(); });
  }

  BackEndProcess process_;
  asio::io_context context_;
  std::promise<void> ended_;
  std::unique_ptr<vmm::VhostUserServer> server_;
  std::thread thread_;
};

// A monitor with one ring, like QEMU.
class Monitor {
 public:
  explicit Monitor(SocketChannel channel) : channel_(std::move(channel)), front_end_(channel_, memory_) {}
  Monitor() : Monitor(SocketChannel::connect_to(socket_path())) {}

  [[nodiscard]] FrontEnd& front_end() { return front_end_; }
  [[nodiscard]] SocketChannel& channel() { return channel_; }
  void start() {
    front_end_.negotiate_as_qemu();
    front_end_.share_memory();
    front_end_.make_ring(0, 16, kModern);
    front_end_.start_ring(0, 0);
  }
  std::int64_t create_session() {
    return front_end_.create_session(session_payload(SessionForm::kNoOpcode, aes_cbc(rfc3602_case_1().key)));
  }
  [[nodiscard]] bool is_served(std::int64_t session) {
    return is_right(front_end_.call(0, encrypt(static_cast<std::uint64_t>(session), rfc3602_case_1())),
                    rfc3602_case_1());
  }
  [[nodiscard]] bool knows(std::int64_t session) {
    return front_end_.call(0, encrypt(static_cast<std::uint64_t>(session), rfc3602_case_1())).status() !=
           wire_number::kInvSess;
  }

 private:
  SharedMemory memory_;
  SocketChannel channel_;
  FrontEnd front_end_;
};

// Another process, which waits for a number and then does something with it. Made before any thread.
class OtherProcess {
 public:
  explicit OtherProcess(const std::function<bool(std::int64_t)>& act) {
    int down[2] = {}, up[2] = {};
    REQUIRE((::pipe2(down, O_CLOEXEC) == 0 && ::pipe2(up, O_CLOEXEC) == 0));
    static_cast<void>(socket_path());
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      std::int64_t number = 0;
      bool good = ::read(down[0], &number, sizeof number) == sizeof number;
      try {
        good = good && act(number);
      } catch (const std::exception&) {
        good = false;
      }
      [[maybe_unused]] const ssize_t written = ::write(up[1], &good, sizeof good);
      for (;;)
        ::pause();
    }
    to_ = FileDescriptor(down[1]);
    from_ = FileDescriptor(up[0]);
    ::close(down[0]);
    ::close(up[1]);
  }
  ~OtherProcess() { end(); }
  [[nodiscard]] bool act(std::int64_t number) {
    bool good = false;
    return ::write(to_.get(), &number, sizeof number) == sizeof number &&
           ::read(from_.get(), &good, sizeof good) == sizeof good && good;
  }
  void end() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = -1;
  }

 private:
  pid_t child_ = -1;
  FileDescriptor to_, from_;
};

}  // namespace

TEST_CASE("vhost-user server: a process that comes back finds its sessions", "[vhost-user][server]") {
  Served served;
  std::int64_t session = 0;
  for (int round = 0; round < 5; ++round) {
    Monitor monitor;
    monitor.start();
    if (session == 0) session = monitor.create_session();
    CHECK(monitor.is_served(session));
  }
  CHECK(served.sessions() == 1);
}

TEST_CASE("vhost-user server: another process does not find them, and its own go with it",
          "[vhost-user][server]") {
  OtherProcess other([](std::int64_t not_mine) {
    Monitor monitor;
    monitor.start();
    if (monitor.knows(not_mine)) return false;
    const std::int64_t own = monitor.create_session();
    return monitor.is_served(own);
  });
  Served served;
  std::int64_t session = 0;
  {
    Monitor monitor;
    monitor.start();
    session = monitor.create_session();
    CHECK(monitor.is_served(session));
  }
  CHECK(served.sessions() == 1);
  CHECK(other.act(session));
  CHECK(served.has_sessions(1));
  other.end();
  CHECK(served.has_sessions(0));
  Monitor back;
  back.start();
  CHECK(!back.knows(session));
}

TEST_CASE("vhost-user server: messages byte by byte", "[vhost-user][server]") {
  Served served;
  Monitor monitor;
  for (const std::byte byte : wire_form({vu::kGetFeatures})) {
    monitor.channel().send_raw(std::span(&byte, 1));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(monitor.channel().receive(vu::kGetFeatures).payload.size() == 8);
  monitor.start();
  CHECK(monitor.is_served(monitor.create_session()));
}

TEST_CASE("vhost-user server: who is no good is sent away, and the next one is served",
          "[vhost-user][server][hostile]") {
  Served served;
  for (const Bytes& bytes :
       {wire_form({vu::kSetVringNum, Bytes(3)}), Bytes(12, std::byte{0xff}), wire_form({99, {}}),
        wire_form({vu::kSetFeatures, Wire().le64(UINT64_MAX).done()})}) {
    Monitor bad;
    bad.channel().send_raw(bytes);
    CHECK(bad.channel().is_ended());
    Monitor good;
    good.start();
    CHECK(good.is_served(good.create_session()));
  }
}

TEST_CASE("vhost-user server: a second front-end waits until the first has left", "[vhost-user][server]") {
  Served served;
  auto first = std::make_unique<Monitor>();
  first->start();
  Monitor second;
  second.channel().tell({vu::kGetFeatures});
  pollfd readable{second.channel().fd(), POLLIN, 0};
  CHECK(::poll(&readable, 1, 50) == 0);
  CHECK(first->is_served(first->create_session()));
  first.reset();
  CHECK(second.channel().receive(vu::kGetFeatures).payload.size() == 8);
}

TEST_CASE("vhost-user server: a flood of messages leaves other handlers their turn",
          "[vhost-user][server][hostile][threads]") {
  Served served;
  SocketChannel channel = SocketChannel::connect_to(socket_path());
  std::atomic<bool> stop{false};
  std::thread flood([&] {
    Bytes many;
    for (int i = 0; i < 500; ++i)
      many = joined(many, wire_form({vu::kSetOwner}));
    while (!stop)
      channel.send_raw(many);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  for (int i = 0; i < 20; ++i)
    CHECK(served.time_to_a_turn() < kPatience / 2);
  stop = true;
  flood.join();
}

TEST_CASE("vhost-user server: who does not take answers keeps nobody waiting, and gets them later",
          "[vhost-user][server][hostile]") {
  Served served;
  SocketChannel channel = SocketChannel::connect_to(socket_path());
  const Bytes ask = wire_form({vu::kGetConfig, Wire().le32(0).le32(16).le32(0).zeros(16).done()});
  std::size_t sent = 0;
  std::size_t left_of_last = 0;
  ::fcntl(channel.fd(), F_SETFL, O_NONBLOCK);
  for (int quiet = 0; quiet < 50 && left_of_last == 0;) {
    const ssize_t put = ::send(channel.fd(), ask.data(), ask.size(), MSG_NOSIGNAL);
    if (put == static_cast<ssize_t>(ask.size())) {
      ++sent;
      quiet = 0;
    } else if (put > 0) {
      left_of_last = ask.size() - static_cast<std::size_t>(put);
    } else {
      ++quiet;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  CHECK(sent > 64);
  CHECK(served.time_to_a_turn() < std::chrono::seconds(2));
  ::fcntl(channel.fd(), F_SETFL, 0);
  for (std::size_t i = 0; i < sent; ++i)
    REQUIRE(channel.receive(vu::kGetConfig).payload.size() == 28);
  if (left_of_last > 0) {
    channel.send_raw(part(ask, ask.size() - left_of_last, left_of_last));
    CHECK(channel.receive(vu::kGetConfig).payload.size() == 28);
  }
  CHECK(channel.ask({vu::kGetFeatures}).payload.size() == 8);
}

TEST_CASE("vhost-user server: an inherited connection is served, and then it is over",
          "[vhost-user][server]") {
  int ends[2] = {};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  Served served(ends[1]);
  {
    Monitor monitor{SocketChannel(FileDescriptor(ends[0]))};
    monitor.start();
    CHECK(monitor.is_served(monitor.create_session()));
  }
  CHECK(served.has_ended());
}

TEST_CASE("vhost-user server: what is no Unix stream socket is refused", "[vhost-user][server]") {
  BackEndProcess process;
  asio::io_context context;
  const FileDescriptor file = memory_file(16), datagrams(::socket(AF_UNIX, SOCK_DGRAM, 0)),
                       network(::socket(AF_INET, SOCK_STREAM, 0));
  for (const int fd : {file.get(), datagrams.get(), network.get(), 99999})
    CHECK_THROWS_AS(vmm::VhostUserServer(context, process.backend(), fd, {}), vmm::HostError);
  CHECK_THROWS_AS(vmm::VhostUserServer(context, process.backend(), std::string(200, 'x')), vmm::HostError);
}
