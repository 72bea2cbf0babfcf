// A thread of the guest that rewrites everything the device reads, while it reads it: rings, tables,
// requests.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/rfc_v2_requests.h"
#include "tests/support/catch.h"
#include "tests/unit/hostile/cbc_vector.h"
#include "virtcrypt/crypto/sanitizers.h"

#if VIRTCRYPT_TSAN
extern "C" void AnnotateBenignRaceSized(const char* file, int line, const volatile void* memory,
                                        std::size_t bytes, const char* what);
#endif

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

using namespace wire_number;
using std::chrono::steady_clock;

// What the attacker goes for; each includes those before it.
enum class Reach : std::uint8_t { kRequests, kTables, kRings };

struct Guest {
  bool packed;
  bool draft;
  Reach reach;
};

constexpr std::uint16_t kRingSize = 16, kDataQueues = 2;
constexpr std::size_t kSlots = 8, kSlotBytes = 1024, kTableBytes = 16 * 8;
// Where a slot has room for the answer: all of it, or in every fourth slot too little.
constexpr std::size_t kAnswerOffset = 512;
constexpr std::size_t room_in(std::size_t slot) {
  return slot % 4 == 3 ? 17 : 33;
}
// Descriptors name addresses in its first half and lengths up to that half, however they are torn.
constexpr std::size_t kGround = std::size_t{64} << 10;
constexpr std::size_t kCanary = std::size_t{64} << 10;
constexpr std::size_t kMemory = std::size_t{1} << 20;
constexpr std::byte kUntouched{0x5A};

// One bytewise view of guest memory, which all of its threads write at will.
class Ground {
 public:
  explicit Ground(CryptoDriver& driver) : driver_(driver) {}

  [[nodiscard]] std::uint64_t base() const { return TestMemory::kBase + kMemory - kCanary - kGround; }
  [[nodiscard]] std::uint64_t slot(std::size_t index) const { return base() + index * kSlotBytes; }
  // What lies between the room for a slot's answer and its table. Whoever strikes at requests alone does not
  // strike there.
  [[nodiscard]] std::span<std::byte> behind_answer(std::size_t index) const {
    const std::size_t start = kAnswerOffset + room_in(index);
    return driver_.memory().at(slot(index) + start, kSlotBytes - kTableBytes - start);
  }
  [[nodiscard]] std::span<std::byte> canary() const {
    return driver_.memory().at(TestMemory::kBase + kMemory - kCanary, kCanary);
  }
  void put(std::uint64_t address, std::span<const std::byte> bytes) const {
    volatile std::byte* to = driver_.memory().at(address, bytes.size()).data();
    for (const std::byte byte : bytes)
      *to++ = byte;
  }
  void put(std::uint64_t address, std::uint64_t value, std::size_t bytes) const {
    put(address, std::as_bytes(std::span(&value, 1)).first(bytes));
  }

 private:
  CryptoDriver& driver_;
};

// Chains in the slots of the ground: a header with parameters in front, room for the answer behind, and a
// table of descriptors for both.
class Writer {
 public:
  Writer(const Guest& guest, CryptoDriver& driver, std::uint32_t seed)
      : guest_(guest), ground_(driver), random_(seed) {
    for (std::uint16_t queue = 0; queue <= kDataQueues; ++queue) {
      const DriverRing& ring = driver.any_ring(queue);
      areas_.push_back({ring.descriptor_area(), ring.driver_area(), ring.device_area()});
    }
  }

  // An honest request, of whatever kind.
  void write_request(std::size_t index, bool control, std::uint64_t session) {
    const Bytes bytes = control ? create_bytes() : data_bytes(session);
    const std::uint64_t at = ground_.slot(index);
    ground_.put(at, bytes);
    const std::size_t cut = random_() % bytes.size();  // where the readable part is cut in two
    const std::uint64_t table = at + kSlotBytes - kTableBytes;
    put_descriptor(table, at, cut == 0 ? 1 : cut, kNext, 1);
    put_descriptor(table + 16, at + cut, bytes.size() - cut, kNext, 2);
    put_descriptor(table + 32, at + kAnswerOffset, control ? 16 : room_in(index), kWrite, 0);
  }

  // Makes it available, in a table of its own.
  void make_available(std::uint16_t queue, std::size_t index, std::uint16_t serial) {
    const std::uint64_t table = ground_.slot(index) + kSlotBytes - kTableBytes;
    const auto place = static_cast<std::uint16_t>(serial % kRingSize);
    const Areas& areas = areas_[queue];
    if (guest_.packed) {
      const bool wrap = serial / kRingSize % 2 == 0;
      const std::uint64_t descriptor = areas.descriptors + 16U * place;
      ground_.put(descriptor, table, 8);
      ground_.put(descriptor + 8, 48, 4);
      ground_.put(descriptor + 12, place, 2);
      ground_.put(descriptor + 14, kIndirect | PackedRing::available_bits(wrap), 2);
    } else {
      put_descriptor(areas.descriptors + 16U * place, table, 48, kIndirect, 0);
      ground_.put(areas.driver + 4 + 2U * place, place, 2);
      ground_.put(areas.driver + 2, serial + 1U, 2);
    }
  }

