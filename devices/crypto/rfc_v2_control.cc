#include "virtcrypt/devices/crypto/rfc_v2_control.h"

#include <optional>
#include <utility>

#include "virtcrypt/devices/crypto/rfc_v2_session.h"
#include "virtcrypt/devices/crypto/wire_rfc_v2.h"

namespace virtcrypt::devices::crypto_dev::rfc_v2 {
namespace {

namespace wire = wire_rfc_v2;
using Action = decltype(ControlRequest::action);

// How the answer to a control request looks (ControlRequest::answer_form).
enum AnswerForm : std::uint8_t {
  kAnswerStatus,  // one byte: draft, G-23
  kAnswerCreate,  // CreateAnswer
};

Action parse_create(virtio::ReadCursor& reader, const Terms& terms, Refusal& refusal) {
  CreateSession create;
  auto session = parse_session(reader, terms, create.key);
  if (!session) {
    refusal = session.error();
    return RequestStatus::kError;
  }
  create.parameters = session->parameters;
  create.note = session->note;
  return create;
}

// draft, G-24
Action parse_close(virtio::ReadCursor& reader, Refusal& refusal) {
  const auto id = reader.read_object<wire::Le64>();
  if (!id) {
    refusal = {.field = "readable bytes of session_id", .value = reader.remaining()};
    return RequestStatus::kError;
  }
  return DestroySession{.id = *id, .service = std::nullopt};
}

// draft, G-54: without room for the answer nobody could learn of the outcome: nothing is done.
bool has_room(std::uint64_t room, std::uint64_t least, ControlRequest& request) {
  if (room >= least) return true;
  request.refusal = {.field = "writable bytes", .value = room};
  return false;
}

}  // namespace

ControlRequest parse_control(const virtio::DescriptorChain& chain, const Terms& terms) {
  ControlRequest request;
  const std::uint64_t room = chain.writable_bytes();
  // draft, G-25: where the type does not tell, the room decides.
  if (room >= sizeof(wire::CreateAnswer)) request.answer_form = kAnswerCreate;
  virtio::ReadCursor reader = chain.reader();
  const auto type = reader.read_object<std::uint8_t>();
  if (!type) {
    request.refusal = {.field = "readable bytes", .value = 0};
  } else if (*type == wire::kCreateSession) {
    if (has_room(room, sizeof(wire::CreateAnswer), request))
      request.action = parse_create(reader, terms, request.refusal);
  } else if (*type == wire::kCloseSession) {
    request.answer_form = kAnswerStatus;
    if (has_room(room, 1, request)) request.action = parse_close(reader, request.refusal);
  } else {
    request.refusal = {.field = "type", .value = *type};
  }
  return request;
}

std::uint32_t write_control_answer(const ControlRequest& request, std::uint8_t wire_status,
                                   std::uint64_t session_id, const virtio::DescriptorChain& chain) {
  virtio::WriteCursor cursor = chain.writer();
  const bool written =
      request.answer_form == kAnswerCreate
          ? cursor.write_object(wire::CreateAnswer{.status = wire_status, .session_id = session_id})
          : cursor.write_object(wire_status);
  if (!written) return 0;  // no room for a status
  cursor.fill_zero(cursor.remaining());
  return static_cast<std::uint32_t>(chain.writable_bytes());
}

}  // namespace virtcrypt::devices::crypto_dev::rfc_v2
