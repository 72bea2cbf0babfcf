// Every row of the tables from many threads at once.
#include <atomic>
#include <thread>
#include <vector>

#include <cryptopp/cpu.h>

#include "tests/support/catch.h"
#include "tests/unit/crypto/subject.h"

using virtcrypt::tests::all_subjects;
using virtcrypt::tests::Bytes;
using virtcrypt::tests::cut;
using virtcrypt::tests::Subject;

namespace {

// Wrong results of four threads that share the subject's session.
int count_wrong(const Subject& subject) {
  const Bytes input = subject.input(2000);
  const Bytes expected = subject.in_one_piece(input);
  std::atomic<int> wrong{0};
  std::vector<std::jthread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      Bytes output(expected.size());
      const std::vector<std::size_t> cuts(10, 100 + thread);
      for (int i = 0; i < 50; ++i) {
        const bool ran =
            subject.succeeds(cut(std::span<const std::byte>(input), cuts), cut(std::span(output), {7}));
        if (!ran || output != expected) ++wrong;
      }
    });
  }
  threads.clear();
  return wrong;
}

}  // namespace

TEST_CASE("Every row: one session is used from many threads at once", "[crypto][threads]") {
  for (const Subject& subject : all_subjects()) {
    CAPTURE(subject.name());
    CHECK(count_wrong(subject) == 0);
  }
}

#if CRYPTOPP_AESNI_AVAILABLE
// Crypto++'s table code for AES keeps scratch memory in the cipher object. Its own feature flag is what it
// decides by.
TEST_CASE("Every row: one session is used from many threads at once on a processor without AES-NI",
          "[crypto][threads]") {
  struct WithoutAesNi {
    bool before = CryptoPP::HasAESNI();
    WithoutAesNi() { CryptoPP::g_hasAESNI = false; }
    ~WithoutAesNi() { CryptoPP::g_hasAESNI = before; }
    WithoutAesNi(const WithoutAesNi&) = delete;
    WithoutAesNi& operator=(const WithoutAesNi&) = delete;
  };
  std::vector<Bytes> expected;
  for (const Subject& subject : all_subjects())
    expected.push_back(subject.in_one_piece(subject.input(500)));
  const WithoutAesNi emulated;
  const std::vector<Subject> subjects = all_subjects();
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    CAPTURE(subjects[i].name());
    CHECK(subjects[i].in_one_piece(subjects[i].input(500)) == expected[i]);
    CHECK(count_wrong(subjects[i]) == 0);
  }
}
#endif
