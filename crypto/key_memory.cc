#include "virtcrypt/crypto/key_memory.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include <cryptopp/allocate.h>
#include <sys/mman.h>

#include "virtcrypt/crypto/sanitizers.h"

namespace virtcrypt::crypto {

// Sanitizers watch the heap, not memory that a program hands out itself.
#if VIRTCRYPT_ASAN || VIRTCRYPT_TSAN

void* allocate_key_memory(std::size_t bytes) {
  return ::operator new(bytes);
}

void release_key_memory(void* memory) noexcept {
  ::operator delete(memory);
}

KeyMemoryUse take_key_memory_use() {
  return {};
}

#else

namespace {

// Blocks of one size fill a slab; what is longer than the largest size has a mapping of its own. Both begin
// with a header at an address that the block's own address tells.
constexpr std::size_t kSlabBytes = std::size_t{64} << 10;
constexpr std::size_t kMappedAtOnce = std::size_t{1} << 20;
constexpr std::size_t kHeaderBytes = 64;
constexpr std::size_t kLeastBlock = 64;
constexpr std::size_t kMostBlock = 8192;
constexpr std::size_t kSizes = std::bit_width(kMostBlock) - std::bit_width(kLeastBlock) + 1;

struct Header {
  std::size_t mapped_bytes;  // of a block with a mapping of its own; else 0
  std::size_t size_index;
};
static_assert(sizeof(Header) <= kHeaderBytes);

struct Block {
  Block* next;
};

constexpr std::size_t block_bytes(std::size_t size_index) {
  return kLeastBlock << size_index;
}
constexpr std::size_t size_index_of(std::size_t bytes) {
  return bytes <= kLeastBlock ? 0 : std::bit_width(bytes - 1) - std::bit_width(kLeastBlock - 1);
}

std::atomic<std::size_t> mapped_bytes{0}, most_mapped_bytes{0};

void count_mapped(std::size_t bytes) {
  const std::size_t now = mapped_bytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  std::size_t most = most_mapped_bytes.load(std::memory_order_relaxed);
  while (now > most && !most_mapped_bytes.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
  }
}

// At a multiple of a slab's size. Pages are zero.
std::byte* map(std::size_t bytes) {
  const std::size_t reserved = bytes + kSlabBytes;
  void* const area =
      ::mmap(nullptr, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(area);
  const std::size_t front = (kSlabBytes - reinterpret_cast<std::uintptr_t>(begin) % kSlabBytes) % kSlabBytes;
  if (front != 0) ::munmap(begin, front);
  if (front != kSlabBytes) ::munmap(begin + front + bytes, kSlabBytes - front);
  // A kernel that does not know it dumps the pages; everything else works.
  (void)::madvise(begin + front, bytes, MADV_DONTDUMP);
  count_mapped(bytes);
  return begin + front;
}

Header& header_of(void* block) {
  const auto address = reinterpret_cast<std::uintptr_t>(block);
  return *reinterpret_cast<Header*>(address - address % kSlabBytes);
}

// What no thread has at hand. Never destroyed: objects that live as long as the program are freed after
// everything else. Memory goes back to the system with the program: there is never more of it than was in use
// at once.
class Store {
 public:
  // A list of up to `count` free blocks.
  Block* take(std::size_t size_index, std::size_t count) {
    const std::lock_guard lock(mutex_);
    if (free_[size_index] == nullptr) cut_slab(size_index);
    Block* const first = free_[size_index];
    Block* last = first;
    for (std::size_t i = 1; i < count && last->next != nullptr; ++i)
      last = last->next;
    free_[size_index] = std::exchange(last->next, nullptr);
    return first;
  }

  void give(std::size_t size_index, Block* first) {
    Block* last = first;
    while (last->next != nullptr)
      last = last->next;
    const std::lock_guard lock(mutex_);
    last->next = std::exchange(free_[size_index], first);
  }

 private:
  void cut_slab(std::size_t size_index) {
    if (fresh_bytes_ == 0) {
      fresh_ = map(kMappedAtOnce);
      fresh_bytes_ = kMappedAtOnce;
    }
    std::byte* const slab = std::exchange(fresh_, fresh_ + kSlabBytes);
    fresh_bytes_ -= kSlabBytes;
    new (slab) Header{.mapped_bytes = 0, .size_index = size_index};
    const std::size_t bytes = block_bytes(size_index);
    for (std::size_t at = kHeaderBytes; at + bytes <= kSlabBytes; at += bytes)
      free_[size_index] = new (slab + at) Block{free_[size_index]};
  }

  std::mutex mutex_;
  std::array<Block*, kSizes> free_{};
  std::byte* fresh_ = nullptr;
  std::size_t fresh_bytes_ = 0;
};

Store& store() {
  alignas(Store) static std::byte place[sizeof(Store)];
  static Store* const instance = new (place) Store;
  return *instance;
}

// Blocks that this thread has at hand, so that it seldom takes the lock.
class ThreadStock {
 public:
  static constexpr std::size_t kMost = 32;

  ~ThreadStock() {
    is_gone = true;
    for (std::size_t size_index = 0; size_index < kSizes; ++size_index) {
      if (free_[size_index] != nullptr) store().give(size_index, free_[size_index]);
    }
  }

  void* take(std::size_t size_index) {
    if (free_[size_index] == nullptr) {
      free_[size_index] = store().take(size_index, kMost / 2);
      for (const Block* block = free_[size_index]; block != nullptr; block = block->next)
        ++counts_[size_index];
    }
    --counts_[size_index];
    return std::exchange(free_[size_index], free_[size_index]->next);
  }

  void give(std::size_t size_index, void* memory) {
    free_[size_index] = new (memory) Block{free_[size_index]};
    if (++counts_[size_index] > kMost) {
      store().give(size_index, std::exchange(free_[size_index], nullptr));
      counts_[size_index] = 0;
    }
  }

  static thread_local bool is_gone;  // the thread is about to end

 private:
  std::array<Block*, kSizes> free_{};
  std::array<std::size_t, kSizes> counts_{};
};

thread_local bool ThreadStock::is_gone = false;
thread_local ThreadStock stock;

void* allocate_mapping(std::size_t bytes) {
  if (bytes > SIZE_MAX / 2) throw std::bad_alloc();
  constexpr std::size_t kPage = 4096;
  const std::size_t mapped = (bytes + kHeaderBytes + kPage - 1) / kPage * kPage;
  std::byte* const area = map(mapped);
  new (area) Header{.mapped_bytes = mapped, .size_index = 0};
  return area + kHeaderBytes;
}

}  // namespace

void* allocate_key_memory(std::size_t bytes) {
  if (bytes > kMostBlock) return allocate_mapping(bytes);
  const std::size_t size_index = size_index_of(bytes);
  return ThreadStock::is_gone ? store().take(size_index, 1) : stock.take(size_index);
}

void release_key_memory(void* memory) noexcept {
  if (memory == nullptr) return;
  Header& header = header_of(memory);
  if (header.mapped_bytes != 0) {
    mapped_bytes.fetch_sub(header.mapped_bytes, std::memory_order_relaxed);
    ::munmap(&header, header.mapped_bytes);
    return;
  }
  std::memset(memory, 0, block_bytes(header.size_index));
  __asm__ volatile("" : : "r"(memory) : "memory");  // it is read by whoever looks for keys
  if (!ThreadStock::is_gone) return stock.give(header.size_index, memory);
  store().give(header.size_index, new (memory) Block{nullptr});
}

KeyMemoryUse take_key_memory_use() {
  const std::size_t bytes = mapped_bytes.load(std::memory_order_relaxed);
  return {bytes, most_mapped_bytes.exchange(bytes, std::memory_order_relaxed)};
}

#endif

}  // namespace virtcrypt::crypto

#if !VIRTCRYPT_ASAN && !VIRTCRYPT_TSAN

// In place of Crypto++'s own, which take from malloc: every block of its SecBlocks and Integers is one of
// ours. The linker takes the program's definitions before the library's, also for the library's own calls;
// with one of them missing a static library would bring the others along.
namespace CryptoPP {

void CallNewHandler() {
  throw std::bad_alloc();
}

void* AlignedAllocate(std::size_t size) {
  return virtcrypt::crypto::allocate_key_memory(size);
}

void AlignedDeallocate(void* memory) {
  virtcrypt::crypto::release_key_memory(memory);
}

void* UnalignedAllocate(std::size_t size) {
  return virtcrypt::crypto::allocate_key_memory(size);
}

void UnalignedDeallocate(void* memory) {
  virtcrypt::crypto::release_key_memory(memory);
}

}  // namespace CryptoPP

#endif
