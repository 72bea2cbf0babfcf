#include "virtcrypt/devices/crypto/driver_check.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <linux/virtio_crypto.h>
#include <linux/virtio_pci.h>
#include <spdlog/fmt/fmt.h>

#include "virtcrypt/devices/crypto/driver_check_fields.h"
#include "virtcrypt/devices/crypto/request_trace.h"
#include "virtcrypt/devices/crypto/standard_decode.h"
#include "virtcrypt/devices/crypto/wire_standard.h"
#include "virtcrypt/virtio/device_status.h"

namespace virtcrypt::devices::crypto_dev {
namespace {

using crypto::Service;

constexpr std::string_view kStatements[] = {
    "CRYPTO-DRV-001", "CRYPTO-DRV-002", "CRYPTO-DRV-003", "CRYPTO-DRV-004", "CRYPTO-DRV-005",
    "CRYPTO-DRV-007", "CRYPTO-DRV-008", "CRYPTO-DRV-009", "CRYPTO-DRV-010", "CRYPTO-DRV-011",
    "CRYPTO-DRV-012", "CRYPTO-DRV-013", "CRYPTO-DRV-014", "CRYPTO-DRV-015", "CRYPTO-DRV-016",
    "CRYPTO-DRV-017", "CRYPTO-DRV-018", "CRYPTO-DRV-019", "CRYPTO-DRV-020", "CRYPTO-DRV-021",
    "CRYPTO-DRV-022", "CRYPTO-DRV-023", "CRYPTO-DRV-024", "CRYPTO-DRV-025", "CRYPTO-DRV-026",
    "CRYPTO-DRV-027", "CRYPTO-DRV-028", "CRYPTO-DRV-029", "CRYPTO-DRV-030", "CRYPTO-DRV-031",
    "CRYPTO-DRV-032", "CRYPTO-DRV-033", "CRYPTO-DRV-034", "CRYPTO-DRV-035", "CRYPTO-DRV-036",
    "CRYPTO-DRV-037", "CRYPTO-DRV-038", "CRYPTO-DRV-039", "CRYPTO-DRV-040", "CRYPTO-DRV-041",
    "CRYPTO-DRV-042", "CRYPTO-DRV-043", "CRYPTO-DRV-044", "CRYPTO-DRV-045", "CRYPTO-DRV-046",
    "CRYPTO-DRV-047", "CRYPTO-DRV-048", "CRYPTO-DRV-049",
};

// The statements that each service has of its own (5.9.9.4 to 5.9.9.8).
struct ServiceStatements {
  Service service;
  unsigned stateless_feature;
  std::string_view session_id, flag_of_stateless, parameters, flag_of_session, opcode;
};
constexpr ServiceStatements kServices[] = {
    {Service::kHash, wire::kFeatureHashStateless, "CRYPTO-DRV-023", "CRYPTO-DRV-024", "CRYPTO-DRV-025",
     "CRYPTO-DRV-026", "CRYPTO-DRV-027"},
    {Service::kMac, wire::kFeatureMacStateless, "CRYPTO-DRV-028", "CRYPTO-DRV-029", "CRYPTO-DRV-030",
     "CRYPTO-DRV-031", "CRYPTO-DRV-032"},
    {Service::kCipher, wire::kFeatureCipherStateless, "CRYPTO-DRV-033", "CRYPTO-DRV-034", "CRYPTO-DRV-035",
     "CRYPTO-DRV-036", "CRYPTO-DRV-037"},
    {Service::kAead, wire::kFeatureAeadStateless, "CRYPTO-DRV-040", "CRYPTO-DRV-041", "CRYPTO-DRV-042",
     "CRYPTO-DRV-043", "CRYPTO-DRV-044"},
    {Service::kAkcipher, wire::kFeatureAkcipherStateless, "CRYPTO-DRV-045", "CRYPTO-DRV-046",
     "CRYPTO-DRV-047", "CRYPTO-DRV-048", "CRYPTO-DRV-049"},
};

const ServiceStatements& statements_of(Service service) {
  return *std::find_if(std::begin(kServices), std::end(kServices),
                       [&](const ServiceStatements& each) { return each.service == service; });
}

constexpr std::uint32_t word_bit(std::size_t offset) {
  return std::uint32_t{1} << (offset / 4);
}

}  // namespace

DriverCheck::DriverCheck(virtio::DriverVerdicts& verdicts, std::string device, const Dialect& dialect,
                         std::uint16_t queue_size)
    : virtio::DriverCheck(verdicts, defined_features(dialect), config_fields(dialect)),
      verdicts_(verdicts),
      device_(std::move(device)),
      dialect_(dialect),
      judges_requests_(&dialect == &standard_dialect()),
      queue_size_(queue_size) {}

std::span<const std::string_view> DriverCheck::request_statements() {
  return kStatements;
}

void DriverCheck::judge(std::string_view statement, bool is_kept, const Subject& subject,
                        std::string_view what) {
  verdicts_.judge(statement, is_kept, [&] {
    std::string text = fmt::format("{}\n{} {} chain {}: {}\n", what, device_, subject.queue,
                                   subject.chain.head(), subject.decoded.operation);
    append_request(text, subject.decoded, subject.chain, false);
    return text;
  });
}

DriverCheck::Taken DriverCheck::taken(std::string_view queue, bool is_control,
                                      const virtio::DescriptorChain& chain, const Terms& terms) {
  if (!judges_requests_) return {};
  const DecodedRequest decoded = decode(chain, is_control, dialect_, terms);
  Taken taken;
  taken.service = standard::service_of_opcode(value_of(decoded, "opcode").value_or(UINT64_MAX));
  const Subject subject{queue, chain, decoded, terms, taken.service};
  const std::lock_guard lock(mutex_);
  judge_first_request();
  judge_readiness(subject);
  judge_patience(subject);
  if (is_control) {
    judge_control(subject, taken);
  } else {
    judge_data(subject, taken);
  }
  return taken;
}

void DriverCheck::answered(const Taken& request, RequestStatus status, std::uint64_t session) {
  const std::lock_guard lock(mutex_);
  if (request.is_too_big && status != RequestStatus::kOk && !patience_) {
    // All that the rings can hold, once more for what was added before the driver looked.
    patience_ = std::uint64_t{2} * queue_count_ * queue_size_;
  }
  if (status != RequestStatus::kOk) return;
  if (request.is_create && request.service)
    sessions_[session] = {.service = *request.service, .is_chain = request.is_chain};
  if (request.destroys) sessions_.erase(*request.destroys);
}

void DriverCheck::common_written(const virtio::RegisterAccess& access, const virtio::DriverView& before,
                                 const virtio::DriverView& after) {
  virtio::DriverCheck::common_written(access, before, after);
  if (!judges_requests_ || access.offset != VIRTIO_PCI_COMMON_STATUS) return;
  const std::lock_guard lock(mutex_);
  queue_count_ = after.queue_count;
  if (access.value == 0 && patience_) {
    patience_.reset();
    verdicts_.keep("CRYPTO-DRV-010");
  }
  if ((access.value & ~std::uint64_t{before.status} & virtio::kDriverOk) == 0) return;
  verdicts_.judge("CRYPTO-DRV-015", after.enabled_queues == after.queue_count, [&] {
    return fmt::format("DRIVER_OK set with {} of {} queues enabled", after.enabled_queues, after.queue_count);
  });
}

void DriverCheck::device_config_read(const virtio::RegisterAccess& access) {
  virtio::DriverCheck::device_config_read(access);
  const std::lock_guard lock(mutex_);
  const std::uint64_t end = access.offset + access.bytes;
  for (std::uint64_t at = access.offset; at < end && at < sizeof(wire::Config); ++at)
    words_read_ |= word_bit(at);
  if (access.bytes < 4) {
    if (access.offset < 4) status_read_since_reset_ = true;
    return;
  }
  const auto value = static_cast<std::uint32_t>(access.value);
  if (access.offset == offsetof(wire::Config, status)) {
    status_read_ = value;
    status_read_since_reset_ = true;
  }
  if (access.offset == offsetof(wire::Config, crypto_services)) services_read_ = value;
}

void DriverCheck::reset_done() {
  virtio::DriverCheck::reset_done();
  const std::lock_guard lock(mutex_);
  status_read_since_reset_ = false;
  is_first_request_ = true;
  patience_.reset();
  sessions_.clear();
}

// By the first request the driver has read what it had to.
void DriverCheck::judge_first_request() {
  if (!std::exchange(is_first_request_, false)) return;
  judge_config_fields();
  verdicts_.judge("CRYPTO-DRV-002", status_read_since_reset_, [] {
    return std::string("the first request came, and status was not read since the device was reset");
  });
}

void DriverCheck::judge_config_fields() {
  struct Row {
    std::string_view statement;
    std::string_view field;
    std::uint32_t words;
  };
  const Row rows[] = {
      {"CRYPTO-DRV-001", "status", word_bit(offsetof(wire::Config, status))},
      {"CRYPTO-DRV-004", "max_dataqueues", word_bit(offsetof(wire::Config, max_dataqueues))},
      {"CRYPTO-DRV-005", "crypto_services", word_bit(offsetof(wire::Config, crypto_services))},
      {"CRYPTO-DRV-016", "crypto_services", word_bit(offsetof(wire::Config, crypto_services))},
      {"CRYPTO-DRV-008", "max_size",
       word_bit(offsetof(wire::Config, max_size)) | word_bit(offsetof(wire::Config, max_size) + 4)},
      {"CRYPTO-DRV-011", "max_cipher_key_len", word_bit(offsetof(wire::Config, max_cipher_key_len))},
      {"CRYPTO-DRV-013", "max_auth_key_len", word_bit(offsetof(wire::Config, max_auth_key_len))},
  };
  const auto evidence = [](std::string_view field) {
    return fmt::format("the first request came, and {} was not read", field);
  };
  for (const Row& row : rows)
    verdicts_.judge(row.statement, (words_read_ & row.words) == row.words,
                    [&] { return evidence(row.field); });
  if (!services_read_) return;
  const std::array<std::uint32_t, 5> masks = {
      word_bit(offsetof(wire::Config, cipher_algo_l)) | word_bit(offsetof(wire::Config, cipher_algo_h)),
      word_bit(offsetof(wire::Config, hash_algo)),
      word_bit(offsetof(wire::Config, mac_algo_l)) | word_bit(offsetof(wire::Config, mac_algo_h)),
      word_bit(offsetof(wire::Config, aead_algo)), word_bit(offsetof(wire::Config, akcipher_algo))};
  bool all_read = true;
  for (std::size_t service = 0; service < masks.size(); ++service) {
    if ((*services_read_ >> service & 1U) != 0 && (words_read_ & masks[service]) != masks[service])
      all_read = false;
  }
  for (const char* statement : {"CRYPTO-DRV-007", "CRYPTO-DRV-017"})
    verdicts_.judge(statement, all_read, [&] { return evidence("an algorithm mask of an offered service"); });
}

void DriverCheck::judge_readiness(const Subject& subject) {
  if (!status_read_) return;
  judge("CRYPTO-DRV-003", (*status_read_ & VIRTIO_CRYPTO_S_HW_READY) != 0, subject,
        "a request, and HW_READY was clear when the driver last read status");
}

void DriverCheck::judge_patience(const Subject& subject) {
  if (!patience_) return;
  if (*patience_ > 0) {
    --*patience_;
    return;
  }
  patience_.reset();
  judge("CRYPTO-DRV-010", false, subject,
        "the driver went on without a reset after a request was failed for exceeding max_size");
}

const DriverCheck::LiveSession* DriverCheck::live(std::uint64_t id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

void DriverCheck::judge_control(const Subject& subject, Taken& taken) {
  constexpr std::uint64_t kDestroyAction = VIRTIO_CRYPTO_CIPHER_DESTROY_SESSION & 0xFFU;
  constexpr std::string_view kCreate = "_CREATE_SESSION", kDestroy = "_DESTROY_SESSION";
  const std::uint64_t opcode = value_of(subject.decoded, "opcode").value_or(UINT64_MAX);
  judge("CRYPTO-DRV-020", value_of(subject.decoded, "reserved").value_or(0) == 0, subject,
        "the reserved word of the header is not 0");
  if (ends_with(subject.decoded.operation, kCreate)) {
    judge("CRYPTO-DRV-018", true, subject, {});
    judge_create(subject, taken);
  } else if (ends_with(subject.decoded.operation, kDestroy)) {
    judge_destroy(subject, taken);
  } else if ((opcode & 0xFFU) == kDestroyAction) {
    judge("CRYPTO-DRV-021", false, subject, "an opcode that no service has");
  } else {
    judge("CRYPTO-DRV-018", false, subject, "an opcode that no service has");
  }
}

void DriverCheck::judge_create(const Subject& subject, Taken& taken) {
  taken.is_create = true;
  taken.is_chain = value_of(subject.decoded, "alg_chain_order").has_value();
  constexpr std::uint64_t kOutcomeBytes = sizeof(wire::CreateSessionAnswer);
  judge("CRYPTO-DRV-019",
        !subject.decoded.cut_short && subject.chain.readable_bytes() >= end_of_parts(subject.decoded) &&
            subject.chain.writable_bytes() >= kOutcomeBytes,
        subject, "header, fixed part, variable part and outcome are not all there");
  judge_key_lengths(subject);
}

void DriverCheck::judge_key_lengths(const Subject& subject) {
  const Limits& limits = subject.terms.limits;
  const bool is_mac = subject.service == Service::kMac;
  for (const std::string_view name : {"key_len", "cipher.key_len"}) {
    const auto bytes = value_of(subject.decoded, name);
    if (bytes && subject.service != Service::kAkcipher)
      judge("CRYPTO-DRV-012", *bytes <= limits.max_cipher_key_bytes, subject,
            "a key longer than max_cipher_key_len");
  }
  for (const std::string_view name : {"auth_key_len", "mac.auth_key_len", "hash.auth_key_len"}) {
    const auto bytes = value_of(subject.decoded, name);
    if (bytes && (is_mac || *bytes > 0))
      judge("CRYPTO-DRV-014", *bytes <= limits.max_auth_key_bytes, subject,
            "a key longer than max_auth_key_len");
  }
}

void DriverCheck::judge_destroy(const Subject& subject, Taken& taken) {
  const std::uint64_t id = value_of(subject.decoded, "session_id").value_or(0);
  const LiveSession* const session = live(id);
  judge("CRYPTO-DRV-022", session != nullptr, subject,
        "session_id is none that the device has given out, or was destroyed");
  if (session == nullptr) return;
  judge("CRYPTO-DRV-021", session->service == subject.service, subject,
        "the session is one of another service");
  taken.destroys = id;
}

void DriverCheck::judge_data(const Subject& subject, Taken& taken) {
  if (!subject.service) return;
  const bool is_known =
      subject.decoded.operation != "unknown" && !ends_with(subject.decoded.operation, "_SESSION");
  judge(statements_of(*subject.service).opcode, is_known, subject,
        "an opcode that the service does not have");
  if (!is_known) return;
  judge_mode(subject);
  judge_size(subject, taken);
  if (subject.service == Service::kCipher) judge_symmetric_layout(subject);
}

// Which of the two kinds of request it is, by what was negotiated and its flag.
void DriverCheck::judge_mode(const Subject& subject) {
  const ServiceStatements& statements = statements_of(*subject.service);
  const virtio::FeatureSet negotiated = subject.terms.negotiated;
  if (!negotiated.has_bit(wire::kFeatureRevision1)) return judge_session(subject);
  const std::uint64_t flag = value_of(subject.decoded, "flag").value_or(UINT64_MAX);
  const bool may_be_stateless = negotiated.has_bit(statements.stateless_feature);
  if (flag == wire::kSessionMode) {
    if (may_be_stateless) judge(statements.flag_of_session, true, subject, {});
    return judge_session(subject);
  }
  if (!may_be_stateless) return;
  if (flag == wire::kStatelessMode) {
    judge(statements.flag_of_stateless, true, subject, {});
    return judge_stateless(subject);
  }
  const bool has_session = live(value_of(subject.decoded, "session_id").value_or(0)) != nullptr;
  judge(has_session ? statements.flag_of_session : statements.flag_of_stateless, false, subject,
        has_session ? "a request of a session whose flag is not SESSION_MODE"
                    : "a request without a session whose flag is not 0");
}

void DriverCheck::judge_session(const Subject& subject) {
  const LiveSession* const session = live(value_of(subject.decoded, "session_id").value_or(0));
  judge(statements_of(*subject.service).session_id, session != nullptr && session->service == subject.service,
        subject, "session_id names no session of this service");
}

void DriverCheck::judge_stateless(const Subject& subject) {
  judge(statements_of(*subject.service).parameters, has_parameters(subject.decoded), subject,
        "sess_para is not filled in: an algorithm, direction, mode or key length that nothing is");
  judge_key_lengths(subject);
}

// 5.9.9.6.1: the structures of what op_type says, and of what the session is for.
void DriverCheck::judge_symmetric_layout(const Subject& subject) {
  const auto op_type = value_of(subject.decoded, "op_type");
  const bool is_chain = op_type == VIRTIO_CRYPTO_SYM_OP_ALGORITHM_CHAINING;
  if (!is_chain && op_type != VIRTIO_CRYPTO_SYM_OP_CIPHER && !subject.decoded.cut_short) return;
  const std::uint64_t result = value_of(subject.decoded, "dst_data_len").value_or(0) +
                               value_of(subject.decoded, "hash_result_len").value_or(0);
  const bool is_complete = !subject.decoded.cut_short &&
                           subject.chain.readable_bytes() >= end_of_parts(subject.decoded) &&
                           subject.chain.writable_bytes() > result;  // and the status
  const LiveSession* const session = live(value_of(subject.decoded, "session_id").value_or(0));
  const bool fits = session == nullptr || session->service != Service::kCipher ||
                    session->is_chain == is_chain || subject.decoded.cut_short ||
                    is_stateless(subject.decoded, subject.terms);
  judge(is_chain ? "CRYPTO-DRV-039" : "CRYPTO-DRV-038", is_complete && fits, subject,
        fits ? "fixed part, variable part and status are not all there"
             : "the session was created for the other op_type");
}

// all variable-length parts count, the status does not.
void DriverCheck::judge_size(const Subject& subject, Taken& taken) {
  std::uint64_t bytes = value_of(subject.decoded, "dst_data_len").value_or(0) +
                        value_of(subject.decoded, "hash_result_len").value_or(0);
  if (subject.decoded.operation == "AKCIPHER_VERIFY") bytes = 0;  // readable, so among the parts
  for (const DecodedPart& part : subject.decoded.parts)
    bytes += part.bytes;
  taken.is_too_big = bytes > subject.terms.limits.max_size;
  judge("CRYPTO-DRV-009", !taken.is_too_big, subject, "more than max_size bytes");
}

}  // namespace virtcrypt::devices::crypto_dev
