#include "virtcrypt/vmm/control_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

#include "tests/support/catch.h"
#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/vmm/crypto_control.h"
#include "virtcrypt/vmm/host_error.h"

using namespace virtcrypt;
using namespace virtcrypt::vmm;
using virtcrypt::test::contains_text;

namespace {

std::string socket_path() {
  return "control-test-" + std::to_string(::getpid()) + ".sock";
}

// A socket whose handler echoes, served by a thread.
class Served {
 public:
  explicit Served(ControlSocket::Handler handler) : socket_(context_, socket_path(), std::move(handler)) {
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Served() {
    context_.stop();
    thread_.join();
  }

 private:
  asio::io_context context_;
  ControlSocket socket_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("Control socket: one line in, one line out, for its owner only", "[vmm][control]") {
  {
    Served served([](std::string_view line) { return std::string(line).append("!"); });
    CHECK(ask_control_socket(socket_path(), "status") == "status!");
    CHECK(ask_control_socket(socket_path(), "") == "!");
    struct stat status {};
    REQUIRE(::stat(socket_path().c_str(), &status) == 0);
    CHECK((status.st_mode & (S_IRWXG | S_IRWXO)) == 0);

    asio::io_context other;
    CHECK_THROWS_AS(ControlSocket(other, socket_path(), {}), HostError);  // in use
    CHECK(ask_control_socket(socket_path(), "still here") == "still here!");
  }
  CHECK(::access(socket_path().c_str(), F_OK) != 0);
  CHECK_THROWS_AS(ask_control_socket(socket_path(), "status"), HostError);
}

TEST_CASE("Control socket: a line without end is cut off, and others are served", "[vmm][control][hostile]") {
  Served served([](std::string_view line) { return std::to_string(line.size()); });
  CHECK_THROWS_AS(ask_control_socket(socket_path(), std::string(1 << 20, 'x')), HostError);
  CHECK(ask_control_socket(socket_path(), "abc") == "3");
}

TEST_CASE("Control socket: beyond so many clients the next waits until one leaves",
          "[vmm][control][sandbox]") {
  const Served served([](std::string_view line) { return std::string(line).append("!"); });
  asio::io_context context;
  using Socket = asio::local::stream_protocol::socket;
  std::vector<Socket> clients;
  const auto ask = [](Socket& client) {
    asio::write(client, asio::buffer("x\n", 2));
    std::string answer;
    asio::read_until(client, asio::dynamic_buffer(answer), '\n');
    return answer;
  };
  for (std::size_t i = 0; i < ControlSocket::kMaxClients; ++i) {
    clients.emplace_back(context).connect(asio::local::stream_protocol::endpoint(socket_path()));
    CHECK(ask(clients.back()) == "x!\n");
  }

  auto late = std::async(std::launch::async, [] { return ask_control_socket(socket_path(), "late"); });
  CHECK(late.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  CHECK(ask(clients.front()) == "x!\n");
  clients.pop_back();
  CHECK(late.get() == "late!");
  CHECK(ask_control_socket(socket_path(), "and after it") == "and after it!");
}

TEST_CASE("Control socket: a file that is no socket is left alone", "[vmm][control]") {
  { std::ofstream(socket_path()) << "precious"; }
  asio::io_context context;
  CHECK_THROWS_AS(ControlSocket(context, socket_path(), {}), HostError);
  std::string content;
  std::ifstream(socket_path()) >> content;
  CHECK(content == "precious");
  ::unlink(socket_path().c_str());
  CHECK_THROWS_AS(ControlSocket(context, std::string(500, 'p'), {}), HostError);
}

TEST_CASE("Control: readiness of one device or all, and what is no command", "[vmm][control][A-35]") {
  using devices::crypto_dev::Device;
  using devices::crypto_dev::DeviceOptions;
  DeviceOptions options;
  options.io_threads = 0;
  options.workers = 0;
  options.name = "crypto0";
  Device first(options, crypto::make_default_engine());
  options.name = "crypto1";
  Device second(options, crypto::make_default_engine());
  Device* const devices[] = {&first, &second};

  CHECK_THAT(carry_out("status", devices),
             contains_text("\"name\":\"crypto1\"") && contains_text("\"ok\":true"));
  CHECK_THAT(carry_out("ready crypto1 off", devices), contains_text("\"ok\":true"));
  CHECK(first.ready());
  CHECK_FALSE(second.ready());
  CHECK_THAT(carry_out("  ready   off ", devices), contains_text("\"ok\":true"));
  CHECK_FALSE(first.ready());
  CHECK_THAT(carry_out("ready on", devices), contains_text("\"ok\":true"));
  CHECK(second.ready());

  for (const char* line : {"", "ready", "ready maybe", "ready crypto0", "ready crypto2 on",
                           "ready crypto0 on now", "status crypto0", "quit", "\xff\xfe"}) {
    CAPTURE(line);
    CHECK_THAT(carry_out(line, devices), contains_text("\"ok\":false") && contains_text("error"));
  }
  CHECK(first.ready());
}
