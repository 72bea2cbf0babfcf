// What RSA sessions accept and refuse, apart from the vectors.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <cryptopp/osrng.h>
#include <cryptopp/rsa.h>

#include "tests/support/catch.h"
#include "tests/unit/crypto/rsa_keys.h"
#include "tests/unit/crypto/run.h"

using virtcrypt::crypto::HashAlgorithm;
using virtcrypt::crypto::KeyType;
using virtcrypt::crypto::Operation;
using virtcrypt::crypto::OperationKind;
using virtcrypt::crypto::Outcome;
using virtcrypt::crypto::RsaPadding;
using virtcrypt::crypto::SessionPointer;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::engine;
using virtcrypt::tests::from_hex;
using virtcrypt::tests::InputList;
using virtcrypt::tests::joined;
using virtcrypt::tests::key_1024;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::pattern;
using virtcrypt::tests::pkcs1_block;
using virtcrypt::tests::private_der;
using virtcrypt::tests::public_der;
using virtcrypt::tests::Result;
using virtcrypt::tests::rsa_session;
using virtcrypt::tests::run;

namespace {

constexpr std::size_t kLength = 128;  // of the 1024-bit modulus

SessionPointer public_session(RsaPadding padding, HashAlgorithm hash = HashAlgorithm::kNone) {
  const Bytes der = public_der(key_1024());
  return rsa_session({KeyType::kPublic, padding, hash, der});
}

SessionPointer private_session(RsaPadding padding, HashAlgorithm hash = HashAlgorithm::kNone) {
  const Bytes der = private_der(key_1024());
  return rsa_session({KeyType::kPrivate, padding, hash, der});
}

// Ciphertext of a block that no padding rule has looked at.
Bytes encrypt_raw(const Bytes& block) {
  return run(public_session(RsaPadding::kRaw), OperationKind::kEncrypt, block, kLength).output;
}

Bytes decrypt_raw(const Bytes& block) {
  return run(private_session(RsaPadding::kRaw), OperationKind::kDecrypt, block, kLength).output;
}

Bytes minus_one(Bytes number) {
  number.back() =
      static_cast<std::byte>(std::to_integer<unsigned>(number.back()) - 1U);  // n is odd: no borrow
  return number;
}

Bytes ones(std::size_t count) {
  return Bytes(count, std::byte{0xff});
}

}  // namespace

TEST_CASE("RSA raw: the number has to be below the modulus", "[crypto][rsa]") {
  const auto session =
      GENERATE(0, 1) == 0 ? public_session(RsaPadding::kRaw) : private_session(RsaPadding::kRaw);
  CHECK(run(session, OperationKind::kEncrypt, minus_one(key_1024().n), kLength).output ==
        minus_one(key_1024().n));
  CHECK(run(session, OperationKind::kEncrypt, key_1024().n, kLength).outcome == Outcome::kFailed);
  CHECK(run(session, OperationKind::kEncrypt, ones(kLength), kLength).outcome == Outcome::kFailed);
  CHECK(run(session, OperationKind::kEncrypt, joined({{std::byte{1}}, Bytes(kLength)}), kLength).outcome ==
        Outcome::kFailed);
}

TEST_CASE("RSA raw: decryption has the same bound", "[crypto][rsa]") {
  const auto session = private_session(RsaPadding::kRaw);
  CHECK(run(session, OperationKind::kDecrypt, minus_one(key_1024().n), kLength).output ==
        minus_one(key_1024().n));
  CHECK(run(session, OperationKind::kDecrypt, key_1024().n, kLength).outcome == Outcome::kFailed);
}

TEST_CASE("RSA raw: results fill the modulus length with leading zeros", "[crypto][rsa]") {
  const Bytes one = joined({Bytes(kLength - 1), {std::byte{1}}});
  CHECK(run(public_session(RsaPadding::kRaw), OperationKind::kEncrypt, from_hex("01"), kLength).output ==
        one);
  CHECK(
      run(private_session(RsaPadding::kRaw), OperationKind::kDecrypt, from_hex("01"), kLength + 50).output ==
      one);
  CHECK(run(private_session(RsaPadding::kRaw), OperationKind::kDecrypt, from_hex("00"), kLength).output ==
        Bytes(kLength));
}

TEST_CASE("RSA raw: input may be short, or long by leading zeros", "[crypto][rsa]") {
  const auto session = public_session(RsaPadding::kRaw);
  const Bytes number = from_hex("54859b342c49ea2a");  // eight bytes, as the kernel's self-tests send
  const Bytes expected =
      run(session, OperationKind::kEncrypt, joined({Bytes(kLength - 8), number}), kLength).output;
  REQUIRE(expected.size() == kLength);
  CHECK(run(session, OperationKind::kEncrypt, number, kLength).output == expected);
  CHECK(run(session, OperationKind::kEncrypt, joined({Bytes(1000), number}), kLength).output == expected);
  CHECK(run(session, OperationKind::kEncrypt, joined({Bytes(2048 - 8), number}), kLength).output == expected);
  CHECK(run(session, OperationKind::kEncrypt, joined({Bytes(2048 - 7), number}), kLength).outcome ==
        Outcome::kFailed);
  CHECK(run(session, OperationKind::kEncrypt, {}, kLength).outcome == Outcome::kFailed);
}

