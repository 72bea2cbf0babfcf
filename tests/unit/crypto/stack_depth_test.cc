// How deep algorithms go on the stack: no deeper than what is cleared behind them (stack_wipe.h).
#include <array>
#include <cstring>
#include <memory>

#include "tests/support/catch.h"
#include "tests/unit/crypto/rsa_keys.h"
#include "tests/unit/crypto/subject.h"
#include "virtcrypt/crypto/sanitizers.h"
#include "virtcrypt/crypto/session_cost.h"
#include "virtcrypt/crypto/stack_wipe.h"

using namespace virtcrypt::crypto;
using namespace virtcrypt::tests;

namespace {

constexpr std::size_t kPainted = 4 * kDeepStackBytes;
constexpr unsigned char kPaint = 0xa5;
using Frame = std::array<unsigned char, kPainted>;

[[gnu::noinline]] void paint() {
  Frame frame;
  std::memset(frame.data(), kPaint, frame.size());
  __asm__ volatile("" : : "r"(frame.data()) : "memory");
}

[[gnu::noinline]] std::size_t painted_over() {
  Frame frame;
  __asm__ volatile("" : : "r"(frame.data()) : "memory");  // the compiler takes it for filled
  std::size_t left = 0;
  while (left < frame.size() && frame[left] == kPaint)
    ++left;
  return frame.size() - left;
}

template <typename Work>
[[gnu::noinline]] std::size_t depth_of(const Work& work) {
  work();  // what is done once in the life of a program does not count
  paint();
  work();
  return painted_over();
}

void check_creation(const SessionParameters& parameters) {
  const std::size_t depth = depth_of([&] { (void)engine().create_session(parameters); });
  CHECK(depth <= creation_stack_bytes(parameters));
}

}  // namespace

TEST_CASE("StackWipe: what is measured is the stack", "[crypto][stack]") {
  if (virtcrypt::kSanitized) return;
  const auto use = [](std::size_t bytes) {
    return depth_of([bytes] {
      auto* const memory = static_cast<unsigned char*>(__builtin_alloca(bytes));
      std::memset(memory, 1, bytes);
      __asm__ volatile("" : : "r"(memory) : "memory");
    });
  };
  CHECK(use(10'000) >= 10'000);
  CHECK(use(10'000) < 12'000);
  CHECK(use(100) < 2'000);
}

TEST_CASE("StackWipe: creating a session leaves nothing below what is cleared", "[crypto][stack]") {
  if (virtcrypt::kSanitized) return;
  const Capabilities& has = engine().capabilities();
  const Bytes key = pattern(kMaxMacKeyBytes);
  const auto longest = [&](const auto& row) {
    return std::span<const std::byte>(key).first(row.key_bytes.most);
  };
  for (const auto& row : has.ciphers) {
    for (const Direction direction : {Direction::kEncrypt, Direction::kDecrypt}) {
      CAPTURE(row.name);
      check_creation(CipherParameters{row.algorithm, direction, longest(row)});
    }
  }
  for (const auto& row : has.macs) {
    CAPTURE(row.name);
    const MacParameters mac{row.algorithm, row.digest_bytes, longest(row)};
    check_creation(mac);
    const auto& cipher = has.ciphers.front();
    check_creation(ChainParameters{ChainOrder::kCipherThenHash,
                                   CipherParameters{cipher.algorithm, Direction::kEncrypt, longest(cipher)},
                                   mac});
  }
  for (const auto& row : has.aeads) {
    CAPTURE(row.name);
    check_creation(AeadParameters{row.algorithm, Direction::kEncrypt, row.tag_bytes.back(), longest(row)});
  }
  const Bytes rsa = private_der(key_1024());
  check_creation(RsaParameters{KeyType::kPrivate, RsaPadding::kRaw, HashAlgorithm::kSha256, rsa});
}

TEST_CASE("StackWipe: operations leave nothing below what is cleared", "[crypto][stack]") {
  if (virtcrypt::kSanitized) return;
  for (const Subject& subject : all_subjects()) {
    CAPTURE(subject.name());
    const Bytes input = subject.input(1000);
    CHECK(depth_of([&] { (void)subject.in_one_piece(input); }) <= kSymmetricStackBytes);
  }
}
