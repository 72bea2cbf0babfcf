// VIRTIO 1.4, 4.1.4.5 and 4.1.5: ISR status, INTA# and MSI-X.
#include "tests/conformance/context.h"
#include "tests/conformance/driver.h"
#include "tests/conformance/pci_walk.h"

namespace virtcrypt::conformance {
namespace {

namespace common = test::common;

constexpr std::uint8_t kIsrQueue = 1, kIsrConfig = 2;
constexpr std::uint16_t kNoVector = 0xFFFF;
constexpr std::uint16_t kStatusRegister = 6;
constexpr std::uint32_t kInterruptStatus = 1 << 3;

bool interrupt_status(Driver& driver) {
  return (driver.device().pci().config_read(kStatusRegister, 2) & kInterruptStatus) != 0;
}

void run_isr_config_msix(Context& context) {
  Driver driver(context);
  driver.start();
  driver.settle();
  driver.forget_messages();
  driver.provoke_config_change();
  context.expect(driver.take_messages(0) > 0, "a message of the configuration vector came");
  context.expect((driver.pci().read_isr() & kIsrConfig) != 0, "bit 1 of ISR status is set");
}

void run_isr_config_intx(Context& context) {
  Driver driver(context, {.msix = false});
  driver.start();
  driver.settle();
  static_cast<void>(driver.pci().read_isr());
  driver.provoke_config_change();
  context.expect(driver.device().intx(), "INTA# is asserted");
  context.expect((driver.pci().read_isr() & kIsrConfig) != 0, "bit 1 of ISR status is set");
}

void run_isr_queue(Context& context) {
  Driver driver(context, {.msix = false});
  driver.start();
  driver.settle();
  static_cast<void>(driver.pci().read_isr());
  context.expect(!driver.device().intx(), "INTA# is not asserted with nothing to do");
  driver.expect_service(0);
  driver.settle();
  context.expect(driver.device().intx(), "INTA# is asserted when a request is back");
  context.expect_equal(driver.pci().read_isr(), kIsrQueue, "ISR status");
}

void run_interrupt_status(Context& context) {
  Driver driver(context, {.msix = false});
  driver.start();
  driver.settle();
  static_cast<void>(driver.pci().read_isr());
  context.expect(!interrupt_status(driver), "Interrupt Status is 0 with nothing in ISR status");
  driver.expect_service(0);
  driver.settle();
  context.expect(interrupt_status(driver), "Interrupt Status is 1 when a request is back");
  static_cast<void>(driver.pci().read_isr());
  context.expect(!interrupt_status(driver), "Interrupt Status is 0 when ISR status has been read");
  driver.provoke_config_change();
  context.expect(interrupt_status(driver), "Interrupt Status is 1 after a configuration change");
}

void run_isr_read_clears(Context& context) {
  Driver driver(context, {.msix = false});
  driver.start();
  driver.expect_service(0);
  driver.settle();
  context.expect((driver.pci().read_isr() & kIsrQueue) != 0, "ISR status, read once, has bit 0");
  context.expect_equal(driver.pci().read_isr(), 0, "ISR status, read again");
  if (context.has(kSeesIntx)) context.expect(!driver.device().intx(), "INTA# is not asserted any more");
  driver.expect_service(0);
  driver.settle();
  context.expect((driver.pci().read_isr() & kIsrQueue) != 0, "ISR status after the next request has bit 0");
}

void expect_msix(Context& context, const Driver& driver) {
  if (driver.vectors() == 0) context.not_applicable("the device has no MSI-X");
}

void run_vector_count(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  context.expect(driver.vectors() >= 2 && driver.vectors() <= 0x800,
                 fmt::format("the number of vectors, {}, lies between 2 and 0x800", driver.vectors()));
}

// The last of N vectors works, and there is no N+1st.
void run_table_size(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  const MsixCapability msix = msix_capability(driver.device().pci());
  const std::vector<PciBar> bars = probe_bars(driver.device().pci());
  const std::uint64_t table_end = msix.table_offset + std::uint64_t{16} * msix.vectors;
  const std::uint64_t pending_end = msix.pending_offset + (std::uint64_t{msix.vectors} + 63) / 64 * 8;
  context.expect(table_end <= bar_size(bars, msix.table_bar),
                 fmt::format("a table of {} vectors lies within BAR {}", msix.vectors, msix.table_bar));
  context.expect(pending_end <= bar_size(bars, msix.pending_bar),
                 fmt::format("as many pending bits lie within BAR {}", msix.pending_bar));
  context.expect(msix.table_bar != msix.pending_bar || table_end <= msix.pending_offset ||
                     pending_end <= msix.table_offset,
                 "table and pending bits do not overlap");
  const auto last = static_cast<std::uint16_t>(msix.vectors - 1);
  driver.pci().write_common(common::kConfigVector, 2, last);
  context.expect_equal(driver.pci().read_common(common::kConfigVector, 2), last,
                       "config_msix_vector, the last vector");
  driver.pci().write_common(common::kConfigVector, 2, msix.vectors);
  context.expect_equal(driver.pci().read_common(common::kConfigVector, 2), kNoVector,
                       "config_msix_vector, one behind the last vector");
}

void run_useful_vectors(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  const std::uint32_t events = driver.pci().read_common(common::kNumQueues, 2) + 1;
  context.expect(driver.vectors() <= events,
                 fmt::format("{} vectors are no more than the {} queues and configuration changes",
                             driver.vectors(), events));
}

void expect_only(Context& context, Driver& driver, std::uint16_t vector, std::string_view what) {
  for (std::uint16_t other = 0; other < driver.watched_vectors(); ++other) {
    const unsigned seen = driver.take_messages(other);
    context.expect((seen > 0) == (other == vector),
                   fmt::format("messages of vector {} {}: {}", other, what, seen));
  }
}

// Every event arrives on every vector.
void run_every_vector(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  for (std::uint16_t vector = 0; vector < driver.watched_vectors(); ++vector) {
    driver.negotiate();
    driver.pci().write_common(common::kConfigVector, 2, kNoVector);
    for (std::uint16_t queue = 0; queue <= driver.control_queue(); ++queue)
      driver.set_up_queue(queue, 64, vector);
    driver.set_driver_ok();
    static_cast<void>(driver.call(driver.control_queue(), driver.refused_control_request()));
    driver.settle();
    expect_only(context, driver, vector, "for the control queue");
    for (std::uint16_t queue = 0; queue < driver.control_queue(); ++queue) {
      static_cast<void>(driver.call(queue, driver.refused_data_request()));
      driver.settle();
      expect_only(context, driver, vector, fmt::format("for data queue {}", queue));
    }
    driver.pci().write_common(common::kConfigVector, 2, vector);
    driver.provoke_config_change();
    expect_only(context, driver, vector, "for a configuration change");
    driver.reset();
  }
}

// Calls `function` with the name of each vector register, what reads it and what writes it.
template <typename Function>
void for_each_event(Driver& driver, Function function) {
  function(
      "config_msix_vector", [&driver] { return driver.pci().read_common(common::kConfigVector, 2); },
      [&driver](std::uint32_t vector) { driver.pci().write_common(common::kConfigVector, 2, vector); });
  const std::uint32_t queues = driver.pci().read_common(common::kNumQueues, 2);
  for (std::uint16_t queue = 0; queue < queues; ++queue)
    function(
        fmt::format("queue_msix_vector of queue {}", queue),
        [&driver, queue] { return driver.read_queue(queue, common::kQueueVector); },
        [&driver, queue](std::uint32_t vector) {
          driver.write_queue(queue, common::kQueueVector, 2, vector);
        });
}

void run_unmap(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.negotiate();
  for_each_event(driver, [&](const std::string& name, auto read, auto write) {
    write(0);
    context.expect_equal(read(), 0, fmt::format("{}, mapped", name));
    write(kNoVector);
    context.expect_equal(read(), kNoVector, fmt::format("{}, unmapped", name));
  });
}

void run_read_back(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.negotiate();
  for_each_event(driver, [&](const std::string& name, auto read, auto) {
    context.expect_equal(read(), kNoVector, fmt::format("{} before it is written", name));
  });
  std::uint32_t next = 0;
  for_each_event(driver, [&](const std::string&, auto, auto write) { write(next++ % driver.vectors()); });
  next = 0;
  for_each_event(driver, [&](const std::string& name, auto read, auto) {
    context.expect_equal(read(), next++ % driver.vectors(), name);
  });
}

void run_reset_unmaps(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.start();
  driver.expect_service(0);
  driver.reset();
  for_each_event(driver, [&](const std::string& name, auto read, auto) {
    context.expect_equal(read(), kNoVector, fmt::format("{} after a reset", name));
  });
}

void run_all_mappable(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.negotiate();
  for_each_event(driver, [&](const std::string& name, auto read, auto write) {
    for (std::uint16_t vector = 0; vector < driver.vectors(); ++vector) {
      write(vector);
      context.expect_equal(read(), vector, name);
    }
  });
}

void run_mapping_fails(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.negotiate();
  for_each_event(driver, [&](const std::string& name, auto read, auto write) {
    for (const std::uint32_t vector : {std::uint32_t{driver.vectors()}, 0x800U, 0xFFFEU}) {
      write(0);
      write(vector);
      context.expect_equal(read(), kNoVector, fmt::format("{} after {:#x} was written", name, vector));
    }
  });
}

void expect_silence(Context& context, Driver& driver) {
  for (std::uint16_t vector = 0; vector < driver.watched_vectors(); ++vector)
    context.expect_equal(driver.take_messages(vector), 0, fmt::format("messages of vector {}", vector));
  if (context.has(kSeesIntx)) context.expect(!driver.device().intx(), "INTA# is not asserted");
}

// PCI 3.0, 6.8.2.9: what a masked vector has to say stays pending.
void run_masked(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.start();
  driver.expect_service(0);
  driver.settle();
  driver.forget_messages();
  const std::uint16_t vector = driver.vector_of(0);
  driver.pci().mask_vector(vector, true);
  driver.expect_service(0);
  driver.settle();
  context.expect_equal(driver.take_messages(vector), 0, "messages of a masked vector");
  context.expect(driver.pci().pending(vector), "its pending bit is set");
  driver.pci().mask_vector(vector, false);
  driver.settle();
  context.expect(driver.take_messages(vector) > 0, "the message comes when the vector is unmasked");
  context.expect(!driver.pci().pending(vector), "its pending bit is clear again");
  driver.pci().enable_msix(true, true);
  driver.expect_service(0);
  driver.settle();
  context.expect_equal(driver.take_messages(vector), 0, "messages with the function masked");
  driver.pci().enable_msix(true, false);
  driver.settle();
  context.expect(driver.take_messages(vector) > 0, "the message comes when the function is unmasked");
}

// PCI 3.0, 6.8.2: what a masked vector sends may be changed, even while it is pending.
void run_message_changes(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.start();
  driver.expect_service(0);
  driver.settle();
  driver.forget_messages();
  const std::uint16_t vector = driver.vector_of(0);
  const Message changed = driver.device().message(driver.watched_vectors());  // no vector's yet
  driver.pci().mask_vector(vector, true);
  driver.expect_service(0);
  driver.settle();
  driver.pci().program_vector(vector, changed.address, changed.data, false);
  for (const std::string_view when : {"that was pending", "of the next request"}) {
    driver.settle();
    context.expect(driver.device().take_messages(changed) > 0,
                   fmt::format("the message {} is the changed one", when));
    context.expect_equal(driver.take_messages(vector), 0, "messages as they were before the change");
    driver.expect_service(0);
  }
}

void run_queue_without_vector(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.negotiate();
  driver.set_up_queues();
  driver.write_queue(0, common::kQueueVector, 2, kNoVector);
  driver.set_driver_ok();
  static_cast<void>(driver.known_request());  // makes the session, which the control queue tells of
  driver.settle();
  driver.forget_messages();
  driver.expect_service(0);
  driver.settle();
  expect_silence(context, driver);
}

void run_config_without_vector(Context& context) {
  Driver driver(context);
  expect_msix(context, driver);
  driver.negotiate();
  driver.set_up_queues();
  driver.pci().write_common(common::kConfigVector, 2, kNoVector);
  driver.set_driver_ok();
  driver.settle();
  driver.forget_messages();
  driver.provoke_config_change();
  expect_silence(context, driver);
}

const Check kChecks[] = {
    {.id = "isr-config-msix",
     .title = "With MSI-X a configuration change sets bit 1 of ISR status",
     .statements = {"PCI-DEV-042"},
     .needs = {.abilities = kSeesMessages},
     .run = run_isr_config_msix},
    {.id = "isr-config-intx",
     .title = "Without MSI-X a configuration change sets bit 1 of ISR status and asserts INTA#",
     .statements = {"PCI-DEV-042"},
     .needs = {.abilities = kSeesIntx},
     .run = run_isr_config_intx},
    {.id = "isr-queue-intx",
     .title = "Without MSI-X a used buffer sets bit 0 of ISR status and asserts INTA#",
     .statements = {"PCI-DEV-043"},
     .needs = {.abilities = kSeesIntx},
     .run = run_isr_queue},
    {.id = "isr-interrupt-status",
     .title = "Without MSI-X Interrupt Status in configuration space follows ISR status",
     .statements = {"PCI-DEV-044"},
     .run = run_interrupt_status},
    {.id = "isr-read-clears",
     .title = "Reading ISR status clears it",
     .statements = {"PCI-DEV-045"},
     .run = run_isr_read_clears},
    {.id = "msix-vector-count",
     .title = "There are 2 to 0x800 vectors",
     .statements = {"PCI-DEV-060"},
     .run = run_vector_count},
    {.id = "msix-table-size",
     .title = "Table Size is the number of vectors less 1",
     .statements = {"PCI-DEV-061"},
     .run = run_table_size},
    {.id = "msix-useful-vectors",
     .title = "There are no more vectors than events",
     .statements = {"PCI-DEV-062"},
     .run = run_useful_vectors},
    {.id = "msix-every-vector",
     .title = "Every event arrives on the vector that it is mapped to, whichever that is",
     .statements = {"PCI-DEV-063"},
     .needs = {.abilities = kSeesMessages},
     .run = run_every_vector},
    {.id = "msix-unmap",
     .title = "Every event can be unmapped",
     .statements = {"PCI-DEV-064"},
     .run = run_unmap},
    {.id = "msix-read-back",
     .title = "Vector registers read back the mapping, or NO_VECTOR",
     .statements = {"PCI-DEV-065"},
     .run = run_read_back},
    {.id = "msix-reset-unmaps",
     .title = "A reset unmaps all events",
     .statements = {"PCI-DEV-066"},
     .run = run_reset_unmaps},
    {.id = "msix-all-mappable",
     .title = "Every event can be mapped to every vector",
     .statements = {"PCI-DEV-063", "PCI-DEV-067"},
     .run = run_all_mappable},
    {.id = "msix-mapping-fails",
     .title = "A vector that is not there reads back as NO_VECTOR",
     .statements = {"PCI-DEV-068"},
     .run = run_mapping_fails},
    {.id = "msix-masked",
     .title = "A masked vector sends nothing until it is unmasked",
     .statements = {"PCI-DEV-001"},
     .needs = {.abilities = kSeesMessages},
     .run = run_masked},
    {.id = "msix-message-changes",
     .title = "A message that was changed while its vector was masked is what is sent from then on",
     .statements = {"PCI-DEV-001"},
     .needs = {.abilities = kSeesMessages},
     .run = run_message_changes},
    {.id = "msix-queue-without-vector",
     .title = "A queue without vector raises no interrupt",
     .statements = {"PCI-DEV-069"},
     .needs = {.abilities = kSeesMessages},
     .run = run_queue_without_vector},
    {.id = "msix-config-without-vector",
     .title = "Configuration changes without vector raise no interrupt",
     .statements = {"PCI-DEV-070"},
     .needs = {.abilities = kSeesMessages},
     .run = run_config_without_vector},
};

}  // namespace

std::span<const Check> interrupt_checks() {
  return kChecks;
}

}  // namespace virtcrypt::conformance
