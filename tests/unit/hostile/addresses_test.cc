// Addresses that a guest may write into rings, descriptors and tables: whatever it is, the request is
// answered or the device needs a reset, nothing else of guest memory changes, and after a reset all is well.
// Single faults of chains are in tests/unit/virtio; here they go through the whole device, in memory of
// several regions.
#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/driver/crypto_driver.h"
#include "tests/support/catch.h"
#include "tests/unit/hostile/cbc_vector.h"
#include "virtcrypt/devices/log.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

using namespace wire_number;

// RAM from 1 MiB on in two regions that meet, a hole, and one more.
constexpr std::uint64_t kFirst = TestMemory::kBase, kFirstBytes = 1 << 20;
constexpr std::uint64_t kSecond = kFirst + kFirstBytes, kSecondBytes = 64 << 10;
constexpr std::uint64_t kFar = 0x1'0000'0000, kFarBytes = 64 << 10;
constexpr std::uint64_t kBar = 0x8000'0000;  // where the guest has put the device's registers
constexpr std::uint16_t kRingSize = 16;

// A ring whose areas lie where the guest says.
class PlacedRing final : public DriverRing {
 public:
  PlacedRing(std::uint64_t descriptors, std::uint64_t driver, std::uint64_t device)
      : descriptors_(descriptors), driver_(driver), device_(device) {}
  [[nodiscard]] std::uint16_t size() const override { return kRingSize; }
  [[nodiscard]] std::uint64_t descriptor_area() const override { return descriptors_; }
  [[nodiscard]] std::uint64_t driver_area() const override { return driver_; }
  [[nodiscard]] std::uint64_t device_area() const override { return device_; }
  [[nodiscard]] std::size_t free_descriptors() const override { return 0; }
  [[nodiscard]] bool needs_kick() override { return true; }
  [[nodiscard]] std::uint16_t next_available() const override { return 0; }
  [[nodiscard]] std::optional<Used> poll() override { return std::nullopt; }
  void want_interrupt(bool) override {}

 private:
  [[nodiscard]] std::optional<std::uint16_t> put(std::span<const Segment>, bool) override {
    return std::nullopt;
  }
  std::uint64_t descriptors_, driver_, device_;
};

class Guest {
 public:
  explicit Guest(bool packed)
      : features_(feature::kVersion1 | feature::kIndirectDesc | (packed ? feature::kRingPacked : 0)),
        memory_({{kFirst, kFirstBytes}, {kSecond, kSecondBytes}, {kFar, kFarBytes}}) {
    devices::log().set_level(spdlog::level::off);
    auto model =
        std::make_unique<devices::crypto_dev::Device>(polled_device(), crypto::make_default_engine());
    device_ = model.get();
    function_ = std::make_unique<virtio::pci::VirtioPciFunction>(std::move(model), memory_.memory(), slot_);
    access_ = std::make_unique<FunctionAccess>(*function_);
    pci_ = std::make_unique<PciDriver>(*access_);
    pci_->set_command(0x6);
    start();
  }

  void start() {
    memory_.rewind(0);
    rings_.clear();
    REQUIRE(pci_->negotiate(features_));
    for (std::uint16_t queue = 0; queue < 2; ++queue) {
      rings_.push_back(
          std::make_unique<RequestRing>(memory_, test::make_ring(memory_, kRingSize, features_)));
      pci_->set_queue(queue, rings_[queue]->ring());
    }
    pci_->add_status(status::kDriverOk);
    device_->run_ready();
  }

  // Up to DRIVER_OK, with queue 0 elsewhere.
  void start_with(const DriverRing& ring) {
    reset();
    REQUIRE(pci_->negotiate(features_));
    pci_->set_queue(0, ring);
    pci_->add_status(status::kDriverOk);
    pci_->kick(0);
    device_->run_ready();
  }

  void reset() {
    pci_->request_reset();
    while (pci_->device_status() != 0)
      device_->run_ready();
  }

  [[nodiscard]] bool needs_reset() { return (pci_->device_status() & status::kNeedsReset) != 0; }

