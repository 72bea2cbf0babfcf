// A request, with R the readable and W the writable part (* with INLINE_SESSION only):
//
//   R  header | flags* | session fields and keys*           | M: source_len bytes | ignored
//   W  len_to_cipher bytes of cipher output | zeros | digest or tag | session_id* | status
#include "virtcrypt/devices/crypto/rfc_v2_data.h"

#include <cstring>
#include <string_view>
#include <vector>

#include "virtcrypt/devices/crypto/rfc_v2_session.h"
#include "virtcrypt/devices/crypto/wire_rfc_v2.h"

namespace virtcrypt::devices::crypto_dev::rfc_v2 {
namespace {

namespace wire = wire_rfc_v2;
using crypto::OperationKind;
using crypto::Service;

static_assert(sizeof(wire::DataHeader) <= DataRequest::kMaxHeaderBytes);

// A request's header, which was copied out of guest memory once.
wire::DataHeader header_of(const DataRequest& request) {
  wire::DataHeader header;
  std::memcpy(&header, request.header.data(), sizeof header);
  return header;
}

RequestStatus refuse(DataRequest& request, std::string_view field, std::uint64_t value) {
  request.refusal = {.field = field, .value = value};
  return RequestStatus::kError;
}

// Bytes of the writable part behind the digest.
std::uint64_t trailer_bytes(const DataRequest& request) {
  return request.answers_session_id ? sizeof(wire::Le64) + 1 : 1;
}

// What INLINE_SESSION puts behind the header.
RequestStatus parse_inline(virtio::ReadCursor& reader, const Terms& terms, DataRequest& request) {
  const auto inline_flags = reader.read_object<wire::InlineFlags>();
  if (!inline_flags) return refuse(request, "readable bytes behind the header", reader.remaining());
  const std::uint32_t flags = inline_flags->flags;
  if ((flags & ~wire::kEndOfSession) != 0) return refuse(request, "flags", flags);
  const bool ends = (flags & wire::kEndOfSession) != 0;
  if (request.session_id != 0) {
    request.ends_session = ends;
    return RequestStatus::kOk;
  }
  request.answers_session_id = true;
  auto session = parse_session(reader, terms, request.key);
  if (!session) {
    request.refusal = session.error();
    return RequestStatus::kError;
  }
  request.parameters = session->parameters;
  request.note = session->note;
  request.stateless = true;
  request.keeps_session = !ends;
  return RequestStatus::kOk;
}

// Finds the parts of one request. Every step returns false when it is to be refused, with the field noted.
class Fitter {
 public:
  Fitter(const virtio::DescriptorChain& chain, const Terms& terms, const SessionNote& note,
         DataRequest& request)
      : terms_(terms),
        note_(note),
        request_(request),
        header_(header_of(request)),
        memory_(chain.reader()),
        writable_(chain.writable_bytes()),
        writer_(chain.writer()) {}

  [[nodiscard]] bool fit(Service service);

 private:
  [[nodiscard]] bool rooms(Service service);
  [[nodiscard]] bool cipher();
  [[nodiscard]] bool hash();
  [[nodiscard]] bool chain();
  [[nodiscard]] bool aead();
  [[nodiscard]] bool iv();
  [[nodiscard]] bool aad(std::vector<std::span<const std::byte>>& pieces);
  [[nodiscard]] bool cipher_range();
  [[nodiscard]] bool hash_range();
  [[nodiscard]] bool expected_digest();
  [[nodiscard]] bool take(std::uint64_t offset, std::uint64_t bytes,
                          std::vector<std::span<const std::byte>>& pieces) const;
  [[nodiscard]] bool inside(std::string_view offset_name, std::uint64_t offset, std::string_view length_name,
                            std::uint64_t bytes);
  [[nodiscard]] bool no(std::string_view field, std::uint64_t value) {
    return refuse(request_, field, value) == RequestStatus::kOk;
  }

