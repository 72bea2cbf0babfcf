#include "tests/conformance/qemu_process.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::conformance {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::FileDescriptor;

constexpr std::size_t kRamBytes = std::size_t{64} << 20;
constexpr auto kProgramLimit = 20s;
constexpr auto kCommandLimit = 5s;
constexpr auto kEndLimit = 5s;
constexpr int kNotStarted = 127;

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

FileDescriptor make_memory_file(const char* name) {
  FileDescriptor file(::memfd_create(name, MFD_CLOEXEC));
  if (file.get() < 0) throw_errno("memfd_create");
  return file;
}

std::string content_of(int file) {
  std::string text;
  char buffer[4096];
  for (ssize_t count = 0;
       (count = ::pread(file, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<std::size_t>(count));
  return text;
}

// The end of what a program said, on one line.
std::string last_lines(std::string text) {
  constexpr std::size_t kMost = 400;
  while (!text.empty() && text.back() == '\n')
    text.pop_back();
  if (text.size() > kMost) text.erase(0, text.size() - kMost);
  for (char& character : text) {
    if (character == '\n') character = ' ';
  }
  return text;
}

// Where a processor begins after reset, it stops: the machine runs, and nothing happens in it.
FileDescriptor make_rom() {
  constexpr std::size_t kBytes = 0x1'0000, kResetVector = 0xFFF0;
  constexpr unsigned char kCli = 0xFA, kHlt = 0xF4, kJmp = 0xEB, kToHlt = 0xFD, kNop = 0x90;
  std::array<unsigned char, kBytes> rom{};
  rom.fill(kNop);
  constexpr unsigned char kCode[] = {kCli, kHlt, kJmp, kToHlt};
  std::memcpy(rom.data() + kResetVector, kCode, sizeof kCode);
  FileDescriptor file = make_memory_file("rom");
  if (::write(file.get(), rom.data(), rom.size()) != static_cast<ssize_t>(rom.size())) throw_errno("write");
  return file;
}

// In the new process: becomes the program, with `inherited` open and its output in `output`.
[[noreturn]] void become(const std::vector<char*>& arguments, int output, const std::vector<int>& inherited,
                         pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotStarted);
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  for (const int fd : inherited)
    ::fcntl(fd, F_SETFD, 0);
  ::execvp(arguments[0], arguments.data());
  const char* const reason = std::strerror(errno);
  (void)!::write(STDERR_FILENO, reason, std::strlen(reason));
  ::_exit(kNotStarted);
}

pid_t spawn(std::vector<std::string> arguments, int output, const std::vector<int>& inherited) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw_errno("fork");
  if (child == 0) become(pointers, output, inherited, parent);
  return child;
}

int wait_for(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

int wait_for(pid_t process, Clock::time_point end, const std::string& program) {
  int status = 0;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    if (Clock::now() > end) {
      ::kill(process, SIGKILL);
      wait_for(process);
      throw std::runtime_error(fmt::format("{} does not end", program));
    }
    std::this_thread::sleep_for(2ms);
  }
  return status;
}

}  // namespace

ProgramOutput run_program(const std::vector<std::string>& arguments) {
  const FileDescriptor output = make_memory_file("output");
  const pid_t process = spawn(arguments, output.get(), {});
  const int status = wait_for(process, Clock::now() + kProgramLimit, arguments.front());
  return {.text = content_of(output.get()),
          .started = !WIFEXITED(status) || WEXITSTATUS(status) != kNotStarted,
          .succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

QemuProcess::QemuProcess(std::vector<std::string> arguments) : errors_(make_memory_file("errors")) {
  try {
    start(std::move(arguments));
    talk([](Qtest& qtest) { qtest.round_trip(); });
  } catch (...) {
    stop();
    throw;
  }
}

QemuProcess::~QemuProcess() {
  stop();
}

void QemuProcess::stop() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    wait_for(process_);
    process_ = -1;
  }
  if (!ram_.empty()) ::munmap(ram_.data(), ram_.size());
  ram_ = {};
}

void QemuProcess::map_ram(int fd) {
  if (::ftruncate(fd, kRamBytes) != 0) throw_errno("ftruncate");
  void* const memory = ::mmap(nullptr, kRamBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) throw_errno("mmap");
  ram_ = {static_cast<std::byte*>(memory), kRamBytes};
}

void QemuProcess::start(std::vector<std::string> arguments) {
  const FileDescriptor rom = make_rom();
  const FileDescriptor ram = make_memory_file("ram");
  map_ram(ram.get());
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) throw_errno("socketpair");
  qtest_ = std::make_unique<Qtest>(FileDescriptor(pair[0]), kCommandLimit);
  const FileDescriptor theirs(pair[1]);

  const std::vector<std::string> machine = {
      "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-m", "64M", "-machine",
      "pc,memory-backend=ram", "-object",
      fmt::format("memory-backend-file,id=ram,size=64M,share=on,mem-path=/proc/self/fd/{}", ram.get()),
      "-bios", fmt::format("/proc/self/fd/{}", rom.get()), "-chardev",
      // QEMU 7.2 finds it by this name only.
      fmt::format("socket,id=qtest,fd={}", theirs.get()), "-qtest", "chardev:qtest", "-qtest-log", "none"};
  arguments.insert(arguments.begin() + 1, machine.begin(), machine.end());
  process_ = spawn(std::move(arguments), errors_.get(), {ram.get(), rom.get(), theirs.get()});
}

std::string QemuProcess::describe_end(const std::string& how) {
  std::string text = how;
  if (process_ > 0) {
    // It may still be at it.
    const int status = wait_for(std::exchange(process_, -1), Clock::now() + kEndLimit, "QEMU");
    if (WIFSIGNALED(status)) text = fmt::format("{}, by signal {}", how, WTERMSIG(status));
  }
  const std::string said = last_lines(content_of(errors_.get()));
  return said.empty() ? text : fmt::format("{}: {}", text, said);
}

}  // namespace virtcrypt::conformance
