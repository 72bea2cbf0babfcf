#include "checks.h"
#include "console.h"
#include "interrupts.h"

namespace virtcrypt::guest {

namespace {

constexpr std::uint16_t kVectorOfQueue1 = 0;  // MSI-X table index of data queue 1
constexpr std::uint32_t kFirstIntxGsi = 16;
constexpr std::uint32_t kIntxGsis = 4;

// What a masked vector has to do: nothing is delivered, the pending bit is set; `unmask` brings it.
template <typename Unmask>
void check_masked(const Function& function, Queues& queues, std::uint64_t session,
                  const char* const (&names)[3], Unmask unmask) {
  const std::uint64_t before = interrupts_taken(kFirstQueueVector);
  const bool done = encrypts_vector(function, queues.data[0], session);
  check(done && no_interrupt_comes(kFirstQueueVector, before), names[0]);
  check(wait_until([&] { return function.is_pending(kVectorOfQueue1); }), names[1]);
  unmask();
  check(wait_for_interrupt(kFirstQueueVector, before) && !function.is_pending(kVectorOfQueue1), names[2]);
}

}  // namespace

void check_msix(const Function& function, Queues& queues) {
  const std::uint8_t control_vector = kFirstQueueVector + kDataQueues;
  const std::uint64_t control_before = interrupts_taken(control_vector);
  const CreatedSession session = create_session(function, queues.control, Direction::kEncrypt, kKey);
  check(wait_for_interrupt(control_vector, control_before),
        "MSI-X: control queue interrupts with its vector");

  for (std::uint8_t i = 0; i < kDataQueues; ++i) {
    const auto vector = static_cast<std::uint8_t>(kFirstQueueVector + i);
    const auto other = static_cast<std::uint8_t>(kFirstQueueVector + 1 - i);
    const std::uint64_t before = interrupts_taken(vector);
    const std::uint64_t other_before = interrupts_taken(other);
    const bool done = encrypts_vector(function, queues.data[i], session.id);
    check(done && wait_for_interrupt(vector, before), i == 0
                                                          ? "MSI-X: data queue 1 interrupts with its vector"
                                                          : "MSI-X: data queue 2 interrupts with its vector");
    check(no_interrupt_comes(vector, before + 1) && interrupts_taken(other) == other_before,
          "MSI-X: one interrupt, and none with the other queue's vector");
  }

  function.mask_msix_vector(kVectorOfQueue1, true);
  check_masked(function, queues, session.id,
               {"MSI-X: a masked vector is not delivered", "MSI-X: a masked vector is pending",
                "MSI-X: unmasking delivers what is pending"},
               [&] { function.mask_msix_vector(kVectorOfQueue1, false); });
  function.enable_msix(true, true);
  check_masked(
      function, queues, session.id,
      {"MSI-X: a masked function delivers nothing", "MSI-X: the vector of a masked function is pending",
       "MSI-X: unmasking the function delivers what is pending"},
      [&] { function.enable_msix(true, false); });
}

void check_intx(const Function& function, Queues& queues) {
  const std::uint32_t gsi = kFirstIntxGsi + function.slot() % kIntxGsis;
  check(start_device(function, queues, false), "INTx: the device starts without MSI-X");
  route_level_interrupt(gsi, kIntxVector);
  const std::uint64_t before = interrupts_taken(kIntxVector);
  const CreatedSession session = create_session(function, queues.control, Direction::kEncrypt, kKey);
  check(session.status == Status::kOk && wait_for_interrupt(kIntxVector, before), "INTx: the pin interrupts");
  check_equal(function.read_isr() & 1, 1, "INTx: ISR says that a queue is the cause");
  check_equal(function.read_isr(), 0, "INTx: reading ISR cleared it");
  // The level was high until ISR was read, so more interrupts may have come before; none comes from now on.
  check(no_interrupt_comes(kIntxVector, interrupts_taken(kIntxVector)), "INTx: the pin is low again");

  function.set_command(kCommandIntxDisable, true);
  const std::uint64_t disabled = interrupts_taken(kIntxVector);
  const bool done = encrypts_vector(function, queues.data[0], session.id);
  check(done && no_interrupt_comes(kIntxVector, disabled), "INTx: nothing comes while it is disabled");
  function.set_command(kCommandIntxDisable, false);
  check(wait_for_interrupt(kIntxVector, disabled), "INTx: enabling it brings what is pending");
  (void)function.read_isr();
  mask_interrupt_line(gsi);
}

}  // namespace virtcrypt::guest
