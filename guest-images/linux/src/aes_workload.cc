// AES-CBC through the device against the guest's own software implementation. Payloads, keys and IVs are
// random; the seed is printed, so a failure can be repeated with --seed.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"
#include "skcipher.h"
#include "workloads.h"

namespace virtcrypt::guest {

namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::byte>;

constexpr std::size_t kBlock = 16;
constexpr std::size_t kLargest = 65536;  // what AF_ALG takes in one message: 16 pages
constexpr std::array<std::size_t, 3> kKeyBytes{16, 24, 32};
constexpr std::array<std::size_t, 7> kSizes{16, 48, 256, 1024, 4096, 16384, kLargest};

// Requests served by the device and the time spent waiting for them; software runs are not counted.
struct Tally {
  std::uint64_t requests = 0;
  double seconds = 0;
  bool correct = true;

  void add(const Tally& other) {
    requests += other.requests;
    seconds += other.seconds;
    correct = correct && other.correct;
  }
  [[nodiscard]] double rate() const { return seconds > 0 ? static_cast<double>(requests) / seconds : 0; }
};

Bytes random_bytes(std::mt19937_64& random, std::size_t count) {
  Bytes bytes(count);
  for (std::byte& byte : bytes)
    byte = static_cast<std::byte>(random());
  return bytes;
}

void complain(const char* what, std::size_t key_bytes, std::size_t size) {
  std::printf("AES-%zu-CBC, %zu bytes: %s\n", key_bytes * 8, size, what);
}

// One key on both implementations.
class Pair {
 public:
  Pair(const AesOptions& options, std::mt19937_64& random, std::size_t key_bytes)
      : random_(random),
        key_(random_bytes(random, key_bytes)),
        device_(options.device, key_),
        software_(options.software, key_) {}

  // Encrypts and decrypts `size` random bytes on the device; both results must equal what software says.
  Tally round(std::size_t size) {
    const Bytes iv = random_bytes(random_, kBlock);
    const Bytes text = random_bytes(random_, size);
    Bytes expected(size);
    software_.crypt(Direction::kEncrypt, iv, text, expected);
    // The device's output must be written by the device: it starts as something else.
    Bytes encrypted(size);
    Bytes decrypted(size);

    Tally tally;
    const auto start = Clock::now();
    device_.crypt(Direction::kEncrypt, iv, text, encrypted);
    device_.crypt(Direction::kDecrypt, iv, expected, decrypted);
    tally.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    tally.requests = 2;
    if (encrypted != expected) complain("the device's ciphertext is not software's", key_.size(), size);
    if (decrypted != text) complain("the device's plaintext is not the original", key_.size(), size);
    tally.correct = encrypted == expected && decrypted == text;
    return tally;
  }

  // A message in pieces on the device equals the whole in software: the IV that goes back to the driver is
  // right.
  Tally chained_round(std::size_t size, std::size_t piece) {
    const Bytes iv = random_bytes(random_, kBlock);
    const Bytes text = random_bytes(random_, size);
    Bytes expected(size);
    software_.crypt(Direction::kEncrypt, iv, text, expected);
    Bytes encrypted(size);
    Bytes decrypted(size);

    Tally tally;
    const auto start = Clock::now();
    device_.crypt_in_pieces(Direction::kEncrypt, iv, text, encrypted, piece);
    device_.crypt_in_pieces(Direction::kDecrypt, iv, expected, decrypted, piece);
    tally.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    tally.requests = 2 * ((size + piece - 1) / piece);
    tally.correct = encrypted == expected && decrypted == text;
    if (!tally.correct) complain("a message in pieces differs from the whole", key_.size(), size);
    return tally;
  }

  Skcipher& device() { return device_; }
  Skcipher& software() { return software_; }

