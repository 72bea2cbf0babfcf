#include "virtcrypt/vmm/boot/image_file.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace virtcrypt::vmm::boot {

namespace {

std::string advice_for(int error, const std::string& role) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "no such file; give --" + role + " the path of an existing file";
    case EACCES:
    case EPERM:
      return "permission denied; make it readable for this user (distributions keep some kernels readable "
             "for "
             "root only: copy it, or use sudo chmod a+r)";
    default:
      return "cannot be read: " + std::generic_category().message(error);
  }
}

}  // namespace

ImageFile::ImageFile(std::string role, std::filesystem::path path)
    : role_(std::move(role)), path_(std::move(path)) {
  // O_NONBLOCK: opening a FIFO that nobody writes to must not hang.
  fd_ = FileDescriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd_) throw error(advice_for(errno, role_));
  struct stat status {};
  const bool known = ::fstat(fd_.get(), &status) == 0;
  const std::string problem = !known                     ? advice_for(errno, role_)
                              : S_ISDIR(status.st_mode)  ? "is a directory; give the path of the file in it"
                              : !S_ISREG(status.st_mode) ? "is not a regular file"
                              : status.st_size == 0      ? "is empty; build or download it again"
                                                         : "";
  if (!problem.empty()) throw error(problem);
  size_ = static_cast<std::uint64_t>(status.st_size);
}

void ImageFile::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (!contains(offset, out.size()))
    throw error("ends too early: it is truncated; build or download it again");
  while (!out.empty()) {
    const ssize_t count = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw error(advice_for(errno, role_));
    if (count == 0) throw error("became shorter while it was read; try again");
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

HostError ImageFile::error(const std::string& problem) const {
  return HostError(role_ + " " + path_.string() + ": " + problem);
}

}  // namespace virtcrypt::vmm::boot
