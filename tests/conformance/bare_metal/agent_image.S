# The agent's ELF file, as it was linked.
.section .rodata
.globl virtcrypt_agent_begin, virtcrypt_agent_end
.balign 16
virtcrypt_agent_begin:
.incbin VIRTCRYPT_AGENT
virtcrypt_agent_end:

.section .note.GNU-stack, "", @progbits