 private:
  std::mt19937_64& random_;
  Bytes key_;
  Skcipher device_;
  Skcipher software_;
};

std::string size_name(std::size_t bytes) {
  return bytes % 1024 == 0 ? std::to_string(bytes / 1024) + " KiB" : std::to_string(bytes) + " B";
}

// Runs `body` (which returns a Tally), reports it as one workload and turns a system error into a failure.
template <typename Body>
bool workload(const std::string& label, Body body) {
  try {
    const Tally tally = body();
    const bool passed = tally.correct && tally.requests > 0;
    report_workload(passed ? Verdict::kPassed : Verdict::kFailed, label, tally.requests, tally.rate());
    return passed;
  } catch (const std::exception& error) {
    std::printf("%s: %s\n", label.c_str(), error.what());
    report_workload(Verdict::kFailed, label, 0, 0);
    return false;
  }
}

bool out_of_time(Clock::time_point start, unsigned milliseconds) {
  return Clock::now() - start >= std::chrono::milliseconds(milliseconds);
}

Tally run_size(const AesOptions& options, std::mt19937_64& random, std::size_t size) {
  Tally total;
  std::vector<std::unique_ptr<Pair>> pairs;
  for (const std::size_t key_bytes : kKeyBytes) {
    pairs.push_back(std::make_unique<Pair>(options, random, key_bytes));
  }
  const auto start = Clock::now();
  do {
    for (const auto& pair : pairs)
      total.add(pair->round(size));
  } while (total.correct && !out_of_time(start, options.milliseconds));
  return total;
}

Tally run_chained(const AesOptions& options, std::mt19937_64& random) {
  Tally total;
  for (const std::size_t key_bytes : kKeyBytes) {
    Pair pair(options, random, key_bytes);
    total.add(pair.chained_round(kLargest, 4096));
    total.add(pair.chained_round(1024, 4 * kBlock));
  }
  return total;
}

// One socket's share of the parallel workload: random sizes and keys until the time is up.
Tally run_socket(const AesOptions& options, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Tally total;
  const auto start = Clock::now();
  do {
    Pair pair(options, random, kKeyBytes[random() % kKeyBytes.size()]);
    for (int i = 0; i < 8 && total.correct; ++i) {
      // As many small requests as large ones: a uniform size would hardly ever be below a page.
      const std::size_t most = kBlock << (random() % 13);
      total.add(pair.round((1 + random() % (most / kBlock)) * kBlock));
    }
  } while (total.correct && !out_of_time(start, options.milliseconds));
  return total;
}

// A process of the parallel workload: one thread a socket.
Tally run_process(const AesOptions& options, std::uint64_t seed) {
  std::vector<Tally> tallies(options.sockets);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.sockets; ++i) {
    threads.emplace_back([&options, &tallies, seed, i] {
      try {
        tallies[i] = run_socket(options, seed + i);
      } catch (const std::exception& error) {
        std::printf("parallel: %s\n", error.what());
        tallies[i].correct = false;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  Tally total;
  for (const Tally& tally : tallies)
    total.add(tally);
  return total;
}

[[noreturn]] void child(const AesOptions& options, std::uint64_t seed, int pipe_end) {
  const Tally tally = run_process(options, seed);
  std::fflush(stdout);
  const bool told = ::write(pipe_end, &tally, sizeof tally) == static_cast<ssize_t>(sizeof tally);
  ::_exit(told ? 0 : 1);
}

Tally run_parallel(const AesOptions& options, std::uint64_t seed) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) throw std::system_error(errno, std::generic_category(), "pipe");
  std::fflush(stdout);
  const auto start = Clock::now();
  std::vector<pid_t> children;
  for (unsigned i = 0; i < options.processes; ++i) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) child(options, seed + std::uint64_t{1000} * (i + 1), ends[1]);
    children.push_back(pid);
  }
  ::close(ends[1]);
  Tally total;
  Tally one;
  unsigned answers = 0;
  for (; ::read(ends[0], &one, sizeof one) == static_cast<ssize_t>(sizeof one); ++answers)
    total.add(one);
  ::close(ends[0]);
  for (const pid_t pid : children) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status != 0) total.correct = false;
  }
  if (answers != options.processes) total.correct = false;
  // The requests overlap, so their rate is over the wall clock (in which the software comparison is part).
  total.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return total;
}

