// A dialect turns the bytes of control and data queues into sessions and operations, and results into bytes.
// It knows no engine; the device model knows no layout.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/secure_buffer.h"
#include "virtcrypt/crypto/session.h"
#include "virtcrypt/devices/crypto/decoded_request.h"
#include "virtcrypt/devices/crypto/session_note.h"
#include "virtcrypt/devices/crypto/status.h"
#include "virtcrypt/virtio/descriptor_chain.h"
#include "virtcrypt/virtio/device.h"
#include "virtcrypt/virtio/features.h"

namespace virtcrypt::devices::crypto_dev {

// What the device promises in its config space and holds drivers to.
struct Limits {
  std::uint16_t data_queues = 1;
  std::uint32_t max_cipher_key_bytes = 0;    // longest key of the CIPHER and AEAD services
  std::uint32_t max_auth_key_bytes = 0;      // longest key of the MAC service
  std::uint32_t max_akcipher_key_bytes = 0;  // longest encoded key of the AKCIPHER service
  std::uint64_t max_size = 0;  // variable-length bytes of one request, readable and writable together
};

// What holds between a driver and the device from one activation to the next reset.
struct Terms {
  const Limits& limits;
  const crypto::Capabilities& capabilities;
  virtio::FeatureSet negotiated;
};

// What was wrong with a request, for logs: a field under its specification's name, and its value. Never a
// field that holds key or payload. No name: the dialect does not say.
struct Refusal {
  std::string_view field;
  std::uint64_t value = 0;
};

// A request of the control queue. Keys have been copied out of guest memory.
struct CreateSession {
  crypto::SessionParameters parameters;  // its key spans point into `key`
  crypto::SecureBuffer key;
  SessionNote note = {};
};
struct DestroySession {
  std::uint64_t id;
  std::optional<crypto::Service> service;  // as listed_as() says; nothing: of whichever service
};
struct ControlRequest {
  // RequestStatus: refused by the dialect, answer with it.
  std::variant<RequestStatus, CreateSession, DestroySession> action = RequestStatus::kError;
  // The dialect's own note of how the answer looks.
  std::uint8_t answer_form = 0;
  Refusal refusal;  // why the dialect refused it
};
struct ControlAnswer {
  RequestStatus status = RequestStatus::kError;
  std::uint64_t session_id = 0;  // create session with kOk
};

// A request of a data queue. Reused: whoever owns it resets it, which keeps its memory.
struct DataRequest {
  static constexpr std::size_t kMaxIvBytes = 16;
  static constexpr std::size_t kMaxHeaderBytes = 48;

  // Not kOk: refused by the dialect, not to be executed.
  RequestStatus status = RequestStatus::kError;
  Refusal refusal;  // why the dialect refused it

  // A request without a session brings its own parameters; their key spans point into `key`.
  bool stateless = false;
  crypto::SessionParameters parameters;
  crypto::SecureBuffer key;  // copied out
  // ... and may want the session kept for others, until it is destroyed.
  bool keeps_session = false;
  SessionNote note;                  // of that session
  std::uint64_t new_session_id = 0;  // set when it is open
  bool answers_session_id = false;   // the answer has a place for that

  // The session is destroyed when requests that are in flight are done with it.
  bool ends_session = false;

  std::uint64_t session_id = 0;
  crypto::Service service = crypto::Service::kCipher;
  crypto::OperationKind kind = crypto::OperationKind::kEncrypt;
  std::vector<std::span<const std::byte>> input;    // guest memory
  std::vector<std::span<const std::byte>> aad;      // guest memory
  std::vector<std::span<std::byte>> output;         // guest memory
  std::vector<std::span<std::byte>> digest_output;  // guest memory
  crypto::ChainRanges ranges;
  std::array<std::byte, kMaxIvBytes> iv{};  // copied out
  std::size_t iv_bytes = 0;
  std::uint32_t tag_bytes = 0;
  std::uint64_t source_bytes = 0;
  std::vector<std::byte> digest;  // copied out

