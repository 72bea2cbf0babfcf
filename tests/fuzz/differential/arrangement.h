// The texts of one request in memory, laid out as it says.
#pragma once

#include <cstddef>
#include <list>
#include <span>
#include <vector>

#include "tests/fuzz/differential/request.h"
#include "tests/fuzz/differential/run_alone.h"

namespace virtcrypt::fuzz {

// Neither moves nor copies; lives as long as operations that it gave out. `request` outlives it.
class Arrangement {
 public:
  Arrangement(const Request& request, const MemoryLayout& layout);
  Arrangement(const Arrangement&) = delete;
  Arrangement& operator=(const Arrangement&) = delete;

  [[nodiscard]] crypto::Operation operation(const crypto::Session& session) const;
  // What there is after `executed`, which is an operation from here.
  [[nodiscard]] Answer answer(const crypto::Operation& executed) const;
  // False when what an engine may only read was changed; the input only where no output lies on it.
  [[nodiscard]] bool texts_are_unchanged() const;

 private:
  using Input = std::vector<std::span<const std::byte>>;
  using Output = std::vector<std::span<std::byte>>;

  std::span<std::byte> block(std::size_t bytes);
  Input separate_pieces(const Bytes& content, const std::vector<std::size_t>& lengths);
  Output separate_room(std::size_t bytes, const std::vector<std::size_t>& lengths);
  void lay_in_place(const MemoryLayout& layout);
  void lay_shifted(const MemoryLayout& layout);

  const Request& request_;
  const Placement placement_;
  std::list<Bytes> blocks_;  // each as long as it has to be, so that AddressSanitizer sees what goes beyond
  Input input_, aad_;
  Output output_, digest_;
};

}  // namespace virtcrypt::fuzz
