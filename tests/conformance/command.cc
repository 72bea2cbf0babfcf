#include "tests/conformance/command.h"

#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "tests/conformance/features.h"
#include "tests/conformance/in_process_target.h"
#include "tests/conformance/known_failures.h"
#include "tests/conformance/qemu_target.h"
#include "tests/conformance/report.h"
#include "tests/conformance/runner.h"
#include "tests/conformance/selection.h"
#include "tests/driver/pci_driver.h"
#include "tests/driver/rfc_v2_requests.h"

namespace virtcrypt::conformance {
namespace {

struct Options {
  std::string device = "in-process";
  std::string dialect = "standard";
  std::string ring = "split";
  std::vector<std::string> features;
  std::vector<std::string> only;
  std::vector<std::string> reports;
  std::string known_failures;
  double timeout_seconds = 20;
  bool list = false;
  bool no_fork = false;
  std::vector<OtherDevice> other_devices;  // that `device` may name
};

// "NAME=on", "NAME=off".
void apply_feature(const std::string& text, Settings& settings) {
  const std::size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
  if (value != "on" && value != "off")
    throw std::runtime_error(fmt::format("--feature {}: write NAME=on or NAME=off", text));
  const auto feature = feature_named(name, settings.dialect);
  if (!feature)
    throw std::runtime_error(fmt::format(
        "--feature {}: the dialect {} has no such feature; it has {}", text, name_of(settings.dialect),
        joined_feature_names(known_features(settings.dialect), settings.dialect)));
  if (*feature == test::feature::kVersion1 && value == "off")
    throw std::runtime_error("--feature VERSION_1=off: without it there is no device of this specification");
  if (settings.dialect == Dialect::kRfcV2 && *feature == test::rfc_v2::kFeatureInline && value == "on")
    throw std::runtime_error(
        fmt::format("--feature {}: it gives requests another layout, which no check writes", text));
  if (*feature == test::feature::kRingPacked)
    throw std::runtime_error(
        fmt::format("--feature {}: use --ring to choose the format of virtqueues", text));
  (value == "on" ? settings.features_on : settings.features_off) |= *feature;
  if ((settings.features_on & settings.features_off) != 0)
    throw std::runtime_error(fmt::format("--feature {}: both on and off", name));
}

std::vector<RingFormat> rings_of(const Options& options) {
  if (options.ring == "both") return {RingFormat::kSplit, RingFormat::kPacked};
  return {options.ring == "packed" ? RingFormat::kPacked : RingFormat::kSplit};
}

Settings settings_of(const Options& options) {
  Settings settings;
  settings.device = options.device;
  settings.dialect = options.dialect == "rfc-v2" ? Dialect::kRfcV2 : Dialect::kStandard;
  settings.ring = rings_of(options).front();
  for (const std::string& feature : options.features)
    apply_feature(feature, settings);
  return settings;
}

const OtherDevice* find_other_device(const Options& options) {
  for (const OtherDevice& other : options.other_devices) {
    if (other.name == options.device) return &other;
  }
  return nullptr;
}

std::unique_ptr<Target> make_target(const Options& options) {
  const std::string& device = options.device;
  const std::size_t colon = device.find(':');
  if (device == "in-process") return make_in_process_target();
  if (device.substr(0, colon) == "qemu")
    return make_qemu_target(colon == std::string::npos ? "" : device.substr(colon + 1));
  if (const OtherDevice* const other = find_other_device(options)) return other->make_target();
  std::string names = "in-process, qemu, qemu:PATH";
  for (const OtherDevice& other : options.other_devices)
    names.append(", ").append(other.name);
  throw std::runtime_error(fmt::format("--device {}: there is no such device; use one of {}", device, names));
}

// What was asked of the device and cannot be had.
void check_offer(const Settings& settings, const Facts& facts) {
  std::uint64_t wanted = settings.features_on;
  if (settings.is_packed()) wanted |= test::feature::kRingPacked;
  if (const std::uint64_t missing = wanted & ~facts.offered; missing != 0)
    throw std::runtime_error(fmt::format("device {} does not offer {}", settings.device,
                                         joined_feature_names(missing, settings.dialect)));
}

std::string now() {
  const std::time_t time = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&time, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

// One line that is written over, on terminals only.
class ProgressLine {
 public:
  ~ProgressLine() { clear(); }
  void show(std::size_t done, std::size_t all, std::string_view what) const {
    if (!terminal_) return;
    clear();
    fmt::print(stderr, "{}/{} {}", done, all, what);
    std::fflush(stderr);
  }

 private:
  void clear() const {
    if (terminal_) fmt::print(stderr, "\r\x1b[K");
  }
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
};

void run_checks(Runner& runner, RingFormat ring, const std::vector<const Check*>& checks,
                std::vector<CheckResult>& results) {
  const ProgressLine line;
  std::size_t done = 0;
  for (const Check* check : checks) {
    line.show(done++, checks.size(), fmt::format("{} ({})", check->id, name_of(ring)));
    results.push_back({check, runner.run(*check), ring});
  }
}

// All that is selected, with virtqueues of each format. A check that is for the other one is not skipped
// then.
RunInfo run_all(const Options& options, Target& target, const std::vector<const Check*>& selected,
                std::vector<CheckResult>& results) {
  RunInfo info{.settings = settings_of(options),
               .rings = rings_of(options),
               .facts = {},
               .target_name = target.name(),
               .target_version = target.version(),
               .date = now()};
  for (const RingFormat ring : info.rings) {
    info.settings.ring = ring;
    Runner runner(target, info.settings,
                  {.timeout = std::chrono::milliseconds(static_cast<long>(options.timeout_seconds * 1000)),
                   .fork = !options.no_fork});
    info.facts = runner.facts();
    check_offer(info.settings, info.facts);
    std::vector<const Check*> checks = selected;
    if (info.rings.size() > 1)
      std::erase_if(checks, [ring](const Check* check) { return check->needs.ring.value_or(ring) != ring; });
    run_checks(runner, ring, checks, results);
  }
  return info;
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file) throw std::runtime_error(fmt::format("cannot write the report {}", path));
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error(fmt::format("cannot read {}", path));
  return content;
}

// Whether all is as it is known to be.
bool is_no_news(const Report& report, const std::string& path) {
  const std::vector<std::string> news = KnownFailures::parse(read_file(path)).news(report.checks);
  fmt::print("\nagainst {}: {}\n", path,
             news.empty() ? "as known" : fmt::format("{}", fmt::join(news, "; ")));
  return news.empty();
}

int run(const Options& options) {
  const Selection selection = select(options.only);
  if (options.list) {
    std::fputs(as_list(selection).c_str(), stdout);
    return 0;
  }
  const std::unique_ptr<Target> target = make_target(options);
  std::vector<CheckResult> results;
  RunInfo info = run_all(options, *target, selection.checks, results);
  const Report report = make_report(std::move(info), std::move(results), selection.statements);
  std::fputs(as_text(report).c_str(), stdout);
  for (const std::string& path : options.reports)
    write_file(path, as_file(report, path));
  const bool success =
      options.known_failures.empty() ? report.is_success() : is_no_news(report, options.known_failures);
  return success ? 0 : 1;
}

// What is wrong with the words of the command line and shows without a device.
void check_words(const Options& options) {
  try {
    static_cast<void>(settings_of(options));
    static_cast<void>(select(options.only));
    // What another one needs of this host is no matter of words.
    if (find_other_device(options) == nullptr) static_cast<void>(make_target(options));
  } catch (const std::runtime_error& error) {
    throw CLI::ValidationError(error.what());
  }
}

std::string device_help(const Options& options) {
  std::string text =
      "Device under test:\n"
      "in-process: the device model of this program\n"
      "qemu, qemu:PATH: QEMU's virtio-crypto-pci";
  for (const OtherDevice& other : options.other_devices)
    text += fmt::format("\n{}: {}", other.name, other.description);
  return text;
}

std::string complain_about_name(const std::string& path) {
  return is_report_name(path) ? "" : fmt::format("{}: a report's name ends in .html, .json or .xml", path);
}

}  // namespace

std::function<int()> add_conformance_command(CLI::App& app, std::vector<OtherDevice> other_devices) {
  auto options = std::make_shared<Options>();
  options->other_devices = std::move(other_devices);
  CLI::App* const command = app.add_subcommand(
      "conformance", "Check a virtio-crypto device against the specification, statement by statement");
  command->add_option("--device", options->device, device_help(*options))->capture_default_str();
  command->add_option("--dialect", options->dialect, "What the device speaks: standard, rfc-v2")
      ->check(CLI::IsMember({"standard", "rfc-v2"}))
      ->capture_default_str();
  command->add_option("--ring", options->ring, "Format of the virtqueues: split, packed, both")
      ->check(CLI::IsMember({"split", "packed", "both"}))
      ->capture_default_str();
  command
      ->add_option(
          "--feature", options->features,
          "NAME=on: drivers accept this feature wherever a check leaves it open; NAME=off: never, and\n"
          "a device that can be told does not offer it. Repeatable")
      ->allow_extra_args(false);
  command
      ->add_option("--only", options->only,
                   "Only checks whose id, or whose statement's id, begins with this word. Repeatable")
      ->allow_extra_args(false);
  command->add_flag("--list", options->list, "List the checks and their statements, and run nothing");
  command->add_option("--timeout", options->timeout_seconds, "Time limit of each check in seconds")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command
      ->add_option("--report", options->reports,
                   "Write a report: FILE.html, FILE.json or FILE.xml (JUnit). Repeatable")
      ->check(complain_about_name)
      ->allow_extra_args(false);
  command
      ->add_option("--known-failures", options->known_failures,
                   "FILE with checks that are known to fail, one a line: exit code 0 when just\n"
                   "these fail")
      ->check(CLI::ExistingFile);
  command->add_flag("--no-fork", options->no_fork,
                    "Run the checks in this process, without time limits, for a debugger");
  command->footer(
      "The statements are those of VIRTIO 1.4 that concern a device. Exit code: 0 when no check failed, "
      "timed\n"
      "out or crashed, else 1.");
  command->parse_complete_callback([options] { check_words(*options); });
  return [options] { return run(*options); };
}

}  // namespace virtcrypt::conformance
