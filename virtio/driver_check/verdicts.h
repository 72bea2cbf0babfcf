// What was seen of each normative statement about drivers: how often it was kept, and violations with their
// evidence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace virtcrypt::virtio {

// Statements are named by the ids of tests/conformance/statements.csv, as string literals.
// Thread-safety: any thread.
class DriverVerdicts {
 public:
  // A hostile driver can violate a statement as often as it likes: the first occurrences tell what there is
  // to know.
  static constexpr std::size_t kMostEvidence = 3;
  static constexpr std::size_t kMostEvidenceBytes = 8192;

  struct Tally {
    std::string_view statement;
    std::uint64_t kept = 0;
    std::uint64_t violated = 0;
    std::vector<std::string> evidence;  // of the first violations
  };

  void keep(std::string_view statement, std::uint64_t times = 1);
  void violate(std::string_view statement, std::string evidence);

  // `evidence()` makes the text; it is called for violations alone.
  template <typename Evidence>
  void judge(std::string_view statement, bool is_kept, const Evidence& evidence) {
    if (is_kept) return keep(statement);
    violate(statement, evidence());
  }

  // Those that had an occasion, by id.
  [[nodiscard]] std::vector<Tally> tallies() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string_view, Tally> tallies_;  // under mutex_
};

// What came out for the driver of one device.
struct JudgedDriver {
  std::string device;   // its name
  std::string dialect;  // as the command line names it
  std::vector<DriverVerdicts::Tally> tallies;
};

// Evidence in words: evidence_text("queue ", 3, " ...").
template <typename... Parts>
[[nodiscard]] std::string evidence_text(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  return text.str();
}

// "0x1f"
[[nodiscard]] std::string hex(std::uint64_t value);

}  // namespace virtcrypt::virtio