  void kick(std::uint16_t queue) {
    pci_->kick(queue);
    device_->run_ready();
  }
  // Nothing: no answer.
  std::optional<Answer> call(std::uint16_t queue, const Request& request) {
    const std::uint16_t head = rings_[queue]->add(request);
    kick(queue);
    rings_[queue]->collect();
    return rings_[queue]->take(head);
  }
  // What is hostile need not come back in order.
  void submit(std::uint16_t queue, const std::vector<Segment>& segments, bool indirect) {
    REQUIRE(rings_[queue]->ring().add(segments, indirect));
    kick(queue);
  }

  [[nodiscard]] std::uint64_t open() {
    const auto created = call(1, CryptoDriver::cipher_create(kAesCbc, kKey, kEncrypt));
    REQUIRE(created);
    std::uint64_t id = 0;
    std::memcpy(&id, created->written.data(), 8);
    return id;
  }

  // After a reset it does what it should.
  void check_works() {
    reset();
    start();
    REQUIRE_FALSE(needs_reset());
    const auto answer = call(0, CryptoDriver::cipher(kCipherEncrypt, open(), kIv, kPlain));
    REQUIRE(answer);
    CHECK(answer->status() == kOk);
    CHECK(Bytes(answer->written.begin(), answer->written.end() - 1) == kCbc);
  }

  [[nodiscard]] TestMemory& memory() { return memory_; }
  [[nodiscard]] DriverRing& ring(std::uint16_t queue) { return rings_[queue]->ring(); }

 private:
  const std::uint64_t features_;
  TestMemory memory_;
  FakeSlot slot_;
  devices::crypto_dev::Device* device_ = nullptr;
  std::unique_ptr<virtio::pci::VirtioPciFunction> function_;
  std::unique_ptr<FunctionAccess> access_;
  std::unique_ptr<PciDriver> pci_;
  std::vector<std::unique_ptr<RequestRing>> rings_;
};

struct Place {
  const char* name;
  std::uint64_t address;
  bool is_memory;  // 64 bytes of it, that is
};
constexpr Place kPlaces[] = {
    {"0, below all memory", 0, false},
    {"the device's registers", kBar, false},
    {"a hole", kSecond + kSecondBytes, false},
    {"the last bytes before a hole", kSecond + kSecondBytes - 32, false},
    {"behind all memory", kFar + kFarBytes, false},
    {"across the end of all memory", kFar + kFarBytes - 48, false},
    {"just below a region", kFar - 16, false},
    {"the end of the address space", UINT64_MAX - 63, false},
    {"across the end of the address space", UINT64_MAX - 15, false},
    {"half of the address space", std::uint64_t{1} << 63, false},
    {"the last bytes of a region", kFar + kFarBytes - 64, true},
    {"across two regions that meet", kSecond - 32, true},
    {"the first bytes of a region", kFar, true},
};

constexpr std::uint32_t kPlaceBytes = 64;

Bytes copy_of(TestMemory& memory, std::uint64_t address, std::size_t bytes) {
  const auto all = memory.at(address, bytes);
  return {all.begin(), all.end()};
}

}  // namespace

TEST_CASE("Addresses: ring areas that are not in one region of RAM need a reset", "[hostile][addresses]") {
  const bool packed = GENERATE(false, true);
  Guest guest(packed);
  for (const Place& place : kPlaces) {
    for (int area = 0; area < 3; ++area) {
      INFO((packed ? "packed, " : "split, ") << place.name << ", area " << area);
      std::uint64_t areas[] = {kFirst, kFirst + 0x1000, kFirst + 0x2000};
      areas[area] = place.address & ~std::uint64_t{15};
      guest.start_with(PlacedRing(areas[0], areas[1], areas[2]));
      // A packed ring's event suppression is 4 bytes long, which some of the places have room for.
      const auto bytes = [&]() -> std::uint64_t {
        if (packed) return area == 0 ? 16 * kRingSize : 4;
        return area == 0 ? 16 * kRingSize : area == 1 ? 6 + 2 * kRingSize : 6 + 8 * kRingSize;
      }();
      const bool fits = guest.memory().memory().range(virtio::GuestAddress{areas[area]}, bytes).has_value();
      CHECK(guest.needs_reset() != fits);
      guest.check_works();
    }
  }
}

