// Runs vectors through a crypto device of this process: a driver negotiates, writes requests into rings in
// guest memory, and looks at what comes back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/driver/crypto_driver.h"
#include "tests/driver/crypto_requests.h"
#include "tests/vectors/case.h"

namespace virtcrypt::vectors {

struct RunnerOptions {
  bool packed = false;
  test::Layout layout = test::Layout::kPadded;
  std::size_t every = 1;  // runs each every-th case only
};

struct CaseResult {
  enum class State : std::uint8_t { kPassed, kFailed, kNotApplicable };
  State state = State::kPassed;
  std::string detail;  // what went wrong, or why it does not apply
};

// Thread-safety: one thread, which drives the device as well.
class Runner {
 public:
  explicit Runner(const RunnerOptions& options);
  ~Runner();

  // Never throws on what a case holds.
  [[nodiscard]] CaseResult run(const Case& test);

 private:
  // What the device answered: to the request, or to the create request when it refused that.
  struct Reply {
    std::uint8_t status = 0;
    bool refused_session = false;
    test::Bytes output;  // all writable bytes before the status; AKCIPHER: as many as the used length says
  };
  using Answers = std::function<Reply(const test::Target&)>;

  template <typename Subject>
  [[nodiscard]] Reply with_session(const Subject& subject, std::uint32_t destroy, const Answers& request);
  [[nodiscard]] Reply call(const test::Request& request);
  [[nodiscard]] Reply call_akcipher(const test::Request& request);
  [[nodiscard]] Reply akcipher(const AkcipherKey& key, bool with_private, std::uint32_t opcode,
                               const Bytes& source, std::size_t room, const Bytes& digest = {});

  // Each returns what is wrong; empty when nothing is.
  [[nodiscard]] std::string check(const std::monostate&) { return {}; }
  [[nodiscard]] std::string check(const CipherCase& work);
  [[nodiscard]] std::string check(const HashCase& work);
  [[nodiscard]] std::string check(const MonteCarloCase& work);
  [[nodiscard]] std::string check(const MacCase& work);
  [[nodiscard]] std::string check(const AeadCase& work);
  [[nodiscard]] std::string check(const SignatureCase& work);
  [[nodiscard]] std::string check(const DecryptCase& work);
  [[nodiscard]] std::string check(const KeyCase& work);
  [[nodiscard]] std::string check_sign(const SignatureCase& work);
  [[nodiscard]] Bytes monte_carlo(const MonteCarloCase& work,
                                  const std::function<Bytes(const Bytes&, std::size_t)>& hash);

  // A device and a driver of its own, all negotiated.
  void start();

  const RunnerOptions options_;
  const test::Layout layout_;
  std::unique_ptr<test::CryptoDriver> driver_;
};

}  // namespace virtcrypt::vectors
