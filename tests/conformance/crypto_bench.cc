#include "tests/conformance/crypto_bench.h"

#include <algorithm>

#include "tests/conformance/features.h"
#include "tests/driver/rfc_v2_requests.h"
#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

using test::Layout;

constexpr std::uint64_t kRevision1 = 1;
constexpr std::uint64_t kDeviceFeatures = 0x3F;  // those of 5.9.3
constexpr std::uint8_t kDeviceConfig = 4;        // cfg_type

// All of the result; of a chain the ciphered range and the digest, for what dst_data has besides is open
//
test::Bytes settled_part(const KnownAnswer& known, std::span<const std::byte> bytes) {
  const auto part = [&](std::size_t start, std::size_t size) {
    const auto some = bytes.subspan(start, size);
    return test::Bytes(some.begin(), some.end());
  };
  if (known.kind != Kind::kChain) return part(0, known.result.size());
  return joined({part(0, known.cipher_bytes), part(known.room(), known.digest_bytes)});
}

std::uint64_t stateless_mode(std::uint32_t service) {
  return std::uint64_t{2} << service;
}

}  // namespace

std::uint64_t CryptoConfig::algorithms(std::uint32_t service) const {
  const std::uint64_t masks[] = {cipher_algo, hash_algo, mac_algo, aead_algo, akcipher_algo};
  return masks[service];
}

std::uint64_t CryptoConfig::max_key(std::uint32_t service) const {
  constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
  const std::uint64_t limits[] = {max_cipher_key_len, kNoLimit, max_auth_key_len, max_cipher_key_len,
                                  kNoLimit};
  return limits[service];
}

CryptoConfig read_crypto_config(Driver& driver) {
  const auto le32 = [&](std::uint32_t offset) { return driver.pci().read(kDeviceConfig, offset, 4); };
  const auto le64 = [&](std::uint32_t offset) {
    return std::uint64_t{le32(offset)} | std::uint64_t{le32(offset + 4)} << 32U;
  };
  return {.status = le32(0),
          .max_dataqueues = le32(4),
          .crypto_services = le32(8),
          .cipher_algo = le64(12),
          .hash_algo = le32(20),
          .mac_algo = le64(24),
          .aead_algo = le32(32),
          .max_cipher_key_len = le32(36),
          .max_auth_key_len = le32(40),
          .akcipher_algo = le32(44),
          .max_size = le64(48)};
}

std::string_view name_of_service(std::uint32_t service) {
  constexpr std::string_view kNames[] = {"CIPHER", "HASH", "MAC", "AEAD", "AKCIPHER", "IPSEC"};
  return kNames[service];
}

std::string_view name_of_layout(Layout layout) {
  constexpr std::string_view kNames[] = {"without REVISION_1", "with REVISION_1", "stateless"};
  return kNames[static_cast<std::size_t>(layout)];
}

CryptoBench::CryptoBench(Context& context)
    : context_(context),
      driver_(context),
      config_(read_crypto_config(driver_)),
      memory_mark_(driver_.memory().mark()) {}

void CryptoBench::need(std::uint32_t service) {
  if (!config_.offers(service))
    context_.not_applicable(
        fmt::format("the device does not offer the service {}", name_of_service(service)));
}

std::vector<Layout> CryptoBench::session_layouts() const {
  const Settings& settings = context_.settings();
  std::vector<Layout> layouts;
  const bool can_have = (driver_.offered() & ~settings.features_off & kRevision1) != 0;
  if (!can_have || (settings.features_on & kRevision1) == 0) layouts.push_back(Layout::kPadded);
  if (can_have) layouts.push_back(Layout::kRevision1);
  return layouts;
}

void CryptoBench::need_stateless(std::uint32_t service) {
  need(service);
  const std::uint64_t wanted = kRevision1 | stateless_mode(service);
  const std::string names = joined_feature_names(wanted, Dialect::kStandard);
  if ((wanted & context_.settings().features_off) != 0)
    context_.skip(fmt::format("switched off: one of {}", names));
  if ((driver_.offered() & wanted) != wanted) context_.not_applicable(fmt::format("not offered: {}", names));
}

void CryptoBench::start(Layout layout, std::uint32_t service) {
  std::uint64_t features = driver_.features() & ~kDeviceFeatures;
  if (layout != Layout::kPadded) features |= kRevision1;
  if (layout == Layout::kStateless) features |= stateless_mode(service);
  if (started_) {
    driver_.reset();
    driver_.memory().rewind(memory_mark_);
  }
  layout_ = layout;
  driver_.set_features(features);
  driver_.start();
  started_ = true;
  context_.note(fmt::format("negotiated: {}", joined_feature_names(features, Dialect::kStandard)));
}