  const Terms& terms_;
  const SessionNote& note_;
  DataRequest& request_;
  const wire::DataHeader header_;
  virtio::ReadCursor memory_;  // M, once rooms() has said yes
  const std::uint64_t writable_;
  virtio::WriteCursor writer_;
  std::uint64_t destination_bytes_ = 0;
  std::uint64_t digest_bytes_ = 0;  // handed out
};

bool Fitter::fit(Service service) {
  request_.service = service;
  request_.kind = note_.kind;
  if (!rooms(service)) return false;
  switch (service) {
    case Service::kCipher:
      return cipher();
    case Service::kHash:
    case Service::kMac:
      return hash();
    case Service::kChain:
      return chain();
    case Service::kAead:
      return aead();
    case Service::kAkcipher:
      break;  // the draft has none
  }
  return no("op_type", static_cast<std::uint64_t>(service));
}

// draft, G-09, G-11, G-36, G-57
bool Fitter::rooms(Service service) {
  const std::uint64_t source_bytes = header_.source_len;
  if (!memory_.skip(request_.text_offset) || source_bytes > memory_.remaining())
    return no("source_len", source_bytes);
  request_.source_bytes = source_bytes;
  const bool has_digest = service != Service::kCipher && !note_.verifies;
  digest_bytes_ = has_digest ? note_.digest_bytes : 0;
  request_.trailing_bytes = digest_bytes_;
  const std::uint64_t behind = digest_bytes_ + trailer_bytes(request_);
  if (writable_ < behind) return no("writable bytes", writable_);
  destination_bytes_ = writable_ - behind;
  const std::uint64_t size = source_bytes + destination_bytes_ + digest_bytes_;
  return size <= terms_.limits.max_size || no("bytes of source and destination", size);
}

// draft, G-22, G-53: the hash's fields are ignored, AAD among them.
bool Fitter::cipher() {
  return iv() && cipher_range() &&
         take(header_.cipher_start_src_offset, header_.len_to_cipher, request_.input) &&
         writer_.take(header_.len_to_cipher, request_.output);
}

// draft, G-22: there is no cipher output, the destination is zeros.
bool Fitter::hash() {
  if (!aad(request_.input) || !hash_range() ||
      !take(header_.hash_start_src_offset, header_.len_to_hash, request_.input)) {
    return false;
  }
  if (note_.verifies) return expected_digest();
  writer_.skip(destination_bytes_);
  return writer_.take(digest_bytes_, request_.output);
}

bool Fitter::chain() {
  request_.ranges = {.cipher_offset = header_.cipher_start_src_offset,
                     .cipher_bytes = header_.len_to_cipher,
                     .hash_offset = header_.hash_start_src_offset,
                     .hash_bytes = header_.len_to_hash};
  if (!iv() || !cipher_range() || !hash_range() || !aad(request_.aad) ||
      !take(0, header_.source_len, request_.input) || !writer_.take(header_.len_to_cipher, request_.output)) {
    return false;
  }
  if (note_.verifies) return expected_digest();
  writer_.skip(destination_bytes_ - header_.len_to_cipher);
  return writer_.take(digest_bytes_, request_.digest_output);
}

// draft, G-14: the tag stands behind the cipher's range on the way in, in the digest's place on the way out.
bool Fitter::aead() {
  request_.tag_bytes = note_.digest_bytes;
  const std::uint64_t text_bytes = header_.len_to_cipher;
  const std::uint64_t tag_bytes = note_.verifies ? note_.digest_bytes : 0;
  if (!iv() || !cipher_range() || !aad(request_.aad)) return false;
  if (header_.cipher_start_src_offset + text_bytes + tag_bytes > header_.source_len)
    return no("len_to_cipher without its tag", text_bytes);
  if (!take(header_.cipher_start_src_offset, text_bytes + tag_bytes, request_.input) ||
      !writer_.take(text_bytes, request_.output)) {
    return false;
  }
  writer_.skip(destination_bytes_ - text_bytes);
  return writer_.take(digest_bytes_, request_.output);
}

// draft, G-16
bool Fitter::iv() {
  const std::uint32_t bytes = header_.iv_len;
  if (bytes < note_.least_iv_bytes || bytes > note_.most_iv_bytes || bytes > request_.iv.size())
    return no("iv_len", bytes);
  if (!inside("iv_offset", header_.iv_offset, "iv_len", bytes)) return false;
  virtio::ReadCursor reader = memory_;
  request_.iv_bytes = bytes;
  return reader.skip(header_.iv_offset) && reader.read(std::span(request_.iv).first(bytes));
}

// draft, G-15, G-18
bool Fitter::aad(std::vector<std::span<const std::byte>>& pieces) {
  const std::uint32_t bytes = header_.auth_len;
  const bool too_long = note_.max_aad_bytes != 0 && bytes > note_.max_aad_bytes;
  if (too_long || (bytes != 0 && !note_.takes_aad)) return no("auth_len", bytes);
  return inside("additional_auth_offset", header_.additional_auth_offset, "auth_len", bytes) &&
         take(header_.additional_auth_offset, bytes, pieces);
}

// draft, G-11, G-12
bool Fitter::cipher_range() {
  const std::uint32_t bytes = header_.len_to_cipher;
  if (!inside("cipher_start_src_offset", header_.cipher_start_src_offset, "len_to_cipher", bytes))
    return false;
  if (bytes % note_.block_bytes != 0 || bytes < note_.least_text_bytes) return no("len_to_cipher", bytes);
  if (bytes > destination_bytes_) return no("writable bytes", writable_);
  request_.result_room = bytes;
  return true;
}

bool Fitter::hash_range() {
  return inside("hash_start_src_offset", header_.hash_start_src_offset, "len_to_hash", header_.len_to_hash);
}

// draft, G-13. Its length is bounded by what the session was allowed.
bool Fitter::expected_digest() {
  const std::uint64_t offset = std::uint64_t{header_.hash_start_src_offset} + header_.len_to_hash;
  if (offset + note_.digest_bytes > header_.source_len)
    return no("len_to_hash without its digest", header_.len_to_hash);
  virtio::ReadCursor reader = memory_;
  request_.digest.resize(note_.digest_bytes);
  return reader.skip(offset) && reader.read(request_.digest);
}

bool Fitter::take(std::uint64_t offset, std::uint64_t bytes,
                  std::vector<std::span<const std::byte>>& pieces) const {
  virtio::ReadCursor reader = memory_;
  return reader.skip(offset) && reader.take(bytes, pieces);
}

// draft, G-09, G-52: in 64 bits, and whatever the length.
bool Fitter::inside(std::string_view offset_name, std::uint64_t offset, std::string_view length_name,
                    std::uint64_t bytes) {
  const std::uint64_t most = header_.source_len;
  if (bytes > most) return no(length_name, bytes);
  return offset + bytes <= most || no(offset_name, offset);
}

}  // namespace

RequestStatus parse_header(const virtio::DescriptorChain& chain, const Terms& terms, DataRequest& request) {
  virtio::ReadCursor reader = chain.reader();
  const auto header = reader.read_object<wire::DataHeader>();
  if (!header) return refuse(request, "readable bytes", chain.readable_bytes());
  std::memcpy(request.header.data(), &*header, sizeof *header);
  request.session_id = header->session_id;
  if (chain.writable_bytes() == 0) return refuse(request, "writable bytes", 0);  // no room for the status
  if (terms.negotiated.has_bit(wire::kFeatureInlineSession)) {
    const RequestStatus status = parse_inline(reader, terms, request);
    if (status != RequestStatus::kOk) return status;
    // Without room for its id nobody could close a session.
    if (chain.writable_bytes() < trailer_bytes(request))
      return refuse(request, "writable bytes", chain.writable_bytes());
  }
  request.text_offset = chain.readable_bytes() - reader.remaining();
  return RequestStatus::kOk;
}

RequestStatus fit_to_session(const virtio::DescriptorChain& chain, const Terms& terms,
                             const crypto::Session& session, const SessionNote& note, DataRequest& request) {
  return Fitter(chain, terms, note, request).fit(session.service()) ? RequestStatus::kOk
                                                                    : RequestStatus::kError;
}

// draft, G-12, G-37, G-41: what holds no result is zeros, all of it when there is none.
std::uint32_t write_data_answer(const DataRequest& request, std::uint8_t wire_status,
                                const virtio::DescriptorChain& chain) {
  const std::uint64_t writable = chain.writable_bytes();
  if (writable == 0) return 0;
  const bool has_id = request.answers_session_id && writable >= trailer_bytes(request);
  const std::uint64_t before_trailer = writable - (has_id ? trailer_bytes(request) : 1);
  virtio::WriteCursor cursor = chain.writer();
  if (wire_status == wire::kStatusOk) {
    cursor.skip(request.result_room);
    cursor.fill_zero(before_trailer - request.result_room - request.trailing_bytes);
    cursor.skip(request.trailing_bytes);
  } else {
    cursor.fill_zero(before_trailer);
  }
  if (has_id && !cursor.write_object(wire::Le64(request.new_session_id))) return 0;
  return cursor.write_object(wire_status) ? static_cast<std::uint32_t>(writable) : 0;
}

}  // namespace virtcrypt::devices::crypto_dev::rfc_v2
