#include "virtcrypt/crypto/ipsec_mb_aead.h"

#include <string.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>

#include <cryptopp/misc.h>
#include <cryptopp/secblock.h>
#include <intel-ipsec-mb.h>

#include "virtcrypt/crypto/aead_session.h"
#include "virtcrypt/crypto/cryptopp_aead.h"
#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/ipsec_mb_manager.h"
#include "virtcrypt/crypto/key_memory.h"
#include "virtcrypt/crypto/text_run.h"

namespace virtcrypt::crypto::ipsec_mb_aead {
namespace {

// Wiped when it dies. One of the library's structures, which have no pointers, and which the library writes
// before it reads them.
template <typename State>
class Wiped {
 public:
  Wiped() = default;
  ~Wiped() { ::explicit_bzero(&state_, sizeof state_); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  [[nodiscard]] State* get() { return &state_; }
  [[nodiscard]] const State* get() const { return &state_; }

 private:
  alignas(16) State state_;
};

// The library's calls for a key length.
struct GcmCalls {
  aes_gcm_pre_t prepare;
  aes_gcm_enc_dec_t encrypt_whole;
  aes_gcm_init_t start;
  aes_gcm_enc_dec_update_t encrypt;
  aes_gcm_enc_dec_update_t decrypt;
  aes_gcm_enc_dec_finalize_t finish_encrypting;
  aes_gcm_enc_dec_finalize_t finish_decrypting;
};

GcmCalls gcm_calls(std::size_t key_bytes) {
  const IMB_MGR& has = *shared_manager();
  switch (key_bytes) {
    case IMB_KEY_128_BYTES:
      return {has.gcm128_pre,        has.gcm128_enc,          has.gcm128_init,        has.gcm128_enc_update,
              has.gcm128_dec_update, has.gcm128_enc_finalize, has.gcm128_dec_finalize};
    case IMB_KEY_192_BYTES:
      return {has.gcm192_pre,        has.gcm192_enc,          has.gcm192_init,        has.gcm192_enc_update,
              has.gcm192_dec_update, has.gcm192_enc_finalize, has.gcm192_dec_finalize};
    default:
      return {has.gcm256_pre,        has.gcm256_enc,          has.gcm256_init,        has.gcm256_enc_update,
              has.gcm256_dec_update, has.gcm256_enc_finalize, has.gcm256_dec_finalize};
  }
}

using Octet = std::uint8_t;

// SP 800-38D with an IV of 12 bytes.
class Gcm {
 public:
  using Context = gcm_context_data;

  explicit Gcm(std::span<const std::byte> key) : calls_(gcm_calls(key.size())) {
    calls_.prepare(key.data(), key_.get());
  }
  // All at once, for text in one piece.
  void encrypt_whole(Context& context, const Octet* iv, std::span<const std::byte> aad, const Octet* from,
                     Octet* to, std::size_t bytes, Octet* tag, std::size_t tag_bytes) const {
    calls_.encrypt_whole(key_.get(), &context, to, from, bytes, iv, octets(aad), aad.size(), tag, tag_bytes);
  }
  void start(Context& context, const Octet* iv, const Octet* aad, std::size_t aad_bytes) const {
    calls_.start(key_.get(), &context, iv, aad, aad_bytes);
  }
  void encrypt(Context& context, const Octet* from, Octet* to, std::size_t bytes) const {
    calls_.encrypt(key_.get(), &context, to, from, bytes);
  }
  void decrypt(Context& context, const Octet* from, Octet* to, std::size_t bytes) const {
    calls_.decrypt(key_.get(), &context, to, from, bytes);
  }
  void finish(Context& context, Direction direction, Octet* tag, std::size_t bytes) const {
    const auto call = direction == Direction::kEncrypt ? calls_.finish_encrypting : calls_.finish_decrypting;
    call(key_.get(), &context, tag, bytes);
  }

 private:
  GcmCalls calls_;
  Wiped<gcm_key_data> key_;
};

// RFC 8439.
class Chacha {
 public:
  using Context = chacha20_poly1305_context_data;

