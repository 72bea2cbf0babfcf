#include "virtcrypt/vmm/cli/crypto_options.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include <spdlog/fmt/fmt.h>

namespace virtcrypt::vmm::cli {
namespace {

using Error = virtio::Unexpected<std::string>;

struct Key {
  std::string_view name;
  unsigned CryptoOptions::*member;
  unsigned lowest;
  unsigned highest;
  bool power_of_two;
  std::string_view meaning;
};

// Ceilings: a queue costs an MSI-X vector and a doorbell of the kernel's limited supply, a thread a stack; a
// session up to a few KiB of keys.
constexpr std::array kKeys{
    Key{"queues", &CryptoOptions::queues, 1, 64, false, "data queues"},
    Key{"queue-size", &CryptoOptions::queue_size, 2, 1024, true, "entries of each queue"},
    Key{"workers", &CryptoOptions::workers, 0, 64, false,
        "threads for big operations, 0: the I/O threads do all"},
    Key{"io-threads", &CryptoOptions::io_threads, 1, 64, false, "threads that serve the queues"},
    Key{"max-sessions", &CryptoOptions::max_sessions, 1, 1U << 20U, false, "sessions at a time"},
};

std::string key_names() {
  std::string names;
  for (const Key& key : kKeys) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", key.name);
  }
  return names;
}

std::string range_of(const Key& key) {
  return fmt::format("{} to {}{}", key.lowest, key.highest, key.power_of_two ? ", a power of two" : "");
}

virtio::Expected<unsigned, std::string> parse_value(const Key& key, std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool valid = error == std::errc{} && end == text.data() + text.size() && value >= key.lowest &&
                     value <= key.highest && (!key.power_of_two || std::has_single_bit(value));
  if (!valid) return Error(fmt::format("'{}' is no value for {}: {}", text, key.name, range_of(key)));
  return value;
}

virtio::Expected<void, std::string> parse_item(std::string_view item, CryptoOptions& options) {
  const std::size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  const auto key =
      std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& each) { return each.name == name; });
  if (key == kKeys.end()) return Error(fmt::format("unknown key '{}'; there are {}", name, key_names()));
  if (equals == std::string_view::npos)
    return Error(fmt::format("{} wants a value: {}", name, range_of(*key)));
  const auto value = parse_value(*key, item.substr(equals + 1));
  if (!value) return Error(value.error());
  options.*key->member = *value;
  return {};
}

}  // namespace

virtio::Expected<CryptoOptions, std::string> parse_crypto_options(std::string_view text) {
  CryptoOptions options;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const auto parsed = parse_item(text.substr(0, comma), options);
    if (!parsed) return Error(parsed.error());
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) return Error(fmt::format("nothing follows the last comma; there are {}", key_names()));
  }
  return options;
}

std::string crypto_options_help() {
  const CryptoOptions defaults;
  std::string help;
  for (const Key& key : kKeys) {
    help += fmt::format("\n  {}=N: {} ({}; default {})", key.name, key.meaning, range_of(key),
                        defaults.*key.member);
  }
  return help;
}

}  // namespace virtcrypt::vmm::cli
