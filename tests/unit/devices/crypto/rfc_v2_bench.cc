#include "tests/unit/devices/crypto/rfc_v2_bench.h"

#include <stdexcept>

#include <spdlog/sinks/ostream_sink.h>

#include "virtcrypt/devices/log.h"

namespace virtcrypt::test::rfc_v2 {

devices::crypto_dev::DeviceOptions draft_device(std::uint16_t data_queues, bool inline_sessions) {
  auto options = polled_device(data_queues);
  options.dialect = &devices::crypto_dev::rfc_v2_dialect();
  if (inline_sessions) options.extensions = virtio::FeatureSet::all();
  return options;
}

DriverOptions draft_driver(std::uint64_t features, bool packed) {
  DriverOptions options;
  options.features |= features;
  options.packed = packed;
  if ((features & kFeatureMq) == 0) options.data_queues = 1;
  return options;
}

Bench::Created Bench::create(const Session& session) {
  const Answer answer = driver.call(driver.control_queue(), rfc_v2::create(session));
  return {std::to_integer<std::uint8_t>(answer.written.front()), le64_at(answer.written, 1)};
}

std::uint64_t Bench::open(const Session& session) {
  const Created created = create(session);
  if (created.status != kOk || created.id == 0) throw std::runtime_error("session refused");
  return created.id;
}

std::uint8_t Bench::close(std::uint64_t id) {
  return driver.call(driver.control_queue(), rfc_v2::close(id)).status();
}

Bytes Bench::result(const Data& data, std::uint16_t queue) {
  const Answer answer = call(data, queue);
  if (answer.status() != kOk) throw std::runtime_error("request refused");
  return {answer.written.begin(), answer.written.end() - 1};
}

Bytes Bench::once(const Session& session, Data data) {
  data.header.session = open(session);
  Bytes bytes = result(data);
  close(data.header.session);
  return bytes;
}

LogCapture::LogCapture() : sinks_(devices::log().sinks()), level_(devices::log().level()) {
  devices::log().sinks() = {std::make_shared<spdlog::sinks::ostream_sink_st>(stream_)};
  devices::log().set_pattern("%l %v");
  devices::log().set_level(spdlog::level::debug);
}

LogCapture::~LogCapture() {
  devices::log().sinks() = sinks_;
  devices::log().set_level(static_cast<spdlog::level::level_enum>(level_));
}

std::vector<std::string> LogCapture::take() {
  std::vector<std::string> lines;
  std::istringstream all(stream_.str());
  for (std::string line; std::getline(all, line);)
    lines.push_back(line);
  stream_.str({});
  return lines;
}

}  // namespace virtcrypt::test::rfc_v2
