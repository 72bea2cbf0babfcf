// 3GPP's algorithms in the two engines that have them, and at lengths that no vector has.
#include <algorithm>
#include <random>

#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"
#include "virtcrypt/crypto/kasumi.h"

using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::CipherParameters;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::Engine;
using virtcrypt::crypto::Kasumi;
using virtcrypt::crypto::MacAlgorithm;
using virtcrypt::crypto::MacParameters;
using virtcrypt::crypto::make_built_in_engine;
using virtcrypt::crypto::make_ipsec_mb_engine;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::SessionParameters;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::InputList;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::pattern;
using virtcrypt::tests::test_seed;

namespace {

constexpr std::size_t kLibraryKasumiBytes = 2500;
constexpr std::size_t kLibraryZucBytes = 8188;

struct Answer {
  Outcome outcome;
  Bytes output;
};

Answer answer_of(const Engine& engine, const SessionParameters& parameters, OperationKind kind,
                 const Bytes& text, std::size_t room, const Bytes& iv = {}) {
  const auto session = engine.create_session(parameters).value();
  Bytes output(room);
  const InputList in{text};
  const OutputList out{output};
  Operation operation;
  operation.session = session.get();
  operation.kind = kind;
  operation.input = in;
  operation.output = out;
  operation.iv = iv;
  engine.execute({&operation, 1});
  return {operation.outcome, output};
}

Answer encrypted(const Engine& engine, CipherAlgorithm algorithm, const Bytes& key, const Bytes& iv,
                 const Bytes& text) {
  return answer_of(engine, CipherParameters{algorithm, Direction::kEncrypt, key}, OperationKind::kEncrypt,
                   text, text.size(), iv);
}

Answer mac(const Engine& engine, MacAlgorithm algorithm, const Bytes& key, const Bytes& text) {
  return answer_of(engine, MacParameters{algorithm, 4, key}, OperationKind::kDigest, text, 4);
}

Bytes random_bytes(std::mt19937& random, std::size_t count) {
  Bytes bytes(count);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

Bytes first(const Bytes& bytes, std::size_t count) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

TEST_CASE("3GPP: libipsec-mb and our own KASUMI and ZUC agree", "[crypto][3gpp]") {
  const auto library = make_ipsec_mb_engine();
  if (library == nullptr) {
    WARN("libipsec-mb cannot run here");
    return;
  }
  const auto own = make_built_in_engine();
  const unsigned seed = test_seed();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    const Bytes key = random_bytes(random, 16);
    Bytes iv = random_bytes(random, 8);
    iv[4] &= std::byte{0xfc};
    std::fill(iv.begin() + 5, iv.end(), std::byte{0});
    const Bytes text = random_bytes(random, random() % kLibraryKasumiBytes);
    CHECK(encrypted(*library, CipherAlgorithm::kKasumiF8, key, iv, text).output ==
          encrypted(*own, CipherAlgorithm::kKasumiF8, key, iv, text).output);
    const Bytes padded = random_bytes(random, 8 * (1 + random() % (kLibraryKasumiBytes / 8)));
    CHECK(mac(*library, MacAlgorithm::kKasumiF9, key, padded).output ==
          mac(*own, MacAlgorithm::kKasumiF9, key, padded).output);
    const Bytes zuc_iv = random_bytes(random, 16);
    CHECK(encrypted(*library, CipherAlgorithm::kZucEea3, key, zuc_iv, text).output ==
          encrypted(*own, CipherAlgorithm::kZucEea3, key, zuc_iv, text).output);
    const Bytes behind_iv = random_bytes(random, 17 + random() % 2000);
    CHECK(mac(*library, MacAlgorithm::kZucEia3, key, behind_iv).output ==
          mac(*own, MacAlgorithm::kZucEia3, key, behind_iv).output);
  }
}

// Where libipsec-mb ends, and beyond it.
TEST_CASE("3GPP: MACs at the library's limits and beyond", "[crypto][3gpp]") {
  const auto library = make_ipsec_mb_engine();
  if (library == nullptr) {
    WARN("libipsec-mb cannot run here");
    return;
  }
  const auto own = make_built_in_engine();
  const Bytes key = pattern(16);
  for (const std::size_t bytes : {kLibraryZucBytes - 1, kLibraryZucBytes, kLibraryZucBytes + 1,
                                  kLibraryZucBytes + 2, std::size_t{100000}}) {
    CAPTURE(bytes);
    const Answer answer = mac(*library, MacAlgorithm::kZucEia3, key, pattern(16 + bytes));
    CHECK(answer.outcome == Outcome::kOk);
    CHECK(answer.output == mac(*own, MacAlgorithm::kZucEia3, key, pattern(16 + bytes)).output);
  }
  // SNOW 3G is the library's alone: a changed last bit must change the MAC.
  Bytes text = pattern(16 + (std::size_t{8} << 20U));
  const Answer whole = mac(*library, MacAlgorithm::kSnow3gUia2, key, text);
  REQUIRE(whole.outcome == Outcome::kOk);
  text.back() ^= std::byte{1};
  CHECK(mac(*library, MacAlgorithm::kSnow3gUia2, key, text).output != whole.output);
}

// A key stream does not depend on how much of it is used.
TEST_CASE("3GPP: texts longer than the library takes continue the key stream", "[crypto][3gpp]") {
  struct Case {
    CipherAlgorithm algorithm;
    std::size_t iv_bytes;
    std::size_t library_bytes;
  };
  const auto [algorithm, iv_bytes, library_bytes] = GENERATE(values<Case>(
      {{CipherAlgorithm::kKasumiF8, 8, kLibraryKasumiBytes}, {CipherAlgorithm::kSnow3gUea2, 16, 65535}}));
  const auto library = make_ipsec_mb_engine();
  if (library == nullptr) {
    WARN("libipsec-mb cannot run here");
    return;
  }
  CAPTURE(name_of(algorithm));
  constexpr std::size_t kLongest = std::size_t{8} << 20U;
  const Bytes key = pattern(16);
  const Bytes iv(iv_bytes);
  const Answer whole = encrypted(*library, algorithm, key, iv, Bytes(kLongest));
  REQUIRE(whole.outcome == Outcome::kOk);
  for (const std::size_t bytes : {library_bytes - 1, library_bytes, library_bytes + 1, library_bytes + 7}) {
    CAPTURE(bytes);
    CHECK(encrypted(*library, algorithm, key, iv, Bytes(bytes)).output == first(whole.output, bytes));
  }
  CHECK(std::any_of(whole.output.end() - 16, whole.output.end(),
                    [](std::byte b) { return b != std::byte{0}; }));
}

TEST_CASE("3GPP: f9 takes whole blocks only, and not none", "[crypto][3gpp]") {
  const Bytes key = pattern(16);
  const auto own = make_built_in_engine();
  const auto library = make_ipsec_mb_engine();
  for (const Engine* engine : {own.get(), library.get()}) {
    if (engine == nullptr) continue;
    for (std::size_t bytes = 0; bytes <= 40; ++bytes) {
      CAPTURE(engine->name(), bytes);
      const bool fits = bytes != 0 && bytes % 8 == 0;
      CHECK(mac(*engine, MacAlgorithm::kKasumiF9, key, pattern(bytes)).outcome ==
            (fits ? Outcome::kOk : Outcome::kFailed));
    }
    CHECK(mac(*engine, MacAlgorithm::kKasumiF9, key, pattern(8192)).output ==
          mac(*own, MacAlgorithm::kKasumiF9, key, pattern(8192)).output);
  }
}

// With the key modifiers of TS 35.201 f8's first block can be put together by hand.
TEST_CASE("3GPP: f8's first key stream block is two KASUMI calls", "[crypto][3gpp]") {
  const Bytes key = pattern(16);
  const Kasumi cipher(key);
  const Kasumi start(key, std::byte{0x55});
  const std::uint64_t block = cipher.encipher(start.encipher(0));
  Bytes expected(8);
  for (std::size_t i = 0; i < expected.size(); ++i)
    expected[i] = static_cast<std::byte>(block >> (56U - 8U * i));
  CHECK(encrypted(*make_built_in_engine(), CipherAlgorithm::kKasumiF8, key, Bytes(8), Bytes(8)).output ==
        expected);
}
