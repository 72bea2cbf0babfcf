// Operations gathered for libipsec-mb to work on side by side.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include <intel-ipsec-mb.h>

#include "virtcrypt/crypto/aes_capabilities.h"
#include "virtcrypt/crypto/ipsec_mb_aes.h"
#include "virtcrypt/crypto/operation.h"
#include "virtcrypt/crypto/scatter.h"

namespace virtcrypt::crypto::ipsec_mb_aes {

// What is left of a text. The library gets it job by job, each as long as the library and the segments allow,
// where it lies; a block that is cut by an end of a segment goes through memory of our own.
class Text {
 public:
  Text() = default;
  // `bytes` bytes, at least one, from `in` to `out`, neither of which spoils the other.
  Text(InputCursor in, OutputCursor out, std::span<const std::byte> iv, std::size_t bytes);

  [[nodiscard]] bool is_done() const { return bytes_ == 0; }
  // Describes the next job, which is executed before the next call. Stays where it is until finish_job().
  void begin_job(const Session& session, IMB_JOB& job);
  // The job was done.
  void finish_job(const IMB_JOB& job);

 private:
  using Block = std::array<std::byte, kAesBlockBytes>;

  // How many bytes of those that lie in one piece on both sides a job may do.
  [[nodiscard]] std::size_t direct_bytes(IMB_CIPHER_MODE mode) const;

  InputCursor in_{InputSegments()};
  OutputCursor out_{OutputSegments()};
  std::size_t bytes_ = 0;
  Block chain_{};   // what the job starts from
  Block next_{};    // and what the one after it does
  Block bounce_{};  // a block that is cut
  bool bounced_ = false;
};

// Operations of one kind, whose sessions and segments live until run(). Thread-safety: one thread's.
class Burst {
 public:
  explicit Burst(const BurstKind& kind);
  [[nodiscard]] const BurstKind& kind() const { return kind_; }

  // The session is of this kind; `bytes` is the length of the text, not 0. Carries out first what is there
  // already when there is no room. False: writing the output would spoil the input.
  [[nodiscard]] bool add(const Session& session, Operation& operation, std::size_t bytes);

  // Carries out what was added, and sets its outcomes.
  void run();

  // Forgets what was added.
  void clear() { used_ = 0; }

 private:
  static constexpr std::size_t kMostJobs = 64;
  struct Entry {
    Operation* operation;
    std::size_t bytes;
    const Session* session;  // of a text that may take several jobs, null otherwise
  };

  void run_round();

  BurstKind kind_;
  std::size_t used_ = 0;
  std::array<IMB_JOB, kMostJobs> jobs_{};
  std::array<Entry, kMostJobs> entries_{};
  std::array<Text, kMostJobs> texts_{};  // of entries with a session
};

// A burst of each kind that has been met, on each thread.
class Bursts {
 public:
  [[nodiscard]] static Bursts& of_this_thread();

  // As Burst::add, to the burst of the session's kind.
  [[nodiscard]] bool add(const Session& session, Operation& operation, std::size_t bytes);
  void run();
  void clear();

 private:
  [[nodiscard]] Burst& of(const BurstKind& kind);

  std::vector<std::unique_ptr<Burst>> bursts_;
  Burst* last_ = nullptr;
};

// One text by itself. False when the library did not do it.
[[nodiscard]] bool run_alone(const Session& session, Text text);

}  // namespace virtcrypt::crypto::ipsec_mb_aes
