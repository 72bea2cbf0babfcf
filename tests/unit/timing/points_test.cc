// Something happens while two requests are on their way, at every point of that way: each request is answered
// rightly and once, or not at all when a reset has discarded it, and nobody waits for anybody.
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "tests/support/catch.h"
#include "tests/unit/timing/scene.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

constexpr std::uint16_t kMemorySpace = 2, kBusMaster = 4;

// Every configuration-side access of the scenes below is made while a thread of the device stands still: one
// that waits for the data path would never return, and the test would run into ctest's limit.
class Points {
 public:
  Points() : packed_(GENERATE(false, true)), draft_(GENERATE(false, true)), scene_(packed_, draft_) {}

  template <typename Happening>
  void at_every_stage(Happening happening) {
    for (int i = 0; i < kStages; ++i) {
      const auto stage = static_cast<Stage>(i);
      CAPTURE(name_of(stage), packed_, scene_.talk().name());
      scene_.bring_to(stage);
      signals_before_ = scene_.slot().signals(Scene::kVector);
      happening(scene_, stage);
      scene_.let_go();
      scene_.driver().reset();
      REQUIRE(scene_.steering().sessions == 0);
    }
  }

  // Of queue 1, since the stage was reached.
  [[nodiscard]] unsigned signals() { return scene_.slot().signals(Scene::kVector) - signals_before_; }

  // Both requests are back, once.
  void expect_back(std::array<std::uint8_t, 2> statuses = {0, 0}) {
    REQUIRE(scene_.wait_for_both());
    scene_.wait_for_others();
    scene_.settle();
    CHECK(scene_.is_quiet());
    CHECK(scene_.collect() == 0);
    for (std::size_t i = 0; i < 2; ++i) {
      const Scene::Sent& sent = scene_.sent()[i];
      CHECK(sent.returned == 1);
      CHECK(sent.used_length == Talk::kTextBytes + 1);
      CHECK(std::to_integer<std::uint8_t>(sent.written.back()) == statuses[i]);
      if (statuses[i] == 0) CHECK(Talk::is_right(sent.written, sent.number));
    }
  }

  // After a reset: the requests came back before it, or are as they were.
  void expect_answered_or_discarded(Stage stage) {
    CHECK(scene_.collect() == (is_beyond_recall(stage) ? 2 : 0));
    for (const Scene::Sent& sent : scene_.sent()) {
      if (is_beyond_recall(stage)) {
        CHECK(sent.returned == 1);
        CHECK(Talk::is_right(sent.written, sent.number));
      } else if (is_unexecuted(stage)) {
        CHECK(Talk::is_untouched(sent.written));
      } else {
        CHECK(
            Talk::is_untouched(sent.written.last(1)));  // the engine has written the result before the reset
      }
    }
  }

  // What the two are answered with when requests are refused from `stage` on.
  [[nodiscard]] static std::array<std::uint8_t, 2> refused_from(Stage stage, std::uint8_t status) {
    if (stage <= Stage::kPopped) return {status, status};
    if (stage == Stage::kParsed) return {0, status};
    return {0, 0};
  }

 private:
  const bool packed_;
  const bool draft_;
  Scene scene_;
  unsigned signals_before_ = 0;
};

}  // namespace

TEST_CASE("Timing: a reset at every point of a request",
          "[timing][reset][RESET-DEV-001][RESET-DEV-002][RESET-DEV-003]") {
  const bool masked = GENERATE(false, true);
  Points points;
  points.at_every_stage([&](Scene& scene, Stage stage) {
    PciDriver& pci = scene.pci();
    if (masked) pci.mask_vector(Scene::kVector, true);
    pci.request_reset();
    CHECK(pci.device_status() != 0);  // something is still under way
    scene.let_go();
    REQUIRE(scene.driver().wait_until([&] { return pci.device_status() == 0; }));
    // What was pending is not sent now.
    if (masked) pci.mask_vector(Scene::kVector, false);
    CHECK(scene.is_quiet());
    CHECK_FALSE(pci.pending(Scene::kVector));
    points.expect_answered_or_discarded(stage);
    CHECK(points.signals() == (stage == Stage::kSignal || (is_beyond_recall(stage) && !masked) ? 1U : 0U));
    CHECK(scene.steering().sessions == 0);
    CHECK(scene.driver().device().stats().in_flight == 0);
    REQUIRE(scene.driver().start());
    CHECK(scene.works(scene.talk().open(scene.driver())));
  });
}

