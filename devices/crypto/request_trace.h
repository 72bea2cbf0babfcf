// Writes every request of a device down, decoded, with its answer and the time it took.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "virtcrypt/devices/crypto/dialect.h"
#include "virtcrypt/virtio/descriptor_chain.h"

namespace virtcrypt::devices::crypto_dev {

// The fields of a request that was popped, from a copy.
[[nodiscard]] DecodedRequest decode(const virtio::DescriptorChain& chain, bool is_control,
                                    const Dialect& dialect, const Terms& terms);

// Appends what a request holds: the lengths of its descriptors, its fields, and its parts; the parts' bytes
// with `payload` alone, the first kMostPayloadBytes of each.
void append_request(std::string& text, const DecodedRequest& request, const virtio::DescriptorChain& chain,
                    bool payload);

// Thread-safety: any thread; `write` is called from all threads of the device.
class RequestTrace {
 public:
  // `write` gets the text of one request, several lines. Text, results and keys are among it only with
  // `payload`, the first kMostPayloadBytes of each part.
  using Write = std::function<void(std::string_view)>;
  explicit RequestTrace(Write write, bool payload = false);

  static constexpr std::size_t kMostPayloadBytes = 4096;

  // A request on its way. Its text is begun from a copy of the fields, before the device works on them.
  struct Begun {
    std::string text;
    std::chrono::steady_clock::time_point since;
  };
  [[nodiscard]] std::unique_ptr<Begun> begin(std::string_view device, std::string_view queue, bool is_control,
                                             const virtio::DescriptorChain& chain, const Dialect& dialect,
                                             const Terms& terms);

  // The answer stands in the chain's writable part; `written` is the used length.
  void end(Begun& begun, RequestStatus status, const Refusal& refusal, std::uint32_t written,
           const virtio::DescriptorChain& chain);
  // The request was dropped by a reset.
  void drop(Begun& begun);

 private:
  void finish(Begun& begun, std::string_view outcome);

  const Write write_;
  const bool payload_;
  const std::chrono::steady_clock::time_point start_;
  std::atomic<std::uint64_t> number_{0};
};

}  // namespace virtcrypt::devices::crypto_dev
