// Says what this host can run, and what to do about what it cannot.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "virtcrypt/vmm/probe.h"

namespace virtcrypt::vmm {

struct Finding {
  enum class Level : std::uint8_t {
    kOk,       // as it should be
    kInfo,     // worth knowing, nothing to do
    kWarning,  // works, but less than it could
    kProblem,  // keeps guests from running
  };
  Level level;
  std::string topic;
  std::string detail;
  std::string advice;  // what to do; empty unless there is something
};

struct HostReport {
  Backend backend;  // kUnusable as well when a needed capability is missing
  std::vector<Finding> findings;
};

// Looks at KVM through `device`, runs the probe guest, and reads what processor, memory and libraries there
// are. What goes wrong becomes a finding.
[[nodiscard]] HostReport examine_host(const std::filesystem::path& device = "/dev/kvm");

// For people: one line each, advice below, the verdict last.
[[nodiscard]] std::string as_table(const HostReport& report);

// For machines. {"version": 1, "backend": "hardware|interpreted|unusable", "findings": [{"level":
// "ok|info|warning|problem", "topic", "detail", "advice"}]}
[[nodiscard]] std::string as_json(const HostReport& report);

}  // namespace virtcrypt::vmm