TEST_CASE("Addresses: of buffers, everywhere in a chain", "[hostile][addresses]") {
  const bool packed = GENERATE(false, true);
  const bool indirect = GENERATE(false, true);
  Guest guest(packed);
  for (const Place& place : kPlaces) {
    // 0 and 1: readable header and text; 2 and 3: result and status.
    for (std::size_t part = 0; part < 4; ++part) {
      INFO((packed ? "packed, " : "split, ")
           << (indirect ? "indirect, " : "direct, ") << place.name << ", part " << part);
      const std::uint64_t id = guest.open();
      TestMemory& memory = guest.memory();
      const Bytes header = CryptoDriver::cipher_header(kCipherEncrypt, id, 16, 48, 48);
      const Buffer first = memory.allocate(header), second = memory.allocate(64), third = memory.allocate(64),
                   fourth = memory.allocate(64);
      std::vector<Segment> segments{{first.address, static_cast<std::uint32_t>(header.size()), false},
                                    {second.address, 64, false},
                                    {third.address, 48, true},
                                    {fourth.address, 1, true}};
      segments[part].address = place.address;
      segments[part].length = kPlaceBytes;
      if (part == 0 && place.is_memory) {
        for (std::size_t i = 0; i < kPlaceBytes; ++i)
          memory.at(place.address + i, 1)[0] = header[i];
        segments.insert(
            segments.begin() + 1,
            {first.address + kPlaceBytes, static_cast<std::uint32_t>(header.size() - kPlaceBytes), false});
      }
      guest.submit(0, segments, indirect);
      CHECK(guest.needs_reset() != place.is_memory);
      if (place.is_memory) {
        const auto used = guest.ring(0).poll();
        REQUIRE(used);
        CHECK(used->length > 0);
        // The status is the last writable byte.
        const Segment& last = segments.back();
        CHECK(memory.at(last.address + last.length - 1, 1)[0] == std::byte{kOk});
      }
      guest.check_works();
    }
  }
}

TEST_CASE("Addresses: of indirect tables", "[hostile][addresses]") {
  const bool packed = GENERATE(false, true);
  Guest guest(packed);
  for (const Place& place : kPlaces) {
    INFO((packed ? "packed, " : "split, ") << place.name);
    const std::uint64_t entries = place.address & ~std::uint64_t{15};
    if (place.is_memory) {
      // Four entries that are a request with an opcode that does not exist.
      const Buffer readable = guest.memory().allocate(Bytes(72, std::byte{0xFF})),
                   writable = guest.memory().allocate(16);
      for (std::uint64_t i = 0; i < 4; ++i) {
        Wire entry;
        entry.le64(i < 3 ? readable.address + 24 * i : writable.address).le32(i < 3 ? 24 : 16);
        const std::uint32_t flags = i < 3 ? std::uint32_t{kNext} : std::uint32_t{kWrite};
        // Split: flags, next; packed: id, flags.
        entry.le32(packed ? flags << 16U : flags | static_cast<std::uint32_t>(i + 1) << 16U);
        for (std::size_t at = 0; at < 16; ++at)
          guest.memory().at(entries + 16 * i + at, 1)[0] = entry.done()[at];
      }
    }
    if (packed) {
      dynamic_cast<PackedRing&>(guest.ring(0))
          .push({.address = entries, .length = kPlaceBytes, .id = 0, .flags = kIndirect});
    } else {
      auto& ring = dynamic_cast<SplitRing&>(guest.ring(0));
      ring.set_descriptor(0, {entries, kPlaceBytes, kIndirect, 0});
      ring.make_available(0);
    }
    guest.kick(0);
    CHECK(guest.needs_reset() != place.is_memory);
    guest.check_works();
  }
}

