#include "tests/unit/crypto/ecdsa_keys.h"

#include <algorithm>
#include <memory>

#include <cryptopp/sha.h>

#include "tests/support/catch.h"
#include "tests/unit/crypto/ecdsa_rfc6979_vectors.h"
#include "tests/unit/crypto/rsa_keys.h"

namespace virtcrypt::tests {
namespace {

using crypto::Curve;

struct CurveData {
  Curve curve;
  const char* name;
  std::size_t field_bytes;
  const char* identifier;  // content octets
  const char* x;
  const char* y;
};

// Points: openssl ec -pubout of the keys of RFC 6979, A.2.3 to A.2.7, which lists the same.
const CurveData kCurves[] = {
    {Curve::kP192, "P-192", 24, "2a8648ce3d030101", "ac2c77f529f91689fea0ea5efec7f210d8eea0b9e047ed56",
     "3bc723e57670bd4887ebc732c523063d0a7c957bc97c1c43"},
    {Curve::kP224, "P-224", 28, "2b81040021", "00cf08da5ad719e42707fa431292dea11244d64fc51610d94b130d6c",
     "eeab6f3debe455e3dbf85416f7030cbd94f34f2d6f232c69f3c1385a"},
    {Curve::kP256, "P-256", 32, "2a8648ce3d030107",
     "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
     "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"},
    {Curve::kP384, "P-384", 48, "2b81040022",
     "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13",
     "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720"},
    {Curve::kP521, "P-521", 66, "2b81040023",
     "01894550d0785932e00eaa23b694f213f8c3121f86dc97a04e5a7167db4e5bcd371123d46e45db6b5d5370a7f20fb63315"
     "5d38ffa16d2bd761dcac474b9a2f5023a4",
     "00493101c962cd4d2fddf782285e64584139c2f91b47f87ff82354d6630f746a28a0db25741b5b34a828008b22acc23f92"
     "4faafbd4d33f81ea66956dfeaa2bfdfcf5"},
};

const CurveData& data_of(Curve curve) {
  return *std::find_if(std::begin(kCurves), std::end(kCurves),
                       [curve](const CurveData& data) { return data.curve == curve; });
}

std::unique_ptr<CryptoPP::HashTransformation> make_hash(const std::string& name) {
  if (name == "SHA1") return std::make_unique<CryptoPP::SHA1>();
  if (name == "SHA224") return std::make_unique<CryptoPP::SHA224>();
  if (name == "SHA256") return std::make_unique<CryptoPP::SHA256>();
  if (name == "SHA384") return std::make_unique<CryptoPP::SHA384>();
  if (name == "SHA512") return std::make_unique<CryptoPP::SHA512>();
  return nullptr;
}

Bytes padded(const Bytes& number, std::size_t bytes) {
  const std::size_t skipped = number.size() > bytes ? number.size() - bytes : 0;
  Bytes result(bytes - (number.size() - skipped));
  result.insert(result.end(), number.begin() + static_cast<std::ptrdiff_t>(skipped), number.end());
  return result;
}

}  // namespace

Bytes ec_scalar(Curve curve) {
  const auto key = std::find_if(std::begin(rfc6979::kKeys), std::end(rfc6979::kKeys),
                                [curve](const rfc6979::Key& each) { return each.curve == curve; });
  return from_hex(key->scalar);
}

Bytes ec_point(Curve curve) {
  const CurveData& data = data_of(curve);
  return uncompressed_point(from_hex(data.x), from_hex(data.y), data.field_bytes);
}

Bytes ec_compressed_point(Curve curve) {
  const CurveData& data = data_of(curve);
  const bool odd = (from_hex(data.y).back() & std::byte{1}) != std::byte{0};
  return joined({{odd ? std::byte{3} : std::byte{2}}, from_hex(data.x)});
}

Bytes ec_parameters(Curve curve) {
  return der_element(0xA0, der_element(0x06, from_hex(data_of(curve).identifier)));
}

Bytes ec_public_member(const Bytes& point) {
  return der_element(0xA1, der_element(0x03, joined({{std::byte{0}}, point})));
}

Bytes ec_private_der(const Bytes& scalar, const Bytes& members) {
  return der_sequence({der_integer({std::byte{1}}), der_element(0x04, scalar), members});
}

Bytes uncompressed_point(const Bytes& x, const Bytes& y, std::size_t bytes) {
  return joined({{std::byte{4}}, padded(x, bytes), padded(y, bytes)});
}

std::size_t field_bytes(Curve curve) {
  return data_of(curve).field_bytes;
}

Bytes signature_der(const Bytes& r, const Bytes& s) {
  return der_sequence({der_integer(r), der_integer(s)});
}

Curve curve_named(const std::string& name) {
  const auto data = std::find_if(std::begin(kCurves), std::end(kCurves),
                                 [&name](const CurveData& each) { return each.name == name; });
  REQUIRE(data != std::end(kCurves));
  return data->curve;
}

Bytes sha_digest(std::string hash, const Bytes& message) {
  hash.erase(std::remove(hash.begin(), hash.end(), '-'), hash.end());
  const auto algorithm = make_hash(hash);
  REQUIRE(algorithm != nullptr);
  Bytes digest(algorithm->DigestSize());
  algorithm->CalculateDigest(reinterpret_cast<CryptoPP::byte*>(digest.data()),
                             reinterpret_cast<const CryptoPP::byte*>(message.data()), message.size());
  return digest;
}

crypto::SessionPointer ecdsa_session(crypto::KeyType type, Curve curve, const Bytes& key) {
  auto session = engine().create_session(crypto::EcdsaParameters{type, curve, key});
  REQUIRE(session.has_value());
  return *session;
}

}  // namespace virtcrypt::tests
