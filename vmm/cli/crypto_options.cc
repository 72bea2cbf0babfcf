#include "virtcrypt/vmm/cli/crypto_options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <vector>

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include "virtcrypt/vmm/cli/crypto_names.h"

namespace virtcrypt::vmm::cli {
namespace {

using Error = virtio::Unexpected<std::string>;

struct Key {
  std::string_view name;
  unsigned CryptoOptions::*member;
  unsigned lowest;
  unsigned highest;
  std::string_view meaning;
};

// Ceilings: a queue costs an MSI-X vector and a doorbell of the kernel's limited supply, a thread a stack; a
// session up to a few KiB of keys. A driver of split rings wants a power of two as queue size.
constexpr std::array kKeys{
    Key{"queues", &CryptoOptions::queues, 1, 64, "data queues"},
    Key{"queue-size", &CryptoOptions::queue_size, 1, 32768,
        "entries of each queue, at most; split rings get the power of two below"},
    Key{"workers", &CryptoOptions::workers, 0, 64, "threads for big operations, 0: the I/O threads do all"},
    Key{"io-threads", &CryptoOptions::io_threads, 1, 64, "threads that serve the queues"},
    Key{"poll", &CryptoOptions::poll, 0, 10000,
        "microseconds that they look at an empty queue before they sleep, 0: none"},
    Key{"max-sessions", &CryptoOptions::max_sessions, 1, 1U << 20U, "sessions at a time"},
    Key{"max-size", &CryptoOptions::max_size, 1, 1U << 30U, "largest request in bytes"},
    Key{"max-cipher-key", &CryptoOptions::max_cipher_key, 0, 65536,
        "longest cipher key in bytes, 0: what the algorithms take"},
    Key{"max-auth-key", &CryptoOptions::max_auth_key, 0, 65536,
        "longest MAC key in bytes, 0: what the algorithms take"},
};

// Keys whose value is a list of names, or a word.
using Parsed = virtio::Expected<void, std::string>;
struct NamedKey {
  std::string_view name;
  Parsed (*parse)(std::string_view value, CryptoOptions& options);
  std::string_view meaning;
};
Parsed parse_services(std::string_view value, CryptoOptions& options);
Parsed parse_algorithms(std::string_view value, CryptoOptions& options);
Parsed parse_features(std::string_view value, CryptoOptions& options);
Parsed parse_without(std::string_view value, CryptoOptions& options);
Parsed parse_ready(std::string_view value, CryptoOptions& options);
Parsed parse_dialect(std::string_view value, CryptoOptions& options);
Parsed parse_engine(std::string_view value, CryptoOptions& options);
Parsed parse_inline_sessions(std::string_view value, CryptoOptions& options);
constexpr std::string_view kDialectKey = "dialect";
constexpr std::array kNamedKeys{
    NamedKey{"services", parse_services, "services=NAME+...: offer these services only"},
    NamedKey{"algorithms", parse_algorithms, "algorithms=NAME+...: offer these algorithms only"},
    NamedKey{"features", parse_features,
             "features=NAME+...: offer these feature bits only (none: VERSION_1 alone)"},
    NamedKey{"without", parse_without, "without=NAME+...: do not offer these feature bits"},
    NamedKey{"ready", parse_ready,
             "ready=on|off: whether VIRTIO_CRYPTO_S_HW_READY is set at the start (default on)"},
    NamedKey{kDialectKey, parse_dialect,
             "dialect=standard|rfc-v2: VIRTIO 1.4, or the draft of April 2016 (default standard)"},
    NamedKey{"engine", parse_engine,
             "engine=auto|cryptopp|ipsec-mb: library for what several have; auto: the faster (default auto)"},
    NamedKey{"inline-sessions", parse_inline_sessions,
             "inline-sessions=on|off: rfc-v2 only: sessions on the data queues as well (default off)"},
};

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<std::string> feature_names(CryptoDialect dialect) {
  std::vector<std::string> names;
  for (const SelectableFeature& feature : selectable_features(dialect))
    names.push_back(feature.name);
  return names;
}

std::string key_names() {
  std::vector<std::string> names;
  for (const Key& key : kKeys)
    names.emplace_back(key.name);
  for (const NamedKey& key : kNamedKeys)
    names.emplace_back(key.name);
  return joined(names);
}

std::string range_of(const Key& key) {
  return fmt::format("{} to {}", key.lowest, key.highest);
}

virtio::Expected<unsigned, std::string> parse_value(const Key& key, std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool valid =
      error == std::errc{} && end == text.data() + text.size() && value >= key.lowest && value <= key.highest;
  if (!valid) return Error(fmt::format("'{}' is no value for {}: {}", text, key.name, range_of(key)));
  return value;
}

bool equal_but_for_case(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](char left, char right) {
    return std::toupper(static_cast<unsigned char>(left)) == std::toupper(static_cast<unsigned char>(right));
  });
}

// The names of a list that is separated by plus signs, spelled as in `known`.
virtio::Expected<std::vector<std::string>, std::string> parse_names(std::string_view what,
                                                                    std::string_view value,
                                                                    const std::vector<std::string>& known) {
  std::vector<std::string> names;
  while (true) {
    const std::size_t plus = value.find('+');
    const std::string_view name = value.substr(0, plus);
    const auto found = std::find_if(known.begin(), known.end(), [name](const std::string& each) {
      return equal_but_for_case(each, name);
    });
    if (found == known.end())
      return Error(fmt::format("no {} '{}'; there are {}", what, name, joined(known)));
    names.push_back(*found);
    if (plus == std::string_view::npos) return names;
    value.remove_prefix(plus + 1);
  }
}

