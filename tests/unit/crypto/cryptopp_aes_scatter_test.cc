// AES over scattered, overlapping and shared memory. The expected value is always the same session's answer
// for the same text in one piece, apart from its output; that answer is held to published vectors in
// cryptopp_aes_test.cc.
#include <algorithm>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <cryptopp/cpu.h>

#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"
#include "virtcrypt/crypto/engine.h"

using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::SessionPointer;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cipher_session;
using virtcrypt::tests::cut;
using virtcrypt::tests::engine;
using virtcrypt::tests::InputList;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::pattern;

namespace {

struct Variant {
  CipherAlgorithm algorithm;
  Direction direction;
};

const Variant kVariants[] = {
    {CipherAlgorithm::kAesEcb, Direction::kEncrypt}, {CipherAlgorithm::kAesEcb, Direction::kDecrypt},
    {CipherAlgorithm::kAesCbc, Direction::kEncrypt}, {CipherAlgorithm::kAesCbc, Direction::kDecrypt},
    {CipherAlgorithm::kAesCtr, Direction::kEncrypt}, {CipherAlgorithm::kAesCtr, Direction::kDecrypt},
};

class Subject {
 public:
  explicit Subject(const Variant& variant)
      : kind_(variant.direction == Direction::kEncrypt ? OperationKind::kEncrypt : OperationKind::kDecrypt),
        iv_(variant.algorithm == CipherAlgorithm::kAesEcb ? 0 : 16, std::byte{0xfe}),
        session_(cipher_session(variant.algorithm, variant.direction, pattern(32))) {}

  [[nodiscard]] bool run(const InputList& input, const OutputList& output, std::size_t bytes) const {
    Operation operation;
    operation.session = session_.get();
    operation.kind = kind_;
    operation.input = input;
    operation.output = output;
    operation.iv = iv_;
    engine().execute({&operation, 1});
    return operation.outcome == Outcome::kOk && operation.output_bytes == bytes;
  }

  [[nodiscard]] Bytes in_one_piece(const Bytes& text) const {
    return virtcrypt::tests::run(session_, kind_, text, text.size(), iv_).output;
  }

 private:
  OperationKind kind_;
  Bytes iv_;
  SessionPointer session_;
};

std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t longest) {
  std::vector<std::size_t> cuts(random() % 30);
  std::generate(cuts.begin(), cuts.end(), [&] { return random() % (longest + 1); });
  return cuts;
}

}  // namespace

TEST_CASE("AES: text cut at any two bytes on both sides", "[crypto][aes][scatter]") {
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  CAPTURE(name_of(variant.algorithm), variant.direction == Direction::kEncrypt);
  const Subject subject(variant);
  const Bytes text = pattern(64);
  const Bytes expected = subject.in_one_piece(text);
  for (std::size_t in_cut = 0; in_cut <= text.size(); ++in_cut) {
    for (std::size_t out_cut = 0; out_cut <= text.size(); ++out_cut) {
      Bytes output(text.size());
      REQUIRE(subject.run(cut(std::span<const std::byte>(text), {in_cut}),
                          cut(std::span<std::byte>(output), {out_cut}), text.size()));
      REQUIRE(output == expected);
    }
  }
}

TEST_CASE("AES: single-byte segments", "[crypto][aes][scatter]") {
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  const Subject subject(variant);
  const Bytes text = pattern(4800);  // enough of them to take the long-list way
  Bytes output(text.size());
  const std::vector<std::size_t> ones(text.size() - 1, 1);
  REQUIRE(subject.run(cut(std::span<const std::byte>(text), ones), cut(std::span<std::byte>(output), ones),
                      text.size()));
  CHECK(output == subject.in_one_piece(text));
}

TEST_CASE("AES: random cuts, apart and in place", "[crypto][aes][scatter]") {
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  const unsigned seed = GENERATE(range(1U, 51U));
  CAPTURE(name_of(variant.algorithm), variant.direction == Direction::kEncrypt, seed);
  std::mt19937 random(seed);  // NOLINT: repeatable on purpose
  const Subject subject(variant);
  const std::size_t tail = variant.algorithm == CipherAlgorithm::kAesCtr ? random() % 16 : 0;
  const Bytes text = pattern(random() % 70 * 16 + tail);
  const Bytes expected = subject.in_one_piece(text);

  Bytes apart(text.size());
  REQUIRE(subject.run(cut(std::span<const std::byte>(text), random_cuts(random, 90)),
                      cut(std::span<std::byte>(apart), random_cuts(random, 90)), text.size()));
  CHECK(apart == expected);

  Bytes shared = text;
  REQUIRE(subject.run(cut(std::span<const std::byte>(shared), random_cuts(random, 90)),
                      cut(std::span<std::byte>(shared), random_cuts(random, 90)), text.size()));
  CHECK(shared == expected);
}

