#include "tests/unit/crypto/openssl_opinion.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "tests/support/openssl.h"

namespace virtcrypt::tests::openssl {
namespace {

using test::octets;
using test::OpensslHandle;
using Cipher = OpensslHandle<EVP_CIPHER, EVP_CIPHER_free>;
using CipherContext = OpensslHandle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using Digest = OpensslHandle<EVP_MD, EVP_MD_free>;
using DigestContext = OpensslHandle<EVP_MD_CTX, EVP_MD_CTX_free>;
using Mac = OpensslHandle<EVP_MAC, EVP_MAC_free>;
using MacContext = OpensslHandle<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using Provider = OpensslHandle<OSSL_PROVIDER, OSSL_PROVIDER_unload>;

void require(bool holds) {
  if (holds) return;
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  throw std::runtime_error(text.data());
}

// DES and RC4 live in the legacy provider, which may not be installed.
void load_providers() {
  static const std::array<Provider, 2> loaded{Provider(OSSL_PROVIDER_load(nullptr, "default")),
                                              Provider(OSSL_PROVIDER_load(nullptr, "legacy"))};
  require(loaded[0] != nullptr);
}

Cipher fetch_cipher(const std::string& name) {
  load_providers();
  return Cipher(EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr));
}

// A context of that cipher with key and IV of these lengths.
CipherContext started(const Cipher& cipher, bool encrypts, const Bytes& key, const Bytes& iv,
                      std::size_t tag_bytes = 0) {
  CipherContext context(EVP_CIPHER_CTX_new());
  const int direction = encrypts ? 1 : 0;
  require(EVP_CipherInit_ex2(context.get(), cipher.get(), nullptr, nullptr, direction, nullptr) == 1);
  if (EVP_CIPHER_CTX_get_key_length(context.get()) != static_cast<int>(key.size()))
    require(EVP_CIPHER_CTX_set_key_length(context.get(), static_cast<int>(key.size())) == 1);
  if (tag_bytes != 0) {
    const auto control = [&](int what, std::size_t value) {
      require(EVP_CIPHER_CTX_ctrl(context.get(), what, static_cast<int>(value), nullptr) == 1);
    };
    control(EVP_CTRL_AEAD_SET_IVLEN, iv.size());
    if (EVP_CIPHER_get_mode(cipher.get()) == EVP_CIPH_CCM_MODE) control(EVP_CTRL_AEAD_SET_TAG, tag_bytes);
  }
  require(EVP_CipherInit_ex2(context.get(), nullptr, octets(key), iv.empty() ? nullptr : octets(iv),
                             direction, nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  return context;
}

Bytes updated(const CipherContext& context, const Bytes& text) {
  Bytes output(text.size() + EVP_MAX_BLOCK_LENGTH);
  int written = 0;
  // CCM is not done without a call for the text, even if there is none; a null pointer would mean its length.
  const unsigned char none = 0;
  require(EVP_CipherUpdate(context.get(), octets(output), &written, text.empty() ? &none : octets(text),
                           static_cast<int>(text.size())) == 1);
  int rest = 0;
  require(EVP_CipherFinal_ex(context.get(), octets(output) + written, &rest) == 1);
  output.resize(static_cast<std::size_t>(written + rest));
  return output;
}

// Ready for the text, with the AAD behind it.
CipherContext started_with(const Cipher& algorithm, bool seals, const Bytes& key, const Bytes& iv,
                           const Bytes& aad, std::size_t text_bytes, std::size_t tag_bytes, Bytes tag) {
  CipherContext context = started(algorithm, seals, key, iv, tag_bytes);
  if (!seals) {
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_bytes),
                                tag.data()) == 1);
  }
  int written = 0;
  if (EVP_CIPHER_get_mode(algorithm.get()) == EVP_CIPH_CCM_MODE)
    require(EVP_CipherUpdate(context.get(), nullptr, &written, nullptr, static_cast<int>(text_bytes)) == 1);
  if (!aad.empty())
    require(EVP_CipherUpdate(context.get(), nullptr, &written, octets(aad), static_cast<int>(aad.size())) ==
            1);
  return context;
}

}  // namespace

bool has_cipher(const std::string& name) {
  return fetch_cipher(name) != nullptr;
}

