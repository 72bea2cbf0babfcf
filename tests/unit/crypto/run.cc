#include "tests/unit/crypto/run.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/support/catch.h"

namespace virtcrypt::tests {

using crypto::CipherAlgorithm;
using crypto::CipherParameters;
using crypto::Direction;
using crypto::Engine;
using crypto::Operation;
using crypto::OperationKind;
using crypto::RsaParameters;
using crypto::SessionPointer;

namespace {

template <typename Byte>
std::vector<std::span<Byte>> cut_any(std::span<Byte> whole, const std::vector<std::size_t>& lengths) {
  std::vector<std::span<Byte>> pieces;
  for (const std::size_t wanted : lengths) {
    const std::size_t length = std::min(wanted, whole.size());
    pieces.push_back(whole.first(length));
    whole = whole.subspan(length);
  }
  pieces.push_back(whole);
  return pieces;
}

std::unique_ptr<Engine> chosen_engine() {
  const char* const wanted = std::getenv("VIRTCRYPT_TEST_ENGINE");
  if (wanted == nullptr) return crypto::make_default_engine();
  for (const crypto::EngineName& each : crypto::engine_names()) {
    if (each.name != wanted) continue;
    auto made = crypto::make_engine(each.choice);
    return made == nullptr ? crypto::make_default_engine() : std::move(made);  // not on this processor
  }
  throw std::runtime_error("VIRTCRYPT_TEST_ENGINE is none of the engines");
}

}  // namespace

const Engine& engine() {
  static const std::unique_ptr<Engine> instance = chosen_engine();
  return *instance;
}

SessionPointer cipher_session(CipherAlgorithm algorithm, Direction direction,
                              std::span<const std::byte> key) {
  auto session = engine().create_session(CipherParameters{algorithm, direction, key});
  REQUIRE(session.has_value());
  return *session;
}

SessionPointer rsa_session(const RsaParameters& parameters) {
  auto session = engine().create_session(parameters);
  REQUIRE(session.has_value());
  return *session;
}

Result run(const SessionPointer& session, OperationKind kind, std::span<const std::byte> input,
           std::size_t room, std::span<const std::byte> iv, std::span<const std::byte> digest) {
  Bytes output(room, std::byte{0xee});
  const InputList in{input};
  const OutputList out{output};
  Operation operation;
  operation.session = session.get();
  operation.kind = kind;
  operation.input = in;
  operation.output = out;
  operation.iv = iv;
  operation.digest = digest;
  engine().execute({&operation, 1});
  REQUIRE(operation.output_bytes <= room);
  output.resize(operation.output_bytes);
  return {operation.outcome, output};
}

InputList cut(std::span<const std::byte> whole, const std::vector<std::size_t>& lengths) {
  return cut_any(whole, lengths);
}

OutputList cut(std::span<std::byte> whole, const std::vector<std::size_t>& lengths) {
  return cut_any(whole, lengths);
}

Bytes pattern(std::size_t count) {
  Bytes bytes(count);
  std::uint32_t state = 1;
  std::generate(bytes.begin(), bytes.end(), [&state] {
    state = state * 1664525U + 1013904223U;  // Numerical Recipes' linear congruential generator
    return static_cast<std::byte>(state >> 24U);
  });
  return bytes;
}

unsigned test_seed() {
  const char* const wanted = std::getenv("VIRTCRYPT_TEST_SEED");
  return wanted != nullptr ? static_cast<unsigned>(std::stoul(wanted)) : std::random_device()();
}

}  // namespace virtcrypt::tests
