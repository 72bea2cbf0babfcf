#include "tests/unit/devices/crypto/watched.h"

namespace virtcrypt::test {
namespace {

devices::crypto_dev::DeviceOptions device_of(const Setup& setup,
                                             std::shared_ptr<devices::crypto_dev::DriverCheck> check) {
  auto options = polled_device(setup.device_queues);
  options.queue_size = setup.queue_size;
  options.max_size = setup.max_size;
  options.max_cipher_key_bytes = options.max_auth_key_bytes = setup.max_key;
  options.max_sessions = 1000;
  options.ready = setup.ready;
  options.offered = virtio::FeatureSet(setup.offered);
  options.check = std::move(check);
  return options;
}

}  // namespace

Watched::Watched(const Setup& setup)
    : features((DriverOptions{}.features | setup.more) & ~setup.less),
      check(std::make_shared<devices::crypto_dev::DriverCheck>(
          verdicts, "crypto0", devices::crypto_dev::standard_dialect(), setup.queue_size)),
      driver(device_of(setup, check), {.features = features,
                                       .packed = setup.packed,
                                       .ring_size = setup.ring_size,
                                       .start = setup.start,
                                       .by_the_book = true,
                                       .data_queues = setup.data_queues}) {
  if (setup.packed) features |= feature::kRingPacked;
}

std::set<std::string> Watched::violated() {
  check->finish();
  std::set<std::string> ids;
  for (const auto& tally : verdicts.tallies()) {
    if (tally.violated > 0) ids.emplace(tally.statement);
  }
  return ids;
}

std::set<std::string> Watched::kept() const {
  std::set<std::string> ids;
  for (const auto& tally : verdicts.tallies()) {
    if (tally.kept > 0) ids.emplace(tally.statement);
  }
  return ids;
}

std::string Watched::evidence(std::string_view statement) const {
  for (const auto& tally : verdicts.tallies()) {
    if (tally.statement == statement && !tally.evidence.empty()) return tally.evidence.front();
  }
  return {};
}

void Watched::negotiate() {
  driver.reset();
  [[maybe_unused]] const std::uint64_t offered = pci().offered();
  [[maybe_unused]] const bool accepted = pci().negotiate(features);
}

void Watched::start_at(std::uint64_t descriptors, std::uint64_t driver_area, std::uint64_t device_area) {
  negotiate();
  pci().write_common(common::kQueueSelect, 2, 0);
  pci().write_common(common::kQueueSize, 2, 8);
  const auto write64 = [&](std::uint32_t offset, std::uint64_t value) {
    pci().write_common(offset, 4, static_cast<std::uint32_t>(value));
    pci().write_common(offset + 4, 4, static_cast<std::uint32_t>(value >> 32));
  };
  write64(common::kQueueDesc, descriptors);
  write64(common::kQueueDriver, driver_area);
  write64(common::kQueueDevice, device_area);
  pci().write_common(common::kQueueEnable, 2, 1);
  add_status(status::kDriverOk);
  run();
}

void Watched::kick() {
  driver.kick(0);
  run();
}

}  // namespace virtcrypt::test
