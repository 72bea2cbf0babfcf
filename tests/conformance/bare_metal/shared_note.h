// A line of text that outlives the process which wrote it.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace virtcrypt::conformance {

// Memory that this process shares with those that it forks from now on. Thread-safety: one thread of one
// process writes at a time; what was cut off in the middle of a write may read mixed.
class SharedNote {
 public:
  SharedNote();
  SharedNote(const SharedNote&) = delete;
  SharedNote& operator=(const SharedNote&) = delete;
  ~SharedNote();

  // Keeps the first kMost bytes.
  void write(std::string_view text);
  [[nodiscard]] std::string read() const;

  static constexpr std::size_t kMost = 200;

 private:
  struct Page {
    std::atomic<std::size_t> length;
    char text[kMost];
  };
  Page* page_;
};

}  // namespace virtcrypt::conformance
