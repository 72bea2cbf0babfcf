// The bare-metal guest: brings the virtio-crypto device of the machine up without an operating system,
// reports each check on COM1, and switches the machine off. A machine with `--crypto queues=2` passes all of
// them.
#include "checks.h"
#include "console.h"
#include "interrupts.h"

namespace virtcrypt::guest {

namespace {

Queues queues;

void run_checks() {
  const unsigned slot = check_enumeration();
  if (slot == kSlots) return;
  Function function(slot);
  if (!check(function.find_capabilities(), "all virtio capabilities and MSI-X are there")) return;
  check_bars(function);
  check_register_access(function);
  check_negotiation(function);

  // Twice: once fresh, and once after a reset that came in the middle of requests.
  for (unsigned round = 0; round < 2; ++round) {
    if (!check(start_device(function, queues, true), "the device starts with three queues and MSI-X")) return;
    check_requests(function, queues);
    check_invalid_requests(function, queues);
    check_msix(function, queues);
    check_bus_mastering(function, queues);
    check_intx(function, queues);
    if (!check(start_device(function, queues, true), "the device starts with MSI-X again")) return;
    check_reset_in_flight(function, queues);
  }
}

}  // namespace

}  // namespace virtcrypt::guest

// Called by start.S in long mode, on a stack of 16 KiB, interrupts off.
extern "C" void guest_main();
void guest_main() {
  using namespace virtcrypt::guest;
  set_up_interrupts();
  run_checks();
  finish();
}
