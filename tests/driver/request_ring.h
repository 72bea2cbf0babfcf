// Requests through one virtqueue: places them in the memory, puts them on the ring, and takes in answers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tests/driver/driver_memory.h"
#include "tests/driver/driver_ring.h"
#include "tests/driver/request.h"

namespace virtcrypt::test {

// Puts a request's parts into memory: its chain, part after part. Writable parts are filled with a pattern.
[[nodiscard]] std::vector<Segment> place(DriverMemory& memory, const Request& request);

// An empty ring as features of `feature` say: packed or split, EVENT_IDX, IN_ORDER.
[[nodiscard]] std::unique_ptr<DriverRing> make_ring(DriverMemory& memory, std::uint16_t size,
                                                    std::uint64_t features);

// Thread-safety: one driver thread, which shares the memory with no other.
class RequestRing {
 public:
  RequestRing(DriverMemory& memory, std::unique_ptr<DriverRing> ring)
      : memory_(memory), ring_(std::move(ring)) {}

  [[nodiscard]] DriverRing& ring() { return *ring_; }

  // Puts the request on the ring and returns its head; the caller then notifies if ring().needs_kick().
  // Throws std::runtime_error when the ring is full.
  std::uint16_t add(const Request& request);

  // Takes in what came back, and asks for an interrupt with the next.
  void collect();

  // The answer for a head, once, if it is back.
  [[nodiscard]] std::optional<Answer> take(std::uint16_t head);
  [[nodiscard]] bool is_back(std::uint16_t head) const { return answers_.count(head) != 0; }
  [[nodiscard]] bool is_idle() const { return pending_.empty(); }
  // Requests and answers are lost, as when the queue has been reset.
  void forget();

 private:
  DriverMemory& memory_;
  std::unique_ptr<DriverRing> ring_;
  std::map<std::uint16_t, std::vector<Segment>> pending_;  // writable segments of a head
  std::map<std::uint16_t, Answer> answers_;
};

}  // namespace virtcrypt::test
