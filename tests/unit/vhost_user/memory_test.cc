// Memory regions that come and go, and those that are no good.
#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/support/catch.h"
#include "tests/unit/vhost_user/scene.h"
#include "virtcrypt/virtio/vhost_user/memory_table.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

Bytes region_payload(const SharedMemory::Region& region) {
  return Wire()
      .le64(0)
      .le64(region.guest_address)
      .le64(region.bytes)
      .le64(region.user_address)
      .le64(region.offset)
      .done();
}

void add(FrontEnd& front_end, const SharedMemory::Region& region) {
  front_end.tell(vu::kAddMemReg, region_payload(region), {region.fd});
}

void remove(FrontEnd& front_end, const SharedMemory::Region& region) {
  front_end.tell(vu::kRemMemReg, region_payload(region));
}

std::uint64_t new_session(FrontEnd& front_end, const CbcVector& vector) {
  return static_cast<std::uint64_t>(
      front_end.create_session(session_payload(SessionForm::kUnion, aes_cbc(vector.key))));
}

std::size_t mappings_of(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);)
    count += line.find(name) != std::string::npos ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("vhost-user: SET_MEM_TABLE and regions that are added and removed while rings run",
          "[vhost-user][threads]") {
  Scene scene(threaded_device(2), {{SharedMemory::kBase, 4 << 20}, {0x1'0000'0000, 1 << 16}});
  scene.start(kModern, 3, 64);
  FrontEnd& front_end = scene.front_end();
  const CbcVector& vector = rfc3602_case_2();
  const std::uint64_t session = new_session(front_end, vector);
  const virtio::FileDescriptor file = memory_file(1 << 16);
  SharedMemory::Region more{0x2'0000'0000, 1 << 16, 0x7000'0000'0000, 0, file.get()};
  for (int round = 0; round < 60; ++round) {
    const std::size_t mark = scene.memory().mark();
    std::vector<std::uint16_t> heads;
    for (int i = 0; i < 12; ++i)
      heads.push_back(
          front_end.submit(static_cast<std::uint16_t>(i % 2), encrypt(session, vector).indirect()));
    if (round % 2 == 0) {
      front_end.share_memory();
    } else {
      add(front_end, more);
      remove(front_end, more);
    }
    for (std::size_t i = 0; i < heads.size(); ++i)
      REQUIRE(is_right(front_end.wait(static_cast<std::uint16_t>(i % 2), heads[i]), vector));
    scene.memory().rewind(mark);
  }
  CHECK(scene.device().stats().ring_faults == 0);
}

TEST_CASE("vhost-user: rings wait for the memory that they lie in", "[vhost-user]") {
  Scene scene;
  FrontEnd& front_end = scene.front_end();
  front_end.negotiate(kModern, FrontEnd::kUsualProtocolFeatures | vu::kCryptoSession);
  front_end.make_ring(0, 16, kModern);
  front_end.start_ring(0, 0);
  CHECK(scene.backend().running_rings() == 0);
  add(front_end, scene.memory().regions().front());
  CHECK(scene.backend().running_rings() == 1);
  const CbcVector& vector = rfc3602_case_1();
  CHECK(is_right(front_end.call(0, encrypt(new_session(front_end, vector), vector)), vector));
  remove(front_end, scene.memory().regions().front());
  CHECK(scene.backend().running_rings() == 0);
  CHECK_THROWS_WITH(remove(front_end, scene.memory().regions().front()), contains_text("REM_MEM_REG"));
}

TEST_CASE("vhost-user: a descriptor that comes with REM_MEM_REG is closed and not looked at",
          "[vhost-user]") {
  Scene scene;
  scene.start(kModern, 1);
  const SharedMemory::Region& region = scene.memory().regions().front();
  CHECK_NOTHROW(scene.front_end().tell(vu::kRemMemReg, region_payload(region), {0}));
}

TEST_CASE("vhost-user: regions that are no good end the connection", "[vhost-user][hostile]") {
  const virtio::FileDescriptor file = memory_file(1 << 16);
  const int fd = file.get();
  constexpr std::uint64_t kUser = 0x7000'0000'0000;
  const SharedMemory::Region regions[] = {
      {SharedMemory::kBase, 4096, kUser, 0, fd},         // overlaps the one that there is
      {SharedMemory::kBase - 4096, 4097, kUser, 0, fd},  // by a byte
      {0x2'0000'0000, (1 << 16) + 1, kUser, 0, fd},      // longer than its file
      {0x2'0000'0000, 1 << 16, kUser, 1, fd},            // ends behind it
      {0x2'0000'0000, 4096, kUser, 1 << 16, fd},         // begins behind it
      {0x2'0000'0000, 4096, kUser, UINT64_MAX - 4095, fd},
      {0x2'0000'0000, 0, kUser, 0, fd},
      {0x2'0000'0000, 0, 0, 0, fd},
      {0x2'0000'0000, UINT64_MAX, 1, 0, fd},
      {UINT64_MAX - 4094, 4096, kUser, 0, fd},  // wraps around
      {0x2'0000'0000, 4096, UINT64_MAX - 4094, 0, fd},
  };
  for (const SharedMemory::Region& region : regions) {
    CAPTURE(region.guest_address, region.bytes, region.user_address, region.offset);
    Scene scene;
    scene.start(kModern, 1);
    CHECK_THROWS_WITH(add(scene.front_end(), region), contains_text("ADD_MEM_REG: a memory region"));
    CHECK(scene.backend().running_rings() == 0);
    scene.start(kModern, 1);
    const CbcVector& vector = rfc3602_case_1();
    CHECK(
        is_right(scene.front_end().call(0, encrypt(new_session(scene.front_end(), vector), vector)), vector));
  }
}

