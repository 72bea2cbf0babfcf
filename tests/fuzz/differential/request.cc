#include "tests/fuzz/differential/request.h"

#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

#include "tests/driver/bytes.h"
#include "tests/fuzz/differential/keys.h"
#include "tests/fuzz/differential/run_alone.h"
#include "tests/fuzz/request_bytes.h"

namespace virtcrypt::fuzz {
namespace {

using namespace crypto;

constexpr std::uint8_t kSharesSession = 128;
constexpr std::size_t kLongestText = 40U << 10U;

template <typename Algorithm>
Algorithm algorithm_of(Reader& bytes, Algorithm last) {
  return static_cast<Algorithm>(bytes.u8() % (static_cast<unsigned>(last) + 1U));
}

// As a rule one of those that are a service.
HashAlgorithm hash_of(Reader& bytes) {
  constexpr auto kFirst = static_cast<unsigned>(HashAlgorithm::kMd5);
  const unsigned choice = bytes.u8();
  return static_cast<HashAlgorithm>(choice < 240 ? kFirst + choice % 12U : choice % 15U);
}

template <typename Row, typename Algorithm>
const Row* row_of(const std::vector<Row>& table, Algorithm algorithm) {
  const auto row = std::find_if(table.begin(), table.end(),
                                [algorithm](const Row& some) { return some.algorithm == algorithm; });
  return row == table.end() ? nullptr : &*row;
}

// As a rule `right`; one time in sixteen some bytes less or more.
std::size_t seldom_wrong(Reader& bytes, std::size_t right) {
  constexpr unsigned kRight = 240;
  const unsigned choice = bytes.u8();
  if (choice < kRight) return right;
  const std::size_t change = choice - kRight + 1U;
  return choice % 2 == 0 || change > right ? right + change : right - change;
}

std::size_t whole_blocks(std::size_t bytes, std::size_t block) {
  return bytes / block * block;
}

std::size_t length_of_text(Reader& bytes, std::size_t block, std::size_t least) {
  const unsigned choice = bytes.u8();
  if (choice < 144) return least + block * (choice % 12U);
  if (choice < 176) return bytes.u8();
  if (choice < 208) return bytes.u16() % 4096U;
  if (choice < 248) return least + whole_blocks(bytes.u16() % 4096U, block);
  return least + whole_blocks(bytes.u16() % kLongestText, block);
}

std::vector<std::size_t> cuts(Reader& bytes) {
  std::vector<std::size_t> lengths(bytes.u8() % 6U);
  for (std::size_t& length : lengths) {
    const unsigned choice = bytes.u8();
    length = choice < 200 ? choice : (choice - 199U) * 64U;
  }
  return lengths;
}

MemoryLayout layout_of(Reader& bytes) {
  MemoryLayout layout;
  layout.placement = static_cast<Placement>(bytes.u8() % 3U);
  layout.shift = bytes.u8() % 129 - 64;
  for (std::vector<std::size_t>* lengths : {&layout.input, &layout.output, &layout.aad, &layout.digest})
    *lengths = cuts(bytes);
  return layout;
}

// Now and then a bit flipped, or a byte less.
void spoil_seldom(Reader& bytes, Bytes& content) {
  const unsigned choice = bytes.u8();
  if (choice < 192 || content.empty()) return;
  if (choice >= 248) return content.pop_back();
  content[bytes.u16() % content.size()] ^= static_cast<std::byte>(1U << (choice % 8U));
}

class Builder {
 public:
  Builder(const Engine& engine, Reader bytes) : engine_(engine), bytes_(bytes) {}

  Request build(unsigned kind) {
    // The layout comes first: what is changed in the rest does not move it.
    request_.layout = layout_of(bytes_);
    switch (kind % 8U) {
      case 0:
        cipher();
        break;
      case 1:
        chain();
        break;
      case 2:
        hash(HashParameters{});
        break;
      case 3:
        hash(NestedHashParameters{});
        break;
      case 4:
        mac();
        break;
      case 5:
        aead();
        break;
      case 6:
        rsa();
        break;
      default:
        ecdsa();
        break;
    }
    return std::move(request_);
  }

  // The session of `before`; the texts suit it when the steps are alike.
  Request build_like(const Request& before, unsigned kind) {
    Request other = build(kind);
    if (before.parameters.index() != other.parameters.index()) return other;
    other.parameters = before.parameters;
    other.key_number = before.key_number;
    other.key_altered = before.key_altered;
    other.shares_session = true;
    return other;
  }

