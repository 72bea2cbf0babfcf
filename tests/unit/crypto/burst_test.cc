// Batches that libipsec-mb works on side by side give what Crypto++ gives for each operation by itself.
#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include "tests/support/catch.h"
#include "tests/unit/crypto/run.h"

namespace {

using namespace virtcrypt::crypto;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::InputList;
using virtcrypt::tests::OutputList;
using virtcrypt::tests::test_seed;

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t bound) {
  return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
}

Bytes random_bytes(Random& random, std::size_t count) {
  Bytes bytes(count);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(random()); });
  return bytes;
}

// A counter block whose last 32 bits are about to wrap, or any.
Bytes random_iv(Random& random) {
  Bytes iv = random_bytes(random, 16);
  if (below(random, 3) == 0) std::fill(iv.begin() + 8, iv.end() - 1, std::byte{0xff});
  return iv;
}

std::size_t random_length(Random& random) {
  // Around what one job of the library takes, and what is gathered of texts in pieces.
  static constexpr std::array<std::size_t, 6> kEdges{0xffe0, 0xfff0, 0x10000, 0x10010, 0x20000, 0x50000};
  if (below(random, 20) == 0) return kEdges[below(random, kEdges.size())];
  return below(random, below(random, 2) == 0 ? 200 : 8000);
}

// How a text lies in memory.
enum class Layout : std::uint8_t { kInPlace, kApart, kPieces, kShifted };

// The same operation twice, over memory of its own each time.
class Request {
 public:
  Request(Random& random, CipherAlgorithm algorithm, Direction direction, Bytes iv, std::size_t bytes)
      : algorithm_(algorithm),
        direction_(direction),
        layout_(static_cast<Layout>(below(random, 4))),
        iv_(std::move(iv)),
        bytes_(bytes),
        shift_(layout_ == Layout::kShifted   ? 16
               : layout_ == Layout::kInPlace ? 0
                                             : bytes),
        memory_(random_bytes(random, bytes * 2 + 16)) {
    for (int i = 0; i < 5; ++i)
      cuts_.push_back(below(random, 40));
  }

  // `session` outlives the operation.
  [[nodiscard]] Operation operation(const Session& session) {
    const std::span<std::byte> text = std::span(memory_).first(bytes_);
    const std::span<std::byte> place = std::span(memory_).subspan(shift_, bytes_);
    const std::vector<std::size_t> cuts =
        layout_ == Layout::kPieces ? usable_cuts() : std::vector<std::size_t>();
    input_ = cut(std::span<const std::byte>(text), cuts);
    output_ = cut(place, cuts);
    Operation operation;
    operation.session = &session;
    operation.kind = direction_ == Direction::kEncrypt ? OperationKind::kEncrypt : OperationKind::kDecrypt;
    operation.input = input_;
    operation.output = output_;
    operation.iv = iv_;
    return operation;
  }

  [[nodiscard]] CipherAlgorithm algorithm() const { return algorithm_; }
  [[nodiscard]] Direction direction() const { return direction_; }
  [[nodiscard]] const Bytes& memory() const { return memory_; }

 private:
  [[nodiscard]] std::vector<std::size_t> usable_cuts() const {
    std::vector<std::size_t> cuts;
    std::size_t sum = 0;
    for (const std::size_t each : cuts_) {
      if (sum + each > bytes_) break;
      sum += each;
      cuts.push_back(each);
    }
    return cuts;
  }

  CipherAlgorithm algorithm_;
  Direction direction_;
  Layout layout_;
  Bytes iv_;
  std::size_t bytes_;
  std::size_t shift_;
  Bytes memory_;
  std::vector<std::size_t> cuts_;
  InputList input_;
  OutputList output_;
};

// Some are of no use: an IV or a length that the mode does not have.
Request random_request(Random& random) {
  const auto algorithm = below(random, 2) == 0 ? CipherAlgorithm::kAesCbc : CipherAlgorithm::kAesCtr;
  const auto direction = below(random, 2) == 0 ? Direction::kEncrypt : Direction::kDecrypt;
  std::size_t bytes = random_length(random);
  if (algorithm == CipherAlgorithm::kAesCbc && below(random, 10) != 0) bytes = bytes / 16 * 16;
  Bytes iv = random_iv(random);
  if (below(random, 25) == 0) iv.pop_back();
  return {random, algorithm, direction, std::move(iv), bytes};
}

// Executes all of the batch at once. `requests` keeps the memory.
std::vector<Operation> executed(const Engine& engine, std::vector<Request>& requests,
                                const std::vector<Bytes>& keys, std::vector<SessionPointer>& sessions) {
  std::vector<Operation> operations;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto session =
        engine.create_session(CipherParameters{requests[i].algorithm(), requests[i].direction(), keys[i]});
    REQUIRE(session);
    sessions.push_back(*session);
    operations.push_back(requests[i].operation(**session));
  }
  engine.execute(operations);
  return operations;
}

}  // namespace

TEST_CASE("Bursts: AES batches of libipsec-mb agree with Crypto++", "[crypto]") {
  const auto library = make_ipsec_mb_engine();
  if (library == nullptr) return;  // this processor cannot run it
  const auto reference = make_cryptopp_engine();
  const unsigned seed = test_seed();
  CAPTURE(seed);
  Random random(seed);
  for (int round = 0; round < 60; ++round) {
    std::vector<Request> requests;
    std::vector<Bytes> keys;
    const std::size_t count = 1 + below(random, 150);
    for (std::size_t i = 0; i < count; ++i) {
      requests.push_back(random_request(random));
      keys.push_back(random_bytes(random, 16 + 8 * below(random, 3)));
    }
    std::vector<Request> others = requests;
    std::vector<SessionPointer> sessions;
    const std::vector<Operation> ours = executed(*library, requests, keys, sessions);
    const std::vector<Operation> theirs = executed(*reference, others, keys, sessions);
    for (std::size_t i = 0; i < count; ++i) {
      CAPTURE(round, i, ours[i].input.size(), ours[i].iv.size());
      REQUIRE(ours[i].outcome == theirs[i].outcome);
      REQUIRE(ours[i].output_bytes == theirs[i].output_bytes);
      if (ours[i].outcome == Outcome::kOk) REQUIRE(requests[i].memory() == others[i].memory());
    }
  }
}
