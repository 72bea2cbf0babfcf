#include "tests/fuzz/differential/openssl_akcipher.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <spdlog/fmt/fmt.h>

#include "tests/driver/bytes.h"
#include "tests/fuzz/differential/keys.h"
#include "tests/support/openssl.h"

namespace virtcrypt::fuzz {
namespace {

using namespace crypto;

using test::octets;
using Key = test::OpensslHandle<EVP_PKEY, EVP_PKEY_free>;
using Context = test::OpensslHandle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

Key key_of(int type, const char* hexadecimal) {
  const Bytes der = test::from_hex(hexadecimal);
  const unsigned char* at = octets(der);
  Key key(d2i_PrivateKey(type, nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr) throw std::runtime_error("a key of the tests is none");
  return key;
}

EVP_PKEY* rsa_key(std::size_t number) {
  static const std::array<Key, 3> keys{key_of(EVP_PKEY_RSA, rsa_keys()[0].private_key),
                                       key_of(EVP_PKEY_RSA, rsa_keys()[1].private_key),
                                       key_of(EVP_PKEY_RSA, rsa_keys()[2].private_key)};
  return keys.at(number).get();
}

EVP_PKEY* curve_key(Curve curve) {
  static const auto keys = [] {
    std::array<Key, 5> all;
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = key_of(EVP_PKEY_EC, ec_key(static_cast<Curve>(i)).private_key);
    return all;
  }();
  return keys.at(static_cast<std::size_t>(curve)).get();
}

Context context_of(EVP_PKEY* key) {
  return Context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
}

using Step = int (*)(EVP_PKEY_CTX*, unsigned char*, std::size_t*, const unsigned char*, std::size_t);
using Start = int (*)(EVP_PKEY_CTX*);

// RSAEP or RSADP of a text as long as the modulus; nothing when its number is too large.
std::optional<Bytes> primitive(std::size_t key, Start start, Step step, const Bytes& text) {
  const Context context = context_of(rsa_key(key));
  Bytes output(text.size());
  std::size_t bytes = output.size();
  const bool done = start(context.get()) == 1 &&
                    EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) == 1 &&
                    step(context.get(), octets(output), &bytes, octets(text), text.size()) == 1;
  ERR_clear_error();
  output.resize(bytes);
  return done ? std::optional(output) : std::nullopt;
}

// What is behind the padding of RFC 8017, 7.2.2.
std::optional<Bytes> unpadded(const Bytes& block) {
  if (block[0] != std::byte{0} || block[1] != std::byte{2}) return std::nullopt;
  const auto end = std::find(block.begin() + 2, block.end(), std::byte{0});
  if (end - block.begin() < 10 || end == block.end()) return std::nullopt;
  return Bytes(end + 1, block.end());
}

// nullptr: OpenSSL has no such hash, or PKCS #1 no name for it, or OpenSSL has the wrong one: in its
// DigestInfo MD4 is 1.2.840.113549.2.3, in its own list of identifiers 1.2.840.113549.2.4.
const EVP_MD* hash_of(HashAlgorithm hash) {
  constexpr const char* kNames[] = {nullptr,  nullptr,  nullptr,  "MD5",   "SHA1",
                                    "SHA224", "SHA256", "SHA384", "SHA512"};
  const auto index = static_cast<std::size_t>(hash);
  return index < std::size(kNames) && kNames[index] != nullptr ? EVP_get_digestbyname(kNames[index])
                                                               : nullptr;
}

class RsaJudge {
 public:
  RsaJudge(const Request& request, const RsaParameters& parameters, const Answer& answer)
      : request_(request),
        parameters_(parameters),
        answer_(answer),
        k_(std::size_t{64} << request.key_number) {}

  [[nodiscard]] Judgement judge() {
    if (answer_.refused) return refused();
    if (!is_there()) return outcome(Outcome::kNotSupported);
    if (parameters_.padding == RsaPadding::kRaw) return raw();
    switch (request_.kind) {
      case OperationKind::kEncrypt:
        return encryption();
      case OperationKind::kDecrypt:
        return decryption();
      case OperationKind::kSign:
        return signature();
      default:
        return verification();
    }
  }

