// Chains against a composition of OpenSSL's cipher and hash over a copy of the text.
#include <algorithm>
#include <functional>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "tests/driver/bytes.h"
#include "tests/support/catch.h"
#include "tests/unit/crypto/openssl_opinion.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::ChainOrder;
using virtcrypt::crypto::ChainParameters;
using virtcrypt::crypto::ChainRanges;
using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::CipherParameters;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::HashParameters;
using virtcrypt::crypto::MacAlgorithm;
using virtcrypt::crypto::MacParameters;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::Service;
using virtcrypt::crypto::SessionPointer;
using virtcrypt::test::joined;
using virtcrypt::test::part;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::engine;
using virtcrypt::tests::InputList;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::pattern;
using virtcrypt::tests::test_seed;
namespace openssl = virtcrypt::tests::openssl;

namespace {

enum class Hashing { kSha256, kHmacSha1, kCmacAes };

struct Kind {
  ChainOrder order;
  Direction direction;
  CipherAlgorithm cipher;
  Hashing hashing;
};

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (const auto order : {ChainOrder::kHashThenCipher, ChainOrder::kCipherThenHash}) {
    for (const auto direction : {Direction::kEncrypt, Direction::kDecrypt}) {
      for (const auto cipher : {CipherAlgorithm::kAesCbc, CipherAlgorithm::kAesCtr}) {
        for (const auto hashing : {Hashing::kSha256, Hashing::kHmacSha1, Hashing::kCmacAes})
          kinds.push_back({order, direction, cipher, hashing});
      }
    }
  }
  return kinds;
}

const Bytes kCipherKey = pattern(32);
const Bytes kMacKey(16, std::byte{0x4b});
const Bytes kIv(16, std::byte{0xfe});

std::size_t digest_bytes(Hashing hashing) {
  return hashing == Hashing::kSha256 ? 32 : hashing == Hashing::kHmacSha1 ? 20 : 16;
}

SessionPointer session_of(const Kind& kind) {
  const auto bytes = static_cast<std::uint32_t>(digest_bytes(kind.hashing));
  ChainParameters parameters{kind.order, {kind.cipher, kind.direction, kCipherKey}, {}};
  if (kind.hashing == Hashing::kSha256) {
    parameters.hash = HashParameters{HashAlgorithm::kSha256, bytes};
  } else if (kind.hashing == Hashing::kHmacSha1) {
    parameters.hash = MacParameters{MacAlgorithm::kHmacSha1, bytes, kMacKey};
  } else {
    parameters.hash = MacParameters{MacAlgorithm::kCmacAes, bytes, kMacKey};
  }
  return engine().create_session(parameters).value();
}

struct Expected {
  Bytes text;
  Bytes digest;
};

// What decision A-26 says, step by step.
Expected expected_of(const Kind& kind, const Bytes& text, const Bytes& aad, const ChainRanges& ranges,
                     std::size_t room) {
  const std::string cipher = kind.cipher == CipherAlgorithm::kAesCbc ? "AES-256-CBC" : "AES-256-CTR";
  const Bytes changed = openssl::cipher(cipher, kind.direction == Direction::kEncrypt, kCipherKey, kIv,
                                        part(text, ranges.cipher_offset, ranges.cipher_bytes))
                            .value();
  Bytes image = text;
  std::copy(changed.begin(), changed.end(), image.begin() + ranges.cipher_offset);
  const Bytes& hashed_text = kind.order == ChainOrder::kHashThenCipher ? text : image;
  const Bytes hashed = joined(aad, part(hashed_text, ranges.hash_offset, ranges.hash_bytes));
  Expected expected;
  if (kind.hashing == Hashing::kSha256) {
    expected.digest = openssl::digest("SHA2-256", hashed, 32).value();
  } else if (kind.hashing == Hashing::kHmacSha1) {
    expected.digest = openssl::mac("HMAC", "SHA1", kMacKey, {}, hashed).value();
  } else {
    expected.digest = openssl::mac("CMAC", "AES-128-CBC", kMacKey, {}, hashed).value();
  }
  image.resize(room);
  expected.text = image;
  return expected;
}

struct Rooms {
  InputList input;
  OutputList output;
  InputList aad;
  OutputList digest;
};