  // Bytes at the front of the writable part that the driver gave for the result; 0 until they are known. Set
  // for refused requests too, as far as parsing came.
  std::uint64_t result_room = 0;
  std::uint64_t trailing_bytes = 0;  // of the result that stand apart from those, behind a gap

  // The dialect's own: its copy of the header, and where the text begins in the readable part.
  std::array<std::byte, kMaxHeaderBytes> header{};
  std::uint64_t text_offset = 0;

  // As new, with the memory kept; the key is wiped.
  void reset();
};

// A device-specific feature bit and its name in the specification, without the prefix.
struct FeatureName {
  unsigned bit;
  std::string_view name;
};

// Thread-safety: immutable, any thread.
class Dialect {
 public:
  virtual ~Dialect() = default;
  Dialect(const Dialect&) = delete;
  Dialect& operator=(const Dialect&) = delete;

  [[nodiscard]] virtual virtio::DeviceType device_type() const = 0;

  // Device-specific feature bits that this dialect offers, and whether a subset of them makes sense.
  [[nodiscard]] virtual virtio::FeatureSet offered_features(
      const crypto::Capabilities& capabilities) const = 0;
  [[nodiscard]] virtual bool accepts(virtio::FeatureSet subset) const = 0;

  // Those of them that are our extension of the specification, off unless asked for.
  [[nodiscard]] virtual virtio::FeatureSet extensions() const { return {}; }

  // How many data queues there are; the control queue is the next one. What depends on negotiation may have
  // one other value, with MQ and the like accepted or not.
  [[nodiscard]] virtual std::uint16_t data_queues(virtio::FeatureSet negotiated,
                                                  const Limits& limits) const = 0;

  // Every device-specific feature bit that this dialect knows.
  [[nodiscard]] virtual std::span<const FeatureName> feature_names() const = 0;

  // The whole device configuration space.
  [[nodiscard]] virtual std::vector<std::byte> config_space(bool ready,
                                                            const crypto::Capabilities& capabilities,
                                                            const Limits& limits,
                                                            virtio::FeatureSet offered) const = 0;

  [[nodiscard]] virtual ControlRequest parse_control(const virtio::DescriptorChain& chain,
                                                     const Terms& terms) const = 0;

  // Writes the whole device-writable part of the chain. Returns the used length.
  [[nodiscard]] virtual std::uint32_t write_control_answer(const ControlRequest& request,
                                                           const ControlAnswer& answer,
                                                           const virtio::DescriptorChain& chain,
                                                           const Terms& terms) const = 0;

  // `request` is as new.
  virtual void parse_data(const virtio::DescriptorChain& chain, const Terms& terms,
                          DataRequest& request) const = 0;

  // The session of the request is known, with `note` as it was created: whether it is one for this request,
  // and what only the session tells about the request.
  [[nodiscard]] virtual RequestStatus fit_to_session(const virtio::DescriptorChain& chain, const Terms& terms,
                                                     const crypto::Session& session, const SessionNote& note,
                                                     DataRequest& request) const = 0;

  // The first `result_bytes` of the result room are the result, written already; the rest of the room and the
  // status are written here. Returns the used length.
  [[nodiscard]] virtual std::uint32_t write_data_answer(const DataRequest& request, RequestStatus status,
                                                        std::size_t result_bytes,
                                                        const virtio::DescriptorChain& chain) const = 0;

  // For people: the first readable bytes of a request, kMostFieldBytes of them if there are as many.
  [[nodiscard]] virtual DecodedRequest decode_control(std::span<const std::byte> bytes,
                                                      virtio::FeatureSet negotiated) const = 0;
  [[nodiscard]] virtual DecodedRequest decode_data(std::span<const std::byte> bytes,
                                                   virtio::FeatureSet negotiated) const = 0;

 protected:
  Dialect() = default;
};

// VIRTIO 1.4, 5.9: what stock Linux drives.
[[nodiscard]] const Dialect& standard_dialect();

// The draft of April 2016 ("RFC v2"), as docs/rfc-v2.md has it.
[[nodiscard]] const Dialect& rfc_v2_dialect();

}  // namespace virtcrypt::devices::crypto_dev
