#include "tests/vectors/cavp_kinds.h"

#include <algorithm>
#include <array>
#include <vector>

#include "tests/vectors/cavp_lines.h"
#include "tests/vectors/numbers.h"

namespace virtcrypt::vectors {
namespace {

constexpr std::size_t kHeadLines = 12;
constexpr std::size_t kHeadLine = 160;  // characters of a line that are looked at
constexpr std::size_t kPathParts = 3;   // file and folders: "aes/cbc/cbcmmt128.rsp"

constexpr std::string_view kNoPadding = "the device pads with PKCS #1 v1.5 only";
constexpr std::string_view kNoMode = "virtio-crypto has no such mode";
constexpr std::string_view kNoAlgorithm = "virtio-crypto has no such algorithm";
constexpr std::string_view kNoCurve = "virtio-crypto has no such curve";

// All `needles` occur in the identity: the path's end, then the first lines, each ended by a newline.
struct Rule {
  std::array<std::string_view, 2> needles;
  CavpKind kind;
};

constexpr CavpKind not_applicable(std::string_view name, std::string_view reason) {
  return {CavpFamily::kNotApplicable, name, 0, reason};
}

constexpr CavpKind cipher(std::string_view name, std::uint32_t algorithm) {
  return {CavpFamily::kCipher, name, algorithm, {}};
}

constexpr CavpKind hash(std::string_view name, std::uint32_t algorithm) {
  return {CavpFamily::kHash, name, algorithm, {}};
}

constexpr CavpKind monte_carlo(std::string_view name, std::uint32_t algorithm) {
  return {CavpFamily::kMonteCarlo, name, algorithm, {}};
}

constexpr CavpKind other(CavpFamily family, std::string_view name, std::uint32_t algorithm = 0) {
  return {family, name, algorithm, {}};
}

using Family = CavpFamily;
using namespace number;

// The first rule that fits counts.
constexpr Rule kRules[] = {
    {{"x9.31"}, not_applicable("RSA X9.31", kNoPadding)},
    {{"pss"}, not_applicable("RSASSA-PSS", kNoPadding)},
    {{"oaep"}, not_applicable("RSAES-OAEP", kNoPadding)},
    {{"siggen pkcs#1 ver 1.5"}, other(Family::kRsaSignature, "RSASSA-PKCS1-v1_5")},
    {{"sigver pkcs#1 ver 1.5"}, other(Family::kRsaSignature, "RSASSA-PKCS1-v1_5")},
    {{"rsa pkcs#1 v1.5 signature"}, other(Family::kRsaLaboratoriesSignature, "RSASSA-PKCS1-v1_5")},
    {{"rsa pkcs#1 v1.5 encryption"}, other(Family::kRsaLaboratoriesEncryption, "RSAES-PKCS1-v1_5")},
    {{"secp256k1"}, not_applicable("ECDSA secp256k1", kNoCurve)},
    {{"\"pkv\"", "p-192"}, other(Family::kEcPoint, "EC public keys")},
    {{"\"key pair\"", "p-192"}, other(Family::kEcPair, "EC key pairs")},
    {{"\"siggen\"", "p-192"}, other(Family::kEcdsa, "ECDSA")},
    {{"\"sigver\"", "p-192"}, other(Family::kEcdsa, "ECDSA")},
    {{"gcm encrypt"}, other(Family::kGcm, "AES-GCM", kGcm)},
    {{"gcm decrypt"}, other(Family::kGcm, "AES-GCM", kGcm)},
    {{"\"ccm-"}, other(Family::kCcm, "AES-CCM", kCcm)},
    {{"xtsgen"}, cipher("AES-XTS", kAesXts)},
    {{"sha-512/224"}, not_applicable("SHA-512/224", kNoAlgorithm)},
    {{"sha-512/256"}, not_applicable("SHA-512/256", kNoAlgorithm)},
    {{"\"sha-1 monte"}, monte_carlo("SHA-1 Monte Carlo", kSha1)},
    {{"\"sha-224 monte"}, monte_carlo("SHA-224 Monte Carlo", kSha224)},
    {{"\"sha-256 monte"}, monte_carlo("SHA-256 Monte Carlo", kSha256)},
    {{"\"sha-384 monte"}, monte_carlo("SHA-384 Monte Carlo", kSha384)},
    {{"\"sha-512 monte"}, monte_carlo("SHA-512 Monte Carlo", kSha512)},
    {{"\"sha3-224 monte"}, monte_carlo("SHA3-224 Monte Carlo", kSha3_224)},
    {{"\"sha3-256 monte"}, monte_carlo("SHA3-256 Monte Carlo", kSha3_256)},
    {{"\"sha3-384 monte"}, monte_carlo("SHA3-384 Monte Carlo", kSha3_384)},
    {{"\"sha3-512 monte"}, monte_carlo("SHA3-512 Monte Carlo", kSha3_512)},
    {{"\"shake128 monte"}, monte_carlo("SHAKE128 Monte Carlo", kShake128)},
    {{"\"shake256 monte"}, monte_carlo("SHAKE256 Monte Carlo", kShake256)},
    {{"\"sha-1 "}, hash("SHA-1", kSha1)},
    {{"\"sha-224 "}, hash("SHA-224", kSha224)},
    {{"\"sha-256 "}, hash("SHA-256", kSha256)},
    {{"\"sha-384 "}, hash("SHA-384", kSha384)},
    {{"\"sha-512 "}, hash("SHA-512", kSha512)},
    {{"\"sha3-224 "}, hash("SHA3-224", kSha3_224)},
    {{"\"sha3-256 "}, hash("SHA3-256", kSha3_256)},
    {{"\"sha3-384 "}, hash("SHA3-384", kSha3_384)},
    {{"\"sha3-512 "}, hash("SHA3-512", kSha3_512)},
    {{"\"shake128 "}, hash("SHAKE128", kShake128)},
    {{"\"shake256 "}, hash("SHAKE256", kShake256)},
    {{"rfc1321"}, hash("MD5", kMd5)},
    {{"ripemd"}, not_applicable("RIPEMD-160", kNoAlgorithm)},
    {{"hmac", "md5"}, other(Family::kHmac, "HMAC-MD5", kHmacMd5)},
    {{"hmac", "sha1"}, other(Family::kHmac, "HMAC-SHA-1", kHmacSha1)},
    {{"hmac", "sha-1"}, other(Family::kHmac, "HMAC-SHA-1", kHmacSha1)},
    {{"hmac", "sha224"}, other(Family::kHmac, "HMAC-SHA-224", kHmacSha224)},
    {{"hmac", "sha256"}, other(Family::kHmac, "HMAC-SHA-256", kHmacSha256)},
    {{"hmac", "sha384"}, other(Family::kHmac, "HMAC-SHA-384", kHmacSha384)},
    {{"hmac", "sha512"}, other(Family::kHmac, "HMAC-SHA-512", kHmacSha512)},
    {{"3des-cmac"}, other(Family::kCmac, "CMAC-3DES", kCmacTripleDes)},
    {{"aes-", "-cmac"}, other(Family::kCmac, "CMAC-AES", kCmacAes)},
    {{"for ecb\n", "tdes"}, cipher("3DES-ECB", kTripleDesEcb)},
    {{"for cbc\n", "tdes"}, cipher("3DES-CBC", kTripleDesCbc)},
    {{"tdes"}, not_applicable("3DES in another mode", kNoMode)},
    {{"for ecb\n", "aesvs"}, cipher("AES-ECB", kAesEcb)},
    {{"for cbc\n", "aesvs"}, cipher("AES-CBC", kAesCbc)},
    {{"aesvs"}, not_applicable("AES in another mode", kNoMode)},
    {{"aes counter test vectors"}, cipher("AES-CTR", kAesCtr)},
    {{"arc4"}, cipher("ARC4", kArc4)},
    {{"rfc 6229"}, cipher("ARC4", kArc4)},
    {{"chacha20", "poly1305"}, other(Family::kChacha20Poly1305, "ChaCha20-Poly1305", kChacha20Poly1305)},
    {{"camellia"}, not_applicable("Camellia", kNoAlgorithm)},
    {{"cast5"}, not_applicable("CAST5", kNoAlgorithm)},
    {{"blowfish"}, not_applicable("Blowfish", kNoAlgorithm)},
    {{"idea"}, not_applicable("IDEA", kNoAlgorithm)},
    {{"seed"}, not_applicable("SEED", kNoAlgorithm)},
    {{"sm4"}, not_applicable("SM4", kNoAlgorithm)},
    {{"sm3"}, not_applicable("SM3", kNoAlgorithm)},
    {{"blake2"}, not_applicable("BLAKE2", kNoAlgorithm)},
    {{"ocb3"}, not_applicable("AES-OCB3", kNoMode)},
    {{"siv"}, not_applicable("AES-SIV", kNoMode)},
    {{"chacha20"}, not_applicable("ChaCha20", kNoAlgorithm)},
};

std::string end_of_path(std::string_view path) {
  std::size_t begin = path.size();
  for (std::size_t part = 0; part < kPathParts && begin > 0; ++part) {
    const std::size_t slash = path.rfind('/', begin - 1);
    begin = slash == std::string_view::npos ? 0 : slash;
  }
  return lower(path.substr(begin));
}

std::string identity_of(std::string_view path, std::string_view content) {
  std::string identity = end_of_path(path) + "\n";
  for (std::size_t line = 0; line < kHeadLines && !content.empty(); ++line) {
    const std::size_t end = content.find('\n');
    identity += lower(trimmed(content.substr(0, end)).substr(0, kHeadLine)) + "\n";
    content.remove_prefix(end == std::string_view::npos ? content.size() : end + 1);
  }
  return identity;
}

}  // namespace

std::optional<CavpKind> recognize_cavp(std::string_view path, std::string_view content) {
  const std::string identity = identity_of(path, content);
  const auto* const rule = std::find_if(std::begin(kRules), std::end(kRules), [&](const Rule& each) {
    return std::all_of(each.needles.begin(), each.needles.end(),
                       [&](std::string_view needle) { return identity.find(needle) != std::string::npos; });
  });
  if (rule == std::end(kRules)) return std::nullopt;
  return rule->kind;
}

}  // namespace virtcrypt::vectors
