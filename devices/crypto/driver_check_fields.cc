#include "virtcrypt/devices/crypto/driver_check_fields.h"

#include <algorithm>

#include "virtcrypt/devices/crypto/wire_rfc_v2.h"
#include "virtcrypt/devices/crypto/wire_standard.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

// 6: the features of all devices; those of other transports than PCI are not among them.
constexpr unsigned kFeatureSrIov = 37;
constexpr unsigned kFeatureAdminQueue = 41;
constexpr unsigned kFeatureSuspend = 43;

bool is_length(std::string_view name) {
  return name == "key_len" || name == "cipher.key_len" || name == "auth_key_len";
}

}  // namespace

std::optional<std::uint64_t> value_of(const DecodedRequest& request, std::string_view name) {
  const auto found = std::find_if(request.fields.rbegin(), request.fields.rend(),
                                  [&](const DecodedField& field) { return field.name == name; });
  if (found == request.fields.rend()) return std::nullopt;
  return found->value;
}

std::uint64_t end_of_parts(const DecodedRequest& request) {
  if (!request.parts.empty()) return request.parts.back().offset + request.parts.back().bytes;
  if (request.fields.empty()) return 0;
  return request.fields.back().offset + request.fields.back().bytes;
}

bool has_parameters(const DecodedRequest& request) {
  return !request.cut_short &&
         std::none_of(request.fields.begin(), request.fields.end(), [](const DecodedField& field) {
           // The hash of a chain need not have a key.
           return field.meaning == "unknown" || (is_length(field.name) && field.value == 0);
         });
}

bool is_stateless(const DecodedRequest& request, const Terms& terms) {
  return terms.negotiated.has_bit(wire::kFeatureRevision1) &&
         value_of(request, "flag") == wire::kStatelessMode;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

virtio::FeatureSet defined_features(const Dialect& dialect) {
  std::uint64_t bits = virtio::kImplementedFeatures.bits();
  for (const unsigned bit : {kFeatureSrIov, kFeatureAdminQueue, kFeatureSuspend})
    bits |= std::uint64_t{1} << bit;
  for (const FeatureName& feature : dialect.feature_names())
    bits |= std::uint64_t{1} << feature.bit;
  return virtio::FeatureSet(bits);
}

std::vector<std::size_t> config_fields(const Dialect& dialect) {
  if (&dialect == &standard_dialect()) return std::vector<std::size_t>(sizeof(wire::Config) / 4, 4);
  using wire_rfc_v2::Config;
  return {sizeof(Config::status), sizeof(Config::max_virtqueues), sizeof(Config::algorithms)};
}

}  // namespace virtcrypt::devices::crypto_dev
