// The machine's devices as ACPI describes them: PCI host bridge, ECAM and power registers, COM1, soft-off.
// Addresses, ports and interrupts are those of vmm/layout.h; a unit test compares the compiled table with it.

DefinitionBlock ("", "DSDT", 2, "VIRTCR", "VIRTCRYP", 0x00000001)
{
  Name (\_S5, Package () { 0x05, 0x05, 0x00, 0x00 })

  Scope (\_SB)
  {
    Device (PCI0)
    {
      Name (_HID, EisaId ("PNP0A08"))
      Name (_CID, EisaId ("PNP0A03"))
      Name (_UID, Zero)
      Name (_SEG, Zero)
      Name (_BBN, Zero)

      Name (_CRS, ResourceTemplate ()
      {
        WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0x0000, 0x0000, 0x0000, 0x0000, 0x0001)
        IO (Decode16, 0x0CF8, 0x0CF8, 0x01, 0x08)
        DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                     0x00000000, 0xC0000000, 0xDFFFFFFF, 0x00000000, 0x20000000)
        QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                     0x0000000000000000, 0x0000004000000000, 0x00000047FFFFFFFF,
                     0x0000000000000000, 0x0000000800000000)
      })

      // The operating system may have every PCI Express feature it asks for but native hot-plug: there are no hot-plug
      // slots. (PCI Firmware Specification 3.3, 4.5.1)
      Method (_OSC, 4, NotSerialized)
      {
        CreateDWordField (Arg3, 0x00, CDW1)
        If (Arg0 == ToUUID ("33db4d5b-1ff7-401c-9657-7441c03dd766"))
        {
          If (SizeOf (Arg3) >= 0x0C)
          {
            CreateDWordField (Arg3, 0x08, CDW3)
            Local0 = CDW3
            CDW3 &= 0x1C
            If (CDW3 != Local0) { CDW1 |= 0x10 }
          }
          If (Arg1 != One) { CDW1 |= 0x08 }
        }
        Else
        {
          CDW1 |= 0x04
        }
        Return (Arg3)
      }

      // Pin INTA# of slot n reaches GSI 16 + n % 4, the next pin the next GSI, around. The loop counts pins:
      // 4 * slot + pin.
      Method (_PRT, 0, NotSerialized)
      {
        Local0 = Package (128) {}
        Local1 = Zero
        While (Local1 < 128)
        {
          Local2 = Package (4) { 0, 0, 0, 0 }
          Local2 [0] = ((Local1 >> 2) << 16) | 0xFFFF
          Local2 [1] = Local1 & 3
          Local2 [3] = 16 + (((Local1 >> 2) + Local1) & 3)
          Local0 [Local1] = Local2
          Local1++
        }
        Return (Local0)
      }
    }

    // What is taken by the machine itself and no device may be put on: ECAM, power and reset registers.
    Device (MRES)
    {
      Name (_HID, EisaId ("PNP0C02"))
      Name (_UID, One)
      Name (_CRS, ResourceTemplate ()
      {
        Memory32Fixed (ReadWrite, 0xE0000000, 0x00100000)
        IO (Decode16, 0x0600, 0x0600, 0x01, 0x09)
      })
    }

    Device (COM1)
    {
      Name (_HID, EisaId ("PNP0501"))
      Name (_UID, One)
      Name (_CRS, ResourceTemplate ()
      {
        IO (Decode16, 0x03F8, 0x03F8, 0x01, 0x08)
        IRQNoFlags () { 4 }
      })
    }
  }
}