  // One hostile write.
  void strike() {
    const auto index = random_() % kSlots;
    switch (random_() % (guest_.reach == Reach::kRequests ? 2 : guest_.reach == Reach::kTables ? 4 : 8)) {
      case 0:
        return ground_.put(ground_.slot(index) + random_() % 256, random_(), 1);
      case 1:
        return ground_.put(ground_.slot(index) + 4 * (random_() % 40), field(), 4);
      case 2:
      case 3:
        return strike_descriptor(ground_.slot(index) + kSlotBytes - kTableBytes + 16 * (random_() % 8));
      case 4:
        return strike_descriptor(areas_[random_() % areas_.size()].descriptors +
                                 16 * (random_() % kRingSize));
      case 5:
        return strike_driver_area();
      case 6:
        // The device's own: used ring, or event suppression.
        return ground_.put(areas_[random_() % areas_.size()].device + (guest_.packed ? 0 : random_() % 64),
                           random_(), guest_.packed ? 4 : 1);
      default:
        return ground_.put(areas_[random_() % areas_.size()].descriptors + 16 * (random_() % kRingSize) + 12,
                           random_(), 4);
    }
  }

 private:
  struct Areas {
    std::uint64_t descriptors, driver, device;
  };

  [[nodiscard]] std::uint32_t field() {
    constexpr std::uint32_t kFields[] = {0,  1,     2,     3,     15,    16,     17,
                                         64, 0x100, 0x200, 0x300, 0x400, 0xFFFF, 0xFFFF'FFFF};
    return kFields[random_() % std::size(kFields)];
  }

  void put_descriptor(std::uint64_t at, std::uint64_t address, std::size_t length, std::uint16_t flags,
                      std::uint16_t next) {
    ground_.put(at, address, 8);
    ground_.put(at + 8, length, 4);
    ground_.put(at + 12, guest_.packed ? next : flags, 2);
    ground_.put(at + 14, guest_.packed ? flags : next, 2);
  }

  void strike_descriptor(std::uint64_t at) {
    const std::uint64_t address = ground_.base() + random_() % (kGround / 2);
    const auto flags = static_cast<std::uint16_t>(
        (random_() & 7U) | (guest_.packed ? random_() & std::uint32_t{kAvail | kUsed} : 0U));
    put_descriptor(at, address, random_() % (kGround / 2), flags, static_cast<std::uint16_t>(random_() % 20));
  }

  void strike_driver_area() {
    const Areas& areas = areas_[random_() % areas_.size()];
    if (guest_.packed) return ground_.put(areas.driver, random_(), 4);
    // Flags, idx, heads, used_event.
    ground_.put(areas.driver + 2 * (random_() % (kRingSize + 3)), random_() % (2 * kRingSize), 2);
  }

  [[nodiscard]] Bytes create_bytes() {
    if (guest_.draft) return rfc_v2::create_bytes(rfc_v2::cbc_session());
    Wire wire;
    wire.le32(kCipherCreate).le32(kAesCbc).le32(0).le32(0);
    wire.le32(kAesCbc).le32(16).le32(kEncrypt).le32(0).zeros(32).le32(1).le32(0).bytes(kKey);
    return wire.done();
  }
  [[nodiscard]] Bytes data_bytes(std::uint64_t session) {
    if (guest_.draft) {
      rfc_v2::Data data = rfc_v2::cbc_data(session);
      data.flags = 0;
      return rfc_v2::readable_bytes(data);
    }
    Wire wire;
    wire.bytes(CryptoDriver::cipher_header(kCipherEncrypt, session, 16, 32, 32)).bytes(kIv).bytes(kPlain);
    return wire.bytes(kPlain).done();
  }

  Guest guest_;
  Ground ground_;
  std::mt19937 random_;
  std::vector<Areas> areas_;
};

devices::crypto_dev::DeviceOptions device_options(const Guest& guest) {
  devices::crypto_dev::DeviceOptions options{
      .data_queues = kDataQueues, .io_threads = 2, .workers = 2, .max_sessions = 64};
  if (guest.draft) {
    options.dialect = &devices::crypto_dev::rfc_v2_dialect();
    options.extensions = virtio::FeatureSet::all();
  }
  return options;
}

DriverOptions driver_options(const Guest& guest) {
  DriverOptions options;
  options.features |= guest.draft ? rfc_v2::kFeatureStatus | rfc_v2::kFeatureAlgs | rfc_v2::kFeatureInline |
                                        rfc_v2::kFeatureMq
                                  : 0U;
  options.packed = guest.packed;
  options.ring_size = kRingSize;
  options.memory_bytes = kMemory;
  return options;
}

std::uint64_t open_session(CryptoDriver& driver, const Guest& guest) {
  if (!guest.draft) {
    return driver.create(CryptoDriver::cipher_create(kAesCbc, kKey, kEncrypt).indirect()).id;
  }
  const Answer created = driver.call(kDataQueues, rfc_v2::create(rfc_v2::cbc_session()).indirect());
  return rfc_v2::le64_at(created.written, 1);
}

// After everything: the published result.
bool is_right(CryptoDriver& driver, const Guest& guest) {
  const std::uint64_t id = open_session(driver, guest);
  if (guest.draft) {
    rfc_v2::Data data = rfc_v2::cbc_data(id);
    data.flags = 0;
    return rfc_v2::is_cbc_answer(driver.call(1, rfc_v2::request(data)));
  }
  const Answer answer = driver.call(1, CryptoDriver::cipher(kCipherEncrypt, id, kIv, kPlain));
  return answer.status() == kOk && Bytes(answer.written.begin(), answer.written.end() - 1) == kCbc;
}

bool is_untouched(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == kUntouched; });
}

