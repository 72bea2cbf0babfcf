// Sees every access of the calling thread to a piece of memory, and destroys what has been read: whoever
// reads twice finds something else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace virtcrypt::test {

// Pages are taken away, so that each access faults; the instruction is let through alone, and they are taken
// away again. x86-64 Linux. Thread-safety: one at a time, one thread.
class FetchWatch {
 public:
  // `memory`: whole pages.
  explicit FetchWatch(std::span<std::byte> memory);
  ~FetchWatch();
  FetchWatch(const FetchWatch&) = delete;
  FetchWatch& operator=(const FetchWatch&) = delete;

  // Bytes that belong together: once one of them has been read and something else is accessed, those that
  // were read are inverted.
  void destroy_when_read(std::span<std::byte> bytes);

  // Runs `act` under watch.
  template <typename Act>
  void run(const Act& act) {
    arm();
    act();
    disarm();
  }

  // How often each of the bytes was read, at most.
  [[nodiscard]] unsigned most_reads(std::span<const std::byte> bytes) const;
  [[nodiscard]] unsigned least_reads(std::span<const std::byte> bytes) const;
  // Instructions whose width is not known; their bytes, for messages. Nothing is destroyed after such.
  [[nodiscard]] const std::string& unknown() const { return unknown_; }

 private:
  struct Access {
    std::uintptr_t address;
    std::size_t bytes;
    bool is_write;
  };
  struct Group {
    std::span<std::byte> bytes;
    std::vector<bool> read;
    bool is_touched = false;
  };

  friend void on_fault(int, void*, void*);
  friend void on_step(void*);
  void arm();
  void disarm();
  void begin(const Access& access);
  void end();
  [[nodiscard]] Group* group_of(std::uintptr_t address);
  void destroy(Group& group);
  void protect(bool open);

  std::span<std::byte> memory_;
  std::vector<std::uint8_t> reads_;
  std::vector<Group> groups_;
  std::vector<std::int32_t> group_of_byte_;  // -1: none
  std::string unknown_;
  Access current_{};
  std::uintptr_t open_page_ = 0;
};

}  // namespace virtcrypt::test
