#include "tests/fuzz/differential/keys.h"

#include <array>

namespace virtcrypt::fuzz {
namespace {

// Made by `openssl genrsa` and `openssl ecparam -genkey`, for this test alone.
constexpr std::array<RsaKeyText, 3> kRsaKeys{{
    {.private_key = "3082013b020100024100db2d1bfedf2c29e060294882f4a4aa250d8cb7b5ca0581b196caf073849913fd90f6"
                    "a48f5e820ba0"
                    "9693b591435b37e53f2a2583d1101475cdd6cea693ad5adb020301000102401dee7d22436c0e93fbcde77f2a"
                    "d5c9fea16914"
                    "35994f4334f378e7797f24409c619865879257890969d371465bb7b55e1bf8bf7248c2bcf05370d1e0bf6123"
                    "11022100f122"
                    "95496f2eee7d6607f5c5c625356ff4e735d595122d9bdab20a1b70e1216f022100e8affcbd36ea717d7e8d25"
                    "db7a8535b878"
                    "3b2c3ba4b5420227bdb364d4244f55022051e903791c717ec5ce00ea35b267354dc08d41b6399b212f0e0ce8"
                    "6e05dc13b502"
                    "2100c14d523d2e5ddd224ffb9a3396b90b43d03df8252453a01e823d49c6bda5dc71022100b1ee68f6251693"
                    "af8d87288a2d"
                    "efcaabcdfa1138a7de77884b5081b4c9d702b3",
     .public_key = "3048024100db2d1bfedf2c29e060294882f4a4aa250d8cb7b5ca0581b196caf073849913fd90f6a48f5e820ba"
                   "09693b59143"
                   "5b37e53f2a2583d1101475cdd6cea693ad5adb0203010001"},
    {.private_key = "3082025d02010002818100d32ba81aaa90a21cb411e4f5351a4ca1ceafe925a717eef4a9972a4d0c783910da"
                    "0bd0ba5d3817"
                    "88a1393dd448904a14905f8a95a33fffbfb48787ede7be92ec5e45f23a24cfd5a2a458c4647af91babbc689a"
                    "a4ef200158c4"
                    "c9fb63704c2489e7a9d3b226c2d05f993445c11c3a4e0a0049438a9ed03375bee3b0f74cd1aae90203010001"
                    "02818100af4c"
                    "5a6c689350400bab9f297f3fa9c5d8d266f4fed4fb64d733c9c5d44828f7384afea6f6a38dc5ba30ce86df06"
                    "08b931705e97"
                    "01c22b087550dd223d73127aeafe4a6e02268e607f0619a40a8e36db56a7309fcf2ea07b3b6ce3ef61104078"
                    "00c9b0d5f374"
                    "04a2d206e150c19b4c45ceafa47551d3712b541f74d2c7539b11024100f3f83a3f724b8360dab6acebf2a748"
                    "4e1dc3931ccf"
                    "3fac37218cd7a861b25d81b0e629b59403fb5cd4a5e21b778e962f977a091c29871b39c4ebc7d54eee1c1302"
                    "4100dd9562fe"
                    "f2cab6b247efb6098e637963775ea82553f6ebb326efd23ac2b627701b336276d25ae2d4ec6038bbf8ac7b25"
                    "83c1879dd770"
                    "7e80335ce3149223c493024100b6b01355fd4d4484db625d5c95a8e440f292c7ef93d5d72cb567d4f996a6cc"
                    "d457d6123791"
                    "2de6251e6b55444223b89cccae2a72373a9f8d83c31731c8d80e97024001a740b2d84aecec0d9f5b435cfd9f"
                    "053ff9c3d56b"
                    "77f73042051e13742a79c6db5d19c9fb2dd46d744a0f824f8bb1eb88bd23eee8919d50059216dbab6f7ae302"
                    "405b09d94456"
                    "536405e3ffff4ed1a48984f9311d2d7494b600135009f0d41eb08e93d453da5323b02ffd09e96852a70908fa"
                    "9956eb7c47db"
                    "4b49b5bf5eb7480576",
     .public_key = "30818902818100d32ba81aaa90a21cb411e4f5351a4ca1ceafe925a717eef4a9972a4d0c783910da0bd0ba5d3"
                   "81788a1393d"
                   "d448904a14905f8a95a33fffbfb48787ede7be92ec5e45f23a24cfd5a2a458c4647af91babbc689aa4ef20015"
                   "8c4c9fb6370"
                   "4c2489e7a9d3b226c2d05f993445c11c3a4e0a0049438a9ed03375bee3b0f74cd1aae90203010001"},
    {.private_key = "308204a30201000282010100ab6c1e3cbc0d7b4344b68e1d038946bef3653d67bacd86e15d20e612c032bbfe"
                    "29feec37c20f"
                    "6f6fe72dd7d2626a4e07ded7ed8c5685fb0e4fc21e08d381f5d859a44bbac9758242508d24e8d6d0d3a68c24"
                    "f00fdf0a0465"
                    "1d3217f4ae99b398c2b78c7639a6c34ab99dd4e218b73a848b9653c907cbc78df961067fb5bc99e11339df39"
                    "5566e4f5934b"
                    "8b09985b3b07adb8be85acdb32f406c519721313fd279c1fdc751a7627bba98e1a9ad18a48cc472a7b1800ad"
                    "5f9f6bd91f08"
                    "c2c8469efed4886e59a389251cc970e7515c4ff06583122a791709ad9b8e9db9c20fa1122e278d9e24ee01c0"
                    "6634ce136e40"
                    "37f79b89448239b6d95b32a7a3a52b089baf0203010001028201000c31c2fb777f337234f35b508ea232fa86"
                    "e5494e30f3ee"
                    "159e7e266b3132d3e0e4afc21fa070f282f54ebc9f24178c8fea0dfaaf22416b44666f6176956a5ef68dadee"
                    "b456d7797e7c"
                    "9ae13b12c46938dc4f31cce9851db0c76efb304869671bea346770a5ded370f676e9572a2714f2cfdcab6c72"
                    "a82b7cbf643f"
                    "582d1f662ccfd70b822ce10bafa67d3b41d85142f9f83d0d74390135bf74006729414cd16ae921dabf92f60e"
                    "6f529da9847a"
                    "c820344148c688bdde061c91baed5cf60a43a38d3985f202d14e882e0c7da755d5f9f59f33f4e16416c75717"
                    "ea7308b88734"
                    "378a34d8a5d882b66dbd57d96bf2d1e74943068803c9e0d1f5834ad340cfabe91902818100d28488905d4537"
                    "ec7d31586130"
                    "1192d65a07d72bb5f159994e347ad0e27a2c31810d605dda56cdefd5e21a3dccb78565caaa4dbe596b01e62b"
                    "c98eba927332"
                    "a018c7317d0e4becb521b77f5bc28d4837532554fbdd2e381631cc6dc2192202873d92947ea474df20ba8433"
                    "48f63512b13d"
                    "a52cba32938248f2bc0aa94696234702818100d07544f56c71e4c97d5180e3ee52f5c802d744ab707791a0a0"
                    "fc0a635da9ca"
                    "933e4379dbec501d1c39d0bed1ac4cf60bfa43eb0b41dfe854823499a079823e98e896f0128651ac59c3c4e0"
                    "550a183ff457"
                    "e92c70c85acc75da2bd4da3f619710ba30d6b9f053fab8b9034148f293037ed2688353b75393a8c7662a2e6b"
                    "32e859028180"
                    "4c029c887b94d58767009d27a24286212d2aad8f53c74c11a5821f623293e8470b90b7ddcb4b125a698094f7"
                    "0166b61cb5db"
                    "5decbfbe7a5610335b7c940a521a2a3829ef3c6d3f8f7b18153d1d7703bf2e1f499b1316701bdb6933ac2484"
                    "fa22b8a1a74a"
                    "3eb910237214efab85724e487eb897f8b6f039d77b0558581c6b735b0281805277c2433196d143210fc864e3"
                    "d8f021237694"
                    "551a964307800895f77f8b7777ceef14db7b5eaa558b4dd8dfcc415a299ce597ac09709252347ca8b642bbd3"
                    "15dd16317db2"
                    "a3c702701f87fc3c95216002135e207432efa6441c89059a837a2704f1e3510611c323a715f192f15c55caab"
                    "64eb67882449"
                    "4b412f5acaa860286902818100cc3d21e33cbf6a8bc9b334857f0f47b588655b154c689c90898c9a546c093e"
                    "fd43ce2a5715"
                    "fe077340f6e9e61e1d1652a8c8217095443f67d0f28d9cbb98d1978bb01cc4d33681ddfa5d010e4dfff962f7"
                    "5900595d064a"
                    "e687b39a7c7c419af02e80ad4ef5eab010c8daf99040fe3a0dd697459ca3f1eea5a2ff4d39348d4fae",
     .public_key = "3082010a0282010100ab6c1e3cbc0d7b4344b68e1d038946bef3653d67bacd86e15d20e612c032bbfe29feec3"
                   "7c20f6f6fe7"
                   "2dd7d2626a4e07ded7ed8c5685fb0e4fc21e08d381f5d859a44bbac9758242508d24e8d6d0d3a68c24f00fdf0"
                   "a04651d3217"
                   "f4ae99b398c2b78c7639a6c34ab99dd4e218b73a848b9653c907cbc78df961067fb5bc99e11339df395566e4f"
                   "5934b8b0998"
                   "5b3b07adb8be85acdb32f406c519721313fd279c1fdc751a7627bba98e1a9ad18a48cc472a7b1800ad5f9f6bd"
                   "91f08c2c846"
                   "9efed4886e59a389251cc970e7515c4ff06583122a791709ad9b8e9db9c20fa1122e278d9e24ee01c06634ce1"
                   "36e4037f79b"
                   "89448239b6d95b32a7a3a52b089baf0203010001"},
}};

// In the order of crypto::Curve.
constexpr std::array<EcKeyText, 5> kEcKeys{{
    {.group = "P-192",
     .private_key =
         "305f02010104180303de56f01aa08cb3a22c9d2a829e81a0dafe6a859159d5a00a06082a8648ce3d030101a134033200049"
         "a"
         "59120910997394855871694215345fdbdd1cbde1719e9305e313e495245dc395e07134719e6f79b83ee89271263678",
     .point_bytes = 49},
    {.group = "P-224",
     .private_key = "3068020101041c420c0eb0e8cf2642ae0489474bbdfe59146e63df4da8678bb4407216a00706052b81040021"
                    "a13c033a0004"
                    "8791a61441e5159dc8bf368ab1b9ccb6b9f95ee5f0b97ce758a4bff4bad8c6acb0166ce802c1db06827ba00b"
                    "84c0fa453e58"
                    "15fd454b80e9",
     .point_bytes = 57},
    {.group = "P-256",
     .private_key = "307702010104208116579d3316cda2a65665025b4ef46da786508c36f5d9157bc2081204765168a00a06082a"
                    "8648ce3d0301"
                    "07a144034200041f1d3a66c7de4b5f5ebe42f0da11d397b24b8d22948362fbfb46a5651b7632aa370abceaa8"
                    "49c200855aa1"
                    "0b7264c1c7e8c86f10d150a419efe0bc376a2a97ed",
     .point_bytes = 65},
    {.group = "P-384",
     .private_key = "3081a40201010430575514256b2494a928228f6de3487125747a569abfb68dcdf569acf1ddbf3bc2d67d69b6"
                    "6ff5352c1354"
                    "4b4ea2aea8baa00706052b81040022a16403620004e19017b4ec580534b5cad52fe64c5bd452a0b3e2a646cd"
                    "5e6088d30a0c"
                    "2d39af712a74c182c082e2424343de37dc41673e4c7994021757754b6671513b7a7d8c13529c9f08238952e8"
                    "91c9aa6fda30"
                    "72b92c4668322b6f3825e786f3ec84219f",
     .point_bytes = 97},
    {.group = "P-521",
     .private_key = "3081dc020101044201f083122dc6d40b50322405470608b363f7a26ec109bd064db0c21a6b4c5d96603a98a7"
                    "9d4f5241569a"
                    "459459a814350da24e87c04bbcb30715a717cfd537a64f83a00706052b81040023a18189038186000400a18e"
                    "91116cafe5d5"
                    "d2b22f432ee6b3b7ab54fb878b3e06d706289c43b9ac37969de4f0e6a36d3f65069a3ef9a89cdf63d7ba8458"
                    "df96ff4a54f5"
                    "5f1d2ef7aa77790179a30ddd65c8ce930c45707526edbb7050fc7b700ccf20d8b74057ea3235be8db10d0a8b"
                    "1f3420ac3b3f"
                    "6f6beeb6b1a04e4d79a4a7f95a7800b29fcaa0ea5c11b5",
     .point_bytes = 133},
}};

}  // namespace

std::span<const RsaKeyText> rsa_keys() {
  return kRsaKeys;
}

const EcKeyText& ec_key(crypto::Curve curve) {
  return kEcKeys.at(static_cast<std::size_t>(curve));
}

}  // namespace virtcrypt::fuzz
