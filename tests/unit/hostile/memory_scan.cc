#include "tests/unit/hostile/memory_scan.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <unordered_map>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/file_descriptor.h"

namespace virtcrypt::test {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kChunkPages = 64;

struct Mapping {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  bool dumped = true;
  std::string name;
};

// Writable ones, from /proc/self/smaps.
std::vector<Mapping> writable_mappings() {
  std::ifstream file("/proc/self/smaps");
  std::vector<Mapping> mappings;
  bool writable = false;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    const std::size_t dash = first.find('-');
    if (first.back() != ':' && dash != std::string::npos) {
      std::string permissions, offset, device, inode, name;
      words >> permissions >> offset >> device >> inode;
      std::getline(words >> std::ws, name);
      writable = permissions[0] == 'r' && permissions[1] == 'w';
      if (writable)
        mappings.push_back({std::stoull(first.substr(0, dash), nullptr, 16),
                            std::stoull(first.substr(dash + 1), nullptr, 16), true, name});
    } else if (writable && first == "VmFlags:") {
      for (std::string flag; words >> flag;) {
        if (flag == "dd") mappings.back().dumped = false;
      }
    }
  }
  return mappings;
}

// Memory that no scan looks at: what is read, and the signs.
class Window {
 public:
  Window()
      : bytes_(static_cast<std::byte*>(
            ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (bytes_ == MAP_FAILED) throw std::runtime_error("no memory to scan with");
  }
  ~Window() { ::munmap(bytes_, kBytes); }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  static constexpr std::size_t kBytes = (kChunkPages + 1) * kPage;
  [[nodiscard]] std::span<std::byte> bytes() const { return {bytes_, kBytes}; }

 private:
  std::byte* bytes_;
};

class Scanner {
 public:
  Scanner(const Secrets& secrets, std::span<const std::span<std::byte>> left_out)
      : left_out_(left_out.begin(), left_out.end()), prefixes_(std::size_t{1} << kPrefixBits) {
    left_out_.push_back(window_.bytes());
    memory_ = FileDescriptor(::open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
    pages_ = FileDescriptor(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    if (memory_.get() < 0 || pages_.get() < 0) throw std::runtime_error("no access to this process's memory");
    for (const Sign& sign : secrets.signs) {
      by_word_.emplace(sign.masked, &sign);
      prefixes_[masked(sign.masked) & kPrefixMask] = true;
    }
  }

  std::vector<Hit> run() {
    for (const Mapping& mapping : writable_mappings()) {
      for (std::uintptr_t at = mapping.begin; at < mapping.end; at += kPage * kChunkPages)
        chunk(mapping, at, std::min(at + kPage * kChunkPages, mapping.end));
    }
    return std::move(hits_);
  }

 private:
  static constexpr unsigned kPrefixBits = 20;
  static constexpr std::uint64_t kPrefixMask = (std::uint64_t{1} << kPrefixBits) - 1;

  // Runs of pages that are there; eight bytes of the next chunk are looked at with this one's last page.
  void chunk(const Mapping& mapping, std::uintptr_t begin, std::uintptr_t end) {
    std::uint64_t present[kChunkPages] = {};
    const std::size_t pages = (end - begin) / kPage;
    if (::pread(pages_.get(), present, pages * 8, static_cast<off_t>(begin / kPage * 8)) <= 0) return;
    for (std::size_t first = 0; first < pages;) {
      if (present[first] >> 62U == 0 || is_left_out(begin + first * kPage)) {
        ++first;
        continue;
      }
      std::size_t last = first;
      while (last < pages && present[last] >> 62U != 0 && !is_left_out(begin + last * kPage))
        ++last;
      search(mapping, begin + first * kPage, (last - first) * kPage);
      first = last;
    }
  }

  [[nodiscard]] bool is_left_out(std::uintptr_t page) const {
    return std::any_of(left_out_.begin(), left_out_.end(), [page](std::span<std::byte> area) {
      const auto begin = reinterpret_cast<std::uintptr_t>(area.data());
      return page + kPage > begin && page < begin + area.size();
    });
  }

  static constexpr std::size_t kZeroRun = 64;
  static bool is_zero(std::span<const std::byte> bytes) {
    std::array<std::uint64_t, kZeroRun / 8> words{};
    if (bytes.size() < kZeroRun) return false;
    std::memcpy(words.data(), bytes.data(), kZeroRun);
    return std::all_of(words.begin(), words.end(), [](std::uint64_t word) { return word == 0; });
  }

  void search(const Mapping& mapping, std::uintptr_t address, std::size_t bytes) {
    const ssize_t got =
        ::pread(memory_.get(), window_.bytes().data(), bytes + 7, static_cast<off_t>(address));
    if (got < 8) return;
    for (std::size_t at = 0; at + 8 <= static_cast<std::size_t>(got); ++at) {
      std::uint64_t word = 0;
      std::memcpy(&word, window_.bytes().data() + at, sizeof word);
      if (word == 0 && is_zero(window_.bytes().subspan(at).first(
                           std::min(kZeroRun, static_cast<std::size_t>(got) - at)))) {
        at += kZeroRun - 8;  // what begins in its last bytes may go on behind it
        continue;
      }
      if (!prefixes_[word & kPrefixMask]) continue;
      const auto found = by_word_.find(masked(word));
      if (found == by_word_.end()) continue;
      const Sign& sign = *found->second;
      hits_.push_back({address + at, sign.secret, sign.expanded, mapping.dumped, mapping.name});
    }
    std::memset(window_.bytes().data(), 0, static_cast<std::size_t>(got));
  }

  Window window_;
  std::vector<std::span<std::byte>> left_out_;
  std::vector<bool> prefixes_;
  std::unordered_map<std::uint64_t, const Sign*> by_word_;
  FileDescriptor memory_, pages_;
  std::vector<Hit> hits_;
};

}  // namespace

std::vector<Hit> scan_memory(const Secrets& secrets, std::span<const std::span<std::byte>> left_out) {
  return Scanner(secrets, left_out).run();
}

std::string describe(const Secrets& secrets, std::span<const Hit> hits) {
  std::map<std::string, std::pair<std::size_t, std::uintptr_t>> counts;
  for (const Hit& hit : hits) {
    const std::string what = secrets.names[hit.secret] + (hit.expanded ? ", expanded" : ", the key") +
                             " in " + (hit.place.empty() ? "anonymous memory" : hit.place);
    auto& [count, first] = counts[what];
    if (count++ == 0) first = hit.address;
  }
  std::ostringstream text;
  for (const auto& [what, found] : counts)
    text << what << ": " << found.first << " from " << std::hex << found.second << std::dec << '\n';
  return text.str();
}

}  // namespace virtcrypt::test
