#include "virtcrypt/vmm/guest_ram.h"

#include "tests/support/catch.h"

using namespace virtcrypt;

namespace {

constexpr std::uint64_t kGiB = 1ULL << 30U;
using Blocks = std::vector<vmm::RamBlock>;

}  // namespace

TEST_CASE("Guest RAM: up to 3 GiB is one block", "[vmm][ram]") {
  CHECK(vmm::ram_blocks(kGiB) == Blocks{{0, kGiB}});
  CHECK(vmm::ram_blocks(3 * kGiB) == Blocks{{0, 3 * kGiB}});
}

TEST_CASE("Guest RAM: what does not fit below the PCI hole goes to 4 GiB", "[vmm][ram]") {
  CHECK(vmm::ram_blocks(3 * kGiB + 4096) == Blocks{{0, 3 * kGiB}, {4 * kGiB, 4096}});
  CHECK(vmm::ram_blocks(6 * kGiB) == Blocks{{0, 3 * kGiB}, {4 * kGiB, 3 * kGiB}});
}

TEST_CASE("Guest RAM: the hole has no memory, both sides of it have", "[vmm][ram]") {
  const vmm::GuestRam ram(4 * kGiB);  // reserved only: no page is touched
  CHECK(ram.memory().range(virtio::GuestAddress{3 * kGiB - 4}, 4));
  CHECK_FALSE(ram.memory().range(virtio::GuestAddress{3 * kGiB}, 4));
  CHECK_FALSE(ram.memory().range(virtio::GuestAddress{4 * kGiB - 4}, 4));
  CHECK(ram.memory().range(virtio::GuestAddress{4 * kGiB}, kGiB));
  CHECK_FALSE(ram.memory().range(virtio::GuestAddress{5 * kGiB}, 1));
}
