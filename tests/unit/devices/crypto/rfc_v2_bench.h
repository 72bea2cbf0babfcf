// A device that speaks the draft, and short ways to have something done by it.
#pragma once

#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <spdlog/sinks/sink.h>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/rfc_v2_requests.h"

namespace virtcrypt::test::rfc_v2 {

// Without threads; with INLINE_SESSION when that is asked for.
[[nodiscard]] devices::crypto_dev::DeviceOptions draft_device(std::uint16_t data_queues = 1,
                                                              bool inline_sessions = false);

// What a driver accepts of the draft on top of the usual; without MQ for one data queue.
[[nodiscard]] DriverOptions draft_driver(std::uint64_t features = kFeatureStatus | kFeatureAlgs,
                                         bool packed = false);

class Bench {
 public:
  explicit Bench(const devices::crypto_dev::DeviceOptions& device = draft_device(),
                 const DriverOptions& options = draft_driver())
      : driver(device, options) {}

  struct Created {
    std::uint8_t status;
    std::uint64_t id;
  };
  Created create(const Session& session);
  std::uint64_t open(const Session& session);  // throws when it is refused
  std::uint8_t close(std::uint64_t id);
  Answer call(const Data& data, std::uint16_t queue = 0) { return driver.call(queue, request(data)); }
  // Does a request and says what stands before the status; throws unless that is OK.
  Bytes result(const Data& data, std::uint16_t queue = 0);
  // A session for one request.
  Bytes once(const Session& session, Data data);

  CryptoDriver driver;
};

// Lines that the devices log, debug messages among them, as long as it lives. Make it behind the device.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  // Those since the last call.
  std::vector<std::string> take();

 private:
  std::vector<spdlog::sink_ptr> sinks_;
  int level_;
  std::ostringstream stream_;
};

}  // namespace virtcrypt::test::rfc_v2
