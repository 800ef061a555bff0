// What a process leaves behind when it is killed, and who clears it away.
#include "tests/integration/program_under_test.hpp"

#include <csignal>
#include <fstream>

#include <doctest/doctest.h>
#include <sys/stat.h>

namespace {

namespace files = boost::filesystem;

words names_in(const std::string& directory) {
  words all;
  for (const auto& each : files::directory_iterator(directory))
    all.push_back(each.path().filename().string());
  return all;
}

words head_with(const temporary_directory& folder, const std::string& ready) {
  return {CAF_TUNE_NODE, "--head",           "--host",       "127.0.0.1",      "--port",       "0",
          "--state",     folder / "a.state", "--token-file", folder / "token", "--ready-file", ready};
}

} // namespace

TEST_CASE("left behind: the directory of a driver that was killed is removed by the next, and no other") {
  temporary_directory folder;
  const auto scratch = folder / "scratch";
  files::create_directory(scratch);
  files::create_directory(scratch + "/caf-tune-abcdef"); // Of the same form, and nobody's.
  program_under_test killed(folder, {PROGRAM_THAT_HOLDS, "--cpus", "2"},
                            {{"TMPDIR", scratch}, {"HELD_FILE", folder / "first"}});
  killed.wait_for_file(folder / "first");
  program_under_test living(folder, {PROGRAM_THAT_HOLDS, "--cpus", "2"},
                            {{"TMPDIR", scratch}, {"HELD_FILE", folder / "second"}});
  living.wait_for_file(folder / "second");
  CHECK(names_in(scratch).size() == 3); // Both live.

  killed.signal(SIGKILL);
  killed.wait();
  CHECK(names_in(scratch).size() == 3);
  program_under_test next(folder, {PROGRAM_THAT_HOLDS, "--cpus", "2"},
                          {{"TMPDIR", scratch}, {"HELD_FILE", folder / "third"}});
  next.wait_for_file(folder / "third");

  CHECK(names_in(scratch).size() == 3); // One less, one more.
  CHECK(files::exists(scratch + "/caf-tune-abcdef"));
  living.signal(SIGKILL);
  living.wait();
  next.signal(SIGKILL);
  next.wait();
  const auto last = run_program(folder, {COUNTER}, {{"TMPDIR", scratch}});
  CHECK_MESSAGE(last.code == 0, last.err);
  CHECK(names_in(scratch) == words{"caf-tune-abcdef"});
}

TEST_CASE("left behind: the ready file of an earlier node is not taken for the next one's") {
  temporary_directory folder;
  const auto ready = folder / "ready";
  std::ofstream(ready) << "10.0.0.1:6390\n";
  held_port taken(held_port::kind::silent);
  auto command = head_with(folder, ready);
  command[5] = taken.number();

  CHECK(run_program(folder, command).code == 1);

  CHECK(!files::exists(ready));
  program_under_test head(folder, head_with(folder, ready));
  CHECK(head.wait_for_file(ready).find("127.0.0.1:") == 0);
  CHECK(run_program(folder, head_with(folder, ready)).code == 1); // The state is in use: that one's file stays.
  CHECK(files::exists(ready));
}

TEST_CASE("left behind: a ready file that cannot be written is told before the node starts") {
  temporary_directory folder;
  files::create_directory(folder / "directory");
  const auto refused = [&](const std::string& ready) {
    const auto end = run_program(folder, head_with(folder, ready));
    CHECK(end.code == 1);
    CHECK(end.out == "");
    return end.err;
  };

  CHECK(refused(folder / "none" + "/ready") ==
        "caf-tune-node: --ready-file: " + (folder / "none") +
          "/ready cannot be written: No such file or directory; name a file in a directory that exists and can be "
          "written\n");
  CHECK(refused(folder / "directory") == "caf-tune-node: --ready-file: " + (folder / "directory") +
                                           " is not a regular file; name one, or one that does not exist yet\n");
}
