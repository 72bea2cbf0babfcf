#include "tests/vectors/wycheproof.h"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "tests/vectors/digests.h"
#include "tests/vectors/hex.h"
#include "tests/vectors/key_encoding.h"
#include "tests/vectors/numbers.h"

namespace virtcrypt::vectors {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kGmacIvBytes = 12;

// What a test belongs to.
struct Group {
  const std::string& algorithm;
  const Json& json;
};

// A member of the given type, or an error that says what it should be.
const Json& member(const Json& object, const char* name, Json::value_t type) {
  const bool there = object.is_object() && object.contains(name);
  if (!there || object.at(name).type() != type)
    throw ParseError(0, std::string("the ") + Json(type).type_name() + " '" + name + "' is missing");
  return object.at(name);
}

const std::string& text(const Json& object, const char* name) {
  return member(object, name, Json::value_t::string).get_ref<const std::string&>();
}

Bytes hex(const Json& object, const char* name) {
  return parse_hex(text(object, name), 0);
}

Bytes integer(const Json& object, const char* name) {
  return parse_hex_number(text(object, name), 0);
}

std::uint64_t count(const Json& object, const char* name) {
  return member(object, name, Json::value_t::number_unsigned).get<std::uint64_t>();
}

Verdict verdict_of(const Json& test) {
  const std::string& result = text(test, "result");
  if (result == "valid") return Verdict::kValid;
  if (result == "invalid") return Verdict::kInvalid;
  if (result == "acceptable") return Verdict::kAcceptable;
  throw ParseError(0, "unknown result '" + result + "'");
}

struct Named {
  std::string_view name;
  std::uint32_t number;
};

constexpr std::array kAeads{Named{"AES-GCM", number::kGcm}, Named{"AES-CCM", number::kCcm},
                            Named{"CHACHA20-POLY1305", number::kChacha20Poly1305}};
constexpr std::array kMacs{Named{"HMACSHA1", number::kHmacSha1},     Named{"HMACSHA224", number::kHmacSha224},
                           Named{"HMACSHA256", number::kHmacSha256}, Named{"HMACSHA384", number::kHmacSha384},
                           Named{"HMACSHA512", number::kHmacSha512}, Named{"AES-CMAC", number::kCmacAes},
                           Named{"AES-GMAC", number::kGmacAes}};

std::optional<std::uint32_t> find(std::span<const Named> table, const std::string& name) {
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const Named& each) { return each.name == name; });
  return found == table.end() ? std::nullopt : std::optional(found->number);
}

Case not_applicable(std::string reason) {
  return {.name = {}, .line = 0, .not_applicable = std::move(reason), .work = {}};
}

Case with(Work work) {
  return {.name = {}, .line = 0, .not_applicable = {}, .work = std::move(work)};
}

Case aead_case(const Group& group, const Json& test) {
  const std::optional<std::uint32_t> algorithm = find(kAeads, group.algorithm);
  if (!algorithm) return not_applicable("virtio-crypto has no such algorithm");
  return with(AeadCase{.algorithm = *algorithm,
                       .key = hex(test, "key"),
                       .iv = hex(test, "iv"),
                       .aad = hex(test, "aad"),
                       .plaintext = hex(test, "msg"),
                       .ciphertext = hex(test, "ct"),
                       .tag = hex(test, "tag"),
                       .verdict = verdict_of(test)});
}

Case mac_case(const Group& group, const Json& test) {
  const std::optional<std::uint32_t> algorithm = find(kMacs, group.algorithm);
  if (!algorithm) return not_applicable("virtio-crypto has no such algorithm");
  Bytes message = hex(test, "msg");
  if (*algorithm == number::kGmacAes) {
    const Bytes iv = hex(test, "iv");
    if (iv.size() != kGmacIvBytes) return not_applicable("an IV of other than 96 bits");
    message = joined(iv, message);
  }
  return with(MacCase{.algorithm = *algorithm,
                      .key = hex(test, "key"),
                      .text = std::move(message),
                      .expected = hex(test, "tag"),
                      .verdict = verdict_of(test)});
}

Case rsa_case(const Json& test, AkcipherKey key, const std::string& hash) {
  const std::optional<std::uint32_t> number = rsa_hash_number(hash);
  if (!number) return not_applicable("virtio-crypto's RSA has no " + hash);
  key.hash = *number;
  return with(SignatureCase{.key = std::move(key),
                            .digest = *digest_of(hash, hex(test, "msg")),
                            .signature = hex(test, "sig"),
                            .verdict = verdict_of(test)});
}

Case rsa_verify_case(const Group& group, const Json& test) {
  const Json& numbers = group.json.contains("publicKey") ? group.json.at("publicKey") : group.json;
  AkcipherKey key;
  key.public_key = rsa_public_key(integer(numbers, "modulus"), integer(numbers, "publicExponent"));
  return rsa_case(test, std::move(key), text(group.json, "sha"));
}

