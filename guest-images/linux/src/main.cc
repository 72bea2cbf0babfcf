// virtcrypt-guest: what the demo and the Linux guest tests run inside the guest. Static, so that it needs
// nothing but a kernel; its result lines are described in report.h.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <sys/random.h>

#include "workloads.h"

namespace {

namespace guest = virtcrypt::guest;

constexpr const char* kUsage =
    "usage: virtcrypt-guest aes|high-memory|rsa|rfc-v2 [--seed N] [--processes N] [--sockets N] [--ms N] "
    "[--software DRIVER] [--ring packed|split]\n";

struct Arguments {
  guest::AesOptions aes;
  guest::RsaOptions rsa;
  guest::DraftOptions draft;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool set_option(Arguments& arguments, std::string_view name, std::string_view text) {
  if (name == "--software") {
    arguments.aes.software = text;
    return true;
  }
  if (name == "--ring") {
    arguments.draft.packed = text == "packed";
    return text == "packed" || text == "split";
  }
  const auto value = number(text);
  if (!value) return false;
  if (name == "--seed") {
    arguments.aes.seed = *value;
  } else if (name == "--processes") {
    arguments.aes.processes = static_cast<unsigned>(*value);
  } else if (name == "--sockets") {
    arguments.aes.sockets = static_cast<unsigned>(*value);
  } else if (name == "--ms") {
    arguments.aes.milliseconds = static_cast<unsigned>(*value);
    arguments.rsa.milliseconds = static_cast<unsigned>(*value);
    arguments.draft.milliseconds = static_cast<unsigned>(*value);
  } else {
    return false;
  }
  return true;
}

int run(std::string_view what, const Arguments& arguments) {
  if (what == "aes") return guest::run_aes(arguments.aes) ? 0 : 1;
  if (what == "high-memory") return guest::run_high_memory(arguments.aes) ? 0 : 1;
  if (what == "rsa") return guest::run_rsa(arguments.rsa) ? 0 : 1;
  if (what == "rfc-v2") return guest::run_rfc_v2(arguments.draft) ? 0 : 1;
  std::fputs(kUsage, stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  Arguments arguments;
  if (::getrandom(&arguments.aes.seed, sizeof arguments.aes.seed, 0) < 0) return 1;
  for (std::size_t i = 2; i < words.size(); i += 2) {
    if (i + 1 == words.size() || !set_option(arguments, words[i], words[i + 1])) {
      std::fputs(kUsage, stderr);
      return 2;
    }
  }
  try {
    return run(words.size() > 1 ? words[1] : "", arguments);
  } catch (const std::exception& error) {
    std::printf("virtcrypt-guest: %s\n", error.what());
    return 1;
  }
}
