// What is offered, and which choices are taken.
#include "tests/support/catch.h"
#include "tests/unit/vhost_user/scene.h"

using namespace virtcrypt;
using namespace virtcrypt::test;

TEST_CASE("vhost-user: the features of the device are offered, but for those of a PCI transport",
          "[vhost-user]") {
  Scene scene;
  const std::uint64_t offered = scene.front_end().get(vu::kGetFeatures);
  constexpr std::uint64_t kOurs =
      kModern | feature::kRingPacked | feature::kInOrder | feature::kOrderPlatform | vu::kProtocolFeaturesBit;
  CHECK((offered & kOurs) == kOurs);
  CHECK((offered & (feature::kAccessPlatform | feature::kNotificationData | feature::kNotifConfigData |
                    feature::kRingReset | feature::kSrIov)) == 0);
  // The standard's own bits: REVISION_1 and the stateless ones.
  CHECK((offered & 0x1f) == 0x1f);
  CHECK(scene.front_end().get(vu::kGetMaxMemSlots) >= 8);
}

TEST_CASE("vhost-user: protocol features are just those that are served", "[vhost-user]") {
  Scene scene;
  constexpr std::uint64_t kAll = FrontEnd::kUsualProtocolFeatures | vu::kCryptoSession;
  CHECK(scene.front_end().get(vu::kGetProtocolFeatures) == kAll);
  CHECK_NOTHROW(scene.front_end().set(vu::kSetProtocolFeatures, kAll));
  CHECK_THROWS_WITH(scene.front_end().set(vu::kSetProtocolFeatures, kAll | 2U),
                    contains_text("SET_PROTOCOL_FEATURES"));
}

TEST_CASE("vhost-user: without sessions as messages there is no such feature", "[vhost-user]") {
  devices::crypto_dev::Device device(polled_device(), crypto::make_default_engine());
  virtio::vhost_user::Backend backend(device, nullptr,
                                      {.let_device_work = [&device] { device.run_ready(); }});
  DirectChannel channel(backend);
  SharedMemory memory;
  FrontEnd front_end(channel, memory);
  CHECK(front_end.get(vu::kGetProtocolFeatures) == FrontEnd::kUsualProtocolFeatures);
  CHECK_THROWS_WITH(front_end.set(vu::kSetProtocolFeatures, vu::kCryptoSession),
                    contains_text("SET_PROTOCOL_FEATURES"));
  CHECK_THROWS_WITH(
      front_end.create_session(session_payload(SessionForm::kUnion, aes_cbc(rfc3602_case_1().key))),
      contains_text("CREATE_CRYPTO_SESSION"));
}

TEST_CASE("vhost-user: GET_QUEUE_NUM leaves out the control queue for those that send sessions as messages",
          "[vhost-user]") {
  Scene scene(polled_device(3));
  CHECK(scene.front_end().get(vu::kGetQueueNum) == 4);
  scene.front_end().negotiate_as_qemu();
  CHECK(scene.front_end().get(vu::kGetQueueNum) == 3);
}

TEST_CASE("vhost-user: features that were not offered, or do not go together, end the connection",
          "[vhost-user][hostile]") {
  Scene scene;
  constexpr std::uint64_t kStateless = 1U << 1U, kRevision1 = 1;
  for (const std::uint64_t features :
       {feature::kVersion1 | feature::kAccessPlatform, feature::kVersion1 | (std::uint64_t{1} << 63U),
        feature::kVersion1 | kStateless, kStateless, kModern | feature::kRingReset}) {
    CAPTURE(features);
    CHECK_THROWS_WITH(scene.front_end().set(vu::kSetFeatures, features), contains_text("SET_FEATURES"));
  }
  CHECK_NOTHROW(scene.front_end().set(vu::kSetFeatures, feature::kVersion1 | kStateless | kRevision1));
}

TEST_CASE("vhost-user: CONFIG reads are the configuration space's bytes, at any place", "[vhost-user]") {
  Scene scene(polled_device(2));
  FrontEnd& front_end = scene.front_end();
  front_end.negotiate(kModern);
  const auto read = [&](std::uint32_t offset, std::uint32_t bytes) {
    return front_end.ask(vu::kGetConfig, Wire().le32(offset).le32(bytes).le32(0).zeros(bytes).done()).payload;
  };
  const auto all = static_cast<std::uint32_t>(scene.device().config_bytes());
  const Bytes whole = read(0, all);
  REQUIRE(whole.size() == 12 + all);
  // 5.9.4: status, max_dataqueues.
  CHECK(part(whole, 12, 8) == Wire().le32(1).le32(2).done());
  for (std::uint32_t offset = 0; offset <= all + 1; ++offset) {
    for (std::uint32_t bytes = 0; bytes <= all + 1; ++bytes) {
      const Bytes answer = read(offset, bytes);
      const bool is_there = offset <= all && bytes <= all - offset;
      if (is_there ? answer !=
                         Wire().le32(offset).le32(bytes).le32(0).bytes(part(whole, 12 + offset, bytes)).done()
                   : !answer.empty())
        FAIL_CHECK("offset " << offset << ", " << bytes << " bytes");
    }
  }
  CHECK(read(UINT32_MAX, 1).empty());
}

TEST_CASE("vhost-user: SET_CONFIG is refused, and the connection goes on", "[vhost-user]") {
  Scene scene;
  scene.front_end().negotiate(kModern);
  const Bytes payload = Wire().le32(0).le32(4).le32(0).le32(0xffff).done();
  scene.front_end().tell(vu::kSetConfig, payload);
  CHECK(scene.front_end().acknowledged(vu::kSetConfig, payload) != 0);
  CHECK(scene.log().size() == 2);
  CHECK(scene.front_end().get(vu::kGetFeatures) != 0);
}

TEST_CASE("vhost-user: REPLY_ACK answers what has no answer of its own, once it was negotiated",
          "[vhost-user]") {
  Scene scene;
  FrontEnd& front_end = scene.front_end();
  CHECK_THROWS(front_end.acknowledged(vu::kSetOwner));  // no answer at all
  front_end.negotiate(kModern);
  CHECK(front_end.acknowledged(vu::kSetOwner) == 0);
  CHECK(front_end.acknowledged(vu::kSetFeatures, Wire().le64(kModern).done()) == 0);
  CHECK(front_end.acknowledged(vu::kSetVringNum, Wire().le32(0).le32(16).done()) == 0);
  // Its own answer, and no other one behind it.
  CHECK(front_end.acknowledged(vu::kGetFeatures) == front_end.get(vu::kGetFeatures));
}
