// RSA through keyctl(2): the kernel picks the registered implementation with the highest priority, which is
// the device's. Raw requests ("rsa") reach virtio-crypto-rsa with raw padding; PKCS#1 ones without a hash
// ("pkcs1pad(rsa)") reach virtio-pkcs1-rsa, whose padding is the device's, where the kernel registers it
// under that name; signatures are padded by the kernel over virtio-crypto-rsa. Expected answers were computed
// by OpenSSL when the image was built; that the device served the requests is seen by its interrupts.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "report.h"
#include "workloads.h"

namespace virtcrypt::guest {

namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<char>;

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

long add_key(const std::string& description, const Bytes& der) {
  const long id = ::syscall(SYS_add_key, "asymmetric", description.c_str(), der.data(), der.size(),
                            KEY_SPEC_PROCESS_KEYRING);
  if (id < 0) throw std::system_error(errno, std::generic_category(), "add_key " + description);
  return id;
}

struct Outcome {
  int error = 0;  // 0: done
  Bytes result;
};

// One of KEYCTL_PKEY_ENCRYPT, _DECRYPT, _SIGN.
Outcome transform(int command, long key, const char* info, const Bytes& in, std::size_t room) {
  Outcome outcome{0, Bytes(room)};
  keyctl_pkey_params params{};
  params.key_id = static_cast<__s32>(key);
  params.in_len = static_cast<__u32>(in.size());
  params.out_len = static_cast<__u32>(room);
  const long got = ::syscall(SYS_keyctl, command, &params, info, in.data(), outcome.result.data());
  if (got < 0) {
    outcome.error = errno;
    outcome.result.clear();
  } else {
    outcome.result.resize(static_cast<std::size_t>(got));
  }
  return outcome;
}

int verify(long key, const char* info, const Bytes& digest, const Bytes& signature) {
  keyctl_pkey_params params{};
  params.key_id = static_cast<__s32>(key);
  params.in_len = static_cast<__u32>(digest.size());
  params.in2_len = static_cast<__u32>(signature.size());
  const long got = ::syscall(SYS_keyctl, KEYCTL_PKEY_VERIFY, &params, info, digest.data(), signature.data());
  return got < 0 ? errno : 0;
}

// A key pair in the kernel, and OpenSSL's answers for it.
class KeyPair {
 public:
  KeyPair(const std::string& folder, std::string bits, unsigned milliseconds)
      : folder_(folder + "/" + bits + "/"),
        bits_(std::move(bits)),
        milliseconds_(milliseconds),
        room_(static_cast<std::size_t>(std::stoul(bits_)) / 8),
        private_key_(add_key("private" + bits_, file("key.pk8"))),
        public_key_(add_key("public" + bits_, file("cert.der"))) {}

  ~KeyPair() {
    ::syscall(SYS_keyctl, KEYCTL_UNLINK, private_key_, KEY_SPEC_PROCESS_KEYRING);
    ::syscall(SYS_keyctl, KEYCTL_UNLINK, public_key_, KEY_SPEC_PROCESS_KEYRING);
  }
  KeyPair(const KeyPair&) = delete;
  KeyPair& operator=(const KeyPair&) = delete;

  // Every operation as a workload of its own.
  bool run_each() {
    bool passed = true;
    for (const Operation& operation : operations())
      passed &= workload(operation.name, {operation});
    return passed;
  }

  // All operations in turn as one workload.
  bool run_together() { return workload("all operations", operations()); }

 private:
  [[nodiscard]] Bytes file(std::string_view name) const { return read_file(folder_ + std::string(name)); }
  static constexpr int kWrongAnswer = -1;

  // `once` returns 0, an errno value or kWrongAnswer.
  struct Operation {
    std::string name;
    std::function<int()> once;
  };

  // Repeats the operations until the time is up.
  bool workload(const std::string& what, const std::vector<Operation>& steps) {
    bool passed = true;
    for (const Operation& step : steps)
      passed &= attempt(step, true);

    std::uint64_t requests = 0;
    const auto start = Clock::now();
    do {
      for (const Operation& step : steps)
        passed &= attempt(step, false);
      requests += steps.size();
    } while (passed && Clock::now() - start < std::chrono::milliseconds(milliseconds_));
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    report_workload(passed ? Verdict::kPassed : Verdict::kFailed, "RSA-" + bits_ + " " + what, requests,
                    static_cast<double>(requests) / seconds);
    return passed;
  }

