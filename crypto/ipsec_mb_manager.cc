#include "virtcrypt/crypto/ipsec_mb_manager.h"

#include <cstddef>
#include <memory>

#include "virtcrypt/crypto/key_memory.h"

namespace virtcrypt::crypto {
namespace {

struct ReleaseKeyMemory {
  void operator()(void* memory) const { release_key_memory(memory); }
};

// In memory for keys: the library's multi-buffer code keeps key schedules of unfinished jobs in its manager.
class Manager {
 public:
  Manager() : memory_(allocate_key_memory(imb_get_mb_mgr_size() + kAlignment)) {
    void* place = memory_.get();
    std::size_t room = imb_get_mb_mgr_size() + kAlignment;
    IMB_MGR* const made =
        imb_set_pointers_mb_mgr(std::align(kAlignment, imb_get_mb_mgr_size(), place, room), 0, 1);
    IMB_ARCH architecture = IMB_ARCH_NONE;
    if (made != nullptr) init_mb_mgr_auto(made, &architecture);
    if (architecture != IMB_ARCH_NONE && imb_get_errno(made) == 0) manager_ = made;
  }
  [[nodiscard]] IMB_MGR* get() const { return manager_; }

 private:
  static constexpr std::size_t kAlignment = 64;
  std::unique_ptr<void, ReleaseKeyMemory> memory_;
  IMB_MGR* manager_ = nullptr;
};

}  // namespace

IMB_MGR* shared_manager() {
  static const Manager manager;
  return manager.get();
}

IMB_MGR* thread_manager() {
  thread_local const Manager manager;
  return manager.get();
}

}  // namespace virtcrypt::crypto
