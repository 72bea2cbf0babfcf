// fault_weaver LIST SOURCES OUTPUT: writes into the folder OUTPUT a copy of every source under SOURCES that
// the list names, with its faults behind their switches, and faults.cc, the list as a table.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "tests/faults/weave.h"

namespace fs = std::filesystem;

namespace virtcrypt::faults {
namespace {

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw ListError("cannot read " + path.string());
  return text;
}

// A file that stays as it is keeps its time, and what depends on it is not built again.
void write_if_changed(const fs::path& path, const std::string& text) {
  if (fs::exists(path) && read(path) == text) return;
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw ListError("cannot write " + path.string());
}

void run(const fs::path& list, const fs::path& sources, const fs::path& output) {
  const auto faults = parse_faults(read(list), list.filename().string());
  std::set<std::string> files;
  for (const ListedFault& fault : faults) {
    for (const Change& change : fault.changes)
      files.insert(change.file);
  }
  for (const std::string& file : files)
    write_if_changed(output / file, weave(read(sources / file), file, faults));
  write_if_changed(output / "faults.cc", table_of(faults));
}

}  // namespace
}  // namespace virtcrypt::faults

int main(int count, char** words) {
  if (count != 4) {
    std::fputs("usage: fault_weaver LIST SOURCES OUTPUT\n", stderr);
    return 2;
  }
  try {
    virtcrypt::faults::run(words[1], words[2], words[3]);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fault_weaver: %s\n", error.what());
    return 1;
  }
}
