// Ciphers and AEAD.
#include <algorithm>

#include "tests/vectors/cavp.h"
#include "tests/vectors/hex.h"
#include "tests/vectors/numbers.h"

namespace virtcrypt::vectors {
namespace {

constexpr std::uint64_t kBitsPerByte = 8;
constexpr std::uint64_t kMostOffset = 1U << 20U;  // into a key stream
constexpr std::size_t kChachaNonceBytes = 12;

Bytes cipher_key(const Paragraph& paragraph) {
  if (paragraph.has("keys")) {  // one key three times (SP 800-20)
    const Bytes key = paragraph.hex("keys");
    return joined(joined(key, key), key);
  }
  if (paragraph.has("key1"))
    return joined(joined(paragraph.hex("key1"), paragraph.hex("key2")), paragraph.hex("key3"));
  return paragraph.hex("key");
}

// XTS: the tweak as it is, or the number of the data unit in little-endian order (IEEE 1619, 5.1).
Bytes cipher_iv(const Paragraph& paragraph) {
  if (paragraph.has("iv")) return paragraph.hex("iv");
  if (paragraph.has("i")) return paragraph.hex("i");
  if (!paragraph.has("dataunitseqnumber")) return {};
  Bytes tweak(16);
  const std::uint64_t number = paragraph.decimal("dataunitseqnumber");
  for (unsigned i = 0; i < 8; ++i)
    tweak[i] = static_cast<std::byte>(number >> (kBitsPerByte * i));
  return tweak;
}

Bytes either(const Paragraph& paragraph, const std::string& long_name, const std::string& short_name) {
  return paragraph.hex(paragraph.has(long_name) ? long_name : short_name);
}

Case cipher_case(const CavpKind& kind, const Paragraph& paragraph) {
  Case result{.name = paragraph.name(), .line = paragraph.line, .not_applicable = {}, .work = {}};
  if (paragraph.has("dataunitlen") && paragraph.decimal("dataunitlen") % kBitsPerByte != 0) {
    result.not_applicable = "a data unit that is no whole number of bytes";
    return result;
  }
  CipherCase work{.algorithm = kind.algorithm,
                  .op = paragraph.section == "DECRYPT" ? number::kDecrypt : number::kEncrypt,
                  .key = cipher_key(paragraph),
                  .iv = cipher_iv(paragraph),
                  .source = either(paragraph, "plaintext", "pt"),
                  .expected = either(paragraph, "ciphertext", "ct")};
  if (work.op == number::kDecrypt) std::swap(work.source, work.expected);
  if (paragraph.has("offset")) {
    const std::uint64_t offset = paragraph.decimal("offset");
    if (offset > kMostOffset) throw ParseError(paragraph.line, "an offset of more than 1 MiB");
    work.source.insert(work.source.begin(), static_cast<std::size_t>(offset), std::byte{0});
  }
  result.name = paragraph.section.empty() ? result.name : paragraph.section + " " + result.name;
  result.work = std::move(work);
  return result;
}

Case gcm_case(const CavpKind& kind, const Paragraph& paragraph) {
  const bool fails = paragraph.has("fail");
  return {.name = paragraph.name(),
          .line = paragraph.line,
          .not_applicable = {},
          .work = AeadCase{.algorithm = kind.algorithm,
                           .key = paragraph.hex("key"),
                           .iv = paragraph.hex("iv"),
                           .aad = paragraph.hex("aad"),
                           .plaintext = fails ? Bytes{} : paragraph.hex("pt"),
                           .ciphertext = paragraph.hex("ct"),
                           .tag = paragraph.hex("tag"),
                           .verdict = fails ? Verdict::kInvalid : Verdict::kValid}};
}

// The file writes empty octet strings as "00", and gives all lengths apart.
Bytes first_bytes(const Paragraph& paragraph, const std::string& name, const std::string& length) {
  Bytes bytes = paragraph.hex(name);
  const std::uint64_t wanted = paragraph.decimal(length);
  if (wanted > bytes.size()) throw ParseError(paragraph.line, "'" + name + "' is shorter than " + length);
  bytes.resize(static_cast<std::size_t>(wanted));
  return bytes;
}

Case ccm_case(const CavpKind& kind, const Paragraph& paragraph) {
  const bool fails = paragraph.has("result") && !lower(paragraph.text("result")).starts_with("pass");
  const Bytes both = paragraph.hex("ct");
  const std::uint64_t tag = paragraph.decimal("tlen");
  if (tag > both.size()) throw ParseError(paragraph.line, "'ct' is shorter than the tag");
  const auto text_end = both.end() - static_cast<std::ptrdiff_t>(tag);
  return {.name = paragraph.name(),
          .line = paragraph.line,
          .not_applicable = {},
          .work = AeadCase{.algorithm = kind.algorithm,
                           .key = paragraph.hex("key"),
                           .iv = paragraph.hex("nonce"),
                           .aad = first_bytes(paragraph, "adata", "alen"),
                           .plaintext = fails ? Bytes{} : first_bytes(paragraph, "payload", "plen"),
                           .ciphertext = Bytes(both.begin(), text_end),
                           .tag = Bytes(text_end, both.end()),
                           .verdict = fails ? Verdict::kInvalid : Verdict::kValid}};
}

// Names after BoringSSL's files and OpenSSL's.
Case chacha_case(const CavpKind& kind, const Paragraph& paragraph) {
  Case result{.name = paragraph.name(), .line = paragraph.line, .not_applicable = {}, .work = {}};
  const bool openssl = paragraph.has("ciphertext");
  AeadCase work{.algorithm = kind.algorithm,
                .key = paragraph.hex("key"),
                .iv = paragraph.hex(openssl ? "iv" : "nonce"),
                .aad = paragraph.hex(openssl ? "aad" : "ad"),
                .plaintext = paragraph.hex(openssl ? "plaintext" : "in"),
                .ciphertext = paragraph.hex(openssl ? "ciphertext" : "ct"),
                .tag = paragraph.hex("tag"),
                .verdict = paragraph.has("result") ? Verdict::kInvalid : Verdict::kValid};
  if (work.verdict == Verdict::kValid && work.iv.size() != kChachaNonceBytes)
    result.not_applicable = "a nonce of other than 96 bits, which RFC 8439 does not have";
  result.work = std::move(work);
  return result;
}

}  // namespace

std::vector<Case> symmetric_cases(const CavpKind& kind, const std::vector<Paragraph>& paragraphs) {
  std::vector<Case> cases;
  for (const Paragraph& paragraph : select_cases(paragraphs, {"ciphertext", "ct"})) {
    switch (kind.family) {
      case CavpFamily::kGcm:
        cases.push_back(gcm_case(kind, paragraph));
        break;
      case CavpFamily::kCcm:
        cases.push_back(ccm_case(kind, paragraph));
        break;
      case CavpFamily::kChacha20Poly1305:
        cases.push_back(chacha_case(kind, paragraph));
        break;
      default:
        cases.push_back(cipher_case(kind, paragraph));
        break;
    }
  }
  return cases;
}

}  // namespace virtcrypt::vectors
