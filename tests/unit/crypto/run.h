// Short ways to make sessions and run single operations in tests of engines.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "tests/unit/crypto/vector_files.h"
#include "virtcrypt/crypto/engine.h"

namespace virtcrypt::tests {

using InputList = std::vector<std::span<const std::byte>>;
using OutputList = std::vector<std::span<std::byte>>;

// One engine for all tests of a program: VIRTCRYPT_TEST_ENGINE, spelled as for --crypto engine=, else auto.
[[nodiscard]] const crypto::Engine& engine();

// Fails the test when the engine refuses.
[[nodiscard]] crypto::SessionPointer cipher_session(crypto::CipherAlgorithm algorithm,
                                                    crypto::Direction direction,
                                                    std::span<const std::byte> key);
[[nodiscard]] crypto::SessionPointer rsa_session(const crypto::RsaParameters& parameters);

struct Result {
  crypto::Outcome outcome;
  Bytes output;  // as long as the engine says
};

// One operation with contiguous input and `room` bytes of contiguous output.
[[nodiscard]] Result run(const crypto::SessionPointer& session, crypto::OperationKind kind,
                         std::span<const std::byte> input, std::size_t room,
                         std::span<const std::byte> iv = {}, std::span<const std::byte> digest = {});

// Cuts `whole` into pieces of the given lengths and a last one with the rest.
[[nodiscard]] InputList cut(std::span<const std::byte> whole, const std::vector<std::size_t>& lengths);
[[nodiscard]] OutputList cut(std::span<std::byte> whole, const std::vector<std::size_t>& lengths);

// `count` bytes that look random and are always the same.
[[nodiscard]] Bytes pattern(std::size_t count);

// Where tests of random values start: what VIRTCRYPT_TEST_SEED says, else another value in each run.
[[nodiscard]] unsigned test_seed();

}  // namespace virtcrypt::tests
