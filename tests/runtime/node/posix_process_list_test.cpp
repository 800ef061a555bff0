#include "runtime/node/posix_process_list.hpp"

#include <csignal>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/node/worker_mark.hpp"
#include "tests/runtime/node/process_fixture.hpp"

using namespace runtime;

namespace {

/// Runs a script with the environment, until the end of this.
class child {
public:
  child(std::string script, std::vector<std::string> environment) : pid_(::fork()) {
    REQUIRE(pid_ >= 0);
    if (pid_ != 0)
      return;
    std::string shell = "/bin/sh", flag = "-c";
    char* arguments[] = {shell.data(), flag.data(), script.data(), script.data(), nullptr};
    std::vector<char*> entries;
    for (auto& entry : environment)
      entries.push_back(entry.data());
    entries.push_back(nullptr);
    ::execve("/bin/sh", arguments, entries.data());
    ::_exit(127);
  }
  ~child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  process_facts look() const {
    auto facts = look_at(pid_);
    REQUIRE(facts);
    look_for_marks(*facts);
    return *facts;
  }

private:
  pid_t pid_;
};

std::string marked(const std::string& mark) {
  return std::string(worker_mark_name) + "=" + mark;
}

} // namespace

TEST_CASE("process list: a process that is replaced all the time shows its mark, or that it is starting") {
  const child restless("exec /bin/sh -c \"$0\" \"$0\"", {marked("m.1")});
  while (restless.look().marks.empty()) // What fork left is still this test, which has none.
    REQUIRE_FALSE(restless.look().has_ended);

  std::size_t unseen = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto facts = restless.look();
    if (facts.marks != "m.1" && !facts.is_starting)
      ++unseen;
  }

  CHECK(unseen == 0);
}

TEST_CASE("process list: an environment that was cleared is no start") {
  const temporary_directory here;
  life_line line(here / "line");
  const child bare("exec 9>" + line.name() + "; echo up >&9; kill -STOP $$", {});
  REQUIRE(line.wait_for_line() == "up");

  CHECK_FALSE(bare.look().is_starting);
  CHECK(bare.look().marks.empty());
}

TEST_CASE("process list: marks stand anywhere in an environment") {
  const temporary_directory here;
  life_line line(here / "line");
  const child one("exec 9>" + line.name() + "; echo up >&9; kill -STOP $$",
                  {"A=b", marked("m.0:m.1"), "X" + marked("m.2")});
  REQUIRE(line.wait_for_line() == "up");

  CHECK(one.look().marks == "m.0:m.1");
}

TEST_CASE("process list: a process that has ended shows nothing") {
  const auto pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0)
    ::_exit(0);
  siginfo_t ended{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) == 0);

  auto facts = look_at(pid);
  REQUIRE(facts);
  look_for_marks(*facts);

  CHECK(facts->has_ended);
  CHECK_FALSE(facts->is_starting);
  CHECK(facts->marks.empty());
  ::waitpid(pid, nullptr, 0);
  CHECK_FALSE(look_at(pid));
}
