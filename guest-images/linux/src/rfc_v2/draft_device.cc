#include "rfc_v2/draft_device.h"

#include <stdexcept>
#include <thread>

namespace virtcrypt::guest {
namespace {

using namespace test::rfc_v2;
using std::chrono::steady_clock;

constexpr std::uint16_t kVendor = 0x1AF4, kDevice = 0x10FF;
constexpr std::uint16_t kMemoryAndBusMaster = 0x6;
constexpr std::uint16_t kNoVector = 0xFFFF;
constexpr std::uint16_t kRingSize = 64;
constexpr std::uint8_t kIsrConfiguration = 2;
constexpr auto kLongest = std::chrono::seconds(30);

}  // namespace

DraftQueue::DraftQueue(test::PciDriver& pci, std::uint16_t index, std::uint64_t features, std::uint16_t size)
    : pci_(pci), index_(index), memory_(page_.buffer()) {
  std::unique_ptr<test::DriverRing> ring = test::make_ring(memory_, size, features);
  pci_.set_queue(index_, *ring, kNoVector);
  ring_ = std::make_unique<test::RequestRing>(memory_, std::move(ring));
  mark_ = memory_.mark();
}

std::uint16_t DraftQueue::submit(const test::Request& request) {
  const std::uint16_t head = ring_->add(request);
  if (ring_->ring().needs_kick()) pci_.kick(index_, ring_->ring());
  return head;
}

test::Answer DraftQueue::wait(std::uint16_t head) {
  const auto end = steady_clock::now() + kLongest;
  for (;;) {
    ring_->collect();
    if (auto answer = ring_->take(head)) {
      if (ring_->is_idle()) memory_.rewind(mark_);
      return *std::move(answer);
    }
    if (steady_clock::now() > end) throw std::runtime_error("a request does not come back");
    std::this_thread::yield();
  }
}

DraftDevice::DraftDevice() {
  const auto address = find_function(kVendor, kDevice);
  if (!address) throw std::runtime_error("no PCI function 1af4:10ff, the device of the draft");
  function_ = std::make_unique<SysfsFunction>(*address);
  pci_ = std::make_unique<test::PciDriver>(*function_);
  pci_->request_reset();
  pci_->set_command(kMemoryAndBusMaster);
  interrupt_ = std::make_unique<UioInterrupt>(*address, *function_);
}

bool DraftDevice::initialize(std::uint64_t features) {
  pci_->request_reset();
  const auto end = steady_clock::now() + kLongest;
  while (pci_->device_status() != 0) {
    if (steady_clock::now() > end) throw std::runtime_error("the device's reset does not end");
    std::this_thread::yield();
  }
  queues_.clear();
  if (!pci_->negotiate(features)) return false;
  pci_->write_common(test::common::kConfigVector, 2, kNoVector);

  std::uint16_t data_queues = 1;
  if ((features & kFeatureMq) != 0) {
    const auto field = pci_->read_device_config(kConfigMaxVirtqueues, 2);
    data_queues = static_cast<std::uint16_t>(std::to_integer<unsigned>(field[0]) |
                                             std::to_integer<unsigned>(field[1]) << 8U);
  }
  reserve_huge_pages(data_queues + 1U);
  for (std::uint16_t index = 0; index <= data_queues; ++index)
    queues_.push_back(std::make_unique<DraftQueue>(*pci_, index, features, kRingSize));
  pci_->add_status(test::status::kDriverOk);

  ready_ = (features & kFeatureStatus) == 0 || read_readiness();
  algorithms_.reset();
  if ((features & kFeatureAlgs) != 0)
    algorithms_ = static_cast<std::uint32_t>(pci_->read(4, kConfigAlgorithms, 4));
  return true;
}

DraftDevice::Created DraftDevice::create(const Session& session) {
  const test::Answer answer = control_queue().call(test::rfc_v2::create(session));
  return {std::to_integer<std::uint8_t>(answer.written.front()), le64_at(answer.written, 1)};
}

std::uint64_t DraftDevice::open(const Session& session) {
  const Created created = create(session);
  if (created.status != kOk || created.id == 0) throw std::runtime_error("a session is refused");
  return created.id;
}

std::uint8_t DraftDevice::close(std::uint64_t id) {
  return control_queue().call(test::rfc_v2::close(id)).status();
}

bool DraftDevice::read_readiness() {
  return (pci_->read(4, kConfigStatus, 2) & 1) != 0;
}

std::uint8_t DraftDevice::generation() {
  return static_cast<std::uint8_t>(pci_->read_common(test::common::kConfigGeneration, 1));
}

bool DraftDevice::wait_for_configuration_change(std::chrono::milliseconds timeout) {
  const auto end = steady_clock::now() + timeout;
  for (auto left = timeout; left.count() > 0;
       left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_clock::now())) {
    if (!interrupt_->wait(left)) return false;
    ++interrupts_;
    const std::uint8_t isr = pci_->read_isr();  // the device takes its interrupt back
    interrupt_->rearm();
    if ((isr & kIsrConfiguration) != 0) return true;
  }
  return false;
}

}  // namespace virtcrypt::guest