 private:
  [[nodiscard]] Judgement refused() const {
    // PKCS #1 has no DigestInfo for what comes behind SHA-2.
    const bool has_no_name =
        parameters_.padding == RsaPadding::kPkcs1 && parameters_.hash > HashAlgorithm::kSha512;
    return has_no_name ? agreed() : objected("the engine refuses a key that OpenSSL takes");
  }

  [[nodiscard]] bool is_there() const {
    const bool is_raw = parameters_.padding == RsaPadding::kRaw;
    const bool is_private = parameters_.key_type == KeyType::kPrivate;
    switch (request_.kind) {
      case OperationKind::kEncrypt:
        return true;
      case OperationKind::kDecrypt:
        return is_private;
      case OperationKind::kSign:
        return is_private && !is_raw;
      case OperationKind::kVerify:
        return !is_raw;
      default:
        return false;
    }
  }

  [[nodiscard]] Judgement outcome(Outcome right) const {
    if (answer_.outcome == right) return agreed();
    return objected(
        fmt::format("the engine says {}, OpenSSL {}", outcome_name(answer_.outcome), outcome_name(right)));
  }

  [[nodiscard]] Judgement output(const std::optional<Bytes>& right) const {
    if (!right || request_.room < right->size()) return outcome(Outcome::kFailed);
    if (answer_.outcome != Outcome::kOk) return outcome(Outcome::kOk);
    const Bytes made(answer_.output.begin(),
                     answer_.output.begin() + static_cast<std::ptrdiff_t>(answer_.output_bytes));
    return made == *right ? agreed() : objected("the output is not OpenSSL's");
  }

  [[nodiscard]] std::optional<Bytes> raised(const Bytes& text, bool encrypts) const {
    return encrypts ? primitive(request_.key_number, EVP_PKEY_encrypt_init, EVP_PKEY_encrypt, text)
                    : primitive(request_.key_number, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, text);
  }

  // RFC 8017, 5.1: the text is a number, whatever zeros it begins with.
  [[nodiscard]] Judgement raw() const {
    if (request_.input.empty() || request_.room < k_) return outcome(Outcome::kFailed);
    const auto first = std::find_if(request_.input.begin(), request_.input.end(),
                                    [](std::byte some) { return some != std::byte{0}; });
    Bytes text(first, request_.input.end());
    if (text.size() > k_) return outcome(Outcome::kFailed);
    text.insert(text.begin(), k_ - text.size(), std::byte{0});
    return output(raised(text, request_.kind == OperationKind::kEncrypt));
  }

  // The padding is random: what was encrypted has to come out again.
  [[nodiscard]] Judgement encryption() const {
    if (request_.input.size() + 11 > k_ || request_.room < k_) return outcome(Outcome::kFailed);
    if (answer_.outcome != Outcome::kOk || answer_.output_bytes != k_) return outcome(Outcome::kOk);
    const auto block = raised(
        Bytes(answer_.output.begin(), answer_.output.begin() + static_cast<std::ptrdiff_t>(k_)), false);
    if (!block || unpadded(*block) != request_.input) return objected("OpenSSL decrypts something else");
    return agreed();
  }

  [[nodiscard]] Judgement decryption() const {
    if (request_.input.size() != k_) return outcome(Outcome::kFailed);
    const auto block = raised(request_.input, false);
    return output(block ? unpadded(*block) : std::nullopt);
  }

  // For signing and verifying with the session's hash; null where OpenSSL has it not.
  [[nodiscard]] Context signer(Start start) const {
    Context context = context_of(rsa_key(request_.key_number));
    const EVP_MD* const hash = hash_of(parameters_.hash);
    const bool is_plain = parameters_.hash == HashAlgorithm::kNone;
    const bool ready = (is_plain || hash != nullptr) && start(context.get()) == 1 &&
                       EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
                       (is_plain || EVP_PKEY_CTX_set_signature_md(context.get(), hash) == 1);
    ERR_clear_error();
    return ready ? std::move(context) : Context();
  }

