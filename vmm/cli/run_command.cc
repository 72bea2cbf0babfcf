// `virtcrypt run`: boots a guest and stays with it until it ends.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <signal.h>

#include <spdlog/spdlog.h>

#include "virtcrypt/vmm/cli/commands.h"
#include "virtcrypt/vmm/cli/crypto_names.h"
#include "virtcrypt/vmm/cli/crypto_options.h"
#include "virtcrypt/vmm/cli/memory_size.h"
#include "virtcrypt/vmm/cli/process_options.h"
#include "virtcrypt/vmm/console_output.h"
#include "virtcrypt/vmm/control_socket.h"
#include "virtcrypt/vmm/crypto_control.h"
#include "virtcrypt/vmm/crypto_function.h"
#include "virtcrypt/vmm/escape_filter.h"
#include "virtcrypt/vmm/event_loop.h"
#include "virtcrypt/vmm/listening_socket.h"
#include "virtcrypt/vmm/machine.h"
#include "virtcrypt/vmm/probe.h"
#include "virtcrypt/vmm/sandbox/sandbox.h"
#include "virtcrypt/vmm/sandbox/violation.h"
#include "virtcrypt/vmm/terminal.h"
#include "virtcrypt/vmm/trace_file.h"

namespace virtcrypt::vmm::cli {
namespace {

using sandbox::ThreadKind;

struct RunOptions {
  ProcessOptions process;
  std::string kernel;
  std::optional<std::string> initrd;
  std::string append;
  std::string memory = "512M";
  unsigned cpus = 1;
  std::vector<std::string> crypto;
  bool check_backend = true;
  std::optional<std::string> console_log;
  std::optional<std::string> control;
  bool check_driver = false;
  std::vector<std::string> check_driver_reports;
};

static_assert(kExitSandbox == sandbox::kExitViolation);

constexpr unsigned kMaxCpus = 255;  // xAPIC ids 0 to 254; 255 is "all"

constexpr const char* kFooter =
    "While the guest runs, its serial console is this terminal: Ctrl-A x leaves, Ctrl-A Ctrl-A sends "
    "Ctrl-A.\n"
    "\n"
    "Exit codes:\n"
    "  0    the guest switched itself off\n"
    "  1    this host cannot run it: file, permission or KVM\n"
    "  2    wrong options\n"
    "  10   the guest asked for a reset\n"
    "  11   triple fault\n"
    "  12   KVM could not emulate an instruction of the guest\n"
    "  13   another error of KVM\n"
    "  14   the monitor tried what its sandbox forbids\n"
    "  130  SIGINT or Ctrl-A x\n"
    "  143  SIGTERM, SIGHUP or SIGQUIT";

int exit_code(GuestEnd end) {
  switch (end) {
    case GuestEnd::kPowerOff:
      return kExitSuccess;
    case GuestEnd::kReset:
      return kExitGuestReset;
    case GuestEnd::kTripleFault:
      return kExitTripleFault;
    case GuestEnd::kEmulationFailure:
      return kExitEmulation;
    case GuestEnd::kKvmError:
      break;
  }
  return kExitKvmError;
}

virtio::Expected<void, std::string> parse_report_name(std::string_view name) {
  for (const std::string_view end : {".json", ".txt"}) {
    if (name.size() > end.size() && name.substr(name.size() - end.size()) == end) return {};
  }
  return virtio::Unexpected<std::string>(
      fmt::format("'{}' is no name for a report: it ends in .json or .txt", name));
}

void add_options(CLI::App& command, RunOptions& options) {
  command.add_option("--kernel", options.kernel, "Kernel: bzImage, or ELF with a PVH note")
      ->required()
      ->type_name("FILE");
  command.add_option("--initrd", options.initrd, "Initial RAM disk")->type_name("FILE");
  command.add_option("--append", options.append, "Kernel command line")->type_name("TEXT");
  command.add_option("--memory", options.memory, "Guest memory: 256M, 2G, or a number of MiB")
      ->type_name("SIZE")
      ->capture_default_str()
      ->check(checked_by(parse_memory_size));
  command.add_option("--cpus", options.cpus, "Virtual CPUs, 1 to 255")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1U, kMaxCpus));
  command
      .add_option(
          "--crypto", options.crypto,
          "Adds a virtio-crypto device; may be repeated, and its value left out." + crypto_options_help())
      ->expected(0, 1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("KEY=N,...")
      ->check(checked_by(parse_crypto_options));
  command.add_flag("!--no-backend-check", options.check_backend,
                   "Try a Linux kernel even where KVM only interprets guests; it ends early in its boot");
  add_log_options(command, options.process);
  command.add_option("--console-log", options.console_log, "Copy the guest's console output there")
      ->type_name("FILE");
  command
      .add_option("--control", options.control,
                  "Take commands there while the guest runs: a Unix socket, see 'virtcrypt ctl --help'")
      ->type_name("PATH");
  add_trace_options(command, options.process);
  command.add_flag(
      "--check-driver", options.check_driver,
      "Judge the drivers of the crypto devices while they work by what the specification demands of "
      "drivers, and print the report when the guest has ended; notifications are slower");
  command
      .add_option(
          "--check-driver-report", options.check_driver_reports,
          "Write that report there, with all that was kept, not seen or cannot be seen: a name that ends "
          "in .json or .txt; may be repeated. Judges without printing")
      ->type_name("FILE")
      ->check(checked_by(parse_report_name));
  add_sandbox_options(command, options.process);
  command.footer(kFooter);
}

std::vector<CryptoOptions> crypto_devices(const RunOptions& options) {
  std::vector<CryptoOptions> devices;
  for (const std::string& text : options.crypto) {
    devices.push_back(*parse_crypto_options(text));  // checked when the command line was read
  }
  return devices;
}

std::string_view text_of(CryptoDialect dialect) {
  for (const DialectName& each : dialect_names()) {
    if (each.dialect == dialect) return each.name;
  }
  return "unknown";
}

// Opened at the start: that one cannot be written is no news for the end.
std::vector<std::unique_ptr<TraceFile>> open_reports(const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<TraceFile>> files;
  for (const std::string& name : names)
    files.push_back(std::make_unique<TraceFile>(name, "driver report"));
  return files;
}

// A machine, the user's side of it, and what connects them.
class Session {
 public:
  Session(const RunOptions& options, DriverReport driver_report, sandbox::Sandbox& sandbox)
      : sandbox_(sandbox),
        driver_report_(std::move(driver_report)),
        prints_driver_report_(options.check_driver),
        driver_reports_(open_reports(options.check_driver_reports)),
        output_(options.console_log, sandbox.thread_start(ThreadKind::kConsole)),
        machine_({.memory_bytes = *parse_memory_size(options.memory), .cpus = options.cpus},
                 {.console_output = [this](std::byte byte) { output_.put(byte); },
                  .console_input_ready = [this] { loop_.resume_input(); },
                  .ended = [this](const GuestExit& exit) { on_ended(exit); },
                  .vcpu_thread_started = sandbox.thread_start(ThreadKind::kVcpu)}) {
    const auto trace = make_trace(options.process);
    unsigned number = 0;
    for (const CryptoOptions& crypto : crypto_devices(options)) {
      const std::string name = "crypto" + std::to_string(number++);
      if (prints_driver_report_ || !driver_reports_.empty())
        judged_.push_back({.name = name,
                           .dialect = crypto.dialect,
                           .verdicts = std::make_unique<virtio::DriverVerdicts>(),
                           .check = {}});
      machine_.add_function([&](const virtio::GuestMemory& memory, virtio::pci::Slot& slot) {
        virtio::DriverVerdicts* const verdicts = judged_.empty() ? nullptr : judged_.back().verdicts.get();
        CryptoFunction made =
            make_crypto_function(crypto, name, memory, slot, trace, verdicts, thread_hooks());
        if (verdicts != nullptr) judged_.back().check = made.check;
        devices_.push_back(made.device);
        return std::move(made.function);
      });
    }
    boot::BootRequest request{.kernel = options.kernel, .initrd = {}, .command_line = options.append};
    if (options.initrd) request.initrd = *options.initrd;
    machine_.load(std::move(request));
    if (options.control) {
      control_.emplace(loop_.context(), *options.control,
                       [this](std::string_view line) { return carry_out(line, devices_); });
    }
  }

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { output_.stop_waiting(); }  // or the machine's end might wait for a terminal that takes nothing

