#include "virtcrypt/crypto/ipsec_mb_burst.h"

#include <algorithm>
#include <cstdint>

#include "virtcrypt/crypto/ipsec_mb_manager.h"

namespace virtcrypt::crypto::ipsec_mb_aes {
namespace {

// Jobs carry lengths of 16 bits: of a longer text the library would do nothing, or a part. Whole blocks.
constexpr std::size_t kMaxJobBytes = 0xfff0;
// The library counts in the last 32 bits of a counter block alone, while SP 800-38A's counter is all of it.
constexpr std::size_t kCountedBytes = 4;

// How many blocks may be counted before the library's part of the counter wraps.
std::uint64_t blocks_until_wrap(std::span<const std::byte> counter) {
  std::uint32_t low = 0;
  for (const std::byte octet : counter.last(kCountedBytes))
    low = low << 8U | std::to_integer<std::uint32_t>(octet);
  return (std::uint64_t{1} << 32U) - low;
}

void add(std::span<std::byte> counter, std::uint64_t blocks) {
  std::uint64_t carry = blocks;
  for (std::size_t i = counter.size(); i-- != 0 && carry != 0;) {
    carry += std::to_integer<std::uint64_t>(counter[i]);
    counter[i] = static_cast<std::byte>(carry & 0xffU);
    carry >>= 8U;
  }
}

std::size_t blocks_of(std::size_t bytes) {
  return (bytes + kAesBlockBytes - 1) / kAesBlockBytes;
}

void submit(const BurstKind& kind, std::span<IMB_JOB> jobs) {
  IMB_SUBMIT_CIPHER_BURST(thread_manager(), jobs.data(), static_cast<std::uint32_t>(jobs.size()), kind.mode,
                          kind.direction, kind.key_bytes);
}

// What all jobs of a kind have in common.
IMB_JOB job_of(const BurstKind& kind) {
  IMB_JOB job{};
  job.key_len_in_bytes = kind.key_bytes;
  job.cipher_mode = kind.mode;
  job.cipher_direction = kind.direction;
  job.iv_len_in_bytes = kAesBlockBytes;
  return job;
}

// `iv` stays where it is until the job is done.
void describe(IMB_JOB& job, const Session& session, const std::byte* iv, const std::byte* from, std::byte* to,
              std::size_t bytes) {
  job.enc_keys = session.schedule();
  job.dec_keys = session.schedule();
  job.iv = reinterpret_cast<const std::uint8_t*>(iv);
  job.src = reinterpret_cast<const std::uint8_t*>(from);
  job.dst = reinterpret_cast<std::uint8_t*>(to);
  job.msg_len_to_cipher_in_bytes = bytes;
  job.status = IMB_STATUS_BEING_PROCESSED;
}

// One job does all of it: input and output are one piece each, which are the same or do not meet.
bool is_one_job(const Session& session, const Operation& operation, std::size_t bytes) {
  if (operation.input.size() != 1 || operation.output.size() != 1 || bytes > kMaxJobBytes) return false;
  const auto from = reinterpret_cast<std::uintptr_t>(operation.input.front().data());
  const auto to = reinterpret_cast<std::uintptr_t>(operation.output.front().data());
  if (from != to && from < to + bytes && to < from + bytes) return false;
  return session.kind().mode != IMB_CIPHER_CNTR || blocks_until_wrap(operation.iv) >= blocks_of(bytes);
}

bool was_done(const IMB_JOB& job) {
  return job.status == IMB_STATUS_COMPLETED;
}

}  // namespace

Text::Text(InputCursor in, OutputCursor out, std::span<const std::byte> iv, std::size_t bytes)
    : in_(in), out_(out), bytes_(bytes) {
  std::copy(iv.begin(), iv.end(), next_.begin());
}

std::size_t Text::direct_bytes(IMB_CIPHER_MODE mode) const {
  std::size_t bytes = std::min({bytes_, in_.front().size(), out_.front().size(), kMaxJobBytes});
  if (mode == IMB_CIPHER_CNTR) {
    bytes = static_cast<std::size_t>(
        std::min<std::uint64_t>(bytes, blocks_until_wrap(chain_) * std::uint64_t{kAesBlockBytes}));
  }
  // Only the last block of a text may be a part of one.
  return bytes == bytes_ ? bytes : bytes / kAesBlockBytes * kAesBlockBytes;
}

void Text::begin_job(const Session& session, IMB_JOB& job) {
  chain_ = next_;
  std::size_t bytes = direct_bytes(session.kind().mode);
  bounced_ = bytes == 0;
  const std::byte* from = in_.front().data();
  std::byte* to = out_.front().data();
  if (bounced_) {
    bytes = std::min(bytes_, bounce_.size());
    read(in_, std::span(bounce_).first(bytes));
    from = to = bounce_.data();
  }
  if (session.kind().mode == IMB_CIPHER_CNTR) {
    add(next_, blocks_of(bytes));
  } else if (session.kind().direction == IMB_DIR_DECRYPT && bytes != bytes_) {
    std::copy_n(from + bytes - next_.size(), next_.size(), next_.begin());
  }
  describe(job, session, chain_.data(), from, to, bytes);
}

void Text::finish_job(const IMB_JOB& job) {
  const std::size_t bytes = job.msg_len_to_cipher_in_bytes;
  bytes_ -= bytes;
  if (job.cipher_mode == IMB_CIPHER_CBC && job.cipher_direction == IMB_DIR_ENCRYPT && bytes_ != 0)
    std::copy_n(reinterpret_cast<const std::byte*>(job.dst) + bytes - next_.size(), next_.size(),
                next_.begin());
  if (bounced_) return write(out_, std::span(bounce_).first(bytes));
  in_.advance(bytes);
  out_.advance(bytes);
}

Burst::Burst(const BurstKind& kind) : kind_(kind) {
  jobs_.fill(job_of(kind));
}

bool Burst::add(const Session& session, Operation& operation, std::size_t bytes) {
  const bool is_simple = is_one_job(session, operation, bytes);
  if (!is_simple && aliases_shifted(operation.input, operation.output, bytes)) return false;
  if (used_ == kMostJobs) run();
  operation.outcome = Outcome::kFailed;
  operation.output_bytes = 0;
  if (is_simple) {
    describe(jobs_[used_], session, operation.iv.data(), operation.input.front().data(),
             operation.output.front().data(), bytes);
  } else {
    texts_[used_] = Text(InputCursor(operation.input), OutputCursor(operation.output), operation.iv, bytes);
  }
  entries_[used_++] = {&operation, bytes, is_simple ? nullptr : &session};
  return true;
}

void Burst::run() {
  while (used_ != 0)
    run_round();
}

// A job of each; who has more text takes part in the next round.
void Burst::run_round() {
  for (std::size_t i = 0; i < used_; ++i) {
    if (entries_[i].session != nullptr) texts_[i].begin_job(*entries_[i].session, jobs_[i]);
  }
  submit(kind_, std::span(jobs_).first(used_));
  std::size_t unfinished = 0;
  for (std::size_t i = 0; i < used_; ++i) {
    const Entry entry = entries_[i];
    if (!was_done(jobs_[i])) continue;
    if (entry.session != nullptr) texts_[i].finish_job(jobs_[i]);
    if (entry.session == nullptr || texts_[i].is_done()) {
      entry.operation->outcome = Outcome::kOk;
      entry.operation->output_bytes = entry.bytes;
    } else {
      texts_[unfinished] = texts_[i];
      entries_[unfinished++] = entry;
    }
  }
  used_ = unfinished;
}

Bursts& Bursts::of_this_thread() {
  thread_local Bursts bursts;
  return bursts;
}

Burst& Bursts::of(const BurstKind& kind) {
  const auto known =
      std::find_if(bursts_.begin(), bursts_.end(), [&](const auto& burst) { return burst->kind() == kind; });
  return known != bursts_.end() ? **known : *bursts_.emplace_back(std::make_unique<Burst>(kind));
}

bool Bursts::add(const Session& session, Operation& operation, std::size_t bytes) {
  if (last_ == nullptr || !(last_->kind() == session.kind())) last_ = &of(session.kind());
  return last_->add(session, operation, bytes);
}

void Bursts::run() {
  for (const auto& burst : bursts_)
    burst->run();
}

void Bursts::clear() {
  for (const auto& burst : bursts_)
    burst->clear();
}

bool run_alone(const Session& session, Text text) {
  IMB_JOB job = job_of(session.kind());
  while (!text.is_done()) {
    text.begin_job(session, job);
    submit(session.kind(), std::span(&job, 1));
    if (!was_done(job)) return false;
    text.finish_job(job);
  }
  return true;
}

}  // namespace virtcrypt::crypto::ipsec_mb_aes
