#include "virtcrypt/devices/crypto/standard_decode.h"

#include <cstddef>

#include <linux/virtio_crypto.h>

#include "virtcrypt/devices/crypto/algorithm_numbers.h"
#include "virtcrypt/devices/crypto/wire_standard.h"

namespace virtcrypt::devices::crypto_dev::standard {
namespace {

using crypto::Service;

struct Opcode {
  std::uint32_t number;
  std::string_view name;
};
constexpr Opcode kOpcodes[] = {
    {VIRTIO_CRYPTO_CIPHER_CREATE_SESSION, "CIPHER_CREATE_SESSION"},
    {VIRTIO_CRYPTO_CIPHER_DESTROY_SESSION, "CIPHER_DESTROY_SESSION"},
    {VIRTIO_CRYPTO_HASH_CREATE_SESSION, "HASH_CREATE_SESSION"},
    {VIRTIO_CRYPTO_HASH_DESTROY_SESSION, "HASH_DESTROY_SESSION"},
    {VIRTIO_CRYPTO_MAC_CREATE_SESSION, "MAC_CREATE_SESSION"},
    {VIRTIO_CRYPTO_MAC_DESTROY_SESSION, "MAC_DESTROY_SESSION"},
    {VIRTIO_CRYPTO_AEAD_CREATE_SESSION, "AEAD_CREATE_SESSION"},
    {VIRTIO_CRYPTO_AEAD_DESTROY_SESSION, "AEAD_DESTROY_SESSION"},
    {VIRTIO_CRYPTO_AKCIPHER_CREATE_SESSION, "AKCIPHER_CREATE_SESSION"},
    {VIRTIO_CRYPTO_AKCIPHER_DESTROY_SESSION, "AKCIPHER_DESTROY_SESSION"},
    {VIRTIO_CRYPTO_CIPHER_ENCRYPT, "CIPHER_ENCRYPT"},
    {VIRTIO_CRYPTO_CIPHER_DECRYPT, "CIPHER_DECRYPT"},
    {VIRTIO_CRYPTO_HASH, "HASH"},
    {VIRTIO_CRYPTO_MAC, "MAC"},
    {VIRTIO_CRYPTO_AEAD_ENCRYPT, "AEAD_ENCRYPT"},
    {VIRTIO_CRYPTO_AEAD_DECRYPT, "AEAD_DECRYPT"},
    {VIRTIO_CRYPTO_AKCIPHER_ENCRYPT, "AKCIPHER_ENCRYPT"},
    {VIRTIO_CRYPTO_AKCIPHER_DECRYPT, "AKCIPHER_DECRYPT"},
    {VIRTIO_CRYPTO_AKCIPHER_SIGN, "AKCIPHER_SIGN"},
    {VIRTIO_CRYPTO_AKCIPHER_VERIFY, "AKCIPHER_VERIFY"},
};

std::string_view opcode_name(std::uint64_t number) {
  for (const Opcode& opcode : kOpcodes) {
    if (opcode.number == number) return opcode.name;
  }
  return "unknown";
}

std::string_view cipher_name(std::uint64_t value) {
  return text_of_number(kCipherNumbers, value);
}
std::string_view hash_name(std::uint64_t value) {
  return text_of_number(kHashNumbers, value);
}
std::string_view mac_name(std::uint64_t value) {
  return text_of_number(kMacNumbers, value);
}
std::string_view aead_name(std::uint64_t value) {
  return text_of_number(kAeadNumbers, value);
}
std::string_view direction_name(std::uint64_t value) {
  return value == VIRTIO_CRYPTO_OP_ENCRYPT   ? "encrypt"
         : value == VIRTIO_CRYPTO_OP_DECRYPT ? "decrypt"
                                             : "unknown";
}
std::string_view order_name(std::uint64_t value) {
  if (value == VIRTIO_CRYPTO_SYM_ALG_CHAIN_ORDER_HASH_THEN_CIPHER) return "HASH_THEN_CIPHER";
  return value == VIRTIO_CRYPTO_SYM_ALG_CHAIN_ORDER_CIPHER_THEN_HASH ? "CIPHER_THEN_HASH" : "unknown";
}
std::string_view hash_mode_name(std::uint64_t value) {
  switch (value) {
    case VIRTIO_CRYPTO_SYM_HASH_MODE_PLAIN:
      return "PLAIN";
    case VIRTIO_CRYPTO_SYM_HASH_MODE_AUTH:
      return "AUTH";
    case VIRTIO_CRYPTO_SYM_HASH_MODE_NESTED:
      return "NESTED";
    default:
      return "unknown";
  }
}
std::string_view op_type_name(std::uint64_t value) {
  if (value == VIRTIO_CRYPTO_SYM_OP_CIPHER) return "CIPHER";
  return value == VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING ? "ALGORITHM_CHAINING" : "unknown";
}
std::string_view akcipher_name(std::uint64_t value) {
  return value == 1 ? "RSA" : value == 2 ? "ECDSA" : "unknown";
}
std::string_view key_type_name(std::uint64_t value) {
  if (value == VIRTIO_CRYPTO_AKCIPHER_KEY_TYPE_PUBLIC) return "public";
  return value == VIRTIO_CRYPTO_AKCIPHER_KEY_TYPE_PRIVATE ? "private" : "unknown";
}
std::string_view mode_name(std::uint64_t value) {
  return value == wire::kSessionMode ? "session" : value == wire::kStatelessMode ? "stateless" : "unknown";
}

bool has_revision_1(virtio::FeatureSet negotiated) {
  return negotiated.has_bit(wire::kFeatureRevision1);
}

// One request; each function reads the fields of one structure of wire_standard.h, in its order.
class Decoder {
 public:
  Decoder(std::span<const std::byte> bytes, virtio::FeatureSet negotiated)
      : fields_(bytes, request_), revision_1_(has_revision_1(negotiated)) {}

