#include "virtcrypt/virtio/driver_check/verdicts.h"

#include <utility>

namespace virtcrypt::virtio {

void DriverVerdicts::keep(std::string_view statement, std::uint64_t times) {
  const std::lock_guard lock(mutex_);
  tallies_[statement].kept += times;
}

void DriverVerdicts::violate(std::string_view statement, std::string evidence) {
  const std::lock_guard lock(mutex_);
  Tally& tally = tallies_[statement];
  ++tally.violated;
  if (tally.evidence.size() == kMostEvidence) return;
  if (evidence.size() > kMostEvidenceBytes) evidence.resize(kMostEvidenceBytes);
  tally.evidence.push_back(std::move(evidence));
}

std::vector<DriverVerdicts::Tally> DriverVerdicts::tallies() const {
  const std::lock_guard lock(mutex_);
  std::vector<Tally> all;
  for (const auto& [statement, tally] : tallies_) {
    all.push_back(tally);
    all.back().statement = statement;
  }
  return all;
}

std::string hex(std::uint64_t value) {
  std::ostringstream text;
  text << "0x" << std::hex << value;
  return text.str();
}

}  // namespace virtcrypt::virtio
