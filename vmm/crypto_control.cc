#include "virtcrypt/vmm/crypto_control.h"

#include <sstream>
#include <vector>

#include <nlohmann/json.hpp>

namespace virtcrypt::vmm {
namespace {

using devices::crypto_dev::Device;
using nlohmann::json;
using Devices = std::span<Device* const>;

std::string failed(const std::string& what) {
  return json{{"ok", false}, {"error", what}}.dump(-1, ' ', false, json::error_handler_t::replace);
}

json description_of(const Device& device) {
  const devices::crypto_dev::StatsSnapshot stats = device.stats();
  return {{"name", device.name()},
          {"ready", device.ready()},
          {"sessions_open", stats.sessions_open},
          {"sessions_created", stats.sessions_created},
          {"requests", stats.requests},
          {"requests_failed", stats.requests_failed},
          {"source_bytes", stats.source_bytes},
          {"in_flight", stats.in_flight}};
}

std::string status_of(Devices devices) {
  json list = json::array();
  for (const Device* device : devices)
    list.push_back(description_of(*device));
  return json{{"ok", true}, {"devices", list}}.dump();
}

std::string set_ready(const std::vector<std::string>& words, Devices devices) {
  const bool names_device = words.size() == 3;
  const std::string& value = words.back();
  if ((words.size() != 2 && !names_device) || (value != "on" && value != "off"))
    return failed("ready wants: ready [DEVICE] on|off");
  bool found = !names_device;
  for (Device* device : devices) {
    if (names_device && device->name() != words[1]) continue;
    device->set_ready(value == "on");
    found = true;
  }
  return found ? status_of(devices) : failed("no device '" + words[1] + "'; 'status' lists them");
}

}  // namespace

std::string carry_out(std::string_view line, Devices devices) {
  std::istringstream stream{std::string(line)};
  std::vector<std::string> words;
  for (std::string word; stream >> word;)
    words.push_back(word);
  if (words.size() == 1 && words.front() == "status") return status_of(devices);
  if (!words.empty() && words.front() == "ready") return set_ready(words, devices);
  return failed("no command '" + std::string(line) + "'; there are: status, ready [DEVICE] on|off");
}

}  // namespace virtcrypt::vmm
