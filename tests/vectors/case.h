// Test vectors as the runner sees them, whatever file they came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace virtcrypt::vectors {

using Bytes = std::vector<std::byte>;

// A file that cannot be read as vectors. `line` counts from 1; 0 means the file as a whole.
class ParseError : public std::runtime_error {
 public:
  ParseError(std::size_t line, const std::string& what) : std::runtime_error(what), line_(line) {}
  [[nodiscard]] std::size_t line() const { return line_; }

 private:
  std::size_t line_;
};

// What the file says of a case. An acceptable one may be refused; if it is not, the result must be right.
enum class Verdict : std::uint8_t { kValid, kInvalid, kAcceptable };

// Algorithms and directions are numbers of the wire (numbers.h).
struct CipherCase {
  std::uint32_t algorithm = 0;
  std::uint32_t op = 0;
  Bytes key;
  Bytes iv;
  Bytes source;
  Bytes expected;  // of the last expected.size() bytes of the result
};

struct HashCase {
  std::uint32_t algorithm = 0;
  Bytes message;
  Bytes expected;
};

// One checkpoint of a Monte Carlo test: a thousand hashes, each of results before it.
struct MonteCarloCase {
  enum class Chain : std::uint8_t {
    kThreeResults,  // SHAVS 6.4: the last three digests
    kOneResult,     // SHA3VS 6.2.3: the last digest
    kShake,         // SHA3VS 6.3.3: its first 128 bits, and the next length from its last 16
  };
  std::uint32_t algorithm = 0;
  Chain chain = Chain::kThreeResults;
  Bytes seed;
  Bytes expected;
  std::uint32_t first_bytes = 0;  // SHAKE: length of the first output, and the bounds of all
  std::uint32_t least_bytes = 0;
  std::uint32_t most_bytes = 0;
};

// The device makes MACs and compares none: with kInvalid the result has to differ, or the key to be refused.
struct MacCase {
  std::uint32_t algorithm = 0;
  Bytes key;
  Bytes text;  // begins with the IV where the algorithm has one
  Bytes expected;
  Verdict verdict = Verdict::kValid;
};

// Runs decryption, and encryption too when the verdict is valid.
struct AeadCase {
  std::uint32_t algorithm = 0;
  Bytes key;
  Bytes iv;  // as the file has it
  Bytes aad;
  Bytes plaintext;  // empty when the file has none for an invalid case
  Bytes ciphertext;
  Bytes tag;
  Verdict verdict = Verdict::kValid;
};

struct AkcipherKey {
  bool ecdsa = false;
  std::uint32_t hash = 0;   // RSA
  std::uint32_t curve = 0;  // ECDSA
  Bytes public_key;         // as the wire wants it
  Bytes private_key;        // empty when the file has none
};

// Verifies; and signs as well when there is a private key, which must give this very signature with RSA, and
// one that verifies with ECDSA, whose signatures depend on the nonce.
struct SignatureCase {
  AkcipherKey key;
  Bytes digest;
  Bytes signature;
  Verdict verdict = Verdict::kValid;
};

// RSAES-PKCS1-v1_5.
struct DecryptCase {
  AkcipherKey key;
  Bytes ciphertext;
  Bytes expected;
  Verdict verdict = Verdict::kValid;
};

// A public key to be taken or refused, or a pair that has to work together.
struct KeyCase {
  AkcipherKey key;
  Verdict verdict = Verdict::kValid;
};

using Work = std::variant<std::monostate, CipherCase, HashCase, MonteCarloCase, MacCase, AeadCase,
                          SignatureCase, DecryptCase, KeyCase>;

struct Case {
  std::string name;            // as the file counts it
  std::size_t line = 0;        // where it begins; 0 when the format has no lines
  std::string not_applicable;  // why it cannot run; empty when it can
  Work work;
};

// All cases of one file.
struct VectorFile {
  std::string kind;  // what was recognized, "AES-GCM"
  std::vector<Case> cases;
};

}  // namespace virtcrypt::vectors
