// Messages that no front-end should send: each ends its connection, says why, and harms nobody else.
#include <sys/eventfd.h>

#include <string>

#include "tests/support/catch.h"
#include "tests/unit/vhost_user/scene.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

namespace {

// A request as it should be.
struct Good {
  std::uint32_t request;
  const char* name;
  Bytes payload;
  std::size_t descriptors = 0;
  bool has_length = true;  // one that is wrong otherwise
};

std::vector<Good> all_requests() {
  const Bytes state = Wire().le32(0).le32(1).done(), number = Wire().le64(0).done();
  const Bytes region = Wire().le64(0).le64(0x4000'0000).le64(4096).le64(0x4000'0000).le64(0).done();
  const Bytes inflight = Wire().le64(0).le64(0).le32(16U << 16U | 1U).done();
  return {{vu::kGetFeatures, "GET_FEATURES", {}},
          {vu::kSetFeatures, "SET_FEATURES", Wire().le64(kModern).done()},
          {vu::kSetOwner, "SET_OWNER", {}},
          {vu::kResetOwner, "RESET_OWNER", {}},
          {vu::kSetMemTable, "SET_MEM_TABLE",
           part(joined(Wire().le32(1).le32(0).done(), part(region, 8, 32)), 0, 40), 1},
          {vu::kSetVringNum, "SET_VRING_NUM", Wire().le32(0).le32(16).done()},
          {vu::kSetVringAddr, "SET_VRING_ADDR", Wire().le32(0).zeros(36).done()},
          {vu::kSetVringBase, "SET_VRING_BASE", state},
          {vu::kGetVringBase, "GET_VRING_BASE", state},
          {vu::kSetVringKick, "SET_VRING_KICK", number, 1},
          {vu::kSetVringCall, "SET_VRING_CALL", number, 1},
          {vu::kSetVringErr, "SET_VRING_ERR", number, 1},
          {vu::kGetProtocolFeatures, "GET_PROTOCOL_FEATURES", {}},
          {vu::kSetProtocolFeatures, "SET_PROTOCOL_FEATURES", Wire().le64(vu::kCryptoSession).done()},
          {vu::kGetQueueNum, "GET_QUEUE_NUM", {}},
          {vu::kSetVringEnable, "SET_VRING_ENABLE", state},
          {vu::kGetConfig, "GET_CONFIG", Wire().le32(0).le32(4).le32(0).le32(0).done()},
          {vu::kSetConfig, "SET_CONFIG", Wire().le32(0).le32(4).le32(0).le32(0).done()},
          {vu::kCreateCryptoSession, "CREATE_CRYPTO_SESSION",
           session_payload(SessionForm::kUnion, aes_cbc(rfc3602_case_1().key))},
          {vu::kCloseCryptoSession, "CLOSE_CRYPTO_SESSION", number},
          {vu::kGetInflightFd, "GET_INFLIGHT_FD", inflight},
          {vu::kResetDevice, "RESET_DEVICE", {}},
          {vu::kGetMaxMemSlots, "GET_MAX_MEM_SLOTS", {}},
          {vu::kAddMemReg, "ADD_MEM_REG", region, 1},
          {vu::kRemMemReg, "REM_MEM_REG", region, 0}};
}

class MalformedMessages {
 public:
  MalformedMessages() : file_(memory_file(4096)), event_(::eventfd(0, EFD_CLOEXEC)) {}

  // That the connection ends with a line that names the message, and that the next front-end is served.
  void check(const Good& good, FrontEndMessage message, const std::string& what) {
    CAPTURE(good.name, what);
    scene_.start(kModern, 1, 16);
    CHECK_THROWS_WITH(send(message), contains_text(std::string(good.name) + ": "));
    CHECK(scene_.backend().running_rings() == 0);
    serve_another();
  }
  // That it is none of them.
  void check_good(const Good& good) {
    CAPTURE(good.name);
    scene_.front_end().negotiate(kModern, FrontEnd::kUsualProtocolFeatures | vu::kCryptoSession);
    if (good.request == vu::kRemMemReg) send({vu::kAddMemReg, good.payload, {file_.get()}});
    CHECK_NOTHROW(send(message_of(good)));
    scene_.backend().disconnect();
  }
  [[nodiscard]] FrontEndMessage message_of(const Good& good) const {
    const bool is_memory = good.request == vu::kSetMemTable || good.request == vu::kAddMemReg;
    return {good.request, good.payload,
            std::vector<int>(good.descriptors, is_memory ? file_.get() : event_.get())};
  }
  [[nodiscard]] int event() const { return event_.get(); }

 private:
  void send(const FrontEndMessage& message) {
    DirectChannel channel(scene_.backend());
    try {
      static_cast<void>(channel.ask(message));
    } catch (const ConnectionEnded&) {
      throw;
    } catch (const std::runtime_error&) {
      // No answer: as good.
    }
  }
  void serve_another() {
    const std::size_t mark = scene_.memory().mark();
    scene_.start_as_qemu(1, 16);
    const CbcVector& vector = rfc3602_case_1();
    FrontEnd& front_end = scene_.front_end();
    const auto id = static_cast<std::uint64_t>(
        front_end.create_session(session_payload(SessionForm::kUnion, aes_cbc(vector.key))));
    CHECK(is_right(front_end.call(0, encrypt(id, vector)), vector));
    front_end.close_session(id);
    scene_.backend().disconnect();
    scene_.memory().rewind(mark);
  }

  Scene scene_;
  virtio::FileDescriptor file_, event_;
};

}  // namespace

