#include "virtcrypt/crypto/worker_pool.h"

namespace virtcrypt::crypto {

WorkerPool::WorkerPool(std::size_t threads)
    : threads_(threads), pool_(threads == 0 ? nullptr : std::make_unique<asio::thread_pool>(threads)) {}

// The pool's own destructor would drop what has not started yet; join() runs it.
WorkerPool::~WorkerPool() {
  if (pool_ != nullptr) pool_->join();
}

}  // namespace virtcrypt::crypto
