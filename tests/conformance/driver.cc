#include "tests/conformance/driver.h"

#include <algorithm>
#include <utility>

#include "tests/driver/crypto_requests.h"
#include "tests/driver/rfc_v2_requests.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

namespace common = test::common;
namespace feature = test::feature;
namespace rfc = test::rfc_v2;
namespace status = test::status;

constexpr std::uint64_t kRevision1 = 1;            // 5.9.3
constexpr std::uint32_t kConfigMaxDataQueues = 4;  // 5.9.5
constexpr std::uint32_t kConfigCryptoServices = 8;
constexpr std::uint32_t kConfigCipherAlgorithms = 12;
constexpr std::uint64_t kNoSession = 0x7FFF'FFFF'FFFF'FFF0;
constexpr std::uint16_t kNoVector = 0xFFFF;
constexpr std::uint16_t kMemorySpace = 2;
constexpr std::uint16_t kBusMaster = 4;

test::Layout layout_of(std::uint64_t features) {
  return (features & kRevision1) != 0 ? test::Layout::kRevision1 : test::Layout::kPadded;
}

}  // namespace

Driver::Driver(Context& context, const DriverOptions& options)
    : context_(context), options_(options), device_(context.make_device(options.device)) {
  device_->pci().config_write(4, 2, kMemorySpace | kBusMaster);
  pci_ = std::make_unique<test::PciDriver>(device_->pci());
  expect_structures();
  offered_ = pci_->offered();
  const Settings& settings = context_.settings();
  features_ = feature::kVersion1 | (settings.features_on & offered_) | options.features;
  if (settings.is_packed()) features_ |= feature::kRingPacked;
  features_ &= ~(options.declined | settings.features_off);
  if (pci_->msix_capability() == 0) return;
  const auto control = static_cast<std::uint16_t>(pci_->msix_capability() + 2);
  vectors_ = static_cast<std::uint16_t>((device_->pci().config_read(control, 2) & 0x7FF) + 1);
  if (!options.msix) return;
  pci_->enable_msix(true);
  for (std::uint16_t vector = 0; vector < watched_vectors(); ++vector) {
    const Message message = device_->message(vector);
    pci_->program_vector(vector, message.address, message.data, false);
  }
}

void Driver::expect_structures() {
  constexpr std::uint8_t kTypes[] = {1, 2, 3, 4};  // 4.1.4: common, notification, ISR, device
  for (const std::uint8_t type : kTypes) {
    if (pci_->structures().count(type) == 0)
      context_.fail(fmt::format("the device has no virtio capability of type {}", type));
  }
}

void Driver::start() {
  negotiate();
  set_up_queues();
  set_driver_ok();
}

void Driver::negotiate() {
  if (!pci_->negotiate(features_))
    context_.fail(
        fmt::format("FEATURES_OK stays clear for the features {:#x} of {:#x}", features_, offered_));
  read_data_queues();
}

void Driver::read_data_queues() {
  std::uint32_t count = 1;
  if (context_.is_standard()) {
    count = pci_->read(4, kConfigMaxDataQueues, 4);
  } else if (has(rfc::kFeatureMq)) {
    count = pci_->read(4, rfc::kConfigMaxVirtqueues, 2);
  }
  const std::uint32_t queues = pci_->read_common(common::kNumQueues, 2);
  if (count == 0 || count >= queues)
    context_.fail(fmt::format("{} data queues of {} queues leave no control queue", count, queues));
  data_queues_ = static_cast<std::uint16_t>(count);
}

void Driver::set_up_queues() {
  const bool msix = options_.msix && vectors_ > 0;
  pci_->write_common(common::kConfigVector, 2, msix ? 0 : kNoVector);
  for (std::uint16_t queue = 0; queue <= data_queues_; ++queue)
    set_up_queue(queue, options_.ring_size);
}

void Driver::set_up_queue(std::uint16_t queue, std::uint16_t ring_size, std::optional<std::uint16_t> vector) {
  std::unique_ptr<test::DriverRing> ring = test::make_ring(memory(), ring_size, features_);
  // A device that looks for them elsewhere would fail each and every check.
  if (auto* packed = dynamic_cast<test::PackedRing*>(ring.get())) packed->repeat_ids(true);
  ring->want_interrupt(true);
  const std::uint16_t usual = options_.msix && vectors_ > 0 ? vector_of(queue) : kNoVector;
  pci_->set_queue(queue, *ring, vector.value_or(usual));
  rings_[queue] = std::make_unique<test::RequestRing>(memory(), std::move(ring));
}

void Driver::set_driver_ok() {
  pci_->add_status(status::kDriverOk);
  const std::uint8_t seen = pci_->device_status();
  if ((seen & status::kDriverOk) == 0 || (seen & status::kNeedsReset) != 0)
    context_.fail(fmt::format("device_status reads {:#x} after DRIVER_OK was set", seen));
}

void Driver::reset() {
  pci_->request_reset();
  if (!comes_true([&] { return pci_->device_status() == 0; }))
    context_.fail(fmt::format("device_status stays {:#x} after zero was written", pci_->device_status()));
  rings_.clear();
  session_.reset();
}

void Driver::reset_queue(std::uint16_t queue) {
  pci_->request_queue_reset(queue);
  if (!comes_true([&] { return !pci_->queue_resets(queue); }))
    context_.fail(fmt::format("queue_reset of queue {} stays 1", queue));
  rings_.erase(queue);
}

std::uint16_t Driver::add(std::uint16_t queue, const test::Request& request) {
  return rings_.at(queue)->add(request);
}

