// A driver over any target: negotiates, sets queues up in either format, sends requests.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/conformance/context.h"
#include "tests/driver/packed_ring.h"
#include "tests/driver/pci_driver.h"
#include "tests/driver/request.h"
#include "tests/driver/request_ring.h"
#include "tests/driver/split_ring.h"

namespace virtcrypt::conformance {

struct DriverOptions {
  std::uint64_t features = 0;  // accepted on top of VERSION_1 and what the settings ask for
  std::uint64_t declined = 0;  // not accepted, whatever the settings say
  std::uint16_t ring_size = 64;
  bool msix = true;  // else INTA#
  DeviceOptions device = {};
};

// MSI-X vector 0 is for configuration changes, the others for queues in turn; with few vectors queues share
// them.
class Driver {
 public:
  // Finds the structures of a fresh device, turns decoding and bus mastering on, and MSI-X if wanted. Fails
  // the check when the device lacks a structure.
  explicit Driver(Context& context, const DriverOptions& options = {});

  [[nodiscard]] Device& device() { return *device_; }
  [[nodiscard]] test::PciDriver& pci() { return *pci_; }
  [[nodiscard]] test::DriverMemory& memory() { return device_->memory(); }
  [[nodiscard]] Context& context() { return context_; }
  [[nodiscard]] std::uint64_t offered() const { return offered_; }

  // What negotiate() accepts; to be changed only before it.
  [[nodiscard]] std::uint64_t features() const { return features_; }
  [[nodiscard]] bool has(std::uint64_t feature) const { return (features_ & feature) != 0; }
  void set_features(std::uint64_t features) { features_ = features; }

  // From reset to DRIVER_OK (3.1.1), or in steps: up to FEATURES_OK; then all queues with fresh rings; then
  // DRIVER_OK. The check fails when the device does not agree.
  void start();
  void negotiate();
  void set_up_queues();
  void set_driver_ok();

  // Data queues that the device has after negotiation; the control queue comes behind them (5.9.2).
  [[nodiscard]] std::uint16_t data_queues() const { return data_queues_; }
  [[nodiscard]] std::uint16_t control_queue() const { return data_queues_; }

  // Resets and waits until device_status reads 0. Rings are dropped.
  void reset();
  // RING_RESET: waits until queue_reset reads 0; requests of the queue are lost. Then enables it again.
  void reset_queue(std::uint16_t queue);
  // `vector`: else vector_of(queue), or none without MSI-X.
  void set_up_queue(std::uint16_t queue, std::uint16_t ring_size, std::optional<std::uint16_t> vector = {});

  [[nodiscard]] test::DriverRing& ring(std::uint16_t queue) { return rings_.at(queue)->ring(); }
  [[nodiscard]] test::SplitRing& split_ring(std::uint16_t queue) {
    return dynamic_cast<test::SplitRing&>(ring(queue));
  }
  [[nodiscard]] test::PackedRing& packed_ring(std::uint16_t queue) {
    return dynamic_cast<test::PackedRing&>(ring(queue));
  }

  // Puts a request on the ring without, or with, an available buffer notification; returns its head.
  std::uint16_t add(std::uint16_t queue, const test::Request& request);
  std::uint16_t submit(std::uint16_t queue, const test::Request& request);
  void kick(std::uint16_t queue);  // as negotiated, whether the device wants it or not
  // Whether it is back by now, and the answer; the check fails when it does not come.
  [[nodiscard]] bool is_back(std::uint16_t queue, std::uint16_t head);
  test::Answer wait(std::uint16_t queue, std::uint16_t head);
  test::Answer call(std::uint16_t queue, const test::Request& request) {
    return wait(queue, submit(queue, request));
  }

  // Until the condition holds or the target's patience ends; returns whether it holds.
  template <typename Condition>
  [[nodiscard]] bool comes_true(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + device_->patience();
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      device_->advance();
    }
    return true;
  }
  void settle() { device_->settle(); }

  // Interrupts since the last call, by MSI-X vector; and where the events of a queue go.
  [[nodiscard]] unsigned take_messages(std::uint16_t vector);
  void forget_messages();  // of all vectors, and ISR status
  [[nodiscard]] std::uint16_t vector_of(std::uint16_t queue) const;
  [[nodiscard]] std::uint16_t vectors() const { return vectors_; }  // in the table
  // Those of them that have a message: the first 64.
  [[nodiscard]] std::uint16_t watched_vectors() const { return vectors_ < 64 ? vectors_ : std::uint16_t{64}; }

  // Registers of the common configuration that queue_select picks.
  [[nodiscard]] std::uint32_t read_queue(std::uint16_t queue, std::uint32_t offset, unsigned width = 2);
  void write_queue(std::uint16_t queue, std::uint32_t offset, unsigned width, std::uint32_t value);

  // AES-128-CBC with a session that is made on first use, and its published answer (SP 800-38A, F.2.1), in
  // whatever dialect and layout was negotiated. Skips the check when the device has no such cipher.
  [[nodiscard]] test::Request known_request();
  // The same with a session of the check's own.
  [[nodiscard]] test::Request session_request();  // creates one; for the control queue
  [[nodiscard]] std::uint64_t session_in(const test::Answer& answer);
  [[nodiscard]] test::Request close_request(std::uint64_t session) const;
  [[nodiscard]] test::Request known_request(std::uint64_t session) const;
  void expect_known_answer(const test::Answer& answer);
  void expect_service(std::uint16_t queue);  // known_request() is answered
  // The cheapest request of a control queue: closes a session that there is not; its answer is an error.
  [[nodiscard]] test::Request refused_control_request() const;
  // And of a data queue: on a session that there is not.
  [[nodiscard]] test::Request refused_data_request() const;
  // One of these, for any queue.
  [[nodiscard]] test::Request refused_request(std::uint16_t queue) const;

  // A chain whose only descriptors lie outside of all memory: nothing that a device could carry on from.
  void submit_wild_chain(std::uint16_t queue);
  // Makes the device send a configuration change notification: where the target can, by a change of
  // configuration space, else by an error. The check is skipped where neither works.
  void provoke_config_change();

  // All memory that the driver has allocated so far.
  [[nodiscard]] test::Bytes memory_content();

 private:
  void expect_structures();
  void read_data_queues();

  Context& context_;
  const DriverOptions options_;
  std::unique_ptr<Device> device_;
  std::unique_ptr<test::PciDriver> pci_;
  std::uint64_t offered_ = 0;
  std::uint64_t features_ = 0;
  std::uint16_t data_queues_ = 0;
  std::uint16_t vectors_ = 0;
  std::map<std::uint16_t, std::unique_ptr<test::RequestRing>> rings_;
  std::optional<std::uint64_t> session_;
};

}  // namespace virtcrypt::conformance
