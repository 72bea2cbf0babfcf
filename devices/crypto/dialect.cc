#include "virtcrypt/devices/crypto/dialect.h"

namespace virtcrypt::devices::crypto_dev {

void DataRequest::reset() {
  status = RequestStatus::kError;
  refusal.field = {};
  refusal.value = 0;
  if (stateless) {
    parameters = {};
    note = {};
  }
  stateless = false;
  if (!key.empty()) key = {};
  keeps_session = false;
  new_session_id = 0;
  answers_session_id = false;
  ends_session = false;
  session_id = 0;
  service = crypto::Service::kCipher;
  kind = crypto::OperationKind::kEncrypt;
  input.clear();
  aad.clear();
  output.clear();
  digest_output.clear();
  ranges = {};
  iv_bytes = 0;
  tag_bytes = 0;
  source_bytes = 0;
  digest.clear();
  result_room = 0;
  trailing_bytes = 0;
  text_offset = 0;
}

}  // namespace virtcrypt::devices::crypto_dev