 private:
  std::span<const std::byte> key(Bytes content) {
    request_.keys.push_back(std::move(content));
    return request_.keys.back();
  }
  std::span<const std::byte> key_of(const KeyBytes& lengths) {
    const std::size_t steps = lengths.step == 0 ? 1 : (lengths.most - lengths.least) / lengths.step + 1;
    const std::size_t right = lengths.least + lengths.step * (bytes_.u16() % steps);
    const std::size_t length = seldom_wrong(bytes_, right);
    return key(filling(length, bytes_.u8()));
  }
  OperationKind nearly_always(OperationKind kind) {
    const unsigned choice = bytes_.u8();
    return choice < 240 ? kind : static_cast<OperationKind>(choice % 6U);
  }
  std::uint32_t u32(std::size_t value) { return static_cast<std::uint32_t>(value); }

  CipherParameters cipher_parameters();
  HashParameters hash_parameters();
  NestedHashParameters nested_parameters();
  MacParameters mac_parameters();
  std::size_t text_for(const MacParameters& parameters);
  void cipher();
  void chain();
  template <typename Parameters>
  void hash(const Parameters&);
  void mac();
  void aead();
  void rsa();
  void ecdsa();
  ChainRanges ranges(std::size_t block);
  std::uint32_t result_bytes(std::size_t digest);
  void digest_or_verify(std::size_t most);
  void seal_input(const AeadParameters& parameters);
  void sign_first(SessionParameters signing, std::size_t room);
  Bytes outcome_of(SessionParameters parameters, OperationKind kind, const Bytes& input, std::size_t room);
  void rsa_texts(const RsaParameters& parameters, const Bytes& private_key);