TEST_CASE("Timing: a reset of the queue at every point of a request",
          "[timing][ring-reset][VQRST-DEV-001][VQRST-DEV-002]") {
  const bool masked = GENERATE(false, true);
  Points points;
  points.at_every_stage([&](Scene& scene, Stage stage) {
    PciDriver& pci = scene.pci();
    if (masked) pci.mask_vector(Scene::kVector, true);
    pci.request_queue_reset(Scene::kQueue);
    CHECK(pci.queue_resets(Scene::kQueue));
    scene.let_go();
    REQUIRE(scene.driver().wait_until([&] { return !pci.queue_resets(Scene::kQueue); }));
    if (masked) pci.mask_vector(Scene::kVector, false);
    scene.wait_for_others();
    scene.settle();
    CHECK(scene.is_quiet());
    CHECK_FALSE(pci.pending(Scene::kVector));
    points.expect_answered_or_discarded(stage);
    CHECK(points.signals() == (stage == Stage::kSignal || (is_beyond_recall(stage) && !masked) ? 1U : 0U));
    CHECK(scene.steering().sessions == 2);
    scene.driver().enable_queue(Scene::kQueue, 16);
    CHECK(scene.works(scene.session()));
  });
}

TEST_CASE("Timing: a session is destroyed at every point of a request on it", "[timing][sessions][A-30]") {
  Points points;
  points.at_every_stage([&](Scene& scene, Stage stage) {
    CryptoDriver& driver = scene.driver();
    const std::uint16_t control = driver.control_queue();
    // Answered while the request stands still.
    CHECK(driver.call(control, scene.talk().close_request(scene.session())).status() == 0);
    const bool in_use = stage > Stage::kPopped;
    CHECK(scene.steering().sessions == (in_use ? 2U : 1U));
    scene.let_go();
    points.expect_back(Points::refused_from(stage, scene.talk().no_session()));
    CHECK(points.signals() == 1);
    // The last user has freed it.
    CHECK(driver.wait_until([&] { return scene.steering().sessions == 1; }));
    CHECK(driver.device().stats().sessions_open == 1);
  });
}

TEST_CASE("Timing: bus mastering goes away at every point of a request", "[timing][pci]") {
  Points points;
  points.at_every_stage([&](Scene& scene, Stage stage) {
    scene.pci().set_command(kMemorySpace);
    scene.let_go();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (stage < Stage::kReturning) {
      CHECK(scene.collect() == 0);
      for (const Scene::Sent& sent : scene.sent())
        CHECK(Talk::is_untouched(is_unexecuted(stage) ? sent.written : sent.written.last(1)));
    }
    CHECK(points.signals() == (stage == Stage::kSignal ? 1U : 0U));
    scene.pci().set_command(kMemorySpace | kBusMaster);
    points.expect_back();
    CHECK(points.signals() == 1);
  });
}

TEST_CASE("Timing: bus mastering is switched off and on at every point of a request", "[timing][pci]") {
  Points points;
  points.at_every_stage([&](Scene& scene, Stage) {
    for (int i = 0; i < 3; ++i) {
      scene.pci().set_command(kMemorySpace);
      scene.pci().set_command(kMemorySpace | kBusMaster);
    }
    scene.let_go();
    points.expect_back();
    CHECK(points.signals() == 1);
  });
}