Operation operation_of(const Kind& kind, const SessionPointer& session, const Rooms& rooms,
                       const ChainRanges& ranges) {
  Operation operation;
  operation.session = session.get();
  operation.kind = kind.direction == Direction::kEncrypt ? OperationKind::kEncrypt : OperationKind::kDecrypt;
  operation.input = rooms.input;
  operation.output = rooms.output;
  operation.aad = rooms.aad;
  operation.digest_output = rooms.digest;
  operation.ranges = ranges;
  operation.iv = kIv;
  return operation;
}

Operation executed(const Kind& kind, const Rooms& rooms, const ChainRanges& ranges) {
  const SessionPointer session = session_of(kind);
  Operation operation = operation_of(kind, session, rooms, ranges);
  engine().execute({&operation, 1});
  return operation;
}

// A text of 160 bytes, both ranges inside of it and crossing each other.
constexpr std::size_t kTextBytes = 160;
constexpr ChainRanges kRanges{32, 64, 20, 100};

Bytes gathered(const OutputList& output) {
  Bytes all;
  for (const auto& piece : output)
    all.insert(all.end(), piece.begin(), piece.end());
  return all;
}

}  // namespace

TEST_CASE("Chain: random ranges, AAD, room and cuts, apart and in place", "[crypto][chain][openssl]") {
  const unsigned seed = test_seed();
  std::mt19937 random(seed);
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  const auto cuts = [&] {
    std::vector<std::size_t> all(below(10));
    std::generate(all.begin(), all.end(), [&] { return below(60); });
    return all;
  };
  for (const Kind& kind : all_kinds()) {
    for (int round = 0; round < 40; ++round) {
      Bytes text(below(400));
      std::generate(text.begin(), text.end(), [&] { return static_cast<std::byte>(random()); });
      ChainRanges ranges;
      ranges.cipher_offset = static_cast<std::uint32_t>(below(text.size() + 1));
      ranges.cipher_bytes = static_cast<std::uint32_t>(below(text.size() - ranges.cipher_offset + 1));
      if (kind.cipher == CipherAlgorithm::kAesCbc) ranges.cipher_bytes -= ranges.cipher_bytes % 16;
      ranges.hash_offset = static_cast<std::uint32_t>(below(text.size() + 1));
      ranges.hash_bytes = static_cast<std::uint32_t>(below(text.size() - ranges.hash_offset + 1));
      const Bytes aad = kind.hashing == Hashing::kSha256 ? Bytes() : pattern(below(50));
      const std::size_t room = text.size() + below(2) * below(40);
      CAPTURE(seed, round, static_cast<int>(kind.order), static_cast<int>(kind.direction),
              name_of(kind.cipher), static_cast<int>(kind.hashing), text.size(), room, aad.size(),
              ranges.cipher_offset, ranges.cipher_bytes, ranges.hash_offset, ranges.hash_bytes);
      const Expected expected = expected_of(kind, text, aad, ranges, room);

      Bytes apart(room, std::byte{0xee});
      Bytes digest(digest_bytes(kind.hashing));
      const Operation operation =
          executed(kind,
                   {cut(std::span<const std::byte>(text), cuts()), cut(std::span(apart), cuts()),
                    cut(std::span<const std::byte>(aad), cuts()), cut(std::span(digest), cuts())},
                   ranges);
      CHECK(operation.outcome == Outcome::kOk);
      CHECK(operation.output_bytes == room + digest.size());
      CHECK(apart == expected.text);
      CHECK(digest == expected.digest);

      Bytes shared = text;
      shared.resize(room);
      const std::span<std::byte> memory(shared);
      const InputList input = cut(std::span<const std::byte>(memory.first(text.size())), cuts());
      CHECK(executed(kind, {input, cut(memory, cuts()), {aad}, {digest}}, ranges).outcome == Outcome::kOk);
      CHECK(shared == expected.text);
      CHECK(digest == expected.digest);
    }
  }
}

