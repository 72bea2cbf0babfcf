// Tables of algorithms. A row holds what an engine announces of an algorithm as its `capability`, and
// whatever the engine needs to carry it out; announcing, accepting and executing all start from the same row.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace virtcrypt::crypto {

// The announced part of a table.
template <typename Row, std::size_t kRows>
[[nodiscard]] constexpr auto capabilities_of(const std::array<Row, kRows>& rows) {
  std::array<decltype(Row::capability), kRows> capabilities{};
  std::transform(rows.begin(), rows.end(), capabilities.begin(),
                 [](const Row& row) { return row.capability; });
  return capabilities;
}

// The row of an algorithm; null when there is none.
template <typename Row, std::size_t kRows, typename Algorithm>
[[nodiscard]] const Row* find_row(const std::array<Row, kRows>& rows, Algorithm algorithm) {
  const auto* const row = std::find_if(rows.begin(), rows.end(), [algorithm](const Row& some) {
    return some.capability.algorithm == algorithm;
  });
  return row == rows.end() ? nullptr : row;
}

template <typename Capability, typename Rows>
void append(std::vector<Capability>& table, const Rows& rows) {
  table.insert(table.end(), rows.begin(), rows.end());
}

}  // namespace virtcrypt::crypto