  // Of a DigestInfo, RFC 8017, 9.2.
  [[nodiscard]] bool fits(const Bytes& digest) const {
    if (parameters_.hash == HashAlgorithm::kNone) return digest.size() + 11 <= k_;
    const std::size_t info = parameters_.hash == HashAlgorithm::kSha1 ? 15 : 0;
    constexpr std::size_t kInfo = 19, kOldInfo = 18;
    const std::size_t front = info != 0 ? info : parameters_.hash < HashAlgorithm::kSha1 ? kOldInfo : kInfo;
    return digest.size() == static_cast<std::size_t>(EVP_MD_get_size(hash_of(parameters_.hash))) &&
           digest.size() + front + 11 <= k_;
  }

  [[nodiscard]] Judgement signature() const {
    const Context context = signer(EVP_PKEY_sign_init);
    if (context == nullptr) return {};
    if (!fits(request_.input)) return outcome(Outcome::kFailed);
    Bytes made(k_);
    std::size_t bytes = made.size();
    const bool done = EVP_PKEY_sign(context.get(), octets(made), &bytes, octets(request_.input),
                                    request_.input.size()) == 1;
    ERR_clear_error();
    return output(done ? std::optional(made) : std::nullopt);
  }

  [[nodiscard]] Judgement verification() const {
    const Context context = signer(EVP_PKEY_verify_init);
    if (context == nullptr) return {};
    if (request_.input.size() != k_ || !fits(request_.digest)) return outcome(Outcome::kFailed);
    const bool valid = EVP_PKEY_verify(context.get(), octets(request_.input), request_.input.size(),
                                       octets(request_.digest), request_.digest.size()) == 1;
    ERR_clear_error();
    return outcome(valid ? Outcome::kOk : Outcome::kSignatureInvalid);
  }

  const Request& request_;
  const RsaParameters& parameters_;
  const Answer& answer_;
  const std::size_t k_;  // bytes of the modulus
};

bool verifies(Curve curve, const Bytes& signature, const Bytes& digest) {
  const Context context = context_of(curve_key(curve));
  const bool valid =
      EVP_PKEY_verify_init(context.get()) == 1 &&
      EVP_PKEY_verify(context.get(), octets(signature), signature.size(), octets(digest), digest.size()) == 1;
  ERR_clear_error();
  return valid;
}

// Digests that the device takes.
bool is_digest_length(std::size_t bytes) {
  return bytes >= 1 && bytes <= 128;
}

Judgement judged_ecdsa(const Request& request, const EcdsaParameters& parameters, const Answer& answer) {
  const auto outcome = [&answer](Outcome right) {
    return answer.outcome == right ? agreed()
                                   : objected(fmt::format("the engine says {}, OpenSSL {}",
                                                          outcome_name(answer.outcome), outcome_name(right)));
  };
  if (answer.refused) return objected("the engine refuses a key that OpenSSL takes");
  if (request.kind == OperationKind::kVerify) {
    if (!is_digest_length(request.digest.size())) return outcome(Outcome::kFailed);
    const bool valid = verifies(parameters.curve, request.input, request.digest);
    return outcome(valid ? Outcome::kOk : Outcome::kSignatureInvalid);
  }
  if (request.kind != OperationKind::kSign || parameters.key_type == KeyType::kPublic)
    return outcome(Outcome::kNotSupported);
  if (!is_digest_length(request.input.size())) return outcome(Outcome::kFailed);
  if (answer.outcome != Outcome::kOk) {
    // The longest signature of a curve: two numbers of the field's length, each behind a zero.
    const std::size_t longest = ec_key(parameters.curve).point_bytes + 9;
    return request.room >= longest ? outcome(Outcome::kOk) : Judgement{};
  }
  const Bytes signature(answer.output.begin(),
                        answer.output.begin() + static_cast<std::ptrdiff_t>(answer.output_bytes));
  return verifies(parameters.curve, signature, request.input)
             ? agreed()
             : objected("OpenSSL does not take the signature");
}

}  // namespace

Judgement judged_akcipher(const Request& request, const Answer& answer) {
  if (request.key_altered) return {};
  if (const auto* ecdsa = std::get_if<EcdsaParameters>(&request.parameters))
    return judged_ecdsa(request, *ecdsa, answer);
  return RsaJudge(request, std::get<RsaParameters>(request.parameters), answer).judge();
}

}  // namespace virtcrypt::fuzz