  // Returns the exit code.
  int run() {
    terminal_.emplace();
    machine_.start();
    sandbox_.confine_event_loop();
    loop_.run({.input = [this](auto typed) { return on_input(typed); },
               .continued = [this] { terminal_->reapply(); },
               .asked_to_end = [this](int signal) { on_signal(signal); }});
    output_.stop_waiting();  // as above
    machine_.stop();
    output_.close();
    terminal_.reset();
    report_drivers();
    return report();
  }

 private:
  [[nodiscard]] devices::crypto_dev::ThreadHooks thread_hooks() const {
    return {.io_thread_started = sandbox_.thread_start(ThreadKind::kIo),
            .worker_started = sandbox_.thread_start(ThreadKind::kWorker)};
  }

  bool on_input(std::span<const std::byte> typed) {
    if (!terminal_->raw()) return machine_.receive(typed);
    const EscapeFilter::Result result = escape_.feed(typed);
    if (result.quit) {
      stopped_by_ = SIGINT;
      loop_.finish();
    }
    return machine_.receive(result.to_guest);
  }

  void on_signal(int signal) {
    stopped_by_ = signal;
    loop_.finish();
  }

  // A vCPU's thread.
  void on_ended(const GuestExit& exit) {
    exit_ = exit;
    loop_.finish();
  }

