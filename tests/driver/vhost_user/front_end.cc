#include "tests/driver/vhost_user/front_end.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <stdexcept>

#include "tests/driver/pci_driver.h"

namespace virtcrypt::test {
namespace {

constexpr std::chrono::seconds kPatience{20};

virtio::FileDescriptor event_descriptor() {
  return virtio::FileDescriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

std::uint64_t number_in(std::span<const std::byte> payload) {
  std::uint64_t number = 0;
  if (payload.size() != sizeof number) throw std::runtime_error("the answer is no number");
  std::memcpy(&number, payload.data(), sizeof number);
  return number;
}

}  // namespace

BackEndReply FrontEnd::ask(std::uint32_t request, Bytes payload, std::vector<int> descriptors) {
  return channel_.ask({request, std::move(payload), std::move(descriptors)});
}

void FrontEnd::tell(std::uint32_t request, Bytes payload, std::vector<int> descriptors) {
  channel_.tell({request, std::move(payload), std::move(descriptors)});
}

std::uint64_t FrontEnd::acknowledged(std::uint32_t request, Bytes payload, std::vector<int> descriptors) {
  const FrontEndMessage message{request, std::move(payload), std::move(descriptors),
                                vu::kVersion1 | vu::kNeedReply};
  return number_in(channel_.ask(message).payload);
}

std::uint64_t FrontEnd::get(std::uint32_t request) {
  return number_in(ask(request).payload);
}

void FrontEnd::set_state(std::uint32_t request, std::uint32_t ring, std::uint32_t value) {
  tell(request, Wire().le32(ring).le32(value).done());
}

void FrontEnd::negotiate_as_qemu() {
  static_cast<void>(get(vu::kGetFeatures));
  const std::uint64_t offered = get(vu::kGetProtocolFeatures);
  // Bits that QEMU 7.2 knows, less CONFIG: its crypto device has no handler for changes of it.
  constexpr std::uint64_t kKnown = 0x1ffff & ~vu::kConfig;
  set(vu::kSetProtocolFeatures, offered & kKnown);
  static_cast<void>(get(vu::kGetQueueNum));
  tell(vu::kSetOwner);
  static_cast<void>(get(vu::kGetFeatures));
  set(vu::kSetFeatures, vu::kProtocolFeaturesBit);
}

void FrontEnd::negotiate(std::uint64_t features, std::uint64_t protocol_features) {
  static_cast<void>(get(vu::kGetFeatures));
  static_cast<void>(get(vu::kGetProtocolFeatures));
  set(vu::kSetProtocolFeatures, protocol_features);
  tell(vu::kSetOwner);
  set(vu::kSetFeatures, features | vu::kProtocolFeaturesBit);
}

void FrontEnd::share_memory() {
  Wire wire;
  wire.le32(static_cast<std::uint32_t>(memory_.regions().size())).le32(0);
  std::vector<int> files;
  for (const SharedMemory::Region& each : memory_.regions()) {
    wire.le64(each.guest_address).le64(each.bytes).le64(each.user_address).le64(each.offset);
    files.push_back(each.fd);
  }
  tell(vu::kSetMemTable, wire.done(), files);
}

FrontEndRing& FrontEnd::make_ring(std::uint16_t index, std::uint16_t size, std::uint64_t driver_features) {
  if (rings_.size() <= index) rings_.resize(index + std::size_t{1});
  rings_[index] = std::make_unique<FrontEndRing>(FrontEndRing{
      .requests = std::make_unique<RequestRing>(memory_, test::make_ring(memory_, size, driver_features)),
      .kick = event_descriptor(),
      .call = event_descriptor(),
      .error = event_descriptor()});
  return *rings_[index];
}

std::uint32_t FrontEnd::first_base(std::uint64_t features) {
  return (features & feature::kRingPacked) != 0 ? 0x8000'8000U : 0U;
}

void FrontEnd::describe_ring(std::uint16_t index, std::uint32_t base) {
  const DriverRing& driver = driver_ring(index);
  set_state(vu::kSetVringNum, index, driver.size());
  set_state(vu::kSetVringBase, index, base);
  tell(vu::kSetVringAddr, Wire()
                              .le32(index)
                              .le32(0)
                              .le64(memory_.user_address(driver.descriptor_area()))
                              .le64(memory_.user_address(driver.device_area()))
                              .le64(memory_.user_address(driver.driver_area()))
                              .le64(0)
                              .done());
}

void FrontEnd::set_descriptor(std::uint32_t request, std::uint16_t ring, int descriptor) {
  if (descriptor < 0) return set(request, ring | vu::kNoDescriptor);
  tell(request, Wire().le64(ring).done(), {descriptor});
}

void FrontEnd::start_ring(std::uint16_t index, std::uint32_t base) {
  describe_ring(index, base);
  set_descriptor(vu::kSetVringKick, index, ring(index).kick.get());
  set_descriptor(vu::kSetVringCall, index, ring(index).call.get());
}

std::uint32_t FrontEnd::stop_ring(std::uint16_t index) {
  const BackEndReply reply = ask(vu::kGetVringBase, Wire().le32(index).le32(0).done());
  std::uint32_t state[2] = {};
  if (reply.payload.size() != sizeof state) throw std::runtime_error("the answer is no vring state");
  std::memcpy(state, reply.payload.data(), sizeof state);
  if (state[0] != index) throw std::runtime_error("the answer is about another ring");
  return state[1];
}

std::int64_t FrontEnd::create_session(Bytes payload) {
  const std::size_t bytes = payload.size();
  const BackEndReply reply = ask(vu::kCreateCryptoSession, std::move(payload));
  if (reply.payload.size() != bytes) throw std::runtime_error("the answer has another length");
  return session_id_in(reply.payload);
}

std::uint16_t FrontEnd::submit(std::uint16_t ring, const Request& request) {
  const std::uint16_t head = this->ring(ring).requests->add(request);
  if (driver_ring(ring).needs_kick()) kick(ring);
  return head;
}

void FrontEnd::kick(std::uint16_t index) {
  const std::uint64_t one = 1;
  FrontEndRing& kicked = ring(index);
  ++kicked.kicks;
  if (::write(kicked.kick.get(), &one, sizeof one) != sizeof one) throw std::runtime_error("kick");
}

void FrontEnd::pump(std::uint16_t index) {
  if (pump_) pump_();
  ring(index).requests->collect();
}

bool FrontEnd::is_back(std::uint16_t index, std::uint16_t head) {
  ring(index).requests->collect();
  return ring(index).requests->is_back(head);
}

void FrontEnd::wait_for_call(FrontEndRing& ring) {
  pollfd readable{ring.call.get(), POLLIN, 0};
  const int patience = static_cast<int>(std::chrono::milliseconds(kPatience).count());
  if (::poll(&readable, 1, patience) != 1) throw std::runtime_error("no interrupt comes");
  std::uint64_t calls = 0;
  static_cast<void>(::read(ring.call.get(), &calls, sizeof calls));
}

Answer FrontEnd::wait(std::uint16_t index, std::uint16_t head) {
  FrontEndRing& awaited = ring(index);
  const auto end = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    pump(index);
    if (auto answer = awaited.requests->take(head)) return std::move(*answer);
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("a request does not come back");
    if (!pump_) wait_for_call(awaited);
  }
}

}  // namespace virtcrypt::test
