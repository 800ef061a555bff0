#include "runtime/node/posix_process.hpp"

#include <csignal>
#include <thread>

#include <sys/wait.h>

#include "tests/runtime/node/process_fixture.hpp"

using namespace runtime;

namespace {

process_start shell(const std::string& script, std::vector<std::string> arguments = {}) {
  process_start start;
  start.words = {"/bin/sh", "-c", script};
  start.words.insert(start.words.end(), arguments.begin(), arguments.end());
  start.environment = {"PATH=/usr/bin:/bin"};
  return start;
}

int wait_for(pid_t pid) {
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  return status;
}

/// Runs it to its end; what it printed.
std::string output_of(process_start start) {
  int both[2];
  REQUIRE(::pipe2(both, O_CLOEXEC) == 0);
  posix_descriptor ours(both[0]), its(both[1]);
  start.output = its.get();
  const auto process = or_throw(start_process(start));
  its.close();
  const posix_descriptor end(process.pidfd);
  const auto text = read_to_end(ours.get());
  wait_for(process.pid);
  return text;
}

error failure_of(const process_start& start) {
  const auto process = start_process(start);
  REQUIRE_FALSE(process);
  return process.error();
}

} // namespace

TEST_CASE("process: runs a program in its directory with exactly its environment") {
  temporary_directory here;
  auto start = shell("pwd; env | sort | grep -v '^_='; exit 0");
  start.working_directory = here.path.string();
  start.environment = {"PATH=/usr/bin:/bin", "GREETING=good day"};

  CHECK(output_of(start) == fmt::format("{0}\nGREETING=good day\nPATH=/usr/bin:/bin\nPWD={0}\n", here.path.string()));
}

TEST_CASE("process: its pidfd is readable when it has ended") {
  const auto process = or_throw(start_process(shell("exit 7")));
  const posix_descriptor end(process.pidfd);

  siginfo_t info{};
  REQUIRE(::waitid(P_PIDFD, static_cast<id_t>(process.pidfd), &info, WEXITED) == 0);
  CHECK(info.si_pid == process.pid);
  CHECK(info.si_status == 7);
}

TEST_CASE("process: inherits no descriptor but its own, whatever this process has open") {
  const posix_descriptor open_for_all(::open("/dev/null", O_RDONLY)); // Not O_CLOEXEC.
  int both[2];
  REQUIRE(::pipe2(both, O_CLOEXEC) == 0);
  const posix_descriptor read_end(both[0]), write_end(both[1]);
  const std::string script = "i=0; while [ $i -lt 100 ]; do [ -e /proc/self/fd/$i ] && echo $i; i=$((i+1)); done";
  auto linked = shell(script);
  linked.link = write_end.get();

  CHECK(output_of(shell(script)) == "0\n1\n2\n");
  CHECK(output_of(linked) == "0\n1\n2\n3\n");
}

TEST_CASE("process: starts with all signals at their defaults, whatever this process ignores or blocks") {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  sigset_t usr, old;
  ::sigemptyset(&usr);
  ::sigaddset(&usr, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr, &old);
  process_start start;
  start.words = {"/bin/grep", "-E", "SigBlk|SigIgn", "/proc/self/status"};

  CHECK(output_of(start) == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, &old, &after);
  CHECK(sigismember(&after, SIGUSR1) == 1); // And this process is as before.
  CHECK(sigismember(&after, SIGTERM) == 0);
  std::signal(SIGPIPE, before);
}

TEST_CASE("process: is killed together with its own children by its group") {
  temporary_directory here;
  life_line line(here / "line");
  const auto process = or_throw(start_process(shell("exec 9>\"$0\"; sleep 1000 & echo up >&9; wait", {line.name()})));
  const posix_descriptor end(process.pidfd);
  CHECK(line.wait_for_line() == "up");

  REQUIRE(::kill(-process.pid, SIGKILL) == 0);

  CHECK(WTERMSIG(wait_for(process.pid)) == SIGKILL);
  line.wait_for_end();
}

TEST_CASE("process: is killed when the thread that started it ends") {
  posix_process process;
  std::thread([&process] { process = or_throw(start_process(shell("exec sleep 1000"))); }).join();
  const posix_descriptor end(process.pidfd);

  CHECK(WTERMSIG(wait_for(process.pid)) == SIGKILL);
}

TEST_CASE("process: what cannot be executed is told with the system's reason") {
  temporary_directory here;
  std::ofstream(here / "text") << "#!/bin/sh\n";
  std::ofstream(here / "noise") << "\x7f"
                                   "ELF and nothing more";
  REQUIRE(::chmod((here / "noise").c_str(), 0700) == 0);
  const auto program = [](const std::string& name) {
    process_start start;
    start.words = {name};
    return start;
  };
  auto nowhere = shell("true");
  nowhere.working_directory = here / "missing";

  CHECK(failure_of(program(here / "missing")) ==
        error{errc::not_found, (here / "missing") + ": No such file or directory"});
  CHECK(failure_of(program(here / "text")) == error{errc::permission_denied, (here / "text") + ": Permission denied"});
  CHECK(failure_of(program(here / "noise")) == error{errc::io, (here / "noise") + ": Exec format error"});
  CHECK(failure_of(nowhere) ==
        error{errc::not_found, "working directory " + (here / "missing") + ": No such file or directory"});
  CHECK(failure_of({}) == error{errc::invalid_argument, "no program is named"});
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1); // None is left to be waited for.
}

TEST_CASE("process: too long a command line is told as too large") {
  CHECK(failure_of(shell("true", {std::string(3u << 20, 'x')})) ==
        error{errc::too_large, "/bin/sh: Argument list too long"});
}