Parsed parse_services(std::string_view value, CryptoOptions& options) {
  const auto names = parse_names("service", value, service_names());
  if (!names) return Error(names.error());
  options.services = {names->begin(), names->end()};
  return {};
}

Parsed parse_algorithms(std::string_view value, CryptoOptions& options) {
  const auto names = parse_names("algorithm", value, algorithm_names());
  if (!names) return Error(names.error());
  options.algorithms = {names->begin(), names->end()};
  return {};
}

virtio::Expected<std::uint64_t, std::string> parse_feature_bits(std::string_view value,
                                                                CryptoDialect dialect) {
  const auto names = parse_names("feature", value, feature_names(dialect));
  if (!names) return Error(names.error());
  std::uint64_t bits = 0;
  for (const SelectableFeature& feature : selectable_features(dialect)) {
    if (std::count(names->begin(), names->end(), feature.name) != 0) bits |= std::uint64_t{1} << feature.bit;
  }
  return bits;
}

Parsed parse_features(std::string_view value, CryptoOptions& options) {
  std::uint64_t bits = 0;
  if (value != "none") {
    const auto parsed = parse_feature_bits(value, options.dialect);
    if (!parsed) return Error(parsed.error());
    bits = *parsed;
  }
  options.features = virtio::FeatureSet(bits).with(virtio::Feature::kVersion1);
  return {};
}

Parsed parse_without(std::string_view value, CryptoOptions& options) {
  const auto bits = parse_feature_bits(value, options.dialect);
  if (!bits) return Error(bits.error());
  options.features = virtio::FeatureSet(options.features.bits() & ~*bits);
  return {};
}

virtio::Expected<bool, std::string> parse_switch(std::string_view name, std::string_view value) {
  if (value != "on" && value != "off")
    return Error(fmt::format("'{}' is no value for {}: on or off", value, name));
  return value == "on";
}

Parsed parse_ready(std::string_view value, CryptoOptions& options) {
  const auto ready = parse_switch("ready", value);
  if (!ready) return Error(ready.error());
  options.ready = *ready;
  return {};
}

Parsed parse_inline_sessions(std::string_view value, CryptoOptions& options) {
  const auto wanted = parse_switch("inline-sessions", value);
  if (!wanted) return Error(wanted.error());
  if (*wanted && options.dialect != CryptoDialect::kRfcV2)
    return Error("inline-sessions is for dialect=rfc-v2 only");
  options.inline_sessions = *wanted;
  return {};
}

Parsed parse_dialect(std::string_view value, CryptoOptions& options) {
  for (const DialectName& each : dialect_names()) {
    if (each.name != value) continue;
    options.dialect = each.dialect;
    return {};
  }
  return Error(fmt::format("'{}' is no value for dialect: standard or rfc-v2", value));
}

Parsed parse_engine(std::string_view value, CryptoOptions& options) {
  std::vector<std::string> names;
  for (const crypto::EngineName& each : crypto::engine_names()) {
    names.emplace_back(each.name);
    if (each.name != value) continue;
    if (crypto::make_engine(each.choice) == nullptr)
      return Error(fmt::format("this processor cannot run engine '{}'; 'auto' takes what it can run", value));
    options.engine = each.choice;
    return {};
  }
  return Error(fmt::format("'{}' is no value for engine: {}", value, joined(names)));
}

virtio::Expected<void, std::string> parse_item(std::string_view item, CryptoOptions& options) {
  const std::size_t equals = item.find('=');
  const std::string_view name = item.substr(0, equals);
  const auto named = std::find_if(kNamedKeys.begin(), kNamedKeys.end(),
                                  [&](const NamedKey& each) { return each.name == name; });
  if (named != kNamedKeys.end()) {
    if (equals == std::string_view::npos)
      return Error(fmt::format("{} wants a value; {}", name, named->meaning));
    return named->parse(item.substr(equals + 1), options);
  }
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

// Wherever it stands: which names the other keys take depends on it.
Parsed find_dialect(std::string_view text, CryptoOptions& options) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    const std::size_t equals = item.find('=');
    if (equals != std::string_view::npos && item.substr(0, equals) == kDialectKey) {
      const auto parsed = parse_dialect(item.substr(equals + 1), options);
      if (!parsed) return parsed;
    }
    text.remove_prefix(std::min(item.size() + 1, text.size()));
  }
  return {};
}

}  // namespace

virtio::Expected<CryptoOptions, std::string> parse_crypto_options(std::string_view text) {
  CryptoOptions options;
  if (const auto parsed = find_dialect(text, options); !parsed) return Error(parsed.error());
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
  for (const NamedKey& key : kNamedKeys) {
    help += fmt::format("\n  {}", key.meaning);
  }
  help += "\n  services: " + joined(service_names());
  help += "\n  algorithms: " + joined(algorithm_names());
  for (const DialectName& each : dialect_names())
    help += fmt::format("\n  features of {}: {}", each.name, joined(feature_names(each.dialect)));
  return help;
}

}  // namespace virtcrypt::vmm::cli
