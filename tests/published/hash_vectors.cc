#include "tests/published/symmetric_vectors.h"

namespace virtcrypt::tests {
namespace {

using enum crypto::HashAlgorithm;

const char* const kAbc = "616263";
const char* const kFips180 = "NIST, Examples with Intermediate Values, FIPS 180-4, \"abc\"";
const char* const kFips202 = "NIST, Examples with Intermediate Values, FIPS 202, 0 bits";

const HashVector kVectors[] = {
    {kMd5, "RFC 1321, A.5", "", "d41d8cd98f00b204e9800998ecf8427e"},
    {kMd5, "RFC 1321, A.5", kAbc, "900150983cd24fb0d6963f7d28e17f72"},
    {kSha1, kFips180, kAbc, "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {kSha224, kFips180, kAbc, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {kSha256, kFips180, kAbc, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {kSha384, kFips180, kAbc,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163 1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"},
    {kSha512, kFips180, kAbc,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {kSha3_224, kFips202, "", "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7"},
    {kSha3_256, kFips202, "", "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"},
    {kSha3_384, kFips202, "",
     "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61 995e71bbee983a2ac3713831264adb47fb6bd1e058d5f004"},
    {kSha3_512, kFips202, "",
     "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a6"
     "15b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26"},
    {kShake128, kFips202, "",
     "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26"
     "3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2"},
    {kShake256, kFips202, "",
     "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"
     "d75dc4ddd8c0f200cb05019d67b592f6fc821c49479ab48640292eacb3b7c4be"},
};

}  // namespace

std::span<const HashVector> hash_vectors() {
  return kVectors;
}

}  // namespace virtcrypt::tests
