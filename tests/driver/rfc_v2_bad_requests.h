// What a driver of the draft can get wrong in one field: each is refused with ERR, and the device says which
// field it was.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/driver/rfc_v2_requests.h"

namespace virtcrypt::test::rfc_v2 {

struct BadSession {
  std::string logged;  // the field and its value, as the device logs them
  Session session;
};
[[nodiscard]] std::vector<BadSession> bad_sessions();

struct BadData {
  std::string logged;
  Session session;
  std::function<void(Data&)> change;  // of cbc_data()
};
[[nodiscard]] std::vector<BadData> bad_data();

}  // namespace virtcrypt::test::rfc_v2