std::optional<Bytes> cipher(const std::string& name, bool encrypts, const Bytes& key, const Bytes& iv,
                            const Bytes& text) {
  const Cipher algorithm = fetch_cipher(name);
  if (algorithm == nullptr) return std::nullopt;
  if (text.empty()) return Bytes();
  return updated(started(algorithm, encrypts, key, iv), text);
}

std::optional<Bytes> digest(const std::string& name, const Bytes& text, std::size_t bytes) {
  load_providers();
  const Digest algorithm(EVP_MD_fetch(nullptr, name.c_str(), nullptr));
  if (algorithm == nullptr) return std::nullopt;
  const DigestContext context(EVP_MD_CTX_new());
  require(EVP_DigestInit_ex2(context.get(), algorithm.get(), nullptr) == 1);
  require(EVP_DigestUpdate(context.get(), text.data(), text.size()) == 1);
  Bytes result(std::max<std::size_t>(bytes, EVP_MAX_MD_SIZE));
  if ((EVP_MD_get_flags(algorithm.get()) & EVP_MD_FLAG_XOF) != 0) {
    require(EVP_DigestFinalXOF(context.get(), octets(result), bytes) == 1);
  } else {
    require(EVP_DigestFinal_ex(context.get(), octets(result), nullptr) == 1);
  }
  result.resize(bytes);
  return result;
}

std::optional<Bytes> mac(const std::string& name, const std::string& part, const Bytes& key, const Bytes& iv,
                         const Bytes& text) {
  load_providers();
  const Mac algorithm(EVP_MAC_fetch(nullptr, name.c_str(), nullptr));
  if (algorithm == nullptr) return std::nullopt;
  const MacContext context(EVP_MAC_CTX_new(algorithm.get()));
  std::string named = part;
  Bytes start = iv;
  const char* const kind = name == "HMAC" ? OSSL_MAC_PARAM_DIGEST : OSSL_MAC_PARAM_CIPHER;
  std::array<OSSL_PARAM, 3> parameters{OSSL_PARAM_construct_utf8_string(kind, named.data(), 0),
                                       OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  if (!iv.empty())
    parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_IV, start.data(), start.size());
  if (EVP_MAC_init(context.get(), octets(key), key.size(), parameters.data()) != 1) return std::nullopt;
  require(EVP_MAC_update(context.get(), octets(text), text.size()) == 1);
  Bytes result(EVP_MAX_MD_SIZE);
  std::size_t bytes = 0;
  require(EVP_MAC_final(context.get(), octets(result), &bytes, result.size()) == 1);
  result.resize(bytes);
  return result;
}

std::optional<Bytes> seal(const std::string& name, const Bytes& key, const Bytes& iv, const Bytes& aad,
                          const Bytes& text, std::size_t tag_bytes) {
  const Cipher algorithm = fetch_cipher(name);
  if (algorithm == nullptr) return std::nullopt;
  const CipherContext context = started_with(algorithm, true, key, iv, aad, text.size(), tag_bytes, {});
  Bytes sealed = updated(context, text);
  Bytes tag(tag_bytes);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_bytes),
                              tag.data()) == 1);
  sealed.insert(sealed.end(), tag.begin(), tag.end());
  return sealed;
}

std::optional<Opened> open(const std::string& name, const Bytes& key, const Bytes& iv, const Bytes& aad,
                           const Bytes& sealed, std::size_t tag_bytes) {
  const Cipher algorithm = fetch_cipher(name);
  if (algorithm == nullptr) return std::nullopt;
  const auto end = sealed.end() - static_cast<std::ptrdiff_t>(tag_bytes);
  const Bytes text(sealed.begin(), end);
  const CipherContext context =
      started_with(algorithm, false, key, iv, aad, text.size(), tag_bytes, Bytes(end, sealed.end()));
  Bytes output(text.size() + EVP_MAX_BLOCK_LENGTH);
  const unsigned char none = 0;
  int written = 0, rest = 0;
  // CCM compares tags while it decrypts, the others in the end.
  const bool authentic =
      EVP_CipherUpdate(context.get(), octets(output), &written, text.empty() ? &none : octets(text),
                       static_cast<int>(text.size())) == 1 &&
      (EVP_CIPHER_get_mode(algorithm.get()) == EVP_CIPH_CCM_MODE ||
       EVP_CipherFinal_ex(context.get(), octets(output) + written, &rest) == 1);
  ERR_clear_error();
  output.resize(authentic ? text.size() : 0);
  return Opened{authentic, output};
}

}  // namespace virtcrypt::tests::openssl
