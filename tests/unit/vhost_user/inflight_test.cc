// The record of what is in flight, which outlives the back-end's process.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "tests/support/catch.h"
#include "tests/unit/vhost_user/scene.h"
#include "virtcrypt/virtio/split_inflight.h"

using namespace virtcrypt;
using namespace virtcrypt::test;
using virtio::SplitInflight;

namespace {

// The layout that the protocol recommends ("Inflight I/O tracking"): 16 bytes of head, then 16 for each
// descriptor.
class Area {
 public:
  Area(int fd, std::size_t bytes, std::size_t part, std::uint16_t queue_size)
      : bytes_(bytes), part_(part * part_bytes(queue_size)) {
    mapped_ = static_cast<std::byte*>(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    REQUIRE(mapped_ != MAP_FAILED);
  }
  ~Area() { ::munmap(mapped_, bytes_); }
  Area(const Area&) = delete;
  Area& operator=(const Area&) = delete;

  // Aligned to 64, as others do it.
  static std::size_t part_bytes(std::uint16_t queue_size) {
    return (16 + std::size_t{16} * queue_size + 63) / 64 * 64;
  }

  void begin(std::uint16_t queue_size, std::uint16_t used_index) {
    put(8, std::uint16_t{1});
    put(10, queue_size);
    put(14, used_index);
  }
  void set_last_batch_head(std::uint16_t head) { put(12, head); }
  void set(std::uint16_t head, bool inflight, std::uint64_t counter, std::uint16_t next = 0) {
    const std::size_t at = 16 + std::size_t{16} * head;
    put(at, std::uint8_t{inflight});
    put(at + 6, next);
    put(at + 8, counter);
  }
  [[nodiscard]] bool is_inflight(std::uint16_t head) const {
    return mapped_[part_ + 16 + std::size_t{16} * head] != std::byte{0};
  }
  [[nodiscard]] std::uint16_t used_index() const { return get(14); }
  [[nodiscard]] std::uint16_t version() const { return get(8); }
  [[nodiscard]] std::uint16_t desc_num() const { return get(10); }
  void fill_with(std::byte value) { std::fill_n(mapped_ + part_, bytes_ - part_, value); }

 private:
  template <typename Integer>
  void put(std::size_t at, Integer value) {
    std::memcpy(mapped_ + part_ + at, &value, sizeof value);
  }
  [[nodiscard]] std::uint16_t get(std::size_t at) const {
    std::uint16_t value = 0;
    std::memcpy(&value, mapped_ + part_ + at, sizeof value);
    return value;
  }
  std::byte* mapped_ = nullptr;
  std::size_t bytes_, part_;
};

constexpr std::uint16_t kSize = 16, kQueues = 2;

Bytes description(std::uint64_t bytes, std::uint64_t offset = 0, std::uint16_t queues = kQueues,
                  std::uint16_t size = kSize) {
  return Wire().le64(bytes).le64(offset).le32(std::uint32_t{size} << 16U | queues).done();
}

// A front-end that keeps an area, and a driver.
class Kept {
 public:
  Kept() {
    scene.start(kModern, 0);
    FrontEnd& front_end = scene.front_end();
    BackEndReply reply = front_end.ask(vu::kGetInflightFd, description(0));
    std::memcpy(&bytes, reply.payload.data(), sizeof bytes);
    file = std::move(reply.descriptor);
    REQUIRE(file);
    area = std::make_unique<Area>(file.get(), bytes, 0, kSize);
    begin_ring();
  }
  // In the front-end's order: the area comes before the rings.
  void hand_back() { scene.front_end().tell(vu::kSetInflightFd, description(bytes), {file.get()}); }
  void begin_ring(std::uint32_t base = 0) {
    if (!is_made) scene.front_end().make_ring(0, kSize, kModern);
    is_made = true;
    scene.front_end().start_ring(0, base);
  }
  void reconnect(std::uint32_t base) {
    scene.front_end().negotiate(kModern, FrontEnd::kUsualProtocolFeatures | vu::kCryptoSession);
    hand_back();
    scene.front_end().share_memory();
    begin_ring(base);
  }
  std::uint64_t session() {
    const auto id =
        scene.front_end().create_session(session_payload(SessionForm::kUnion, aes_cbc(rfc3602_case_1().key)));
    REQUIRE(id > 0);
    return static_cast<std::uint64_t>(id);
  }
  // Of the process's first session: processes count alike.
  std::uint16_t add(std::uint64_t id) {
    return scene.front_end().ring(0).requests->add(encrypt(id, rfc3602_case_1()).indirect());
  }
  [[nodiscard]] const SplitRing& ring() { return dynamic_cast<SplitRing&>(scene.front_end().driver_ring(0)); }

