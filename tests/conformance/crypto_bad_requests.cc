#include "tests/conformance/crypto_bad_requests.h"

#include <algorithm>

#include "tests/driver/wire_number.h"

namespace virtcrypt::conformance {
namespace {

using namespace test::wire_number;

test::Bytes variable_part(const KnownAnswer& known) {
  return joined({known.iv, known.source, known.digest, known.aad});
}

// dst_data_len; of a request to verify, the digest's length.
std::size_t room_of(const KnownAnswer& known) {
  return known.digest.empty() ? known.room() : known.digest.size();
}

// Lengths that are longer than the chain.
BadRequest truncated(const KnownAnswer& known, std::size_t missing) {
  BadRequest bad{fmt::format("{} with {} bytes missing", known.what, missing), known, well_formed(known)};
  bad.raw.fixed = session_fixed_part(known, known.source.size() + missing, room_of(known));
  return bad;
}

// No place for the result but for the status.
BadRequest without_room(const KnownAnswer& known) {
  BadRequest bad{fmt::format("{} without room for the result", known.what), known, well_formed(known)};
  bad.raw.writable_bytes = 0;
  return bad;
}

bool has_blocks(const KnownAnswer& known) {
  return known.algorithm == kAesCbc || known.algorithm == kAesEcb;
}

// Half a block, and an IV that is none.
std::vector<BadRequest> failing_ciphers(const CryptoBench& bench) {
  std::vector<BadRequest> all;
  for (KnownAnswer known : bench.offered(Kind::kCipher)) {
    if (!has_blocks(known) || known.op != kEncrypt) continue;
    known.source.resize(known.source.size() - 1);
    known.result.resize(known.source.size());
    all.push_back({fmt::format("{} with a partial block", known.what), known, well_formed(known)});
    if (known.algorithm != kAesCbc) continue;
    known.source.push_back({});
    known.result.push_back({});
    known.iv.resize(known.iv.size() - 1);
    all.push_back({fmt::format("{} with a short IV", known.what), known, well_formed(known)});
    return all;
  }
  return all;
}

// A ciphertext that is shorter than its tag.
std::vector<BadRequest> failing_aeads(const CryptoBench& bench) {
  std::vector<BadRequest> all;
  for (KnownAnswer known : bench.offered(Kind::kAead)) {
    if (known.op != kDecrypt || !known.is_settled) continue;
    known.source.resize(known.tag_bytes - 1);
    known.result.clear();
    all.push_back({fmt::format("{} of less than a tag", known.what), known, well_formed(known)});
    break;
  }
  return all;
}

// Raw RSA of more than the modulus.
std::vector<BadRequest> failing_akciphers(const CryptoBench& bench) {
  std::vector<BadRequest> all;
  for (KnownAnswer known : bench.offered(Kind::kAkcipher)) {
    if (known.opcode != kAkcipherEncrypt) continue;
    known.source.assign(known.source.size(), std::byte{0xFF});
    all.push_back({fmt::format("{} of a number above the modulus", known.what), known, well_formed(known)});
  }
  return all;
}

void append(std::vector<BadRequest>& all, const std::vector<BadRequest>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

BadRequest with_opcode(const KnownAnswer& known, std::uint32_t opcode) {
  BadRequest bad{fmt::format("{} by the opcode {:#x}", known.what, opcode), known, well_formed(known)};
  bad.raw.opcode = opcode;
  return bad;
}

// Lengths that nothing in the chain agrees with.
BadRequest with_lengths(const KnownAnswer& known, std::size_t source, std::size_t room) {
  BadRequest bad{fmt::format("{} with lengths {:#x} and {:#x}", known.what, source, room), known,
                 well_formed(known)};
  bad.raw.fixed = session_fixed_part(known, source, room);
  return bad;
}

}  // namespace

std::uint32_t service_of(Kind kind) {
  return kind == Kind::kChain ? service::kCipher : static_cast<std::uint32_t>(kind);
}

bool is_status_of(Kind kind, std::uint8_t status) {
  switch (status) {
    case kOk:
    case kErr:
    case kNotSupp:
    case kInvSess:
      return true;
    case kBadMsg:
      return kind == Kind::kAead || kind == Kind::kAkcipher;
    case kKeyRejected:
      return kind == Kind::kAkcipher;
    default:
      return false;
  }
}

RawRequest well_formed(const KnownAnswer& known) {
  return {.opcode = known.opcode,
          .fixed = session_fixed_part(known, known.source.size(), room_of(known)),
          .variable = variable_part(known),
          .writable_bytes = known.result.size()};
}

std::vector<BadRequest> failing_requests(const CryptoBench& bench, Kind kind) {
  const KnownAnswer known = bench.offered_one(kind);
  constexpr std::size_t kMissing = 48;
  std::vector<BadRequest> all{truncated(known, kMissing), truncated(known, std::size_t{0xFFFF'FF00})};
  if (!known.result.empty()) all.push_back(without_room(known));
  if (kind == Kind::kCipher) append(all, failing_ciphers(bench));
  if (kind == Kind::kAead) append(all, failing_aeads(bench));
  if (kind == Kind::kAkcipher) append(all, failing_akciphers(bench));
  return all;
}

std::vector<BadRequest> odd_requests(const CryptoBench& bench, Kind kind) {
  std::vector<BadRequest> all = failing_requests(bench, kind);
  const KnownAnswer known = bench.offered_one(kind);
  const std::uint32_t service = known.service() << 8U;
  all.push_back({"a good request", known, well_formed(known)});
  for (const std::uint32_t operation : {0U, 1U, 2U, 3U, 6U, 0xFFU})
    all.push_back(with_opcode(known, service | operation));
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{0x8000'0000}}) {
    all.push_back(with_lengths(known, length, room_of(known)));
    all.push_back(with_lengths(known, known.source.size(), length));
  }
  return all;
}

}  // namespace virtcrypt::conformance
