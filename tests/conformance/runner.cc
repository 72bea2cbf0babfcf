#include "tests/conformance/runner.h"

#include <stdexcept>

#include <spdlog/fmt/fmt.h>

#include "tests/conformance/context.h"
#include "tests/conformance/features.h"
#include "tests/driver/pci_driver.h"

namespace virtcrypt::conformance {
namespace {

Outcome without_run(Verdict verdict, std::string message) {
  return {.verdict = verdict, .message = std::move(message), .evidence = {}, .duration = {}};
}

Outcome run_here(const Check& check, Target& target, const Settings& settings, const EvidenceSink& sink) {
  Context context(target, settings, sink);
  Outcome outcome;
  try {
    check.run(context);
  } catch (const CheckSkipped& skipped) {
    outcome = without_run(Verdict::kSkipped, skipped.what());
  } catch (const CheckNotApplicable& reason) {
    outcome = without_run(Verdict::kNotApplicable, reason.what());
  } catch (const std::exception& error) {
    outcome = without_run(Verdict::kFailed, error.what());
  }
  outcome.evidence = context.evidence();
  return outcome;
}

// The facts travel as evidence, one number a line.
Outcome look_at_device(Target& target, const Settings& settings) {
  Outcome outcome;
  try {
    const std::unique_ptr<Device> device = target.make_device(settings, {});
    test::PciAccess& pci = device->pci();
    pci.config_write(4, 2, 2);
    test::PciDriver driver(pci);
    if (driver.structures().count(1) == 0)
      throw std::runtime_error("it has no common configuration structure");
    for (const std::uint64_t fact :
         {driver.offered(), std::uint64_t{pci.config_read(0, 2)}, std::uint64_t{pci.config_read(2, 2)},
          std::uint64_t{pci.config_read(8, 1)}})
      outcome.evidence.push_back(std::to_string(fact));
  } catch (const std::exception& error) {
    outcome.verdict = Verdict::kFailed;
    outcome.message = error.what();
  }
  return outcome;
}

std::string_view name_of_ability(std::uint32_t ability) {
  switch (ability) {
    case kSeesMessages:
      return "see MSI-X messages";
    case kCountsMessages:
      return "count MSI-X messages";
    case kSeesIntx:
      return "see INTA#";
    default:
      return "make the device change its configuration";
  }
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return "passed";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kSkipped:
      return "skipped";
    case Verdict::kNotApplicable:
      return "not applicable";
    case Verdict::kTimedOut:
      return "timed out";
    case Verdict::kCrashed:
      return "crashed";
  }
  return "?";
}

Runner::Runner(Target& target, const Settings& settings, const RunnerOptions& options)
    : target_(target), settings_(settings), options_(options) {
  const Outcome look = guarded([&](const EvidenceSink&) { return look_at_device(target_, settings_); });
  if (look.verdict != Verdict::kPassed)
    throw std::runtime_error(fmt::format("no device {} to check: {}", settings.device, look.message));
  facts_ = {.offered = std::stoull(look.evidence.at(0)),
            .vendor_id = static_cast<std::uint16_t>(std::stoul(look.evidence.at(1))),
            .device_id = static_cast<std::uint16_t>(std::stoul(look.evidence.at(2))),
            .revision_id = static_cast<std::uint8_t>(std::stoul(look.evidence.at(3)))};
}

Outcome Runner::run(const Check& check) {
  if (std::optional<Outcome> outcome = unmet(check.needs)) return *outcome;
  return guarded([&](const EvidenceSink& sink) { return run_here(check, target_, settings_, sink); });
}

Outcome Runner::guarded(const Work& work) const {
  const auto start = std::chrono::steady_clock::now();
  Outcome outcome = options_.fork ? run_isolated(work, options_.timeout) : work({});
  if (outcome.verdict == Verdict::kTimedOut || outcome.verdict == Verdict::kCrashed) {
    if (const std::string words = target_.last_words(); !words.empty())
      outcome.message += fmt::format("; {}", words);
  }
  outcome.duration =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
  return outcome;
}

// How a check ends whose needs are not met; nothing if they are.
std::optional<Outcome> Runner::unmet(const Needs& needs) const {
  const auto names = [&](std::uint64_t features) {
    return joined_feature_names(features, settings_.dialect);
  };
  if (needs.dialect && *needs.dialect != settings_.dialect)
    return without_run(Verdict::kSkipped, fmt::format("for the dialect {}", name_of(*needs.dialect)));
  if (needs.ring && *needs.ring != settings_.ring)
    return without_run(Verdict::kSkipped, fmt::format("for {} virtqueues", name_of(*needs.ring)));
  if (const std::uint64_t off = needs.features & settings_.features_off; off != 0)
    return without_run(Verdict::kSkipped, fmt::format("switched off: {}", names(off)));
  if (const std::uint64_t missing = needs.features & ~facts_.offered; missing != 0)
    return without_run(Verdict::kNotApplicable, fmt::format("not offered: {}", names(missing)));
  if (const std::uint64_t surplus = needs.not_offered & facts_.offered; surplus != 0)
    return without_run(Verdict::kNotApplicable, fmt::format("offered: {}", names(surplus)));
  for (std::uint32_t ability = 1; ability <= kChangesConfig; ability <<= 1U) {
    if ((needs.abilities & ability & ~target_.abilities()) != 0)
      return without_run(Verdict::kSkipped,
                         fmt::format("{} cannot {}", settings_.device, name_of_ability(ability)));
  }
  return std::nullopt;
}

}  // namespace virtcrypt::conformance
