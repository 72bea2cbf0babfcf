// What was measured, and how it is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/bench/traffic.h"

namespace virtcrypt::bench {

struct Result {
  std::string service;
  std::string title;  // algorithm and direction
  std::string engine;
  TrafficOptions options;
  bool has_sizes = true;          // what the text's length means something to
  bool of_sessions = false;       // not requests but pairs of creating and destroying one
  double device_per_second = 0;   // the median
  double spread = 0;              // between slowest and fastest, as a share of the median
  double raw_per_second = 0;      // the engine by itself, one thread; 0: not measured
  std::optional<double> of_peer;  // times as many as the peer; 0: nothing to compare
  std::optional<Latency> latency;
  std::string note;  // what is not as the others of the table
};

// `values` is not empty.
[[nodiscard]] double median(std::vector<double> values);

[[nodiscard]] std::string table_head(const Result& first);
[[nodiscard]] std::string as_row(const Result& result);
// Version 1 of the encoding, which docs/performance.md describes.
[[nodiscard]] std::string as_json(const std::vector<Result>& results);

// Throughput over size, a line for each algorithm and engine, and dashed what the engine does by itself.
[[nodiscard]] std::string as_svg(const std::vector<Result>& results);

}  // namespace virtcrypt::bench
