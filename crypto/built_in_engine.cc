// The engine of what we had to write ourselves: KASUMI (3GPP TS 35.201, TS 35.202) and ZUC (TS 35.221).
#include <array>
#include <memory>

#include "virtcrypt/crypto/block_mac.h"
#include "virtcrypt/crypto/digest.h"
#include "virtcrypt/crypto/kasumi.h"
#include "virtcrypt/crypto/table_engine.h"
#include "virtcrypt/crypto/three_gpp.h"

namespace virtcrypt::crypto {
namespace {

constexpr std::string_view kBuiltInName = "virtcrypt";

class F8Session final : public CipherSession {
 public:
  F8Session(const CipherRow& row, const CipherParameters& parameters)
      : CipherSession(EngineId::kBuiltIn, row, parameters.direction), f8_(parameters.key) {}

 private:
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override {
    run_kasumi_f8(f8_, in, out, iv, bytes);
    return Outcome::kOk;
  }

  KasumiF8 f8_;
};

class F9Session final : public MacSession {
 public:
  F9Session(const MacRow& row, const MacParameters& parameters)
      : MacSession(EngineId::kBuiltIn, row, parameters), f9_(parameters.key) {}

 private:
  [[nodiscard]] Outcome compute(Operation& operation) const override {
    SecureBuffer copy;
    const std::span<const std::byte> text = padded_string(operation, copy);
    if (text.empty()) return Outcome::kFailed;
    write_digest(operation, f9_.mac_of(text));
    return Outcome::kOk;
  }

  KasumiF9 f9_;
};

// FIPS 113's construction with KASUMI instead of DES: padded with zeros, no text to one block of them.
class CbcMacSession final : public MacSession {
 public:
  CbcMacSession(const MacRow& row, const MacParameters& parameters)
      : MacSession(EngineId::kBuiltIn, row, parameters), kasumi_(parameters.key) {}

 private:
  [[nodiscard]] Outcome compute(Operation& operation) const override {
    BlockMac mac(kasumi_);
    for_each_piece(operation.input, [&mac](std::span<const std::byte> piece) { mac.update(piece); });
    write_digest(operation, mac.finish(cbc_mac_last_block()));
    return Outcome::kOk;
  }

  Kasumi kasumi_;
};

class ZucSession final : public CipherSession {
 public:
  ZucSession(const CipherRow& row, const CipherParameters& parameters)
      : CipherSession(EngineId::kBuiltIn, row, parameters.direction), key_(parameters.key) {}

 private:
  [[nodiscard]] Outcome run(InputCursor in, OutputCursor out, std::span<const std::byte> iv,
                            std::size_t bytes) const override {
    run_zuc(key_.bytes(), in, out, iv, bytes);
    return Outcome::kOk;
  }

  SecureBuffer key_;
};

class ZucMacSession final : public IvMacSession {
 public:
  ZucMacSession(const MacRow& row, const MacParameters& parameters)
      : IvMacSession(EngineId::kBuiltIn, row, parameters), key_(parameters.key) {}

 private:
  [[nodiscard]] std::optional<ThreeGppMac> mac_of(std::span<const std::byte> iv,
                                                  std::span<const std::byte> text) const override {
    return zuc_eia3(key_.bytes(), iv, text);
  }

  SecureBuffer key_;
};

constexpr std::array<CipherRow, 2> kCiphers{
    {{zuc_eea3_capability(kBuiltInName), kOwnZucCost, kOwnZucCost, make_cipher<ZucSession>},
     {kasumi_f8_capability(kBuiltInName), kOwnKasumiCost, kOwnKasumiCost, make_cipher<F8Session>}}};

constexpr std::array<MacRow, 3> kMacs{
    {{zuc_eia3_capability(kBuiltInName), kOwnZucMacCost, make_mac<ZucMacSession>},
     {kasumi_f9_capability(kBuiltInName), kOwnKasumiCost, make_mac<F9Session>},
     {{MacAlgorithm::kCbcMacKasumi, "CBC-MAC-KASUMI", kThreeGppKey, 0, kKasumiBlockBytes,
       "FIPS 113, 3GPP TS 35.202", kBuiltInName},
      kOwnKasumiCost,
      make_mac<CbcMacSession>}}};

}  // namespace

std::unique_ptr<Engine> make_built_in_engine() {
  return std::make_unique<TableEngine<kCiphers, kMacs>>(kBuiltInName, EngineId::kBuiltIn);
}

}  // namespace virtcrypt::crypto