  explicit Chacha(std::span<const std::byte> key) : key_(octets(key), key.size()) {}
  void start(Context& context, const Octet* iv, const Octet* aad, std::size_t aad_bytes) const {
    IMB_CHACHA20_POLY1305_INIT(shared_manager(), key_.data(), &context, iv, aad, aad_bytes);
  }
  void encrypt(Context& context, const Octet* from, Octet* to, std::size_t bytes) const {
    IMB_CHACHA20_POLY1305_ENC_UPDATE(shared_manager(), key_.data(), &context, to, from, bytes);
  }
  void decrypt(Context& context, const Octet* from, Octet* to, std::size_t bytes) const {
    IMB_CHACHA20_POLY1305_DEC_UPDATE(shared_manager(), key_.data(), &context, to, from, bytes);
  }
  void finish(Context& context, Direction direction, Octet* tag, std::size_t bytes) const {
    if (direction == Direction::kEncrypt) {
      IMB_CHACHA20_POLY1305_ENC_FINALIZE(shared_manager(), &context, tag, bytes);
    } else {
      IMB_CHACHA20_POLY1305_DEC_FINALIZE(shared_manager(), &context, tag, bytes);
    }
  }

 private:
  CryptoPP::SecByteBlock key_;
};

template <typename Cipher>
class Session : public AeadSession {
 public:
  Session(const AeadRow& row, const AeadParameters& parameters)
      : AeadSession(EngineId::kIpsecMb, row, parameters), cipher_(parameters.key) {}

 protected:
  [[nodiscard]] Outcome encrypt(Operation& operation, std::size_t bytes) const override {
    if constexpr (requires { &Cipher::encrypt_whole; }) {
      if (is_one_piece(operation, bytes)) return encrypt_whole(operation, bytes);
    }
    Wiped<Context> context;
    start(operation, *context.get());
    with_unspoiled(operation.input, operation.output, bytes, [&](InputSegments input) {
      InputCursor in(input);
      OutputCursor out(operation.output);
      run_units(in, out, bytes, 1, [&](const Octet* from, Octet* to, std::size_t length) {
        cipher_.encrypt(*context.get(), from, to, length);
      });
      const Tag tag = finish(*context.get());
      write(out, std::as_bytes(std::span(tag.data(), tag_bytes())));
    });
    return did_it() ? Outcome::kOk : Outcome::kFailed;
  }

  [[nodiscard]] Outcome decrypt(Operation& operation, std::size_t bytes) const override {
    // Once and first: the output may lie over it, and a guest may change it.
    const Tag expected = tag_behind(operation.input, bytes);
    Wiped<Context> context;
    start(operation, *context.get());
    with_unspoiled(operation.input, operation.output, bytes, [&](InputSegments input) {
      decrypt_text(*context.get(), InputCursor(input), OutputCursor(operation.output), bytes);
    });
    const Tag tag = finish(*context.get());
    if (!did_it()) return Outcome::kFailed;
    return CryptoPP::VerifyBufsEqual(tag, expected, tag_bytes()) ? Outcome::kOk
                                                                 : Outcome::kAuthenticationFailed;
  }

 private:
  using Context = typename Cipher::Context;

  // The library refuses by doing nothing; see ipsec_mb_three_gpp.cc.
  static bool did_it() { return imb_get_errno(shared_manager()) == 0; }

  // Text, input and output one piece each, which are the same or do not meet, and AAD is one at most.
  static bool is_one_piece(const Operation& operation, std::size_t bytes) {
    if (bytes == 0 || operation.input.size() != 1 || operation.output.size() != 1 || operation.aad.size() > 1)
      return false;
    const auto from = reinterpret_cast<std::uintptr_t>(operation.input.front().data());
    const auto to = reinterpret_cast<std::uintptr_t>(operation.output.front().data());
    return from == to || from >= to + bytes || to >= from + bytes;
  }

  [[nodiscard]] Outcome encrypt_whole(const Operation& operation, std::size_t bytes) const {
    Wiped<Context> context;
    std::array<Octet, kMaxTagBytes> tag{};
    const bool has_aad = !operation.aad.empty() && !operation.aad.front().empty();
    const std::span<std::byte> out = operation.output.front();
    cipher_.encrypt_whole(*context.get(), octets(operation.iv), has_aad ? operation.aad.front() : no_aad(),
                          octets(operation.input.front()), octets(out), bytes, tag.data(), tag_bytes());
    std::copy_n(std::as_bytes(std::span(tag)).begin(), tag_bytes(), out.subspan(bytes).begin());
    return did_it() ? Outcome::kOk : Outcome::kFailed;
  }