TEST_CASE("RSA: output shorter than the modulus fails where the result has its length", "[crypto][rsa]") {
  CHECK(run(public_session(RsaPadding::kRaw), OperationKind::kEncrypt, from_hex("02"), kLength - 1).outcome ==
        Outcome::kFailed);
  CHECK(run(private_session(RsaPadding::kRaw), OperationKind::kDecrypt, from_hex("02"), 0).outcome ==
        Outcome::kFailed);
  CHECK(
      run(public_session(RsaPadding::kPkcs1), OperationKind::kEncrypt, from_hex("02"), kLength - 1).outcome ==
      Outcome::kFailed);
  CHECK(run(private_session(RsaPadding::kPkcs1), OperationKind::kSign, from_hex("02"), kLength - 1).outcome ==
        Outcome::kFailed);
}

TEST_CASE("RSA: operations that a session does not have are not supported", "[crypto][rsa]") {
  const Bytes input = Bytes(kLength);
  CHECK(run(private_session(RsaPadding::kRaw), OperationKind::kSign, input, kLength).outcome ==
        Outcome::kNotSupported);
  CHECK(run(private_session(RsaPadding::kRaw), OperationKind::kVerify, input, 0, {}, Bytes(20)).outcome ==
        Outcome::kNotSupported);
  CHECK(run(public_session(RsaPadding::kRaw), OperationKind::kDecrypt, input, kLength).outcome ==
        Outcome::kNotSupported);
  CHECK(run(public_session(RsaPadding::kPkcs1), OperationKind::kDecrypt, input, kLength).outcome ==
        Outcome::kNotSupported);
  CHECK(run(public_session(RsaPadding::kPkcs1), OperationKind::kSign, Bytes(20), kLength).outcome ==
        Outcome::kNotSupported);
}

TEST_CASE("RSA PKCS #1 encrypt: messages of up to k - 11 bytes", "[crypto][rsa]") {
  const auto encryptor = public_session(RsaPadding::kPkcs1);
  const auto decryptor = private_session(RsaPadding::kPkcs1);
  for (const std::size_t length : {0U, 1U, 64U, 117U}) {
    CAPTURE(length);
    const Bytes ciphertext = run(encryptor, OperationKind::kEncrypt, pattern(length), kLength).output;
    const Result result = run(decryptor, OperationKind::kDecrypt, ciphertext, length);
    CHECK(result.outcome == Outcome::kOk);
    CHECK(result.output == pattern(length));
  }
  CHECK(run(encryptor, OperationKind::kEncrypt, pattern(118), kLength).outcome == Outcome::kFailed);
  CHECK(run(encryptor, OperationKind::kEncrypt, pattern(5000), kLength).outcome == Outcome::kFailed);
}

TEST_CASE("RSA PKCS #1 encrypt: fill is random and has no zero", "[crypto][rsa]") {
  const auto encryptor = public_session(RsaPadding::kPkcs1);
  Bytes seen;
  for (int i = 0; i < 50; ++i) {
    const Bytes block = decrypt_raw(run(encryptor, OperationKind::kEncrypt, {}, kLength).output);
    REQUIRE(block.size() == kLength);
    CHECK(block[0] == std::byte{0});
    CHECK(block[1] == std::byte{2});
    CHECK(std::count(block.begin() + 2, block.end(), std::byte{0}) == 1);
    CHECK(block.back() == std::byte{0});
    CHECK(block != seen);
    seen = block;
  }
}

TEST_CASE("RSA PKCS #1 decrypt: padding by the letter or failure", "[crypto][rsa]") {
  const auto decryptor = private_session(RsaPadding::kPkcs1);
  const auto outcome_of = [&](const Bytes& block) {
    REQUIRE(block.size() == kLength);
    return run(decryptor, OperationKind::kDecrypt, encrypt_raw(block), kLength).outcome;
  };
  CHECK(outcome_of(pkcs1_block(2, ones(8), Bytes(117, std::byte{0}))) == Outcome::kOk);
  CHECK(outcome_of(pkcs1_block(2, ones(125), {})) == Outcome::kOk);
  CHECK(outcome_of(pkcs1_block(2, ones(7), pattern(118))) == Outcome::kFailed);
  CHECK(outcome_of(pkcs1_block(2, {}, pattern(125))) == Outcome::kFailed);
  CHECK(outcome_of(pkcs1_block(1, ones(125), {})) == Outcome::kFailed);
  CHECK(outcome_of(pkcs1_block(0, ones(125), {})) == Outcome::kFailed);
  CHECK(outcome_of(joined({from_hex("0002"), ones(126)})) == Outcome::kFailed);  // no separator at all
  CHECK(outcome_of(joined({from_hex("0102"), ones(125), {std::byte{0}}})) == Outcome::kFailed);
  CHECK(outcome_of(Bytes(kLength)) == Outcome::kFailed);
}

