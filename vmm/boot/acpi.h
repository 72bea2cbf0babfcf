// ACPI tables of the machine: RSDP, XSDT, FADT, FACS, MADT, MCFG and the DSDT that iasl compiles at build
// time.
#pragma once

#include "virtcrypt/virtio/guest_memory.h"

namespace virtcrypt::vmm::boot {

// Writes the tables at layout::kAcpiTables and returns the address of the RSDP. `cpus` is 1 to 255; APIC ids
// are 0 to cpus - 1.
[[nodiscard]] virtio::GuestAddress write_acpi_tables(unsigned cpus, const virtio::GuestMemory& memory);

}  // namespace virtcrypt::vmm::boot
