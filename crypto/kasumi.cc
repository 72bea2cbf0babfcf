#include "virtcrypt/crypto/kasumi.h"

#include <algorithm>
#include <bit>

#include <cryptopp/misc.h>

#include "virtcrypt/crypto/cryptopp_bytes.h"

namespace virtcrypt::crypto {
namespace {

using CryptoPP::byte;

// TS 35.202, 4.5.
constexpr std::array<std::uint16_t, 128> kS7{
    54,  50, 62, 56,  22,  34,  94,  96,  38,  6,   63, 93,  2,   18, 123, 33,  55, 113, 39,  114, 21,  67,
    65,  12, 47, 73,  46,  27,  25,  111, 124, 81,  53, 9,   121, 79, 52,  60,  58, 48,  101, 127, 40,  120,
    104, 70, 71, 43,  20,  122, 72,  61,  23,  109, 13, 100, 77,  1,  16,  7,   82, 10,  105, 98,  117, 116,
    76,  11, 89, 106, 0,   125, 118, 99,  86,  69,  30, 57,  126, 87, 112, 51,  17, 5,   95,  14,  90,  84,
    91,  8,  35, 103, 32,  97,  28,  66,  102, 31,  26, 45,  75,  4,  85,  92,  37, 74,  80,  49,  68,  29,
    115, 44, 64, 107, 108, 24,  110, 83,  36,  78,  42, 19,  15,  41, 88,  119, 59, 3,
};
constexpr std::array<std::uint16_t, 512> kS9{
    167, 239, 161, 379, 391, 334, 9,   338, 38,  226, 48,  358, 452, 385, 90,  397, 183, 253, 147, 331, 415,
    340, 51,  362, 306, 500, 262, 82,  216, 159, 356, 177, 175, 241, 489, 37,  206, 17,  0,   333, 44,  254,
    378, 58,  143, 220, 81,  400, 95,  3,   315, 245, 54,  235, 218, 405, 472, 264, 172, 494, 371, 290, 399,
    76,  165, 197, 395, 121, 257, 480, 423, 212, 240, 28,  462, 176, 406, 507, 288, 223, 501, 407, 249, 265,
    89,  186, 221, 428, 164, 74,  440, 196, 458, 421, 350, 163, 232, 158, 134, 354, 13,  250, 491, 142, 191,
    69,  193, 425, 152, 227, 366, 135, 344, 300, 276, 242, 437, 320, 113, 278, 11,  243, 87,  317, 36,  93,
    496, 27,  487, 446, 482, 41,  68,  156, 457, 131, 326, 403, 339, 20,  39,  115, 442, 124, 475, 384, 508,
    53,  112, 170, 479, 151, 126, 169, 73,  268, 279, 321, 168, 364, 363, 292, 46,  499, 393, 327, 324, 24,
    456, 267, 157, 460, 488, 426, 309, 229, 439, 506, 208, 271, 349, 401, 434, 236, 16,  209, 359, 52,  56,
    120, 199, 277, 465, 416, 252, 287, 246, 6,   83,  305, 420, 345, 153, 502, 65,  61,  244, 282, 173, 222,
    418, 67,  386, 368, 261, 101, 476, 291, 195, 430, 49,  79,  166, 330, 280, 383, 373, 128, 382, 408, 155,
    495, 367, 388, 274, 107, 459, 417, 62,  454, 132, 225, 203, 316, 234, 14,  301, 91,  503, 286, 424, 211,
    347, 307, 140, 374, 35,  103, 125, 427, 19,  214, 453, 146, 498, 314, 444, 230, 256, 329, 198, 285, 50,
    116, 78,  410, 10,  205, 510, 171, 231, 45,  139, 467, 29,  86,  505, 32,  72,  26,  342, 150, 313, 490,
    431, 238, 411, 325, 149, 473, 40,  119, 174, 355, 185, 233, 389, 71,  448, 273, 372, 55,  110, 178, 322,
    12,  469, 392, 369, 190, 1,   109, 375, 137, 181, 88,  75,  308, 260, 484, 98,  272, 370, 275, 412, 111,
    336, 318, 4,   504, 492, 259, 304, 77,  337, 435, 21,  357, 303, 332, 483, 18,  47,  85,  25,  497, 474,
    289, 100, 269, 296, 478, 270, 106, 31,  104, 433, 84,  414, 486, 394, 96,  99,  154, 511, 148, 413, 361,
    409, 255, 162, 215, 302, 201, 266, 351, 343, 144, 441, 365, 108, 298, 251, 34,  182, 509, 138, 210, 335,
    133, 311, 352, 328, 141, 396, 346, 123, 319, 450, 281, 429, 228, 443, 481, 92,  404, 485, 422, 248, 297,
    23,  213, 130, 466, 22,  217, 283, 70,  294, 360, 419, 127, 312, 377, 7,   468, 194, 2,   117, 295, 463,
    258, 224, 447, 247, 187, 80,  398, 284, 353, 105, 390, 299, 471, 470, 184, 57,  200, 348, 63,  204, 188,
    33,  451, 97,  30,  310, 219, 94,  160, 129, 493, 64,  179, 263, 102, 189, 207, 114, 402, 438, 477, 387,
    122, 192, 42,  381, 5,   145, 118, 180, 449, 293, 323, 136, 380, 43,  66,  60,  455, 341, 445, 202, 432,
    8,   237, 15,  376, 436, 464, 59,  461,
};

// TS 35.202, 4.4: two rounds of a Feistel network of a 9-bit and a 7-bit half.
std::uint16_t fi(std::uint16_t value, std::uint16_t key) {
  constexpr unsigned kSevenBits = 0x7f;
  constexpr unsigned kNineBits = 0x1ff;
  unsigned nine = value >> 7U;
  unsigned seven = value & kSevenBits;
  nine = kS9[nine] ^ seven;
  seven = kS7[seven] ^ (nine & kSevenBits);
  seven ^= key >> 9U;
  nine ^= key & kNineBits;
  nine = kS9[nine] ^ seven;
  seven = kS7[seven] ^ (nine & kSevenBits);
  return static_cast<std::uint16_t>(seven << 9U | nine);
}

std::uint64_t load(const byte* from) {
  return CryptoPP::GetWord<CryptoPP::word64>(false, CryptoPP::BIG_ENDIAN_ORDER, from);
}

void store(std::uint64_t value, byte* to) {
  CryptoPP::PutWord<CryptoPP::word64>(false, CryptoPP::BIG_ENDIAN_ORDER, to, value);
}

constexpr std::byte kF8Modifier{0x55};
constexpr std::byte kF9Modifier{0xaa};

}  // namespace

Kasumi::Kasumi(std::span<const std::byte> key, std::byte modifier) {
  constexpr std::array<std::uint16_t, kRounds> kConstants{0x0123, 0x4567, 0x89ab, 0xcdef,
                                                          0xfedc, 0xba98, 0x7654, 0x3210};
  CryptoPP::FixedSizeSecBlock<std::uint16_t, kRounds> k;
  for (std::size_t i = 0; i != kRounds; ++i) {
    const unsigned high = std::to_integer<unsigned>(key[2 * i] ^ modifier);
    k[i] = static_cast<std::uint16_t>(high << 8U | std::to_integer<unsigned>(key[2 * i + 1] ^ modifier));
  }
  const auto plain = [&k](std::size_t index, int rotated) { return std::rotl(k[index % kRounds], rotated); };
  const auto primed = [&](std::size_t index) {
    return static_cast<std::uint16_t>(k[index % kRounds] ^ kConstants[index % kRounds]);
  };
  for (std::size_t i = 0; i != kRounds; ++i) {
    rounds_[i] = {{plain(i, 1), primed(i + 2)},
                  {plain(i + 1, 5), plain(i + 5, 8), plain(i + 6, 13)},
                  {primed(i + 4), primed(i + 3), primed(i + 7)}};
  }
}

// TS 35.202, 4.3.
std::uint32_t Kasumi::fo(std::uint32_t value, const RoundKeys& keys) {
  auto left = static_cast<std::uint16_t>(value >> 16U);
  auto right = static_cast<std::uint16_t>(value);
  for (std::size_t j = 0; j != keys.ko.size(); ++j) {
    const auto mixed = fi(static_cast<std::uint16_t>(left ^ keys.ko[j]), keys.ki[j]);
    left = right;
    right = static_cast<std::uint16_t>(mixed ^ right);
  }
  return std::uint32_t{left} << 16U | right;
}

// TS 35.202, 4.2.
std::uint32_t Kasumi::fl(std::uint32_t value, const RoundKeys& keys) {
  auto left = static_cast<std::uint16_t>(value >> 16U);
  auto right = static_cast<std::uint16_t>(value);
  right = static_cast<std::uint16_t>(right ^ std::rotl(static_cast<std::uint16_t>(left & keys.kl[0]), 1));
  left = static_cast<std::uint16_t>(left ^ std::rotl(static_cast<std::uint16_t>(right | keys.kl[1]), 1));
  return std::uint32_t{left} << 16U | right;
}

// TS 35.202, 4.1: odd rounds are FO after FL, even ones FL after FO.
std::uint64_t Kasumi::encipher(std::uint64_t block) const {
  auto left = static_cast<std::uint32_t>(block >> 32U);
  auto right = static_cast<std::uint32_t>(block);
  for (std::size_t i = 0; i != kRounds; i += 2) {
    right ^= fo(fl(left, rounds_[i]), rounds_[i]);
    left ^= fl(fo(right, rounds_[i + 1]), rounds_[i + 1]);
  }
  return std::uint64_t{left} << 32U | right;
}

void Kasumi::ProcessAndXorBlock(const byte* in, const byte* xored, byte* out) const {
  const std::uint64_t block = encipher(load(in));
  store(xored == nullptr ? block : block ^ load(xored), out);
}

KasumiF8::KasumiF8(std::span<const std::byte> key) : cipher_(key), start_cipher_(key, kF8Modifier) {}

KasumiF8::Stream KasumiF8::stream(std::span<const std::byte> iv) const {
  return {cipher_, start_cipher_.encipher(load(octets(iv)))};
}

void KasumiF8::Stream::run(const byte* in, byte* out, std::size_t bytes) {
  std::array<byte, kKasumiBlockBytes> block{};
  while (bytes != 0) {
    key_stream_ = cipher_.encipher(start_ ^ counter_ ^ key_stream_);
    ++counter_;
    store(key_stream_, block.data());
    const std::size_t run = std::min(bytes, block.size());
    CryptoPP::xorbuf(out, in, block.data(), run);
    in += run;
    out += run;
    bytes -= run;
  }
}

KasumiF9::KasumiF9(std::span<const std::byte> key) : cipher_(key), last_cipher_(key, kF9Modifier) {}

std::array<std::byte, 4> KasumiF9::mac_of(std::span<const std::byte> padded_string) const {
  std::uint64_t chain = 0;
  std::uint64_t sum = 0;
  for (std::size_t offset = 0; offset != padded_string.size(); offset += kKasumiBlockBytes) {
    chain = cipher_.encipher(chain ^ load(octets(padded_string.subspan(offset))));
    sum ^= chain;
  }
  std::array<byte, kKasumiBlockBytes> last{};
  store(last_cipher_.encipher(sum), last.data());
  std::array<std::byte, 4> mac{};
  std::copy_n(std::as_bytes(std::span(last)).begin(), mac.size(), mac.begin());
  return mac;
}

}  // namespace virtcrypt::crypto
