// The command line.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/conformance/command.h"
#include "tests/conformance/in_process_target.h"
#include "tests/support/catch.h"

using namespace virtcrypt::conformance;

namespace {

// Parses, and runs nothing.
void parse(const std::string& words) {
  CLI::App app;
  static_cast<void>(add_conformance_command(app));
  app.parse("conformance " + words);
}

class ScratchFile {
 public:
  ScratchFile()
      : path_(std::filesystem::temp_directory_path() /
              ("conformance-" + std::to_string(::getpid()) + ".json")) {}
  ~ScratchFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("Command: bad words are refused while the command line is read", "[conformance][command]") {
  const char* words = GENERATE("--device toaster", "--dialect latin", "--ring round", "--feature EVENT_IDX",
                               "--feature EVENT_IDX=maybe", "--feature WARP_DRIVE=on",
                               "--feature VERSION_1=off", "--feature RING_PACKED=on", "--feature MQ=on",
                               "--feature EVENT_IDX=on --feature EVENT_IDX=off",
                               "--dialect rfc-v2 --feature INLINE_SESSION=on", "--only no-such-check",
                               "--timeout 0", "--timeout soon", "--report report.txt", "--report", "surplus");
  CAPTURE(words);
  CHECK_THROWS_AS(parse(words), CLI::ParseError);
}

TEST_CASE("Command: good words are taken", "[conformance][command]") {
  const char* words = GENERATE(
      "", "--ring packed --dialect rfc-v2 --feature MQ=on --feature VIRTIO_F_EVENT_IDX=off",
      "--only PCI-DEV --only status- --list --timeout 0.5", "--ring both --report a.html --report b.xml");
  CAPTURE(words);
  CHECK_NOTHROW(parse(words));
}

TEST_CASE("Command: runs what was chosen, and writes the report", "[conformance][command]") {
  const ScratchFile report;
  CLI::App app;
  const auto run = add_conformance_command(app);
  app.parse("conformance --only pci-vendor-id --feature RING_RESET=off --report " + report.path());
  CHECK(run() == 0);
  std::ifstream file(report.path());
  const auto json = nlohmann::json::parse(file);
  CHECK(json.at("checks").size() == 1);
  CHECK(json.at("checks").at(0).at("verdict") == "passed");
  CHECK(json.at("features_off") == std::vector<std::string>{"RING_RESET"});
}

TEST_CASE("Command: a device that is made elsewhere is made when checks run, and not before",
          "[conformance][command]") {
  int made = 0;
  CLI::App app;
  const auto run = add_conformance_command(
      app,
      {{.name = "elsewhere", .description = "for tests", .make_target = [&made]() -> std::unique_ptr<Target> {
          ++made;
          return make_in_process_target();
        }}});
  CHECK_THAT(app.get_subcommand("conformance")->help(),
             virtcrypt::test::contains_text("elsewhere: for tests"));
  CHECK_THROWS_WITH(app.parse("conformance --device nowhere"),
                    virtcrypt::test::contains_text("in-process, qemu, qemu:PATH, elsewhere"));
  app.parse("conformance --device elsewhere --only pci-vendor-id");
  CHECK(made == 0);
  CHECK(run() == 0);
  CHECK(made == 1);
}

TEST_CASE("Command: a report that cannot be written is an error", "[conformance][command]") {
  CLI::App app;
  const auto run = add_conformance_command(app);
  app.parse("conformance --only pci-vendor-id --report /no/such/folder/report.html");
  CHECK_THROWS_AS(run(), std::runtime_error);
}

TEST_CASE("Command: a feature that the device does not have cannot be switched on",
          "[conformance][command]") {
  CLI::App app;
  const auto run = add_conformance_command(app);
  app.parse("conformance --feature SUSPEND=on");
  CHECK_THROWS_AS(run(), std::runtime_error);
}
