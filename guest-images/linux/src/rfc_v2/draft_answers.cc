#include <map>
#include <vector>

#include "report.h"
#include "rfc_v2/draft_checks.h"
#include "tests/published/rfc_v2_known_answers.h"

namespace virtcrypt::guest {
namespace {

using namespace test::rfc_v2;

bool is_right(DraftDevice& device, DraftQueue& queue, const KnownAnswer& known) {
  Data data = known.data;
  const DraftDevice::Created created = device.create(known.session);
  if (created.status != kOk) return false;
  data.header.session = created.id;
  const test::Answer answer = queue.call(request(data));
  const bool right =
      answer.status() == known.status &&
      std::equal(answer.written.begin(), answer.written.end() - 1, known.result.begin(), known.result.end());
  return device.close(created.id) == kOk && right;
}

}  // namespace

bool check_known_answers(DraftDevice& device) {
  // Algorithms in the order of the vectors, each with its answers.
  std::vector<std::string> algorithms;
  std::map<std::string, std::vector<KnownAnswer>> answers;
  for (const KnownAnswer& known : known_answers()) {
    auto& list = answers[known.algorithm];
    if (list.empty()) algorithms.push_back(known.algorithm);
    list.push_back(known);
  }
  bool passed = true;
  std::uint16_t queue = 0;
  for (const std::string& algorithm : algorithms) {
    std::uint64_t right = 0;
    for (const KnownAnswer& known : answers[algorithm]) {
      if (is_right(device, device.data_queue(queue), known)) {
        ++right;
      } else {
        report_check(Verdict::kFailed, algorithm + ": " + known.what);
      }
      queue = static_cast<std::uint16_t>((queue + 1) % device.data_queues());
    }
    const bool all = right == answers[algorithm].size();
    report_answers(all ? Verdict::kPassed : Verdict::kFailed, algorithm, right);
    passed = passed && all;
  }
  return passed;
}

}  // namespace virtcrypt::guest
