// What becomes of checks that fail, hang or crash.
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/in_process_target.h"
#include "tests/conformance/runner.h"
#include "tests/driver/pci_driver.h"
#include "tests/support/catch.h"

using namespace virtcrypt::conformance;
using namespace std::chrono_literals;

namespace {

Check check_that(void (*run)(Context&), Needs needs = {}) {
  return {
      .id = "a-check", .title = "For tests", .statements = {"STATUS-DEV-001"}, .needs = needs, .run = run};
}

Outcome outcome_of(const Check& check, const Settings& settings = {}, RunnerOptions options = {}) {
  const auto target = make_in_process_target();
  return Runner(*target, settings, options).run(check);
}

class TalkativeTarget final : public Target {
 public:
  [[nodiscard]] std::string name() const override { return model_->name(); }
  [[nodiscard]] std::string version() const override { return model_->version(); }
  [[nodiscard]] std::uint32_t abilities() const override { return model_->abilities(); }
  [[nodiscard]] std::unique_ptr<Device> make_device(const Settings& settings,
                                                    const DeviceOptions& options) override {
    return model_->make_device(settings, options);
  }
  [[nodiscard]] std::string last_words() const override { return "it read register 5"; }

 private:
  std::unique_ptr<Target> model_ = make_in_process_target();
};

class NoTarget final : public Target {
 public:
  [[nodiscard]] std::string name() const override { return "none"; }
  [[nodiscard]] std::string version() const override { return "0"; }
  [[nodiscard]] std::uint32_t abilities() const override { return 0; }
  [[nodiscard]] std::unique_ptr<Device> make_device(const Settings&, const DeviceOptions&) override {
    throw std::runtime_error("out of stock");
  }
};

}  // namespace

TEST_CASE("Runner: a check that ends has passed, and its evidence is kept", "[conformance][runner]") {
  const bool fork = GENERATE(true, false);
  const Outcome outcome = outcome_of(
      check_that([](Context& context) { context.expect_equal(7, 7, "a register"); }), {}, {.fork = fork});
  CHECK(outcome.verdict == Verdict::kPassed);
  CHECK(outcome.message.empty());
  CHECK(outcome.evidence == std::vector<std::string>{"a register: 0x7"});
}

TEST_CASE("Runner: an expectation that does not hold ends the check, with what was seen",
          "[conformance][runner]") {
  const bool fork = GENERATE(true, false);
  const Outcome outcome = outcome_of(check_that([](Context& context) {
                                       context.note("before");
                                       context.expect_equal(1, 2, "a register");
                                       context.note("behind");
                                     }),
                                     {}, {.fork = fork});
  CHECK(outcome.verdict == Verdict::kFailed);
  CHECK(outcome.message == "a register: 0x1, expected 0x2");
  CHECK(outcome.evidence == std::vector<std::string>{"before"});
}

TEST_CASE("Runner: an exception fails the check", "[conformance][runner]") {
  const Outcome outcome = outcome_of(check_that([](Context&) { throw std::out_of_range("too far"); }));
  CHECK(outcome.verdict == Verdict::kFailed);
  CHECK(outcome.message == "too far");
}

TEST_CASE("Runner: a check that hangs is ended, and so is what it started", "[conformance][runner]") {
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = outcome_of(check_that([](Context& context) {
                                       context.note("so far");
                                       // The pipe stays open in it, as in a program that a target has
                                       // started.
                                       if (::fork() == 0) ::pause();
                                       for (;;)
                                         ::pause();
                                     }),
                                     {}, {.timeout = 300ms});
  CHECK(outcome.verdict == Verdict::kTimedOut);
  CHECK(outcome.message == "no verdict within 0.3 seconds");
  CHECK(outcome.evidence == std::vector<std::string>{"so far"});
  CHECK(std::chrono::steady_clock::now() - start < 20s);
}

TEST_CASE("Runner: a check that crashes fails alone", "[conformance][runner]") {
  const Outcome outcome = outcome_of(check_that([](Context& context) {
    context.note("so far");
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
  }));
  CHECK(outcome.verdict == Verdict::kCrashed);
  CHECK(outcome.message.find("signal 11") != std::string::npos);
  CHECK(outcome.evidence == std::vector<std::string>{"so far"});
}

