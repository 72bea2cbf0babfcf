// Memory for keys: pages that core dumps leave out (MADV_DONTDUMP), wiped before anything else can use them.
// Sessions, the ciphers in them, and all heap memory of Crypto++ lie there.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <cryptopp/cryptlib.h>

namespace virtcrypt::crypto {

// At least 16-byte aligned. Throws std::bad_alloc. Thread-safety: both from any thread, whichever allocated.
// With a sanitizer it is the ordinary heap, which finds more faults.
[[nodiscard]] void* allocate_key_memory(std::size_t bytes);
void release_key_memory(void* memory) noexcept;

// What all of it takes of the host's memory, in bytes: now, and at most since the last call. Pages of blocks
// up to 8 KiB are kept for reuse. With a sanitizer nothing. Any thread.
struct KeyMemoryUse {
  std::size_t bytes = 0;
  std::size_t most_bytes = 0;
};
[[nodiscard]] KeyMemoryUse take_key_memory_use();

// For containers and std::allocate_shared.
template <typename T>
struct KeyAllocator {
  using value_type = T;
  KeyAllocator() = default;
  template <typename Other>
  KeyAllocator(const KeyAllocator<Other>&) {}
  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(alignof(T) <= 16);
    if (count > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_alloc();
    return static_cast<T*>(allocate_key_memory(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t) noexcept { release_key_memory(memory); }
  friend bool operator==(const KeyAllocator&, const KeyAllocator&) { return true; }
};

// A session of type `Some` there.
template <typename Some, typename... Arguments>
[[nodiscard]] std::shared_ptr<const Some> make_session(Arguments&&... arguments) {
  return std::allocate_shared<const Some>(KeyAllocator<Some>(), std::forward<Arguments>(arguments)...);
}

// An `Object` of Crypto++ that lies there when it is made with new, copies of it as well.
template <typename Object>
class InKeyMemory final : public Object {
 public:
  using Object::Object;
  [[nodiscard]] static void* operator new(std::size_t bytes) { return allocate_key_memory(bytes); }
  static void operator delete(void* memory) { release_key_memory(memory); }
  [[nodiscard]] CryptoPP::Clonable* Clone() const override { return new InKeyMemory(*this); }
};

}  // namespace virtcrypt::crypto
