#include "tests/unit/timing/talk.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <openssl/evp.h>

#include "tests/driver/rfc_v2_requests.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::test {
namespace {

// SP 800-38A, F.2.1.
const Bytes& key() {
  static const Bytes bytes = from_hex("2b7e151628aed2a6abf7158809cf4f3c");
  return bytes;
}

const Bytes& iv() {
  static const Bytes bytes = from_hex("000102030405060708090a0b0c0d0e0f");
  return bytes;
}

constexpr std::byte kUnwritten{0xEE};  // as requests are placed

}  // namespace

const devices::crypto_dev::Dialect& Talk::dialect() const {
  return is_draft_ ? devices::crypto_dev::rfc_v2_dialect() : devices::crypto_dev::standard_dialect();
}

std::uint64_t Talk::features() const {
  return is_draft_ ? rfc_v2::kFeatureStatus | rfc_v2::kFeatureMq | rfc_v2::kFeatureAlgs : 0;
}

std::uint64_t Talk::open(CryptoDriver& driver) const {
  return opened(driver.call(driver.control_queue(), open_request()).written);
}

Request Talk::open_request() const {
  if (is_draft_) return rfc_v2::create(rfc_v2::cbc_session());
  return CryptoDriver::cipher_create(wire_number::kAesCbc, key(), wire_number::kEncrypt);
}

std::uint64_t Talk::opened(std::span<const std::byte> answer) const {
  const std::size_t status_at = is_draft_ ? 0 : 8;
  if (answer[status_at] != std::byte{0}) throw std::runtime_error("session refused");
  return rfc_v2::le64_at(answer, is_draft_ ? 1 : 0);
}

Request Talk::close_request(std::uint64_t session) const {
  return is_draft_ ? rfc_v2::close(session) : CryptoDriver::destroy(wire_number::kCipherDestroy, session);
}

Request Talk::encrypt(std::uint64_t session, std::uint32_t number, std::size_t bytes) const {
  const Bytes source = text(number, bytes);
  if (is_draft_) return rfc_v2::request(rfc_v2::data_of(session, iv(), source, {}, bytes, 0));
  return CryptoDriver::cipher(wire_number::kCipherEncrypt, session, iv(), source);
}

Bytes Talk::encrypt_bytes(std::uint64_t session, std::uint32_t number, std::size_t bytes) const {
  const Bytes source = text(number, bytes);
  if (is_draft_) return rfc_v2::readable_bytes(rfc_v2::data_of(session, iv(), source, {}, bytes, 0));
  const auto length = static_cast<std::uint32_t>(bytes);
  const auto iv_length = static_cast<std::uint32_t>(iv().size());
  const Bytes header =
      CryptoDriver::cipher_header(wire_number::kCipherEncrypt, session, iv_length, length, length);
  return joined(joined(header, iv()), source);
}

std::uint8_t Talk::no_session() const {
  return is_draft_ ? rfc_v2::kErr : wire_number::kInvSess;
}

bool Talk::is_right(std::span<const std::byte> written, std::uint32_t number) {
  const Bytes expected = ciphertext(number, written.size() - 1);
  return written.back() == std::byte{0} && std::equal(expected.begin(), expected.end(), written.begin());
}

bool Talk::is_untouched(std::span<const std::byte> written) {
  return std::all_of(written.begin(), written.end(), [](std::byte byte) { return byte == kUnwritten; });
}

Bytes Talk::text(std::uint32_t number, std::size_t bytes) {
  Bytes text(bytes);
  for (std::size_t i = 0; i + 4 <= bytes; i += 4) {
    const auto word = number * 2654435761U + static_cast<std::uint32_t>(i);
    std::memcpy(&text[i], &word, sizeof word);
  }
  return text;
}

Bytes Talk::ciphertext(std::uint32_t number, std::size_t bytes) {
  const Bytes source = text(number, bytes);
  Bytes result(bytes + 16);
  const auto byte_of = [](const Bytes& data) { return reinterpret_cast<const unsigned char*>(data.data()); };
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  int written = 0;
  EVP_EncryptInit_ex(context, EVP_aes_128_cbc(), nullptr, byte_of(key()), byte_of(iv()));
  EVP_CIPHER_CTX_set_padding(context, 0);
  EVP_EncryptUpdate(context, reinterpret_cast<unsigned char*>(result.data()), &written, byte_of(source),
                    static_cast<int>(bytes));
  EVP_CIPHER_CTX_free(context);
  result.resize(bytes);
  return result;
}

}  // namespace virtcrypt::test