TEST_CASE("vhost-user: what cannot be mapped ends the connection", "[vhost-user][hostile]") {
  const virtio::FileDescriptor read_only(::memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  int pipe[2] = {};
  REQUIRE(::pipe(pipe) == 0);
  const virtio::FileDescriptor in(pipe[0]), out(pipe[1]);
  for (const int fd : {read_only.get(), in.get()}) {
    Scene scene;
    scene.front_end().negotiate(kModern);
    CHECK_THROWS_WITH(add(scene.front_end(), {0x1000, 4096, 0x1000, 0, fd}), contains_text("ADD_MEM_REG"));
  }
}

TEST_CASE("vhost-user: a region more than there are slots", "[vhost-user][hostile]") {
  Scene scene;
  FrontEnd& front_end = scene.front_end();
  front_end.negotiate(kModern);
  const virtio::FileDescriptor file = memory_file(4096);
  const std::uint64_t slots = front_end.get(vu::kGetMaxMemSlots);
  CHECK(slots == 512);
  for (std::uint64_t i = 0; i < slots; ++i)
    add(front_end, {0x10'0000 + i * 8192, 4096, 0x10'0000 + i * 8192, 0, file.get()});
  CHECK_THROWS_WITH(add(front_end, {0x1000, 4096, 0x1000, 0, file.get()}), contains_text("slots"));
  // None of them is left behind.
  CHECK(mappings_of("guest-memory") == scene.memory().regions().size());
}

TEST_CASE("vhost-user: SET_MEM_TABLE with a wrong number of regions or descriptors",
          "[vhost-user][hostile]") {
  const virtio::FileDescriptor file = memory_file(1 << 16);
  const auto table = [](std::uint32_t regions, std::size_t described) {
    Wire wire;
    wire.le32(regions).le32(0);
    for (std::size_t i = 0; i < described; ++i)
      wire.le64(0x10'0000 * (i + 1)).le64(4096).le64(0x10'0000 * (i + 1)).le64(0);
    return wire.done();
  };
  const auto files = [&](std::size_t count) { return std::vector<int>(count, file.get()); };
  struct Case {
    std::uint32_t regions;
    std::size_t described, descriptors;
  };
  for (const Case& each : {Case{1, 1, 0}, Case{1, 1, 2}, Case{2, 1, 2}, Case{2, 2, 1}, Case{9, 8, 8},
                           Case{UINT32_MAX, 1, 1}, Case{0x1000'0001, 1, 1}}) {
    CAPTURE(each.regions, each.described, each.descriptors);
    Scene scene;
    scene.front_end().negotiate(kModern);
    CHECK_THROWS_WITH(scene.front_end().tell(vu::kSetMemTable, table(each.regions, each.described),
                                             files(each.descriptors)),
                      contains_text("SET_MEM_TABLE"));
  }
  Scene scene;
  scene.front_end().negotiate(kModern);
  CHECK_NOTHROW(scene.front_end().tell(vu::kSetMemTable, table(8, 8), files(8)));
  CHECK_NOTHROW(scene.front_end().tell(vu::kSetMemTable, table(1, 8), files(1)));  // the whole structure
  CHECK_NOTHROW(scene.front_end().tell(vu::kSetMemTable, table(0, 0)));
}

TEST_CASE("vhost-user: memory in huge pages is mapped and unmapped as a whole", "[vhost-user]") {
  constexpr std::uint64_t kHuge = std::uint64_t{2} << 20U;
  constexpr unsigned kHugeIs2M = 21U << 26U;  // MFD_HUGE_2MB
  const virtio::FileDescriptor file(::memfd_create("huge-guest", MFD_CLOEXEC | MFD_HUGETLB | kHugeIs2M));
  if (!file || ::ftruncate(file.get(), 2 * kHuge) != 0) {
    WARN("there are no huge pages here");
    return;
  }
  using virtio::vhost_user::SharedMapping;
  {
    // Part of a page, from somewhere in it. Nothing is touched: there may be no such page free.
    const auto mapping = SharedMapping::map(file.get(), kHuge + 4096, 8192);
    REQUIRE(mapping);
    CHECK(mapping->bytes().size() == 8192);
    CHECK(reinterpret_cast<std::uintptr_t>(mapping->bytes().data()) % kHuge == 4096);
    CHECK(mappings_of("huge-guest") == 1);
  }
  CHECK(mappings_of("huge-guest") == 0);
}
