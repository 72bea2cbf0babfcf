// What a flood of one queue does to the others of the same I/O thread (docs/security.md, "Timing and
// starvation"): latency of one request at a time on another data queue and on the control queue, without and
// with the flood, and how long a reset of the flooded device takes.
//   ninja -C build bench_starvation && build/tests/bench_starvation
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/bench_device.h"
#include "tests/driver/crypto_driver.h"
#include "tests/driver/request_ring.h"
#include "virtcrypt/devices/log.h"

namespace {

using namespace virtcrypt;
using bench::BenchDevice;
using Clock = std::chrono::steady_clock;
using test::Bytes;
using test::Segment;

constexpr std::uint16_t kFlooded = 0, kVictim = 1;
constexpr std::uint16_t kRingSize = 256;
constexpr int kCalls = 1000;

// SP 800-38A, F.2.1.
const Bytes kKey = test::from_hex("2b7e151628aed2a6abf7158809cf4f3c");
const Bytes kIv = test::from_hex("000102030405060708090a0b0c0d0e0f");

struct Latency {
  double median_us;
  double p99_us;
};

Latency measure(const std::function<void()>& call) {
  std::vector<double> microseconds;
  for (int i = 0; i < kCalls; ++i) {
    const auto start = Clock::now();
    call();
    microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(microseconds.begin(), microseconds.end());
  return {microseconds[kCalls / 2], microseconds[kCalls * 99 / 100]};
}

class Bench {
 public:
  Bench()
      : device_({.data_queues = 2, .queue_size = kRingSize, .io_threads = 1, .workers = 1},
                test::feature::kVersion1 | test::feature::kEventIdx | test::feature::kIndirectDesc,
                kRingSize),
        create_(place(test::CryptoDriver::cipher_create(3, kKey, 1))) {
    const std::uint16_t control = device_.control_queue();
    device_.call(control, create_);
    session_ = *reinterpret_cast<const std::uint64_t*>(
        device_.memory().at(create_.back().address, create_.back().length).data());
    // Answered with an error, and as much work as any for the control queue.
    destroy_ = place(test::CryptoDriver::destroy(3, 1U << 30U));
    small_ = place(encrypt(64));
  }

  [[nodiscard]] Latency on_data_queue() {
    return measure([this] { device_.call(kVictim, small_); });
  }
  [[nodiscard]] Latency on_control_queue() {
    return measure([this] { device_.call(device_.control_queue(), destroy_); });
  }

  // Keeps the ring of the flooded queue full with texts of so many bytes, and kicks it without need, while
  // `meanwhile` runs.
  void flood(std::size_t bytes, const std::function<void()>& meanwhile) {
    const std::vector<Segment> chain = place(encrypt(bytes));
    std::atomic<bool> ends{false};
    std::thread flooder([&] {
      auto& ring = device_.ring(kFlooded);
      while (!ends) {
        while (ring.add(chain)) {
        }
        device_.pci().kick(kFlooded);
        while (ring.poll()) {
        }
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    meanwhile();
    ends = true;
    flooder.join();
  }

  // Of a device whose ring is full and whose requests nobody takes back.
  [[nodiscard]] double reset_ms(std::size_t bytes) {
    const std::vector<Segment> chain = place(encrypt(bytes));
    while (device_.ring(kFlooded).add(chain)) {
    }
    device_.pci().kick(kFlooded);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    const auto start = Clock::now();
    device_.pci().request_reset();
    while (device_.pci().device_status() != 0)
      std::this_thread::yield();
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
  }

 private:
  [[nodiscard]] std::vector<Segment> place(const test::Request& request) {
    return test::place(device_.memory(), request);
  }
  [[nodiscard]] test::Request encrypt(std::size_t bytes) const {
    return test::CryptoDriver::cipher(0, session_, kIv, Bytes(bytes));
  }

  BenchDevice device_;
  std::vector<Segment> create_, destroy_, small_;
  std::uint64_t session_ = 0;
};

void print(const char* queue, const char* flood, const Latency& latency, const Latency& quiet) {
  std::printf("%-14s %-14s median %7.1f us (x %5.1f)   99 %% %8.1f us (x %5.1f)\n", queue, flood,
              latency.median_us, latency.median_us / quiet.median_us, latency.p99_us,
              latency.p99_us / quiet.p99_us);
}

void run() {
  Bench bench;
  const Latency data = bench.on_data_queue();
  const Latency control = bench.on_control_queue();
  print("data queue", "none", data, data);
  print("control queue", "none", control, control);
  struct Flood {
    const char* name;
    std::size_t bytes;
  };
  for (const Flood& flood :
       {Flood{"64 B", 64}, Flood{"64 KiB", std::size_t{64} << 10}, Flood{"4 MiB", std::size_t{4} << 20}}) {
    bench.flood(flood.bytes, [&] {
      print("data queue", flood.name, bench.on_data_queue(), data);
      print("control queue", flood.name, bench.on_control_queue(), control);
    });
  }
  std::printf("reset with a full ring of 4 MiB requests: %.1f ms\n", bench.reset_ms(std::size_t{4} << 20));
}

}  // namespace

int main() {
  devices::log().set_level(spdlog::level::off);
  try {
    run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
  }
  return 0;
}
