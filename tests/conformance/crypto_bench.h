// A driver that sends requests of the standard dialect's services, to whatever of them the device offers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/driver.h"
#include "tests/conformance/known_answers.h"

namespace virtcrypt::conformance {

// Device configuration (5.9.5).
struct CryptoConfig {
  std::uint32_t status, max_dataqueues, crypto_services;
  std::uint64_t cipher_algo;
  std::uint32_t hash_algo;
  std::uint64_t mac_algo;
  std::uint32_t aead_algo, max_cipher_key_len, max_auth_key_len, akcipher_algo;
  std::uint64_t max_size;

  [[nodiscard]] bool offers(std::uint32_t service) const { return (crypto_services >> service & 1) != 0; }
  // Algorithms of a service as bits.
  [[nodiscard]] std::uint64_t algorithms(std::uint32_t service) const;
  // The longest key that the device says it takes.
  [[nodiscard]] std::uint64_t max_key(std::uint32_t service) const;
};
[[nodiscard]] CryptoConfig read_crypto_config(Driver& driver);
[[nodiscard]] std::string_view name_of_service(std::uint32_t service);

struct Created {
  std::uint32_t status;
  std::uint64_t session;
};

// One device, which is reset between negotiations.
class CryptoBench {
 public:
  explicit CryptoBench(Context& context);

  [[nodiscard]] Context& context() const { return context_; }
  [[nodiscard]] Driver& driver() { return driver_; }
  [[nodiscard]] const CryptoConfig& config() const { return config_; }

  // Ends the check unless the device offers the service.
  void need(std::uint32_t service);
  // Those of the sessions' layouts that can be negotiated.
  [[nodiscard]] std::vector<test::Layout> session_layouts() const;
  // Whether the stateless mode of a service can be; ends the check with the reason if not.
  void need_stateless(std::uint32_t service);

  // From reset to DRIVER_OK. kStateless: with REVISION_1 and the stateless mode of `service`; sessions have
  // the layout kRevision1 then.
  void start(test::Layout layout, std::uint32_t service = 0);
  [[nodiscard]] test::Layout layout() const { return layout_; }
  [[nodiscard]] bool has_revision_1() const { return layout_ != test::Layout::kPadded; }

  // Whether the configuration says that it can be asked for: service, algorithm, lengths.
  [[nodiscard]] bool is_offered(const KnownAnswer& known) const;
  // Those that are.
  [[nodiscard]] std::vector<KnownAnswer> offered(Kind kind) const;
  // One that the specification leaves no choice in; else the check ends.
  [[nodiscard]] KnownAnswer offered_one(Kind kind) const;

  // Memory is given back after each. The check fails when a request does not come back; try_call(): nothing
  // if the device asks for a reset instead, as it may of a driver that sends what cannot be read.
  test::Answer call(const test::Request& request, std::uint16_t queue = 0);
  [[nodiscard]] std::optional<test::Answer> try_call(const test::Request& request, std::uint16_t queue = 0);
  test::Answer control(const test::Request& request) { return call(request, driver_.control_queue()); }
  Created create(const test::Request& request);
  // With a session of its own, for which the check fails if there is none.
  [[nodiscard]] test::Target open(const KnownAnswer& known);
  std::uint8_t destroy(std::uint32_t service, std::uint64_t session);

  // Where requests on a session go in the layout that was negotiated.
  [[nodiscard]] test::Target target(std::uint64_t session) const;

 private:
  Context& context_;
  Driver driver_;
  const CryptoConfig config_;
  const std::size_t memory_mark_;
  test::Layout layout_ = test::Layout::kPadded;
  bool started_ = false;
};

[[nodiscard]] std::string_view name_of_layout(test::Layout layout);
[[nodiscard]] Created created_of(const test::Answer& answer);

// Fails unless the answer is the published one, and is within what the used length says was written. Of
// algorithms that are not settled, an answer that differs is noted.
void expect_known(Context& context, const KnownAnswer& known, const test::Answer& answer);

// The ways in which a request may be written: how much room AEAD_DECRYPT has to give is open.
[[nodiscard]] std::vector<KnownAnswer> readings(const KnownAnswer& known);

// Sends it, if need be in each way until one is taken; then as expect_known().
void expect_served(CryptoBench& bench, const KnownAnswer& known, const test::Target& target);
// The same, cut into descriptors of `chunk` bytes.
void expect_served_cut(CryptoBench& bench, const KnownAnswer& known, const test::Target& target,
                       std::size_t chunk);

}  // namespace virtcrypt::conformance
