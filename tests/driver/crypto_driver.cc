#include "tests/driver/crypto_driver.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/log.h"

namespace virtcrypt::test {

using devices::crypto_dev::Device;
using devices::crypto_dev::DeviceOptions;

DeviceOptions polled_device(std::uint16_t data_queues) {
  return {.data_queues = data_queues, .io_threads = 0, .workers = 0, .max_sessions = 64};
}

CryptoDriver::CryptoDriver(const DeviceOptions& device, const DriverOptions& driver,
                           Surroundings surroundings)
    : options_(driver),
      features_(driver.features | (driver.packed ? feature::kRingPacked : 0)),
      data_queues_(driver.data_queues.value_or(device.data_queues)),
      polled_(device.io_threads == 0),
      memory_(driver.memory_bytes) {
  // What hostile tests provoke would fill the screen.
  if (std::getenv("VIRTCRYPT_TEST_LOG") == nullptr) devices::log().set_level(spdlog::level::off);
  if (surroundings.engine == nullptr) surroundings.engine = crypto::make_default_engine();
  if (surroundings.slot == nullptr) surroundings.slot = &slot_;
  if (surroundings.observer == nullptr) surroundings.observer = device.check;
  auto model = std::make_unique<Device>(device, std::move(surroundings.engine));
  device_ = model.get();
  function_ = std::make_unique<virtio::pci::VirtioPciFunction>(
      std::move(model), memory_.memory(), *surroundings.slot, std::move(surroundings.observer));
  access_ = std::make_unique<FunctionAccess>(*function_);
  pci_ = std::make_unique<PciDriver>(*access_);
  pci_->set_command(0x6);  // memory space, bus master
  if (options_.msix) {
    pci_->enable_msix(true);
    for (std::uint16_t i = 0; i <= data_queues_ + 1; ++i)
      pci_->program_vector(i, 0xFEE0'0000, 0x40U + i, false);
  }
  if (options_.start) start();
}

CryptoDriver::~CryptoDriver() = default;

bool CryptoDriver::start() {
  memory_.rewind(0);
  rings_.clear();
  if (options_.by_the_book) {
    reset();
    [[maybe_unused]] const std::uint64_t offered = pci_->offered();
  }
  if (!pci_->negotiate(features_)) return false;
  // Vector 0 for configuration changes, 1 + q for queue q.
  pci_->write_common(common::kConfigVector, 2, options_.msix ? 0 : 0xFFFF);
  if (options_.by_the_book) {
    [[maybe_unused]] const std::uint32_t mapped = pci_->read_common(common::kConfigVector, 2);
    pci_->read_all_device_config();
  }
  rings_.resize(data_queues_ + 1U);
  for (std::uint16_t queue = 0; queue <= data_queues_; ++queue)
    make_ring(queue, options_.ring_size);
  memory_mark_ = memory_.mark();
  pci_->add_status(status::kDriverOk);
  if (polled_) device_->run_ready();
  return true;
}

void CryptoDriver::make_ring(std::uint16_t queue, std::uint16_t size) {
  std::unique_ptr<DriverRing> ring = test::make_ring(memory_, size, features_);
  ring->want_interrupt(true);
  pci_->set_queue(queue, *ring,
                  options_.msix ? static_cast<std::uint16_t>(1 + queue) : std::uint16_t{0xFFFF});
  rings_[queue] = std::make_unique<RequestRing>(memory_, std::move(ring));
}

void CryptoDriver::reset_queue(std::uint16_t queue) {
  pci_->request_queue_reset(queue);
  if (!wait_until([&] { return !pci_->queue_resets(queue); }))
    throw std::runtime_error("queue reset takes for ever");
  rings_[queue]->forget();
}

void CryptoDriver::enable_queue(std::uint16_t queue, std::uint16_t ring_size) {
  make_ring(queue, ring_size);
  memory_mark_ = memory_.mark();
}

void CryptoDriver::kick(std::uint16_t queue) {
  pci_->kick(queue, any_ring(queue));
}

void CryptoDriver::reset() {
  pci_->request_reset();
  if (!wait_until([&] { return pci_->device_status() == 0; }))
    throw std::runtime_error("device reset takes for ever");
}

void CryptoDriver::idle() {
  if (polled_) {
    device_->run_ready();
  } else {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

std::uint16_t CryptoDriver::submit(std::uint16_t queue, const Request& request) {
  const std::uint16_t head = rings_.at(queue)->add(request);
  if (any_ring(queue).needs_kick()) kick(queue);
  return head;
}

void CryptoDriver::pump(std::uint16_t queue) {
  idle();
  rings_.at(queue)->collect();
  if (data_queues_ == 1 && rings_[0]->is_idle() && rings_[1]->is_idle()) memory_.rewind(memory_mark_);
}

bool CryptoDriver::is_back(std::uint16_t queue, std::uint16_t head) const {
  return rings_.at(queue)->is_back(head);
}

Answer CryptoDriver::wait(std::uint16_t queue, std::uint16_t head) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_back(queue, head)) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("request does not come back");
    pump(queue);
  }
  return *rings_.at(queue)->take(head);
}

Buffer CryptoDriver::keep(std::size_t bytes) {
  const Buffer buffer = memory_.allocate(bytes);
  memory_mark_ = memory_.mark();
  return buffer;
}

Buffer CryptoDriver::keep(std::span<const std::byte> content) {
  const Buffer buffer = memory_.allocate(content);
  memory_mark_ = memory_.mark();
  return buffer;
}

Request CryptoDriver::cipher_create(std::uint32_t algorithm, std::span<const std::byte> key, std::uint32_t op,
                                    std::uint32_t op_type) {
  Wire wire;
  wire.le32(wire_number::kCipherCreate).le32(algorithm).le32(0).le32(0);
  wire.le32(algorithm)
      .le32(static_cast<std::uint32_t>(key.size()))
      .le32(op)
      .le32(0)
      .zeros(32)
      .le32(op_type)
      .le32(0);
  Request request;
  request.readable(wire);
  if (!key.empty()) request.readable(key);
  return request.writable(16);
}

Request CryptoDriver::akcipher_create(std::uint32_t key_type, std::uint32_t padding, std::uint32_t hash,
                                      std::span<const std::byte> key, std::uint32_t algorithm) {
  Wire wire;
  wire.le32(wire_number::kAkcipherCreate).le32(algorithm).le32(0).le32(0);
  wire.le32(algorithm)
      .le32(key_type)
      .le32(static_cast<std::uint32_t>(key.size()))
      .le32(padding)
      .le32(hash)
      .zeros(36);
  Request request;
  return request.readable(wire).readable(key).writable(16);
}

Request CryptoDriver::destroy(std::uint32_t opcode, std::uint64_t id) {
  Wire wire;
  wire.le32(opcode).le32(0).le32(0).le32(0).le64(id).zeros(48);
  Request request;
  return request.readable(wire).writable(1);
}

CryptoDriver::Created CryptoDriver::create(const Request& request) {
  const Answer answer = call(control_queue(), request);
  Created created{};
  std::memcpy(&created.id, answer.written.data(), 8);
  std::memcpy(&created.status, answer.written.data() + 8, 4);
  return created;
}

std::uint64_t CryptoDriver::create_cipher(std::uint32_t algorithm, std::span<const std::byte> key,
                                          std::uint32_t op) {
  const Created created = create(cipher_create(algorithm, key, op));
  if (created.status != wire_number::kOk) throw std::runtime_error("cipher session refused");
  return created.id;
}

std::uint8_t CryptoDriver::destroy_session(std::uint32_t opcode, std::uint64_t id) {
  return call(control_queue(), destroy(opcode, id)).status();
}

Bytes CryptoDriver::cipher_header(std::uint32_t opcode, std::uint64_t session, std::uint32_t iv,
                                  std::uint32_t source, std::uint32_t destination, std::uint32_t op_type) {
  Wire wire;
  wire.le32(opcode).le32(0).le64(session).le32(0).le32(0);
  wire.le32(iv).le32(source).le32(destination).zeros(28).le32(op_type).le32(0);
  return wire.done();
}

Request CryptoDriver::cipher(std::uint32_t opcode, std::uint64_t session, std::span<const std::byte> iv,
                             std::span<const std::byte> source, std::optional<std::size_t> destination) {
  const std::size_t room = destination.value_or(source.size());
  Request request;
  request.readable(cipher_header(opcode, session, static_cast<std::uint32_t>(iv.size()),
                                 static_cast<std::uint32_t>(source.size()),
                                 static_cast<std::uint32_t>(room)));
  if (!iv.empty()) request.readable(iv);
  if (!source.empty()) request.readable(source);
  if (room > 0) request.writable(room);
  return request.writable(1);
}

Bytes CryptoDriver::akcipher_header(std::uint32_t opcode, std::uint64_t session, std::uint32_t source,
                                    std::uint32_t destination) {
  Wire wire;
  wire.le32(opcode).le32(1).le64(session).le32(0).le32(0).le32(source).le32(destination).zeros(40);
  return wire.done();
}

Request CryptoDriver::akcipher(std::uint32_t opcode, std::uint64_t session, std::span<const std::byte> source,
                               std::size_t destination) {
  Request request;
  request.readable(akcipher_header(opcode, session, static_cast<std::uint32_t>(source.size()),
                                   static_cast<std::uint32_t>(destination)));
  if (!source.empty()) request.readable(source);
  if (destination > 0) request.writable(destination);
  return request.writable(1);
}

}  // namespace virtcrypt::test
