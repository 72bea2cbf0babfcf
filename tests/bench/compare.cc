#include "tests/bench/compare.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <stdexcept>
#include <system_error>
#include <tuple>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "tests/bench/result.h"
#include "tests/support/file_descriptor.h"

namespace virtcrypt::bench {
namespace {

constexpr const char* kThisProgram = "/proc/self/exe";  // also when its file has been replaced

struct Output {
  std::string text;
  std::string errors;
  int status = 0;  // as waitpid() tells it
};

// Where a child's output goes: it may be of any length, and is read when the child has ended.
class OutputFile {
 public:
  OutputFile() : file_(::memfd_create("output", MFD_CLOEXEC)) {
    if (file_.get() < 0) throw std::system_error(errno, std::generic_category(), "memfd_create");
  }
  [[nodiscard]] int fd() const { return file_.get(); }
  [[nodiscard]] std::string text() const {
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0;
         (count = ::pread(fd(), buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
      text.append(buffer, static_cast<std::size_t>(count));
    return text;
  }

 private:
  test::FileDescriptor file_;
};

class FileActions {
 public:
  FileActions(const OutputFile& output, const OutputFile& errors) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, output.fd(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, errors.fd(), STDERR_FILENO);
  }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

Output run(const std::string& program, std::vector<std::string> arguments) {
  const OutputFile output, errors;
  const FileActions actions(output, errors);
  arguments.insert(arguments.begin(), program);
  std::vector<char*> pointers;
  for (std::string& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, program.c_str(), actions.get(), nullptr, pointers.data(), environ);
  if (error != 0)
    throw std::runtime_error(fmt::format("--against: cannot run {}: {}", program, std::strerror(error)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return {.text = output.text(), .errors = errors.text(), .status = status};
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string describe_end(const Output& output) {
  if (!output.errors.empty()) return first_line(output.errors);
  if (WIFSIGNALED(output.status)) return fmt::format("ended by signal {}", WTERMSIG(output.status));
  return fmt::format("ended with code {}", WEXITSTATUS(output.status));
}

// Other programs have a --version, too, or end at once; what they do with `bench` nobody knows.
void check_is_virtcrypt(const std::string& program) {
  const Output output = run(program, {"--version"});
  if (output.status != 0 || !output.text.starts_with("virtcrypt "))
    throw std::runtime_error(fmt::format("--against: {} is no virtcrypt", program));
}

// Algorithm, bytes, engine.
using Key = std::tuple<std::string, std::size_t, std::string>;
using Rates = std::vector<std::pair<Key, double>>;

Rates rates_of(const std::string& program, const std::vector<std::string>& arguments) {
  const Output output = run(program, arguments);
  const std::string& name = program == kThisProgram ? "this program" : program;
  if (output.status != 0)
    throw std::runtime_error(fmt::format("--against: {}: {}", name, describe_end(output)));
  try {
    Rates rates;
    const auto document = nlohmann::json::parse(output.text);
    for (const auto& row : document.at("results")) {
      rates.emplace_back(Key(row.at("algorithm"), row.at("bytes"), row.at("engine")),
                         row.at("requests_per_second"));
    }
    if (rates.empty()) throw std::runtime_error(fmt::format("--against: {}: it has no results", name));
    return rates;
  } catch (const nlohmann::json::exception&) {
    throw std::runtime_error(fmt::format("--against: {}: its results cannot be read", name));
  }
}

struct Pairs {
  std::vector<double> ours, theirs, ratios;
};

class Comparison {
 public:
  void add(const Rates& ours, const Rates& theirs) {
    const std::map<Key, double> other(theirs.begin(), theirs.end());
    for (const auto& [key, rate] : ours) {
      const auto found = other.find(key);
      if (found == other.end())
        throw std::runtime_error(fmt::format("--against: the other program does not measure {}, {} bytes, {}",
                                             std::get<0>(key), std::get<1>(key), std::get<2>(key)));
      if (pairs_.find(key) == pairs_.end()) order_.push_back(key);
      Pairs& pairs = pairs_[key];
      pairs.ours.push_back(rate);
      pairs.theirs.push_back(found->second);
      pairs.ratios.push_back(rate / found->second);
    }
  }

  void print() const {
    fmt::print("{:<34} {:>8}  {:<11} {:>10} {:>10} {:>7}  {}\n", "algorithm", "bytes", "engine", "this/s",
               "other/s", "ratio", "from  to");
    for (const Key& key : order_) {
      const Pairs& pairs = pairs_.at(key);
      const auto [least, most] = std::minmax_element(pairs.ratios.begin(), pairs.ratios.end());
      fmt::print("{:<34} {:>8}  {:<11} {:>10.0f} {:>10.0f} {:>7.2f}  {:.2f}  {:.2f}\n", std::get<0>(key),
                 std::get<1>(key), std::get<2>(key), median(pairs.ours), median(pairs.theirs),
                 median(pairs.ratios), *least, *most);
    }
  }

 private:
  std::vector<Key> order_;
  std::map<Key, Pairs> pairs_;
};

}  // namespace

void compare_with(const std::string& program, const std::vector<std::string>& arguments, unsigned pairs) {
  check_is_virtcrypt(program);
  std::vector<std::string> once{"bench"};
  once.insert(once.end(), arguments.begin(), arguments.end());
  once.insert(once.end(), {"--json", "--rounds", "1"});
  Comparison comparison;
  for (unsigned pair = 0; pair < pairs; ++pair) {
    // Who comes first changes, lest one always meet what the other has left.
    const bool ours_first = pair % 2 == 0;
    const Rates first = rates_of(ours_first ? kThisProgram : program, once);
    const Rates second = rates_of(ours_first ? program : kThisProgram, once);
    comparison.add(ours_first ? first : second, ours_first ? second : first);
  }
  fmt::print("this program against {}: medians of {} pair{}, and of each pair's ratio\n", program, pairs,
             pairs == 1 ? "" : "s");
  comparison.print();
}

}  // namespace virtcrypt::bench
