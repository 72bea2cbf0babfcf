#include "tests/vectors/runner.h"

#include <algorithm>
#include <exception>
#include <optional>

#include "tests/vectors/digests.h"
#include "tests/vectors/hex.h"
#include "tests/vectors/numbers.h"

namespace virtcrypt::vectors {
namespace {

using test::Layout;
using test::Request;
using test::Target;
namespace wire = test::wire_number;

// Feature bits 0 (REVISION_1) and 1 to 5 (the stateless modes of all services).
constexpr std::uint64_t kRevision1 = 0x01, kStatelessModes = 0x3e;

constexpr std::size_t kMonteCarloSteps = 1000;
constexpr std::size_t kSha3MessageBytes = 16;  // SHA3VS 6.3.3
constexpr std::size_t kLongestEcdsaSignature = 139;
constexpr std::size_t kBlockBytes = 16;
constexpr std::size_t kUsualGcmIvBytes = 12;

test::DriverOptions driver_options(const RunnerOptions& options) {
  test::DriverOptions driver;
  driver.packed = options.packed;
  driver.memory_bytes = std::size_t{32} << 20;
  if (options.layout != Layout::kPadded) driver.features |= kRevision1;
  if (options.layout == Layout::kStateless) driver.features |= kStatelessModes;
  driver.start = false;
  return driver;
}

std::string status_name(std::uint8_t status) {
  constexpr const char* kNames[] = {"OK", "ERR", "BADMSG", "NOTSUPP", "INVSESS", "NOSPC", "KEY_REJECTED"};
  return status < std::size(kNames) ? kNames[status] : "status " + std::to_string(status);
}

std::string unexpected(std::uint8_t status, const std::string& wanted) {
  return "answered " + status_name(status) + ", " + wanted + " expected";
}

// Beginning of a text, for messages.
std::string shown(const Bytes& bytes) {
  constexpr std::size_t kShown = 16;
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < std::min(bytes.size(), kShown); ++i) {
    const auto octet = std::to_integer<unsigned>(bytes[i]);
    text += {kDigits[octet >> 4U], kDigits[octet & 15U]};
  }
  return text + (bytes.size() > kShown ? "..." : "") + " (" + std::to_string(bytes.size()) + " bytes)";
}

std::string compared(const Bytes& result, const Bytes& expected) {
  if (result == expected) return {};
  return "result " + shown(result) + ", expected " + shown(expected);
}

bool is_aead_length(const AeadCase& work) {
  switch (work.algorithm) {
    case number::kCcm:  // SP 800-38C, A.1
      return work.iv.size() >= 7 && work.iv.size() <= 13 && work.tag.size() >= 4 && work.tag.size() <= 16 &&
             work.tag.size() % 2 == 0;
    case number::kGcm:  // SP 800-38D, 5.2.1.2
      return !work.iv.empty() && (work.tag.size() == 4 || work.tag.size() == 8 ||
                                  (work.tag.size() >= 12 && work.tag.size() <= 16));
    default:  // RFC 8439, 2.8
      return work.iv.size() == 12 && work.tag.size() == 16;
  }
}

// The device takes 12 bytes as the standard does and 16 as the counter block itself; whatever else GCM would
// hash, the driver has to hash.
Bytes iv_to_send(const AeadCase& work) {
  const bool aes_key = work.key.size() == 16 || work.key.size() == 24 || work.key.size() == 32;
  const bool hashed =
      work.algorithm == number::kGcm && aes_key && !work.iv.empty() && work.iv.size() != kUsualGcmIvBytes;
  return hashed ? gcm_counter_block(work.key, work.iv) : work.iv;
}

test::AkcipherSubject subject_of(const AkcipherKey& key, bool with_private) {
  const Bytes& encoded = with_private ? key.private_key : key.public_key;
  const std::uint32_t type = with_private ? number::kPrivate : number::kPublic;
  if (key.ecdsa) return test::EcdsaSubject{.key_type = type, .curve = key.curve, .key = encoded};
  return test::RsaSubject{.key_type = type, .padding = number::kPkcs1, .hash = key.hash, .key = encoded};
}

}  // namespace

