// Judges a driver of a crypto device: transport and rings as virtio::DriverCheck does, and, where it speaks
// the standard, its requests and its use of configuration space (VIRTIO 1.4, 5.9).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "virtcrypt/crypto/session.h"
#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/virtio/descriptor_chain.h"
#include "virtcrypt/virtio/driver_check/driver_check.h"

namespace virtcrypt::devices::crypto_dev {

// One for each device; shown what the device sees by its transport and its queues. It knows the requests of
// the standard dialect; of another's only transport and rings are judged. Thread-safety: any thread.
class DriverCheck final : public virtio::DriverCheck {
 public:
  // `device`: its name, for evidence. `queue_size`: the largest of its queues' sizes. `verdicts` outlives the
  // object.
  DriverCheck(virtio::DriverVerdicts& verdicts, std::string device, const Dialect& dialect,
              std::uint16_t queue_size);

  // What has to be known of a request until it is answered.
  struct Taken {
    std::optional<crypto::Service> service;  // nothing: no known one
    bool is_chain = false;
    bool is_create = false;
    std::optional<std::uint64_t> destroys;
    bool is_too_big = false;
  };
  // A request that was popped, before the device works on it.
  [[nodiscard]] Taken taken(std::string_view queue, bool is_control, const virtio::DescriptorChain& chain,
                            const Terms& terms);
  // Before its answer is shown to the driver. `session`: the new one's id.
  void answered(const Taken& request, RequestStatus status, std::uint64_t session = 0);

  void common_written(const virtio::RegisterAccess& access, const virtio::DriverView& before,
                      const virtio::DriverView& after) override;
  void device_config_read(const virtio::RegisterAccess& access) override;
  void reset_done() override;

  // Every statement that a rule can find violated: of transport and rings, and of requests.
  [[nodiscard]] static std::span<const std::string_view> request_statements();

 private:
  // A request under judgement.
  struct Subject {
    std::string_view queue;
    const virtio::DescriptorChain& chain;
    const DecodedRequest& decoded;
    const Terms& terms;
    std::optional<crypto::Service> service;
  };
  struct LiveSession {
    crypto::Service service;
    bool is_chain;
  };

  void judge(std::string_view statement, bool is_kept, const Subject& subject, std::string_view what);
  void judge_first_request();
  void judge_config_fields();
  void judge_readiness(const Subject& subject);
  void judge_patience(const Subject& subject);
  void judge_control(const Subject& subject, Taken& taken);
  void judge_create(const Subject& subject, Taken& taken);
  void judge_destroy(const Subject& subject, Taken& taken);
  void judge_data(const Subject& subject, Taken& taken);
  void judge_mode(const Subject& subject);
  void judge_session(const Subject& subject);
  void judge_stateless(const Subject& subject);
  void judge_symmetric_layout(const Subject& subject);
  void judge_key_lengths(const Subject& subject);
  void judge_size(const Subject& subject, Taken& taken);
  [[nodiscard]] const LiveSession* live(std::uint64_t id) const;

  virtio::DriverVerdicts& verdicts_;
  const std::string device_;
  const Dialect& dialect_;
  const bool judges_requests_;
  const std::uint16_t queue_size_;

  std::mutex mutex_;
  // Under mutex_:
  std::uint32_t words_read_ = 0;  // of configuration space, a bit for each 4 bytes, since power-on
  std::optional<std::uint32_t> status_read_;  // as it was last read
  bool status_read_since_reset_ = true;
  std::optional<std::uint32_t> services_read_;
  bool is_first_request_ = true;  // since the last reset
  std::uint16_t queue_count_ = 1;
  // A request was failed for its size: how many more the driver may have sent before it could know.
  std::optional<std::uint64_t> patience_;
  std::map<std::uint64_t, LiveSession> sessions_;  // no more than the device keeps
};

}  // namespace virtcrypt::devices::crypto_dev
