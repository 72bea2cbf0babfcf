// run_isolated(): a child process, a pipe, a time limit.
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "tests/conformance/runner.h"

namespace virtcrypt::conformance {
namespace {

using Clock = std::chrono::steady_clock;
using Json = nlohmann::json;

// What the child sends: a line of JSON for each piece of evidence, a string; then one for the outcome, an
// object.
std::string as_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string as_line(const Outcome& outcome) {
  return as_line(Json{{"verdict", static_cast<int>(outcome.verdict)},
                      {"message", outcome.message},
                      {"evidence", outcome.evidence}});
}

struct Sent {
  std::vector<std::string> evidence;
  std::optional<Outcome> outcome;
};

Sent read_lines(const std::string& text) {
  Sent sent;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line, nullptr, false);  // the last one may be cut off
    if (json.is_string()) sent.evidence.push_back(json);
    if (!json.is_object()) continue;
    sent.outcome = {.verdict = static_cast<Verdict>(json.at("verdict").get<int>()),
                    .message = json.at("message"),
                    .evidence = json.at("evidence"),
                    .duration = {}};
  }
  return sent;
}

void send(int pipe, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = ::write(pipe, text.data() + at, text.size() - at);
    if (written < 0 && errno != EINTR) ::_exit(1);
    if (written > 0) at += static_cast<std::size_t>(written);
  }
}

[[noreturn]] void run_child(const Work& work, int pipe, pid_t parent) {
  // A group of its own, so that what the check starts ends with it; and not a second longer than the parent.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  send(pipe, as_line(work([pipe](const std::string& evidence) { send(pipe, as_line(Json(evidence))); })));
  // No destructors: they would flush what the parent has buffered as well.
  ::_exit(0);
}

// All that comes until the other side closes; false when the time is up before.
bool read_all(int pipe, Clock::time_point end, std::string& text) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    pollfd poll{.fd = pipe, .events = POLLIN, .revents = 0};
    if (::poll(&poll, 1, static_cast<int>(left)) <= 0) continue;
    char buffer[4096];
    const ssize_t count = ::read(pipe, buffer, sizeof buffer);
    if (count == 0) return true;
    if (count > 0) text.append(buffer, static_cast<std::size_t>(count));
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string end_of(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return fmt::format("ended with code {} and no verdict", WEXITSTATUS(status));
}

}  // namespace

Outcome run_isolated(const Work& work, std::chrono::milliseconds timeout) {
  int pipe[2];
  if (::pipe(pipe) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    ::close(pipe[0]);
    run_child(work, pipe[1], parent);
  }
  ::setpgid(child, child);  // whoever comes first
  ::close(pipe[1]);
  std::string text;
  const bool ended = read_all(pipe[0], Clock::now() + timeout, text);
  ::close(pipe[0]);
  ::kill(-child, SIGKILL);  // what is left of the group
  const int status = wait_for(child);
  Sent sent = read_lines(text);
  if (sent.outcome) return *sent.outcome;
  if (ended)
    return {.verdict = Verdict::kCrashed,
            .message = fmt::format("the check's process {}", end_of(status)),
            .evidence = std::move(sent.evidence),
            .duration = {}};
  return {.verdict = Verdict::kTimedOut,
          .message = fmt::format("no verdict within {} seconds", static_cast<double>(timeout.count()) / 1000),
          .evidence = std::move(sent.evidence),
          .duration = {}};
}

}  // namespace virtcrypt::conformance
