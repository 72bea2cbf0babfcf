#include "virtcrypt/vmm/vcpu.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include <pthread.h>
#include <signal.h>

#include <spdlog/fmt/fmt.h>

#include "virtcrypt/vmm/thread_signals.h"

namespace virtcrypt::vmm {
namespace {

constexpr std::size_t kMaxInstructionBytes = 15;
constexpr std::uint64_t kPageBytes = 4096;

// Interrupts KVM_RUN. Real-time signals are nobody else's.
int kick_signal() {
  return SIGRTMIN;
}

void install_kick_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // being delivered is all it is for
    ::sigaction(kick_signal(), &action, nullptr);
  });
}

std::string hex_bytes(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", std::to_integer<unsigned>(byte));
  }
  return text;
}

}  // namespace

Vcpu::Vcpu(unsigned index, KvmVcpu handle, const Machine& machine, Callbacks callbacks)
    : index_(index), handle_(std::move(handle)), machine_(machine), callbacks_(std::move(callbacks)) {
  install_kick_handler();
}

Vcpu::~Vcpu() {
  request_stop();
  join();
}

void Vcpu::start() {
  const std::lock_guard lock(thread_mutex_);
  if (!stop_) thread_ = std::thread([this] { thread_main(); });
}

void Vcpu::request_stop() {
  const std::lock_guard lock(thread_mutex_);
  stop_ = true;
  // Either the thread is in the guest and the signal gets it out, or it is about to enter and this flag keeps
  // it out.
  handle_.request_exit();
  if (thread_.joinable()) ::pthread_kill(thread_.native_handle(), kick_signal());
}

void Vcpu::join() {
  std::thread thread;
  {
    const std::lock_guard lock(thread_mutex_);
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

void Vcpu::thread_main() {
  block_signals_of_others({kick_signal()});
  ::pthread_setname_np(::pthread_self(), fmt::format("vcpu{}", index_).c_str());
  if (callbacks_.started) callbacks_.started();
  try {
    run_until_stopped();
  } catch (const std::exception& error) {
    callbacks_.ended({GuestEnd::kKvmError, fmt::format("vCPU {}: {}", index_, error.what())});
  }
}

void Vcpu::run_until_stopped() {
  while (!stop_) {
    const int error = handle_.run();
    // EAGAIN: a processor that waits to be started was woken for something else.
    if (error == EINTR || error == EAGAIN) continue;
    if (error != 0) throw std::system_error(error, std::generic_category(), "KVM_RUN");
    if (const std::optional<GuestExit> exit = handle_exit()) {
      callbacks_.ended(*exit);
      return;
    }
  }
}

std::optional<GuestExit> Vcpu::handle_exit() {
  const kvm_run& run = handle_.state();
  switch (run.exit_reason) {
    case KVM_EXIT_IO:
      handle_port_access();
      return std::nullopt;
    case KVM_EXIT_MMIO:
      handle_memory_access();
      return std::nullopt;
    case KVM_EXIT_INTR:
      return std::nullopt;
    case KVM_EXIT_SHUTDOWN:
      return describe_triple_fault();
    case KVM_EXIT_INTERNAL_ERROR:
      return describe_internal_error();
    case KVM_EXIT_SYSTEM_EVENT:
      return describe_system_event();
    case KVM_EXIT_FAIL_ENTRY:
      return GuestExit{GuestEnd::kKvmError,
                       fmt::format("vCPU {}: the processor refused to enter the guest, reason {:#x}", index_,
                                   run.fail_entry.hardware_entry_failure_reason)};
    default:
      return GuestExit{GuestEnd::kKvmError,
                       fmt::format("vCPU {}: unexpected exit {} of KVM", index_, run.exit_reason)};
  }
}

void Vcpu::handle_port_access() {
  const kvm_run& run = handle_.state();
  // A string instruction gives `count` items in a row, all for the same port.
  std::span<std::byte> data =
      handle_.run_area().subspan(run.io.data_offset, std::size_t{run.io.size} * run.io.count);
  for (; !data.empty(); data = data.subspan(run.io.size)) {
    const std::span<std::byte> item = data.first(run.io.size);
    if (run.io.direction == KVM_EXIT_IO_IN) {
      machine_.ports.read(run.io.port, item);
    } else {
      machine_.ports.write(run.io.port, item);
    }
  }
}

void Vcpu::handle_memory_access() {
  kvm_run& run = handle_.state();
  const std::span<std::byte> data =
      std::as_writable_bytes(std::span(run.mmio.data)).first(std::min<std::size_t>(run.mmio.len, 8));
  if (run.mmio.is_write != 0) {
    machine_.memory_bus.write(run.mmio.phys_addr, data);
  } else {
    machine_.memory_bus.read(run.mmio.phys_addr, data);
  }
}

// ---------------------------------------------------------------- ends

GuestExit Vcpu::describe_triple_fault() {
  return {GuestEnd::kTripleFault,
          fmt::format("vCPU {}: triple fault, RIP {:#x}", index_, handle_.regs().rip)};
}

GuestExit Vcpu::describe_internal_error() {
  const kvm_run& run = handle_.state();
  if (run.internal.suberror != KVM_INTERNAL_ERROR_EMULATION) {
    return {GuestEnd::kKvmError, fmt::format("vCPU {}: internal error {} of KVM, RIP {:#x}", index_,
                                             run.internal.suberror, handle_.regs().rip)};
  }
  return {GuestEnd::kEmulationFailure,
          fmt::format("vCPU {}: KVM cannot emulate the instruction at RIP {:#x}: {}", index_,
                      handle_.regs().rip, instruction_bytes())};
}

GuestExit Vcpu::describe_system_event() {
  const std::uint32_t type = handle_.state().system_event.type;
  if (type == KVM_SYSTEM_EVENT_SHUTDOWN) return {GuestEnd::kPowerOff, "the guest switched itself off"};
  if (type == KVM_SYSTEM_EVENT_RESET) return {GuestEnd::kReset, "the guest asked for a reset"};
  return {GuestEnd::kKvmError, fmt::format("vCPU {}: system event {}", index_, type)};
}

std::string Vcpu::instruction_bytes() {
  const auto& failure = handle_.state().emulation_failure;
  // One word of flags and two of instruction bytes, when this KVM gives them at all.
  constexpr std::uint32_t kWordsWithInstruction = 3;
  const bool given = failure.ndata >= kWordsWithInstruction &&
                     (failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) != 0 &&
                     failure.insn_size != 0;
  if (!given) return fetch_instruction();
  return hex_bytes(std::as_bytes(std::span(failure.insn_bytes))
                       .first(std::min<std::size_t>(failure.insn_size, kMaxInstructionBytes)));
}

std::string Vcpu::fetch_instruction() {
  const kvm_sregs sregs = handle_.sregs();
  std::uint64_t address = handle_.regs().rip + (sregs.cs.l != 0 ? 0 : sregs.cs.base);
  std::vector<std::byte> bytes;
  while (bytes.size() < kMaxInstructionBytes) {
    // One page after the other: linear neighbours need not be physical ones.
    const std::uint64_t left =
        std::min(kMaxInstructionBytes - bytes.size(), kPageBytes - address % kPageBytes);
    const std::optional<std::uint64_t> physical = handle_.translate(address);
    if (!physical) break;
    const auto piece = machine_.memory.range(virtio::GuestAddress{*physical}, left);
    if (!piece) break;
    bytes.insert(bytes.end(), piece->begin(), piece->end());
    address += left;
  }
  return bytes.empty() ? "not in RAM" : hex_bytes(bytes);
}

}  // namespace virtcrypt::vmm
