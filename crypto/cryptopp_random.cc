#include "virtcrypt/crypto/cryptopp_random.h"

#include <cerrno>
#include <system_error>

#include <unistd.h>

#include <cryptopp/randpool.h>

#include "virtcrypt/crypto/secure_buffer.h"

namespace virtcrypt::crypto {
namespace {

constexpr std::size_t kSeedBytes = 32;

// Crypto++'s generator, seeded by a system call: its own way of seeding opens /dev/urandom, whenever a thread
// first needs a random number, and a process that has confined itself opens nothing any more.
class SeededPool final : public CryptoPP::RandomPool {
 public:
  SeededPool() {
    SecureBuffer seed(kSeedBytes);
    if (::getentropy(seed.bytes().data(), seed.size()) != 0)
      throw std::system_error(errno, std::generic_category(), "getentropy");
    IncorporateEntropy(reinterpret_cast<const CryptoPP::byte*>(seed.bytes().data()), seed.size());
  }
};

}  // namespace

CryptoPP::RandomNumberGenerator& thread_random() {
  thread_local SeededPool random;
  return random;
}

}  // namespace virtcrypt::crypto