TEST_CASE("Runner: the last words of a target tell where a check hung or crashed", "[conformance][runner]") {
  TalkativeTarget target;
  const Settings settings;
  Runner runner(target, settings, {.timeout = 300ms});
  CHECK(runner.run(check_that([](Context&) { ::_exit(3); })).message ==
        "the check's process ended with code 3 and no verdict; it read register 5");
  CHECK(runner.run(check_that([](Context&) { ::pause(); })).message ==
        "no verdict within 0.3 seconds; it read register 5");
  CHECK(runner.run(check_that([](Context& context) { context.fail("it is wrong"); })).message ==
        "it is wrong");
}

TEST_CASE("Runner: a check that ends its process has crashed", "[conformance][runner]") {
  const Outcome outcome = outcome_of(check_that([](Context&) { ::_exit(0); }));
  CHECK(outcome.verdict == Verdict::kCrashed);
}

TEST_CASE("Runner: what a check needs and is not there, skips it with the reason", "[conformance][runner]") {
  const auto unreachable = [](Context&) { throw std::logic_error("was run"); };
  using virtcrypt::test::feature::kRingReset;
  const auto reason = [&](const Needs& needs, const Settings& settings = {}) {
    const Outcome outcome = outcome_of(check_that(unreachable, needs), settings);
    return fmt::format("{}: {}", name_of(outcome.verdict), outcome.message);
  };
  CHECK(reason({.features = std::uint64_t{1} << 43}) == "not applicable: not offered: SUSPEND");
  CHECK(reason({.features = kRingReset}, {.features_off = kRingReset}) ==
        "skipped: switched off: RING_RESET");
  CHECK(reason({.not_offered = kRingReset}) == "not applicable: offered: RING_RESET");
  CHECK(reason({.dialect = Dialect::kRfcV2}) == "skipped: for the dialect rfc-v2");
  CHECK(reason({.ring = RingFormat::kPacked}) == "skipped: for packed virtqueues");
}

TEST_CASE("Runner: without a device there is no run", "[conformance][runner]") {
  NoTarget target;
  const Settings settings;
  CHECK_THROWS_WITH(Runner(target, settings, {}), virtcrypt::test::contains_text("out of stock"));
}

TEST_CASE("Runner: a feature that is switched off is not offered by the device model",
          "[conformance][runner]") {
  using virtcrypt::test::feature::kRingReset;
  const auto target = make_in_process_target();
  const Settings off{.features_off = kRingReset};
  CHECK((Runner(*target, {}, {}).facts().offered & kRingReset) != 0);
  CHECK((Runner(*target, off, {}).facts().offered & kRingReset) == 0);
  CHECK(Runner(*target, off, {}).facts().device_id == 0x1054);
}

TEST_CASE("Driver: sends requests in either dialect and format", "[conformance][driver]") {
  const Settings settings{.dialect = GENERATE(Dialect::kStandard, Dialect::kRfcV2),
                          .ring = GENERATE(RingFormat::kSplit, RingFormat::kPacked)};
  const auto target = make_in_process_target();
  Context context(*target, settings);
  Driver driver(context);
  driver.start();
  driver.expect_service(0);
  CHECK(driver.take_messages(driver.vector_of(0)) == 1);
  CHECK(driver.call(driver.control_queue(), driver.refused_control_request()).status() == 1);
  CHECK(driver.call(0, driver.refused_data_request()).status() != 0);
}

TEST_CASE("Driver: a request that does not come back fails the check", "[conformance][driver]") {
  const Settings settings;
  const auto target = make_in_process_target();
  Context context(*target, settings);
  Driver driver(context);
  driver.start();
  driver.settle();  // what is there at DRIVER_OK needs no kick
  const auto head = driver.add(0, driver.refused_data_request());
  CHECK_THROWS_AS(driver.wait(0, head), CheckFailed);
}