TEST_CASE("AES: output shifted against the input, forward and back", "[crypto][aes][scatter]") {
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  const std::size_t shift = GENERATE(1, 15, 16, 17, 64, 100, 159, 160);
  const bool output_ahead = GENERATE(true, false);
  CAPTURE(name_of(variant.algorithm), variant.direction == Direction::kEncrypt, shift, output_ahead);
  const Subject subject(variant);
  const Bytes text = pattern(160);
  Bytes memory(text.size() + shift);
  const std::span<std::byte> near = std::span(memory).first(text.size());
  const std::span<std::byte> far = std::span(memory).subspan(shift);
  const std::span<std::byte> input = output_ahead ? near : far;
  const std::span<std::byte> output = output_ahead ? far : near;
  std::copy(text.begin(), text.end(), input.begin());
  REQUIRE(subject.run(cut(std::span<const std::byte>(input), {5, 40}), cut(output, {70}), text.size()));
  CHECK(std::equal(output.begin(), output.end(), subject.in_one_piece(text).begin()));
}

TEST_CASE("AES: segments swapped between input and output", "[crypto][aes][scatter]") {
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  const Subject subject(variant);
  Bytes memory = pattern(64);
  const std::span<std::byte> front = std::span(memory).first(32);
  const std::span<std::byte> back = std::span(memory).last(32);
  const Bytes expected = subject.in_one_piece(memory);
  REQUIRE(subject.run({front, back}, {back, front}, memory.size()));
  CHECK(std::equal(back.begin(), back.end(), expected.begin()));
  CHECK(std::equal(front.begin(), front.end(), expected.begin() + 32));
}

TEST_CASE("AES: one input segment named many times", "[crypto][aes][scatter]") {
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  const Subject subject(variant);
  const std::size_t times = GENERATE(2, 100, 3000);
  Bytes memory = pattern(48);
  Bytes text;
  for (std::size_t i = 0; i < times; ++i) {
    text.insert(text.end(), memory.begin(), memory.end());
  }
  const Bytes expected = subject.in_one_piece(text);
  const InputList input(times, std::span<const std::byte>(memory));

  Bytes output(text.size());
  REQUIRE(subject.run(input, {output}, text.size()));
  CHECK(output == expected);

  // All results land on the same place; the last one stays.
  const OutputList onto_itself(times, std::span<std::byte>(memory));
  REQUIRE(subject.run(input, onto_itself, text.size()));
  CHECK(std::equal(memory.begin(), memory.end(), expected.end() - 48));
}

TEST_CASE("AES: random overlaps give what a copy of the input would give", "[crypto][aes][scatter]") {
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  const unsigned seed = GENERATE(range(1U, 101U));
  CAPTURE(name_of(variant.algorithm), variant.direction == Direction::kEncrypt, seed);
  std::mt19937 random(seed);  // NOLINT: repeatable on purpose
  const Subject subject(variant);
  Bytes arena = pattern(2000);
  const std::span<std::byte> all(arena);
  // Output pieces do not meet each other, so the expected memory is well defined; input pieces may meet
  // anything.
  const std::size_t longest = 1 + random() % 60;
  OutputList output = cut(all, std::vector<std::size_t>(60, longest));
  std::shuffle(output.begin(), output.end(), random);
  InputList input;
  Bytes text;
  while (text.size() < 800) {
    const std::size_t offset = random() % 1900;
    const auto piece = all.subspan(offset, std::min<std::size_t>(1 + random() % 100, 800 - text.size()));
    input.push_back(piece);
    text.insert(text.end(), piece.begin(), piece.end());
  }
  const Bytes expected = subject.in_one_piece(text);
  REQUIRE(subject.run(input, output, text.size()));
  Bytes result;
  for (const auto& piece : output) {
    result.insert(result.end(), piece.begin(), piece.end());
  }
  result.resize(text.size());
  CHECK(result == expected);
}

TEST_CASE("AES: one session is used from many threads at once", "[crypto][aes][threads]") {
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  const Subject subject(variant);
  const Bytes text = pattern(4096);
  const Bytes expected = subject.in_one_piece(text);
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      Bytes output(text.size());
      const std::vector<std::size_t> cuts(10, 100 + static_cast<std::size_t>(thread));
      for (int i = 0; i < 200; ++i) {
        const bool ran = subject.run(cut(std::span<const std::byte>(text), cuts),
                                     cut(std::span<std::byte>(output), {7}), text.size());
        if (!ran || output != expected) ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}

#if CRYPTOPP_AESNI_AVAILABLE
// Crypto++'s table code keeps scratch memory in the cipher object. Its own feature flag is what it decides
// by.
TEST_CASE("AES: one session is used from many threads at once on a processor without AES-NI",
          "[crypto][aes][threads]") {
  struct WithoutAesNi {
    bool before = CryptoPP::HasAESNI();
    WithoutAesNi() { CryptoPP::g_hasAESNI = false; }
    ~WithoutAesNi() { CryptoPP::g_hasAESNI = before; }
    WithoutAesNi(const WithoutAesNi&) = delete;
    WithoutAesNi& operator=(const WithoutAesNi&) = delete;
  };
  const Variant variant = GENERATE(from_range(std::begin(kVariants), std::end(kVariants)));
  const Bytes text = pattern(4096);
  const Bytes expected = Subject(variant).in_one_piece(text);
  const WithoutAesNi emulated;
  const Subject subject(variant);
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      Bytes output(text.size());
      for (int i = 0; i < 200; ++i) {
        if (!subject.run({text}, {output}, text.size()) || output != expected) ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}
#endif
