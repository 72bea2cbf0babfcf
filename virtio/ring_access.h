// How the ring formats reach fields of a ring in guest memory: every access is one atomic load or store.
#pragma once

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "virtcrypt/virtio/endian.h"

namespace virtcrypt::virtio {

// `area` and `offset` are aligned for Integer: queues check their areas when they are made.
template <std::unsigned_integral Integer>
[[nodiscard]] Integer load_field(std::span<std::byte> area, std::size_t offset, std::memory_order order) {
  auto& field = *reinterpret_cast<Integer*>(area.data() + offset);
  return little_endian(std::atomic_ref(field).load(order));
}

template <std::unsigned_integral Integer>
void store_field(std::span<std::byte> area, std::size_t offset, Integer value, std::memory_order order) {
  auto& field = *reinterpret_cast<Integer*>(area.data() + offset);
  std::atomic_ref(field).store(little_endian(value), order);
}

// Guest RAM is mapped page by page, so alignment in the guest is alignment here; a foreign memory table may
// differ.
[[nodiscard]] inline bool is_aligned(const std::span<std::byte>& area, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(area.data()) % alignment == 0;
}

}  // namespace virtcrypt::virtio
