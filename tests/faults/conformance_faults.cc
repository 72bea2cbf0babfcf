// conformance_faults: the conformance suite tested on faulty devices. Switches the faults of
// conformance.faults on, one at a time, and looks whether the checks that are to find each of them fail;
// without any fault they have to pass.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <CLI/CLI.hpp>

#include "tests/conformance/check.h"
#include "tests/conformance/in_process_target.h"
#include "tests/conformance/runner.h"
#include "tests/conformance/settings.h"
#include "tests/faults/fault.h"
#include "tests/faults/program.h"
#include "tests/faults/switch.h"

namespace virtcrypt::faults {
namespace {

using conformance::Check;
using conformance::Dialect;
using conformance::Outcome;
using conformance::RingFormat;
using conformance::Runner;
using conformance::Settings;
using conformance::Target;
using conformance::Verdict;

struct Options {
  std::vector<std::string> only;
  bool all = false;
  bool list = false;
  double timeout_seconds = 20;
};

// A check, and with what it runs.
struct Trial {
  const Check* check;
  Dialect dialect = Dialect::kStandard;
  RingFormat ring = RingFormat::kSplit;

  friend auto operator<=>(const Trial&, const Trial&) = default;
};

std::string name_of(const Trial& trial) {
  return fmt::format("{} ({}{})", trial.check->id, conformance::name_of(trial.ring),
                     trial.dialect == Dialect::kStandard ? "" : ", rfc-v2");
}

const Check& check_named(const std::string& id) {
  for (const Check* check : conformance::all_checks()) {
    if (check->id == id) return *check;
  }
  throw std::runtime_error(fmt::format("there is no check {}", id));
}

// "ID", then "packed" or "rfc-v2" where split and the standard are not meant.
Trial parse_trial(const std::string& text) {
  std::istringstream words(text);
  std::string word;
  words >> word;
  Trial trial{.check = &check_named(word)};
  if (trial.check->needs.ring) trial.ring = *trial.check->needs.ring;
  while (words >> word) {
    if (word == "packed") {
      trial.ring = RingFormat::kPacked;
    } else if (word == "rfc-v2") {
      trial.dialect = Dialect::kRfcV2;
    } else {
      throw std::runtime_error(fmt::format("unknown word {} in: found-by {}", word, text));
    }
  }
  return trial;
}

std::vector<Trial> recorded_trials(const Fault& fault) {
  std::vector<Trial> trials;
  for (const std::string& text : fault.found_by) {
    try {
      trials.push_back(parse_trial(text));
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(fmt::format("fault {}: {}", fault.name, error.what()));
    }
  }
  if (trials.empty())
    throw std::runtime_error(fmt::format("fault {}: no check is said to find it", fault.name));
  return trials;
}

std::vector<Trial> every_trial() {
  std::vector<Trial> trials;
  for (const Dialect dialect : {Dialect::kStandard, Dialect::kRfcV2}) {
    for (const RingFormat ring : {RingFormat::kSplit, RingFormat::kPacked}) {
      for (const Check* check : conformance::all_checks()) {
        const conformance::Needs& needs = check->needs;
        // What is not of a dialect need not be run in both.
        const bool fits_dialect = needs.dialect ? *needs.dialect == dialect : dialect == Dialect::kStandard;
        if (fits_dialect && needs.ring.value_or(ring) == ring) trials.push_back({check, dialect, ring});
      }
    }
  }
  return trials;
}

// Runs trials on devices of this process, with the fault that is on.
class Laboratory {
 public:
  explicit Laboratory(double timeout_seconds)
      : target_(conformance::make_in_process_target()),
        options_{.timeout = std::chrono::milliseconds(static_cast<long>(timeout_seconds * 1000)),
                 .fork = true} {}

  [[nodiscard]] std::vector<Outcome> run(const std::vector<Trial>& trials) {
    std::vector<Outcome> outcomes;
    std::map<std::pair<Dialect, RingFormat>, Bench> benches;
    for (const Trial& trial : trials) {
      Bench& bench = benches[{trial.dialect, trial.ring}];
      if (bench.runner == nullptr) {
        bench.settings = {.dialect = trial.dialect, .ring = trial.ring};
        bench.runner = std::make_unique<Runner>(*target_, bench.settings, options_);
      }
      outcomes.push_back(bench.runner->run(*trial.check));
    }
    return outcomes;
  }

 private:
  struct Bench {
    Settings settings;
    std::unique_ptr<Runner> runner;  // refers to the settings
  };

