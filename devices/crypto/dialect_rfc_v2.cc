// The draft of April 2016 ("RFC v2"): the device as its first design describes it. Its gaps and the decisions
// taken are listed in docs/rfc-v2.md under the G-nn numbers cited here.
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/devices/crypto/rfc_v2_control.h"
#include "virtcrypt/devices/crypto/rfc_v2_data.h"
#include "virtcrypt/devices/crypto/rfc_v2_decode.h"
#include "virtcrypt/devices/crypto/wire_rfc_v2.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

namespace wire = wire_rfc_v2;

// draft, G-26: there are no finer statuses. The control queue never has kBadMessage.
std::uint8_t wire_status(RequestStatus status) {
  switch (status) {
    case RequestStatus::kOk:
      return wire::kStatusOk;
    case RequestStatus::kBadMessage:
      return wire::kStatusBadMsg;
    case RequestStatus::kError:
    case RequestStatus::kNotSupported:
    case RequestStatus::kInvalidSession:
    case RequestStatus::kNoSpace:
    case RequestStatus::kKeyRejected:
      return wire::kStatusErr;
  }
  return wire::kStatusErr;
}

constexpr FeatureName kFeatureNames[] = {
    {wire::kFeatureStatus, "STATUS"},
    {wire::kFeatureMq, "MQ"},
    {wire::kFeatureAlgs, "ALGS"},
    {wire::kFeatureInlineSession, "INLINE_SESSION"},
};

constexpr std::uint64_t bit(unsigned feature) {
  return std::uint64_t{1} << feature;
}

class RfcV2Dialect final : public Dialect {
 public:
  [[nodiscard]] virtio::DeviceType device_type() const override { return virtio::DeviceType::kExperimental; }
  [[nodiscard]] virtio::FeatureSet offered_features(const crypto::Capabilities&) const override {
    return virtio::FeatureSet(bit(wire::kFeatureStatus) | bit(wire::kFeatureMq) | bit(wire::kFeatureAlgs) |
                              bit(wire::kFeatureInlineSession));
  }
  [[nodiscard]] bool accepts(virtio::FeatureSet) const override { return true; }
  [[nodiscard]] virtio::FeatureSet extensions() const override {
    return virtio::FeatureSet(bit(wire::kFeatureInlineSession));
  }
  // draft, G-30
  [[nodiscard]] std::uint16_t data_queues(virtio::FeatureSet negotiated,
                                          const Limits& limits) const override {
    return negotiated.has_bit(wire::kFeatureMq) ? limits.data_queues : std::uint16_t{1};
  }
  [[nodiscard]] std::span<const FeatureName> feature_names() const override { return kFeatureNames; }
  [[nodiscard]] std::vector<std::byte> config_space(bool ready, const crypto::Capabilities& capabilities,
                                                    const Limits& limits,
                                                    virtio::FeatureSet offered) const override;
  [[nodiscard]] ControlRequest parse_control(const virtio::DescriptorChain& chain,
                                             const Terms& terms) const override {
    return rfc_v2::parse_control(chain, terms);
  }
  [[nodiscard]] std::uint32_t write_control_answer(const ControlRequest& request, const ControlAnswer& answer,
                                                   const virtio::DescriptorChain& chain,
                                                   const Terms&) const override {
    return rfc_v2::write_control_answer(request, wire_status(answer.status), answer.session_id, chain);
  }
  void parse_data(const virtio::DescriptorChain& chain, const Terms& terms,
                  DataRequest& request) const override {
    request.status = rfc_v2::parse_header(chain, terms, request);
  }
  [[nodiscard]] RequestStatus fit_to_session(const virtio::DescriptorChain& chain, const Terms& terms,
                                             const crypto::Session& session, const SessionNote& note,
                                             DataRequest& request) const override {
    return rfc_v2::fit_to_session(chain, terms, session, note, request);
  }
  [[nodiscard]] std::uint32_t write_data_answer(const DataRequest& request, RequestStatus status, std::size_t,
                                                const virtio::DescriptorChain& chain) const override {
    return rfc_v2::write_data_answer(request, wire_status(status), chain);
  }
  [[nodiscard]] DecodedRequest decode_control(std::span<const std::byte> bytes,
                                              virtio::FeatureSet) const override {
    return rfc_v2::decode_control(bytes);
  }
  [[nodiscard]] DecodedRequest decode_data(std::span<const std::byte> bytes,
                                           virtio::FeatureSet negotiated) const override {
    return rfc_v2::decode_data(bytes, negotiated);
  }
};

// draft, G-31: a field whose feature is not offered reads 0.
std::vector<std::byte> RfcV2Dialect::config_space(bool ready, const crypto::Capabilities& capabilities,
                                                  const Limits& limits, virtio::FeatureSet offered) const {
  wire::Config config{};
  if (offered.has_bit(wire::kFeatureStatus) && ready) config.status = wire::kStatusHwReady;
  if (offered.has_bit(wire::kFeatureMq)) config.max_virtqueues = limits.data_queues;
  const bool symmetric = !capabilities.ciphers.empty() || !capabilities.hashes.empty() ||
                         !capabilities.macs.empty() || !capabilities.aeads.empty();
  if (offered.has_bit(wire::kFeatureAlgs) && symmetric) config.algorithms = wire::kAlgorithmsSymmetric;
  const auto bytes = std::as_bytes(std::span(&config, 1));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

const Dialect& rfc_v2_dialect() {
  static const RfcV2Dialect dialect;
  return dialect;
}

}  // namespace virtcrypt::devices::crypto_dev
