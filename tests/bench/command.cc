#include "tests/bench/command.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "tests/bench/compare.h"
#include "tests/bench/measured_device.h"
#include "tests/bench/raw_speed.h"
#include "tests/bench/result.h"
#include "tests/bench/subject.h"
#include "virtcrypt/devices/log.h"

namespace virtcrypt::bench {
namespace {

struct Options {
  std::vector<std::string> algorithms{"AES-CBC"};
  std::string direction = "both";
  std::vector<std::size_t> sizes{64, 256, 1024, 4096, 16384};
  std::vector<std::string> engines{"auto", "cryptopp"};
  std::uint16_t depth = 256;
  std::uint16_t queues = 1;
  std::string ring = "split";
  std::string descriptors = "indirect";
  std::string mode = "session";
  std::string measure = "requests";
  std::uint32_t sessions = 1;
  std::string driver = "thread";
  unsigned poll = 50;
  unsigned milliseconds = 300;
  unsigned rounds = 3;
  bool json = false;
  std::string plot;
  std::string peer;
  std::string against;
  std::vector<std::string> for_both;  // of the command line, what programs that are compared are both given
};

// One line that is written over, on terminals only.
class ProgressLine {
 public:
  ~ProgressLine() { clear(); }
  void show(const std::string& text) const {
    if (!terminal_) return;
    clear();
    fmt::print(stderr, "{}", text);
    std::fflush(stderr);
  }
  void clear() const {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
};

// The names are those of engine_names(); null when this processor cannot run the engine.
std::unique_ptr<crypto::Engine> engine_called(const std::string& name) {
  const std::span<const crypto::EngineName> engines = crypto::engine_names();
  const auto found =
      std::find_if(engines.begin(), engines.end(), [&](const auto& each) { return each.name == name; });
  return crypto::make_engine(found->choice);
}

std::vector<std::string> engine_texts() {
  std::vector<std::string> texts;
  for (const crypto::EngineName& each : crypto::engine_names())
    texts.emplace_back(each.name);
  return texts;
}

bool names(const std::string& wanted, const Subject& subject) {
  return wanted == "all" || wanted == subject.name || wanted == subject.service;
}

bool is_chosen(const Options& options, const Subject& subject) {
  const bool encrypts = subject.kind != crypto::OperationKind::kDecrypt;
  if (options.direction == "encrypt" && !encrypts) return false;
  if (options.direction == "decrypt" && encrypts) return false;
  return std::any_of(options.algorithms.begin(), options.algorithms.end(),
                     [&](const std::string& wanted) { return names(wanted, subject); });
}

// The first name that stands for nothing.
std::optional<std::string> unknown_name(const std::vector<std::string>& wanted,
                                        const std::vector<Subject>& subjects) {
  const auto unknown = std::find_if(wanted.begin(), wanted.end(), [&](const std::string& name) {
    return std::none_of(subjects.begin(), subjects.end(),
                        [&](const Subject& each) { return names(name, each); });
  });
  return unknown == wanted.end() ? std::nullopt : std::optional(*unknown);
}

// Text of this length, or the next that the algorithm takes.
std::size_t fitting(const Subject& subject, std::size_t bytes) {
  const std::size_t whole = (bytes + subject.unit - 1) / subject.unit * subject.unit;
  return std::max(whole, subject.least_bytes);
}

// Texts of AKCIPHER have the length that they have.
std::vector<std::size_t> sizes_for(const Subject& subject, const std::vector<std::size_t>& wanted) {
  if (subject.asymmetric) return {subject.asymmetric->plain.size()};
  std::vector<std::size_t> sizes;
  for (const std::size_t bytes : wanted)
    sizes.push_back(fitting(subject, bytes));
  return sizes;
}

// Slowest to fastest, as a share of the median.
double spread_of(const std::vector<double>& rates) {
  const auto [low, high] = std::minmax_element(rates.begin(), rates.end());
  return (*high - *low) / median(rates);
}

class Bench {
 public:
  explicit Bench(const Options& options) : options_(options) {}

