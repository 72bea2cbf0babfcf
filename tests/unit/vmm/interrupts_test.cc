#include "virtcrypt/vmm/interrupts.h"

#include <algorithm>

#include <sys/eventfd.h>

#include "tests/support/catch.h"
#include "tests/unit/vmm/vm_events_fake.h"
#include "virtcrypt/vmm/layout.h"

using namespace virtcrypt;
using tests::VmEventsFake;

namespace {

using Lines = std::vector<std::pair<std::uint32_t, bool>>;

// The pins of one chip that a GSI reaches.
std::vector<std::uint32_t> pins(const VmEventsFake& events, std::uint32_t chip, std::uint32_t gsi) {
  std::vector<std::uint32_t> found;
  for (const auto& entry : events.routing) {
    const bool wire = entry.type == KVM_IRQ_ROUTING_IRQCHIP && entry.gsi == gsi;
    if (wire && entry.u.irqchip.irqchip == chip) found.push_back(entry.u.irqchip.pin);
  }
  return found;
}

using Pins = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("Interrupts: the wires are those of a PC", "[vmm][interrupts]") {
  VmEventsFake events;
  const vmm::Interrupts interrupts(events);

  CHECK(pins(events, KVM_IRQCHIP_PIC_MASTER, 4) == Pins{4});
  CHECK(pins(events, KVM_IRQCHIP_PIC_SLAVE, 9) == Pins{1});
  CHECK(pins(events, KVM_IRQCHIP_IOAPIC, 4) == Pins{4});
  CHECK(pins(events, KVM_IRQCHIP_IOAPIC, 23) == Pins{23});
  CHECK(pins(events, KVM_IRQCHIP_PIC_SLAVE, 16).empty());
}

TEST_CASE("Interrupts: the timer reaches the IOAPIC at pin 2, alone", "[vmm][interrupts]") {
  VmEventsFake events;
  const vmm::Interrupts interrupts(events);

  CHECK(pins(events, KVM_IRQCHIP_PIC_MASTER, 0) == Pins{0});
  CHECK(pins(events, KVM_IRQCHIP_IOAPIC, 0) == Pins{2});
  CHECK(pins(events, KVM_IRQCHIP_IOAPIC, 2).empty());
  CHECK(pins(events, KVM_IRQCHIP_PIC_MASTER, 2).empty());
}

TEST_CASE("InterruptLine: a shared GSI is high while any device asserts it", "[vmm][interrupts]") {
  VmEventsFake events;
  vmm::Interrupts interrupts(events);
  vmm::InterruptLine first(interrupts, 17);
  vmm::InterruptLine second(interrupts, 17);

  first.set(true);
  second.set(true);
  first.set(true);  // no news
  first.set(false);
  CHECK(events.lines == Lines{{17, true}});
  second.set(false);
  CHECK(events.lines == Lines{{17, true}, {17, false}});
}

TEST_CASE("InterruptLine: GSIs do not affect each other", "[vmm][interrupts]") {
  VmEventsFake events;
  vmm::Interrupts interrupts(events);
  vmm::InterruptLine first(interrupts, 17);
  vmm::InterruptLine second(interrupts, 18);

  first.set(true);
  second.set(true);
  first.set(false);
  CHECK(events.lines == Lines{{17, true}, {18, true}, {17, false}});
}

TEST_CASE("InterruptLine: a device that goes away lets go of its line", "[vmm][interrupts]") {
  VmEventsFake events;
  vmm::Interrupts interrupts(events);
  {
    vmm::InterruptLine line(interrupts, 17);
    line.set(true);
  }
  CHECK(events.lines == Lines{{17, true}, {17, false}});
}

TEST_CASE("MsiVector: its route comes with the first message, behind the IOAPIC's pins",
          "[vmm][interrupts]") {
  VmEventsFake events;
  vmm::Interrupts interrupts(events);
  vmm::MsiVector vector(interrupts);
  vector.signal();
  CHECK(events.messages().empty());
  CHECK(events.irqfds.empty());

  vector.route({.address = 0x1'FEE0'1000, .data = 0x4031});
  const auto messages = events.messages();
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].gsi >= vmm::layout::kMsiGsiBase);
  CHECK(messages[0].u.msi.address_lo == 0xFEE0'1000);
  CHECK(messages[0].u.msi.address_hi == 1);
  CHECK(messages[0].u.msi.data == 0x4031);
  CHECK(pins(events, KVM_IRQCHIP_IOAPIC, 4) == Pins{4});
  REQUIRE(events.irqfds.contains(messages[0].gsi));
}

TEST_CASE("MsiVector: a signal reaches the eventfd that KVM has", "[vmm][interrupts]") {
  VmEventsFake events;
  vmm::Interrupts interrupts(events);
  vmm::MsiVector vector(interrupts);
  vector.route({.address = 0xFEE0'0000, .data = 1});

  vector.signal();
  eventfd_t count = 0;
  REQUIRE(events.irqfds.size() == 1);
  REQUIRE(::eventfd_read(events.irqfds.begin()->second, &count) == 0);
  CHECK(count == 1);
}

TEST_CASE("MsiVector: two vectors have a route each, and give it back", "[vmm][interrupts]") {
  VmEventsFake events;
  vmm::Interrupts interrupts(events);
  vmm::MsiVector first(interrupts);
  first.route({.address = 0xFEE0'0000, .data = 1});
  {
    vmm::MsiVector second(interrupts);
    second.route({.address = 0xFEE0'0000, .data = 2});
    CHECK(events.messages().size() == 2);
    CHECK(events.irqfds.size() == 2);
  }
  REQUIRE(events.messages().size() == 1);
  CHECK(events.messages()[0].u.msi.data == 1);
  CHECK(events.irqfds.size() == 1);
}

TEST_CASE("MsiVector: a message that the kernel refuses leaves the old one in force", "[vmm][interrupts]") {
  VmEventsFake events;
  vmm::Interrupts interrupts(events);
  vmm::MsiVector vector(interrupts);
  vector.route({.address = 0xFEE0'0000, .data = 1});

  events.refuse_routing = true;
  vector.route({.address = 0xFEE0'0000, .data = 2});
  events.refuse_routing = false;
  vmm::MsiVector other(interrupts);
  other.route({.address = 0xFEE0'0000, .data = 3});
  const auto messages = events.messages();
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].u.msi.data == 1);
}
