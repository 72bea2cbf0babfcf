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

Bytes from_hex(std::string_view digits) {
  const auto value_of = [](char digit) -> unsigned {
    if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
    if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
    if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
    throw std::invalid_argument("not a hexadecimal digit");
  };
  std::string clean;
  std::copy_if(digits.begin(), digits.end(), std::back_inserter(clean),
               [](char c) { return c != ' ' && c != '\n'; });
  if (clean.size() % 2 != 0) throw std::invalid_argument("odd number of hexadecimal digits");
  Bytes bytes;
  for (std::size_t i = 0; i < clean.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(value_of(clean[i]) << 4 | value_of(clean[i + 1])));
  }
  return bytes;
}

Wire& Wire::integer(std::uint64_t value, unsigned width) {
  for (unsigned i = 0; i < width; ++i)
    bytes_.push_back(static_cast<std::byte>(value >> (8 * i)));
  return *this;
}

Wire& Wire::bytes(std::span<const std::byte> content) {
  bytes_.insert(bytes_.end(), content.begin(), content.end());
  return *this;
}

Wire& Wire::zeros(std::size_t count) {
  bytes_.resize(bytes_.size() + count);
  return *this;
}

Request& Request::readable(std::span<const std::byte> content) {
  Part part;
  part.content.assign(content.begin(), content.end());
  parts_.push_back(std::move(part));
  return *this;
}

Request& Request::writable(std::size_t bytes) {
  Part part;
  part.bytes = static_cast<std::uint32_t>(bytes);
  part.writable = true;
  parts_.push_back(std::move(part));
  return *this;
}

Request& Request::at(std::uint64_t address, std::uint32_t bytes, bool writable) {
  parts_.push_back({.content = {}, .address = address, .bytes = bytes, .writable = writable, .placed = true});
  return *this;
}

Request& Request::chunk(std::size_t bytes) {
  chunk_ = bytes;
  return *this;
}

Request& Request::insert_readable(std::span<const std::byte> content) {
  Part part;
  part.content.assign(content.begin(), content.end());
  parts_.insert(parts_.begin() + static_cast<std::ptrdiff_t>(first_writable()), std::move(part));
  return *this;
}

Request& Request::overlap(std::span<const std::byte> source, std::ptrdiff_t shift) {
  const auto readable = part_with(source);
  if (!readable) throw std::logic_error("no part of the request has this content");
  overlap_ = Overlap{*readable, first_writable(), shift};
  return *this;
}

std::optional<std::size_t> Request::part_with(std::span<const std::byte> content) const {
  const auto part = std::find_if(parts_.begin(), parts_.end(), [&](const Part& each) {
    return !each.writable &&
           std::equal(each.content.begin(), each.content.end(), content.begin(), content.end());
  });
  if (part == parts_.end()) return std::nullopt;
  return static_cast<std::size_t>(part - parts_.begin());
}

std::size_t Request::first_writable() const {
  const auto part =
      std::find_if(parts_.begin(), parts_.end(), [](const Part& each) { return each.writable; });
  return static_cast<std::size_t>(part - parts_.begin());
}

Request& Request::indirect(bool yes) {
  indirect_ = yes;
  return *this;
}

DeviceOptions polled_device(std::uint16_t data_queues) {
  return {.data_queues = data_queues, .io_threads = 0, .workers = 0, .max_sessions = 64};
}

CryptoDriver::CryptoDriver(const DeviceOptions& device, const DriverOptions& driver)
    : options_(driver),
      features_(driver.features | (driver.packed ? feature::kRingPacked : 0)),
      data_queues_(driver.data_queues.value_or(device.data_queues)),
      polled_(device.io_threads == 0),
      memory_(driver.memory_bytes) {
  // What hostile tests provoke would fill the screen.
  if (std::getenv("VIRTCRYPT_TEST_LOG") == nullptr) devices::log().set_level(spdlog::level::off);
  auto model = std::make_unique<Device>(device, crypto::make_default_engine());
  device_ = model.get();
  function_ = std::make_unique<virtio::pci::VirtioPciFunction>(std::move(model), memory_.memory(), slot_);
  pci_ = std::make_unique<PciDriver>(*function_);
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
  pending_.assign(data_queues_ + 1U, {});
  answers_.assign(data_queues_ + 1U, {});
  if (!pci_->negotiate(features_)) return false;
  // Vector 0 for configuration changes, 1 + q for queue q.
  pci_->write_common(common::kConfigVector, 2, options_.msix ? 0 : 0xFFFF);
  rings_.resize(data_queues_ + 1U);
  for (std::uint16_t queue = 0; queue <= data_queues_; ++queue)
    make_ring(queue, options_.ring_size);
  memory_mark_ = memory_.mark();
  pci_->add_status(status::kDriverOk);
  if (polled_) device_->run_ready();
  return true;
}

