// One virtual CPU and the thread that runs it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "virtcrypt/virtio/guest_memory.h"
#include "virtcrypt/vmm/bus.h"
#include "virtcrypt/vmm/guest_exit.h"
#include "virtcrypt/vmm/kvm.h"

namespace virtcrypt::vmm {

// The thread enters the guest, carries out its port and memory accesses on the buses, and ends when told to
// or when the guest cannot go on. Thread-safety: request_stop() any thread, the vCPU's own included; the rest
// by the owner. handle() only while the thread does not run.
class Vcpu {
 public:
  // What the vCPU sees of the machine.
  struct Machine {
    Bus& ports;
    Bus& memory_bus;
    const virtio::GuestMemory& memory;
  };
  struct Callbacks {
    std::function<void(const GuestExit&)> ended;  // at most once: the guest cannot go on for this reason
    std::function<void()> started = {};           // before the guest is entered, if not empty
  };
  // The callbacks are called on the vCPU's thread.
  Vcpu(unsigned index, KvmVcpu handle, const Machine& machine, Callbacks callbacks);
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;
  ~Vcpu();

  [[nodiscard]] KvmVcpu& handle() { return handle_; }

  void start();
  // The thread leaves the guest soon and for good; does not wait for it.
  void request_stop();
  void join();

 private:
  void thread_main();
  void run_until_stopped();
  [[nodiscard]] std::optional<GuestExit> handle_exit();
  void handle_port_access();
  void handle_memory_access();
  [[nodiscard]] GuestExit describe_triple_fault();
  [[nodiscard]] GuestExit describe_internal_error();
  [[nodiscard]] GuestExit describe_system_event();
  [[nodiscard]] std::string instruction_bytes();
  [[nodiscard]] std::string fetch_instruction();

  const unsigned index_;
  KvmVcpu handle_;
  const Machine machine_;
  const Callbacks callbacks_;
  std::atomic<bool> stop_{false};
  std::mutex thread_mutex_;
  std::thread thread_;  // under thread_mutex_
};

}  // namespace virtcrypt::vmm