  const Engine& engine_;
  Reader bytes_;
  Request request_;
};

CipherParameters Builder::cipher_parameters() {
  const auto algorithm = algorithm_of(bytes_, CipherAlgorithm::kZucEea3);
  const auto direction = bytes_.u8() % 2 == 0 ? Direction::kEncrypt : Direction::kDecrypt;
  const CipherCapability* row = row_of(engine_.capabilities().ciphers, algorithm);
  const auto key = key_of(row == nullptr ? KeyBytes{16, 16, 1} : row->key_bytes);
  request_.iv = filling(seldom_wrong(bytes_, row == nullptr ? 16 : row->iv_bytes), bytes_.u8());
  // TS 35.201, 3: the last 26 bits are zeros, and nothing is said of other starting values.
  if (algorithm == CipherAlgorithm::kKasumiF8 && request_.iv.size() == 8) {
    request_.iv[4] &= std::byte{0xfc};
    std::fill(request_.iv.begin() + 5, request_.iv.end(), std::byte{0});
  }
  return {algorithm, direction, key};
}

OperationKind kind_of(Direction direction) {
  return direction == Direction::kEncrypt ? OperationKind::kEncrypt : OperationKind::kDecrypt;
}

void Builder::cipher() {
  const CipherParameters parameters = cipher_parameters();
  request_.parameters = parameters;
  const CipherCapability* row = row_of(engine_.capabilities().ciphers, parameters.algorithm);
  request_.kind = nearly_always(kind_of(parameters.direction));
  const std::size_t length = length_of_text(bytes_, row == nullptr ? 1 : row->block_bytes,
                                            row == nullptr ? 0 : row->least_text_bytes);
  request_.input = filling(length, bytes_.u8());
  request_.room = seldom_wrong(bytes_, length);
}

std::uint32_t Builder::result_bytes(std::size_t digest) {
  const unsigned choice = bytes_.u8();
  if (choice < 208) return u32(digest);
  return choice < 216 ? choice % 2U * 0xffff'ffffU : choice - 216U;
}

HashParameters Builder::hash_parameters() {
  const HashAlgorithm algorithm = hash_of(bytes_);
  const std::size_t digest = crypto::digest_bytes(algorithm);
  return {algorithm, result_bytes(digest == 0 ? 1000 : digest)};
}

NestedHashParameters Builder::nested_parameters() {
  NestedHashParameters parameters{};
  parameters.inner = hash_of(bytes_);
  const HashParameters outer = hash_parameters();
  parameters.outer = outer.algorithm;
  parameters.result_bytes = outer.result_bytes;
  const auto prefix = [this] {
    const std::size_t length = bytes_.u8() % 200U;
    return key(filling(length, bytes_.u8()));
  };
  parameters.inner_prefix = prefix();
  parameters.outer_prefix = prefix();
  return parameters;
}

MacParameters Builder::mac_parameters() {
  const auto algorithm = algorithm_of(bytes_, MacAlgorithm::kZucEia3);
  const MacCapability* row = row_of(engine_.capabilities().macs, algorithm);
  const auto key = key_of(row == nullptr ? KeyBytes{16, 16, 1} : row->key_bytes);
  return {algorithm, result_bytes(row == nullptr ? 4 : row->digest_bytes), key};
}

// A digest handed out, or one that has to be found again.
void Builder::digest_or_verify(std::size_t most) {
  const unsigned choice = bytes_.u8();
  const bool verifies = choice % 4U == 1;
  request_.kind = nearly_always(verifies ? OperationKind::kVerifyDigest : OperationKind::kDigest);
  request_.room = choice < 128 ? most : choice % (std::max<std::size_t>(most, 1) + 2);
  if (!verifies) return;
  request_.digest = outcome_of(request_.parameters, OperationKind::kDigest, request_.input, request_.room);
  if (request_.digest.empty()) request_.digest = filling(request_.room, choice & 0xffU);
  spoil_seldom(bytes_, request_.digest);
}

template <typename Parameters>
void Builder::hash(const Parameters&) {
  std::size_t most = 0;
  if constexpr (std::is_same_v<Parameters, HashParameters>) {
    const HashParameters parameters = hash_parameters();
    request_.parameters = parameters;
    most = parameters.result_bytes;
  } else {
    const NestedHashParameters parameters = nested_parameters();
    request_.parameters = parameters;
    most = parameters.result_bytes;
  }
  request_.input = filling(length_of_text(bytes_, 64, 0), bytes_.u8());
  digest_or_verify(std::min<std::size_t>(most, 2000));
}

std::size_t Builder::text_for(const MacParameters& parameters) {
  const MacCapability* row = row_of(engine_.capabilities().macs, parameters.algorithm);
  const bool is_f9 = parameters.algorithm == MacAlgorithm::kKasumiF9;
  return length_of_text(bytes_, is_f9 ? 8 : 16, is_f9 ? 8U : row == nullptr ? 0U : row->iv_bytes);
}

void Builder::mac() {
  const MacParameters parameters = mac_parameters();
  request_.parameters = parameters;
  request_.input = filling(text_for(parameters), bytes_.u8());
  digest_or_verify(std::min<std::size_t>(parameters.result_bytes, 100));
}

void Builder::aead() {
  const auto algorithm = algorithm_of(bytes_, AeadAlgorithm::kChacha20Poly1305);
  const AeadCapability* row = row_of(engine_.capabilities().aeads, algorithm);
  AeadParameters parameters{};
  parameters.algorithm = algorithm;
  parameters.direction = bytes_.u8() % 2 == 0 ? Direction::kEncrypt : Direction::kDecrypt;
  parameters.key = key_of(row == nullptr ? KeyBytes{16, 16, 1} : row->key_bytes);
  const auto one_of = [this](std::span<const std::uint16_t> lengths) {
    const std::size_t index = bytes_.u8();
    return seldom_wrong(bytes_, lengths.empty() ? 16 : lengths[index % lengths.size()]);
  };
  parameters.tag_bytes = u32(one_of(row == nullptr ? std::span<const std::uint16_t>() : row->tag_bytes));
  request_.iv =
      filling(one_of(row == nullptr ? std::span<const std::uint16_t>() : row->iv_bytes), bytes_.u8());
  request_.parameters = parameters;
  request_.kind = nearly_always(kind_of(parameters.direction));
  request_.aad = filling(bytes_.u8() < 32 ? bytes_.u16() % kLongestText : bytes_.u8() % 64U, bytes_.u8());
  request_.input = filling(length_of_text(bytes_, 16, 0), bytes_.u8());
  request_.tag_bytes = bytes_.u8() % 2 == 0 ? 0 : u32(seldom_wrong(bytes_, parameters.tag_bytes));
  if (parameters.direction == Direction::kDecrypt) seal_input(parameters);
  const std::size_t tag = parameters.tag_bytes, text = request_.input.size();
  const bool seals = parameters.direction == Direction::kEncrypt;
  request_.room = seldom_wrong(bytes_, seals ? text + tag : text - std::min(text, tag));
}

void Builder::seal_input(const AeadParameters& parameters) {
  AeadParameters sealing = parameters;
  sealing.direction = Direction::kEncrypt;
  const std::uint32_t wanted = std::exchange(request_.tag_bytes, 0);
  const Bytes sealed = outcome_of(sealing, OperationKind::kEncrypt, request_.input,
                                  request_.input.size() + parameters.tag_bytes);
  request_.tag_bytes = wanted;
  if (!sealed.empty()) request_.input = sealed;
  spoil_seldom(bytes_, request_.input);
  if (!request_.aad.empty()) spoil_seldom(bytes_, request_.aad);
}

ChainRanges Builder::ranges(std::size_t block) {
  const std::size_t text = request_.input.size();
  ChainRanges ranges;
  const auto part = [&](std::uint32_t& offset, std::uint32_t& length, std::size_t unit) {
    const std::size_t front = bytes_.u16() % (text + 1);
    offset = u32(seldom_wrong(bytes_, front));
    length = u32(seldom_wrong(bytes_, whole_blocks(text - front - bytes_.u8() % (text - front + 1), unit)));
  };
  part(ranges.cipher_offset, ranges.cipher_bytes, block);
  part(ranges.hash_offset, ranges.hash_bytes, 1);
  return ranges;
}

void Builder::chain() {
  ChainParameters parameters{};
  parameters.order = bytes_.u8() % 2 == 0 ? ChainOrder::kHashThenCipher : ChainOrder::kCipherThenHash;
  parameters.output = bytes_.u8() % 2 == 0 ? ChainOutput::kImage : ChainOutput::kCipherRange;
  parameters.cipher = cipher_parameters();
  const unsigned half = bytes_.u8() % 3U;
  std::size_t most = 0;
  if (half == 0) {
    parameters.hash = mac_parameters();
    most = std::get<MacParameters>(parameters.hash).result_bytes;
    request_.aad = filling(bytes_.u8() % 64U, bytes_.u8());
  } else if (half == 1) {
    parameters.hash = hash_parameters();
    most = std::get<HashParameters>(parameters.hash).result_bytes;
  } else {
    parameters.hash = nested_parameters();
    most = std::get<NestedHashParameters>(parameters.hash).result_bytes;
  }
  request_.parameters = parameters;
  request_.kind = nearly_always(kind_of(parameters.cipher.direction));
  const CipherCapability* row = row_of(engine_.capabilities().ciphers, parameters.cipher.algorithm);
  request_.input = filling(32 + length_of_text(bytes_, 16, 0), bytes_.u8());
  request_.ranges = ranges(row == nullptr ? 1 : row->block_bytes);
  const std::size_t text =
      parameters.output == ChainOutput::kImage ? request_.input.size() : request_.ranges.cipher_bytes;
  const std::size_t extra = bytes_.u8() % 3 == 0 ? bytes_.u8() % 40U : 0U;
  request_.room = seldom_wrong(bytes_, text + extra);
  request_.digest_room = seldom_wrong(bytes_, std::min<std::size_t>(most, 1000));
  // A plain hash has no place for any.
  if (half != 0 && bytes_.u8() % 8 == 7) request_.aad = filling(1 + bytes_.u8() % 16U, 1);
  if (bytes_.u8() % 4 != 1) return;
  const Answer handed_out = run_alone(engine_, request_);
  request_.digest = handed_out.outcome == Outcome::kOk ? handed_out.digest : filling(4, 1);
  request_.digest_room = 0;
  spoil_seldom(bytes_, request_.digest);
}

// What the engine makes of `input` with the request's other texts; empty when it refuses.
Bytes Builder::outcome_of(SessionParameters parameters, OperationKind kind, const Bytes& input,
                          std::size_t room) {
  Request first;
  first.parameters = parameters;
  first.kind = kind;
  first.input = input;
  first.aad = request_.aad;
  first.iv = request_.iv;
  first.room = room;
  Answer answer = run_alone(engine_, first);
  if (answer.refused || answer.outcome != Outcome::kOk) return {};
  answer.output.resize(answer.output_bytes);
  return answer.output;
}

// Verify: the input becomes the signature of what it was, which becomes the digest.
void Builder::sign_first(SessionParameters signing, std::size_t room) {
  const Bytes signature = outcome_of(signing, OperationKind::kSign, request_.input, room);
  request_.digest = std::exchange(request_.input, signature.empty() ? filling(room, 7) : signature);
  spoil_seldom(bytes_, request_.input);
  spoil_seldom(bytes_, request_.digest);
}

void Builder::rsa() {
  RsaParameters parameters{};
  const unsigned choice = bytes_.u8();
  request_.key_number = choice % rsa_keys().size();
  const RsaKeyText& text = rsa_keys()[request_.key_number];
  const Bytes private_key = test::from_hex(text.private_key);
  parameters.key_type = choice / 4 % 2 == 0 ? KeyType::kPrivate : KeyType::kPublic;
  Bytes der = parameters.key_type == KeyType::kPrivate ? private_key : test::from_hex(text.public_key);
  const Bytes unaltered = der;
  spoil_seldom(bytes_, der);
  request_.key_altered = der != unaltered;
  parameters.key = key(std::move(der));
  parameters.padding = bytes_.u8() % 2 == 0 ? RsaPadding::kPkcs1 : RsaPadding::kRaw;
  parameters.hash = algorithm_of(bytes_, HashAlgorithm::kSha3_224);
  request_.parameters = parameters;
  rsa_texts(parameters, private_key);
}

void Builder::rsa_texts(const RsaParameters& parameters, const Bytes& private_key) {
  constexpr OperationKind kKinds[] = {OperationKind::kEncrypt, OperationKind::kDecrypt, OperationKind::kSign,
                                      OperationKind::kVerify};
  const std::size_t modulus = std::size_t{64} << request_.key_number;
  request_.kind = nearly_always(kKinds[bytes_.u8() % 4U]);
  const std::size_t digest = crypto::digest_bytes(parameters.hash);
  const bool is_signature = request_.kind == OperationKind::kSign || request_.kind == OperationKind::kVerify;
  const std::size_t right = is_signature && digest != 0 ? digest : bytes_.u8() % (modulus + 2U);
  request_.input = filling(seldom_wrong(bytes_, right), bytes_.u8());
  request_.room = seldom_wrong(bytes_, modulus);
  RsaParameters own = parameters;
  own.key_type = KeyType::kPrivate;
  own.key = private_key;
  if (request_.kind == OperationKind::kVerify) return sign_first(own, modulus);
  if (request_.kind != OperationKind::kDecrypt || bytes_.u8() % 8 == 7) return;
  // A block of PKCS #1 by hand, so that it is the same each time.
  Bytes block = filling(modulus, bytes_.u8());
  std::replace(block.begin(), block.end(), std::byte{0}, std::byte{1});
  // One byte more than there is room for: then the fill is one too short.
  const std::size_t message = std::min(request_.input.size(), modulus - 10);
  block[0] = std::byte{0};
  block[1] = std::byte{2};
  block[modulus - message - 1] = std::byte{0};
  spoil_seldom(bytes_, block);
  own.padding = RsaPadding::kRaw;
  const Bytes encrypted = outcome_of(own, OperationKind::kEncrypt, block, modulus);
  if (!encrypted.empty()) request_.input = encrypted;
}

void Builder::ecdsa() {
  EcdsaParameters parameters{};
  parameters.curve = algorithm_of(bytes_, Curve::kP521);
  const EcKeyText& text = ec_key(parameters.curve);
  const Bytes private_key = test::from_hex(text.private_key);
  parameters.key_type = bytes_.u8() % 2 == 0 ? KeyType::kPrivate : KeyType::kPublic;
  Bytes encoded = private_key;
  if (parameters.key_type == KeyType::kPublic)
    encoded.erase(encoded.begin(), encoded.end() - static_cast<std::ptrdiff_t>(text.point_bytes));
  const Bytes unaltered = encoded;
  spoil_seldom(bytes_, encoded);
  request_.key_altered = encoded != unaltered;
  parameters.key = key(std::move(encoded));
  request_.parameters = parameters;
  request_.kind = nearly_always(bytes_.u8() % 2 == 0 ? OperationKind::kSign : OperationKind::kVerify);
  constexpr std::size_t kDigests[] = {20, 28, 32, 48, 64};
  request_.input = filling(seldom_wrong(bytes_, kDigests[bytes_.u8() % 5U]), bytes_.u8());
  request_.room = seldom_wrong(bytes_, 150);
  const EcdsaParameters own{KeyType::kPrivate, parameters.curve, private_key};
  if (request_.kind == OperationKind::kVerify) sign_first(own, 150);
}

}  // namespace

std::vector<Request> requests_of(const Input& input, const Engine& engine) {
  std::vector<Request> requests;
  for (const Step& step : input.steps) {
    if (requests.size() == kMostRequests) break;
    Builder builder(engine, Reader(step.bytes));
    const bool shares = (step.kind & kSharesSession) != 0 && !requests.empty();
    requests.push_back(shares ? builder.build_like(requests.back(), step.kind) : builder.build(step.kind));
  }
  return requests;
}

}  // namespace virtcrypt::fuzz
