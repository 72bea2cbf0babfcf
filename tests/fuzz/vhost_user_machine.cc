#include "tests/fuzz/vhost_user_machine.h"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <stdexcept>
#include <string>

#include <spdlog/fmt/fmt.h>

#include "tests/driver/pci_driver.h"
#include "tests/driver/split_ring.h"
#include "tests/fuzz/require.h"
#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/log.h"

namespace virtcrypt::fuzz {
namespace {

using test::Bytes;
using test::Wire;
namespace vu = test::vu;

constexpr std::uint16_t kDataQueues = 2, kRingSize = 16;
constexpr std::size_t kMemoryBytes = 256U << 10U, kSmallBytes = 16U << 10U;
// Rounds of the device in one step, and for one message, which it must not need.
constexpr unsigned kRoundsOfStep = 50, kMostRounds = 100'000;
constexpr std::uint64_t kModern =
    test::feature::kVersion1 | test::feature::kIndirectDesc | test::feature::kEventIdx;

devices::crypto_dev::DeviceOptions device_options() {
  devices::log().set_level(spdlog::level::off);
  return {.data_queues = kDataQueues, .io_threads = 0, .workers = 0, .max_sessions = 8, .max_size = 64 << 10};
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::size_t shared_mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);)
    count += line.find("/memfd:") != std::string::npos ? 1 : 0;
  return count;
}

Bytes as_bytes(std::span<const std::uint8_t> from) {
  const auto bytes = std::as_bytes(from);
  return {bytes.begin(), bytes.end()};
}

// RFC 3602, section 4, case 1.
const Bytes& key() {
  static const Bytes bytes = test::from_hex("06a9214036b8a15b512e03d534120006");
  return bytes;
}
test::CipherSubject cipher() {
  return {.algorithm = test::wire_number::kAesCbc, .key = key()};
}
test::Request encryption(std::uint64_t session) {
  return test::cipher_request({test::Layout::kPadded, session}, cipher(),
                              test::from_hex("3dafba429d9eb430b422da802c9fac41"),
                              test::from_hex("53696e676c6520626c6f636b206d7367"), 16);
}

}  // namespace

VhostUserMachine::VhostUserMachine(Narrate narrate)
    : narrate_(std::move(narrate)),
      device_(device_options(), crypto::make_default_engine()),
      sessions_(device_),
      backend_(device_, &sessions_,
               {.let_device_work =
                    [this] {
                      require(++rounds_ < kMostRounds, "the device never becomes idle");
                      device_.run_ready();
                    },
                .queues_with_sessions = kDataQueues}),
      channel_(backend_),
      memory_(kMemoryBytes),
      front_end_(channel_, memory_, [this] { device_.run_ready(); }),
      small_file_(test::memory_file(kSmallBytes)),
      event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {}

void VhostUserMachine::run(const Input& input) {
  const std::size_t descriptors = open_descriptors(), mappings = shared_mappings();
  for (const Step& step : input.steps)
    take(step);
  backend_.disconnect();
  check_end();
  for (std::uint16_t i = 0; i < rings_; ++i)
    front_end_.ring(i) = {};
  area_ = virtio::FileDescriptor();
  require(open_descriptors() == descriptors, "a descriptor is left behind");
  require(shared_mappings() == mappings, "memory stays mapped");
  serve_a_good_one();
}

void VhostUserMachine::take(const Step& step) {
  Reader bytes(step.bytes);
  rounds_ = 0;
  switch (static_cast<VhostUserStep>(step.kind % static_cast<unsigned>(VhostUserStep::kCount))) {
    case VhostUserStep::kMessage:
      return message(bytes);
    case VhostUserStep::kStart:
      return start(bytes);
    case VhostUserStep::kState:
      return state(bytes);
    case VhostUserStep::kAddress:
      return address(bytes);
    case VhostUserStep::kDescriptor:
      return descriptor(bytes);
    case VhostUserStep::kRegion:
      return region(bytes);
    case VhostUserStep::kSession:
      return session(bytes);
    case VhostUserStep::kInflight:
      return inflight(bytes);
    case VhostUserStep::kRequest:
      return request(bytes);
    case VhostUserStep::kAvailable:
      return available(bytes);
    case VhostUserStep::kPoke:
      return poke(bytes);
    case VhostUserStep::kKick:
      if (const unsigned ring = bytes.u8(); rings_ > 0)
        front_end_.kick(static_cast<std::uint16_t>(ring % rings_));
      return;
    case VhostUserStep::kDisconnect:
      backend_.disconnect();
      return connection_over("by the front-end");
    case VhostUserStep::kRun:
    case VhostUserStep::kCount:
      return work();
  }
}

void VhostUserMachine::connection_over(std::string_view why) {
  if (narrate_) narrate_(fmt::format("connection over: {}", why));
  require(backend_.running_rings() == 0, "a ring runs without a connection");
}

