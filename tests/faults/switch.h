// Which of the faults that were woven into a test build is on: one, or none.
#pragma once

#include <cstdint>
#include <string_view>

namespace virtcrypt::faults {

// Stands for a fault's name, so that asking is one comparison; equal for equal names.
[[nodiscard]] constexpr std::uint64_t number_of(std::string_view name) {
  std::uint64_t number = 0xCBF2'9CE4'8422'2325;  // FNV-1a
  for (const char c : name)
    number = (number ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3;
  return number;
}

// 0: none. Written before a device is made, and read by its threads.
inline std::uint64_t number_of_active_fault = 0;

inline void switch_on(std::string_view name) {
  number_of_active_fault = number_of(name);
}
inline void switch_off() {
  number_of_active_fault = 0;
}

// A name in a woven source, as its number.
class Name {
 public:
  // Implicit: woven sources say on("name").
  consteval Name(const char* name) : number_(number_of(name)) {}
  [[nodiscard]] constexpr std::uint64_t number() const { return number_; }

 private:
  std::uint64_t number_;
};

[[nodiscard]] inline bool on(Name fault) {
  return fault.number() == number_of_active_fault;
}

}  // namespace virtcrypt::faults
