#include "virtcrypt/crypto/ipsec_mb_three_gpp.h"

// The library's single-buffer calls keep no state between calls and may be called from any number of threads;
// the manager is a table of functions to them.
//
// The library refuses lengths by doing nothing at all and setting an error number, which is one for the whole
// process. Since every limit of it is checked here first, an error number that is set means that a call did
// nothing, in whichever thread, and this engine never reports success with one.
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include <cryptopp/secblock.h>

#include "virtcrypt/crypto/cipher_session.h"
#include "virtcrypt/crypto/cryptopp_bytes.h"
#include "virtcrypt/crypto/digest.h"
#include "virtcrypt/crypto/ipsec_mb_manager.h"
#include "virtcrypt/crypto/mac_session.h"
#include "virtcrypt/crypto/text_run.h"
#include "virtcrypt/crypto/three_gpp.h"

namespace virtcrypt::crypto::ipsec_mb_three_gpp {
namespace {

// The library's limits. KASUMI: 20000 bits, TS 35.201's own limit. ZUC: 65504 bits. SNOW 3G: 2^32 - 1 bits.
constexpr std::size_t kMaxKasumiBytes = 2500;
constexpr std::size_t kMaxZucBytes = 8188;
constexpr std::size_t kMaxSnow3gBytes = 0xffffffffU / 8;

constexpr std::size_t kBitsPerByte = 8;
constexpr std::size_t kIvBytes = 16;

bool did_it() {
  return imb_get_errno(shared_manager()) == 0;
}

// An expanded key of the library's, wiped when it dies.
template <typename Schedule>
using Expanded = CryptoPP::SecBlock<Schedule>;

Expanded<kasumi_key_sched_t> expand_kasumi_f8(std::span<const std::byte> key) {
  Expanded<kasumi_key_sched_t> schedule(1);
  IMB_KASUMI_INIT_F8_KEY_SCHED(shared_manager(), key.data(), schedule.data());
  return schedule;
}

Expanded<kasumi_key_sched_t> expand_kasumi_f9(std::span<const std::byte> key) {
  Expanded<kasumi_key_sched_t> schedule(1);
  IMB_KASUMI_INIT_F9_KEY_SCHED(shared_manager(), key.data(), schedule.data());
  return schedule;
}

Expanded<snow3g_key_schedule_t> expand_snow3g(std::span<const std::byte> key) {
  Expanded<snow3g_key_schedule_t> schedule(1);
  IMB_SNOW3G_INIT_KEY_SCHED(shared_manager(), key.data(), schedule.data());
  return schedule;
}

// The price of KASUMI over `bytes`, of which the library's price is `library_ns`.
std::uint64_t kasumi_ns(std::size_t bytes, std::uint64_t library_ns) {
  return bytes > kMaxKasumiBytes ? kOwnKasumiCost.of(bytes) : library_ns;
}

// TS 35.201, 3. What is longer than the library takes goes through our own KASUMI.
class KasumiF8Session final : public CipherSession {
 public:
  KasumiF8Session(const CipherRow& row, const CipherParameters& parameters)
      : CipherSession(EngineId::kIpsecMb, row, parameters.direction),
        schedule_(expand_kasumi_f8(parameters.key)),
        own_(parameters.key) {}

  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override {
    return kasumi_ns(total_bytes(operation.input), CipherSession::estimated_ns(operation));
  }

 private:
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override {
    if (bytes == 0) return Outcome::kOk;
    if (bytes > kMaxKasumiBytes) {
      run_kasumi_f8(own_, in, out, iv, bytes);
      return Outcome::kOk;
    }
    std::uint64_t start = 0;  // the library's form of it: eight octets in memory
    std::memcpy(&start, iv.data(), sizeof start);
    const bool done = run_in_one_piece(in, out, bytes, [&](const void* from, void* to) {
      IMB_KASUMI_F8_1_BUFFER(shared_manager(), schedule_.data(), start, from, to,
                             static_cast<std::uint32_t>(bytes));
      return did_it();
    });
    return done ? Outcome::kOk : Outcome::kFailed;
  }

  Expanded<kasumi_key_sched_t> schedule_;
  KasumiF8 own_;
};

// TS 35.215, 3.
class Snow3gSession final : public CipherSession {
 public:
  Snow3gSession(const CipherRow& row, const CipherParameters& parameters)
      : CipherSession(EngineId::kIpsecMb, row, parameters.direction),
        schedule_(expand_snow3g(parameters.key)) {}

 private:
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override {
    if (bytes == 0) return Outcome::kOk;
    if (bytes > kMaxSnow3gBytes) return Outcome::kFailed;
    const bool done = run_in_one_piece(in, out, bytes, [&](const void* from, void* to) {
      IMB_SNOW3G_F8_1_BUFFER(shared_manager(), schedule_.data(), iv.data(), from, to,
                             static_cast<std::uint32_t>(bytes));
      return did_it();
    });
    return done ? Outcome::kOk : Outcome::kFailed;
  }

  Expanded<snow3g_key_schedule_t> schedule_;
};

// TS 35.221, 3. What is longer than the library takes goes through our own ZUC.
class ZucSession final : public CipherSession {
 public:
  ZucSession(const CipherRow& row, const CipherParameters& parameters)
      : CipherSession(EngineId::kIpsecMb, row, parameters.direction), key_(parameters.key) {}