// Only some files have the parts for the Chinese remainder theorem.
RsaPrivateNumbers private_numbers(const Json& key) {
  RsaPrivateNumbers numbers;
  numbers.modulus = integer(key, "modulus");
  numbers.public_exponent = integer(key, "publicExponent");
  numbers.private_exponent = integer(key, "privateExponent");
  if (!key.contains("prime1")) return numbers;
  numbers.prime1 = integer(key, "prime1");
  numbers.prime2 = integer(key, "prime2");
  numbers.exponent1 = integer(key, "exponent1");
  numbers.exponent2 = integer(key, "exponent2");
  numbers.coefficient = integer(key, "coefficient");
  return numbers;
}

AkcipherKey private_key(const Group& group) {
  const RsaPrivateNumbers numbers = private_numbers(member(group.json, "privateKey", Json::value_t::object));
  AkcipherKey key;
  key.public_key = rsa_public_key(numbers.modulus, numbers.public_exponent);
  key.private_key = rsa_private_key(numbers);
  return key;
}

Case rsa_sign_case(const Group& group, const Json& test) {
  return rsa_case(test, private_key(group), text(group.json, "sha"));
}

Case rsa_decrypt_case(const Group& group, const Json& test) {
  return with(DecryptCase{.key = private_key(group),
                          .ciphertext = hex(test, "ct"),
                          .expected = hex(test, "msg"),
                          .verdict = verdict_of(test)});
}

Case ecdsa_case(const Group& group, const Json& test) {
  const Json& public_key = member(group.json, "publicKey", Json::value_t::object);
  const std::string& curve_name = text(public_key, "curve");
  const CurveName* const curve = find_curve(curve_name);
  if (curve == nullptr) return not_applicable("virtio-crypto has no curve " + curve_name);
  const std::string& hash = text(group.json, "sha");
  const std::optional<Bytes> digest = digest_of(hash, hex(test, "msg"));
  if (!digest) return not_applicable("this program cannot make digests of " + hash);
  AkcipherKey key{.ecdsa = true,
                  .hash = 0,
                  .curve = curve->number,
                  .public_key = hex(public_key, "uncompressed"),
                  .private_key = {}};
  return with(SignatureCase{
      .key = std::move(key), .digest = *digest, .signature = hex(test, "sig"), .verdict = verdict_of(test)});
}

Case p1363_case(const Group&, const Json&) {
  return not_applicable("a signature that is not DER");
}

Case other_case(const Group& group, const Json&) {
  return not_applicable("tests of type " + text(group.json, "type") + " are not run");
}

using MakeCase = Case (*)(const Group&, const Json&);

MakeCase maker_of(const std::string& type) {
  struct Entry {
    std::string_view type;
    MakeCase make;
  };
  constexpr Entry kEntries[] = {
      {"AeadTest", aead_case},
      {"MacTest", mac_case},
      {"MacWithIvTest", mac_case},
      {"RsassaPkcs1Verify", rsa_verify_case},
      {"RsassaPkcs1Generate", rsa_sign_case},
      {"RsaesPkcs1Decrypt", rsa_decrypt_case},
      {"EcdsaVerify", ecdsa_case},
      {"EcdsaP1363Verify", p1363_case},
  };
  for (const Entry& entry : kEntries) {
    if (entry.type == type) return entry.make;
  }
  return other_case;
}

std::string name_of(const Json& test) {
  std::string name = "tcId " + std::to_string(count(test, "tcId"));
  if (test.contains("comment") && test.at("comment").is_string() && !text(test, "comment").empty())
    name += ": " + text(test, "comment");
  return name;
}

void append_group(const Group& group, std::vector<Case>& cases) {
  const MakeCase make = maker_of(text(group.json, "type"));
  for (const Json& test : member(group.json, "tests", Json::value_t::array)) {
    const std::string name = name_of(test);
    try {
      cases.push_back(make(group, test));
      cases.back().name = name;
    } catch (const ParseError& error) {
      throw ParseError(0, name.substr(0, name.find(':')) + ": " + error.what());
    }
  }
}

std::size_t line_of(std::string_view content, std::size_t offset) {
  const auto end = content.begin() + static_cast<std::ptrdiff_t>(std::min(offset, content.size()));
  return 1 + static_cast<std::size_t>(std::count(content.begin(), end, '\n'));
}

}  // namespace

VectorFile wycheproof_file(std::string_view content) {
  Json json;
  try {
    json = Json::parse(content);
  } catch (const Json::parse_error& error) {
    throw ParseError(line_of(content, error.byte), "this is not JSON");
  } catch (const Json::exception& error) {  // numbers out of range
    throw ParseError(0, error.what());
  }
  VectorFile file;
  file.kind = text(json, "algorithm");
  for (const Json& group : member(json, "testGroups", Json::value_t::array)) {
    append_group({file.kind, group}, file.cases);
  }
  return file;
}

}  // namespace virtcrypt::vectors
