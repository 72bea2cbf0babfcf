#include "virtcrypt/crypto/stack_wipe.h"

#include <array>
#include <cstring>

namespace virtcrypt::crypto {
namespace {

// A frame as large as what is to be cleared, so that it lies on top of what was left behind.
template <std::size_t bytes>
[[gnu::noinline]] void clear_below() {
  std::array<std::byte, bytes> frame;
  std::memset(frame.data(), 0, frame.size());
  __asm__ volatile("" : : "r"(frame.data()) : "memory");  // the compiler takes it for used
}

[[gnu::target("avx")]] void clear_avx_registers() {
  __asm__ volatile("vzeroall"
                   :
                   :
                   : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
                     "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

void clear_sse_registers() {
  __asm__ volatile(
      "pxor %%xmm0, %%xmm0\n pxor %%xmm1, %%xmm1\n pxor %%xmm2, %%xmm2\n pxor %%xmm3, %%xmm3\n"
      "pxor %%xmm4, %%xmm4\n pxor %%xmm5, %%xmm5\n pxor %%xmm6, %%xmm6\n pxor %%xmm7, %%xmm7\n"
      "pxor %%xmm8, %%xmm8\n pxor %%xmm9, %%xmm9\n pxor %%xmm10, %%xmm10\n pxor %%xmm11, %%xmm11\n"
      "pxor %%xmm12, %%xmm12\n pxor %%xmm13, %%xmm13\n pxor %%xmm14, %%xmm14\n pxor %%xmm15, %%xmm15\n"
      :
      :
      : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
        "xmm12", "xmm13", "xmm14", "xmm15");
}

}  // namespace

void wipe_stack(std::size_t bytes) {
  // Registers first: clearing the frame below may use some of them, and a signal would store them.
  if (__builtin_cpu_supports("avx") != 0) {
    clear_avx_registers();
  } else {
    clear_sse_registers();
  }
  if (bytes <= kSymmetricStackBytes) {
    clear_below<kSymmetricStackBytes>();
  } else {
    clear_below<kDeepStackBytes>();
  }
}

}  // namespace virtcrypt::crypto