TEST_CASE("Chain: the digest's room over the text, shifted output, output's end over the text",
          "[crypto][chain]") {
  for (const Kind& kind : all_kinds()) {
    CAPTURE(static_cast<int>(kind.order), static_cast<int>(kind.direction), name_of(kind.cipher),
            static_cast<int>(kind.hashing));
    const Bytes text = pattern(kTextBytes);
    const std::size_t bytes = digest_bytes(kind.hashing);
    {
      const Expected expected = expected_of(kind, text, {}, kRanges, kTextBytes);
      Bytes memory = text;
      Bytes output(kTextBytes);
      const std::span<std::byte> digest = std::span(memory).subspan(40, bytes);
      CHECK(executed(kind, {{memory}, {output}, {}, {digest}}, kRanges).outcome == Outcome::kOk);
      CHECK(output == expected.text);
      CHECK(std::equal(digest.begin(), digest.end(), expected.digest.begin()));
    }
    for (const std::size_t shift : {std::size_t{1}, std::size_t{16}, std::size_t{100}}) {
      CAPTURE(shift);
      const Expected expected = expected_of(kind, text, {}, kRanges, kTextBytes);
      Bytes memory = joined(Bytes(shift), text);
      Bytes digest(bytes);
      const std::span<std::byte> output = std::span(memory).first(kTextBytes);
      CHECK(executed(kind, {{std::span(memory).subspan(shift)}, {output}, {}, {digest}}, kRanges).outcome ==
            Outcome::kOk);
      CHECK(std::equal(output.begin(), output.end(), expected.text.begin()));
      CHECK(digest == expected.digest);
    }
    {
      const std::size_t room = kTextBytes + 48;
      const Expected expected = expected_of(kind, text, {}, kRanges, room);
      Bytes memory = text;
      Bytes front(kTextBytes);
      Bytes digest(bytes);
      const OutputList output{front, std::span(memory).subspan(30, 48)};
      CHECK(executed(kind, {{memory}, output, {}, {digest}}, kRanges).outcome == Outcome::kOk);
      CHECK(gathered(output) == expected.text);
      CHECK(digest == expected.digest);
    }
  }
}

TEST_CASE("Chain: AAD under the output is read before it is overwritten", "[crypto][chain]") {
  for (const Kind& kind : all_kinds()) {
    if (kind.hashing == Hashing::kSha256) continue;
    CAPTURE(static_cast<int>(kind.order), static_cast<int>(kind.direction), name_of(kind.cipher),
            static_cast<int>(kind.hashing));
    const Bytes text = pattern(kTextBytes);
    Bytes output(kTextBytes, std::byte{0x77});
    const Expected expected = expected_of(kind, text, Bytes(50, std::byte{0x77}), kRanges, kTextBytes);
    Bytes digest(digest_bytes(kind.hashing));
    const InputList aad{std::span(output).subspan(30, 50)};
    CHECK(executed(kind, {{text}, {output}, aad, {digest}}, kRanges).outcome == Outcome::kOk);
    CHECK(output == expected.text);
    CHECK(digest == expected.digest);
  }
}

TEST_CASE("Chain: what is refused leaves the rooms as they were, or zeros", "[crypto][chain]") {
  struct Case {
    const char* name;
    std::function<void(Operation&)> spoil;
  };
  const Bytes one(1);
  const InputList some_aad{one};
  Bytes longer(100);
  const OutputList no_digest;
  const OutputList long_digest{longer};
  const std::vector<Case> cases{
      {"cipher range one past the end", [](Operation& o) { o.ranges.cipher_offset = kTextBytes - 63; }},
      {"cipher range beyond 32 bits", [](Operation& o) { o.ranges.cipher_offset = 0xffffffffU; }},
      {"hash range one past the end", [](Operation& o) { o.ranges.hash_offset = kTextBytes - 99; }},
      {"hash range beyond 32 bits", [](Operation& o) { o.ranges.hash_bytes = 0xffffffffU; }},
      {"IV too short", [](Operation& o) { o.iv = o.iv.first(15); }},
      {"no digest", [&](Operation& o) { o.digest_output = no_digest; }},
      {"digest too long", [&](Operation& o) { o.digest_output = long_digest; }},
      {"against the direction", [](Operation& o) {
         const bool encrypts = o.kind == OperationKind::kEncrypt;
         o.kind = encrypts ? OperationKind::kDecrypt : OperationKind::kEncrypt;
       }}};
  for (const Kind& kind : all_kinds()) {
    for (const Case& some : cases) {
      CAPTURE(some.name, static_cast<int>(kind.order), static_cast<int>(kind.hashing));
      const Bytes text = pattern(kTextBytes);
      Bytes output(kTextBytes, std::byte{0x77});
      Bytes digest(digest_bytes(kind.hashing), std::byte{0x77});
      const SessionPointer session = session_of(kind);
      const Rooms rooms{{text}, {output}, {}, {digest}};
      Operation operation = operation_of(kind, session, rooms, kRanges);
      some.spoil(operation);
      engine().execute({&operation, 1});
      CHECK(operation.outcome == Outcome::kFailed);
      CHECK(operation.output_bytes == 0);
      CHECK((output == Bytes(kTextBytes, std::byte{0x77}) || output == Bytes(kTextBytes)));
      CHECK(digest == Bytes(digest.size(), std::byte{0x77}));
    }
  }
}