  int run() {
    devices::log().set_level(spdlog::level::warn);
    const std::vector<Subject> subjects = all_subjects();
    if (const auto unknown = unknown_name(options_.algorithms, subjects)) {
      fmt::print(stderr, "virtcrypt: --algorithm: there is no '{}' (see 'virtcrypt bench --list')\n",
                 *unknown);
      return 2;
    }
    for (const std::string& name : options_.engines) {
      if (!engine_called(name)) {
        fmt::print(stderr, "virtcrypt: --engine: this processor cannot run {}\n", name);
        return 1;
      }
    }
    if (!options_.against.empty()) {
      compare_with(options_.against, options_.for_both, options_.rounds);
      return 0;
    }
    if (!options_.peer.empty()) peer_ = make_peer(options_.peer);
    if (const int code = check_plot(subjects)) return code;
    for (const Subject& subject : subjects) {
      if (is_chosen(options_, subject)) measure(subject);
    }
    if (options_.json) std::fputs(as_json(results_).c_str(), stdout);
    return options_.plot.empty() ? 0 : write_plot();
  }

 private:
  void measure(const Subject& subject) {
    bool first = true;
    const auto show = [&](Result result) {
      if (!options_.json) {
        progress_.clear();
        if (std::exchange(first, false)) std::fputs(table_head(result).c_str(), stdout);
        std::fputs(as_row(result).c_str(), stdout);
        std::fflush(stdout);
      }
      results_.push_back(std::move(result));
    };
    for (const std::size_t bytes : sizes_for(subject, options_.sizes)) {
      const std::unique_ptr<Traffic> peer = make_peer_traffic(subject, bytes);
      std::vector<double> peer_rates;  // beside each engine's
      for (const std::string& engine : options_.engines)
        show(measure(subject, bytes, engine, peer.get(), peer_rates));
      if (peer) show(peer_result(subject, *peer, peer_rates));
    }
  }

  // What the peer cannot do is to be told from what this program cannot.
  template <typename Work>
  auto at_peer(const Work& work) {
    try {
      return work();
    } catch (const SessionRefused&) {
      throw;
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("--peer {}: {}", options_.peer, error.what()));
    }
  }

  // Device, engine and peer take turns, so that what else the machine does meets all.
  Result measure(const Subject& subject, std::size_t bytes, const std::string& engine_name, Traffic* peer,
                 std::vector<double>& peer_rates) {
    progress_.show(fmt::format("{}, {} bytes, {}", subject.title(), bytes, engine_name));
    Result result = result_of(subject, engine_name, traffic_options(subject, bytes));
    const auto engine = engine_called(engine_name);
    Traffic traffic(subject, result.options, engine_called(engine_name));
    std::vector<double> device, raw, of_peer;
    for (unsigned round = 0; round < options_.rounds; ++round) {
      device.push_back(rate_of(traffic));
      raw.push_back(result.of_sessions ? raw_session_speed(*engine, subject, time_)
                                       : raw_speed(*engine, subject, bytes,
                                                   std::min<std::size_t>(result.options.depth, 64), time_));
      if (peer == nullptr) continue;
      peer_rates.push_back(at_peer([&] { return rate_of(*peer); }));
      of_peer.push_back(device.back() / peer_rates.back());
    }
    result.raw_per_second = median(raw);
    if (peer_) result.of_peer = of_peer.empty() ? 0 : median(of_peer);
    return with_rates(std::move(result), device, traffic);
  }

  // QEMU creates RSA sessions with any padding; not every library that it can be built with has raw requests.
  bool carries_out(const Subject& subject, Traffic& peer) const {
    if (!subject.asymmetric || of_sessions()) return true;
    try {
      static_cast<void>(peer.run(std::chrono::milliseconds(0)));
      return true;
    } catch (const RequestRefused&) {
      return false;
    }
  }

  // Null when there is no peer, or it does not have the algorithm.
  std::unique_ptr<Traffic> make_peer_traffic(const Subject& subject, std::size_t bytes) {
    if (!peer_) return nullptr;
    progress_.show(fmt::format("{}, {} bytes, {}", subject.title(), bytes, options_.peer));
    try {
      auto traffic = at_peer(
          [&] { return std::make_unique<Traffic>(subject, traffic_options(subject, bytes), *peer_); });
      return at_peer([&] { return carries_out(subject, *traffic); }) ? std::move(traffic) : nullptr;
    } catch (const SessionRefused&) {
      return nullptr;
    } catch (const std::bad_alloc&) {
      throw std::runtime_error(fmt::format("--peer {}: its memory does not hold {} requests of {} bytes",
                                           options_.peer, options_.depth, bytes));
    }
  }

  Result peer_result(const Subject& subject, Traffic& traffic, const std::vector<double>& rates) {
    Result result = result_of(subject, kPeerEngine, traffic.options());
    result.of_peer = 0;
    if (result.options.packed != (options_.ring == "packed")) result.note += "  split ring";
    if (result.options.indirect != (options_.descriptors == "indirect"))
      result.note += "  direct descriptors";
    return at_peer([&] { return with_rates(std::move(result), rates, traffic); });
  }

