// A front-end of vhost-user for tests of the real program: sends every message that there is, and checks that
// it is answered. Requests on the rings are QEMU's (vhost_user.sh). usage: front_end talk SOCKET says
// everything, and hangs up
//        front_end hold SOCKET             starts a ring, says "holding", and waits until the back-end hangs
//        up front_end truncate SOCKET         starts a ring, and takes its memory away front_end pass
//        connected|listening PROGRAM ARGUMENT...
//                                          starts the program with such a socket as descriptor 3, talks,
//                                          hangs up, and ends with its exit code; one that listens gets a
//                                          SIGTERM
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "virtcrypt/virtio/vhost_user/protocol.h"

namespace {

using namespace virtcrypt::virtio::vhost_user;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kVersion1 = std::uint64_t{1} << 32U, kMemoryBytes = 1U << 20U;
constexpr std::uint64_t kUserAddress = 0x7000'0000;
constexpr std::uint16_t kQueueSize = 256;
constexpr int kPassedFd = 3, kPatienceMs = 20'000;

void require(bool condition, const std::string& what) {
  if (!condition) throw std::runtime_error(what);
}

template <typename Value>
Bytes bytes_of(const Value& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  return {bytes.begin(), bytes.end()};
}

template <typename Value>
Value value_of(const Bytes& bytes, std::size_t offset = 0) {
  require(bytes.size() >= offset + sizeof(Value), "an answer is too short");
  Value value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

struct Answer {
  Bytes payload;
  int fd = -1;
};

class Connection {
 public:
  explicit Connection(int socket) : socket_(socket) {}

  void say(Request request, const Bytes& payload = {}, int fd = -1, std::uint32_t flags = 0) {
    Bytes message = bytes_of(Header{static_cast<std::uint32_t>(request), kVersion | flags,
                                    static_cast<std::uint32_t>(payload.size())});
    message.insert(message.end(), payload.begin(), payload.end());
    iovec part{message.data(), message.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    if (fd >= 0) {
      header.msg_control = control.data();
      header.msg_controllen = control.size();
      *CMSG_FIRSTHDR(&header) = {
          .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
      std::memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &fd, sizeof fd);
    }
    require(::sendmsg(socket_, &header, MSG_NOSIGNAL) == static_cast<ssize_t>(message.size()),
            std::string(name_of(request)) + " could not be sent");
  }

  Answer ask(Request request, const Bytes& payload = {}, int fd = -1, std::uint32_t flags = 0) {
    say(request, payload, fd, flags);
    Answer answer;
    Header head{};
    receive(&head, sizeof head, &answer.fd);
    require(head.request == static_cast<std::uint32_t>(request) && head.flags == (kVersion | kReplyFlag),
            std::string(name_of(request)) + " was answered with something else");
    answer.payload.resize(head.size);
    receive(answer.payload.data(), head.size, nullptr);
    return answer;
  }

  // With REPLY_ACK.
  void order(Request request, const Bytes& payload = {}, int fd = -1, std::uint64_t result = 0) {
    const auto said = value_of<std::uint64_t>(ask(request, payload, fd, kNeedReplyFlag).payload);
    require(said == result, std::string(name_of(request)) + " was answered with " + std::to_string(said));
  }

  // False when nothing comes for a long time.
  [[nodiscard]] bool wait_for_end() const {
    pollfd hung_up{socket_, POLLRDHUP, 0};
    return ::poll(&hung_up, 1, kPatienceMs) == 1;
  }

 private:
  void receive(void* to, std::size_t bytes, int* fd) {
    iovec part{to, bytes};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    if (bytes == 0) return;
    require(::recvmsg(socket_, &header, MSG_WAITALL) == static_cast<ssize_t>(bytes),
            "an answer did not come");
    if (fd != nullptr && CMSG_FIRSTHDR(&header) != nullptr)
      std::memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof *fd);
  }

  int socket_;
};

int memory_file(std::uint64_t bytes) {
  const int fd = ::memfd_create("memory", MFD_CLOEXEC);
  require(fd >= 0 && ::ftruncate(fd, static_cast<off_t>(bytes)) == 0, "no memory");
  return fd;
}

void negotiate(Connection& backend) {
  using enum Request;
  const auto features = value_of<std::uint64_t>(backend.ask(kGetFeatures).payload);
  require((features & kProtocolFeaturesBit) != 0 && (features & kVersion1) != 0, "features are missing");
  backend.say(kSetOwner);
  const auto protocol = value_of<std::uint64_t>(backend.ask(kGetProtocolFeatures).payload);
  require((protocol & bit_of(ProtocolFeature::kReplyAck)) != 0, "REPLY_ACK is missing");
  backend.say(kSetProtocolFeatures, bytes_of(protocol));
  backend.order(kSetFeatures, bytes_of(kVersion1 | kProtocolFeaturesBit));
}

void ask_for_numbers(Connection& backend) {
  using enum Request;
  require(value_of<std::uint64_t>(backend.ask(kGetQueueNum).payload) >= 1, "there are no queues");
  require(value_of<std::uint64_t>(backend.ask(kGetMaxMemSlots).payload) >= 8, "there are too few slots");
  Bytes wanted = bytes_of(ConfigHead{.offset = 0, .size = 4, .flags = 0});
  wanted.resize(wanted.size() + 4);
  require(backend.ask(kGetConfig, wanted).payload.size() == wanted.size(), "no configuration space");
  backend.order(kSetConfig, wanted, -1, 1);
}

void share_records(Connection& backend) {
  Bytes wanted = bytes_of(
      InflightDescription{.mmap_size = 0, .mmap_offset = 0, .num_queues = 1, .queue_size = kQueueSize});
  const Answer area = backend.ask(Request::kGetInflightFd, wanted);
  require(area.fd >= 0 && value_of<InflightDescription>(area.payload).mmap_size > 0,
          "no records of requests in flight");
  backend.order(Request::kSetInflightFd, area.payload, area.fd);
  ::close(area.fd);
}

void share_memory(Connection& backend, int memory) {
  using enum Request;
  const MemoryRegionDescription first{
      .guest_address = 0, .size = kMemoryBytes, .user_address = kUserAddress, .mmap_offset = 0};
  Bytes table = bytes_of(MemoryTableHead{.regions = 1, .padding = 0});
  const Bytes region = bytes_of(first);
  table.insert(table.end(), region.begin(), region.end());
  backend.order(kSetMemTable, table, memory);
  const Bytes more = bytes_of(SingleMemoryRegion{.padding = 0,
                                                 .region = {.guest_address = kMemoryBytes,
                                                            .size = kMemoryBytes,
                                                            .user_address = kUserAddress + kMemoryBytes,
                                                            .mmap_offset = 0}});
  backend.order(kAddMemReg, more, memory);
  backend.order(kRemMemReg, more);
}

// Returns its kick.
int start_ring(Connection& backend) {
  using enum Request;
  const int kick = ::eventfd(0, EFD_CLOEXEC), call = ::eventfd(0, EFD_CLOEXEC);
  backend.order(kSetVringNum, bytes_of(VringState{0, kQueueSize}));
  backend.order(kSetVringBase, bytes_of(VringState{0, 0}));
  backend.order(kSetVringAddr, bytes_of(VringAddress{.index = 0,
                                                     .flags = 0,
                                                     .descriptor = kUserAddress,
                                                     .used = kUserAddress + 0x3000,
                                                     .available = kUserAddress + 0x2000,
                                                     .log = 0}));
  backend.order(kSetVringCall, bytes_of(std::uint64_t{0}), call);
  backend.order(kSetVringErr, bytes_of(std::uint64_t{0}), call);
  backend.order(kSetVringKick, bytes_of(std::uint64_t{0}), kick);
  return kick;
}

void stop_and_go(Connection& backend) {
  using enum Request;
  backend.order(kSetVringEnable, bytes_of(VringState{0, 0}));
  backend.order(kSetVringEnable, bytes_of(VringState{0, 1}));
  backend.order(kSetVringKick, bytes_of(kVringNoDescriptor));  // the back-end polls
  require(value_of<VringState>(backend.ask(kGetVringBase, bytes_of(VringState{0, 0})).payload).num == 0,
          "the ring has moved");
}

// As QEMU 7.2 sends it: session id, 12 numbers, two pointers, room for two keys.
Bytes session_message(std::uint32_t algorithm) {
  Bytes message(632);
  const std::array<std::uint32_t, 2> algorithm_and_key_length{algorithm, 16};
  const std::array<std::uint8_t, 2> cipher_and_encrypt{1, 1};
  std::memcpy(message.data() + 8, algorithm_and_key_length.data(), 8);
  std::memcpy(message.data() + 32, cipher_and_encrypt.data(), 2);
  return message;
}

void use_sessions(Connection& backend) {
  using enum Request;
  constexpr std::uint32_t kAesCbc = 3, kUnknown = 99;
  const auto create = [&](std::uint32_t algorithm) {
    return value_of<std::int64_t>(backend.ask(kCreateCryptoSession, session_message(algorithm)).payload);
  };
  require(create(kUnknown) < 0, "a session of no algorithm was created");
  const std::int64_t session = create(kAesCbc);
  require(session >= 0, "no session was created");
  backend.order(kCloseCryptoSession, bytes_of(session));
  backend.order(kCloseCryptoSession, bytes_of(session), -1, 1);
}

void talk(int socket) {
  Connection backend(socket);
  const int memory = memory_file(kMemoryBytes);
  negotiate(backend);
  ask_for_numbers(backend);
  share_records(backend);
  share_memory(backend, memory);
  start_ring(backend);
  stop_and_go(backend);
  use_sessions(backend);
  backend.order(Request::kResetOwner);
  backend.order(Request::kResetDevice);
}

int hold(int socket, bool truncates) {
  Connection backend(socket);
  const int memory = memory_file(kMemoryBytes);
  negotiate(backend);
  share_memory(backend, memory);
  const int kick = start_ring(backend);
  const std::uint64_t one = 1;
  if (truncates)
    require(::ftruncate(memory, 0) == 0 && ::write(kick, &one, sizeof one) == sizeof one, "cannot truncate");
  std::puts("holding");
  std::fflush(stdout);
  require(backend.wait_for_end(), "the back-end stays");
  return 0;
}

sockaddr_un address_of(std::string_view path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  require(path.size() < sizeof address.sun_path, "the path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int connect_to(const sockaddr_un& address) {
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  require(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
          "nobody listens");
  return socket;
}

// The program gets `passed`, and no other socket of ours.
pid_t start(int passed, char** command) {
  const pid_t child = ::fork();
  require(child >= 0, "cannot fork");
  if (child != 0) return child;
  if (passed == kPassedFd) {
    ::fcntl(passed, F_SETFD, 0);
  } else {
    ::dup2(passed, kPassedFd);
  }
  ::execv(*command, command);
  ::_exit(127);
}

int end_of(pid_t program) {
  int status = 0;
  require(::waitpid(program, &status, 0) == program, "the program is lost");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int pass_connected(char** command) {
  std::array<int, 2> ends{};
  require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "no pair of sockets");
  const pid_t program = start(ends[0], command);
  ::close(ends[0]);
  talk(ends[1]);
  ::close(ends[1]);
  return end_of(program);
}

int pass_listening(char** command) {
  sockaddr_un address = address_of({});
  const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socklen_t bytes = sizeof address.sun_family;  // the kernel gives it a name
  require(::bind(listening, reinterpret_cast<sockaddr*>(&address), bytes) == 0 && ::listen(listening, 2) == 0,
          "cannot listen");
  bytes = sizeof address;
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &bytes);
  const pid_t program = start(listening, command);
  for (int front_end = 0; front_end < 2; ++front_end) {
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(::connect(socket, reinterpret_cast<sockaddr*>(&address), bytes) == 0, "nobody listens");
    talk(socket);
    ::close(socket);
  }
  ::kill(program, SIGTERM);
  return end_of(program);
}

int run(std::span<char*> words) {
  const std::string_view what = words.size() > 2 ? words[1] : "";
  if (what == "talk") return talk(connect_to(address_of(words[2]))), 0;
  if (what == "hold" || what == "truncate") return hold(connect_to(address_of(words[2])), what == "truncate");
  require(what == "pass" && words.size() > 3, "no such order");
  char** const command = words.data() + 3;
  return words[2] == std::string_view("listening") ? pass_listening(command) : pass_connected(command);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::span(argv, static_cast<std::size_t>(argc)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "front-end: %s\n", error.what());
    return 99;
  }
}
