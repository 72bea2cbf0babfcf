#include "virtcrypt/crypto/ipsec_mb_aes.h"

#include <array>

#include "virtcrypt/crypto/aes_capabilities.h"
#include "virtcrypt/crypto/ipsec_mb_burst.h"
#include "virtcrypt/crypto/ipsec_mb_manager.h"
#include "virtcrypt/crypto/rows.h"

namespace virtcrypt::crypto::ipsec_mb_aes {
namespace {

template <IMB_CIPHER_MODE kMode>
SessionPointer make(const CipherRow& row, const CipherParameters& parameters) {
  return make_session<Session>(row, parameters, kMode);
}

// Prices in a burst of several.
constexpr std::array<CipherRow, 2> kRows{{
    {aes_cbc_capability(kIpsecMbName), {50, 230}, {40, 130}, make<IMB_CIPHER_CBC>},
    {aes_ctr_capability(kIpsecMbName), {40, 140}, {40, 140}, make<IMB_CIPHER_CNTR>},
}};

constexpr auto kCapabilities = capabilities_of(kRows);

}  // namespace

Session::Session(const CipherRow& row, const CipherParameters& parameters, IMB_CIPHER_MODE mode)
    : CipherSession(EngineId::kIpsecMb, row, parameters.direction),
      // CTR is the same in both directions.
      kind_{.mode = mode,
            .direction = parameters.direction == Direction::kEncrypt || mode == IMB_CIPHER_CNTR
                             ? IMB_DIR_ENCRYPT
                             : IMB_DIR_DECRYPT,
            .key_bytes = static_cast<IMB_KEY_SIZE_BYTES>(parameters.key.size())} {
  expand(parameters.key);
}

void Session::expand(std::span<const std::byte> key) {
  Schedule other;  // the library makes both
  std::uint32_t* const encrypt = kind_.direction == IMB_DIR_ENCRYPT ? schedule_ : other;
  std::uint32_t* const decrypt = kind_.direction == IMB_DIR_ENCRYPT ? other : schedule_;
  IMB_MGR* const manager = shared_manager();
  switch (kind_.key_bytes) {
    case IMB_KEY_128_BYTES:
      IMB_AES_KEYEXP_128(manager, key.data(), encrypt, decrypt);
      break;
    case IMB_KEY_192_BYTES:
      IMB_AES_KEYEXP_192(manager, key.data(), encrypt, decrypt);
      break;
    case IMB_KEY_256_BYTES:
      IMB_AES_KEYEXP_256(manager, key.data(), encrypt, decrypt);
      break;
  }
}

bool Session::join_burst(Operation& operation) const {
  const std::size_t bytes = total_bytes(operation.input);
  return bytes != 0 && check(operation, bytes) == Outcome::kOk &&
         Bursts::of_this_thread().add(*this, operation, bytes);
}

Outcome Session::run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                     std::size_t bytes) const {
  return bytes == 0 || run_alone(*this, Text(in, out, iv, bytes)) ? Outcome::kOk : Outcome::kFailed;
}

std::span<const CipherCapability> capabilities() {
  return kCapabilities;
}

Expected<SessionPointer, Outcome> create_session(const CipherParameters& parameters) {
  return create_from(kRows, parameters);
}

}  // namespace virtcrypt::crypto::ipsec_mb_aes