TEST_CASE("Chain: AAD with a plain hash, short output and partial blocks fail", "[crypto][chain]") {
  const Bytes text = pattern(kTextBytes);
  Bytes output(kTextBytes);
  Bytes digest(32);
  const Bytes aad(1);
  const Kind plain{ChainOrder::kHashThenCipher, Direction::kEncrypt, CipherAlgorithm::kAesCbc,
                   Hashing::kSha256};
  CHECK(executed(plain, {{text}, {output}, {aad}, {digest}}, kRanges).outcome == Outcome::kFailed);
  CHECK(executed(plain, {{text}, {std::span(output).first(kTextBytes - 1)}, {}, {digest}}, kRanges).outcome ==
        Outcome::kFailed);
  CHECK(executed(plain, {{text}, {output}, {}, {digest}}, {0, 15, 0, 16}).outcome == Outcome::kFailed);
  CHECK(executed(plain, {{}, {}, {}, {digest}}, {}).outcome == Outcome::kOk);
}

TEST_CASE("Chain: a session is what its halves are, of service chain", "[crypto][chain]") {
  const Kind kind = all_kinds().front();
  CHECK(session_of(kind)->service() == Service::kChain);
  const Bytes short_key(15);
  const ChainParameters bad_cipher{ChainOrder::kHashThenCipher,
                                   {CipherAlgorithm::kAesCbc, Direction::kEncrypt, short_key},
                                   HashParameters{HashAlgorithm::kSha256, 32}};
  CHECK(engine().create_session(bad_cipher).error() == Outcome::kFailed);
  const ChainParameters bad_hash{ChainOrder::kHashThenCipher,
                                 {CipherAlgorithm::kAesCbc, Direction::kEncrypt, kCipherKey},
                                 HashParameters{HashAlgorithm::kSha256, 0}};
  CHECK(engine().create_session(bad_hash).error() == Outcome::kFailed);
  const ChainParameters no_hash{ChainOrder::kHashThenCipher,
                                {CipherAlgorithm::kAesCbc, Direction::kEncrypt, kCipherKey},
                                HashParameters{HashAlgorithm::kNone, 32}};
  CHECK(engine().create_session(no_hash).error() == Outcome::kNotSupported);
}

// Halves of three different engines, in every pairing of rows.
TEST_CASE("Chain: any cipher goes with any hash and MAC", "[crypto][chain]") {
  const auto& capabilities = engine().capabilities();
  REQUIRE(capabilities.chains);
  const Bytes keys = pattern(64);
  const auto check = [&](const auto& cipher, const auto& hash, std::size_t hash_bytes) {
    const std::span<const std::byte> key =
        std::span(keys).first(std::min<std::size_t>(64, cipher.key_bytes.most));
    const auto session = engine().create_session(
        ChainParameters{ChainOrder::kCipherThenHash, {cipher.algorithm, Direction::kEncrypt, key}, hash});
    REQUIRE(session.has_value());
    const Bytes text = pattern(64);
    Bytes output(64);
    Bytes digest(hash_bytes);
    const Bytes iv(cipher.iv_bytes);
    const Rooms rooms{{text}, {output}, {}, {digest}};
    Operation operation;
    operation.session = session->get();
    operation.input = rooms.input;
    operation.output = rooms.output;
    operation.digest_output = rooms.digest;
    operation.ranges = {0, 64, 0, 64};
    operation.iv = iv;
    CHECK(engine().estimated_ns(operation) > 0);
    engine().execute({&operation, 1});
    CHECK(operation.outcome == Outcome::kOk);
  };
  for (const auto& cipher : capabilities.ciphers) {
    CAPTURE(cipher.name);
    for (const auto& hash : capabilities.hashes) {
      CAPTURE(hash.name);
      check(cipher, HashParameters{hash.algorithm, 16}, 16);
    }
    for (const auto& mac : capabilities.macs) {
      CAPTURE(mac.name);
      const auto key = std::span(keys).first(std::min<std::size_t>(64, mac.key_bytes.most));
      check(cipher, MacParameters{mac.algorithm, 4, key}, 4);
    }
  }
}
