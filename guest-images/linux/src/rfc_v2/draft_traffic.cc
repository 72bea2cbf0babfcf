#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "report.h"
#include "rfc_v2/draft_checks.h"

namespace virtcrypt::guest {
namespace {

using namespace test::rfc_v2;
using std::chrono::steady_clock;
using test::Bytes;

constexpr std::uint32_t kAesCbc = 3;
constexpr std::size_t kBlock = 16;

Bytes random_bytes(std::mt19937& random, std::size_t count) {
  Bytes bytes(count);
  std::generate(bytes.begin(), bytes.end(), [&random] { return std::byte(random() & 0xFFU); });
  return bytes;
}

struct Pair {
  std::uint64_t encrypt;
  std::uint64_t decrypt;
};

// Encrypts and decrypts one random text; the published example too, so that a device which only copies is
// found out. Says how many requests that were, or 0 when something is wrong.
unsigned round_trip(DraftQueue& queue, const Pair& sessions, std::mt19937& random) {
  constexpr std::size_t kMostBlocks = 256;
  const Bytes text = random_bytes(random, kBlock * (1 + random() % kMostBlocks));
  const Bytes iv = random_bytes(random, kBlock);
  const auto encrypting = queue.submit(request(data_of(sessions.encrypt, iv, text, {}, text.size(), 0)));
  const auto example = queue.submit(request(cbc_data(sessions.encrypt)));
  if (!is_cbc_answer(queue.wait(example))) return 0;
  test::Answer encrypted = queue.wait(encrypting);
  if (encrypted.status() != kOk) return 0;
  encrypted.written.pop_back();
  const test::Answer answer =
      queue.call(request(data_of(sessions.decrypt, iv, encrypted.written, {}, text.size(), 0)));
  if (answer.status() != kOk || !std::equal(text.begin(), text.end(), answer.written.begin())) return 0;
  return 3;
}

// Runs `work` on every data queue, a thread each, until the time is over, and reports all of them together.
// `work` says how many requests it did, 0 when an answer was wrong.
using Work = std::function<unsigned(DraftQueue&, std::uint16_t, std::mt19937&)>;
bool run_on_all_queues(DraftDevice& device, std::chrono::milliseconds time, const std::string& label,
                       const Work& work) {
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<bool> wrong = false;
  std::vector<std::thread> threads;
  const auto start = steady_clock::now();
  for (std::uint16_t index = 0; index < device.data_queues(); ++index) {
    threads.emplace_back([&, index] {
      std::mt19937 random(index + 1U);
      try {
        do {
          const unsigned done = work(device.data_queue(index), index, random);
          if (done == 0) wrong = true;
          requests += done;
        } while (!wrong && steady_clock::now() - start < time);
      } catch (const std::exception&) {
        wrong = true;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  const std::chrono::duration<double> seconds = steady_clock::now() - start;
  report_workload(wrong ? Verdict::kFailed : Verdict::kPassed,
                  std::to_string(device.data_queues()) + " queues, " + label, requests,
                  static_cast<double>(requests) / seconds.count());
  return !wrong;
}

Pair open_pair(DraftDevice& device) {
  return {device.open(cbc_session(kEncrypt)), device.open(cbc_session(kDecrypt))};
}

bool close_pair(DraftDevice& device, const Pair& pair) {
  return device.close(pair.encrypt) == kOk && device.close(pair.decrypt) == kOk;
}

}  // namespace

bool check_traffic(DraftDevice& device, std::chrono::milliseconds time) {
  const Pair shared = open_pair(device);
  bool passed = run_on_all_queues(device, time, "one session for all",
                                  [&](DraftQueue& queue, std::uint16_t, std::mt19937& random) {
                                    return round_trip(queue, shared, random);
                                  });
  passed = close_pair(device, shared) && passed;

  std::vector<Pair> own;
  for (std::uint16_t index = 0; index < device.data_queues(); ++index)
    own.push_back(open_pair(device));
  passed = run_on_all_queues(device, time, "a session each",
                             [&](DraftQueue& queue, std::uint16_t index, std::mt19937& random) {
                               return round_trip(queue, own[index], random);
                             }) &&
           passed;
  for (const Pair& pair : own)
    passed = close_pair(device, pair) && passed;

  std::mutex control;  // one control queue for all, as drivers have it
  return run_on_all_queues(device, time, "control queue for each request",
                           [&](DraftQueue& queue, std::uint16_t, std::mt19937&) {
                             DraftDevice::Created created{};
                             {
                               const std::lock_guard lock(control);
                               created = device.create(cbc_session(kEncrypt));
                             }
                             const bool right = created.status == kOk &&
                                                is_cbc_answer(queue.call(request(cbc_data(created.id))));
                             const std::lock_guard lock(control);
                             return device.close(created.id) == kOk && right ? 3U : 0U;
                           }) &&
         passed;
}

bool check_inline_traffic(DraftDevice& device, std::chrono::milliseconds time) {
  return run_on_all_queues(device, time, "inline session for each request",
                           [&](DraftQueue& queue, std::uint16_t, std::mt19937&) {
                             Data data = cbc_data(0);
                             data.session = cbc_session(kEncrypt);
                             data.flags = kEndOfSession;
                             return is_cbc_answer(queue.call(request(data))) ? 1U : 0U;
                           });
}

}  // namespace virtcrypt::guest