TEST_CASE("Addresses: buffers that lie over the rings and over themselves", "[hostile][addresses]") {
  const bool packed = GENERATE(false, true);
  const bool indirect = GENERATE(false, true);
  Guest guest(packed);
  const auto areas = [&](std::uint16_t queue) {
    const DriverRing& ring = guest.ring(queue);
    return std::vector<std::uint64_t>{ring.descriptor_area(), ring.driver_area(), ring.device_area()};
  };
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    for (std::size_t area = 0; area < 3; ++area) {
      for (const bool writable : {false, true}) {
        INFO((packed ? "packed, " : "split, ")
             << (indirect ? "indirect" : "direct") << ", area " << area << " of queue " << queue
             << (writable ? ", written" : ", read"));
        const std::uint64_t id = guest.open();
        // Far from everything: what must not change.
        const Bytes untouched = copy_of(guest.memory(), kFar, kFarBytes);
        const std::uint64_t target = areas(queue)[area];
        const Buffer header =
            guest.memory().allocate(CryptoDriver::cipher_header(kCipherEncrypt, id, 16, 48, 48));
        const Buffer text = guest.memory().allocate(64), result = guest.memory().allocate(64);
        std::vector<Segment> segments{
            {header.address, static_cast<std::uint32_t>(header.bytes.size()), false},
            {writable ? text.address : target, 64, false},
            {writable ? target : result.address, 49, true}};
        guest.submit(0, segments, indirect);
        // Whatever the guest has made of its rings: one more request on each.
        for (std::uint16_t other = 0; other < 2 && !guest.needs_reset(); ++other)
          guest.submit(other, segments, indirect);
        CHECK(copy_of(guest.memory(), kFar, kFarBytes) == untouched);
        guest.check_works();
      }
    }
  }
}

TEST_CASE("Addresses: parts of a request over each other", "[hostile][addresses]") {
  // Text, result, status, IV and header share memory; the table is its own result.
  const bool packed = GENERATE(false, true);
  Guest guest(packed);
  constexpr std::uint32_t kHeader = 72;
  for (const std::uint32_t shift : {0U, 1U, 16U, 40U, 71U}) {
    INFO((packed ? "packed, " : "split, ") << shift);
    const std::uint64_t id = guest.open();
    const Buffer all = guest.memory().allocate(512);
    const auto write_header = [&] {
      const Bytes header = CryptoDriver::cipher_header(kCipherEncrypt, id, 16, 48, 48);
      std::copy(header.begin(), header.end(), all.bytes.begin());
    };
    write_header();
    // Result and status over header, IV and text.
    guest.submit(0, {{all.address, kHeader + 64, false}, {all.address + shift, 49, true}}, false);
    CHECK_FALSE(guest.needs_reset());
    const auto used = guest.ring(0).poll();
    REQUIRE(used);
    CHECK(used->length == 49);
    CHECK(all.bytes[shift + 48] == std::byte{kOk});
    guest.check_works();
  }
  // A table that its own chain overwrites: it was read before.
  const std::uint64_t id = guest.open();
  const Buffer readable =
                   guest.memory().allocate(CryptoDriver::cipher_header(kCipherEncrypt, id, 16, 16, 16)),
               iv = guest.memory().allocate(kIv), text = guest.memory().allocate(kPlain);
  const std::uint64_t table =
      guest.memory().allocate(16).address + 16;  // where the ring's next allocation lies
  guest.submit(0,
               {{readable.address, kHeader, false},
                {iv.address, 16, false},
                {text.address, 16, false},
                {table, 16, true},
                {table + 16, 1, true}},
               true);
  REQUIRE(guest.ring(0).poll());
  CHECK(copy_of(guest.memory(), table, 16) == kCbc);
  CHECK(guest.memory().at(table + 16, 1)[0] == std::byte{kOk});
  guest.check_works();
}

TEST_CASE("Addresses: chains without end and chains that are too long", "[hostile][addresses]") {
  const bool packed = GENERATE(false, true);
  const std::uint32_t entries = GENERATE(1025U, 4096U, 32768U);
  Guest guest(packed);
  // A table longer than any chain may be, of buffers of one byte.
  const Buffer table = guest.memory().allocate(std::size_t{16} * entries);
  const Buffer byte = guest.memory().allocate(16);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::uint32_t next = i + 1 == entries ? 0 : i + 1;
    Wire entry;
    entry.le64(byte.address).le32(1).le32(packed ? 0 : std::uint32_t{kNext} | (next & 0xFFFFU) << 16U);
    std::memcpy(table.bytes.data() + std::size_t{16} * i, entry.done().data(), 16);
  }
  if (packed) {
    dynamic_cast<PackedRing&>(guest.ring(0))
        .push({.address = table.address, .length = 16 * entries, .id = 0, .flags = kIndirect});
  } else {
    auto& ring = dynamic_cast<SplitRing&>(guest.ring(0));
    ring.set_descriptor(0, {table.address, 16 * entries, kIndirect, 0});
    ring.make_available(0);
  }
  guest.kick(0);
  CHECK(guest.needs_reset());
  guest.check_works();
}
