#include "tests/bench/bench_device.h"

#include <stdexcept>
#include <thread>

#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::bench {
namespace {

constexpr std::size_t kMemoryBytes = std::size_t{128} << 20;

}  // namespace

BenchDevice::BenchDevice(const devices::crypto_dev::DeviceOptions& options, std::uint64_t features,
                         std::uint16_t ring_size)
    : memory_(kMemoryBytes) {
  if (options.queue_size < ring_size) throw std::invalid_argument("rings larger than the device's queues");
  auto model = std::make_unique<devices::crypto_dev::Device>(options, crypto::make_default_engine());
  device_ = model.get();
  function_ = std::make_unique<virtio::pci::VirtioPciFunction>(std::move(model), memory_.memory(), slot_);
  access_ = std::make_unique<test::FunctionAccess>(*function_);
  pci_ = std::make_unique<test::PciDriver>(*access_);
  pci_->set_command(0x6);
  pci_->enable_msix(true);
  pci_->program_vector(0, 0xFEE0'0000, 0x40, false);
  if (!pci_->negotiate(features)) throw std::runtime_error("the device refuses the features");
  pci_->write_common(test::common::kConfigVector, 2, 0);
  for (std::uint16_t queue = 0; queue <= options.data_queues; ++queue) {
    rings_.push_back(
        std::make_unique<test::SplitRing>(memory_, ring_size, (features & test::feature::kEventIdx) != 0));
    rings_.back()->want_interrupt(false);
    pci_->set_queue(queue, *rings_.back());
  }
  pci_->add_status(test::status::kDriverOk);
}

std::uint16_t BenchDevice::submit(std::uint16_t queue, const std::vector<test::Segment>& chain) {
  const auto head = ring(queue).add(chain);
  if (!head) throw std::runtime_error("ring is full");
  if (ring(queue).needs_kick()) pci_->kick(queue);
  return *head;
}

void BenchDevice::call(std::uint16_t queue, const std::vector<test::Segment>& chain) {
  submit(queue, chain);
  while (!ring(queue).poll())
    std::this_thread::yield();
}

}  // namespace virtcrypt::bench
