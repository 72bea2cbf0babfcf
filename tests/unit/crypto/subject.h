// Every row of the engine's tables as something that tests can run in the same way: a session with a key, and
// texts that it accepts.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/crypto/run.h"

namespace virtcrypt::tests {

struct Answer {
  crypto::Outcome outcome;
  std::size_t output_bytes;
};

class Subject {
 public:
  // `key_bytes` long keys; `result_bytes` is the tag of AEAD and the digest of HASH and MAC.
  static Subject of(const crypto::CipherCapability& row, crypto::Direction direction, std::size_t key_bytes);
  static Subject of(const crypto::HashCapability& row, std::size_t result_bytes);
  static Subject of(const crypto::MacCapability& row, std::size_t key_bytes);
  static Subject of(const crypto::AeadCapability& row, crypto::Direction direction, std::size_t key_bytes,
                    std::size_t iv_bytes, std::size_t tag_bytes);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] crypto::Service service() const { return session_->service(); }
  [[nodiscard]] const crypto::SessionPointer& session() const { return session_; }
  // True for HASH and MAC, whose output does not lie over the input.
  [[nodiscard]] bool digests() const { return kind_ == crypto::OperationKind::kDigest; }

  // An input of about `bytes` that the session accepts, and the length of the output that belongs to it.
  [[nodiscard]] Bytes input(std::size_t bytes) const;
  [[nodiscard]] std::size_t room(std::size_t input_bytes) const;

  [[nodiscard]] Answer run(const InputList& input, const OutputList& output) const;
  // True when the operation succeeded and made as many bytes as `output` has.
  [[nodiscard]] bool succeeds(const InputList& input, const OutputList& output) const;
  // Input, AAD and output in one piece each, apart from each other.
  [[nodiscard]] Bytes in_one_piece(const Bytes& input) const;

  // What the next operations use.
  void set_kind(crypto::OperationKind kind) { kind_ = kind; }
  [[nodiscard]] crypto::OperationKind kind() const { return kind_; }
  void set_iv(Bytes iv) { iv_ = std::move(iv); }
  [[nodiscard]] const Bytes& iv() const { return iv_; }
  void set_aad(Bytes aad) { aad_ = std::move(aad); }
  void set_session(crypto::SessionPointer session) { session_ = std::move(session); }
  void set_aad_cuts(std::vector<std::size_t> cuts) { aad_cuts_ = std::move(cuts); }
  void set_tag_bytes(std::uint32_t bytes) { tag_bytes_ = bytes; }

 private:
  std::string name_;
  crypto::SessionPointer session_;
  crypto::OperationKind kind_ = crypto::OperationKind::kDigest;
  crypto::SessionPointer encrypting_;  // AEAD decrypt: makes the inputs
  Bytes iv_;
  Bytes aad_;
  std::vector<std::size_t> aad_cuts_;
  std::uint32_t tag_bytes_ = 0;
  std::size_t result_bytes_ = 0;
  std::size_t block_bytes_ = 1;
  std::size_t least_bytes_ = 0;
};

// Each row at least once, ciphers and AEAD in both directions; the longest key of each.
[[nodiscard]] std::vector<Subject> all_subjects();

}  // namespace virtcrypt::tests
