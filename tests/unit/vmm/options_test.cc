#include "tests/support/catch.h"
#include "virtcrypt/vmm/cli/crypto_options.h"
#include "virtcrypt/vmm/cli/memory_size.h"

using namespace virtcrypt::vmm;
using virtcrypt::test::contains_text;

namespace {

std::string crypto_error(std::string_view text) {
  const auto parsed = cli::parse_crypto_options(text);
  return parsed ? std::string("accepted") : parsed.error();
}

constexpr std::uint64_t kMiB = 1024 * 1024;

}  // namespace

TEST_CASE("Option crypto: no value means all defaults", "[vmm][cli]") {
  const auto parsed = cli::parse_crypto_options("");
  REQUIRE(parsed);
  CHECK(*parsed == CryptoOptions{});
  CHECK(parsed->queues == 1);
  CHECK(parsed->queue_size == 1024);
}

TEST_CASE("Option crypto: keys are read, others keep their defaults", "[vmm][cli]") {
  const auto parsed = cli::parse_crypto_options("queues=4,queue-size=1024,workers=0,max-sessions=7");
  REQUIRE(parsed);
  CHECK(parsed->queues == 4);
  CHECK(parsed->queue_size == 1024);
  CHECK(parsed->workers == 0);
  CHECK(parsed->io_threads == 1);
  CHECK(parsed->max_sessions == 7);
}

TEST_CASE("Option crypto: an unknown key is named, with those that exist", "[vmm][cli]") {
  const std::string error = crypto_error("queues=2,colour=red");
  CHECK_THAT(error, contains_text("colour"));
  for (const char* key : {"queues", "queue-size", "workers", "io-threads", "max-sessions"}) {
    CHECK_THAT(error, contains_text(key));
  }
}

TEST_CASE("Option crypto: a value out of range names key and range", "[vmm][cli]") {
  const auto text = GENERATE("queues=0", "queues=65", "queues=-1", "queues=", "queues=2x", "queues= 2",
                             "queues=99999999999999999999", "queues");
  CAPTURE(text);
  CHECK_THAT(crypto_error(text), contains_text("queues") && contains_text("1 to 64"));
}

TEST_CASE("Option crypto: a queue size is what the specification allows", "[vmm][cli]") {
  CHECK_THAT(crypto_error("queue-size=0"), contains_text("1 to 32768"));
  CHECK_THAT(crypto_error("queue-size=32769"), contains_text("1 to 32768"));
  CHECK(crypto_error("queue-size=1") == "accepted");
  CHECK(crypto_error("queue-size=100") == "accepted");
}

TEST_CASE("Option crypto: stray commas are errors", "[vmm][cli]") {
  CHECK(crypto_error("queues=2,") != "accepted");
  CHECK(crypto_error(",queues=2") != "accepted");
  CHECK(crypto_error("queues=2,,workers=1") != "accepted");
}

TEST_CASE("Option memory: MiB by default, M and G of either case", "[vmm][cli]") {
  CHECK(cli::parse_memory_size("256M") == 256 * kMiB);
  CHECK(cli::parse_memory_size("256m") == 256 * kMiB);
  CHECK(cli::parse_memory_size("2G") == 2048 * kMiB);
  CHECK(cli::parse_memory_size("2g") == 2048 * kMiB);
  CHECK(cli::parse_memory_size("6144") == 6144 * kMiB);
  CHECK(cli::parse_memory_size("16") == 16 * kMiB);
  CHECK(cli::parse_memory_size("255G") == 255 * 1024 * kMiB);
}

TEST_CASE("Option memory: what is no size is refused with examples", "[vmm][cli]") {
  const auto text = GENERATE("", "M", "lots", "12K", "12MB", "1.5G", "-256M", "256 M", "0x100");
  CAPTURE(text);
  const auto parsed = cli::parse_memory_size(text);
  REQUIRE_FALSE(parsed);
  CHECK_THAT(parsed.error(), contains_text("512M"));
}

TEST_CASE("Option memory: too little and too much are refused with the limits", "[vmm][cli]") {
  const auto text =
      GENERATE("0", "15M", "256G", "261121", "18446744073709551615G", "99999999999999999999999M");
  CAPTURE(text);
  const auto parsed = cli::parse_memory_size(text);
  REQUIRE_FALSE(parsed);
  CHECK_THAT(parsed.error(), contains_text("16M to 255G"));
}