  const std::unique_ptr<Target> target_;
  const conformance::RunnerOptions options_;
};

// What became of one fault.
struct Finding {
  std::vector<std::string> caught;  // checks, each with its message
  std::vector<std::string> missed;  // checks that were to catch it
};

Finding expose(const Fault& fault, const std::vector<Trial>& trials, Laboratory& laboratory) {
  switch_on(fault.name);
  const std::vector<Outcome> outcomes = laboratory.run(trials);
  switch_off();
  Finding finding;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const std::string check = name_of(trials[i]);
    const Outcome& outcome = outcomes[i];
    if (conformance::is_failure(outcome.verdict)) {
      finding.caught.push_back(
          fmt::format("{} {}: {}", check, conformance::name_of(outcome.verdict), outcome.message));
    } else {
      finding.missed.push_back(fmt::format("{} {}", check, conformance::name_of(outcome.verdict)));
    }
  }
  return finding;
}

void print_finding(const Fault& fault, const Finding& finding, bool is_caught, bool all) {
  fmt::print("{:<36} {:<13} {}\n", fault.name, fault.area, fault.does);
  for (const std::string& line : finding.caught)
    fmt::print("    caught by {}\n", line);
  if (!all) {
    for (const std::string& line : finding.missed)
      fmt::print("    MISSED by {}\n", line);
  }
  if (!is_caught && all) fmt::print("    MISSED by all checks\n");
  std::fflush(stdout);
}

// Checks that catch something prove nothing unless they pass without it. Returns how many do not.
std::size_t count_false_alarms(const std::vector<const Fault*>& faults, Laboratory& laboratory) {
  std::vector<Trial> trials;
  for (const Fault* fault : faults) {
    for (const Trial& trial : recorded_trials(*fault))
      trials.push_back(trial);
  }
  std::sort(trials.begin(), trials.end());
  trials.erase(std::unique(trials.begin(), trials.end()), trials.end());
  const std::vector<Outcome> outcomes = laboratory.run(trials);
  std::size_t count = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (outcomes[i].verdict == Verdict::kPassed) continue;
    ++count;
    fmt::print("without any fault {} {}: {}\n", name_of(trials[i]), conformance::name_of(outcomes[i].verdict),
               outcomes[i].message);
  }
  fmt::print("without any fault {} of {} checks pass\n\n", trials.size() - count, trials.size());
  return count;
}

std::vector<const Fault*> chosen_faults(const std::vector<std::string>& only) {
  std::vector<const Fault*> chosen;
  for (const Fault& fault : all_faults()) {
    const auto fits = [&](const std::string& word) { return fault.name == word || fault.area == word; };
    if (only.empty() || std::any_of(only.begin(), only.end(), fits)) chosen.push_back(&fault);
  }
  if (chosen.empty()) throw std::runtime_error("--only: there is no such fault, and no such area");
  return chosen;
}

void print_list(const std::vector<const Fault*>& faults) {
  for (const Fault* fault : faults)
    fmt::print("{:<36} {:<13} {}\n    {}; {}\n", fault->name, fault->area, fault->does, fault->file,
               fmt::join(fault->found_by, ", "));
  fmt::print("{} faults\n", faults.size());
}

struct Tally {
  std::size_t caught = 0;
  std::size_t all = 0;
};

int run(const Options& options) {
  const std::vector<const Fault*> faults = chosen_faults(options.only);
  if (options.list) {
    print_list(faults);
    return 0;
  }
  Laboratory laboratory(options.timeout_seconds);
  const std::size_t false_alarms = options.all ? 0 : count_false_alarms(faults, laboratory);
  const std::vector<Trial> every = every_trial();
  std::map<std::string, Tally> areas;
  Tally total;
  for (const Fault* fault : faults) {
    const Finding finding = expose(*fault, options.all ? every : recorded_trials(*fault), laboratory);
    // A check that is said to catch it and does not makes the list untrue.
    const bool is_caught = options.all ? !finding.caught.empty() : finding.missed.empty();
    print_finding(*fault, finding, is_caught, options.all);
    for (Tally* tally : {&areas[fault->area], &total}) {
      ++tally->all;
      if (is_caught) ++tally->caught;
    }
  }
  fmt::print("\n");
  for (const auto& [area, tally] : areas)
    fmt::print("{:<13} {} of {} caught\n", area, tally.caught, tally.all);
  fmt::print("{} faults caught, {} missed\n", total.caught, total.all - total.caught);
  return false_alarms == 0 && total.caught == total.all ? 0 : 1;
}

int run_with(int count, char** words) {
  Options options;
  CLI::App app("Tests the conformance suite on devices with deliberate faults", "conformance_faults");
  app.add_option("--only", options.only, "Only this fault, or the faults of this area. Repeatable")
      ->allow_extra_args(false);
  app.add_flag("--all", options.all,
               "Run the whole suite on each fault, not only the checks that are to catch it");
  app.add_flag("--list", options.list, "List the faults, and run nothing");
  app.add_option("--timeout", options.timeout_seconds, "Time limit of each check in seconds")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.footer(
      "Exit code: 0 when all faults are caught by the checks that are to catch them, and these pass "
      "without.");
  return run_program(app, count, words, [&] { return run(options); });
}

}  // namespace
}  // namespace virtcrypt::faults

int main(int count, char** words) {
  return virtcrypt::faults::run_with(count, words);
}