TEST_CASE("vhost-user: each kind of malformed message ends its connection, and says which it was",
          "[vhost-user][hostile]") {
  MalformedMessages malformed;
  for (const Good& good : all_requests()) {
    malformed.check_good(good);
    const FrontEndMessage right = malformed.message_of(good);
    FrontEndMessage wrong = right;
    wrong.payload.push_back({});
    malformed.check(good, wrong, "a byte more");
    wrong.payload.resize(4096);
    malformed.check(good, wrong, "as long as can be");
    if (!right.payload.empty()) {
      wrong = right;
      wrong.payload.pop_back();
      malformed.check(good, wrong, "a byte less");
      wrong.payload.clear();
      malformed.check(good, wrong, "without payload");
    }
    for (const std::uint32_t flags : {0U, 2U, 3U, vu::kVersion1 | vu::kReply}) {
      wrong = right;
      wrong.flags = flags;
      malformed.check(good, wrong, "flags " + std::to_string(flags));
    }
    wrong = right;
    wrong.descriptors.push_back(malformed.event());
    wrong.descriptors.push_back(malformed.event());
    malformed.check(good, wrong, "two descriptors more");
    if (good.descriptors > 0) {
      wrong.descriptors.clear();
      malformed.check(good, wrong, "no descriptor");
    }
  }
}

TEST_CASE("vhost-user: rings that there are not", "[vhost-user][hostile]") {
  MalformedMessages malformed;
  for (const Good& good : all_requests()) {
    const bool has_index = std::string(good.name).find("VRING") != std::string::npos;
    for (const unsigned index : {2U, 255U}) {
      if (!has_index) continue;
      FrontEndMessage wrong = malformed.message_of(good);
      wrong.payload[0] = static_cast<std::byte>(index);
      malformed.check(good, wrong, "ring " + std::to_string(index));
    }
  }
}

TEST_CASE("vhost-user: values that make no sense", "[vhost-user][hostile]") {
  MalformedMessages malformed;
  const auto check = [&](std::uint32_t request, const char* name, const Bytes& payload,
                         std::vector<int> descriptors = {}) {
    malformed.check({request, name, {}}, {request, payload, std::move(descriptors)}, "value");
  };
  const auto state = [](std::uint32_t value) { return Wire().le32(0).le32(value).done(); };
  for (const std::uint32_t size : {0U, 3U, 32769U, 65536U, UINT32_MAX})
    check(vu::kSetVringNum, "SET_VRING_NUM", state(size));
  for (const std::uint32_t enabled : {2U, UINT32_MAX})
    check(vu::kSetVringEnable, "SET_VRING_ENABLE", state(enabled));
  // A descriptor where the message says that there is none.
  for (const auto& [request, name] :
       {std::pair(vu::kSetVringKick, "SET_VRING_KICK"), std::pair(vu::kSetVringCall, "SET_VRING_CALL"),
        std::pair(vu::kSetVringErr, "SET_VRING_ERR")})
    check(request, name, Wire().le64(vu::kNoDescriptor).done(), {malformed.event()});
  check(vu::kGetConfig, "GET_CONFIG", Wire().le32(0).le32(UINT32_MAX).le32(0).done());
  check(vu::kGetConfig, "GET_CONFIG", Wire().le32(0).le32(257).le32(0).zeros(257).done());
  check(vu::kSetFeatures, "SET_FEATURES", Wire().le64(UINT64_MAX).done());
  check(vu::kSetProtocolFeatures, "SET_PROTOCOL_FEATURES", Wire().le64(UINT64_MAX).done());
  for (const std::uint32_t words : {0U, 16U << 16U, 1U, 15U << 16U | 1U, 0x8001'0001U, 16U << 16U | 257U})
    check(vu::kGetInflightFd, "GET_INFLIGHT_FD", Wire().le64(0).le64(0).le32(words).done());
}

TEST_CASE("vhost-user: requests that there are not", "[vhost-user][hostile]") {
  MalformedMessages malformed;
  for (const std::uint32_t request : {0U, 6U, 7U, 19U, 22U, 33U, 39U, 40U, 100U, UINT32_MAX}) {
    const std::string name = "message " + std::to_string(request);
    malformed.check({request, name.c_str(), {}}, {request, Bytes(8)}, "unknown");
  }
}

TEST_CASE("vhost-user: rings at addresses that no ring can have", "[vhost-user][hostile]") {
  Scene scene;
  const auto start = [&](std::uint64_t shift, std::uint32_t size) {
    FrontEnd& front_end = scene.front_end();
    front_end.negotiate(kModern);
    front_end.share_memory();
    const SharedMemory::Region& region = scene.memory().regions().front();
    const std::uint64_t at = region.user_address + shift;
    front_end.make_ring(0, 16, kModern);
    front_end.set_state(vu::kSetVringNum, 0, size);
    front_end.tell(vu::kSetVringAddr, Wire().le32(0).le32(0).le64(at).le64(at).le64(at).le64(0).done());
    front_end.set_descriptor(vu::kSetVringKick, 0, front_end.ring(0).kick.get());
  };
  CHECK_THROWS_WITH(start(8, 16), contains_text("ring 0"));               // not aligned
  CHECK_THROWS_WITH(start((4 << 20) - 16, 16), contains_text("ring 0"));  // ends behind the memory
  CHECK_THROWS_WITH(start(0, 24), contains_text("ring 0"));               // no power of two
  CHECK_NOTHROW(start(4 << 20, 16));                                      // memory may come yet
  CHECK(scene.backend().running_rings() == 0);
}