  // The library takes no null pointers.
  static std::span<const std::byte> no_aad() {
    static constexpr std::byte kNone{};
    return {&kNone, 0};
  }

  // The AAD is read before any output is written, which may lie over it.
  void start(const Operation& operation, Context& context) const {
    const std::size_t bytes = total_bytes(operation.aad);
    InputCursor cursor(operation.aad);
    SecureBuffer copy;
    const auto aad = bytes == 0 ? no_aad() : in_one_piece(cursor, bytes, copy);
    cipher_.start(context, octets(operation.iv), octets(aad), bytes);
  }

  [[nodiscard]] Tag finish(Context& context) const {
    Tag tag;
    cipher_.finish(context, direction(), tag.data(), tag_bytes());
    return tag;
  }

  // From memory of our own: what is authenticated and what is deciphered are then the same bytes, whatever a
  // guest does meanwhile. The buffer stays in the first-level cache.
  void decrypt_text(Context& context, InputCursor in, OutputCursor out, std::size_t bytes) const {
    constexpr std::size_t kChunkBytes = 2048;
    CryptoPP::FixedSizeSecBlock<CryptoPP::byte, kChunkBytes> chunk;
    while (bytes != 0) {
      const auto piece = std::as_writable_bytes(std::span(chunk.data(), std::min(bytes, kChunkBytes)));
      read(in, piece);
      bytes -= piece.size();
      if (out.front().size() >= piece.size()) {
        cipher_.decrypt(context, chunk.data(), octets(out.front()), piece.size());
        out.advance(piece.size());
      } else {
        cipher_.decrypt(context, chunk.data(), chunk.data(), piece.size());
        write(out, piece);
      }
    }
  }

  Cipher cipher_;
};

// With an IV of 16 bytes, which the library would hash, Crypto++ does it.
class GcmSession final : public Session<Gcm> {
 public:
  GcmSession(const AeadRow& row, const AeadParameters& parameters)
      : Session<Gcm>(row, parameters), parameters_(parameters), key_(parameters.key) {
    parameters_.key = key_.bytes();
  }

 private:
  static constexpr std::size_t kIvBytes = 12;

  [[nodiscard]] Outcome encrypt(Operation& operation, std::size_t bytes) const override {
    return operation.iv.size() == kIvBytes ? Session<Gcm>::encrypt(operation, bytes) : by_cryptopp(operation);
  }
  [[nodiscard]] Outcome decrypt(Operation& operation, std::size_t bytes) const override {
    return operation.iv.size() == kIvBytes ? Session<Gcm>::decrypt(operation, bytes) : by_cryptopp(operation);
  }

  [[nodiscard]] Outcome by_cryptopp(Operation& operation) const {
    std::call_once(asked_, [this] { other_ = cryptopp_aead::create_session(parameters_).value(); });
    return static_cast<const EngineSession&>(*other_).execute(operation);
  }

  AeadParameters parameters_;
  SecureBuffer key_;
  mutable std::once_flag asked_;
  mutable SessionPointer other_;
};

template <typename Some>
SessionPointer make(const AeadRow& row, const AeadParameters& parameters) {
  return make_session<Some>(row, parameters);
}

constexpr std::array<AeadRow, 2> kRows{{
    {aes_gcm_capability(kIpsecMbName), make<GcmSession>, {80, 280}},
    {chacha20_poly1305_capability(kIpsecMbName), make<Session<Chacha>>, {400, 700}},
}};

constexpr auto kCapabilities = capabilities_of(kRows);

}  // namespace

std::span<const AeadCapability> capabilities() {
  return kCapabilities;
}

Expected<SessionPointer, Outcome> create_session(const AeadParameters& parameters) {
  return create_from(kRows, parameters);
}

}  // namespace virtcrypt::crypto::ipsec_mb_aead
