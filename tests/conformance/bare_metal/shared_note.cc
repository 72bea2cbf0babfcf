#include "tests/conformance/bare_metal/shared_note.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <system_error>

#include <sys/mman.h>

namespace virtcrypt::conformance {

SharedNote::SharedNote() {
  void* const memory =
      ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap of a shared page");
  page_ = new (memory) Page{};
}

SharedNote::~SharedNote() {
  ::munmap(page_, sizeof(Page));
}

void SharedNote::write(std::string_view text) {
  const std::size_t length = std::min(text.size(), kMost);
  std::memcpy(page_->text, text.data(), length);
  page_->length.store(length, std::memory_order_release);
}

std::string SharedNote::read() const {
  return {page_->text, page_->length.load(std::memory_order_acquire)};
}

}  // namespace virtcrypt::conformance
