#include "rfc_v2/draft_checks.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "report.h"
#include "tests/driver/rfc_v2_bad_requests.h"

namespace virtcrypt::guest {
namespace {

using namespace test::rfc_v2;
using std::chrono::steady_clock;
using test::Bytes;
using test::joined;
using test::part;

constexpr auto kHostTakes =
    std::chrono::seconds(60);  // to do what it is asked for; emulated machines are slow

bool report(bool passed, const std::string& label) {
  report_check(passed ? Verdict::kPassed : Verdict::kFailed, label);
  return passed;
}

// Whether the published example comes out right, on an open session.
bool example_works(DraftDevice& device, std::uint64_t session, std::uint16_t queue = 0) {
  return is_cbc_answer(device.data_queue(queue).call(request(cbc_data(session))));
}

bool is_usable(DraftDevice& device) {
  const std::uint64_t session = device.open(cbc_session());
  const bool works = example_works(device, session);
  return device.close(session) == kOk && works;
}

// What comes before the status, on a session of the request's own; nothing when it is refused.
Bytes result_of(DraftDevice& device, const Session& session, Data data, std::uint16_t queue) {
  data.header.session = device.open(session);
  test::Answer answer = device.data_queue(queue).call(request(data));
  const bool right = answer.status() == kOk && device.close(data.header.session) == kOk;
  answer.written.pop_back();
  return right ? answer.written : Bytes();
}

// Status ERR, and nothing but zeros before it.
bool is_refused(const test::Answer& answer) {
  return answer.status() == kErr && std::all_of(answer.written.begin(), answer.written.end() - 1,
                                                [](std::byte value) { return value == std::byte{0}; });
}

// A subject is reported as a whole, and each of its parts that fails by its name.
class Subject {
 public:
  void expect(bool condition, const std::string& part) {
    ++parts_;
    if (condition) return;
    failed_ = true;
    report(false, part);
  }
  [[nodiscard]] bool end(const std::string& label) const {
    return report(!failed_, label + " (" + std::to_string(parts_) + ")");
  }

