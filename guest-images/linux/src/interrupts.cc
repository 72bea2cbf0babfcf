#include "workloads.h"

#include <fstream>
#include <sstream>

namespace virtcrypt::guest {

std::uint64_t virtio_interrupts() {
  // "  25:   12   0   PCI-MSI 65537-edge   virtio0-dataq.0-...": a label, one count a CPU, then words.
  std::ifstream file("/proc/interrupts");
  std::uint64_t sum = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.find("virtio") == std::string::npos) continue;
    std::istringstream words(line);
    std::string label;
    words >> label;
    for (std::uint64_t count = 0; words >> count;)
      sum += count;
  }
  return sum;
}

}  // namespace virtcrypt::guest
