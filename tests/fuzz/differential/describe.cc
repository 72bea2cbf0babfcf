// Requests in words.
#include <variant>

#include <spdlog/fmt/fmt.h>

#include "tests/fuzz/differential/request.h"

namespace virtcrypt::fuzz {
namespace {

using namespace crypto;

std::string_view name_of_kind(OperationKind kind) {
  constexpr std::string_view kNames[] = {"encrypt", "decrypt", "digest", "verify digest", "sign", "verify"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of_type(KeyType type) {
  return type == KeyType::kPublic ? "public" : "private";
}

struct Names {
  std::string operator()(const CipherParameters& some) const { return std::string(name_of(some.algorithm)); }
  std::string operator()(const HashParameters& some) const { return std::string(name_of(some.algorithm)); }
  std::string operator()(const MacParameters& some) const { return std::string(name_of(some.algorithm)); }
  std::string operator()(const AeadParameters& some) const { return std::string(name_of(some.algorithm)); }
  std::string operator()(const NestedHashParameters& some) const {
    return fmt::format("{}({})", name_of(some.outer), name_of(some.inner));
  }
  std::string operator()(const ChainParameters& some) const {
    const std::string hash = std::visit(*this, some.hash);
    return some.order == ChainOrder::kHashThenCipher ? fmt::format("{} then {}", hash, (*this)(some.cipher))
                                                     : fmt::format("{} then {}", (*this)(some.cipher), hash);
  }
  std::string operator()(const RsaParameters& some) const {
    return some.padding == RsaPadding::kRaw ? "RSA" : fmt::format("RSA PKCS#1 {}", name_of(some.hash));
  }
  std::string operator()(const EcdsaParameters& some) const {
    return fmt::format("ECDSA {}", name_of(some.curve));
  }
};

struct SessionLengths {
  std::string operator()(const CipherParameters& some) const {
    return fmt::format("{}key {}", some.direction == Direction::kEncrypt ? "" : "decrypting, ",
                       some.key.size());
  }
  std::string operator()(const HashParameters& some) const {
    return fmt::format("at most {}", some.result_bytes);
  }
  std::string operator()(const MacParameters& some) const {
    return fmt::format("key {}, at most {}", some.key.size(), some.result_bytes);
  }
  std::string operator()(const AeadParameters& some) const {
    return fmt::format("{}key {}, tag {}", some.direction == Direction::kEncrypt ? "" : "decrypting, ",
                       some.key.size(), some.tag_bytes);
  }
  std::string operator()(const NestedHashParameters& some) const {
    return fmt::format("at most {}, prefixes {} and {}", some.result_bytes, some.inner_prefix.size(),
                       some.outer_prefix.size());
  }
  std::string operator()(const ChainParameters& some) const {
    return fmt::format("{}; {}; {}", (*this)(some.cipher), std::visit(*this, some.hash),
                       some.output == ChainOutput::kImage ? "image" : "cipher range");
  }
  std::string operator()(const RsaParameters& some) const {
    return fmt::format("{} key of {}", name_of_type(some.key_type), some.key.size());
  }
  std::string operator()(const EcdsaParameters& some) const {
    return fmt::format("{} key of {}", name_of_type(some.key_type), some.key.size());
  }
};

std::string placed(const MemoryLayout& layout) {
  switch (layout.placement) {
    case Placement::kApart:
      return "apart";
    case Placement::kInPlace:
      return "in place";
    default:
      return fmt::format("shifted by {}", layout.shift);
  }
}

void append_if(std::string& text, std::string_view name, std::size_t bytes) {
  if (bytes != 0) text += fmt::format(", {} {}", name, bytes);
}

}  // namespace

std::string title_of(const Request& request) {
  return fmt::format("{} {}", std::visit(Names(), request.parameters), name_of_kind(request.kind));
}

std::string describe(const Request& request) {
  const MemoryLayout& layout = request.layout;
  std::string text =
      fmt::format("{} ({}{}", title_of(request), request.shares_session ? "shared session, " : "",
                  std::visit(SessionLengths(), request.parameters));
  if (request.key_altered) text += ", altered";
  append_if(text, "IV", request.iv.size());
  append_if(text, "AAD", request.aad.size());
  append_if(text, "expected digest", request.digest.size());
  append_if(text, "tag", request.tag_bytes);
  if (std::holds_alternative<ChainParameters>(request.parameters)) {
    const ChainRanges& ranges = request.ranges;
    text += fmt::format(", cipher {}+{}, hash {}+{}", ranges.cipher_offset, ranges.cipher_bytes,
                        ranges.hash_offset, ranges.hash_bytes);
  }
  text += fmt::format(", text {} in {}, room {} in {}", request.input.size(), layout.input.size() + 1,
                      request.room, layout.output.size() + 1);
  append_if(text, "digest room", request.digest_room);
  return text + fmt::format(", {})", placed(layout));
}

std::string_view outcome_name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"ok", "failed", "not supported", "authentication failed",
                                         "signature invalid"};
  return kNames[static_cast<std::size_t>(outcome)];
}

bool is_randomized(const Request& request) {
  const auto* rsa = std::get_if<RsaParameters>(&request.parameters);
  return rsa != nullptr && rsa->padding == RsaPadding::kPkcs1 && request.kind == OperationKind::kEncrypt;
}

}  // namespace virtcrypt::fuzz