TEST_CASE("Option crypto: services, algorithms and features can be narrowed", "[vmm][cli]") {
  const auto parsed = cli::parse_crypto_options(
      "services=cipher+HASH,algorithms=aes-cbc+SHA-256,without=REVISION_1+event_idx");
  REQUIRE(parsed);
  CHECK(parsed->services == std::set<std::string, std::less<>>{"CIPHER", "HASH"});
  CHECK(parsed->algorithms == std::set<std::string, std::less<>>{"AES-CBC", "SHA-256"});
  CHECK_FALSE(parsed->features.has_bit(0));
  CHECK_FALSE(parsed->features.has_bit(29));
  CHECK(parsed->features.has_bit(28));
  CHECK(parsed->features.has_bit(32));

  const auto only = cli::parse_crypto_options("features=INDIRECT_DESC,max-size=4096,ready=off");
  REQUIRE(only);
  CHECK(only->features.bits() == (std::uint64_t{1} << 28 | std::uint64_t{1} << 32));
  CHECK(only->max_size == 4096);
  CHECK_FALSE(only->ready);
  const auto none = cli::parse_crypto_options("features=none");
  REQUIRE(none);
  CHECK(none->features.bits() == std::uint64_t{1} << 32);
}

TEST_CASE("Option crypto: a name that does not exist is named, with those that do", "[vmm][cli]") {
  CHECK_THAT(crypto_error("services=cipher+ipsec"), contains_text("ipsec") && contains_text("AKCIPHER"));
  CHECK_THAT(crypto_error("algorithms=ROT13"), contains_text("ROT13") && contains_text("AES-CBC"));
  CHECK_THAT(crypto_error("without=VERSION_1"), contains_text("VERSION_1") && contains_text("REVISION_1"));
  CHECK_THAT(crypto_error("features="), contains_text("INDIRECT_DESC"));
  CHECK_THAT(crypto_error("services"), contains_text("wants a value"));
  CHECK_THAT(crypto_error("ready=maybe"), contains_text("on or off"));
}

TEST_CASE("Option crypto: the dialect, and feature names of its own", "[vmm][cli][rfc-v2]") {
  CHECK(cli::parse_crypto_options("")->dialect == CryptoDialect::kStandard);
  const auto draft = cli::parse_crypto_options("without=MQ+algs,dialect=rfc-v2,inline-sessions=on");
  REQUIRE(draft);
  CHECK(draft->dialect == CryptoDialect::kRfcV2);
  CHECK(draft->inline_sessions);
  CHECK(draft->features.has_bit(0));
  CHECK_FALSE(draft->features.has_bit(1));
  CHECK_FALSE(draft->features.has_bit(2));
  CHECK_THAT(crypto_error("dialect=rfc-v3"), contains_text("rfc-v3") && contains_text("standard or rfc-v2"));
  CHECK_THAT(crypto_error("without=MQ"), contains_text("MQ") && contains_text("REVISION_1"));
  CHECK_THAT(crypto_error("dialect=rfc-v2,without=REVISION_1"), contains_text("STATUS, MQ, ALGS"));
  CHECK_THAT(crypto_error("dialect=rfc-v2,without=INLINE_SESSION"), contains_text("INLINE_SESSION"));
  CHECK_THAT(crypto_error("inline-sessions=on"), contains_text("rfc-v2"));
  CHECK_THAT(crypto_error("inline-sessions=yes"), contains_text("on or off"));
  CHECK_THAT(crypto_error("dialect"), contains_text("dialect wants a value"));
}

TEST_CASE("Option crypto: the engine", "[vmm][cli]") {
  using virtcrypt::crypto::EngineChoice;
  CHECK(cli::parse_crypto_options("")->engine == EngineChoice::kAuto);
  CHECK(cli::parse_crypto_options("engine=auto")->engine == EngineChoice::kAuto);
  CHECK(cli::parse_crypto_options("engine=cryptopp")->engine == EngineChoice::kCryptopp);
  CHECK_THAT(crypto_error("engine=steam"),
             contains_text("'steam'") && contains_text("auto, cryptopp, ipsec-mb"));
  CHECK_THAT(crypto_error("engine="), contains_text("auto, cryptopp, ipsec-mb"));
  CHECK_THAT(crypto_error("engine"), contains_text("wants a value"));
  const auto library = cli::parse_crypto_options("engine=ipsec-mb");
  if (virtcrypt::crypto::make_ipsec_mb_engine() != nullptr) {
    CHECK(library->engine == EngineChoice::kIpsecMb);
  } else {
    CHECK_THAT(library.error(), contains_text("ipsec-mb") && contains_text("this processor"));
  }
}
