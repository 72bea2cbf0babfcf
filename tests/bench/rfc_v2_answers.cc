// The questions that the review of the draft left open, answered by measurement (docs/rfc-v2-answers.md).
//   ninja -C build bench_rfc_v2_answers && build/tests/bench_rfc_v2_answers
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <cryptopp/aes.h>
#include <cryptopp/modes.h>

#include "tests/bench/bench_device.h"
#include "tests/driver/crypto_requests.h"
#include "tests/driver/request_ring.h"
#include "tests/driver/rfc_v2_requests.h"
#include "virtcrypt/devices/log.h"

namespace {

using namespace virtcrypt;
using bench::BenchDevice;
using std::chrono::steady_clock;
using test::Bytes;
using test::Segment;
namespace draft = test::rfc_v2;

constexpr std::uint32_t kAesCbc = 3;
constexpr std::uint16_t kRingSize = 1024;
constexpr unsigned kDepth = 32;  // requests in flight on each queue

constexpr std::uint16_t kQueueCounts[] = {1, 2, 4};
constexpr std::size_t kSizes[] = {64, 1024, 16384};

struct Settings {
  std::chrono::milliseconds each{300};  // of one measurement
  unsigned rounds = 5;
};

// SP 800-38A, F.2.1.
const Bytes kKey = test::from_hex("2b7e151628aed2a6abf7158809cf4f3c");
const Bytes kIv = test::from_hex("000102030405060708090a0b0c0d0e0f");

Bytes expected(const Bytes& text) {
  const auto* const key = reinterpret_cast<const CryptoPP::byte*>(kKey.data());
  const auto* const iv = reinterpret_cast<const CryptoPP::byte*>(kIv.data());
  CryptoPP::CBC_Mode<CryptoPP::AES>::Encryption cipher(key, kKey.size(), iv);
  Bytes result(text.size());
  cipher.ProcessData(reinterpret_cast<CryptoPP::byte*>(result.data()),
                     reinterpret_cast<const CryptoPP::byte*>(text.data()), text.size());
  return result;
}

enum class Way : std::uint8_t {
  kSession,    // the draft, sessions that live long
  kShared,     // one such session for all queues
  kControl,    // the draft, a session for each request, made and closed on the control queue
  kInline,     // the draft, a session for each request, brought along
  kStateless,  // the standard's stateless mode
};

// What one request in flight goes through.
enum class Stage : std::uint8_t { kFree, kCreating, kCreated, kRunning, kDone, kClosing, kClosed };

struct Slot {
  std::atomic<Stage> stage{Stage::kFree};
  std::vector<Segment> create, data, close;
  std::byte* created_id = nullptr;  // in the answer to create
  std::byte* data_id = nullptr;     // in the data request
  std::byte* close_id = nullptr;
  std::span<std::byte> result;
};

// One driver thread and one of the device for each queue, as far as there are processors for both.
unsigned threads_for(std::uint16_t queues) {
  return std::clamp(std::thread::hardware_concurrency() / 2, 1U, unsigned{queues});
}

devices::crypto_dev::DeviceOptions options_for(Way way, std::uint16_t queues) {
  devices::crypto_dev::DeviceOptions options;
  options.data_queues = queues;
  options.queue_size = kRingSize;
  options.io_threads = threads_for(queues);
  options.workers = 0;
  if (way != Way::kStateless) {
    options.dialect = &devices::crypto_dev::rfc_v2_dialect();
    options.extensions = virtio::FeatureSet::all();
  }
  return options;
}

std::uint64_t features_for(Way way) {
  constexpr std::uint64_t kCipherStateless = 1U << 0U | 1U << 1U;  // REVISION_1, which it needs
  const std::uint64_t common = test::feature::kVersion1 | test::feature::kEventIdx;
  if (way == Way::kStateless) return common | kCipherStateless;
  const std::uint64_t features = common | draft::kFeatureStatus | draft::kFeatureMq | draft::kFeatureAlgs;
  return way == Way::kInline ? features | draft::kFeatureInline : features;
}

// A device, and users of it that do the same request again and again.
class Traffic {
 public:
  Traffic(Way way, std::uint16_t queues, std::size_t bytes)
      : way_(way), queues_(queues), bench_(options_for(way, queues), features_for(way), kRingSize) {
    Bytes text(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
      text[i] = static_cast<std::byte>(i);
    expected_ = expected(text);
    std::uint64_t shared = 0;
    for (std::uint16_t queue = 0; queue < queues; ++queue) {
      std::uint64_t session = 0;
      if (way == Way::kSession || (way == Way::kShared && shared == 0)) session = open();
      if (way == Way::kShared) session = shared = shared == 0 ? session : shared;
      for (unsigned i = 0; i < kDepth; ++i)
        slots_.push_back(make_slot(text, session));
    }
    by_head_.resize(queues + 1U, std::vector<Slot*>(kRingSize, nullptr));
  }

  // Requests a second over all queues. Throws when a result is wrong.
  double run(std::chrono::milliseconds time) {
    std::atomic<std::uint64_t> requests = 0;
    stop_ = false;
    failed_ = false;
    std::vector<std::thread> threads;
    const auto start = steady_clock::now();
    for (unsigned thread = 0; thread < threads_for(queues_); ++thread)
      threads.emplace_back([&, thread] { requests += drive(thread); });
    std::this_thread::sleep_for(time);
    stop_ = true;
    for (std::thread& thread : threads)
      thread.join();
    const std::chrono::duration<double> seconds = steady_clock::now() - start;
    for (const auto& slot : slots_) {
      if (!std::equal(expected_.begin(), expected_.end(), slot->result.begin()) ||
          slot->result.back() != std::byte{0})
        failed_ = true;
    }
    if (failed_) throw std::runtime_error("a request went wrong");
    return static_cast<double>(requests) / seconds.count();
  }

 private:
  std::uint64_t open() {
    const auto chain = place(bench_.memory(), draft::create(draft::cipher_session(kAesCbc, kKey, 1)));
    bench_.call(bench_.control_queue(), chain);
    const auto answer = bench_.memory().at(chain.back().address, draft::kTrailerBytes);
    if (answer[0] != std::byte{0}) throw std::runtime_error("a session is refused");
    return draft::le64_at(answer, 1);
  }

  [[nodiscard]] std::byte* at(const Segment& segment, std::size_t offset) {
    return bench_.memory().at(segment.address, segment.length).data() + offset;
  }

  std::unique_ptr<Slot> make_slot(const Bytes& text, std::uint64_t session) {
    auto slot = std::make_unique<Slot>();
    test::TestMemory& memory = bench_.memory();
    if (way_ == Way::kStateless) {
      const test::CipherSubject subject{.algorithm = kAesCbc, .key = kKey};
      slot->data = place(memory, test::cipher_request({.layout = test::Layout::kStateless}, subject, kIv,
                                                      text, text.size()));
    } else {
      draft::Data data = draft::data_of(session, kIv, text, {}, text.size(), 0);
      if (way_ == Way::kInline) {
        data.flags = draft::kEndOfSession;
        data.session = draft::cipher_session(kAesCbc, kKey, 1);
      }
      slot->data = place(memory, draft::request(data));
      slot->create = place(memory, draft::create(draft::cipher_session(kAesCbc, kKey, 1)));
      slot->close = place(memory, draft::close(0));
      slot->created_id = at(slot->create.back(), 1);
      slot->data_id = at(slot->data.front(), 0);
      slot->close_id = at(slot->close.front(), 1);
    }
    // Writable parts follow each other in memory or are one.
    const auto first = std::find_if(slot->data.begin(), slot->data.end(),
                                    [](const Segment& segment) { return segment.writable; });
    const std::uint64_t end = slot->data.back().address + slot->data.back().length;
    slot->result = memory.at(first->address, end - first->address);
    return slot;
  }

  void start(std::uint16_t queue, Slot& slot, const std::vector<Segment>& chain, Stage stage) {
    slot.stage = stage;
    by_head_[queue][bench_.submit(queue, chain)] = &slot;
  }

  void start_control(Slot& slot, const std::vector<Segment>& chain, Stage stage) {
    const std::lock_guard lock(control_mutex_);
    start(bench_.control_queue(), slot, chain, stage);
  }

  void collect(std::uint16_t queue) {
    while (const auto used = bench_.ring(queue).poll()) {
      Slot& slot = *by_head_[queue][used->head];
      const Stage stage = slot.stage;
      if (stage == Stage::kCreating) {
        slot.stage = Stage::kCreated;
      } else if (stage == Stage::kRunning) {
        slot.stage = Stage::kDone;
      } else {
        slot.stage = Stage::kClosed;
      }
    }
  }

  // One step of one request; true when a request has been finished.
  bool step(std::uint16_t queue, Slot& slot) {
    switch (slot.stage) {
      case Stage::kFree:
        if (stop_) return false;
        if (way_ == Way::kControl) {
          start_control(slot, slot.create, Stage::kCreating);
        } else {
          start(queue, slot, slot.data, Stage::kRunning);
        }
        return false;
      case Stage::kCreated:
        if (slot.created_id[-1] != std::byte{0}) failed_ = true;
        std::memcpy(slot.data_id, slot.created_id, 8);
        std::memcpy(slot.close_id, slot.created_id, 8);
        start(queue, slot, slot.data, Stage::kRunning);
        return false;
      case Stage::kDone:
        if (way_ == Way::kControl) {
          start_control(slot, slot.close, Stage::kClosing);
          return false;
        }
        slot.stage = Stage::kFree;
        return true;
      case Stage::kClosed:
        slot.stage = Stage::kFree;
        return true;
      default:
        return false;
    }
  }

  [[nodiscard]] std::span<std::unique_ptr<Slot>> slots_of(unsigned queue) {
    return std::span(slots_).subspan(std::size_t{queue} * kDepth, kDepth);
  }

  // One look at a queue; says how many requests have been finished.
  std::uint64_t visit(std::uint16_t queue) {
    std::uint64_t finished = 0;
    for (const auto& slot : slots_of(queue))
      finished += step(queue, *slot) ? 1 : 0;
    collect(queue);
    return finished;
  }

  [[nodiscard]] bool all_free(unsigned queue) {
    const auto slots = slots_of(queue);
    return std::all_of(slots.begin(), slots.end(),
                       [](const auto& slot) { return slot->stage == Stage::kFree; });
  }

  // Drives each n-th queue.
  std::uint64_t drive(unsigned thread) {
    std::uint64_t finished = 0;
    for (bool busy = true; busy || !stop_;) {
      busy = false;
      const std::uint64_t before = finished;
      for (unsigned queue = thread; queue < queues_; queue += threads_for(queues_)) {
        finished += visit(static_cast<std::uint16_t>(queue));
        busy = busy || !all_free(queue);
      }
      if (way_ == Way::kControl && control_mutex_.try_lock()) {
        collect(bench_.control_queue());
        control_mutex_.unlock();
      }
      if (finished == before) std::this_thread::yield();
    }
    return finished;
  }

  const Way way_;
  const std::uint16_t queues_;
  BenchDevice bench_;
  Bytes expected_;
  std::vector<std::unique_ptr<Slot>> slots_;  // kDepth a queue
  std::vector<std::vector<Slot*>> by_head_;   // queue, head
  std::mutex control_mutex_;                  // the control ring is everybody's
  std::atomic<bool> stop_{false};
  std::atomic<bool> failed_{false};
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Rate {
  double requests = 0;  // a second
  double share = 0;     // of the first way's in the same round
};

// Medians; the ways take turns, so that a busy machine is busy for all.
std::map<Way, Rate> compare(const std::vector<Way>& ways, std::uint16_t queues, std::size_t bytes,
                            const Settings& settings) {
  std::map<Way, std::vector<double>> rates, shares;
  for (unsigned round = 0; round < settings.rounds; ++round) {
    for (const Way way : ways) {
      rates[way].push_back(Traffic(way, queues, bytes).run(settings.each));
      shares[way].push_back(rates[way].back() / rates[ways.front()].back());
    }
  }
  std::map<Way, Rate> medians;
  for (const Way way : ways)
    medians[way] = {median(rates[way]), median(shares[way])};
  return medians;
}

// One row for each number of queues and size: the first way, then the others with their shares.
void print_table(const std::vector<Way>& ways, const Settings& settings) {
  for (const std::uint16_t queues : kQueueCounts) {
    for (const std::size_t bytes : kSizes) {
      const auto rates = compare(ways, queues, bytes, settings);
      std::printf("| %u | %zu | %.0f |", queues, bytes, rates.at(ways.front()).requests);
      for (const Way way : std::span(ways).subspan(1))
        std::printf(" %.0f (%.2f) |", rates.at(way).requests, rates.at(way).share);
      std::puts("");
      std::fflush(stdout);
    }
  }
}

void session_churn(const Settings& settings) {
  std::puts("Sessions created often: requests a second, and as a share of sessions that live long.\n");
  std::puts("| queues | bytes | long-lived | control queue | inline | stateless (standard) |");
  std::puts("| --- | --- | --- | --- | --- | --- |");
  print_table({Way::kSession, Way::kControl, Way::kInline, Way::kStateless}, settings);
}

void shared_session(const Settings& settings) {
  std::puts("\nOne session on many queues: requests a second, and as a share of a session for each queue.\n");
  std::puts("| queues | bytes | a session each | one session |");
  std::puts("| --- | --- | --- | --- |");
  print_table({Way::kSession, Way::kShared}, settings);
}

double thread_milliseconds() {
  timespec used = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

struct Waited {
  std::vector<double> microseconds;  // from set_ready() until the driver knows
  double processor_ms = 0;
  std::uint64_t reads = 0;  // of the status field
};

// A device that is not ready for `away`, again and again; `wait` returns once the driver knows that it is
// ready, and says how often it has read the field.
Waited wait_for_readiness(const std::function<std::uint64_t(BenchDevice&)>& wait, unsigned rounds) {
  constexpr auto kAway = std::chrono::milliseconds(20);
  BenchDevice bench(options_for(Way::kSession, 1), features_for(Way::kSession), kRingSize);
  Waited waited;
  for (unsigned round = 0; round < rounds; ++round) {
    bench.device().set_ready(false);
    bench.slot().wait();
    steady_clock::time_point on;
    std::thread host([&] {
      std::this_thread::sleep_for(kAway);
      on = steady_clock::now();
      bench.device().set_ready(true);
    });
    const double before = thread_milliseconds();
    waited.reads += wait(bench);
    const auto known = steady_clock::now();
    waited.processor_ms += thread_milliseconds() - before;
    host.join();
    waited.microseconds.push_back(std::chrono::duration<double, std::micro>(known - on).count());
  }
  return waited;
}

bool is_ready(BenchDevice& bench) {
  return (bench.pci().read(4, draft::kConfigStatus, 2) & 1U) != 0;
}

void readiness(const Settings& settings) {
  const unsigned rounds = 10 * settings.rounds;
  const auto print = [rounds](const char* how, Waited waited) {
    std::sort(waited.microseconds.begin(), waited.microseconds.end());
    std::printf("| %s | %.1f | %.1f | %.2f | %.0f |\n", how, median(waited.microseconds),
                waited.microseconds[waited.microseconds.size() * 9 / 10], waited.processor_ms / rounds,
                static_cast<double>(waited.reads) / rounds);
    std::fflush(stdout);
  };
  std::puts("\nWaiting 20 ms for readiness: until the driver knows, and what the waiting takes.\n");
  std::puts("| how | median us | 90 % within us | processor ms a wait | reads of status a wait |");
  std::puts("| --- | --- | --- | --- | --- |");
  print("interrupt", wait_for_readiness(
                         [](BenchDevice& bench) -> std::uint64_t {
                           bench.slot().wait();
                           if (!is_ready(bench)) throw std::runtime_error("interrupt without readiness");
                           return 1;
                         },
                         rounds));
  print("spinning", wait_for_readiness(
                        [](BenchDevice& bench) -> std::uint64_t {
                          std::uint64_t reads = 1;
                          while (!is_ready(bench))
                            ++reads;
                          return reads;
                        },
                        rounds));
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  if (argc == 3) {
    settings.each = std::chrono::milliseconds(std::atoi(argv[1]));
    settings.rounds = static_cast<unsigned>(std::atoi(argv[2]));
  }
  if (settings.each.count() <= 0 || settings.rounds == 0 || (argc != 1 && argc != 3)) {
    std::fputs("usage: bench_rfc_v2_answers [MILLISECONDS ROUNDS]\n", stderr);
    return 2;
  }
  devices::log().set_level(spdlog::level::warn);
  try {
    session_churn(settings);
    shared_session(settings);
    readiness(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
}
