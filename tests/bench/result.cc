#include "tests/bench/result.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

namespace virtcrypt::bench {
namespace {

constexpr double kMega = 1e6;

std::string megabytes_of(const Result& result) {
  if (!result.has_sizes) return "-";
  return fmt::format("{:.0f}", result.device_per_second * static_cast<double>(result.options.bytes) / kMega);
}

std::string latency_of(const Result& result) {
  if (!result.latency) return "";
  return fmt::format("  {:6.2f} /{:7.2f}", result.latency->median_us, result.latency->p99_us);
}

// In the column of a table that compares with a peer.
std::string peer_ratio_of(const Result& result) {
  if (!result.of_peer) return "";
  return fmt::format(" {:>8}", *result.of_peer == 0 ? "-" : fmt::format("{:.2f}x", *result.of_peer));
}

}  // namespace

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

std::string table_head(const Result& first) {
  const TrafficOptions& options = first.options;
  return fmt::format(
      "\n{}: {} ring, {} descriptors, {} in flight, {} queue{}, {}{}\n"
      "{:>8}  {:<11} {:>10} {:>9} {:>7} {:>10} {:>7}{}{}\n",
      first.title, options.packed ? "packed" : "split", options.indirect ? "indirect" : "direct",
      options.depth, options.queues, options.queues == 1 ? "" : "s",
      options.stateless ? "stateless" : "session", options.by_turns ? ", the device's turns alone" : "",
      "bytes", "engine", first.of_sessions ? "pairs/s" : "requests/s", "MB/s", "spread", "raw/s", "of raw",
      first.of_peer ? "  of peer" : "", first.latency ? "  p50 / p99 us" : "");
}

std::string as_row(const Result& result) {
  const bool has_raw = result.raw_per_second != 0;
  const std::string raw = has_raw ? fmt::format("{:.0f}", result.raw_per_second) : "-";
  const std::string ratio =
      has_raw ? fmt::format("{:.0f} %", 100 * result.device_per_second / result.raw_per_second) : "-";
  return fmt::format("{:>8}  {:<11} {:>10.0f} {:>9} {:>5.0f} % {:>10} {:>7}{}{}{}\n", result.options.bytes,
                     result.engine, result.device_per_second, megabytes_of(result), 100 * result.spread, raw,
                     ratio, peer_ratio_of(result), latency_of(result), result.note);
}

std::string as_json(const std::vector<Result>& results) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Result& each : results) {
    nlohmann::ordered_json row{{"service", each.service},
                               {"algorithm", each.title},
                               {"engine", each.engine},
                               {"bytes", each.options.bytes},
                               {"in_flight", each.options.depth},
                               {"queues", each.options.queues},
                               {"ring", each.options.packed ? "packed" : "split"},
                               {"descriptors", each.options.indirect ? "indirect" : "direct"},
                               {"measure", each.of_sessions ? "sessions" : "requests"},
                               {"sessions", each.options.sessions},
                               {"mode", each.options.stateless ? "stateless" : "session"},
                               {"driver", each.options.by_turns ? "turns" : "thread"},
                               {"poll_us", each.options.poll_us},
                               {"requests_per_second", each.device_per_second},
                               {"spread", each.spread},
                               {"raw_operations_per_second", each.raw_per_second}};
    if (each.of_peer && *each.of_peer != 0) row["of_peer"] = *each.of_peer;
    if (each.latency) {
      row["latency_p50_us"] = each.latency->median_us;
      row["latency_p99_us"] = each.latency->p99_us;
    }
    rows.push_back(std::move(row));
  }
  return nlohmann::ordered_json{{"version", 1}, {"results", rows}}.dump(2) + "\n";
}

}  // namespace virtcrypt::bench