Runner::Runner(const RunnerOptions& options) : options_(options), layout_(options.layout) {
  start();
}

void Runner::start() {
  driver_ = std::make_unique<test::CryptoDriver>(test::polled_device(), driver_options(options_));
  if (!driver_->start()) throw std::runtime_error("the device does not offer the features of this mode");
}

Runner::~Runner() = default;

CaseResult Runner::run(const Case& test) {
  using State = CaseResult::State;
  if (!test.not_applicable.empty()) return {State::kNotApplicable, test.not_applicable};
  try {
    std::string fault = std::visit([this](const auto& work) { return check(work); }, test.work);
    return {fault.empty() ? State::kPassed : State::kFailed, std::move(fault)};
  } catch (const std::exception& error) {
    // Of the driver: a request that does not come back, or that guest memory has no room for. What is still
    // under way would be in the way of the next case.
    start();
    return {State::kFailed, error.what()};
  }
}

template <typename Subject>
Runner::Reply Runner::with_session(const Subject& subject, std::uint32_t destroy, const Answers& request) {
  if (layout_ == Layout::kStateless) return request({layout_, 0});
  const auto created = driver_->create(create_request(layout_, subject));
  if (created.status != wire::kOk)
    return {.status = static_cast<std::uint8_t>(created.status), .refused_session = true, .output = {}};
  Reply reply = request({layout_, created.id});
  const auto destroyed =
      driver_->call(driver_->control_queue(), destroy_request(layout_, destroy, created.id));
  if (destroyed.status() != wire::kOk) throw std::runtime_error("the session cannot be destroyed");
  return reply;
}

Runner::Reply Runner::call(const Request& request) {
  test::Answer answer = driver_->call(0, request);
  Reply reply{.status = answer.status(), .refused_session = false, .output = std::move(answer.written)};
  reply.output.pop_back();
  return reply;
}

// 5.9.9.8: the length of the result follows from the used length.
Runner::Reply Runner::call_akcipher(const Request& request) {
  const test::Answer answer = driver_->call(0, request);
  if (answer.used_length == 0 || answer.used_length > answer.written.size())
    throw std::runtime_error("used length " + std::to_string(answer.used_length));
  const auto end = answer.written.begin() + static_cast<std::ptrdiff_t>(answer.used_length) - 1;
  return {.status = answer.status(), .refused_session = false, .output = {answer.written.begin(), end}};
}

Runner::Reply Runner::akcipher(const AkcipherKey& key, bool with_private, std::uint32_t opcode,
                               const Bytes& source, std::size_t room, const Bytes& digest) {
  const test::AkcipherSubject subject = subject_of(key, with_private);
  const Answers request = [&](const Target& target) {
    if (opcode == wire::kAkcipherVerify) return call(verify_request(target, subject, source, digest));
    return call_akcipher(akcipher_request(target, subject, opcode, source, room));
  };
  return std::visit([&](const auto& some) { return with_session(some, wire::kAkcipherDestroy, request); },
                    subject);
}

std::string Runner::check(const CipherCase& work) {
  const test::CipherSubject subject{.algorithm = work.algorithm, .op = work.op, .key = work.key};
  const Reply reply = with_session(subject, wire::kCipherDestroy, [&](const Target& target) {
    return call(cipher_request(target, subject, work.iv, work.source, work.source.size()));
  });
  if (reply.status != wire::kOk) return unexpected(reply.status, "OK");
  if (reply.output.size() < work.expected.size()) return "the result is too short";
  return compared(
      {reply.output.end() - static_cast<std::ptrdiff_t>(work.expected.size()), reply.output.end()},
      work.expected);
}

