// Which file descriptors this process has, and how many it may still get.
#pragma once

#include <cstddef>
#include <vector>

namespace virtcrypt::vmm::sandbox {

// 0, 1 and 2 exist from here on: what is not there becomes /dev/null, or the next file that is opened would
// be taken for standard output. HostError when there is no /dev/null.
void have_standard_descriptors();

// As many descriptors as the system lets this user have: a machine with many queues needs a few thousand.
void raise_descriptor_limit();

// Those above standard error, sorted.
[[nodiscard]] std::vector<int> descriptors_in_use();

void close_descriptors(const std::vector<int>& descriptors);

// At most `more` can be opened from here on, however many are closed beside them; root alone can raise that
// again. HostError.
void limit_new_descriptors(std::size_t more);

}  // namespace virtcrypt::vmm::sandbox
