#include "tests/integration/program_under_test.hpp"

#include <csignal>
#include <string>

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>

namespace files = boost::filesystem;

namespace {

program_under_test start_node(const temporary_directory& folder, const head_under_test& head, const std::string& name,
                              const std::string& place) {
  const auto ready = folder / (name + ".ready");
  program_under_test node(folder, {CAF_TUNE_NODE,
                                   "--address",
                                   head.address(),
                                   "--token-file",
                                   head.token(),
                                   "--name",
                                   name,
                                   "--host",
                                   "127.0.0.1",
                                   "--cpus",
                                   "1",
                                   "--memory",
                                   "0",
                                   "--gpus",
                                   "0",
                                   "--resource",
                                   place + "=1",
                                   "--state",
                                   folder / (name + ".state"),
                                   "--ready-file",
                                   ready});
  node.wait_for_file(ready);
  return node;
}

/// The packages of a state directory.
std::vector<files::path> packages_in(const std::string& state) {
  std::vector<files::path> out;
  for (const auto& each : files::directory_iterator(state + "/packages"))
    if (each.path().filename() != "incoming")
      out.push_back(each.path());
  return out;
}

} // namespace

TEST_CASE("package holder: a node that lacks a package has it from another node when its owner has it no more") {
  temporary_directory folder;
  head_under_test head(folder);
  auto doomed = start_node(folder, head, "n1", "here");
  auto holder = start_node(folder, head, "n2", "there");
  const words program{PROGRAM_WITH_PLACES, "--address", head.address(), "--token-file", head.token()};
  const auto first = run_program(folder, program, {{"PLACES", "here there"}});
  REQUIRE_MESSAGE(first.code == 0, first.err);

  for (const auto& package : packages_in(folder / "head.state")) // The driver is gone, and now the head's copy.
    files::remove_all(package);
  doomed.signal(SIGKILL);
  doomed.wait();
  auto third = start_node(folder, head, "n3", "here");

  const auto second = run_program(folder, program, {{"PLACES", "here"}});
  REQUIRE_MESSAGE(second.code == 0, second.err);
  CHECK(packages_in(folder / "n3.state").size() == 1);
}