bool VhostUserMachine::send(const Message& message, test::BackEndReply* reply) {
  if (narrate_) {
    narrate_(fmt::format("{} ({}), {} bytes, {} descriptors",
                         name_of(static_cast<virtio::vhost_user::Request>(message.request)), message.request,
                         message.payload.size(), message.descriptors.size()));
  }
  try {
    test::BackEndReply answer = channel_.ask(message);
    require(answer.payload.size() <= virtio::vhost_user::kMaxPayload, "an answer is too long");
    if (reply != nullptr) *reply = std::move(answer);
  } catch (const test::ConnectionEnded& end) {
    connection_over(end.what());
    return false;
  } catch (const std::runtime_error&) {
    // It needs no answer.
  }
  return true;
}

int VhostUserMachine::some_file(std::uint8_t choice) const {
  const int files[] = {event_.get(), small_file_.get(), memory_.regions().front().fd, timer_.get()};
  return files[choice % std::size(files)];
}

void VhostUserMachine::message(Reader& bytes) {
  Message sent{.request = bytes.u8(), .flags = bytes.u8() ^ vu::kVersion1};
  const unsigned count = bytes.u8() % 12U;
  sent.descriptors.assign(count, some_file(bytes.u8()));
  sent.payload = as_bytes(bytes.rest());
  send(sent);
}

void VhostUserMachine::start(Reader& bytes) {
  const auto wanted = static_cast<std::uint16_t>(1 + bytes.u8() % (kDataQueues + 1U));
  const unsigned form = bytes.u8();
  const std::uint64_t features = kModern | ((form & 1) != 0 ? test::feature::kRingPacked : 0) |
                                 ((form & 2) != 0 ? test::feature::kInOrder : 0);
  const bool as_qemu = (bytes.u8() & 1) != 0 && (form & 1) == 0;
  try {
    backend_.disconnect();
    if (as_qemu) {
      front_end_.negotiate_as_qemu();
    } else {
      front_end_.negotiate(features, test::FrontEnd::kUsualProtocolFeatures | vu::kCryptoSession);
    }
    front_end_.share_memory();
    for (std::uint16_t i = 0; i < wanted; ++i) {
      front_end_.make_ring(i, kRingSize, features);
      rings_ = std::max<std::uint16_t>(rings_, static_cast<std::uint16_t>(i + 1));
      front_end_.start_ring(i, test::FrontEnd::first_base(features));
    }
  } catch (const test::ConnectionEnded& end) {
    require(false, fmt::format("a good front-end is sent away: {}", end.what()));
  } catch (const std::bad_alloc&) {
    // The driver has no memory left for rings.
  }
}

void VhostUserMachine::state(Reader& bytes) {
  constexpr std::uint32_t kRequests[] = {vu::kSetVringNum, vu::kSetVringBase, vu::kGetVringBase,
                                         vu::kSetVringEnable};
  const std::uint32_t which = kRequests[bytes.u8() % std::size(kRequests)];
  const std::uint32_t ring = bytes.u8() % (kDataQueues + 2U);
  send({which, Wire().le32(ring).le32(bytes.u32()).done()});
}

void VhostUserMachine::address(Reader& bytes) {
  Wire wire;
  wire.le32(bytes.u8() % (kDataQueues + 2U)).le32(0);
  for (int i = 0; i < 3; ++i)
    wire.le64(memory_.regions().front().user_address + bytes.u32());
  send({vu::kSetVringAddr, wire.le64(0).done()});
}

void VhostUserMachine::descriptor(Reader& bytes) {
  const std::uint32_t which = vu::kSetVringKick + bytes.u8() % 3U;
  const unsigned ring = bytes.u8() % (kDataQueues + 2U);
  const std::uint8_t choice = bytes.u8();
  if (choice % 5 == 4) return static_cast<void>(send({which, Wire().le64(ring | vu::kNoDescriptor).done()}));
  send({which, Wire().le64(ring).done(), {some_file(choice)}});
}

void VhostUserMachine::region(Reader& bytes) {
  const unsigned which = bytes.u8() % 3;
  const std::uint64_t at = test::SharedMemory::kBase + std::uint64_t{bytes.u32()};
  const std::uint64_t user = memory_.regions().front().user_address + (at - test::SharedMemory::kBase);
  const std::uint32_t size = bytes.u32(), offset = bytes.u32();
  const int file = some_file(bytes.u8());
  Wire wire;
  if (which == 2) {
    wire.le32(1).le32(0);
  } else {
    wire.le64(0);
  }
  wire.le64(at).le64(size).le64(user).le64(offset);
  const std::uint32_t request = which == 0 ? vu::kAddMemReg : which == 1 ? vu::kRemMemReg : vu::kSetMemTable;
  send({request, wire.done(), which == 1 ? std::vector<int>() : std::vector<int>{file}});
}

