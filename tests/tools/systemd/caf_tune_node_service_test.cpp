#include "tests/integration/program_under_test.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>

namespace {

std::string unit_text() {
  std::ifstream file(CAF_TUNE_SERVICE);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The lines of a section that set something.
words settings_of(const std::string& section) {
  std::istringstream text(unit_text());
  words found;
  bool is_here = false;
  for (std::string line; std::getline(text, line);)
    if (!line.empty() && line[0] == '[')
      is_here = line == "[" + section + "]";
    else if (is_here && !line.empty() && line[0] != '#')
      found.push_back(line);
  return found;
}

bool has(const words& lines, const std::string& line) {
  return std::find(lines.begin(), lines.end(), line) != lines.end();
}

} // namespace

TEST_CASE("service: a node that fails is started again for ever, and the head has time meanwhile") {
  CHECK(has(settings_of("Unit"), "StartLimitIntervalSec=0")); // By default 5 quick exits are the last.
  CHECK(has(settings_of("Service"), "Restart=on-failure"));
  CHECK(has(settings_of("Service"), "RestartSec=5"));
}

TEST_CASE("service: it asks for nothing that the node does not use") {
  for (const auto& line : settings_of("Service"))
    CHECK_MESSAGE(line.find("Delegate") != 0, line); // There is no cgroup of a worker's own.
}

TEST_CASE("service: systemd understands every line of it") {
  const std::string systemd_analyze = "/usr/bin/systemd-analyze";
  if (::access(systemd_analyze.c_str(), X_OK) != 0) {
    MESSAGE("there is no systemd here");
    return;
  }
  temporary_directory folder;
  const auto unit = folder / "caf-tune-node.service";
  std::ofstream(unit) << with(unit_text(), {{"/usr/local/bin/caf-tune-node", CAF_TUNE_NODE}}); // It is not installed.

  const auto verified = run_program(folder, {systemd_analyze, "verify", unit});

  CHECK(verified.code == 0);
  CHECK(verified.err == "");
}