  // One operation. `watched`: the device must have interrupted meanwhile, else the kernel served it by
  // itself.
  [[nodiscard]] bool attempt(const Operation& operation, bool watched) const {
    const std::uint64_t interrupts = watched ? virtio_interrupts() : 0;
    const int error = operation.once();
    const char* complaint = nullptr;
    if (watched && virtio_interrupts() == interrupts)
      complaint = "no interrupt of a virtio device: served without it";
    if (error == kWrongAnswer) complaint = "wrong answer";
    if (error > 0) complaint = std::strerror(error);
    if (complaint == nullptr) return true;
    std::printf("RSA-%s %s: %s\n", bits_.c_str(), operation.name.c_str(), complaint);
    return false;
  }

  // An operation whose answer is one of OpenSSL's files.
  Operation expect(std::string name, int command, long key, std::string info, std::string_view in,
                   std::string_view out) {
    return {std::move(name),
            [this, command, key, info = std::move(info), input = file(in), expected = file(out)]() -> int {
              const Outcome outcome = transform(command, key, info.c_str(), input, room_);
              if (outcome.error != 0) return outcome.error;
              return outcome.result == expected ? 0 : kWrongAnswer;
            }};
  }

  // Padding for encryption is random, so its answer is judged by decrypting it (which OpenSSL's answer has
  // judged).
  Operation there_and_back() {
    return {"PKCS#1 encrypt", [this, text = file("text")]() -> int {
              const Outcome cipher = transform(KEYCTL_PKEY_ENCRYPT, public_key_, "enc=pkcs1", text, room_);
              if (cipher.error != 0) return cipher.error;
              if (cipher.result.size() != room_ || cipher.result == text) return kWrongAnswer;
              const Outcome plain =
                  transform(KEYCTL_PKEY_DECRYPT, private_key_, "enc=pkcs1", cipher.result, room_);
              if (plain.error != 0) return plain.error;
              return plain.result == text ? 0 : kWrongAnswer;
            }};
  }

  // The right digest is accepted and a wrong one refused.
  Operation verification(const std::string& hash) {
    Bytes wrong = file(hash + ".digest");
    wrong[0] = static_cast<char>(wrong[0] ^ 1);
    return {hash + " verify",
            [this, info = "enc=pkcs1 hash=" + hash, digest = file(hash + ".digest"), wrong = std::move(wrong),
             signature = file(hash + ".signature")]() -> int {
              const int error = verify(public_key_, info.c_str(), digest, signature);
              if (error != 0) return error;
              return verify(public_key_, info.c_str(), wrong, signature) == EKEYREJECTED ? 0 : kWrongAnswer;
            }};
  }

  std::vector<Operation> operations() {
    std::vector<Operation> all{
        expect("raw public", KEYCTL_PKEY_ENCRYPT, public_key_, "enc=raw", "raw", "raw.public"),
        expect("raw private", KEYCTL_PKEY_DECRYPT, private_key_, "enc=raw", "raw", "raw.private"),
        there_and_back(),
        expect("PKCS#1 decrypt", KEYCTL_PKEY_DECRYPT, private_key_, "enc=pkcs1", "pkcs1.cipher", "text")};
    for (const std::string hash : {"sha256", "sha1"}) {
      all.push_back(expect(hash + " sign", KEYCTL_PKEY_SIGN, private_key_, "enc=pkcs1 hash=" + hash,
                           hash + ".digest", hash + ".signature"));
      all.push_back(verification(hash));
    }
    return all;
  }

  std::string folder_;
  std::string bits_;
  unsigned milliseconds_;
  std::size_t room_;
  long private_key_;
  long public_key_;
};

}  // namespace

bool run_rsa(const RsaOptions& options) {
  bool passed = true;
  for (const char* bits : {"1024", "2048", "4096"}) {
    try {
      KeyPair pair(options.folder, bits, options.milliseconds);
      passed &= std::string_view(bits) == "2048" ? pair.run_each() : pair.run_together();
    } catch (const std::exception& error) {
      std::printf("RSA-%s: %s\n", bits, error.what());
      report_workload(Verdict::kFailed, std::string("RSA-") + bits, 0, 0);
      passed = false;
    }
  }
  return passed;
}

}  // namespace virtcrypt::guest