  [[nodiscard]] Result result_of(const Subject& subject, const std::string& engine,
                                 const TrafficOptions& options) const {
    return {.service = subject.service,
            .title = subject.title(),
            .engine = engine,
            .options = options,
            .has_sizes = !subject.asymmetric,
            .of_sessions = of_sessions(),
            .of_peer = {},
            .latency = {},
            .note = {}};
  }

  [[nodiscard]] Result with_rates(Result result, const std::vector<double>& rates, Traffic& traffic) const {
    result.device_per_second = median(rates);
    result.spread = spread_of(rates);
    if (options_.depth == 1 && options_.queues == 1 && !result.of_sessions)
      result.latency = traffic.latency(time_);
    return result;
  }

  [[nodiscard]] bool of_sessions() const { return options_.measure == "sessions"; }
  [[nodiscard]] double rate_of(Traffic& traffic) const {
    return of_sessions() ? traffic.churn(time_) : traffic.run(time_);
  }

  [[nodiscard]] TrafficOptions traffic_options(const Subject& subject, std::size_t bytes) const {
    return {.bytes = bytes,
            .depth = depth_for(subject),
            .queues = options_.queues,
            .packed = options_.ring == "packed",
            .indirect = options_.descriptors == "indirect",
            .stateless = options_.mode == "stateless",
            .sessions = options_.sessions,
            .by_turns = options_.driver == "turns",
            .poll_us = options_.poll};
  }

  // What a peer's control queue holds, for both, so that they can be compared. Of asymmetric operations, what
  // is done in a moment: all in flight at the end of a measurement are waited for.
  [[nodiscard]] std::uint16_t depth_for(const Subject& subject) const {
    const std::uint16_t depth =
        subject.asymmetric ? std::min(options_.depth, kMostAsymmetric) : options_.depth;
    return peer_ && of_sessions() ? std::min(depth, kMostPeerSessions) : depth;
  }

  // Before the work, not after it.
  [[nodiscard]] int check_plot(const std::vector<Subject>& subjects) const {
    if (options_.plot.empty()) return 0;
    const auto is_asymmetric = [&](const Subject& each) {
      return is_chosen(options_, each) && each.asymmetric;
    };
    const auto has_sizes = [&](const Subject& each) { return is_chosen(options_, each) && !each.asymmetric; };
    if (std::any_of(subjects.begin(), subjects.end(), is_asymmetric)) {
      fmt::print(stderr, "virtcrypt: --plot: AKCIPHER has no sizes and is not drawn\n");
      if (std::none_of(subjects.begin(), subjects.end(), has_sizes)) return 2;
    }
    return std::ofstream(options_.plot, std::ios::app) ? 0 : cannot_write_plot();
  }

  [[nodiscard]] int write_plot() const {
    std::vector<Result> drawn = results_;
    std::erase_if(drawn, [](const Result& each) { return !each.has_sizes; });
    std::ofstream file(options_.plot);
    file << as_svg(drawn);
    file.close();
    return file ? 0 : cannot_write_plot();
  }

  [[nodiscard]] int cannot_write_plot() const {
    fmt::print(stderr, "virtcrypt: {}: cannot be written\n", options_.plot);
    return 1;
  }

  static constexpr const char* kPeerEngine = "qemu";
  static constexpr std::uint16_t kMostAsymmetric = 16;
  static constexpr std::uint16_t kMostPeerSessions = 32;  // QEMU's control queue has 64 descriptors