// True when every page of the range lies at or above 4 GiB, by /proc/self/pagemap (bits 0-54: frame number).
bool above_4g(const std::byte* start, std::size_t bytes, int pagemap) {
  constexpr std::uint64_t kFrameMask = (std::uint64_t{1} << 55) - 1;
  constexpr std::uint64_t kFirstHighFrame = std::uint64_t{1} << 20;
  for (std::size_t offset = 0; offset < bytes; offset += 4096) {
    const auto page = (reinterpret_cast<std::uintptr_t>(start) + offset) / 4096;
    std::uint64_t entry = 0;
    if (::pread(pagemap, &entry, sizeof entry, static_cast<off_t>(page * sizeof entry)) != sizeof entry)
      return false;
    if ((entry & kFrameMask) < kFirstHighFrame) return false;
  }
  return true;
}

// The kernel hands the pages of a reading process to the driver, so the device writes this very memory.
Tally run_high(const AesOptions& options, std::mt19937_64& random) {
  constexpr std::size_t kArena = std::size_t{64} << 20;
  void* arena =
      ::mmap(nullptr, kArena, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (arena == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  const int pagemap = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) throw std::system_error(errno, std::generic_category(), "/proc/self/pagemap");

  Pair pair(options, random, 32);
  Tally total;
  for (std::size_t offset = 0; offset < kArena && total.requests < 64; offset += kLargest) {
    std::byte* high = static_cast<std::byte*>(arena) + offset;
    if (!above_4g(high, kLargest, pagemap)) continue;
    const Bytes iv = random_bytes(random, kBlock);
    const Bytes text = random_bytes(random, kLargest);
    Bytes expected(kLargest);
    pair.software().crypt(Direction::kEncrypt, iv, text, expected);
    const auto start = Clock::now();
    pair.device().crypt(Direction::kEncrypt, iv, text, {high, kLargest});
    total.seconds += std::chrono::duration<double>(Clock::now() - start).count();
    ++total.requests;
    if (!std::equal(expected.begin(), expected.end(), high)) total.correct = false;
  }
  ::close(pagemap);
  ::munmap(arena, kArena);
  return total;
}

// The first software driver there is. The generic one is preferred: it shares no code with any accelerator.
AesOptions with_software(AesOptions options) {
  if (!options.software.empty()) return options;
  for (const char* name : {"cbc(aes-generic)", "cbc-aes-aesni", "cbc(aes-lib)"}) {
    if (!Skcipher::available(name)) continue;
    options.software = name;
    return options;
  }
  throw std::runtime_error("this kernel has no software cbc(aes) to compare with");
}

}  // namespace

bool run_aes(const AesOptions& wanted) {
  const AesOptions options = with_software(wanted);
  std::printf("AES-CBC: %s against %s, seed %llu\n", options.device.c_str(), options.software.c_str(),
              static_cast<unsigned long long>(options.seed));
  std::mt19937_64 random(options.seed);
  bool passed = true;
  for (const std::size_t size : kSizes) {
    passed &= workload("AES-CBC " + size_name(size), [&] { return run_size(options, random, size); });
  }
  passed &= workload("AES-CBC chained IV", [&] { return run_chained(options, random); });
  passed &= workload("AES-CBC " + std::to_string(options.processes) + " processes x " +
                         std::to_string(options.sockets) + " sockets",
                     [&] { return run_parallel(options, options.seed); });
  return passed;
}

bool run_high_memory(const AesOptions& wanted) {
  const AesOptions options = with_software(wanted);
  std::mt19937_64 random(options.seed);
  return workload("AES-CBC into memory above 4 GiB", [&] { return run_high(options, random); });
}

}  // namespace virtcrypt::guest