TEST_CASE("Timing: BARs move at every point of a request", "[timing][pci]") {
  Points points;
  std::uint32_t base = 0xC000'0000;
  points.at_every_stage([&](Scene& scene, Stage) {
    base += 0x10'0000;
    auto& function = scene.driver().function();
    scene.pci().set_command(kBusMaster);
    CHECK(scene.slot().mappings().empty());
    function.config_write(0x10, 4, base);
    function.config_write(0x18, 4, base + 0x8'0000);
    scene.pci().set_command(kMemorySpace | kBusMaster);
    CHECK(scene.slot().mappings().at(0).base == base);
    function.config_write(0x10, 4, base + 0x4'0000);  // while it decodes
    CHECK(scene.slot().mappings().at(0).base == base + 0x4'0000);
    scene.let_go();
    points.expect_back();
    CHECK(points.signals() == 1);
    CHECK(scene.works(scene.session()));
  });
}

TEST_CASE("Timing: the vector is masked at every point of a request", "[timing][msix]") {
  const bool whole_function = GENERATE(false, true);
  Points points;
  points.at_every_stage([&](Scene& scene, Stage stage) {
    PciDriver& pci = scene.pci();
    const auto mask = [&](bool masked) {
      if (whole_function) {
        pci.enable_msix(true, masked);
      } else {
        pci.mask_vector(Scene::kVector, masked);
      }
    };
    mask(true);
    scene.let_go();
    points.expect_back();
    const bool is_sent = stage == Stage::kSignal;
    CHECK(points.signals() == (is_sent ? 1U : 0U));
    CHECK(pci.pending(Scene::kVector) != is_sent);
    mask(false);
    CHECK_FALSE(pci.pending(Scene::kVector));
    mask(true);
    mask(false);
    CHECK(points.signals() == 1);
  });
}

TEST_CASE("Timing: the vector's message changes at every point of a request", "[timing][msix]") {
  Points points;
  std::uint32_t data = 0x1000;
  points.at_every_stage([&](Scene& scene, Stage) {
    PciDriver& pci = scene.pci();
    ++data;
    pci.mask_vector(Scene::kVector, true);
    pci.program_vector(Scene::kVector, 0xFEE0'1000, data, false);
    scene.let_go();
    points.expect_back();
    CHECK(points.signals() == 1);
    CHECK(scene.slot().routes().at(Scene::kVector) == virtio::pci::MsiMessage{0xFEE0'1000, data});
    CHECK_FALSE(pci.pending(Scene::kVector));
  });
}

TEST_CASE("Timing: MSI-X is switched off at every point of a request", "[timing][msix]") {
  Points points;
  points.at_every_stage([&](Scene& scene, Stage stage) {
    PciDriver& pci = scene.pci();
    pci.enable_msix(false);
    scene.let_go();
    points.expect_back();
    if (stage == Stage::kSignal) {
      CHECK(points.signals() == 1);
    } else {
      CHECK(points.signals() == 0);
      CHECK(scene.slot().intx());
      CHECK(pci.read_isr() == 1);
    }
    CHECK_FALSE(scene.slot().intx());
    pci.enable_msix(true);
    CHECK(points.signals() == (stage == Stage::kSignal ? 1U : 0U));  // the driver was told already
  });
}

TEST_CASE("Timing: readiness changes at every point of a request", "[timing][A-35]") {
  Points points;
  points.at_every_stage([&](Scene& scene, Stage stage) {
    constexpr std::uint16_t kConfigVector = 0;
    auto& device = scene.driver().device();
    const unsigned told = scene.slot().signals(kConfigVector);
    const std::uint32_t generation = scene.pci().read_common(common::kConfigGeneration, 1);
    device.set_ready(false);
    CHECK(scene.slot().signals(kConfigVector) == told + 1);
    CHECK(scene.pci().read_common(common::kConfigGeneration, 1) == ((generation + 1) & 0xFF));
    scene.let_go();
    constexpr std::uint8_t kError = 1;
    points.expect_back(Points::refused_from(stage, kError));
    CHECK(points.signals() == 1);
    device.set_ready(true);
    CHECK(scene.slot().signals(kConfigVector) == told + 2);
    CHECK(scene.works(scene.session()));
  });
}
