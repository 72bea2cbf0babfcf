#include "tests/unit/hostile/fetch_watch.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

namespace virtcrypt::test {
namespace {

constexpr std::size_t kPage = 4096;
constexpr greg_t kTrapFlag = 0x100;
constexpr greg_t kWriteFault = 2;  // of the page fault's error code

FetchWatch* watch = nullptr;
struct sigaction old_fault, old_step;

// What an instruction says of the width of its memory operand.
struct Instruction {
  const std::uint8_t* at;
  bool operand_16 = false, wide = false, rep = false, repne = false;

  void prefixes() {
    for (;; ++at) {
      operand_16 |= *at == 0x66;
      rep |= *at == 0xF3;
      repne |= *at == 0xF2;
      const bool other = *at == 0x2E || *at == 0x36 || *at == 0x3E || *at == 0x26 || *at == 0x64 ||
                         *at == 0x65 || *at == 0xF0;
      if (*at != 0x66 && *at != 0xF3 && *at != 0xF2 && !other) break;
    }
    if ((*at & 0xF0U) == 0x40) wide = (*at++ & 8U) != 0;
  }
  [[nodiscard]] std::size_t operand() const { return wide ? 8 : operand_16 ? 2 : 4; }

  // 0: not known.
  [[nodiscard]] std::size_t vector_bytes(std::uint8_t opcode, std::size_t whole, unsigned prefix) const {
    switch (opcode) {
      case 0x10:
        return prefix == 2 ? 4 : prefix == 3 ? 8 : whole;  // movss, movsd, movups
      case 0x12:
      case 0x16:
        return 8;
      case 0x6E:
        return wide ? 8 : 4;
      case 0x7E:
        return 8;
      case 0x28:
      case 0x54:
      case 0x57:
      case 0x6F:
      case 0xEF:
      case 0xDB:
      case 0xEB:
      case 0xD4:
      case 0x74:
        return whole;
      default:
        return 0;
    }
  }

  [[nodiscard]] std::size_t two_byte_opcode() const {
    switch (at[1]) {
      case 0xB6:
      case 0xBE:
        return 1;
      case 0xB7:
      case 0xBF:
        return 2;
      case 0xAF:
      case 0xA3:
      case 0xBA:
        return operand();
      default:
        if (at[1] >= 0x40 && at[1] <= 0x4F) return operand();  // cmov
        return vector_bytes(at[1], 16, rep ? 2 : repne ? 3 : operand_16 ? 1 : 0);
    }
  }

  [[nodiscard]] std::size_t bytes() {
    prefixes();
    switch (*at) {
      case 0xC5:
        return vector_bytes(at[2], (at[1] & 4U) != 0 ? 32 : 16, at[1] & 3U);
      case 0xC4:
        wide = (at[2] & 0x80U) != 0;
        return (at[1] & 0x1FU) == 1 ? vector_bytes(at[3], (at[2] & 4U) != 0 ? 32 : 16, at[2] & 3U) : 0;
      case 0x62:
        return (at[1] & 7U) == 1 ? vector_bytes(at[4], std::size_t{16} << (at[3] >> 5U & 3U), at[2] & 3U) : 0;
      case 0x0F:
        return two_byte_opcode();
      case 0x8A:
      case 0x80:
      case 0x84:
      case 0xF6:
      case 0xA4:
      case 0x38:
      case 0x3A:
      case 0x32:
        return 1;
      case 0x8B:
      case 0x81:
      case 0x83:
      case 0x85:
      case 0xF7:
      case 0xA5:
      case 0x03:
      case 0x0B:
      case 0x23:
      case 0x2B:
      case 0x33:
      case 0x39:
      case 0x3B:
        return operand();
      case 0x63:
        return 4;
      default:
        return 0;
    }
  }
};

std::string hex_of(const std::uint8_t* instruction) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < 10; ++i) {
    text += kDigits[instruction[i] >> 4U];
    text += kDigits[instruction[i] & 15U];
  }
  return text + " ";
}

}  // namespace

void on_fault(int, void* information, void* context) {
  const auto address = reinterpret_cast<std::uintptr_t>(static_cast<siginfo_t*>(information)->si_addr);
  auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto begin = reinterpret_cast<std::uintptr_t>(watch->memory_.data());
  if (address < begin || address - begin >= watch->memory_.size()) {
    ::sigaction(SIGSEGV, &old_fault, nullptr);  // somebody else's: it comes again
    return;
  }
  const auto* code = reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]);
  const bool is_write = (registers[REG_ERR] & kWriteFault) != 0;
  const std::size_t bytes = is_write ? 0 : Instruction{code}.bytes();
  if (!is_write && bytes == 0) watch->unknown_ += hex_of(code);
  watch->begin({address, bytes, is_write});
  registers[REG_EFL] |= kTrapFlag;
}

