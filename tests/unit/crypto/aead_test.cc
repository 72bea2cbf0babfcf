// Rules of the AEAD service that no vector shows.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/crypto/subject.h"

using virtcrypt::crypto::AeadAlgorithm;
using virtcrypt::crypto::AeadCapability;
using virtcrypt::crypto::AeadParameters;
using virtcrypt::crypto::CipherAlgorithm;
using virtcrypt::crypto::Direction;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::tests::Answer;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cipher_session;
using virtcrypt::tests::cut;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::pattern;
using virtcrypt::tests::Subject;

namespace {

// Calls check(subject) with every row, direction, IV length and tag length.
template <typename Check>
void for_each_subject(const Check& check) {
  for (const auto& row : engine().capabilities().aeads) {
    for (const std::uint16_t iv_bytes : row.iv_bytes) {
      for (const std::uint16_t tag_bytes : row.tag_bytes) {
        for (const auto direction : {Direction::kEncrypt, Direction::kDecrypt}) {
          CAPTURE(row.name, iv_bytes, tag_bytes, direction == Direction::kEncrypt);
          check(row, Subject::of(row, direction, row.key_bytes.most, iv_bytes, tag_bytes), tag_bytes);
        }
      }
    }
  }
}

bool decrypts(const Subject& subject) {
  return subject.kind() == OperationKind::kDecrypt;
}

const AeadCapability& row_of(AeadAlgorithm algorithm) {
  const auto& rows = engine().capabilities().aeads;
  return *std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.algorithm == algorithm; });
}

}  // namespace

TEST_CASE("AEAD: what is encrypted decrypts again, with every IV and tag length", "[crypto][aead]") {
  for_each_subject([](const auto&, const Subject& subject, std::size_t) {
    if (decrypts(subject)) CHECK(subject.in_one_piece(subject.input(333)) == pattern(333));
  });
}

