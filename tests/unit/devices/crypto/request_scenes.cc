// Drivers that go wrong in their requests and in what they read of configuration space.
#include <cstring>
#include <initializer_list>

#include "tests/driver/crypto_requests.h"
#include "tests/unit/devices/crypto/watched.h"

namespace virtcrypt::test {
namespace {

using wire_number::kAesCbc;
using wire_number::kEncrypt;

const Bytes kKey(16, std::byte{1});
const Bytes kIv(16, std::byte{2});
const Bytes kText(32, std::byte{3});
constexpr std::uint64_t kStateless = 0x3F;  // with REVISION_1
const Target kNoSession{.layout = Layout::kPadded, .session = 99};

// Negotiated and with rings, and `read` is all that was read of configuration space.
void start_having_read(Watched& watched, std::initializer_list<std::uint32_t> offsets) {
  for (const std::uint32_t offset : offsets) {
    [[maybe_unused]] const std::uint32_t field = watched.pci().read(4, offset, 4);
  }
  watched.start_at(TestMemory::kBase, TestMemory::kBase + 0x1000, TestMemory::kBase + 0x2000);
  // A chain of one writable descriptor; it holds no request, but it comes on a queue.
  const std::uint16_t words[] = {0, 0x20, 0, 0, 17, 0, 2, 0};
  std::memcpy(watched.driver.memory().at(TestMemory::kBase, 16).data(), words, sizeof words);
  const std::uint16_t one = 1;
  std::memcpy(watched.driver.memory().at(TestMemory::kBase + 0x1002, 2).data(), &one, 2);
  watched.pci().write(2, 0, 2, 0);
  watched.run();
}

Request raw_data(std::uint32_t opcode, std::uint64_t session, std::uint32_t flag) {
  Wire wire;
  wire.le32(opcode).le32(0).le64(session).le32(flag).le32(0).zeros(80);
  Request request;
  return request.readable(wire).writable(64);
}

Request raw_control(std::uint32_t opcode, std::uint32_t reserved = 0, std::size_t bytes = 56) {
  Wire wire;
  wire.le32(opcode).le32(0).le32(0).le32(reserved).zeros(bytes);
  Request request;
  return request.readable(wire).writable(16);
}

void send(Watched& watched, const Request& request) {
  watched.driver.call(0, request);
}
void control(Watched& watched, const Request& request) {
  watched.driver.call(1, request);
}

std::uint64_t cipher_session(Watched& watched) {
  return watched.driver.create_cipher(kAesCbc, kKey, kEncrypt);
}

Request cipher_on(std::uint64_t id, std::size_t bytes, std::uint32_t op_type = 1, std::size_t room = 1000) {
  Request request;
  request.readable(CryptoDriver::cipher_header(0, id, 16, static_cast<std::uint32_t>(bytes),
                                               static_cast<std::uint32_t>(bytes), op_type));
  return request.readable(kIv).readable(Bytes(bytes)).writable(room).writable(1);
}

// Sessions of the five services, by REVISION_1's layout.
std::uint64_t session_of(Watched& watched, std::uint32_t service) {
  const Bytes mac_key(20, std::byte{1});
  switch (service) {
    case 0:
      return watched.driver.create(create_request(Layout::kRevision1, CipherSubject{kAesCbc, kEncrypt, kKey}))
          .id;
    case 1:
      return watched.driver.create(create_request(Layout::kRevision1, HashSubject{2, 20})).id;
    case 2:
      return watched.driver.create(create_request(Layout::kRevision1, MacSubject{2, 20, mac_key})).id;
    default:
      return watched.driver.create(create_request(Layout::kRevision1, AeadSubject{1, kEncrypt, 16, 0, kKey}))
          .id;
  }
}

// A flag that is neither, with a session and without; and parameters that are not filled in.
template <std::uint32_t service>
void bad_flags(Watched& watched) {
  const std::uint32_t opcode = service << 8U;
  send(watched, raw_data(opcode, session_of(watched, service), 7));
  send(watched, raw_data(opcode, 0, 7));
  send(watched, raw_data(opcode, 0, 0));
}

}  // namespace

std::vector<Scene> request_scenes() {
  const Setup stateless{.more = kStateless};
  return {
      {{"CRYPTO-DRV-001", "CRYPTO-DRV-002", "CRYPTO-DRV-004", "CRYPTO-DRV-005", "CRYPTO-DRV-008",
        "CRYPTO-DRV-011", "CRYPTO-DRV-013", "CRYPTO-DRV-016"},
       {.start = false},
       [](Watched& w) { start_having_read(w, {}); }},
      {{"CRYPTO-DRV-007", "CRYPTO-DRV-017", "CRYPTO-DRV-008"},
       {.start = false},
       [](Watched& w) {
         start_having_read(w, {0, 4, 8, 12, 20, 24, 28, 32, 44, 48});
       }},
      {{"CRYPTO-DRV-003"}, {.ready = false}, [](Watched& w) { send(w, raw_data(0, 0, 0)); }},
      {{"CRYPTO-DRV-009", "CRYPTO-DRV-010"},
       {.ring_size = 8, .max_size = 64, .queue_size = 8},
       [](Watched& w) {
         const std::uint64_t id = cipher_session(w);
         send(w, cipher_on(id, 128));
         for (int i = 0; i <= 2 * 2 * 8; ++i)
           send(w, cipher_on(id, 16));
       }},
      {{"CRYPTO-DRV-012"},
       {.max_key = 16},
       [](Watched& w) { control(w, CryptoDriver::cipher_create(kAesCbc, Bytes(32), kEncrypt)); }},
      {{"CRYPTO-DRV-014"},
       {.max_key = 16},
       [](Watched& w) {
         const Bytes key(20);
         control(w, create_request(Layout::kPadded, MacSubject{2, 20, key}));
       }},
      {{"CRYPTO-DRV-015"}, {.device_queues = 2}, [](Watched&) {}},
      {{"CRYPTO-DRV-018"}, {}, [](Watched& w) { control(w, raw_control(0x0009)); }},
      {{"CRYPTO-DRV-019"}, {}, [](Watched& w) { control(w, raw_control(2, 0, 20)); }},
      {{"CRYPTO-DRV-020"}, {}, [](Watched& w) { control(w, raw_control(2, 1)); }},
      {{"CRYPTO-DRV-021"}, {}, [](Watched& w) { control(w, raw_control(0x0903)); }},
      {{"CRYPTO-DRV-021"}, {}, [](Watched& w) { w.driver.destroy_session(0x0103, cipher_session(w)); }},
      {{"CRYPTO-DRV-022"}, {}, [](Watched& w) { w.driver.destroy_session(3, 99); }},
      {{"CRYPTO-DRV-022", "CRYPTO-DRV-033"},
       {},
       [](Watched& w) {
         const std::uint64_t id = cipher_session(w);
         w.driver.destroy_session(3, id);
         w.driver.destroy_session(3, id);
         send(w, cipher_on(id, 16));
       }},
      {{"CRYPTO-DRV-023"}, {}, [](Watched& w) { send(w, hash_request(kNoSession, {}, kText, 20)); }},
      {{"CRYPTO-DRV-028"}, {}, [](Watched& w) { send(w, mac_request(kNoSession, {}, kText, 20)); }},
      {{"CRYPTO-DRV-033"}, {}, [](Watched& w) { send(w, cipher_on(99, 16)); }},
      {{"CRYPTO-DRV-040"}, {}, [](Watched& w) { send(w, aead_request(kNoSession, {}, kIv, kText, {}, 48)); }},
      {{"CRYPTO-DRV-040"},
       {},
       [](Watched& w) {
         const Target of_another{.layout = Layout::kPadded, .session = cipher_session(w)};
         send(w, aead_request(of_another, {}, kIv, kText, {}, 48));
       }},
      {{"CRYPTO-DRV-045"},
       {},
       [](Watched& w) { send(w, akcipher_request(kNoSession, RsaSubject{}, 0x400, kText, 128)); }},
      {{"CRYPTO-DRV-034", "CRYPTO-DRV-035", "CRYPTO-DRV-036"}, stateless, bad_flags<0>},
      {{"CRYPTO-DRV-024", "CRYPTO-DRV-025", "CRYPTO-DRV-026"}, stateless, bad_flags<1>},
      {{"CRYPTO-DRV-029", "CRYPTO-DRV-030", "CRYPTO-DRV-031"}, stateless, bad_flags<2>},
      {{"CRYPTO-DRV-041", "CRYPTO-DRV-042", "CRYPTO-DRV-043"}, stateless, bad_flags<3>},
      {{"CRYPTO-DRV-046", "CRYPTO-DRV-047", "CRYPTO-DRV-048"},
       stateless,
       [](Watched& w) {
         send(w, raw_data(0x0400, 0, 7));
         send(w, raw_data(0x0400, 0, 0));
         send(w, raw_data(0x0400, session_of(w, 0), 7));
       }},
      {{"CRYPTO-DRV-037"}, {}, [](Watched& w) { send(w, raw_data(0x0009, 0, 0)); }},
      {{"CRYPTO-DRV-027"}, {}, [](Watched& w) { send(w, raw_data(0x0109, 0, 0)); }},
      {{"CRYPTO-DRV-032"}, {}, [](Watched& w) { send(w, raw_data(0x0209, 0, 0)); }},
      {{"CRYPTO-DRV-044"}, {}, [](Watched& w) { send(w, raw_data(0x0309, 0, 0)); }},
      {{"CRYPTO-DRV-049"}, {}, [](Watched& w) { send(w, raw_data(0x0404, 0, 0)); }},
      {{"CRYPTO-DRV-038"}, {}, [](Watched& w) { send(w, cipher_on(cipher_session(w), 16, 1, 8)); }},
      {{"CRYPTO-DRV-039"}, {}, [](Watched& w) { send(w, cipher_on(cipher_session(w), 16, 2)); }},
  };
}

}  // namespace virtcrypt::test