 private:
  unsigned parts_ = 0;
  bool failed_ = false;
};

}  // namespace

bool check_initialization(DraftDevice& device, std::uint64_t features) {
  bool passed = report(device.initialize(features & ~kFeatureMq) && device.data_queues() == 1,
                       "initialized without MQ: one data queue, the control queue is queue 1");
  passed = report(is_usable(device), "a session and a request without MQ") && passed;

  passed = report(device.initialize(features), "initialized with all features") && passed;
  passed = report(device.data_queues() > 1,
                  "max_virtqueues: " + std::to_string(device.data_queues()) + " data queues") &&
           passed;
  passed = report(device.ready(), "status: the hardware is ready") && passed;
  passed = report(device.algorithms() == 1U, "algorithms: symmetric ones") && passed;
  Subject queues;
  const std::uint64_t session = device.open(cbc_session());
  for (std::uint16_t queue = 0; queue < device.data_queues(); ++queue)
    queues.expect(example_works(device, session, queue), "data queue " + std::to_string(queue));
  queues.expect(device.close(session) == kOk, "closing");
  return queues.end("one session on every data queue") && passed;
}

bool check_chains(DraftDevice& device) {
  constexpr std::uint32_t kHmacSha256 = 4;
  constexpr std::size_t kMacBytes = 32;
  const Session mac = mac_session(kHmacSha256, Bytes(20, std::byte{0x0B}), kMacBytes);
  Subject subject;
  for (const std::uint8_t op : {kEncrypt, kDecrypt}) {
    const Data text = cbc_data(0);
    const std::size_t bytes = text.header.cipher_len;
    const Bytes input = part(text.memory, text.header.cipher_start, bytes);
    const Bytes output = result_of(device, cbc_session(op), text, 0);
    for (const std::uint32_t order : {kHashThenCipher, kCipherThenHash}) {
      const Bytes& hashed = order == kHashThenCipher ? input : output;
      const Bytes digest = result_of(device, mac, data_of(0, {}, hashed, {}, 0, kMacBytes), 0);
      Data both = text;
      both.digest = kMacBytes;
      const std::uint16_t queue = device.data_queues() > 1 ? 1 : 0;
      subject.expect(result_of(device, chain_session(order, cbc_session(op), mac), both, queue) ==
                         joined(output, digest),
                     std::string(order == kHashThenCipher ? "hash then cipher" : "cipher then hash") +
                         (op == kEncrypt ? ", encrypt" : ", decrypt"));
    }
  }
  return subject.end("chains of AES-CBC and HMAC-SHA-256 in both orders and directions");
}

bool check_errors(DraftDevice& device) {
  Subject sessions;
  for (const BadSession& bad : bad_sessions()) {
    const DraftDevice::Created created = device.create(bad.session);
    sessions.expect(created.status == kErr && created.id == 0, "bad session: " + bad.logged);
  }
  sessions.expect(is_usable(device), "usable behind bad sessions");
  bool passed = sessions.end("bad sessions are refused, and the device stays usable");

  Subject requests;
  for (const BadData& bad : bad_data()) {
    const std::uint64_t session = device.open(bad.session);
    Data data = cbc_data(session);
    bad.change(data);
    requests.expect(is_refused(device.data_queue(0).call(request(data))), "bad request: " + bad.logged);
    requests.expect(device.close(session) == kOk, "closing behind: " + bad.logged);
  }
  requests.expect(is_usable(device), "usable behind bad requests");
  passed = requests.end("bad requests are refused, and the device stays usable") && passed;

  Subject others;
  test::Request unknown_type;
  unknown_type.readable(Bytes(9, std::byte{3})).writable(kTrailerBytes);
  const test::Answer unknown = device.control_queue().call(unknown_type);
  others.expect(unknown.written.front() == std::byte{kErr}, "unknown control type");
  const std::uint64_t session = device.open(cbc_session());
  test::Request read_only, write_only;
  read_only.readable(readable_bytes(cbc_data(session)));
  others.expect(device.data_queue(0).call(read_only).used_length == 0, "no writable descriptor");
  others.expect(device.data_queue(0).call(write_only.writable(33)).status() == kErr,
                "no readable descriptor");
  others.expect(device.close(session) == kOk && device.close(session) == kErr, "closing twice");
  others.expect(is_refused(device.data_queue(0).call(request(cbc_data(session)))), "a closed session");
  others.expect(device.close(UINT64_MAX) == kErr, "closing what never was open");
  others.expect(is_usable(device), "usable behind all that");
  passed = others.end("unknown types, missing descriptors, closed sessions") && passed;

  Subject exhaustion;
  constexpr std::size_t kMost = 1U << 20U;  // more than any device has
  std::vector<std::uint64_t> open;
  while (open.size() < kMost) {
    const DraftDevice::Created created = device.create(cbc_session());
    if (created.status != kOk) break;
    open.push_back(created.id);
  }
  exhaustion.expect(open.size() < kMost && !open.empty(), "an end of sessions");
  exhaustion.expect(example_works(device, open.front()), "the first session works");
  exhaustion.expect(example_works(device, open.back()), "the last session works");
  for (const std::uint64_t id : open)
    exhaustion.expect(device.close(id) == kOk, "closing a session");
  exhaustion.expect(is_usable(device), "usable when sessions are free again");
  return exhaustion.end("sessions run out, and are free again once closed") && passed;
}

bool check_inline_sessions(DraftDevice& device) {
  Subject subject;
  DraftQueue& queue = device.data_queue(0);
  Data bringing = cbc_data(0);
  bringing.session = cbc_session();
  bringing.flags = 0;
  const test::Answer first = queue.call(request(bringing));
  const std::size_t behind_result = cbc_result().size();
  const std::uint64_t id = le64_at(first.written, behind_result);
  subject.expect(first.status() == kOk && id != 0, "a request brings its session");
  subject.expect(is_cbc_answer(first), "its result");
  Data using_it = cbc_data(id);
  using_it.flags = 0;
  subject.expect(queue.call(request(using_it)).status() == kOk, "another request on it");
  using_it.flags = kEndOfSession;
  subject.expect(queue.call(request(using_it)).status() == kOk, "the last request on it");
  using_it.flags = 0;
  subject.expect(queue.call(request(using_it)).status() == kErr, "it is closed");
  bringing.flags = kEndOfSession;
  const test::Answer once = queue.call(request(bringing));
  subject.expect(once.status() == kOk && le64_at(once.written, behind_result) == 0, "for one request alone");
  bringing.flags = 2;
  subject.expect(is_refused(queue.call(request(bringing))), "an unknown flag");
  bringing.flags = 0;
  bringing.session->key_len = 15;
  subject.expect(is_refused(queue.call(request(bringing))), "a bad key's length");
  return subject.end("inline sessions: brought, used, ended, refused");
}

namespace {

void ask_host(const char* words) {
  std::printf("@virtcrypt ask %s\n", words);
  std::fflush(stdout);
}

double processor_milliseconds() {
  timespec used = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

std::string figures(const char* how, unsigned reads, double processor, steady_clock::time_point start) {
  const std::chrono::duration<double, std::milli> waited = steady_clock::now() - start;
  char text[160];
  std::snprintf(text, sizeof text, "%s: %u reads of status, %.1f ms of processor time in %.0f ms", how, reads,
                processor, waited.count());
  return text;
}

// Not ready, then ready again; asleep meanwhile.
bool readiness_goes_and_comes(DraftDevice& device, std::uint64_t session, Subject& subject) {
  const std::uint8_t before = device.generation();
  ask_host("ready off");
  subject.expect(device.wait_for_configuration_change(kHostTakes), "interrupt when readiness goes");
  subject.expect(!device.read_readiness(), "status says that the device is not ready");
  subject.expect(device.generation() != before, "config_generation moves");
  subject.expect(is_refused(device.data_queue(0).call(request(cbc_data(session)))), "a request is refused");
  subject.expect(device.create(cbc_session()).status == kErr, "a session is refused");
  subject.expect(device.close(session) == kErr, "closing is refused");

  const double processor = processor_milliseconds();
  const auto start = steady_clock::now();
  ask_host("ready on");
  const bool told = device.wait_for_configuration_change(kHostTakes);
  const bool ready = device.read_readiness();
  report(told && ready, figures("waiting by interrupt", 1, processor_milliseconds() - processor, start));
  subject.expect(told, "interrupt when readiness comes back");
  subject.expect(ready, "status says that the device is ready");
  subject.expect(example_works(device, session), "the session is still there");
  return told && ready;
}

// The same, reading the field again and again.
bool readiness_by_spinning(DraftDevice& device) {
  ask_host("ready off");
  if (!device.wait_for_configuration_change(kHostTakes)) return report(false, "interrupt before spinning");
  const double processor = processor_milliseconds();
  const auto start = steady_clock::now();
  ask_host("ready on");
  unsigned reads = 1;
  while (!device.read_readiness() && steady_clock::now() - start < kHostTakes)
    ++reads;
  return report(device.read_readiness(),
                figures("waiting by spinning", reads, processor_milliseconds() - processor, start));
}

}  // namespace

bool check_readiness(DraftDevice& device) {
  constexpr unsigned kRounds = 3;
  const std::uint64_t session = device.open(cbc_session());
  Subject subject;
  for (unsigned round = 0; round < kRounds; ++round) {
    if (!readiness_goes_and_comes(device, session, subject)) break;
  }
  const bool spun = readiness_by_spinning(device);
  subject.expect(device.close(session) == kOk, "closing");
  return subject.end("readiness goes and comes back, told by the interrupt") && spun;
}

}  // namespace virtcrypt::guest
