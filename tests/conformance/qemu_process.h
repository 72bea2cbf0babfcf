// A QEMU of ours: a machine without firmware whose memory we share, and qtest to reach all else.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/conformance/qtest.h"
#include "tests/support/file_descriptor.h"

namespace virtcrypt::conformance {

// Runs a program that ends by itself; its output, of both kinds, or why it cannot be started. Throws
// std::runtime_error when it has not ended after some seconds.
struct ProgramOutput {
  std::string text;
  bool started = false;
  bool succeeded = false;
};
[[nodiscard]] ProgramOutput run_program(const std::vector<std::string>& arguments);

// All files are anonymous and inherited, so that nothing is left behind however this process ends; QEMU ends
// with it.
// Thread-safety: one thread.
class QemuProcess {
 public:
  // `arguments`: the program, and what makes the device. Throws std::runtime_error when QEMU does not come
  // up.
  explicit QemuProcess(std::vector<std::string> arguments);
  ~QemuProcess();
  QemuProcess(const QemuProcess&) = delete;
  QemuProcess& operator=(const QemuProcess&) = delete;

  // work(Qtest&). When QEMU ends meanwhile, std::runtime_error says how, and what it said last.
  template <typename Work>
  auto talk(Work work) {
    try {
      return work(*qtest_);
    } catch (const QtestEnded& error) {
      throw std::runtime_error(describe_end(error.what()));
    }
  }
  [[nodiscard]] std::span<std::byte> ram() const { return ram_; }  // from address 0

 private:
  void map_ram(int fd);
  void start(std::vector<std::string> arguments);
  void stop();
  [[nodiscard]] std::string describe_end(const std::string& how);

  test::FileDescriptor errors_;
  std::span<std::byte> ram_;
  std::unique_ptr<Qtest> qtest_;
  pid_t process_ = -1;
};

}  // namespace virtcrypt::conformance
