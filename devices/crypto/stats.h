// Counters of a crypto device, named after what the specification calls things.
#pragma once

#include <atomic>
#include <cstdint>

namespace virtcrypt::devices::crypto_dev {

// Relaxed atomics: each is exact, no two are read at the same instant. Any thread.
struct ControlStats {
  using Counter = std::atomic<std::uint64_t>;
  Counter sessions_created{0};
  Counter sessions_destroyed{0};
  Counter refused{0};  // control requests answered with another status than OK
};

struct DataStats {
  using Counter = std::atomic<std::uint64_t>;
  Counter requests{0};
  Counter failed{0};      // answered with another status than OK
  Counter handed_off{0};  // executed on the worker pool
  Counter source_bytes{0};
  // By requests that bring their session, or end one.
  Counter sessions_created{0};
  Counter sessions_destroyed{0};
};

// Everything at one moment, for logs and reports.
struct StatsSnapshot {
  std::uint64_t sessions_open = 0;
  std::uint64_t sessions_created = 0;
  std::uint64_t sessions_destroyed = 0;
  std::uint64_t control_refused = 0;
  std::uint64_t requests = 0;
  std::uint64_t requests_failed = 0;
  std::uint64_t handed_off = 0;
  std::uint64_t source_bytes = 0;
  std::uint64_t kicks = 0;
  std::uint64_t interrupts = 0;
  std::uint64_t ring_faults = 0;
  std::uint64_t in_flight = 0;  // chains popped and not yet returned
};

}  // namespace virtcrypt::devices::crypto_dev
