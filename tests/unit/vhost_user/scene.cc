#include "tests/unit/vhost_user/scene.h"

#include <algorithm>
#include <cstdlib>

#include "virtcrypt/crypto/engine.h"
#include "virtcrypt/devices/log.h"

namespace virtcrypt::test {

using devices::crypto_dev::DeviceOptions;

namespace {

void be_quiet() {
  if (std::getenv("VIRTCRYPT_TEST_LOG") == nullptr) devices::log().set_level(spdlog::level::off);
}

}  // namespace

DeviceOptions threaded_device(std::uint16_t data_queues) {
  return {.data_queues = data_queues, .io_threads = 2, .workers = 1, .max_sessions = 64};
}

BackEndProcess::BackEndProcess(const DeviceOptions& options)
    : polled_(options.io_threads == 0),
      device_((be_quiet(), options), crypto::make_default_engine()),
      sessions_(device_),
      backend_(device_, &sessions_,
               {.log = [this](std::string_view line) { log_.emplace_back(line); },
                .let_device_work = pump(),
                .queues_with_sessions = options.data_queues}) {}

std::function<void()> BackEndProcess::pump() {
  if (!polled_) return {};
  return [this] { device_.run_ready(); };
}

Scene::Scene(const DeviceOptions& options, const std::vector<SharedMemory::Wanted>& regions)
    : options_(options), memory_(regions), process_(std::make_unique<BackEndProcess>(options)) {
  channel_ = std::make_unique<DirectChannel>(process_->backend());
  front_end_ = std::make_unique<FrontEnd>(*channel_, memory_, process_->pump());
}

void Scene::start_as_qemu(std::uint16_t rings, std::uint16_t ring_size) {
  front_end_->negotiate_as_qemu();
  front_end_->share_memory();
  for (std::uint16_t i = 0; i < rings; ++i) {
    front_end_->make_ring(i, ring_size, kModern);
    front_end_->start_ring(i, 0);
  }
}

void Scene::start(std::uint64_t features, std::uint16_t rings, std::uint16_t ring_size) {
  front_end_->negotiate(features, FrontEnd::kUsualProtocolFeatures | vu::kCryptoSession);
  front_end_->share_memory();
  for (std::uint16_t i = 0; i < rings; ++i) {
    front_end_->make_ring(i, ring_size, features);
    front_end_->start_ring(i, FrontEnd::first_base(features));
    front_end_->set_state(vu::kSetVringEnable, i, 1);
  }
}

void Scene::replace_process() {
  process_ = std::make_unique<BackEndProcess>(options_);
  channel_->connect_to(process_->backend());
  front_end_->set_pump(process_->pump());
}

const CbcVector& rfc3602_case_1() {
  static const CbcVector vector{
      from_hex("06a9214036b8a15b512e03d534120006"), from_hex("3dafba429d9eb430b422da802c9fac41"),
      from_hex("53696e676c6520626c6f636b206d7367"), from_hex("e353779c1079aeb82708942dbe77181a")};
  return vector;
}

const CbcVector& rfc3602_case_2() {
  static const CbcVector vector{from_hex("c286696d887c9aa0611bbb3e2025a45a"),
                                from_hex("562e17996d093d28ddb3ba695a2e6f58"),
                                from_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"),
                                from_hex("d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1")};
  return vector;
}

CipherSubject aes_cbc(std::span<const std::byte> key, std::uint32_t op) {
  return {.algorithm = wire_number::kAesCbc, .op = op, .key = key};
}

Request encrypt(std::uint64_t session, const CbcVector& vector) {
  return cipher_request({Layout::kPadded, session}, aes_cbc(vector.key), vector.iv, vector.text,
                        vector.text.size());
}

bool is_right(const Answer& answer, const CbcVector& vector) {
  return answer.status() == wire_number::kOk && answer.used_length == vector.text.size() + 1 &&
         std::equal(vector.cipher_text.begin(), vector.cipher_text.end(), answer.written.begin());
}

}  // namespace virtcrypt::test