void CryptoDriver::make_ring(std::uint16_t queue, std::uint16_t size) {
  const bool event_idx = (features_ & feature::kEventIdx) != 0;
  if ((features_ & feature::kRingPacked) != 0) {
    rings_[queue] = std::make_unique<PackedRing>(memory_, size, event_idx);
  } else {
    rings_[queue] =
        std::make_unique<SplitRing>(memory_, size, event_idx, (features_ & feature::kInOrder) != 0);
  }
  rings_[queue]->want_interrupt(true);
  pci_->set_queue(queue, *rings_[queue],
                  options_.msix ? static_cast<std::uint16_t>(1 + queue) : std::uint16_t{0xFFFF});
}

void CryptoDriver::reset_queue(std::uint16_t queue) {
  pci_->request_queue_reset(queue);
  if (!wait_until([&] { return !pci_->queue_resets(queue); }))
    throw std::runtime_error("queue reset takes for ever");
  pending_[queue].clear();
  answers_[queue].clear();
}

void CryptoDriver::enable_queue(std::uint16_t queue, std::uint16_t ring_size) {
  make_ring(queue, ring_size);
  memory_mark_ = memory_.mark();
}

void CryptoDriver::kick(std::uint16_t queue) {
  std::optional<std::uint16_t> next;
  if ((features_ & feature::kNotificationData) != 0) next = any_ring(queue).next_available();
  pci_->kick(queue, next);
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

// Gives the two parts that share memory their addresses.
Request CryptoDriver::placed(Request request) {
  if (!request.overlap_) return request;
  Request::Part& readable = request.parts_[request.overlap_->readable];
  Request::Part& writable = request.parts_[request.overlap_->writable];
  const std::ptrdiff_t shift = request.overlap_->shift;
  const auto distance = static_cast<std::size_t>(shift < 0 ? -shift : shift);
  const Buffer buffer =
      memory_.allocate(distance + std::max<std::size_t>(readable.content.size(), writable.bytes));
  readable.address = buffer.address + (shift < 0 ? distance : 0);
  readable.bytes = static_cast<std::uint32_t>(readable.content.size());
  writable.address = buffer.address + (shift < 0 ? 0 : distance);
  std::fill(buffer.bytes.begin(), buffer.bytes.end(), std::byte{0xEE});
  std::copy(readable.content.begin(), readable.content.end(),
            buffer.bytes.begin() + static_cast<std::ptrdiff_t>(readable.address - buffer.address));
  readable.placed = writable.placed = true;
  return request;
}

std::uint16_t CryptoDriver::submit(std::uint16_t queue, const Request& wanted) {
  const Request request = placed(wanted);
  std::vector<Segment> segments;
  const auto add = [&](std::uint64_t address, std::uint32_t bytes, bool writable) {
    const auto step = static_cast<std::uint32_t>(request.chunk_ == 0 ? bytes : request.chunk_);
    for (std::uint32_t at = 0; at < bytes; at += step)
      segments.push_back({address + at, std::min(step, bytes - at), writable});
  };
  for (const Request::Part& part : request.parts_) {
    if (part.placed) {
      add(part.address, part.bytes, part.writable);
    } else if (part.writable) {
      const Buffer buffer = memory_.allocate(part.bytes);
      std::fill(buffer.bytes.begin(), buffer.bytes.end(), std::byte{0xEE});
      add(buffer.address, part.bytes, true);
    } else {
      add(memory_.allocate(part.content).address, static_cast<std::uint32_t>(part.content.size()), false);
    }
  }
  const auto head = any_ring(queue).add(segments, request.indirect_);
  if (!head) throw std::runtime_error("ring is full");
  Pending& pending = pending_[queue][*head];
  pending.writable.clear();
  for (const Segment& segment : segments) {
    if (segment.writable) pending.writable.push_back(segment);
  }
  if (any_ring(queue).needs_kick()) kick(queue);
  return *head;
}

void CryptoDriver::pump(std::uint16_t queue) {
  idle();
  while (const auto used = any_ring(queue).poll()) {
    const auto head = static_cast<std::uint16_t>(used->head);
    Answer answer{.used_length = used->length, .written = {}};
    for (const Segment& segment : pending_[queue][head].writable) {
      const auto bytes = memory_.at(segment.address, segment.length);
      answer.written.insert(answer.written.end(), bytes.begin(), bytes.end());
    }
    pending_[queue].erase(head);
    answers_[queue][head] = std::move(answer);
    any_ring(queue).want_interrupt(true);
  }
  if (data_queues_ == 1 && pending_[0].empty() && pending_[1].empty()) memory_.rewind(memory_mark_);
}

bool CryptoDriver::is_back(std::uint16_t queue, std::uint16_t head) const {
  return answers_[queue].count(head) != 0;
}

Answer CryptoDriver::wait(std::uint16_t queue, std::uint16_t head) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_back(queue, head)) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("request does not come back");
    pump(queue);
  }
  Answer answer = std::move(answers_[queue][head]);
  answers_[queue].erase(head);
  return answer;
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
