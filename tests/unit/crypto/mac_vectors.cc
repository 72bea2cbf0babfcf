#include "tests/unit/crypto/symmetric_vectors.h"

namespace virtcrypt::tests {
namespace {

using enum crypto::MacAlgorithm;

const MacVector kVectors[] = {
    {kHmacMd5, "RFC 2202, 2, test case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "9294727a3638bb1c13f48ef8158bfc9d"},
    {kHmacMd5, "RFC 2202, 2, test case 2", "4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "750c783e6ab0b503eaa86e310a5db738"},
    {kHmacMd5, "RFC 2202, 2, test case 6",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
     "204669727374",
     "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"},
    {kHmacSha1, "RFC 2202, 3, test case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b617318655057264e28bc0b6fb378c8ef146be00"},
    {kHmacSha1, "RFC 2202, 3, test case 2", "4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {kHmacSha1, "RFC 2202, 3, test case 6",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
     "204669727374",
     "aa4ae5e15272d00e95705637ce8a3b55ed402112"},
    {kHmacSha224, "RFC 4231, 4, test case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22"},
    {kHmacSha224, "RFC 4231, 4, test case 2", "4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
    {kHmacSha224, "RFC 4231, 4, test case 6",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
     "204669727374",
     "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e"},
    {kHmacSha256, "RFC 4231, 4, test case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {kHmacSha256, "RFC 4231, 4, test case 2", "4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {kHmacSha256, "RFC 4231, 4, test case 6",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
     "204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    {kHmacSha384, "RFC 4231, 4, test case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6"},
    {kHmacSha384, "RFC 4231, 4, test case 2", "4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649"},
    {kHmacSha384, "RFC 4231, 4, test case 6",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
     "204669727374",
     "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"},
    {kHmacSha512, "RFC 4231, 4, test case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4"
     "be9d914eeb61f1702e696c203a126854"},
    {kHmacSha512, "RFC 4231, 4, test case 2", "4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
     "caeab1a34d4a6b4b636e070a38bce737"},
    {kHmacSha512, "RFC 4231, 4, test case 6",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
     "204669727374",
     "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52"
     "95e64f73f63f0aec8b915a985d786598"},
    {kCmacAes, "SP 800-38B, D.1, example 1", "2b7e151628aed2a6abf7158809cf4f3c", "",
     "bb1d6929e95937287fa37d129b756746"},
    {kCmacAes, "SP 800-38B, D.1, example 2", "2b7e151628aed2a6abf7158809cf4f3c",
     "6bc1bee22e409f96e93d7e117393172a", "070a16b46b4d4144f79bdd9dd04a287c"},
    {kCmacAes, "SP 800-38B, D.1, example 3", "2b7e151628aed2a6abf7158809cf4f3c",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
     "dfa66747de9ae63030ca32611497c827"},
    {kCmacAes, "SP 800-38B, D.2, example 1", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "",
     "d17ddf46adaacde531cac483de7a9367"},
    {kCmacAes, "SP 800-38B, D.2, example 2", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
     "6bc1bee22e409f96e93d7e117393172a", "9e99a7bf31e710900662f65e617c5184"},
    {kCmacAes, "SP 800-38B, D.2, example 3", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
     "8a1de5be2eb31aad089a82e6ee908b0e"},
    {kCmacAes, "SP 800-38B, D.3, example 1",
     "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "",
     "028962f61b7bf89efc6b551f4667d983"},
    {kCmacAes, "SP 800-38B, D.3, example 2",
     "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "6bc1bee22e409f96e93d7e117393172a",
     "28a7023f452e8f82bd4bf28d8c37c35c"},
    {kCmacAes, "SP 800-38B, D.3, example 3",
     "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411",
     "aaf3d8f1de5640c232f5b169b9c911e6"},
    {kCmacTripleDes, "SP 800-38B, D.4, example 1", "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5", "",
     "b7a688e122ffaf95"},
    {kCmacTripleDes, "SP 800-38B, D.4, example 2", "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
     "6bc1bee22e409f96", "8e8f293136283797"},
    {kCmacTripleDes, "SP 800-38B, D.4, example 3", "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
     "6bc1bee22e409f96e93d7e117393172aae2d8a57", "743ddbe0ce2dc2ed"},
    {kCmacTripleDes, "SP 800-38B, D.4, example 4", "8aa83bf8cbda10620bc1bf19fbb6cd58bc313d4a371ca8b5",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", "33e6b1092400eae5"},
    {kCmacTripleDes, "SP 800-38B, D.5, example 1", "4cf15134a2850dd58a3d10ba80570d38", "",
     "bd2ebf9a3ba00361"},
    {kCmacTripleDes, "SP 800-38B, D.5, example 2", "4cf15134a2850dd58a3d10ba80570d38", "6bc1bee22e409f96",
     "4ff2ab813c53ce83"},
    {kCmacTripleDes, "SP 800-38B, D.5, example 3", "4cf15134a2850dd58a3d10ba80570d38",
     "6bc1bee22e409f96e93d7e117393172aae2d8a57", "62dd1b471902bd4e"},
    {kCmacTripleDes, "SP 800-38B, D.5, example 4", "4cf15134a2850dd58a3d10ba80570d38",
     "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51", "31b1e431dabc4eb8"},
    {kGmacAes, "NIST CAVP gcmEncryptExtIV128, PTlen 0, AADlen 160, count 0",
     "2fb45e5b8f993a2bfebc4b15b533e0b4", "5b05755f984d2b90f94b8027e85491b2202caf1d7dce03b97e09331c32473941",
     "c75b7832b2a2d9bd827412b6ef5769db"},
    {kGmacAes, "NIST CAVP gcmEncryptExtIV192, PTlen 0, AADlen 160, count 0",
     "093ef7551ebbff8eb0c0a8a4a62b198f0c2e838de10eeeee",
     "e656e93930ed5210ba3f03223da22dacfd11b21b0a713157f60aec0cd22f1add", "1b2d2764573e20ae640bf29d48e5fe05"},
    {kGmacAes, "NIST CAVP gcmEncryptExtIV256, PTlen 0, AADlen 160, count 0",
     "886cff5f3e6b8d0e1ad0a38fcdb26de97e8acbe79f6bed66959a598fa5047d65",
     "3a8efa1cd74bbab5448f9945519fee519d25c7a304d6c6aa1897ee1eb8c59655", "f6d47505ec96c98a42dc3ae719877b87"},
    {kGmacAes, "McGrew and Viega, GCM, test case 1", "00000000000000000000000000000000",
     "000000000000000000000000", "58e2fccefa7e3061367f1d57a4e7455a"},
    {kGmacTwofish, "computed with nettle 3.8 and SP 800-38D by hand, confirmed by libgcrypt",
     "000102030405060708090a0b0c0d0e0f",
     "a0a1a2a3a4a5a6a7a8a9aaab000306090c0f1215181b1e2124272a2d303336393c3f4245484b4e5154575a5d606366",
     "d6ddddafb6f9ae872517cf6a49a9894e"},
    {kGmacTwofish, "computed with nettle 3.8 and SP 800-38D by hand",
     "000102030405060708090a0b0c0d0e0f1011121314151617",
     "a0a1a2a3a4a5a6a7a8a9aaab000306090c0f1215181b1e2124272a2d303336393c3f4245484b4e5154575a5d606366",
     "ecdd3f7b4045da7fb4180d9196597976"},
    {kGmacTwofish, "computed with nettle 3.8 and SP 800-38D by hand, confirmed by libgcrypt",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "a0a1a2a3a4a5a6a7a8a9aaab000306090c0f1215181b1e2124272a2d303336393c3f4245484b4e5154575a5d606366",
     "f88cdf8a972cfcc47c15be38b1a7494e"},
    {kCbcMacAes, "SP 800-38A, F.2.1: last block, the IV added to the first block of text",
     "2b7e151628aed2a6abf7158809cf4f3c",
     "6bc0bce12a459991e134741a7f9e1925ae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
     "f69f2445df4f9b17ad2b417be66c3710",
     "3ff1caa1681fac09120eca307586e1a7"},
    {kCbcMacAes, "SP 800-38A, F.2.3: last block, the IV added to the first block of text",
     "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
     "6bc0bce12a459991e134741a7f9e1925ae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
     "f69f2445df4f9b17ad2b417be66c3710",
     "08b0e27988598881d920a9e64f5615cd"},
    {kCbcMacAes, "SP 800-38A, F.2.5: last block, the IV added to the first block of text",
     "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "6bc0bce12a459991e134741a7f9e1925ae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
     "f69f2445df4f9b17ad2b417be66c3710",
     "b2eb05e2c39be9fcda6c19078c6a9d1b"},
    {kXcbcAes, "RFC 3566, 4.6, test case 1", "000102030405060708090a0b0c0d0e0f", "",
     "75f0251d528ac01c4573dfd584d79f29"},
    {kXcbcAes, "RFC 3566, 4.6, test case 2", "000102030405060708090a0b0c0d0e0f", "000102",
     "5b376580ae2f19afe7219ceef172756f"},
    {kXcbcAes, "RFC 3566, 4.6, test case 3", "000102030405060708090a0b0c0d0e0f",
     "000102030405060708090a0b0c0d0e0f", "d2a246fa349b68a79998a4394ff7a263"},
    {kXcbcAes, "RFC 3566, 4.6, test case 4", "000102030405060708090a0b0c0d0e0f",
     "000102030405060708090a0b0c0d0e0f10111213", "47f51b4564966215b8985c63055ed308"},
    {kXcbcAes, "RFC 3566, 4.6, test case 5", "000102030405060708090a0b0c0d0e0f",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "f54f0ec8d2b9f3d36807734bd5283fd4"},
    {kXcbcAes, "RFC 3566, 4.6, test case 6", "000102030405060708090a0b0c0d0e0f",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021",
     "becbb3bccdb518a30677d5481fb6b4d8"},
};

}  // namespace

std::span<const MacVector> mac_vectors() {
  return kVectors;
}

}  // namespace virtcrypt::tests