  // The vCPUs have stopped: the drivers do nothing more.
  void report_drivers() {
    std::vector<virtio::JudgedDriver> drivers;
    for (const Judged& each : judged_) {
      each.check->finish();
      drivers.push_back({each.name, std::string(text_of(each.dialect)), each.verdicts->tallies()});
    }
    if (prints_driver_report_) fmt::print("\n{}", driver_report_(drivers, {}));
    for (const auto& file : driver_reports_)
      file->write(driver_report_(drivers, file->path().string()));
  }

  int report() const {
    // The vCPUs are joined, so exit_ is nobody else's any more. A guest that ended on its own just before the
    // signal did end on its own.
    if (exit_) {
      spdlog::log(exit_->end == GuestEnd::kPowerOff ? spdlog::level::info : spdlog::level::err, "{}",
                  exit_->detail);
      return exit_code(exit_->end);
    }
    spdlog::info("stopped from outside");
    return stopped_by_ == SIGINT ? kExitInterrupted : kExitTerminated;
  }

  struct Judged {
    std::string name;
    CryptoDialect dialect;
    std::unique_ptr<virtio::DriverVerdicts> verdicts;
    std::shared_ptr<devices::crypto_dev::DriverCheck> check;
  };

  sandbox::Sandbox& sandbox_;
  const DriverReport driver_report_;
  const bool prints_driver_report_;
  const std::vector<std::unique_ptr<TraceFile>> driver_reports_;
  std::vector<Judged> judged_;  // none: nobody is; before the machine, whose devices use it
  EventLoop loop_;
  ConsoleOutput output_;
  std::optional<GuestExit> exit_;
  std::optional<int> stopped_by_;
  EscapeFilter escape_;
  std::optional<RawTerminal> terminal_;
  Machine machine_;
  std::vector<devices::crypto_dev::Device*> devices_;  // inside machine_
  std::optional<ControlSocket> control_;
};

int run(const RunOptions& options, const DriverReport& driver_report) {
  // A descriptor that was inherited may be needed until the sandbox closes it: /dev/fd/N is a file's name.
  sandbox::Options wanted = begin_sandbox(options.process);
  set_up_process(options.process);
  if (options.check_backend) require_backend_for(options.kernel, Kvm());
  if (options.control) check_socket_path(*options.control, ControlSocket::kWhat);
  wanted.control_socket = options.control;
  wanted.clients = options.control ? ControlSocket::kMaxClients : 0;
  sandbox::Sandbox sandbox(std::move(wanted));
  return Session(options, driver_report, sandbox).run();
}

}  // namespace

Command add_run_command(CLI::App& app, DriverReport driver_report) {
  auto options = std::make_shared<RunOptions>();
  add_options(*app.add_subcommand("run", "Boot a guest"), *options);
  return [options, driver_report = std::move(driver_report)] { return run(*options, driver_report); };
}

}  // namespace virtcrypt::vmm::cli
