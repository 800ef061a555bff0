#include "tests/integration/program_under_test.hpp"

#include <algorithm>
#include <csignal>
#include <regex>

#include <doctest/doctest.h>

// The examples as a user runs them: alone, and on a cluster that loses a machine.

namespace {

const std::string node = CAF_TUNE_NODE;

words joining(const head_under_test& head, const temporary_directory& folder, const std::string& name) {
  return {node,
          "--address",
          head.address(),
          "--host",
          "127.0.0.1",
          "--token-file",
          head.token(),
          "--state",
          folder / (name + ".state"),
          "--name",
          name,
          "--ready-file",
          folder / (name + ".ready"),
          "--cpus",
          "1",
          "--gpus",
          "0",
          "--memory",
          "0"};
}

words of_cluster(const head_under_test& head) {
  return {"--address", head.address(), "--token-file", head.token()};
}

/// How many whole programs the node has on its disk: those that still come have a directory of their own.
std::ptrdiff_t packages_of(const std::string& name, const temporary_directory& folder) {
  const boost::filesystem::directory_iterator first(folder / (name + ".state/packages")), last;
  return std::count_if(first, last, [](const auto& each) { return each.path().filename() != "incoming"; });
}

const words short_validation{CROSS_VALIDATION, "--settings", "4", "--epochs", "3"};

/// Whether the head knows a lease that the node holds; not one that is being granted, which loses no work.
bool holds_a_lease(const std::string& name, const head_under_test& head, const temporary_directory& folder) {
  const std::regex held("\"node\": \"" + name + "\",\\s*\"resources\": \\{[^}]*\\},\\s*\"state\": \"held\"");
  const auto leases = run_program(folder, words{CAF_TUNE, "leases", "--json"} + of_cluster(head));
  REQUIRE_MESSAGE(leases.code == 0, leases.err);
  return std::regex_search(leases.out, held);
}

/// Kills the node while it has a lease in its hands: stopped first, it can do nothing about it between look and kill.
void kill_at_work(program_under_test& doomed, const std::string& name, const head_under_test& head,
                  const temporary_directory& folder) {
  for (int looks = 0; looks < 200; ++looks) {
    holds_a_lease(name, head, folder); // For the time that it takes: the node runs on, and gets to work.
    doomed.signal(SIGSTOP);
    if (holds_a_lease(name, head, folder))
      return doomed.signal(SIGKILL);
    doomed.signal(SIGCONT);
  }
  FAIL("the node never holds a lease");
}

} // namespace

TEST_CASE("examples: cross-validation prints the same in a cluster of this machine and on nodes of which one dies") {
  temporary_directory folder;
  const auto alone = run_program(folder, short_validation + words{"--cpus", "2"});
  CHECK(alone.err == "");
  REQUIRE(alone.code == 0);
  CHECK(alone.out.find("learning rate  weight decay  accuracy  deviation   (1797 images, 10 folds)\n") == 0);
  CHECK(std::count(alone.out.begin(), alone.out.end(), '\n') == 5); // A row for each setting.

  head_under_test head(folder);
  program_under_test doomed(folder, joining(head, folder, "doomed"));
  program_under_test other(folder, joining(head, folder, "other"));
  doomed.wait_for_file(folder / "doomed.ready");
  other.wait_for_file(folder / "other.ready");
  const auto undisturbed = run_program(folder, short_validation + of_cluster(head));
  CHECK_MESSAGE(undisturbed.code == 0, undisturbed.err);
  CHECK(undisturbed.out == alone.out);
  for (const auto* name : {"doomed", "other"}) // Only the driver had the program.
    CHECK(packages_of(name, folder) == 1);

  program_under_test working(folder, short_validation + of_cluster(head));
  kill_at_work(doomed, "doomed", head, folder);
  const auto disturbed = working.wait();

  CHECK(head.process().error_text().find("name=\"doomed\" why=") != std::string::npos); // Before the driver ended.
  CHECK_MESSAGE(disturbed.code == 0, disturbed.err);
  CHECK(disturbed.out == alone.out);
}

TEST_CASE("examples: cross-validation explains its own flags, and refuses what they cannot mean") {
  temporary_directory folder;

  const auto help = run_program(folder, {CROSS_VALIDATION, "--help"});
  CHECK(help.code == 0);
  for (const auto* flag : {"--address", "--cpus", "--epochs N", "--settings N"})
    CHECK_MESSAGE(help.out.find(flag) != std::string::npos, flag);

  const std::string see_help = "; run cross_validation --help for what there is\n";
  for (const auto& [given, mistake] :
       std::vector<std::pair<words, std::string>>{{{"--epochs", "0"}, "--epochs: it needs a number from 1 to 10000"},
                                                  {{"--settings", "10"}, "--settings: it needs a number from 1 to 9"},
                                                  {{"--settings", "2x"}, "--settings: it needs a number from 1 to 9"},
                                                  {{"--settings"}, "--settings: it needs a number from 1 to 9"},
                                                  {{"now"}, "\"now\": nothing is expected here"}}) {
    const auto end = run_program(folder, words{CROSS_VALIDATION} + given);
    CHECK(end.err == "cross_validation: " + mistake + see_help);
    CHECK(end.code == 2);
  }
}

TEST_CASE("examples: a detached counter goes on counting in the next program, and where there is none it begins") {
  temporary_directory folder;
  head_under_test head(folder);

  const auto first = run_program(folder, words{COUNTER} + of_cluster(head));
  const auto second = run_program(folder, words{COUNTER} + of_cluster(head));

  CHECK_MESSAGE(first.code == 0, first.err);
  CHECK(first.out == "hits: 1\n");
  CHECK_MESSAGE(second.code == 0, second.err);
  CHECK(second.out == "hits: 2\n");
  CHECK(run_program(folder, {COUNTER, "--cpus", "1"}).out == "hits: 1\n");
}