void on_step(void* context) {
  static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~kTrapFlag;
  watch->end();
}

FetchWatch::FetchWatch(std::span<std::byte> memory)
    : memory_(memory), reads_(memory.size()), group_of_byte_(memory.size(), -1) {
  if (watch != nullptr) throw std::logic_error("one watch at a time");
  watch = this;
}

FetchWatch::~FetchWatch() {
  watch = nullptr;
}

void FetchWatch::destroy_when_read(std::span<std::byte> bytes) {
  const auto at = static_cast<std::size_t>(bytes.data() - memory_.data());
  std::fill_n(group_of_byte_.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(),
              static_cast<std::int32_t>(groups_.size()));
  groups_.push_back({bytes, std::vector<bool>(bytes.size()), false});
}

void FetchWatch::arm() {
  struct sigaction fault {};
  fault.sa_sigaction = [](int number, siginfo_t* information, void* context) {
    on_fault(number, information, context);
  };
  fault.sa_flags = SA_SIGINFO;
  struct sigaction step {};
  step.sa_sigaction = [](int, siginfo_t*, void* context) { on_step(context); };
  step.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &fault, &old_fault);
  ::sigaction(SIGTRAP, &step, &old_step);
  ::mprotect(memory_.data(), memory_.size(), PROT_NONE);
}

void FetchWatch::disarm() {
  ::mprotect(memory_.data(), memory_.size(), PROT_READ | PROT_WRITE);
  ::sigaction(SIGSEGV, &old_fault, nullptr);
  ::sigaction(SIGTRAP, &old_step, nullptr);
}

// Two pages: an access may reach into the next.
void FetchWatch::protect(bool open) {
  const auto end = reinterpret_cast<std::uintptr_t>(memory_.data()) + memory_.size();
  ::mprotect(reinterpret_cast<void*>(open_page_), std::min(2 * kPage, end - open_page_),
             open ? PROT_READ | PROT_WRITE : PROT_NONE);
}

FetchWatch::Group* FetchWatch::group_of(std::uintptr_t address) {
  const std::int32_t index = group_of_byte_[address - reinterpret_cast<std::uintptr_t>(memory_.data())];
  return index < 0 ? nullptr : &groups_[static_cast<std::size_t>(index)];
}

void FetchWatch::destroy(Group& group) {
  group.is_touched = false;
  for (std::size_t i = 0; i < group.bytes.size(); ++i) {
    if (group.read[i]) group.bytes[i] = ~group.bytes[i];
    group.read[i] = false;
  }
}

void FetchWatch::begin(const Access& access) {
  Group* const here = group_of(access.address);
  for (Group& group : groups_) {
    if (!group.is_touched || &group == here) continue;
    open_page_ = reinterpret_cast<std::uintptr_t>(group.bytes.data()) / kPage * kPage;
    ::mprotect(reinterpret_cast<void*>(open_page_), group.bytes.size() + 2 * kPage, PROT_READ | PROT_WRITE);
    destroy(group);
    ::mprotect(reinterpret_cast<void*>(open_page_), group.bytes.size() + 2 * kPage, PROT_NONE);
  }
  current_ = access;
  open_page_ = access.address / kPage * kPage;
  protect(true);
}

void FetchWatch::end() {
  const std::size_t at = current_.address - reinterpret_cast<std::uintptr_t>(memory_.data());
  for (std::size_t i = at; i < std::min(at + current_.bytes, reads_.size()); ++i) {
    ++reads_[i];
    if (group_of_byte_[i] < 0) continue;
    Group& group = groups_[static_cast<std::size_t>(group_of_byte_[i])];
    group.read[static_cast<std::size_t>(memory_.data() + i - group.bytes.data())] = true;
    group.is_touched = true;
  }
  protect(false);
}

unsigned FetchWatch::most_reads(std::span<const std::byte> bytes) const {
  const auto at = reads_.begin() + (bytes.data() - memory_.data());
  return bytes.empty() ? 0 : *std::max_element(at, at + static_cast<std::ptrdiff_t>(bytes.size()));
}

unsigned FetchWatch::least_reads(std::span<const std::byte> bytes) const {
  const auto at = reads_.begin() + (bytes.data() - memory_.data());
  return bytes.empty() ? 0 : *std::min_element(at, at + static_cast<std::ptrdiff_t>(bytes.size()));
}

}  // namespace virtcrypt::test