  [[nodiscard]] DecodedRequest control();
  [[nodiscard]] DecodedRequest data();

 private:
  std::uint64_t le32(std::string_view name) { return fields_.field(name, 4); }
  template <typename NameOf>
  std::uint64_t le32(std::string_view name, const NameOf& name_of) {
    return fields_.named(name, 4, name_of);
  }
  void key(std::string_view name, std::uint64_t bytes) { fields_.part(name, bytes, true); }
  // Behind a fixed part that began at `begin`.
  void end_fixed_part(std::size_t begin, std::size_t padded_bytes) {
    if (!revision_1_) fields_.go_to(begin + padded_bytes);
  }

  void create(Service service);
  void create_cipher();
  void create_chain();
  std::uint64_t akcipher_kind();

  void session_data(Service service);
  void stateless_data(Service service);
  void cipher_data(std::uint64_t key_bytes);
  void chain_data();
  void stateless_chain();
  void chain_lengths();
  void digest_data(std::uint64_t key_bytes);
  void akcipher_data(std::uint64_t key_bytes);

  DecodedRequest request_;
  FieldReader fields_;
  const bool revision_1_;
  std::uint64_t iv_bytes_ = 0, source_bytes_ = 0, aad_bytes_ = 0;
};

Service service_of(std::uint64_t opcode) {
  return service_of_opcode(opcode).value_or(Service::kCipher);
}

DecodedRequest Decoder::control() {
  const std::uint64_t opcode = le32("opcode", opcode_name);
  le32("algo");
  le32("flag");
  le32("reserved");
  request_.operation = request_.cut_short ? "unknown" : opcode_name(opcode);
  // AKCIPHER's two have other numbers than the others'.
  const auto is = [this](std::string_view action) {
    return request_.operation.find(action) != std::string_view::npos;
  };
  if (is("_CREATE_SESSION")) create(service_of(opcode));
  if (is("_DESTROY_SESSION")) fields_.field("session_id", 8);
  return std::move(request_);
}

void Decoder::create(Service service) {
  const std::size_t begin = fields_.offset();
  switch (service) {
    case Service::kCipher:
    case Service::kChain:
      if (fields_.peek(begin + offsetof(wire::SymCreateSession, op_type), 4) ==
          VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING)
        return create_chain();
      return create_cipher();
    case Service::kHash:
      le32("algo", hash_name);
      le32("hash_result_len");
      return;
    case Service::kMac: {
      le32("algo", mac_name);
      le32("hash_result_len");
      const std::uint64_t bytes = le32("auth_key_len");
      le32("padding");
      end_fixed_part(begin, wire::kControlFixedBytes);
      return key("auth_key", bytes);
    }
    case Service::kAead: {
      le32("algo", aead_name);
      const std::uint64_t bytes = le32("key_len");
      le32("tag_len");
      le32("aad_len");
      le32("op", direction_name);
      le32("padding");
      end_fixed_part(begin, wire::kControlFixedBytes);
      return key("key", bytes);
    }
    case Service::kAkcipher: {
      const std::uint64_t bytes = akcipher_kind();
      fields_.go_to(begin + wire::kControlFixedBytes);
      return key("key", bytes);
    }
  }
}

void Decoder::create_cipher() {
  const std::size_t begin = fields_.offset();
  le32("algo", cipher_name);
  const std::uint64_t bytes = le32("key_len");
  le32("op", direction_name);
  fields_.go_to(begin + offsetof(wire::SymCreateSession, op_type));
  le32("op_type", op_type_name);
  le32("padding");
  key("cipher_key", bytes);
}

void Decoder::create_chain() {
  const std::size_t begin = fields_.offset();
  le32("alg_chain_order", order_name);
  const std::uint64_t mode = le32("hash_mode", hash_mode_name);
  le32("cipher.algo", cipher_name);
  const std::uint64_t cipher_key = le32("cipher.key_len");
  le32("cipher.op", direction_name);
  le32("cipher.padding");
  std::uint64_t auth_key = 0;
  if (mode == VIRTIO_CRYPTO_SYM_HASH_MODE_AUTH) {
    le32("mac.algo", mac_name);
    le32("mac.hash_result_len");
    auth_key = le32("mac.auth_key_len");
  } else {
    le32("hash.algo", hash_name);
    le32("hash.hash_result_len");
  }
  fields_.go_to(begin + offsetof(wire::ChainSession, aad_len));
  le32("aad_len");
  fields_.go_to(begin + offsetof(wire::SymCreateSession, op_type));
  le32("op_type", op_type_name);
  le32("padding");
  key("cipher_key", cipher_key);
  key("auth_key", auth_key);
}

// Returns the key's length.
std::uint64_t Decoder::akcipher_kind() {
  const std::uint64_t algorithm = le32("algo", akcipher_name);
  le32("key_type", key_type_name);
  const std::uint64_t bytes = le32("key_len");
  if (algorithm == 2) {
    le32("curve_id");
    le32("padding");
  } else {
    le32("padding_algo");
    le32("hash_algo");
  }
  return bytes;
}

DecodedRequest Decoder::data() {
  const std::uint64_t opcode = le32("opcode", opcode_name);
  le32("algo");
  fields_.field("session_id", 8);
  const std::uint64_t flag = revision_1_ ? le32("flag", mode_name) : le32("flag");
  le32("padding");
  request_.operation = request_.cut_short ? "unknown" : opcode_name(opcode);
  if (request_.operation == "unknown") return std::move(request_);
  if (revision_1_ && flag == wire::kStatelessMode) {
    stateless_data(service_of(opcode));
  } else {
    session_data(service_of(opcode));
  }
  return std::move(request_);
}

void Decoder::session_data(Service service) {
  const std::size_t begin = fields_.offset();
  switch (service) {
    case Service::kCipher:
    case Service::kChain:
      if (fields_.peek(begin + offsetof(wire::SymData, op_type), 4) ==
          VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING)
        return chain_data();
      return cipher_data(0);
    case Service::kHash:
    case Service::kMac:
      return digest_data(0);
    case Service::kAead:
      iv_bytes_ = le32("iv_len");
      aad_bytes_ = le32("aad_len");
      source_bytes_ = le32("src_data_len");
      le32("dst_data_len");
      le32("tag_len");
      le32("reserved");
      end_fixed_part(begin, wire::kDataFixedBytes);
      fields_.part("iv", iv_bytes_);
      fields_.part("src_data", source_bytes_);
      return fields_.part("aad", aad_bytes_);
    case Service::kAkcipher:
      return akcipher_data(0);
  }
}

void Decoder::stateless_data(Service service) {
  const std::size_t begin = fields_.offset();
  switch (service) {
    case Service::kCipher:
    case Service::kChain: {
      if (fields_.peek(begin + offsetof(wire::SymDataStateless, op_type), 4) ==
          VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING)
        return stateless_chain();
      le32("algo", cipher_name);
      const std::uint64_t bytes = le32("key_len");
      le32("op", direction_name);
      return cipher_data(bytes);
    }
    case Service::kHash:
      le32("algo", hash_name);
      digest_data(0);
      return;
    case Service::kMac: {
      le32("algo", mac_name);
      return digest_data(le32("auth_key_len"));
    }
    case Service::kAead: {
      le32("algo", aead_name);
      const std::uint64_t bytes = le32("key_len");
      le32("op", direction_name);
      iv_bytes_ = le32("iv_len");
      le32("tag_len");
      aad_bytes_ = le32("aad_len");
      source_bytes_ = le32("src_data_len");
      le32("dst_data_len");
      key("key", bytes);
      fields_.part("iv", iv_bytes_);
      fields_.part("src_data", source_bytes_);
      return fields_.part("aad", aad_bytes_);
    }
    case Service::kAkcipher:
      return akcipher_data(akcipher_kind());
  }
}

void Decoder::cipher_data(std::uint64_t key_bytes) {
  const bool stateless = fields_.offset() != sizeof(wire::DataHeader);
  iv_bytes_ = le32("iv_len");
  source_bytes_ = le32("src_data_len");
  le32("dst_data_len");
  fields_.go_to(sizeof(wire::DataHeader) +
                (stateless ? offsetof(wire::SymDataStateless, op_type) : offsetof(wire::SymData, op_type)));
  le32("op_type", op_type_name);
  if (!stateless) le32("padding");
  key("key", key_bytes);
  fields_.part("iv", iv_bytes_);
  fields_.part("src_data", source_bytes_);
}

// The fields that both modes share.
void Decoder::chain_lengths() {
  iv_bytes_ = le32("iv_len");
  source_bytes_ = le32("src_data_len");
  le32("dst_data_len");
  le32("cipher_start_src_offset");
  le32("len_to_cipher");
  le32("hash_start_src_offset");
  le32("len_to_hash");
  aad_bytes_ = le32("aad_len");
  le32("hash_result_len");
  le32("reserved");
}

void Decoder::chain_data() {
  chain_lengths();
  le32("op_type", op_type_name);
  le32("padding");
  fields_.part("iv", iv_bytes_);
  fields_.part("src_data", source_bytes_);
  fields_.part("aad", aad_bytes_);
}

void Decoder::stateless_chain() {
  const std::size_t begin = fields_.offset();
  le32("alg_chain_order", order_name);
  le32("aad_len");
  le32("cipher.algo", cipher_name);
  const std::uint64_t cipher_key = le32("cipher.key_len");
  le32("cipher.op", direction_name);
  const bool is_mac = fields_.peek(begin + offsetof(wire::ChainDataStateless, hash_mode), 4) ==
                      VIRTIO_CRYPTO_SYM_HASH_MODE_AUTH;
  le32("hash.algo", is_mac ? mac_name : hash_name);
  const std::uint64_t auth_key = le32("hash.auth_key_len");
  le32("hash_mode", hash_mode_name);
  chain_lengths();
  le32("op_type", op_type_name);
  key("cipher_key", cipher_key);
  key("auth_key", is_mac ? auth_key : 0);
  fields_.part("iv", iv_bytes_);
  fields_.part("aad", aad_bytes_);
  fields_.part("src_data", source_bytes_);
}

// HASH and MAC; without a session the parts follow the structure at once.
void Decoder::digest_data(std::uint64_t key_bytes) {
  const bool stateless = fields_.offset() != sizeof(wire::DataHeader);
  source_bytes_ = le32("src_data_len");
  le32("hash_result_len");
  constexpr std::size_t kStatelessBytes = sizeof(wire::HashDataStateless);
  static_assert(kStatelessBytes == sizeof(wire::MacDataStateless));
  if (stateless) {
    fields_.go_to(sizeof(wire::DataHeader) + kStatelessBytes);
  } else {
    end_fixed_part(sizeof(wire::DataHeader), wire::kDataFixedBytes);
  }
  key("auth_key", key_bytes);
  fields_.part("src_data", source_bytes_);
}

void Decoder::akcipher_data(std::uint64_t key_bytes) {
  const bool stateless = fields_.offset() != sizeof(wire::DataHeader);
  source_bytes_ = le32("src_data_len");
  const std::uint64_t destination_bytes = le32("dst_data_len");
  if (!stateless) end_fixed_part(sizeof(wire::DataHeader), wire::kDataFixedBytes);
  key("key", key_bytes);
  fields_.part("src_data", source_bytes_);
  if (request_.operation == "AKCIPHER_VERIFY") fields_.part("digest", destination_bytes);
}

}  // namespace

DecodedRequest decode_control(std::span<const std::byte> bytes, virtio::FeatureSet negotiated) {
  return Decoder(bytes, negotiated).control();
}

DecodedRequest decode_data(std::span<const std::byte> bytes, virtio::FeatureSet negotiated) {
  return Decoder(bytes, negotiated).data();
}

std::optional<Service> service_of_opcode(std::uint64_t opcode) {
  switch (opcode >> 8U) {
    case VIRTIO_CRYPTO_SERVICE_CIPHER:
      return Service::kCipher;
    case VIRTIO_CRYPTO_SERVICE_HASH:
      return Service::kHash;
    case VIRTIO_CRYPTO_SERVICE_MAC:
      return Service::kMac;
    case VIRTIO_CRYPTO_SERVICE_AEAD:
      return Service::kAead;
    case VIRTIO_CRYPTO_SERVICE_AKCIPHER:
      return Service::kAkcipher;
    default:
      return std::nullopt;
  }
}

}  // namespace virtcrypt::devices::crypto_dev::standard