TEST_CASE("RSA PKCS #1 decrypt: ciphertext has the length of the modulus and is below it", "[crypto][rsa]") {
  const auto decryptor = private_session(RsaPadding::kPkcs1);
  const Bytes good = encrypt_raw(pkcs1_block(2, ones(100), pattern(25)));
  CHECK(run(decryptor, OperationKind::kDecrypt, good, 25).outcome == Outcome::kOk);
  CHECK(run(decryptor, OperationKind::kDecrypt, good, 24).outcome == Outcome::kFailed);
  CHECK(run(decryptor, OperationKind::kDecrypt, joined({{std::byte{0}}, good}), 25).outcome ==
        Outcome::kFailed);
  CHECK(run(decryptor, OperationKind::kDecrypt, Bytes(good.begin() + 1, good.end()), 25).outcome ==
        Outcome::kFailed);
  CHECK(run(decryptor, OperationKind::kDecrypt, {}, 25).outcome == Outcome::kFailed);
  CHECK(run(decryptor, OperationKind::kDecrypt, key_1024().n, 128).outcome == Outcome::kFailed);
}

TEST_CASE("RSA PKCS #1 sign: input is a digest of exactly the hash's length", "[crypto][rsa]") {
  const auto hash = GENERATE(HashAlgorithm::kSha1, HashAlgorithm::kSha224, HashAlgorithm::kSha256,
                             HashAlgorithm::kSha384, HashAlgorithm::kSha512);
  const std::size_t length = digest_bytes(hash);
  CAPTURE(name_of(hash));
  const auto session = private_session(RsaPadding::kPkcs1, hash);
  CHECK(run(session, OperationKind::kSign, pattern(length), kLength).outcome == Outcome::kOk);
  CHECK(run(session, OperationKind::kSign, pattern(length - 1), kLength).outcome == Outcome::kFailed);
  CHECK(run(session, OperationKind::kSign, pattern(length + 1), kLength).outcome == Outcome::kFailed);
  CHECK(run(session, OperationKind::kSign, {}, kLength).outcome == Outcome::kFailed);
}

TEST_CASE("RSA PKCS #1 sign: without a hash the input is padded as it is", "[crypto][rsa]") {
  const auto signer = private_session(RsaPadding::kPkcs1);
  for (const std::size_t length : {0U, 1U, 36U, 117U}) {
    CAPTURE(length);
    const Bytes signature = run(signer, OperationKind::kSign, pattern(length), kLength).output;
    CHECK(encrypt_raw(signature) == pkcs1_block(1, ones(kLength - 3 - length), pattern(length)));
    CHECK(run(signer, OperationKind::kVerify, signature, 0, {}, pattern(length)).outcome == Outcome::kOk);
  }
  CHECK(run(signer, OperationKind::kSign, pattern(118), kLength).outcome == Outcome::kFailed);
  CHECK(run(signer, OperationKind::kVerify, Bytes(kLength), 0, {}, pattern(118)).outcome == Outcome::kFailed);
}

TEST_CASE("RSA PKCS #1 verify: wrong lengths fail, wrong values are invalid", "[crypto][rsa]") {
  const auto session = private_session(RsaPadding::kPkcs1, HashAlgorithm::kSha256);
  const Bytes digest = pattern(32);
  const Bytes good = run(session, OperationKind::kSign, digest, kLength).output;
  const auto verify = [&](const Bytes& signature, const Bytes& signed_digest) {
    return run(session, OperationKind::kVerify, signature, 0, {}, signed_digest).outcome;
  };
  CHECK(verify(good, digest) == Outcome::kOk);
  CHECK(verify(joined({{std::byte{0}}, good}), digest) == Outcome::kFailed);
  CHECK(verify(Bytes(good.begin() + 1, good.end()), digest) == Outcome::kFailed);
  CHECK(verify({}, digest) == Outcome::kFailed);
  CHECK(verify(good, pattern(31)) == Outcome::kFailed);
  CHECK(verify(good, pattern(33)) == Outcome::kFailed);
  CHECK(verify(good, Bytes(32)) == Outcome::kSignatureInvalid);
  CHECK(verify(key_1024().n, digest) == Outcome::kSignatureInvalid);
  CHECK(verify(Bytes(kLength), digest) == Outcome::kSignatureInvalid);
  Bytes flipped = good;
  flipped[77] ^= std::byte{1};
  CHECK(verify(flipped, digest) == Outcome::kSignatureInvalid);
}

