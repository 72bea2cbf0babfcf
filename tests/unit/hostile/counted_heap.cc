#include "tests/unit/hostile/counted_heap.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include <malloc.h>

#include "virtcrypt/crypto/key_memory.h"

namespace {

std::atomic<std::size_t> in_use{0}, most{0};

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const std::size_t bytes = ::malloc_usable_size(memory);
  const std::size_t now = in_use.fetch_add(bytes) + bytes;
  std::size_t before = most.load();
  while (now > before && !most.compare_exchange_weak(before, now)) {
  }
  return memory;
}

void uncounted(void* memory) {
  if (memory != nullptr) in_use.fetch_sub(::malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

// All others of the standard library end in these.
void* operator new(std::size_t bytes) {
  return counted(std::malloc(bytes));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(
      ::aligned_alloc(static_cast<std::size_t>(alignment), (bytes + static_cast<std::size_t>(alignment) - 1) /
                                                               static_cast<std::size_t>(alignment) *
                                                               static_cast<std::size_t>(alignment)));
}
void operator delete(void* memory) noexcept {
  uncounted(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  uncounted(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  uncounted(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  uncounted(memory);
}

namespace virtcrypt::test {

std::size_t heap_bytes() {
  return in_use.load();
}

PeakHeap::PeakHeap() : before_(in_use.load()), key_before_(crypto::take_key_memory_use().bytes) {
  most.store(before_);
}

std::size_t PeakHeap::bytes() const {
  return most.load() - before_;
}

std::size_t PeakHeap::key_bytes() const {
  return crypto::take_key_memory_use().most_bytes - key_before_;
}

}  // namespace virtcrypt::test
