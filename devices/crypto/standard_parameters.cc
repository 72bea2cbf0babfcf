#include "virtcrypt/devices/crypto/standard_parameters.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include <linux/virtio_crypto.h>

#include "virtcrypt/devices/crypto/algorithm_numbers.h"

namespace virtcrypt::devices::crypto_dev::standard {
namespace {

using crypto::AkcipherAlgorithm;
using crypto::HashAlgorithm;
using Refused = crypto::Unexpected<RequestStatus>;

// linux/virtio_crypto.h numbers ECDSA differently; the specification counts.
constexpr Number<AkcipherAlgorithm> kAkcipherNumbers[] = {
    {1, AkcipherAlgorithm::kRsa},
    {2, AkcipherAlgorithm::kEcdsa},
};
// MD3 (2) was never published.
constexpr Number<HashAlgorithm> kRsaHashNumbers[] = {
    {VIRTIO_CRYPTO_RSA_NO_HASH, HashAlgorithm::kNone},  {VIRTIO_CRYPTO_RSA_MD2, HashAlgorithm::kMd2},
    {VIRTIO_CRYPTO_RSA_MD4, HashAlgorithm::kMd4},       {VIRTIO_CRYPTO_RSA_MD5, HashAlgorithm::kMd5},
    {VIRTIO_CRYPTO_RSA_SHA1, HashAlgorithm::kSha1},     {VIRTIO_CRYPTO_RSA_SHA224, HashAlgorithm::kSha224},
    {VIRTIO_CRYPTO_RSA_SHA256, HashAlgorithm::kSha256}, {VIRTIO_CRYPTO_RSA_SHA384, HashAlgorithm::kSha384},
    {VIRTIO_CRYPTO_RSA_SHA512, HashAlgorithm::kSha512},
};
constexpr Number<crypto::RsaPadding> kRsaPaddingNumbers[] = {
    {VIRTIO_CRYPTO_RSA_RAW_PADDING, crypto::RsaPadding::kRaw},
    {VIRTIO_CRYPTO_RSA_PKCS1_PADDING, crypto::RsaPadding::kPkcs1},
};
constexpr Number<crypto::Curve> kCurveNumbers[] = {
    {VIRTIO_CRYPTO_CURVE_NIST_P192, crypto::Curve::kP192},
    {VIRTIO_CRYPTO_CURVE_NIST_P224, crypto::Curve::kP224},
    {VIRTIO_CRYPTO_CURVE_NIST_P256, crypto::Curve::kP256},
    {VIRTIO_CRYPTO_CURVE_NIST_P384, crypto::Curve::kP384},
    {VIRTIO_CRYPTO_CURVE_NIST_P521, crypto::Curve::kP521},
};
constexpr Number<crypto::KeyType> kKeyTypeNumbers[] = {
    {VIRTIO_CRYPTO_AKCIPHER_KEY_TYPE_PUBLIC, crypto::KeyType::kPublic},
    {VIRTIO_CRYPTO_AKCIPHER_KEY_TYPE_PRIVATE, crypto::KeyType::kPrivate},
};
// Bit mask of those numbers whose algorithm stands in a capability table.
template <typename Name, std::size_t count, typename Capability>
std::uint64_t mask_of(const Number<Name> (&numbers)[count], const std::vector<Capability>& capabilities) {
  std::uint64_t mask = 0;
  for (const Number<Name>& number : numbers) {
    if (std::any_of(capabilities.begin(), capabilities.end(),
                    [&](const Capability& row) { return row.algorithm == number.name; })) {
      mask |= std::uint64_t{1} << number.wire;
    }
  }
  return mask;
}

std::uint32_t low(std::uint64_t mask) {
  return static_cast<std::uint32_t>(mask);
}
std::uint32_t high(std::uint64_t mask) {
  return static_cast<std::uint32_t>(mask >> 32U);
}
std::uint32_t service_bit(bool offered, unsigned service) {
  return offered ? 1U << service : 0U;
}

// Reads `bytes` of key, which is at most `most` long.
bool read_key(virtio::ReadCursor& keys, std::uint64_t bytes, std::uint64_t most,
              crypto::SecureBuffer& storage) {
  if (bytes > most) return false;
  storage = crypto::SecureBuffer(bytes);
  return keys.read(storage.bytes());
}

std::span<const std::byte> key_in(const crypto::SecureBuffer& storage) {
  return storage.bytes();
}

}  // namespace

void describe(const crypto::Capabilities& capabilities, const Limits& limits, wire::Config& config) {
  const std::uint64_t ciphers = mask_of(kCipherNumbers, capabilities.ciphers);
  const std::uint64_t hashes = mask_of(kHashNumbers, capabilities.hashes);
  const std::uint64_t macs = mask_of(kMacNumbers, capabilities.macs);
  const std::uint64_t aeads = mask_of(kAeadNumbers, capabilities.aeads);
  const std::uint64_t akciphers = mask_of(kAkcipherNumbers, capabilities.akciphers);
  config.crypto_services = service_bit(ciphers != 0, VIRTIO_CRYPTO_SERVICE_CIPHER) |
                           service_bit(hashes != 0, VIRTIO_CRYPTO_SERVICE_HASH) |
                           service_bit(macs != 0, VIRTIO_CRYPTO_SERVICE_MAC) |
                           service_bit(aeads != 0, VIRTIO_CRYPTO_SERVICE_AEAD) |
                           service_bit(akciphers != 0, VIRTIO_CRYPTO_SERVICE_AKCIPHER);
  config.cipher_algo_l = low(ciphers);
  config.cipher_algo_h = high(ciphers);
  config.hash_algo = low(hashes);
  config.mac_algo_l = low(macs);
  config.mac_algo_h = high(macs);
  config.aead_algo = low(aeads);
  config.akcipher_algo = low(akciphers);
  config.max_cipher_key_len = limits.max_cipher_key_bytes;
  config.max_auth_key_len = limits.max_auth_key_bytes;
  config.max_size = limits.max_size;
}

virtio::FeatureSet stateless_features(const crypto::Capabilities& capabilities) {
  const auto bit = [](bool offered, unsigned feature) {
    return offered ? std::uint64_t{1} << feature : std::uint64_t{0};
  };
  return virtio::FeatureSet(bit(!capabilities.ciphers.empty(), wire::kFeatureCipherStateless) |
                            bit(!capabilities.hashes.empty(), wire::kFeatureHashStateless) |
                            bit(!capabilities.macs.empty(), wire::kFeatureMacStateless) |
                            bit(!capabilities.aeads.empty(), wire::kFeatureAeadStateless) |
                            bit(!capabilities.akciphers.empty(), wire::kFeatureAkcipherStateless));
}

Parsed cipher_parameters(const CipherFields& fields, const Limits& limits, virtio::ReadCursor& keys,
                         crypto::SecureBuffer& storage) {
  const auto algorithm = name_of_number(kCipherNumbers, fields.algo);
  if (!algorithm) return Refused(RequestStatus::kNotSupported);
  const auto direction = name_of_number(kDirectionNumbers, fields.op);
  if (!direction || !read_key(keys, fields.key_len, limits.max_cipher_key_bytes, storage))
    return Refused(RequestStatus::kError);
  return crypto::CipherParameters{.algorithm = *algorithm, .direction = *direction, .key = key_in(storage)};
}

// The cipher's key comes first, the MAC's behind it; both go into one buffer.
Parsed chain_parameters(const ChainFields& fields, const Limits& limits, virtio::ReadCursor& keys,
                        crypto::SecureBuffer& storage) {
  const bool is_mac = fields.hash_mode == VIRTIO_CRYPTO_SYM_HASH_MODE_AUTH;
  // nested hashing has no parameters of its own.
  if (!is_mac && fields.hash_mode != VIRTIO_CRYPTO_SYM_HASH_MODE_PLAIN)
    return Refused(RequestStatus::kNotSupported);
  const auto cipher = name_of_number(kCipherNumbers, fields.cipher.algo);
  const auto hash = name_of_number(kHashNumbers, fields.hash_algo);
  const auto mac = name_of_number(kMacNumbers, fields.hash_algo);
  if (!cipher || (is_mac ? !mac : !hash)) return Refused(RequestStatus::kNotSupported);
  const auto order = name_of_number(kChainOrderNumbers, fields.alg_chain_order);
  const auto direction = name_of_number(kDirectionNumbers, fields.cipher.op);
  const std::uint64_t cipher_bytes = fields.cipher.key_len;
  const std::uint64_t auth_bytes = is_mac ? fields.auth_key_len : 0;
  if (!order || !direction || cipher_bytes > limits.max_cipher_key_bytes ||
      auth_bytes > limits.max_auth_key_bytes ||
      !read_key(keys, cipher_bytes + auth_bytes, UINT64_MAX, storage)) {
    return Refused(RequestStatus::kError);
  }
  crypto::ChainParameters parameters{
      .order = *order,
      .cipher = {.algorithm = *cipher, .direction = *direction, .key = key_in(storage).first(cipher_bytes)},
      .hash = {}};
  if (is_mac) {
    parameters.hash = crypto::MacParameters{.algorithm = *mac,
                                            .result_bytes = fields.hash_result_len,
                                            .key = key_in(storage).subspan(cipher_bytes)};
  } else {
    parameters.hash = crypto::HashParameters{.algorithm = *hash, .result_bytes = fields.hash_result_len};
  }
  return parameters;
}

Parsed hash_parameters(std::uint32_t algo, std::uint32_t hash_result_len) {
  const auto algorithm = name_of_number(kHashNumbers, algo);
  if (!algorithm) return Refused(RequestStatus::kNotSupported);
  return crypto::HashParameters{.algorithm = *algorithm, .result_bytes = hash_result_len};
}

Parsed mac_parameters(std::uint32_t algo, std::uint32_t hash_result_len, std::uint32_t auth_key_len,
                      const Limits& limits, virtio::ReadCursor& keys, crypto::SecureBuffer& storage) {
  const auto algorithm = name_of_number(kMacNumbers, algo);
  if (!algorithm) return Refused(RequestStatus::kNotSupported);
  if (!read_key(keys, auth_key_len, limits.max_auth_key_bytes, storage))
    return Refused(RequestStatus::kError);
  return crypto::MacParameters{
      .algorithm = *algorithm, .result_bytes = hash_result_len, .key = key_in(storage)};
}

Parsed aead_parameters(std::uint32_t algo, std::uint32_t op, std::uint32_t tag_len, std::uint32_t key_len,
                       const Limits& limits, virtio::ReadCursor& keys, crypto::SecureBuffer& storage) {
  const auto algorithm = name_of_number(kAeadNumbers, algo);
  if (!algorithm) return Refused(RequestStatus::kNotSupported);
  const auto direction = name_of_number(kDirectionNumbers, op);
  if (!direction || !read_key(keys, key_len, limits.max_cipher_key_bytes, storage))
    return Refused(RequestStatus::kError);
  return crypto::AeadParameters{
      .algorithm = *algorithm, .direction = *direction, .tag_bytes = tag_len, .key = key_in(storage)};
}

Parsed akcipher_parameters(std::uint32_t algo, std::uint32_t key_type, std::uint32_t key_len,
                           const wire::AkcipherKind& kind, const Limits& limits, virtio::ReadCursor& keys,
                           crypto::SecureBuffer& storage) {
  const auto algorithm = name_of_number(kAkcipherNumbers, algo);
  if (!algorithm) return Refused(RequestStatus::kNotSupported);
  const bool is_rsa = *algorithm == AkcipherAlgorithm::kRsa;
  const auto curve = name_of_number(kCurveNumbers, kind.padding_algo_or_curve_id);
  const auto padding = name_of_number(kRsaPaddingNumbers, kind.padding_algo_or_curve_id);
  // Raw RSA has no use for a hash: whatever stands there is ignored.
  const auto hash = padding == crypto::RsaPadding::kRaw ? HashAlgorithm::kNone
                                                        : name_of_number(kRsaHashNumbers, kind.hash_algo);
  if (is_rsa ? !padding || !hash : !curve) return Refused(RequestStatus::kNotSupported);
  const auto type = name_of_number(kKeyTypeNumbers, key_type);
  if (!type || !read_key(keys, key_len, limits.max_akcipher_key_bytes, storage))
    return Refused(RequestStatus::kError);
  if (is_rsa) {
    return crypto::RsaParameters{
        .key_type = *type, .padding = *padding, .hash = *hash, .key = key_in(storage)};
  }
  return crypto::EcdsaParameters{.key_type = *type, .curve = *curve, .key = key_in(storage)};
}

}  // namespace virtcrypt::devices::crypto_dev::standard