std::string Runner::check(const HashCase& work) {
  const test::HashSubject subject{.algorithm = work.algorithm,
                                  .result_bytes = static_cast<std::uint32_t>(work.expected.size())};
  const Reply reply = with_session(subject, wire::kHashDestroy, [&](const Target& target) {
    return call(hash_request(target, subject, work.message, work.expected.size()));
  });
  return reply.status == wire::kOk ? compared(reply.output, work.expected) : unexpected(reply.status, "OK");
}

// All steps go through one session, as a driver would do it.
std::string Runner::check(const MonteCarloCase& work) {
  const std::size_t longest = std::max<std::size_t>(work.most_bytes, work.expected.size());
  const test::HashSubject subject{.algorithm = work.algorithm,
                                  .result_bytes = static_cast<std::uint32_t>(longest)};
  const Reply last = with_session(subject, wire::kHashDestroy, [&](const Target& target) {
    Reply reply;
    const auto hash = [&](const Bytes& message, std::size_t bytes) {
      if (reply.status == wire::kOk) reply = call(hash_request(target, subject, message, bytes));
      reply.output.resize(bytes);
      return reply.output;
    };
    reply.output = monte_carlo(work, hash);
    return reply;
  });
  return last.status == wire::kOk ? compared(last.output, work.expected) : unexpected(last.status, "OK");
}

Bytes Runner::monte_carlo(const MonteCarloCase& work,
                          const std::function<Bytes(const Bytes&, std::size_t)>& hash) {
  using Chain = MonteCarloCase::Chain;
  Bytes older = work.seed;
  Bytes old = work.seed;
  Bytes latest = work.seed;
  std::size_t length = work.chain == Chain::kShake ? work.first_bytes : work.expected.size();
  for (std::size_t step = 0; step < kMonteCarloSteps; ++step) {
    Bytes message = work.chain == Chain::kThreeResults ? joined(joined(older, old), latest) : latest;
    if (work.chain == Chain::kShake) message.resize(kSha3MessageBytes);
    older = std::exchange(old, std::exchange(latest, hash(message, length)));
    if (work.chain != Chain::kShake) continue;
    const unsigned word =
        std::to_integer<unsigned>(latest[latest.size() - 2]) << 8U | std::to_integer<unsigned>(latest.back());
    length = work.least_bytes + word % (work.most_bytes - work.least_bytes + 1);
  }
  return latest;
}

std::string Runner::check(const MacCase& work) {
  const test::MacSubject subject{.algorithm = work.algorithm,
                                 .result_bytes = static_cast<std::uint32_t>(work.expected.size()),
                                 .key = work.key};
  const Reply reply = with_session(subject, wire::kMacDestroy, [&](const Target& target) {
    return call(mac_request(target, subject, work.text, work.expected.size()));
  });
  if (work.verdict == Verdict::kInvalid && reply.status == wire::kErr) return {};
  if (reply.status != wire::kOk) return unexpected(reply.status, "OK");
  if (work.verdict == Verdict::kInvalid)
    return reply.output != work.expected ? std::string() : "made the tag of a case that is invalid";
  return compared(reply.output, work.expected);
}

std::string Runner::check(const AeadCase& work) {
  const Bytes sent = joined(work.ciphertext, work.tag);
  const Bytes iv = iv_to_send(work);
  test::AeadSubject subject{.algorithm = work.algorithm,
                            .op = number::kDecrypt,
                            .tag_bytes = static_cast<std::uint32_t>(work.tag.size()),
                            .aad_bytes = static_cast<std::uint32_t>(work.aad.size()),
                            .key = work.key};
  const auto request = [&](const Bytes& source, std::size_t room) {
    return with_session(subject, wire::kAeadDestroy, [&](const Target& target) {
      return call(aead_request(target, subject, iv, source, work.aad, room));
    });
  };
  const Reply opened = request(sent, work.ciphertext.size());
  if (work.verdict == Verdict::kInvalid ||
      (work.verdict == Verdict::kAcceptable && opened.status != wire::kOk)) {
    const std::uint8_t wanted = is_aead_length(work) ? wire::kBadMsg : wire::kErr;
    return opened.status == wanted ? std::string() : unexpected(opened.status, status_name(wanted));
  }
  if (opened.status != wire::kOk) return "decryption " + unexpected(opened.status, "OK");
  if (opened.output != work.plaintext) return "decryption: " + compared(opened.output, work.plaintext);
  subject.op = number::kEncrypt;
  const Reply sealed = request(work.plaintext, sent.size());
  if (sealed.status != wire::kOk) return "encryption " + unexpected(sealed.status, "OK");
  return compared(sealed.output, sent);
}

