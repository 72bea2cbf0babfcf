// The standard dialect (VIRTIO 1.4, 5.9). Where the specification leaves room, the decisions are listed in
// docs/device.md under the A-nn numbers cited here.

#include <algorithm>

#include <linux/virtio_crypto.h>

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/standard_control.h"
#include "virtcrypt/devices/crypto/standard_data.h"
#include "virtcrypt/devices/crypto/standard_decode.h"
#include "virtcrypt/devices/crypto/standard_fixed_part.h"
#include "virtcrypt/devices/crypto/standard_parameters.h"
#include "virtcrypt/devices/crypto/wire_standard.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

std::uint8_t wire_status(RequestStatus status) {
  switch (status) {
    case RequestStatus::kOk:
      return VIRTIO_CRYPTO_OK;
    case RequestStatus::kError:
      return VIRTIO_CRYPTO_ERR;
    case RequestStatus::kNotSupported:
      return VIRTIO_CRYPTO_NOTSUPP;
    case RequestStatus::kBadMessage:
      return VIRTIO_CRYPTO_BADMSG;
    case RequestStatus::kInvalidSession:
      return VIRTIO_CRYPTO_INVSESS;
    case RequestStatus::kNoSpace:
      return VIRTIO_CRYPTO_NOSPC;
    case RequestStatus::kKeyRejected:
      return VIRTIO_CRYPTO_KEY_REJECTED;
  }
  return VIRTIO_CRYPTO_ERR;
}

constexpr FeatureName kFeatureNames[] = {
    {wire::kFeatureRevision1, "REVISION_1"},
    {wire::kFeatureCipherStateless, "CIPHER_STATELESS_MODE"},
    {wire::kFeatureHashStateless, "HASH_STATELESS_MODE"},
    {wire::kFeatureMacStateless, "MAC_STATELESS_MODE"},
    {wire::kFeatureAeadStateless, "AEAD_STATELESS_MODE"},
    {wire::kFeatureAkcipherStateless, "AKCIPHER_STATELESS_MODE"},
};

class StandardDialect final : public Dialect {
 public:
  [[nodiscard]] virtio::DeviceType device_type() const override { return virtio::DeviceType::kCrypto; }
  [[nodiscard]] virtio::FeatureSet offered_features(const crypto::Capabilities& capabilities) const override {
    return virtio::FeatureSet(standard::stateless_features(capabilities).bits() |
                              std::uint64_t{1} << wire::kFeatureRevision1);
  }
  // 5.9.3.1: each stateless mode requires REVISION_1.
  [[nodiscard]] bool accepts(virtio::FeatureSet subset) const override {
    if (subset.has_bit(wire::kFeatureRevision1)) return true;
    return !subset.has_bit(wire::kFeatureCipherStateless) && !subset.has_bit(wire::kFeatureHashStateless) &&
           !subset.has_bit(wire::kFeatureMacStateless) && !subset.has_bit(wire::kFeatureAeadStateless) &&
           !subset.has_bit(wire::kFeatureAkcipherStateless);
  }

  [[nodiscard]] std::uint16_t data_queues(virtio::FeatureSet, const Limits& limits) const override {
    return limits.data_queues;
  }
  [[nodiscard]] std::span<const FeatureName> feature_names() const override { return kFeatureNames; }
  [[nodiscard]] std::vector<std::byte> config_space(bool ready, const crypto::Capabilities& capabilities,
                                                    const Limits& limits,
                                                    virtio::FeatureSet offered) const override;
  [[nodiscard]] ControlRequest parse_control(const virtio::DescriptorChain& chain,
                                             const Terms& terms) const override {
    return standard::parse_control(chain, terms);
  }
  [[nodiscard]] std::uint32_t write_control_answer(const ControlRequest& request, const ControlAnswer& answer,
                                                   const virtio::DescriptorChain& chain,
                                                   const Terms& terms) const override;
  void parse_data(const virtio::DescriptorChain& chain, const Terms& terms,
                  DataRequest& request) const override {
    request.status = standard::parse_data(chain, terms, request);
  }
  [[nodiscard]] RequestStatus fit_to_session(const virtio::DescriptorChain& chain, const Terms& terms,
                                             const crypto::Session& session, const SessionNote& note,
                                             DataRequest& request) const override;
  [[nodiscard]] std::uint32_t write_data_answer(const DataRequest& request, RequestStatus status,
                                                std::size_t result_bytes,
                                                const virtio::DescriptorChain& chain) const override;
  [[nodiscard]] DecodedRequest decode_control(std::span<const std::byte> bytes,
                                              virtio::FeatureSet negotiated) const override {
    return standard::decode_control(bytes, negotiated);
  }
  [[nodiscard]] DecodedRequest decode_data(std::span<const std::byte> bytes,
                                           virtio::FeatureSet negotiated) const override {
    return standard::decode_data(bytes, negotiated);
  }
};