 private:
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override {
    if (bytes == 0) return Outcome::kOk;
    if (bytes > kMaxZucBytes) {
      run_zuc(key_.bytes(), in, out, iv, bytes);
      return Outcome::kOk;
    }
    const bool done = run_in_one_piece(in, out, bytes, [&](const void* from, void* to) {
      IMB_ZUC_EEA3_1_BUFFER(shared_manager(), key_.bytes().data(), iv.data(), from, to,
                            static_cast<std::uint32_t>(bytes));
      return did_it();
    });
    return done ? Outcome::kOk : Outcome::kFailed;
  }

  SecureBuffer key_;
};

// TS 35.201, 4. What is longer than the library takes goes through our own KASUMI.
class KasumiF9Session final : public MacSession {
 public:
  KasumiF9Session(const MacRow& row, const MacParameters& parameters)
      : MacSession(EngineId::kIpsecMb, row, parameters),
        schedule_(expand_kasumi_f9(parameters.key)),
        own_(parameters.key) {}

  [[nodiscard]] std::uint64_t estimated_ns(const Operation& operation) const override {
    return kasumi_ns(total_bytes(operation.input), MacSession::estimated_ns(operation));
  }

 private:
  [[nodiscard]] Outcome compute(Operation& operation) const override {
    SecureBuffer copy;
    const std::span<const std::byte> text = padded_string(operation, copy);
    if (text.empty()) return Outcome::kFailed;
    ThreeGppMac mac{};
    if (text.size() > kMaxKasumiBytes) {
      mac = own_.mac_of(text);
    } else {
      IMB_KASUMI_F9_1_BUFFER(shared_manager(), schedule_.data(), text.data(),
                             static_cast<std::uint32_t>(text.size()), mac.data());
      if (!did_it()) return Outcome::kFailed;
    }
    write_digest(operation, mac);
    return Outcome::kOk;
  }

  Expanded<kasumi_key_sched_t> schedule_;
  KasumiF9 own_;
};

// TS 35.215, 4.
class Snow3gMacSession final : public IvMacSession {
 public:
  Snow3gMacSession(const MacRow& row, const MacParameters& parameters)
      : IvMacSession(EngineId::kIpsecMb, row, parameters), schedule_(expand_snow3g(parameters.key)) {}

 private:
  [[nodiscard]] std::optional<ThreeGppMac> mac_of(std::span<const std::byte> iv,
                                                  std::span<const std::byte> text) const override {
    if (text.size() > kMaxSnow3gBytes) return std::nullopt;
    ThreeGppMac mac{};
    IMB_SNOW3G_F9_1_BUFFER(shared_manager(), schedule_.data(), iv.data(), text.data(),
                           text.size() * kBitsPerByte, mac.data());
    return did_it() ? std::optional(mac) : std::nullopt;
  }

  Expanded<snow3g_key_schedule_t> schedule_;
};

// TS 35.221, 4. What is longer than the library takes goes through our own ZUC.
class ZucMacSession final : public IvMacSession {
 public:
  ZucMacSession(const MacRow& row, const MacParameters& parameters)
      : IvMacSession(EngineId::kIpsecMb, row, parameters), key_(parameters.key) {}

 private:
  [[nodiscard]] std::optional<ThreeGppMac> mac_of(std::span<const std::byte> iv,
                                                  std::span<const std::byte> text) const override {
    if (text.size() > kMaxZucBytes) return zuc_eia3(key_.bytes(), iv, text);
    std::uint32_t word = 0;  // its octets in memory are the MAC
    IMB_ZUC_EIA3_1_BUFFER(shared_manager(), key_.bytes().data(), iv.data(), text.data(),
                          static_cast<std::uint32_t>(text.size() * kBitsPerByte), &word);
    ThreeGppMac mac{};
    std::memcpy(mac.data(), &word, mac.size());
    return did_it() ? std::optional(mac) : std::nullopt;
  }

  SecureBuffer key_;
};

// KASUMI is that slow because the library reads its tables whole, in time that does not depend on the data.
constexpr std::array<CipherRow, 3> kCiphers{{
    {kasumi_f8_capability(kIpsecMbName), {12000, 530000}, {12000, 530000}, make_cipher<KasumiF8Session>},
    {{CipherAlgorithm::kSnow3gUea2, "SNOW3G-UEA2", kThreeGppKey, kIvBytes, 1, 0, "3GPP TS 35.215, 3",
      kIpsecMbName},
     {500, 2800},
     {500, 2800},
     make_cipher<Snow3gSession>},
    {zuc_eea3_capability(kIpsecMbName), {500, 3300}, {500, 3300}, make_cipher<ZucSession>},
}};

constexpr std::array<MacRow, 3> kMacs{{
    {kasumi_f9_capability(kIpsecMbName), {12000, 530000}, make_mac<KasumiF9Session>},
    {{MacAlgorithm::kSnow3gUia2, "SNOW3G-UIA2", kThreeGppKey, kIvBytes, kThreeGppMacBytes,
      "3GPP TS 35.215, 4", kIpsecMbName},
     {500, 200},
     make_mac<Snow3gMacSession>},
    {zuc_eia3_capability(kIpsecMbName), {500, 3400}, make_mac<ZucMacSession>},
}};

constexpr auto kCipherCapabilities = capabilities_of(kCiphers);
constexpr auto kMacCapabilities = capabilities_of(kMacs);

}  // namespace

std::span<const CipherCapability> cipher_capabilities() {
  return kCipherCapabilities;
}

std::span<const MacCapability> mac_capabilities() {
  return kMacCapabilities;
}

Expected<SessionPointer, Outcome> create_session(const CipherParameters& parameters) {
  return create_from(kCiphers, parameters);
}

Expected<SessionPointer, Outcome> create_session(const MacParameters& parameters) {
  return create_from(kMacs, parameters);
}

}  // namespace virtcrypt::crypto::ipsec_mb_three_gpp