// KEY_REJECTED for signatures that are none; ERR when one does not even have the length of the modulus, which
// shows in the length of RSA's signatures only (5.9.9.8, A-12).
std::string Runner::check(const SignatureCase& work) {
  const Reply reply = akcipher(work.key, false, wire::kAkcipherVerify, work.signature, 0, work.digest);
  if (work.verdict == Verdict::kValid) {
    if (reply.status != wire::kOk) return unexpected(reply.status, "OK");
    return work.key.private_key.empty() ? std::string() : check_sign(work);
  }
  if (work.verdict == Verdict::kAcceptable && reply.status == wire::kOk)
    return work.key.private_key.empty() ? std::string() : check_sign(work);
  const bool refused_length = !work.key.ecdsa && reply.status == wire::kErr && !reply.refused_session;
  if (reply.status == wire::kKeyRejected) return {};
  return refused_length ? std::string() : unexpected(reply.status, "KEY_REJECTED");
}

std::string Runner::check_sign(const SignatureCase& work) {
  const std::size_t room = work.key.ecdsa ? kLongestEcdsaSignature : work.signature.size();
  const Reply made = akcipher(work.key, true, wire::kAkcipherSign, work.digest, room);
  if (made.status != wire::kOk) return "signing " + unexpected(made.status, "OK");
  if (!work.key.ecdsa) return compared(made.output, work.signature);
  const Reply verified = akcipher(work.key, false, wire::kAkcipherVerify, made.output, 0, work.digest);
  return verified.status == wire::kOk ? std::string()
                                      : "a new signature " + unexpected(verified.status, "OK");
}

std::string Runner::check(const DecryptCase& work) {
  const std::size_t room = std::max(work.ciphertext.size(), work.expected.size());
  const Reply reply = akcipher(work.key, true, wire::kAkcipherDecrypt, work.ciphertext, room);
  if (work.verdict != Verdict::kValid && reply.status == wire::kErr) return {};
  if (work.verdict == Verdict::kInvalid) return unexpected(reply.status, "ERR");
  if (reply.status != wire::kOk) return unexpected(reply.status, "OK");
  return compared(reply.output, work.expected);
}

// With a public key alone: whether it is taken at all, which an impossible signature finds out without being
// verified. A pair has to sign and verify.
std::string Runner::check(const KeyCase& work) {
  const Bytes digest(kBlockBytes, std::byte{0x5a});
  if (!work.key.private_key.empty()) {
    const Reply made = akcipher(work.key, true, wire::kAkcipherSign, digest, kLongestEcdsaSignature);
    if (made.status != wire::kOk) return "signing " + unexpected(made.status, "OK");
    const Reply verified = akcipher(work.key, false, wire::kAkcipherVerify, made.output, 0, digest);
    return verified.status == wire::kOk ? std::string() : "verifying " + unexpected(verified.status, "OK");
  }
  const Bytes no_signature(1);
  const Reply reply = akcipher(work.key, false, wire::kAkcipherVerify, no_signature, 0, digest);
  const std::uint8_t wanted = work.verdict == Verdict::kValid ? wire::kKeyRejected : wire::kErr;
  return reply.status == wanted ? std::string() : unexpected(reply.status, status_name(wanted));
}

}  // namespace virtcrypt::vectors