std::uint16_t Driver::submit(std::uint16_t queue, const test::Request& request) {
  const std::uint16_t head = add(queue, request);
  if (ring(queue).needs_kick()) kick(queue);
  return head;
}

void Driver::kick(std::uint16_t queue) {
  pci_->kick(queue, ring(queue));
}

bool Driver::is_back(std::uint16_t queue, std::uint16_t head) {
  rings_.at(queue)->collect();
  return rings_.at(queue)->is_back(head);
}

test::Answer Driver::wait(std::uint16_t queue, std::uint16_t head) {
  if (!comes_true([&] { return is_back(queue, head); }))
    context_.fail(fmt::format("the request with head {} of queue {} does not come back (device_status {:#x})",
                              head, queue, pci_->device_status()));
  return *rings_.at(queue)->take(head);
}

unsigned Driver::take_messages(std::uint16_t vector) {
  return device_->take_messages(device_->message(vector));
}

void Driver::forget_messages() {
  for (std::uint16_t vector = 0; vector < watched_vectors(); ++vector)
    static_cast<void>(take_messages(vector));
  static_cast<void>(pci_->read_isr());
}

void Driver::submit_wild_chain(std::uint16_t queue) {
  constexpr std::uint64_t kNowhere = 0xFFFF'FFFF'F000'0000;
  submit(queue, test::Request().at(kNowhere, 64, false).at(kNowhere + 0x1000, 16, true));
}

void Driver::provoke_config_change() {
  if (context_.has(kChangesConfig)) {
    device_->change_config();
  } else {
    submit_wild_chain(control_queue());
    if (!comes_true([&] { return (pci_->device_status() & status::kNeedsReset) != 0; }))
      context_.skip("nothing makes this device send a configuration change notification");
  }
  settle();
}

std::uint16_t Driver::vector_of(std::uint16_t queue) const {
  return vectors_ < 2 ? std::uint16_t{0} : static_cast<std::uint16_t>(1 + queue % (vectors_ - 1));
}

std::uint32_t Driver::read_queue(std::uint16_t queue, std::uint32_t offset, unsigned width) {
  pci_->write_common(common::kQueueSelect, 2, queue);
  return pci_->read_common(offset, width);
}

void Driver::write_queue(std::uint16_t queue, std::uint32_t offset, unsigned width, std::uint32_t value) {
  pci_->write_common(common::kQueueSelect, 2, queue);
  pci_->write_common(offset, width, value);
}

test::Request Driver::session_request() {
  if (!context_.is_standard()) return rfc::create(rfc::cbc_session());
  const std::uint32_t services = pci_->read(4, kConfigCryptoServices, 4);
  const std::uint32_t ciphers = pci_->read(4, kConfigCipherAlgorithms, 4);
  if ((services & 1) == 0 || (ciphers >> test::wire_number::kAesCbc & 1) == 0)
    context_.skip("the device does not offer AES-CBC");
  const test::Bytes key = test::from_hex("2b7e151628aed2a6abf7158809cf4f3c");
  const test::CipherSubject subject{.algorithm = test::wire_number::kAesCbc, .key = key};
  return test::create_request(layout_of(features_), subject);
}

std::uint64_t Driver::session_in(const test::Answer& answer) {
  if (!context_.is_standard()) {
    if (answer.written.front() != std::byte{rfc::kOk}) context_.skip("the device creates no AES-CBC session");
    return rfc::le64_at(answer.written, 1);
  }
  context_.expect_equal(std::span(answer.written).subspan(8, 4), test::Bytes(4), "status of create session");
  return rfc::le64_at(answer.written, 0);
}

test::Request Driver::known_request() {
  if (!session_) session_ = session_in(call(control_queue(), session_request()));
  return known_request(*session_);
}

test::Request Driver::known_request(std::uint64_t session) const {
  const rfc::Data data = rfc::cbc_data(session);
  if (!context_.is_standard()) return rfc::request(data);
  constexpr std::size_t kBlock = 16;
  const std::span<const std::byte> iv = std::span(data.memory).first(kBlock);
  const std::span<const std::byte> text = std::span(data.memory).subspan(kBlock);
  return test::cipher_request({.layout = layout_of(features_), .session = session},
                              {.algorithm = test::wire_number::kAesCbc, .key = {}}, iv, text, text.size());
}

void Driver::expect_known_answer(const test::Answer& answer) {
  const test::Bytes expected = rfc::cbc_result();
  context_.expect_equal(answer.status(), 0, "status of the request");
  context_.expect_equal(std::span(answer.written).first(expected.size()), expected, "ciphertext");
}

void Driver::expect_service(std::uint16_t queue) {
  expect_known_answer(call(queue, known_request()));
}

test::Request Driver::close_request(std::uint64_t session) const {
  if (!context_.is_standard()) return rfc::close(session);
  return test::destroy_request(layout_of(features_), test::wire_number::kCipherDestroy, session);
}

test::Request Driver::refused_control_request() const {
  return close_request(kNoSession);
}

test::Request Driver::refused_data_request() const {
  return known_request(kNoSession);
}

test::Request Driver::refused_request(std::uint16_t queue) const {
  return queue == control_queue() ? refused_control_request() : refused_data_request();
}

test::Bytes Driver::memory_content() {
  const std::size_t used = memory().mark();
  const std::span<const std::byte> all = memory().at(memory().allocate(0, 1).address - used, used);
  return {all.begin(), all.end()};
}

}  // namespace virtcrypt::conformance