void VhostUserMachine::session(Reader& bytes) {
  const unsigned form = bytes.u8() % 5;
  if (form == 4) return static_cast<void>(send({vu::kCloseCryptoSession, Wire().le64(session_).done()}));
  Bytes payload = form == 3 ? test::session_payload(test::RsaSubject{1, 0, 0, key()})
                            : test::session_payload(static_cast<test::SessionForm>(form), cipher());
  const std::size_t place = bytes.u16() % payload.size();
  payload[place] ^= static_cast<std::byte>(bytes.u8());
  test::BackEndReply reply;
  if (!send({vu::kCreateCryptoSession, payload}, &reply) || reply.payload.empty()) return;
  if (const auto id = test::session_id_in(reply.payload); id > 0) session_ = static_cast<std::uint64_t>(id);
  require(device_.stats().sessions_open <= 8, "more sessions are open than may be");
}

void VhostUserMachine::inflight(Reader& bytes) {
  const unsigned which = bytes.u8() % 4;
  const std::uint16_t place = bytes.u16();
  constexpr std::uint32_t kQueues = (std::uint32_t{kRingSize} << 16U) | (kDataQueues + 1U);
  if (which == 0) {
    test::BackEndReply reply;
    const std::uint32_t queues = place == 0 ? kQueues : place;
    if (!send({vu::kGetInflightFd, Wire().le64(0).le64(0).le32(queues).done()}, &reply) || !reply.descriptor)
      return;
    std::memcpy(&area_bytes_, reply.payload.data(), sizeof area_bytes_);
    area_ = std::move(reply.descriptor);
  } else if (which == 1) {
    const int file = area_ ? area_.get() : small_file_.get();
    send({vu::kSetInflightFd,
          Wire().le64(area_ ? area_bytes_ : kSmallBytes).le64(place).le32(kQueues).done(),
          {file}});
  } else {
    const int file = area_ ? area_.get() : small_file_.get();
    const auto rest = bytes.rest();
    [[maybe_unused]] const ssize_t written = ::pwrite(file, rest.data(), rest.size(), place % 4096);
  }
}

void VhostUserMachine::request(Reader& bytes) {
  if (rings_ == 0) return;
  const auto ring = static_cast<std::uint16_t>(bytes.u8() % rings_);
  try {
    static_cast<void>(front_end_.submit(ring, encryption(session_).indirect((bytes.u8() & 1) != 0)));
  } catch (const std::bad_alloc&) {
  } catch (const std::runtime_error&) {
    // The ring is full.
  }
}

void VhostUserMachine::available(Reader& bytes) {
  if (rings_ == 0) return;
  auto* const ring = dynamic_cast<test::SplitRing*>(
      &front_end_.driver_ring(static_cast<std::uint16_t>(bytes.u8() % rings_)));
  if (ring == nullptr) return;
  ring->set_avail_entry(ring->avail_index(), bytes.u16());
  ring->set_avail_index(static_cast<std::uint16_t>(ring->avail_index() + 1 + bytes.u16()));
}

void VhostUserMachine::poke(Reader& bytes) {
  const std::uint32_t place = bytes.u32() % kMemoryBytes;
  const auto rest = bytes.rest().first(std::min<std::size_t>(bytes.rest().size(), kMemoryBytes - place));
  std::memcpy(memory_.at(memory_.regions().front().guest_address, kMemoryBytes).data() + place, rest.data(),
              rest.size());
}

// A ring may be laid over itself so that the device makes work for itself without end.
void VhostUserMachine::work() {
  for (unsigned i = 0; i < kRoundsOfStep && device_.run_ready() > 0; ++i)
    continue;
}

void VhostUserMachine::check_end() {
  require(backend_.running_rings() == 0, "a ring runs without a connection");
  require(device_.stats().in_flight == 0, "something is in flight without a connection");
  const auto all = memory_.at(memory_.regions().front().guest_address, kMemoryBytes);
  const Bytes before(all.begin(), all.end());
  for (std::uint16_t i = 0; i < rings_; ++i)
    front_end_.kick(i);
  work();
  require(std::equal(before.begin(), before.end(), all.begin()), "memory is written without a connection");
}

void VhostUserMachine::serve_a_good_one() {
  backend_.reset_device();
  require(device_.stats().sessions_open == 0, "sessions are left after a reset");
  test::SharedMemory memory(kMemoryBytes);
  test::FrontEnd front_end(channel_, memory, [this] { device_.run_ready(); });
  front_end.negotiate_as_qemu();
  front_end.share_memory();
  front_end.make_ring(0, kRingSize, kModern);
  front_end.start_ring(0, 0);
  const auto id = front_end.create_session(test::session_payload(test::SessionForm::kUnion, cipher()));
  require(id > 0, "a good front-end gets no session");
  const test::Answer answer = front_end.call(0, encryption(static_cast<std::uint64_t>(id)));
  const Bytes expected = test::from_hex("e353779c1079aeb82708942dbe77181a00");
  require(answer.written == expected, "a good front-end gets a wrong answer");
}

}  // namespace virtcrypt::fuzz
