#include "tests/fuzz/rfc_v2_requests.h"

#include "tests/driver/algorithm_rows.h"
#include "tests/driver/rfc_v2_requests.h"
#include "tests/fuzz/request_bytes.h"

namespace virtcrypt::fuzz {
namespace {

namespace rfc = test::rfc_v2;
using test::Bytes;

rfc::Session cipher(Reader& bytes) {
  const test::CipherRow& row = pick(bytes, test::cipher_rows());
  const Bytes key = filling(nearly(bytes, row.key_bytes), 1);
  return rfc::cipher_session(row.algorithm, key, static_cast<std::uint8_t>(1U + bytes.u8() % 2U));
}

rfc::Session plain_hash(Reader& bytes) {
  const test::HashRow& row = pick(bytes, test::hash_rows());
  return rfc::hash_session(row.algorithm, nearly(bytes, row.digest_bytes));
}

rfc::Session nested(Reader& bytes) {
  const test::HashRow& inner = pick(bytes, test::hash_rows());
  const test::HashRow& outer = pick(bytes, test::hash_rows());
  return rfc::nested_session(inner.algorithm, outer.algorithm, nearly(bytes, outer.digest_bytes),
                             filling(nearly(bytes, 64), 2), filling(nearly(bytes, 64), 3));
}

rfc::Session authenticated(Reader& bytes) {
  const test::MacRow& row = pick(bytes, test::mac_rows());
  return rfc::mac_session(row.algorithm, filling(nearly(bytes, row.key_bytes), 4),
                          nearly(bytes, row.digest_bytes));
}

rfc::Session any_hash(Reader& bytes) {
  switch (bytes.u8() % 3U) {
    case 0:
      return plain_hash(bytes);
    case 1:
      return nested(bytes);
    default:
      return authenticated(bytes);
  }
}

rfc::Session aead(Reader& bytes) {
  const test::AeadRow& row = pick(bytes, test::aead_rows());
  return rfc::aead_session(row.algorithm, filling(nearly(bytes, row.key_bytes), 5),
                           static_cast<std::uint8_t>(1U + bytes.u8() % 2U), nearly(bytes, row.tag_bytes));
}

rfc::Session any_session(Reader& bytes) {
  rfc::Session session;
  switch (bytes.u8() % 4U) {
    case 0:
      session = cipher(bytes);
      break;
    case 1:
      session = any_hash(bytes);
      break;
    case 2:
      session = aead(bytes);
      break;
    default:
      session = rfc::chain_session(1U + bytes.u8() % 2U, cipher(bytes), any_hash(bytes));
  }
  session.verify_digest = static_cast<std::uint8_t>(bytes.u8() % 8U == 1 ? 1 : 0);
  return session;
}

rfc::Data any_data(std::uint64_t session, const DriverState& state, Reader& bytes) {
  const Bytes iv = filling(nearly(bytes, 16), bytes.u8());
  Bytes source = filling(text_length(bytes, 16), bytes.u8());
  if ((bytes.u8() & 1U) != 0 && !state.last_output.empty()) source = state.last_output;
  const Bytes aad = filling(bytes.u8() % 32U, 6);
  constexpr std::size_t kDigests[] = {0, 4, 8, 12, 16, 20, 28, 32, 48, 64};
  const std::size_t room = nearly(bytes, source.size());
  rfc::Data data = rfc::data_of(session, iv, source, aad, (bytes.u8() & 1U) != 0 ? 0 : room,
                                kDigests[bytes.u8() % std::size(kDigests)]);
  const auto shift = [&](std::uint32_t& field) { field = nearly_field(bytes, field); };
  shift(data.header.cipher_start);
  shift(data.header.cipher_len);
  shift(data.header.hash_start);
  shift(data.header.hash_len);
  shift(data.header.iv_offset);
  shift(data.header.auth_offset);
  if (state.stateless) {  // here: INLINE_SESSION
    data.flags = bytes.u8() % 4U;
    if ((bytes.u8() & 1U) != 0) {
      data.session = any_session(bytes);
      data.header.session = 0;
    }
  }
  return data;
}

}  // namespace

BuiltRequest build_rfc_v2(const Target& target, const DriverState& state, bool creates, bool closes,
                          Reader& bytes) {
  BuiltRequest built;
  built.service = target.services.front();
  built.is_control = creates || closes;
  built.creates = creates;
  const auto found = state.sessions.find(built.service);
  std::uint64_t session = bytes.u8();
  if (session < 240 && found != state.sessions.end() && !found->second.empty())
    session = found->second[session % found->second.size()];
  if (creates) {
    built.request = rfc::create(any_session(bytes));
  } else if (closes) {
    built.request = rfc::close(session);
  } else {
    built.request = rfc::request(any_data(session, state, bytes));
  }
  built.text = creates ? "create" : closes ? "close" : "use";
  return built;
}

}  // namespace virtcrypt::fuzz
