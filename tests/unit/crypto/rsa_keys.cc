#include "tests/unit/crypto/rsa_keys.h"

#include <algorithm>

namespace virtcrypt::tests {

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes whole;
  for (const Bytes& part : parts) {
    whole.insert(whole.end(), part.begin(), part.end());
  }
  return whole;
}

Bytes der_element(unsigned tag, const Bytes& content) {
  const std::size_t size = content.size();
  Bytes header{static_cast<std::byte>(tag)};
  if (size >= 256) {
    header.insert(header.end(),
                  {std::byte{0x82}, static_cast<std::byte>(size >> 8U), static_cast<std::byte>(size)});
  } else if (size >= 128) {
    header.insert(header.end(), {std::byte{0x81}, static_cast<std::byte>(size)});
  } else {
    header.push_back(static_cast<std::byte>(size));
  }
  return joined({header, content});
}

Bytes der_integer(Bytes magnitude) {
  const auto first =
      std::find_if(magnitude.begin(), magnitude.end(), [](std::byte b) { return b != std::byte{0}; });
  magnitude.erase(magnitude.begin(), first);
  if (magnitude.empty() || (magnitude.front() & std::byte{0x80}) != std::byte{0}) {
    magnitude.insert(magnitude.begin(), std::byte{0});
  }
  return der_element(0x02, magnitude);
}

Bytes der_sequence(std::initializer_list<Bytes> elements) {
  return der_element(0x30, joined(elements));
}

Bytes public_der(const RsaNumbers& key) {
  return der_sequence({der_integer(key.n), der_integer(key.e)});
}

Bytes private_der(const RsaNumbers& key) {
  return der_sequence({der_integer({}), der_integer(key.n), der_integer(key.e), der_integer(key.d),
                       der_integer(key.p), der_integer(key.q), der_integer(key.dp), der_integer(key.dq),
                       der_integer(key.u)});
}

RsaNumbers numbers_of(const Pkcs1Case& example) {
  return {example.part("Modulus"),          example.part("Public exponent"), example.part("Exponent"),
          example.part("Prime 1"),          example.part("Prime 2"),         example.part("Prime exponent 1"),
          example.part("Prime exponent 2"), example.part("Coefficient")};
}

RsaNumbers without_crt(RsaNumbers key) {
  key.p = key.q = key.dp = key.dq = key.u = {};
  return key;
}

const RsaNumbers& key_1024() {
  static const RsaNumbers key =
      numbers_of(read_pkcs1("asymmetric/RSA/pkcs1v15sign-vectors.txt", "Signature").front());
  return key;
}

Bytes pkcs1_block(unsigned type, const Bytes& fill, const Bytes& tail) {
  return joined({{std::byte{0}, static_cast<std::byte>(type)}, fill, {std::byte{0}}, tail});
}

}  // namespace virtcrypt::tests