// RFC 8017, 8.2.2, notes: parsers that skip part of the block can be forged against with small exponents.
TEST_CASE("RSA PKCS #1 verify: nothing but the exact block is a signature", "[crypto][rsa]") {
  const auto session = private_session(RsaPadding::kPkcs1, HashAlgorithm::kSha1);
  const Bytes digest = pattern(20);
  const Bytes info = joined({from_hex("3021300906052b0e03021a05000414"), digest});
  const Bytes without_null = joined({from_hex("301f300706052b0e03021a0414"), digest});
  const auto verify_block = [&](const Bytes& block) {
    REQUIRE(block.size() == kLength);
    return run(session, OperationKind::kVerify, decrypt_raw(block), 0, {}, digest).outcome;
  };
  CHECK(verify_block(pkcs1_block(1, ones(90), info)) == Outcome::kOk);
  CHECK(verify_block(pkcs1_block(1, ones(80), joined({info, pattern(10)}))) == Outcome::kSignatureInvalid);
  CHECK(verify_block(pkcs1_block(1, ones(89), joined({info, {std::byte{0}}}))) == Outcome::kSignatureInvalid);
  CHECK(verify_block(pkcs1_block(2, ones(90), info)) == Outcome::kSignatureInvalid);
  CHECK(verify_block(pkcs1_block(1, joined({ones(89), {std::byte{0xfe}}}), info)) ==
        Outcome::kSignatureInvalid);
  CHECK(verify_block(pkcs1_block(1, ones(92), without_null)) == Outcome::kSignatureInvalid);
  CHECK(verify_block(pkcs1_block(1, ones(105), digest)) == Outcome::kSignatureInvalid);
}

TEST_CASE("RSA PKCS #1: a modulus too short for the hash fails", "[crypto][rsa]") {
  CryptoPP::AutoSeededRandomPool random;
  CryptoPP::InvertibleRSAFunction key;
  key.Initialize(random, 512, CryptoPP::Integer(17));
  CryptoPP::ByteQueue queue;
  key.DEREncodePrivateKey(queue);
  Bytes der(queue.CurrentSize());
  queue.Get(reinterpret_cast<CryptoPP::byte*>(der.data()), der.size());
  // 64 bytes hold 11 of overhead, 19 of DigestInfo and a digest of 34 at the most.
  const auto sha256 = rsa_session({KeyType::kPrivate, RsaPadding::kPkcs1, HashAlgorithm::kSha256, der});
  const auto sha384 = rsa_session({KeyType::kPrivate, RsaPadding::kPkcs1, HashAlgorithm::kSha384, der});
  CHECK(run(sha256, OperationKind::kSign, pattern(32), 64).outcome == Outcome::kOk);
  CHECK(run(sha384, OperationKind::kSign, pattern(48), 64).outcome == Outcome::kFailed);
  CHECK(run(sha384, OperationKind::kVerify, Bytes(64), 0, {}, pattern(48)).outcome == Outcome::kFailed);
}

TEST_CASE("RSA: scattered input and output, also in place", "[crypto][rsa][scatter]") {
  const auto session = public_session(RsaPadding::kRaw);
  const Bytes number = joined({Bytes(1), pattern(kLength - 1)});
  const Bytes expected = encrypt_raw(number);
  Bytes memory = number;
  const InputList input = cut(std::span<const std::byte>(memory), {0, 1, 50, 3});
  const OutputList output = cut(std::span<std::byte>(memory), {70, 1, 0});
  Operation operation;
  operation.session = session.get();
  operation.kind = OperationKind::kEncrypt;
  operation.input = input;
  operation.output = output;
  engine().execute({&operation, 1});
  CHECK(operation.outcome == Outcome::kOk);
  CHECK(operation.output_bytes == kLength);
  CHECK(memory == expected);
}

TEST_CASE("RSA: one session is used from many threads at once", "[crypto][rsa][threads]") {
  const auto session = private_session(RsaPadding::kPkcs1, HashAlgorithm::kSha256);
  const Bytes expected = run(session, OperationKind::kSign, pattern(32), kLength).output;
  const Bytes digest = pattern(32);
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        Bytes signature(kLength);
        const InputList input{digest};
        const OutputList output{signature};
        Operation operation;
        operation.session = session.get();
        operation.kind = OperationKind::kSign;
        operation.input = input;
        operation.output = output;
        engine().execute({&operation, 1});
        if (operation.outcome != Outcome::kOk || signature != expected) ++wrong;
      }
    });
  }
  threads.clear();
  CHECK(wrong == 0);
}
