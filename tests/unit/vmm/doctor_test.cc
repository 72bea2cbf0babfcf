#include "virtcrypt/vmm/doctor.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/support/catch.h"

namespace virtcrypt::vmm {

namespace {

HostReport sample() {
  return {Backend::kInterpreted,
          {{Finding::Level::kOk, "KVM access", "opens", ""},
           {Finding::Level::kProblem, "Memory", "too \"little\" \xFF", "buy more"}}};
}

}  // namespace

TEST_CASE("Doctor: a missing device is a problem with advice, and no guest runs", "[doctor]") {
  const HostReport report = examine_host("/nonexistent/kvm");
  CHECK(report.backend == Backend::kUnusable);
  REQUIRE(!report.findings.empty());
  CHECK(report.findings[0].level == Finding::Level::kProblem);
  CHECK(report.findings[0].detail.find("/nonexistent/kvm") != std::string::npos);
  CHECK(!report.findings[0].advice.empty());
}

TEST_CASE("Doctor: a device that is not KVM is a problem", "[doctor]") {
  const HostReport report = examine_host("/dev/null");
  CHECK(report.backend == Backend::kUnusable);
  CHECK(report.findings[0].detail.find("not a KVM device") != std::string::npos);
}

TEST_CASE("Doctor: processor, memory and libraries are reported without KVM", "[doctor]") {
  const HostReport report = examine_host("/nonexistent/kvm");
  for (const char* topic : {"CPU AES-NI", "CPU VAES", "Host memory", "Sandbox: seccomp filters",
                            "Sandbox: Landlock", "Crypto++", "Asio", "spdlog"}) {
    INFO(topic);
    CHECK(std::any_of(report.findings.begin(), report.findings.end(),
                      [topic](const Finding& finding) { return finding.topic == topic; }));
  }
}

TEST_CASE("Doctor: table shows every finding, its advice, and the verdict", "[doctor]") {
  const std::string table = as_table(sample());
  for (const char* part : {"ok       KVM access", "problem  Memory", "-> buy more", "not Linux"}) {
    INFO(part);
    CHECK(table.find(part) != std::string::npos);
  }
}

TEST_CASE("Doctor: JSON is valid whatever bytes a finding holds", "[doctor]") {
  const auto json = nlohmann::json::parse(as_json(sample()));
  CHECK(json["version"] == 1);
  CHECK(json["backend"] == "interpreted");
  REQUIRE(json["findings"].size() == 2);
  CHECK(json["findings"][0]["level"] == "ok");
  CHECK(json["findings"][1]["advice"] == "buy more");
}

}  // namespace virtcrypt::vmm
