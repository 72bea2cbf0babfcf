# Entry by the PVH protocol (32-bit, paging off), the way into long mode, and the interrupt stubs.
.equ kXenNotePhys32Entry, 18
.equ kPresentWritable, 0x3
.equ kLargePage, 0x83
.equ kEferLongMode, 0x100
.equ kApicEndOfInterrupt, 0xFEE000B0

.section .note.pvh, "a", @note
  .align 4
  .long 4, 4, kXenNotePhys32Entry
  .asciz "Xen"
  .long pvh_entry

.section .text
.code32
.globl pvh_entry
pvh_entry:
  cld
  movl $stack_top, %esp

  # Page directories: the first 4 GiB and the GiB at 256 GiB where 64-bit BARs are, one to one in 2 MiB pages.
  movl $page_directories, %edi
  movl $kLargePage, %eax
  xorl %edx, %edx
  movl $(4 * 512), %ecx
  call fill_directory
  movl $kLargePage, %eax
  movl $0x40, %edx
  movl $512, %ecx
  call fill_directory
  movl $(page_directories + kPresentWritable), pdpt
  movl $(page_directories + 0x1000 + kPresentWritable), pdpt + 8
  movl $(page_directories + 0x2000 + kPresentWritable), pdpt + 16
  movl $(page_directories + 0x3000 + kPresentWritable), pdpt + 24
  movl $(page_directories + 0x4000 + kPresentWritable), pdpt + 8 * 256
  movl $(pdpt + kPresentWritable), pml4

  movl $0x20, %eax            # physical address extension
  movl %eax, %cr4
  movl $pml4, %eax
  movl %eax, %cr3
  movl $0xC0000080, %ecx      # EFER
  rdmsr
  orl $kEferLongMode, %eax
  wrmsr
  movl %cr0, %eax
  orl $0x80000000, %eax
  movl %eax, %cr0
  lgdt gdt_pointer
  ljmp $0x08, $long_mode

# %ecx entries from %edi on, starting with %edx:%eax.
fill_directory:
  movl %eax, (%edi)
  movl %edx, 4(%edi)
  addl $0x200000, %eax
  adcl $0, %edx
  addl $8, %edi
  decl %ecx
  jnz fill_directory
  ret

.code64
long_mode:
  movl $0x10, %eax
  movw %ax, %ds
  movw %ax, %es
  movw %ax, %ss
  movw %ax, %fs
  movw %ax, %gs
  movl $stack_top, %esp
  call guest_main
halt:
  cli
  hlt
  jmp halt

# bool open_interrupt_window(): takes at most one interrupt. IRETQ does not work where guests are interpreted, so a
# handler does not go back to where it interrupted this function: it returns from it, true, on the stack that it had.
# The read of an idle port makes KVM look for interrupts while they are on: when it interprets, it does not look at
# every instruction.
.globl open_interrupt_window
open_interrupt_window:
  sti
  nop
  inb $0x80, %al
  nop
  cli
  xorl %eax, %eax
  ret

# One stub for each of the 256 vectors, 16 bytes apart.
.align 16
.globl interrupt_stubs
interrupt_stubs:
.set vector, 0
.rept 256
  .align 16
  movl $vector, %eax
  jmp interrupted
  .set vector, vector + 1
.endr

interrupted:
  cmpl $32, %eax
  jb exception
  incq interrupt_counts(, %rax, 8)
  movl $kApicEndOfInterrupt, %ecx
  movl $0, (%rcx)
  movq 24(%rsp), %rsp
  movl $1, %eax
  ret
exception:
  movl %eax, %edi
  movq %rsp, %rsi
  andq $-16, %rsp
  call report_exception

.section .rodata
.align 8
gdt:
  .quad 0
  .quad 0x00AF9B000000FFFF    # 64-bit code
  .quad 0x00CF93000000FFFF    # data
gdt_pointer:
  .word gdt_pointer - gdt - 1
  .long gdt

.section .bss
.align 4096
pml4: .skip 4096
pdpt: .skip 4096
page_directories: .skip 5 * 4096
.globl interrupt_counts
interrupt_counts: .skip 256 * 8
.align 16
.skip 16384
stack_top:

.section .note.GNU-stack, "", @progbits