TEST_CASE("AEAD: any changed bit fails authentication and leaves zeros in the output", "[crypto][aead]") {
  for_each_subject([](const auto&, const Subject& subject, std::size_t) {
    if (!decrypts(subject)) return;
    const Bytes sealed = subject.input(21);
    for (std::size_t bit = 0; bit < 8 * sealed.size(); bit += 3) {
      CAPTURE(bit);
      Bytes changed = sealed;
      changed[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      Bytes output(30, std::byte{0xee});
      const Answer answer = subject.run({changed}, cut(std::span(output), {4, 0, 9}));
      CHECK(answer.outcome == Outcome::kAuthenticationFailed);
      CHECK(answer.output_bytes == 0);
      Bytes wiped(21);
      wiped.resize(30, std::byte{0xee});
      CHECK(output == wiped);
    }
  });
}

TEST_CASE("AEAD: another IV or other AAD fails authentication", "[crypto][aead]") {
  for_each_subject([](const auto&, Subject subject, std::size_t) {
    if (!decrypts(subject)) return;
    const Bytes sealed = subject.input(21);
    Bytes output(21);
    Subject other = subject;
    Bytes iv = subject.iv();
    iv.back() ^= std::byte{1};
    other.set_iv(iv);
    CHECK(other.run({sealed}, {output}).outcome == Outcome::kAuthenticationFailed);
    subject.set_aad(pattern(36));
    CHECK(subject.run({sealed}, {output}).outcome == Outcome::kAuthenticationFailed);
  });
}

TEST_CASE("AEAD: decrypting in place, a wrong tag leaves zeros as well", "[crypto][aead]") {
  for_each_subject([](const auto&, const Subject& subject, std::size_t) {
    if (!decrypts(subject)) return;
    Bytes memory = subject.input(5000);
    memory.back() ^= std::byte{1};
    const std::span<std::byte> all(memory);
    Bytes expected = memory;
    std::fill_n(expected.begin(), 5000, std::byte{0});
    CHECK(subject.run({all}, {all.first(5000)}).outcome == Outcome::kAuthenticationFailed);
    CHECK(memory == expected);
  });
}

TEST_CASE("AEAD: the request's tag length is the session's or zero", "[crypto][aead]") {
  for_each_subject([](const auto&, Subject subject, std::size_t tag_bytes) {
    const Bytes input = subject.input(40);
    for (std::uint32_t bytes = 0; bytes <= 17; ++bytes) {
      CAPTURE(bytes);
      subject.set_tag_bytes(bytes);
      Bytes output(subject.room(input.size()));
      const bool fits = bytes == 0 || bytes == tag_bytes;
      CHECK(subject.run({input}, {output}).outcome == (fits ? Outcome::kOk : Outcome::kFailed));
    }
  });
}

TEST_CASE("AEAD: an IV of a length that is not listed fails", "[crypto][aead]") {
  for_each_subject([](const auto& row, Subject subject, std::size_t) {
    const Bytes input = subject.input(40);
    Bytes output(subject.room(input.size()));
    for (std::size_t bytes = 0; bytes <= 33; ++bytes) {
      const bool listed = std::find(row.iv_bytes.begin(), row.iv_bytes.end(), bytes) != row.iv_bytes.end();
      CAPTURE(bytes);
      subject.set_iv(Bytes(bytes));
      CHECK((subject.run({input}, {output}).outcome == Outcome::kFailed) == !listed);
    }
  });
}

TEST_CASE("AEAD: a tag of a length that is not listed is refused with the session", "[crypto][aead]") {
  for (const auto& row : engine().capabilities().aeads) {
    const Bytes key = pattern(row.key_bytes.most);
    for (std::uint32_t bytes = 0; bytes <= 40; ++bytes) {
      CAPTURE(row.name, bytes);
      const auto session =
          engine().create_session(AeadParameters{row.algorithm, Direction::kEncrypt, bytes, key});
      const bool listed = std::find(row.tag_bytes.begin(), row.tag_bytes.end(), bytes) != row.tag_bytes.end();
      CHECK(session.has_value() == listed);
      if (!session) CHECK(session.error() == Outcome::kFailed);
    }
  }
}

TEST_CASE("AEAD: output one byte too short fails, longer is left alone behind the result", "[crypto][aead]") {
  for_each_subject([](const auto&, const Subject& subject, std::size_t) {
    const Bytes input = subject.input(40);
    const std::size_t room = subject.room(input.size());
    Bytes output(room + 1, std::byte{0xee});
    CHECK(subject.run({input}, {std::span(output).first(room - 1)}).outcome == Outcome::kFailed);
    CHECK(output == Bytes(room + 1, std::byte{0xee}));
    const Answer answer = subject.run({input}, {output});
    CHECK(answer.outcome == Outcome::kOk);
    CHECK(answer.output_bytes == room);
    CHECK(output.back() == std::byte{0xee});
  });
}

TEST_CASE("AEAD: decrypting less than a tag fails, a tag alone authenticates the AAD", "[crypto][aead]") {
  for_each_subject([](const auto&, const Subject& subject, std::size_t tag_bytes) {
    if (!decrypts(subject)) return;
    Bytes output(tag_bytes);
    const Bytes tag = subject.input(0);
    REQUIRE(tag.size() == tag_bytes);
    CHECK(subject.run({tag}, {}).outcome == Outcome::kOk);
    CHECK(subject.run({}, {output}).outcome == Outcome::kFailed);
    CHECK(subject.run({std::span(tag).first(tag_bytes - 1)}, {output}).outcome == Outcome::kFailed);
  });
}

TEST_CASE("AEAD: no AAD at all", "[crypto][aead]") {
  for_each_subject([](const auto&, Subject subject, std::size_t) {
    if (!decrypts(subject)) return;
    subject.set_aad({});
    CHECK(subject.in_one_piece(subject.input(60)) == pattern(60));
    CHECK(subject.in_one_piece(subject.input(0)).empty());
  });
}

TEST_CASE("AEAD: an operation against the direction fails, a signature is not supported", "[crypto][aead]") {
  for_each_subject([](const auto&, Subject subject, std::size_t) {
    const bool against = !decrypts(subject);
    const Bytes input = subject.input(40);
    Bytes output(100);
    subject.set_kind(against ? OperationKind::kDecrypt : OperationKind::kEncrypt);
    CHECK(subject.run({input}, {output}).outcome == Outcome::kFailed);
    for (const auto kind : {OperationKind::kDigest, OperationKind::kSign, OperationKind::kVerify}) {
      subject.set_kind(kind);
      CHECK(subject.run({input}, {output}).outcome == Outcome::kNotSupported);
    }
  });
}

// SP 800-38C, A.1: the length of the text has 15 bytes minus the nonce's.
TEST_CASE("AES-CCM: text that its length field cannot hold fails", "[crypto][aead]") {
  const auto& row = row_of(AeadAlgorithm::kAesCcm);
  const std::size_t tag_bytes = row.tag_bytes.back();
  const Subject longest = Subject::of(row, Direction::kEncrypt, 16, 13, tag_bytes);
  const Bytes text = pattern(65536);
  Bytes output(text.size() + tag_bytes);
  CHECK(longest.run({std::span(text).first(65535)}, {output}).outcome == Outcome::kOk);
  CHECK(longest.run({text}, {output}).outcome == Outcome::kFailed);
  CHECK(Subject::of(row, Direction::kEncrypt, 16, 12, tag_bytes).run({text}, {output}).outcome ==
        Outcome::kOk);
}

// SP 800-38C, A.2.2: from 65280 bytes the length of the AAD is written with six bytes instead of two. What
// C.4 gives for 65536 bytes.
TEST_CASE("AES-CCM: SP 800-38C, C.4, with long AAD", "[crypto][aead]") {
  const Bytes key = from_hex("404142434445464748494a4b4c4d4e4f");
  const auto session =
      engine().create_session(AeadParameters{AeadAlgorithm::kAesCcm, Direction::kEncrypt, 14, key}).value();
  Bytes aad(65536);
  for (std::size_t i = 0; i < aad.size(); ++i)
    aad[i] = static_cast<std::byte>(i);
  Subject subject = Subject::of(row_of(AeadAlgorithm::kAesCcm), Direction::kEncrypt, 16, 13, 14);
  subject.set_session(session);
  subject.set_iv(from_hex("101112131415161718191a1b1c"));
  subject.set_aad(aad);
  CHECK(subject.in_one_piece(from_hex("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f")) ==
        from_hex("69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72"
                 "b4ac6bec93e8598e7f0dadbcea5b"));
}

// SP 800-38D, 6.2: the counter wraps within its last 32 bits. CTR mode, which carries on, gives the key
// stream of each block.
TEST_CASE("AES-GCM: from a J0 at the end of its 32 bits the counter wraps without a carry",
          "[crypto][aead]") {
  const char* const start = GENERATE("00112233445566778899aabbffffffff", "00112233445566778899aabbfffffffe",
                                     "00112233445566778899aabbfffffef0", "ffffffffffffffffffffffffffffffff",
                                     "00112233445566778899aabb000000ff");
  CAPTURE(start);
  Bytes counter = from_hex(start);
  const auto ctr = cipher_session(CipherAlgorithm::kAesCtr, Direction::kEncrypt, pattern(32));
  Bytes stream;
  for (int block = 0; block < 300; ++block) {
    for (std::size_t i = 16; i-- != 12;) {
      counter[i] = static_cast<std::byte>(std::to_integer<unsigned>(counter[i]) + 1U);
      if (counter[i] != std::byte{0}) break;
    }
    const Bytes piece = virtcrypt::tests::run(ctr, OperationKind::kEncrypt, Bytes(16), 16, counter).output;
    stream.insert(stream.end(), piece.begin(), piece.end());
  }
  Subject subject = Subject::of(row_of(AeadAlgorithm::kAesGcm), Direction::kEncrypt, 32, 16, 16);
  subject.set_iv(from_hex(start));
  Bytes sealed = subject.in_one_piece(Bytes(stream.size()));
  Subject opening = Subject::of(row_of(AeadAlgorithm::kAesGcm), Direction::kDecrypt, 32, 16, 16);
  opening.set_iv(from_hex(start));
  CHECK(opening.in_one_piece(sealed) == Bytes(stream.size()));
  sealed.resize(stream.size());
  CHECK(sealed == stream);
}
