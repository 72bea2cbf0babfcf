#include "tests/driver/algorithm_rows.h"

namespace virtcrypt::test {
namespace {

constexpr CipherRow kCiphers[] = {
    {"ARC4", 1, 16, 0, 1, 0},          {"AES-ECB", 2, 16, 0, 16, 0},   {"AES-ECB 192", 2, 24, 0, 16, 0},
    {"AES-ECB 256", 2, 32, 0, 16, 0},  {"AES-CBC", 3, 16, 16, 16, 0},  {"AES-CBC 192", 3, 24, 16, 16, 0},
    {"AES-CBC 256", 3, 32, 16, 16, 0}, {"AES-CTR", 4, 16, 16, 1, 0},   {"AES-CTR 192", 4, 24, 16, 1, 0},
    {"AES-CTR 256", 4, 32, 16, 1, 0},  {"DES-ECB", 5, 8, 0, 8, 0},     {"DES-CBC", 6, 8, 8, 8, 0},
    {"3DES-ECB", 7, 24, 0, 8, 0},      {"3DES-ECB 2", 7, 16, 0, 8, 0}, {"3DES-CBC", 8, 24, 8, 8, 0},
    {"3DES-CBC 2", 8, 16, 8, 8, 0},    {"3DES-CTR", 9, 24, 8, 1, 0},   {"KASUMI-F8", 10, 16, 8, 1, 0},
    {"SNOW3G-UEA2", 11, 16, 16, 1, 0}, {"AES-F8", 12, 32, 16, 1, 0},   {"AES-F8 192", 12, 48, 16, 1, 0},
    {"AES-F8 256", 12, 64, 16, 1, 0},  {"AES-XTS", 13, 32, 16, 1, 16}, {"AES-XTS 256", 13, 64, 16, 1, 16},
    {"ZUC-EEA3", 14, 16, 16, 1, 0},
};
constexpr HashRow kHashes[] = {
    {"MD5", 1, 16},      {"SHA-1", 2, 20},     {"SHA-224", 3, 28},   {"SHA-256", 4, 32},
    {"SHA-384", 5, 48},  {"SHA-512", 6, 64},   {"SHA3-224", 7, 28},  {"SHA3-256", 8, 32},
    {"SHA3-384", 9, 48}, {"SHA3-512", 10, 64}, {"SHAKE128", 11, 77}, {"SHAKE256", 12, 333},
};
constexpr MacRow kMacs[] = {
    {"HMAC-MD5", 1, 16, 0, 1, 16},           {"HMAC-SHA-1", 2, 20, 0, 1, 20},
    {"HMAC-SHA-224", 3, 28, 0, 1, 28},       {"HMAC-SHA-256", 4, 32, 0, 1, 32},
    {"HMAC-SHA-384", 5, 48, 0, 1, 48},       {"HMAC-SHA-512", 6, 200, 0, 1, 64},
    {"CMAC-3DES", 25, 24, 0, 1, 8},          {"CMAC-AES", 26, 16, 0, 1, 16},
    {"CMAC-AES 256", 26, 32, 0, 1, 16},      {"KASUMI-F9", 27, 16, 8, 8, 4, 8},
    {"SNOW3G-UIA2", 28, 16, 16, 1, 4, 17},   {"GMAC-AES", 41, 16, 12, 1, 16, 12},
    {"GMAC-Twofish", 42, 32, 12, 1, 16, 12}, {"CBC-MAC-AES", 49, 24, 0, 1, 16},
    {"CBC-MAC-KASUMI", 50, 16, 0, 1, 8},     {"XCBC-AES", 53, 16, 0, 1, 16},
    {"ZUC-EIA3", 54, 16, 16, 1, 4, 17},
};
constexpr AeadRow kAeads[] = {
    {"AES-GCM", 1, 16, 12, 16}, {"AES-GCM 256", 1, 32, 12, 12}, {"AES-GCM J0", 1, 24, 16, 16},
    {"AES-CCM", 2, 16, 13, 8},  {"AES-CCM 256", 2, 32, 7, 16},  {"ChaCha20-Poly1305", 3, 32, 12, 16},
};

}  // namespace

std::span<const CipherRow> cipher_rows() {
  return kCiphers;
}
std::span<const HashRow> hash_rows() {
  return kHashes;
}
std::span<const MacRow> mac_rows() {
  return kMacs;
}
std::span<const AeadRow> aead_rows() {
  return kAeads;
}

}  // namespace virtcrypt::test
