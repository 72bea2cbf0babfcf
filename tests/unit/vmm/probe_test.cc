#include "virtcrypt/vmm/probe.h"

#include <chrono>
#include <string>

#include <unistd.h>

#include "tests/support/catch.h"
#include "tests/unit/vmm/boot/boot_fixture.h"
#include "virtcrypt/vmm/host_error.h"

namespace virtcrypt::vmm {

namespace {

std::string refusal(const std::filesystem::path& kernel, const ProbeResult& probe) {
  try {
    require_backend_for(kernel, probe);
  } catch (const HostError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("Probe: Linux is refused on an interpreting backend, with what to do instead", "[probe]") {
  const boot::TemporaryFolder folder;
  const auto kernel = folder.file("vmlinuz", boot::bzimage());
  const std::string message = refusal(kernel, {Backend::kInterpreted, ""});
  CHECK(message.find(kernel.string()) != std::string::npos);
  CHECK(message.find("./demo.sh") != std::string::npos);
  CHECK(message.find("--no-backend-check") != std::string::npos);
  CHECK(message.find('\n') == std::string::npos);
}

TEST_CASE("Probe: Linux is refused with the reason where no guest runs", "[probe]") {
  const boot::TemporaryFolder folder;
  const std::string message =
      refusal(folder.file("k", boot::bzimage()), {Backend::kUnusable, "it is broken"});
  CHECK(message.find("it is broken") != std::string::npos);
}

TEST_CASE("Probe: a guest for both backends is refused with the reason where no guest runs", "[probe]") {
  CHECK_NOTHROW(require_usable({Backend::kHardware, ""}));
  CHECK_NOTHROW(require_usable({Backend::kInterpreted, ""}));
  CHECK_THROWS_WITH(require_usable({Backend::kUnusable, "it is broken"}),
                    test::contains_text("it is broken"));
}

TEST_CASE("Probe: on hardware, and for other guests anywhere, nothing is refused", "[probe]") {
  const boot::TemporaryFolder folder;
  CHECK(refusal(folder.file("k", boot::bzimage()), {Backend::kHardware, ""}).empty());
  CHECK(refusal(folder.file("x", boot::Bytes(4096)), {Backend::kInterpreted, ""}).empty());
}

TEST_CASE("Probe: a missing kernel is reported as such", "[probe]") {
  CHECK(refusal("/nonexistent/vmlinuz", {Backend::kInterpreted, ""}).find("no such file") !=
        std::string::npos);
}

// On a host without KVM there is nothing to ask: the test then only says so.
TEST_CASE("Probe: where /dev/kvm opens the probe guest gets an answer", "[probe][kvm]") {
  if (::access("/dev/kvm", R_OK | W_OK) != 0) {
    WARN("no usable /dev/kvm: nothing probed");
    return;
  }
  const ProbeResult result = probe_backend(Kvm{});
  INFO(result.detail);
  CHECK(result.backend != Backend::kUnusable);
}

}  // namespace virtcrypt::vmm