  Scene scene;
  std::uint64_t bytes = 0;
  virtio::FileDescriptor file;
  std::unique_ptr<Area> area;
  bool is_made = false;
};

// Heads in the order in which they come back.
std::vector<std::uint16_t> order_of_return(Kept& kept, std::size_t count) {
  std::vector<std::uint16_t> heads;
  for (int i = 0; i < 100 && heads.size() < count; ++i) {
    kept.scene.device().run_ready();
    while (const auto used = kept.scene.front_end().driver_ring(0).poll())
      heads.push_back(static_cast<std::uint16_t>(used->head));
  }
  return heads;
}

}  // namespace

TEST_CASE("vhost-user: GET_INFLIGHT_FD gives an area for each queue, sealed", "[vhost-user][inflight]") {
  Kept kept;
  CHECK(kept.bytes == kQueues * Area::part_bytes(kSize));
  CHECK(::lseek(kept.file.get(), 0, SEEK_END) == static_cast<off_t>(kept.bytes));
  CHECK(::ftruncate(kept.file.get(), 0) != 0);
  CHECK(kept.area->version() == 1);  // the ring has begun it
  CHECK(kept.area->desc_num() == kSize);
  const Area other(kept.file.get(), kept.bytes, 1, kSize);
  CHECK(other.version() == 0);
  CHECK_NOTHROW(kept.hand_back());
}

TEST_CASE("vhost-user: a request is on record from the ring to its used index", "[vhost-user][inflight]") {
  Kept kept;
  const std::uint64_t session = kept.session();
  const std::uint16_t head = kept.add(session);
  CHECK(!kept.area->is_inflight(head));
  kept.scene.front_end().kick(0);
  CHECK(is_right(kept.scene.front_end().wait(0, head), rfc3602_case_1()));
  CHECK(!kept.area->is_inflight(head));
  CHECK(kept.area->used_index() == 1);
}

TEST_CASE("vhost-user: another process serves what the last one had taken, in its order",
          "[vhost-user][inflight]") {
  Kept kept;
  std::uint64_t session = kept.session();
  for (int i = 0; i < 5; ++i)
    CHECK(is_right(kept.scene.front_end().call(0, encrypt(session, rfc3602_case_1()).indirect()),
                   rfc3602_case_1()));
  kept.scene.backend().disconnect();  // its record stays
  const std::uint16_t used = kept.ring().used_index();
  REQUIRE(kept.area->used_index() == used);

  // Four requests, of which the process that dies has taken three, and returned none.
  std::vector<std::uint16_t> heads;
  for (int i = 0; i < 4; ++i)
    heads.push_back(kept.add(session));
  kept.area->set(heads[1], true, 500);
  kept.area->set(heads[0], true, 501);
  kept.area->set(heads[2], true, 7);
  kept.scene.replace_process();
  const std::uint32_t wrong_base = 0x77;  // the record knows better
  kept.reconnect(wrong_base);
  session = kept.session();
  CHECK(order_of_return(kept, 4) == std::vector<std::uint16_t>{heads[2], heads[1], heads[0], heads[3]});
  for (const std::uint16_t head : heads)
    CHECK(!kept.area->is_inflight(head));
  CHECK(kept.area->used_index() == used + 4);
  CHECK(kept.scene.device().stats().ring_faults == 0);
  CHECK(kept.scene.front_end().stop_ring(0) == static_cast<std::uint32_t>(used + 4));
}

TEST_CASE("vhost-user: a process that died between used index and record has returned its last batch",
          "[vhost-user][inflight]") {
  Kept kept;
  const std::uint64_t session = kept.session();
  std::vector<std::uint16_t> heads;
  for (int i = 0; i < 3; ++i)
    heads.push_back(kept.scene.front_end().submit(0, encrypt(session, rfc3602_case_1()).indirect()));
  REQUIRE(order_of_return(kept, 3) == heads);
  kept.scene.backend().disconnect();
  // Two of the three in the last batch, which the record does not have yet; the third was in one before.
  kept.area->begin(kSize, 1);
  kept.area->set(heads[1], true, 1, heads[0]);
  kept.area->set(heads[2], true, 2, heads[1]);
  kept.area->set_last_batch_head(heads[2]);
  kept.scene.replace_process();
  kept.reconnect(3);
  kept.scene.device().run_ready();
  CHECK(kept.ring().used_index() == 3);  // nothing comes twice
  CHECK(!kept.area->is_inflight(heads[1]));
  CHECK(!kept.area->is_inflight(heads[2]));
  CHECK(kept.area->used_index() == 3);
  const std::uint64_t other = kept.session();
  CHECK(is_right(kept.scene.front_end().call(0, encrypt(other, rfc3602_case_1())), rfc3602_case_1()));
}

TEST_CASE("vhost-user: hostile contents of an area do no harm", "[vhost-user][inflight][hostile]") {
  const int kind = GENERATE(0, 1, 2, 3, 4, 5);
  CAPTURE(kind);
  Kept kept;
  kept.scene.backend().disconnect();
  switch (kind) {
    case 0:
      kept.area->fill_with(std::byte{0xff});
      break;
    case 1:  // all is in flight, with equal and huge counters
      for (std::uint16_t head = 0; head < kSize; ++head)
        kept.area->set(head, true, UINT64_MAX);
      break;
    case 2:  // a batch that goes round
      kept.area->begin(kSize, 0x8000);
      kept.area->set(3, true, 1, 4);
      kept.area->set(4, true, 2, 3);
      kept.area->set_last_batch_head(3);
      break;
    case 3:  // a batch that leads out of the area
      kept.area->begin(kSize, 0xfff0);
      kept.area->set(3, true, 1, 0xffff);
      kept.area->set_last_batch_head(3);
      break;
    case 4:
      kept.area->begin(kSize, 0xfff0);
      kept.area->set_last_batch_head(0xffff);
      break;
    default:  // another queue size
      kept.area->begin(32768, 0);
      break;
  }
  kept.scene.replace_process();
  kept.reconnect(0);
  kept.scene.device().run_ready();
  CHECK(kept.ring().used_index() <= kSize);
  // Whatever became of this ring, the next front-end is served.
  kept.scene.backend().disconnect();
  kept.scene.start(kModern, 1);
  FrontEnd& front_end = kept.scene.front_end();
  CHECK(is_right(front_end.call(0, encrypt(kept.session(), rfc3602_case_1())), rfc3602_case_1()));
}

TEST_CASE("vhost-user: an area that its queues do not fit into", "[vhost-user][inflight][hostile]") {
  const std::size_t needed = kQueues * Area::part_bytes(kSize);
  const virtio::FileDescriptor file = memory_file(needed + 4096);
  struct Case {
    std::uint64_t bytes, offset;
    std::uint16_t queues, size;
  };
  for (const Case& each :
       {Case{needed - 1, 0, kQueues, kSize}, Case{needed, 4097 - 1 + 8, kQueues, kSize},
        Case{needed + 4096, 4, kQueues, kSize}, Case{UINT64_MAX, 0, kQueues, kSize},
        Case{needed, UINT64_MAX - 7, kQueues, kSize}, Case{needed, 0, 3, kSize}, Case{needed, 0, kQueues, 32},
        Case{needed, 0, 0, kSize}, Case{needed, 0, kQueues, 0}, Case{needed, 0, kQueues, 24},
        Case{needed, 0, 257, kSize}, Case{0, 0, kQueues, kSize}}) {
    CAPTURE(each.bytes, each.offset, each.queues, each.size);
    Scene scene;
    scene.start(kModern, 0);
    CHECK_THROWS_WITH(
        scene.front_end().tell(vu::kSetInflightFd,
                               description(each.bytes, each.offset, each.queues, each.size), {file.get()}),
        contains_text("SET_INFLIGHT_FD"));
  }
  Scene scene;
  scene.start(kModern, 0);
  CHECK_NOTHROW(scene.front_end().tell(vu::kSetInflightFd, description(needed, 4096), {file.get()}));
  CHECK_THROWS_WITH(scene.front_end().tell(vu::kSetInflightFd, description(needed)),
                    contains_text("SET_INFLIGHT_FD"));
}

TEST_CASE("vhost-user: a new area while rings run is used from then on", "[vhost-user][inflight]") {
  Kept kept;
  const std::uint64_t session = kept.session();
  CHECK(is_right(kept.scene.front_end().call(0, encrypt(session, rfc3602_case_1())), rfc3602_case_1()));
  const BackEndReply reply = kept.scene.front_end().ask(vu::kGetInflightFd, description(0));
  const Area area(reply.descriptor.get(), kept.bytes, 0, kSize);
  CHECK(is_right(kept.scene.front_end().call(0, encrypt(session, rfc3602_case_1())), rfc3602_case_1()));
  CHECK(area.used_index() == 2);
  CHECK(kept.area->used_index() == 1);
}

TEST_CASE("SplitInflight: the steps of the protocol, one by one", "[vhost-user][inflight]") {
  alignas(8) std::byte bytes[16 + 16 * 8 + 48] = {};
  REQUIRE(SplitInflight::bytes_for(8) == sizeof bytes);
  const auto inflight = [&](std::size_t head) { return bytes[16 + 16 * head] != std::byte{0}; };
  const auto word = [&](std::size_t at) {
    std::uint16_t value = 0;
    std::memcpy(&value, bytes + at, sizeof value);
    return value;
  };
  {
    SplitInflight first(bytes, 8);
    CHECK(first.recover(40).empty());
    CHECK(!first.is_recovered());
    for (const std::uint16_t head : std::vector<std::uint16_t>{6, 2, 5})
      first.taken(head);
    CHECK((inflight(2) && inflight(5) && inflight(6) && !inflight(0)));
    first.returning(2);
    first.returning(6);
    CHECK(word(12) == 6);  // the last batch begins there
    CHECK(word(16 + 16 * std::size_t{6} + 6) == 2);
    CHECK((inflight(2) && inflight(6)));
  }
  {
    // Died before the used index: all three once more.
    SplitInflight second(bytes, 8);
    CHECK(second.recover(40) == std::vector<std::uint16_t>{6, 2, 5});
    CHECK(second.is_recovered());
    second.taken(1);
    second.returning(6);
    second.returned(41);
    CHECK((!inflight(6) && inflight(2) && word(14) == 41));
    second.returning(5);
    second.returning(2);
  }
  // Died behind the used index.
  SplitInflight third(bytes, 8);
  CHECK(third.recover(43) == std::vector<std::uint16_t>{1});
  CHECK(word(14) == 43);
  // Another size of queue: a record of somebody else's.
  SplitInflight fourth(std::span<std::byte>(bytes).first(SplitInflight::bytes_for(4)), 4);
  CHECK(fourth.recover(0).empty());
  CHECK(!fourth.is_recovered());
}
