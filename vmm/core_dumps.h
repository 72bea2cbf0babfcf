// Keeps this process's memory out of core dumps.
#pragma once

namespace virtcrypt::vmm {

// From now on a crash writes no core dump, neither to a file nor into a pipe, and no other process of this
// user can attach to this one or read its memory. What a request is worked on with may lie in registers and
// on stacks, which no dump can leave out piece by piece.
void forbid_core_dumps();

}  // namespace virtcrypt::vmm