// 5.9.5.1: what is offered is what the engine has.
std::vector<std::byte> StandardDialect::config_space(bool ready, const crypto::Capabilities& capabilities,
                                                     const Limits& limits, virtio::FeatureSet) const {
  wire::Config config{};
  config.status = ready ? VIRTIO_CRYPTO_S_HW_READY : 0;
  config.max_dataqueues = limits.data_queues;
  standard::describe(capabilities, limits, config);
  const auto bytes = std::as_bytes(std::span(&config, 1));
  return {bytes.begin(), bytes.end()};
}

RequestStatus StandardDialect::fit_to_session(const virtio::DescriptorChain&, const Terms&,
                                              const crypto::Session& session, const SessionNote&,
                                              DataRequest& request) const {
  if (listed_as(session.service()) != listed_as(request.service)) return RequestStatus::kInvalidSession;
  // a chain's request on a cipher's session, or the reverse
  return session.service() == request.service ? RequestStatus::kOk : RequestStatus::kError;
}

std::uint32_t StandardDialect::write_control_answer(const ControlRequest& request,
                                                    const ControlAnswer& answer,
                                                    const virtio::DescriptorChain& chain,
                                                    const Terms& terms) const {
  // NOSPC needs REVISION_1.
  const bool is_unknown = answer.status == RequestStatus::kNoSpace && !standard::has_revision_1(terms);
  return standard::write_control_answer(
      request, wire_status(is_unknown ? RequestStatus::kError : answer.status), answer.session_id, chain);
}

// result room, possibly a gap that the driver did not announce, status as the last byte. Linux
// hands whole scatterlist entries over, so a gap can be memory that somebody uses: it is left alone. The used
// length counts what was written without interruption from the first byte on, and with no gap that includes
// the status.
std::uint32_t StandardDialect::write_data_answer(const DataRequest& request, RequestStatus status,
                                                 std::size_t result_bytes,
                                                 const virtio::DescriptorChain& chain) const {
  const std::uint64_t writable = chain.writable_bytes();
  if (writable == 0) return 0;
  const bool ok = status == RequestStatus::kOk;
  const std::uint64_t before_status = writable - 1;
  const std::uint64_t result = ok ? result_bytes : 0;
  std::uint64_t room = std::min(request.result_room, before_status);
  // The used length of AKCIPHER is the result's plus one (5.9.9.8), and an error of a request that could not
  // be read should not look like an answer without a status: both may need one byte more.
  const bool akcipher = request.service == crypto::Service::kAkcipher;
  const bool one_more = room == result && room < before_status && (akcipher || !ok);
  if (one_more) ++room;

  virtio::WriteCursor cursor = chain.writer();
  if (room > result) {
    cursor.skip(result);
    cursor.fill_zero(room - result);
  }
  cursor.skip_to_last();
  if (!cursor.write_object(wire_status(status))) return 0;
  if (akcipher) return static_cast<std::uint32_t>(result + 1);
  return static_cast<std::uint32_t>(room == before_status ? writable : room);
}

}  // namespace

const Dialect& standard_dialect() {
  static const StandardDialect dialect;
  return dialect;
}

}  // namespace virtcrypt::devices::crypto_dev