// Clears what the attacker has left, as a driver does that sets its queues up.
void restart(CryptoDriver& driver) {
  const std::span<std::byte> all = driver.memory().at(TestMemory::kBase, kMemory - kCanary);
  std::fill(all.begin(), all.end(), std::byte{0});
  REQUIRE(driver.start());
}

void attack(CryptoDriver& driver, const Guest& guest, std::chrono::milliseconds duration) {
  const auto end = steady_clock::now() + duration;
  std::uint64_t rounds = 0, resets = 0;
  std::atomic<bool> stop{false};
  while (steady_clock::now() < end) {
    const std::uint64_t session = open_session(driver, guest);
    std::array<std::uint16_t, kDataQueues + 1> serials{};
    serials[kDataQueues] = 1;  // the session's
    Writer honest(guest, driver, 1);
    stop = false;
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      const std::span<std::byte> behind = Ground(driver).behind_answer(slot);
      std::fill(behind.begin(), behind.end(), kUntouched);
    }
    std::thread attacker([&] {
      Writer writer(guest, driver, static_cast<std::uint32_t>(resets + 2));
      while (!stop.load(std::memory_order_relaxed))
        writer.strike();
    });
    bool broken = false;
    for (int i = 0; i < 200 && !broken; ++i, ++rounds) {
      const auto queue = static_cast<std::uint16_t>(i % (kDataQueues + 1));
      const std::size_t slot = static_cast<std::size_t>(i) % kSlots;
      honest.write_request(slot, queue == kDataQueues, session);
      honest.make_available(queue, slot, serials[queue]++);
      driver.pci().kick(queue);
      // Answers are not waited for: no more than fit the ring are on their way.
      if (i % 8 == 7) std::this_thread::sleep_for(std::chrono::microseconds(200));
      broken = (driver.pci().device_status() & status::kNeedsReset) != 0;
    }
    stop = true;
    attacker.join();
    driver.reset();
    for (std::size_t slot = 0; slot < kSlots && guest.reach == Reach::kRequests; ++slot)
      CHECK(is_untouched(Ground(driver).behind_answer(slot)));
    restart(driver);
    ++resets;
  }
  INFO(rounds << " requests, " << resets << " resets");
  CHECK(rounds > 0);
  CHECK(is_untouched(Ground(driver).canary()));
  CHECK(driver.device().stats().requests > 0);
  CHECK(is_right(driver, guest));
}

}  // namespace

TEST_CASE("Mutation: a guest that rewrites what the device reads gets nothing but garbage for itself",
          "[hostile][mutation]") {
  const bool packed = GENERATE(false, true);
  const bool draft = GENERATE(false, true);
  const Reach reach = GENERATE(Reach::kRequests, Reach::kTables, Reach::kRings);
  INFO((packed ? "packed" : "split") << (draft ? ", draft, " : ", standard, ") << static_cast<int>(reach));
  const Guest guest{packed, draft, reach};
  CryptoDriver driver(device_options(guest), driver_options(guest));
#if VIRTCRYPT_TSAN
  // Races over guest memory are the guest's own; all others are ours.
  const std::span<std::byte> memory = driver.memory().memory().regions()[0].host;
  AnnotateBenignRaceSized(__FILE__, __LINE__, memory.data(), memory.size(), "guest memory");
#endif
  const std::span<std::byte> canary = Ground(driver).canary();
  std::fill(canary.begin(), canary.end(), kUntouched);
  attack(driver, guest, std::chrono::milliseconds(kSanitized ? 600 : 250));
}
