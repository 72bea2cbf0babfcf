// JSON files: the project's own small ones, and what is no such file.
#include <string>

#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/unit/vectors/files.h"
#include "tests/vectors/vector_file.h"

using namespace virtcrypt::vectors;

namespace {

using Json = nlohmann::json;

const char* const kFiles[] = {"aes_gcm.json", "hmac_sha256.json", "ecdsa_p256_sha256.json",
                              "rsa_signature_1024_sha1.json", "rsa_pkcs1_1024.json"};

Json& first_test(Json& json) {
  return json["testGroups"][0]["tests"][0];
}

}  // namespace

TEST_CASE("JSON: valid, invalid and acceptable cases pass in every mode", "[vectors][wycheproof]") {
  using virtcrypt::test::Layout;
  const auto layout = GENERATE(Layout::kPadded, Layout::kRevision1, Layout::kStateless);
  for (const char* const name : kFiles) {
    CAPTURE(name);
    const Json json = Json::parse(data_content(name));
    const FileReport report = run_content(name, data_content(name), {.packed = false, .layout = layout});
    CHECK(report.passed == json["numberOfTests"]);
    CHECK(report.failed == 0);
  }
}

TEST_CASE("JSON: every verdict turned round fails", "[vectors][wycheproof]") {
  for (const char* const name : kFiles) {
    Json json = Json::parse(data_content(name));
    std::size_t turned = 0;
    for (Json& group : json["testGroups"]) {
      for (Json& test : group["tests"]) {
        if (test["result"] == "acceptable") continue;
        test["result"] = test["result"] == "valid" ? "invalid" : "valid";
        ++turned;
      }
    }
    CAPTURE(name);
    CHECK(run_content(name, json.dump()).failed == turned);
  }
}

TEST_CASE("JSON: algorithms that the device has not are not applicable", "[vectors][wycheproof]") {
  Json json = Json::parse(data_content("aes_gcm.json"));
  json["algorithm"] = "AES-EAX";
  CHECK(run_content("x.json", json.dump()).not_applicable == 5);
  Json curve = Json::parse(data_content("ecdsa_p256_sha256.json"));
  curve["testGroups"][0]["publicKey"]["curve"] = "secp256k1";
  CHECK(run_content("x.json", curve.dump()).not_applicable == 5);
  Json type = Json::parse(data_content("aes_gcm.json"));
  for (Json& group : type["testGroups"])
    group["type"] = "KeyWrapTest";
  CHECK(run_content("x.json", type.dump()).not_applicable == 5);
}

TEST_CASE("JSON: members of wrong types, missing ones and bad values are errors",
          "[vectors][wycheproof][hostile]") {
  for (const char* const name : kFiles) {
    const Json good = Json::parse(data_content(name));
    for (const Json& wrong :
         {Json(), Json(7), Json(-1), Json("xyz"), Json::array(), Json::object(), Json(true)}) {
      for (const char* const member : {"key", "iv", "aad", "msg", "ct", "tag", "sig", "result", "tcId"}) {
        Json bad = good;
        if (!first_test(bad).contains(member) || (wrong == 7 && std::string(member) == "tcId")) continue;
        first_test(bad)[member] = wrong;
        CAPTURE(name, member, wrong.dump());
        CHECK_THROWS_AS(parse_vector_file(name, bad.dump()), ParseError);
        first_test(bad).erase(member);
        CHECK_THROWS_AS(parse_vector_file(name, bad.dump()), ParseError);
      }
      Json bad = good;
      bad["testGroups"] = wrong;
      CHECK_THROWS_AS(parse_vector_file(name, bad.dump()), ParseError);
      bad = good;
      bad["testGroups"][0] = wrong;
      CHECK_THROWS_AS(parse_vector_file(name, bad.dump()), ParseError);
      bad = good;
      bad["testGroups"][0]["tests"][0] = wrong;
      CHECK_THROWS_AS(parse_vector_file(name, bad.dump()), ParseError);
    }
  }
}

TEST_CASE("JSON: a file cut at any byte is refused with its line", "[vectors][wycheproof][hostile]") {
  for (const char* const name : {"hmac_sha256.json", "ecdsa_p256_sha256.json"}) {
    const std::string whole = data_content(name);
    for (std::size_t length = 0; length + 2 < whole.size(); ++length) {
      REQUIRE_THROWS_AS(parse_vector_file(name, whole.substr(0, length)), ParseError);
    }
  }
  CHECK(error_line("x.json", "{\n\n\"algorithm\": }") == 3);
  CHECK(error_line("x.json", "{\"algorithm\": 5}") == 0);
  CHECK(error_line("x.json", std::string(100000, '{')) == 1);
  CHECK(error_line("x.json", std::string("{\"a\":").append(100000, '[')) == 1);
}

TEST_CASE("Report: JSON is versioned and complete", "[vectors][report]") {
  const FileReport report = run_content("x.json", data_content("aes_gcm.json"));
  const Json json = Json::parse(as_json({report}, {.packed = true}));
  CHECK(json["virtcrypt_vectors"] == 1);
  CHECK(json["ring"] == "packed");
  CHECK(json["mode"] == "session");
  CHECK(json["success"] == true);
  CHECK(json["total"]["passed"] == 5);
  CHECK(json["files"][0]["kind"] == "AES-GCM");
  CHECK(json["files"][0]["failures"].empty());
}

TEST_CASE("Report: every n-th case, and success needs one that ran", "[vectors][report]") {
  RunnerOptions options;
  options.every = 2;
  const FileReport thinned = run_content("x.json", data_content("aes_gcm.json"), options);
  CHECK(thinned.passed == 3);
  CHECK(thinned.left_out == 2);
  CHECK(is_success({thinned}));
  CHECK_FALSE(is_success({}));
  CHECK_FALSE(is_success({FileReport{}}));
  FileReport failed = thinned;
  failed.failed = 1;
  CHECK_FALSE(is_success({failed}));
}