bool CryptoBench::is_offered(const KnownAnswer& known) const {
  const auto has = [&](std::uint32_t service, std::uint32_t algorithm) {
    return config_.offers(service) && (config_.algorithms(service) >> algorithm & 1) != 0;
  };
  if (!has(known.service(), known.algorithm)) return false;
  if (known.key.size() > config_.max_key(known.service())) return false;
  if (known.kind != Kind::kChain) return true;
  const std::uint32_t second = known.auth_key.empty() ? service::kHash : service::kMac;
  return has(second, known.hash_algorithm) && known.auth_key.size() <= config_.max_auth_key_len;
}

std::vector<KnownAnswer> CryptoBench::offered(Kind kind) const {
  std::vector<KnownAnswer> chosen;
  for (const KnownAnswer& known : known_answers(kind)) {
    if (is_offered(known)) chosen.push_back(known);
  }
  return chosen;
}

KnownAnswer CryptoBench::offered_one(Kind kind) const {
  for (const KnownAnswer& known : known_answers(kind)) {
    if (is_offered(known) && known.is_settled) return known;
  }
  context_.skip("there is no published answer for what the device offers");
}

test::Answer CryptoBench::call(const test::Request& request, std::uint16_t queue) {
  const std::size_t mark = driver_.memory().mark();
  test::Answer answer = driver_.call(queue, request);
  driver_.memory().rewind(mark);
  return answer;
}

std::optional<test::Answer> CryptoBench::try_call(const test::Request& request, std::uint16_t queue) {
  const std::uint16_t head = driver_.submit(queue, request);
  const auto needs_reset = [&] { return (driver_.pci().device_status() & test::status::kNeedsReset) != 0; };
  if (!driver_.comes_true([&] { return driver_.is_back(queue, head) || needs_reset(); }))
    context_.fail(fmt::format("the request with head {} of queue {} does not come back", head, queue));
  if (!driver_.is_back(queue, head)) return std::nullopt;
  return driver_.wait(queue, head);
}

Created created_of(const test::Answer& answer) {
  constexpr std::size_t kStatus = 8;
  const std::uint64_t status_and_padding = test::rfc_v2::le64_at(answer.written, kStatus);
  return {.status = static_cast<std::uint32_t>(status_and_padding),
          .session = test::rfc_v2::le64_at(answer.written, 0)};
}

Created CryptoBench::create(const test::Request& request) {
  return created_of(control(request));
}

test::Target CryptoBench::target(std::uint64_t session) const {
  return {.layout = has_revision_1() ? Layout::kRevision1 : Layout::kPadded, .session = session};
}

test::Target CryptoBench::open(const KnownAnswer& known) {
  const Created created = create(known.create(target(0).layout));
  context_.expect_equal(created.status, test::wire_number::kOk,
                        fmt::format("status of create session for {}", known.what));
  return target(created.session);
}

std::uint8_t CryptoBench::destroy(std::uint32_t service, std::uint64_t session) {
  return control(test::destroy_request(target(0).layout, destroy_opcode(service), session)).status();
}

void expect_known(Context& context, const KnownAnswer& known, const test::Answer& answer) {
  const test::Bytes result = settled_part(known, answer.written),
                    expected = settled_part(known, known.result);
  const bool is_right = answer.status() == test::wire_number::kOk && result == expected;
  if (!is_right && !known.is_settled) {
    context.note(fmt::format("differs, which is open: {}, status {}", known.what, answer.status()));
    return;
  }
  context.expect_equal(answer.status(), test::wire_number::kOk, fmt::format("status of {}", known.what));
  context.expect_equal(result, expected, known.what);
  if (answer.used_length <= known.result.size() || answer.used_length > answer.written.size())
    context.fail(fmt::format("used length of {}: {} for {} bytes and a status", known.what,
                             answer.used_length, known.result.size()));
}

std::vector<KnownAnswer> readings(const KnownAnswer& known) {
  if (known.kind != Kind::kAead || known.op != test::wire_number::kDecrypt) return {known};
  KnownAnswer roomy = known;
  roomy.result.resize(known.source.size() + known.tag_bytes);
  return {known, roomy};
}

void expect_served(CryptoBench& bench, const KnownAnswer& known, const test::Target& target) {
  expect_served_cut(bench, known, target, 0);
}

void expect_served_cut(CryptoBench& bench, const KnownAnswer& known, const test::Target& target,
                       std::size_t chunk) {
  test::Answer answer;
  for (const KnownAnswer& reading : readings(known)) {
    answer = bench.call(reading.request(target).chunk(chunk));
    if (answer.status() == test::wire_number::kOk) break;
  }
  expect_known(bench.context(), known, answer);
}

}  // namespace virtcrypt::conformance
