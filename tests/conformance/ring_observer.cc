#include "tests/conformance/ring_observer.h"

#include <utility>

#include "tests/conformance/ring_probe.h"

namespace virtcrypt::conformance {
namespace {

constexpr std::uint16_t kBoth = test::kAvail | test::kUsed;

}  // namespace

RingObserver::RingObserver(Driver& driver, std::uint16_t queue, std::vector<std::span<std::byte>> answers,
                           std::size_t slots)
    : packed_(driver.has(test::feature::kRingPacked)),
      area_(packed_ ? descriptor_area(driver, queue) : device_area(driver, queue)),
      answers_(std::move(answers)),
      slots_(slots),
      thread_([this](const std::stop_token& stop) { look(stop); }) {}

const std::vector<Sighting>& RingObserver::sightings() {
  thread_.join();
  return sightings_;
}

std::span<const std::byte> RingObserver::element(std::size_t n) const {
  return packed_ ? area_.subspan(16 * n * slots_, 16) : area_.subspan(4 + 8 * n, 8);
}

bool RingObserver::is_used(std::size_t n) const {
  if (!packed_) return get16(area_, 2) > n;
  return (get16(area_, 16 * n * slots_ + 14) & kBoth) == kBoth;  // of the first lap
}

void RingObserver::look(const std::stop_token& stop) {
  for (std::size_t n = 0; n < answers_.size(); ++n) {
    while (!is_used(n)) {
      if (stop.stop_requested()) return;
    }
    const std::span<const std::byte> shown = element(n);
    Sighting sighting{.element = {shown.begin(), shown.end()}, .written = {}};
    sighting.written.assign(answers_[n].begin(), answers_[n].end());
    sightings_.push_back(std::move(sighting));
  }
}

}  // namespace virtcrypt::conformance
