#include "skcipher.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <linux/if_alg.h>
#include <sys/socket.h>
#include <unistd.h>

namespace virtcrypt::guest {

namespace {

constexpr std::size_t kIvBytes = 16;

// Without a descriptor on an error, which errno has.
test::FileDescriptor bind_transform(const std::string& driver) {
  sockaddr_alg address{};
  address.salg_family = AF_ALG;
  std::memcpy(address.salg_type, "skcipher", sizeof "skcipher");
  if (driver.size() >= sizeof address.salg_name) {
    errno = ENAMETOOLONG;
    return {};
  }
  std::copy(driver.begin(), driver.end(), address.salg_name);
  test::FileDescriptor transform(::socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (transform.get() < 0) return {};
  if (::bind(transform.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) return {};
  return transform;
}

// The control messages of one request: operation and IV.
struct alignas(cmsghdr) Control {
  std::array<char, CMSG_SPACE(sizeof(std::uint32_t)) + CMSG_SPACE(sizeof(std::uint32_t) + kIvBytes)> bytes{};
};

void fill_control(msghdr& message, Direction direction, std::span<const std::byte> iv) {
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_ALG;
  header->cmsg_type = ALG_SET_OP;
  header->cmsg_len = CMSG_LEN(sizeof(std::uint32_t));
  const auto operation = static_cast<std::uint32_t>(direction);
  std::memcpy(CMSG_DATA(header), &operation, sizeof operation);

  header = CMSG_NXTHDR(&message, header);
  header->cmsg_level = SOL_ALG;
  header->cmsg_type = ALG_SET_IV;
  header->cmsg_len = CMSG_LEN(sizeof(std::uint32_t) + kIvBytes);
  const std::uint32_t iv_bytes = kIvBytes;
  std::memcpy(CMSG_DATA(header), &iv_bytes, sizeof iv_bytes);
  std::memcpy(CMSG_DATA(header) + sizeof iv_bytes, iv.data(), kIvBytes);
}

}  // namespace

Skcipher::Skcipher(std::string driver, std::span<const std::byte> key)
    : driver_(std::move(driver)), transform_(bind_transform(driver_)) {
  if (transform_.get() < 0) fail("bind");
  const auto key_bytes = static_cast<socklen_t>(key.size());
  if (::setsockopt(transform_.get(), SOL_ALG, ALG_SET_KEY, key.data(), key_bytes) < 0) fail("set key");
  operation_ = test::FileDescriptor(::accept4(transform_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (operation_.get() < 0) fail("accept");
}

bool Skcipher::available(const std::string& driver) {
  return bind_transform(driver).get() >= 0;
}

void Skcipher::crypt(Direction direction, std::span<const std::byte> iv, std::span<const std::byte> in,
                     std::span<std::byte> out) {
  send(direction, iv, in, false);
  receive(out);
}

void Skcipher::crypt_in_pieces(Direction direction, std::span<const std::byte> iv,
                               std::span<const std::byte> in, std::span<std::byte> out, std::size_t piece) {
  for (std::size_t done = 0; done < in.size(); done += piece) {
    const std::size_t now = std::min(piece, in.size() - done);
    const bool last = done + now == in.size();
    // Only the first carries the operation and the IV: the kernel goes on with the IV that the driver
    // returned.
    send(direction, done == 0 ? iv : std::span<const std::byte>{}, in.subspan(done, now), !last);
    receive(out.subspan(done, now));
  }
}

void Skcipher::send(Direction direction, std::span<const std::byte> iv, std::span<const std::byte> in,
                    bool more) {
  Control control;
  // Two pieces, so that the kernel hands the driver a scattered source.
  const std::size_t half = in.size() / 2;
  std::array<iovec, 2> parts{{{const_cast<std::byte*>(in.data()), half},
                              {const_cast<std::byte*>(in.data()) + half, in.size() - half}}};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  if (!iv.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    fill_control(message, direction, iv);
  }
  const ssize_t sent = ::sendmsg(operation_.get(), &message, more ? MSG_MORE : 0);
  if (sent < 0) fail("send");
  if (static_cast<std::size_t>(sent) != in.size()) {
    errno = EMSGSIZE;
    fail("send");
  }
}

void Skcipher::receive(std::span<std::byte> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got = ::read(operation_.get(), out.data() + done, out.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("receive");
    if (got == 0) {
      errno = EPIPE;
      fail("receive");
    }
    done += static_cast<std::size_t>(got);
  }
}

void Skcipher::fail(const char* call) const {
  throw std::system_error(errno, std::generic_category(), driver_ + ": " + call);
}

}  // namespace virtcrypt::guest