  const Options& options_;
  const std::chrono::milliseconds time_{options_.milliseconds};
  std::unique_ptr<conformance::Target> peer_;
  ProgressLine progress_;
  std::vector<Result> results_;
};

int list_algorithms() {
  std::string last;
  for (const Subject& subject : all_subjects()) {
    if (subject.name != last) fmt::print("{:<8} {}\n", subject.service, subject.name);
    last = subject.name;
  }
  return 0;
}

std::string complain_about_peer(const std::string& name) {
  return is_peer_name(name) ? "" : fmt::format("there is no peer '{}'; use qemu or qemu:PATH", name);
}

// What a peer cannot do, whatever it is: it has one thread for us to talk to, which is not ours.
void check_peer(const Options& options) {
  if (options.peer.empty()) return;
  if (options.driver == "turns")
    throw CLI::ValidationError("--driver turns counts what this process does: there is no --peer with it");
  if (options.queues != 1)
    throw CLI::ValidationError("--peer: QEMU's device has one data queue: no --queues");
}

// As given, without what is the comparison's own.
std::vector<std::string> arguments_of(const CLI::App& command) {
  constexpr std::array kOwn{"--against", "--rounds"};
  std::vector<std::string> arguments;
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_name();
    if (option->count() == 0 || std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end()) continue;
    arguments.push_back(name);
    arguments.push_back(fmt::format("{}", fmt::join(option->results(), ",")));
  }
  return arguments;
}

void add_comparisons(CLI::App& command, Options& options) {
  CLI::Option* const peer =
      command
          .add_option("--peer", options.peer,
                      "Measure this device beside ours: qemu (QEMU's virtio-crypto-pci), qemu:PATH")
          ->check(complain_about_peer);
  command
      .add_option("--against", options.against,
                  "Another build of this program: both are measured by turns, one pair for each of --rounds")
      ->excludes(peer)
      ->excludes("--json")
      ->excludes("--plot")
      ->excludes("--list");
}

}  // namespace

std::function<int()> add_bench_command(CLI::App& app) {
  auto options = std::make_shared<Options>();
  auto list = std::make_shared<bool>(false);
  CLI::App* const command = app.add_subcommand("bench", "Measure how fast the crypto device is");
  command
      ->add_option("--algorithm", options->algorithms,
                   "Names as --list prints them, services (CIPHER, HASH, MAC, AEAD, CHAIN, AKCIPHER), or all")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--direction", options->direction, "Of what enciphers: encrypt, decrypt, both")
      ->check(CLI::IsMember({"encrypt", "decrypt", "both"}))
      ->capture_default_str();
  command->add_option("--size", options->sizes, "Bytes of text; AKCIPHER has one row for its own")
      ->delimiter(',')
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--engine", options->engines, "What carries the operations out")
      ->delimiter(',')
      ->check(CLI::IsMember(engine_texts()))
      ->capture_default_str();
  command
      ->add_option("--depth", options->depth,
                   "Requests in flight on each queue, 16 of AKCIPHER at most; 1 measures latency too")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--queues", options->queues, "Data queues, each with an I/O and a driver thread")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  command->add_option("--ring", options->ring, "Format of the virtqueues: split, packed")
      ->check(CLI::IsMember({"split", "packed"}))
      ->capture_default_str();
  command->add_option("--descriptors", options->descriptors, "indirect (as Linux does), direct")
      ->check(CLI::IsMember({"indirect", "direct"}))
      ->capture_default_str();
  command->add_option("--mode", options->mode, "session, stateless (the key in each request)")
      ->check(CLI::IsMember({"session", "stateless"}))
      ->capture_default_str();
  command
      ->add_option("--driver", options->driver,
                   "thread (one for each queue), turns (with the device on one thread; the device's turns "
                   "alone count)")
      ->check(CLI::IsMember({"thread", "turns"}))
      ->capture_default_str();
  command
      ->add_option("--poll", options->poll,
                   "Microseconds that an I/O thread looks at an empty queue before it sleeps")
      ->check(CLI::Range(0, 10'000))
      ->capture_default_str();
  command
      ->add_option("--measure", options->measure,
                   "requests, or sessions: how many are created and destroyed, in pairs")
      ->check(CLI::IsMember({"requests", "sessions"}))
      ->capture_default_str();
  command->add_option("--sessions", options->sessions, "Open sessions, which requests take in turn")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--milliseconds", options->milliseconds, "Of each measurement")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  command->add_option("--rounds", options->rounds, "Measurements, of which the median counts")
      ->check(CLI::Range(1, 99))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Write the results as JSON");
  command->add_option("--plot", options->plot, "Write throughput over size to this SVG file");
  command->add_flag("--list", *list, "Name the algorithms");
  add_comparisons(*command, *options);
  command->parse_complete_callback([options, command] {
    check_peer(*options);
    options->for_both = arguments_of(*command);
  });
  command->footer(
      "The device runs in this process with a driver that looks at its rings all the time; no KVM is "
      "needed.\n"
      "'raw' is the engine by itself on one thread, batches of 64 at most, measured by turns with the "
      "device.\n"
      "Every result is compared with what it has to be. Needs two free processors for each queue.");
  return [options, list] { return *list ? list_algorithms() : Bench(*options).run(); };
}

}  // namespace virtcrypt::bench
