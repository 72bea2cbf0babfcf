// AES-CBC requests with distinctive texts, in either dialect.
#pragma once

#include <cstdint>
#include <span>

#include "tests/driver/crypto_driver.h"

namespace virtcrypt::test {

// Thread-safety: any thread; results are the same for all.
class Talk {
 public:
  explicit Talk(bool is_draft) : is_draft_(is_draft) {}

  static constexpr std::size_t kTextBytes = 48;

  [[nodiscard]] const devices::crypto_dev::Dialect& dialect() const;
  // Feature bits of the dialect that a driver accepts.
  [[nodiscard]] std::uint64_t features() const;
  [[nodiscard]] const char* name() const { return is_draft_ ? "rfc-v2" : "standard"; }

  // On the control queue. open() throws when the session is refused.
  [[nodiscard]] std::uint64_t open(CryptoDriver& driver) const;
  [[nodiscard]] Request open_request() const;
  // The session's id, by the last part of an answer; throws when it was refused.
  [[nodiscard]] std::uint64_t opened(std::span<const std::byte> answer) const;
  [[nodiscard]] Request close_request(std::uint64_t session) const;

  // Encryption of text `number`; different numbers have different texts. `bytes` a multiple of 16.
  [[nodiscard]] Request encrypt(std::uint64_t session, std::uint32_t number,
                                std::size_t bytes = kTextBytes) const;
  // Its readable bytes; `bytes` + 1 writable ones belong to it.
  [[nodiscard]] Bytes encrypt_bytes(std::uint64_t session, std::uint32_t number,
                                    std::size_t bytes = kTextBytes) const;
  // OK, and the right result.
  [[nodiscard]] static bool is_right(std::span<const std::byte> written, std::uint32_t number);
  // Neither result nor status were written.
  [[nodiscard]] static bool is_untouched(std::span<const std::byte> written);
  // What a request on a session that is gone is answered with.
  [[nodiscard]] std::uint8_t no_session() const;

  [[nodiscard]] static Bytes text(std::uint32_t number, std::size_t bytes);
  // By OpenSSL.
  [[nodiscard]] static Bytes ciphertext(std::uint32_t number, std::size_t bytes);

 private:
  const bool is_draft_;
};

}  // namespace virtcrypt::test
