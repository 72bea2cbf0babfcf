#include "tests/fuzz/operations.h"

namespace virtcrypt::fuzz {
namespace {

using enum Operation;
using enum Service;

// An operation may be listed more than once, to be taken more often. New ones come last: kept inputs name
// operations by their place.
constexpr Operation kPciSteps[] = {
    kConfigRead, kConfigWrite, kBarRead, kBarWrite,   kCommonWrite, kBarWrite, kCommonWrite, kStart,
    kNotify,     kRun,         kReset,   kQueueReset, kReady,       kCommand,  kRequest,     kQueueSetup};
constexpr Operation kRingSteps[] = {
    kDescriptor, kDescriptor, kDescriptor,  kAvailable, kPoke,  kRequest,    kNotify,  kRun,
    kRun,        kQueueReset, kCommonWrite, kReset,     kStart, kQueueSetup, kCommand, kReady};
constexpr Operation kRequestSteps[] = {kRequest, kRequest, kRequest, kRequest, kRun,     kRun,
                                       kPoke,    kReady,   kRequest, kRequest, kCommand, kStart};
constexpr Operation kAllSteps[] = {
    kConfigRead, kConfigWrite, kBarRead, kBarWrite,   kCommonWrite, kStart,   kDescriptor,
    kAvailable,  kPoke,        kRequest, kRequest,    kRequest,     kNotify,  kRun,
    kRace,       kRace,        kReset,   kQueueReset, kReady,       kCommand, kQueueSetup};

constexpr Service kAllServices[] = {kCipher, kChain, kHash, kMac, kAead, kRsa, kEcdsa};
constexpr Service kSymmetric[] = {kCipher, kChain, kHash, kMac, kAead};
constexpr Service kCipherOnly[] = {kCipher}, kChainOnly[] = {kChain}, kHashOnly[] = {kHash},
                  kMacOnly[] = {kMac}, kAeadOnly[] = {kAead}, kAkcipherOnly[] = {kRsa, kEcdsa};

constexpr Target kTargets[] = {
    {.number = 0,
     .name = "pci",
     .about = "PCI configuration space and BAR accesses",
     .operations = kPciSteps,
     .services = kCipherOnly,
     .started = false},
    {.number = 1,
     .name = "split-ring",
     .about = "split virtqueues",
     .operations = kRingSteps,
     .services = kCipherOnly,
     .feature_mask = static_cast<std::uint8_t>(~start_bit::kPacked)},
    {.number = 2,
     .name = "packed-ring",
     .about = "packed virtqueues",
     .operations = kRingSteps,
     .services = kCipherOnly,
     .feature_force = start_bit::kPacked},
    {.number = 3,
     .name = "control",
     .about = "the control queue, sessions of every service",
     .operations = kRequestSteps,
     .services = kAllServices},
    {.number = 4,
     .name = "cipher",
     .about = "CIPHER requests",
     .operations = kRequestSteps,
     .services = kCipherOnly},
    {.number = 5,
     .name = "chain",
     .about = "algorithm chaining",
     .operations = kRequestSteps,
     .services = kChainOnly},
    {.number = 6,
     .name = "hash",
     .about = "HASH requests",
     .operations = kRequestSteps,
     .services = kHashOnly},
    {.number = 7, .name = "mac", .about = "MAC requests", .operations = kRequestSteps, .services = kMacOnly},
    {.number = 8,
     .name = "aead",
     .about = "AEAD requests",
     .operations = kRequestSteps,
     .services = kAeadOnly},
    {.number = 9,
     .name = "akcipher",
     .about = "RSA and ECDSA requests",
     .operations = kRequestSteps,
     .services = kAkcipherOnly},
    {.number = 10,
     .name = "rfc-v2",
     .about = "the dialect of the draft",
     .operations = kRequestSteps,
     .services = kSymmetric,
     .rfc_v2 = true},
    {.number = 11,
     .name = "device",
     .about = "everything at once, memory changing while the device works",
     .operations = kAllSteps,
     .services = kAllServices,
     .started = false},
};

}  // namespace

std::span<const Target> targets() {
  return kTargets;
}

const Target* target_named(std::string_view name) {
  for (const Target& target : kTargets) {
    if (target.name == name) return &target;
  }
  return nullptr;
}

const Target& target_numbered(std::uint8_t number) {
  return kTargets[number % std::size(kTargets)];
}

}  // namespace virtcrypt::fuzz
