#include "runtime/worker/posix_work_traces.hpp"

#include <csignal>
#include <cstdlib>

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using runtime::posix_work_traces;

namespace {

/// A descriptor's other end is held by whoever was forked meanwhile: its end of file is their death.
struct pipe_of_children {
  pipe_of_children() { REQUIRE(::pipe(ends) == 0); }
  ~pipe_of_children() { ::close(ends[0]); }
  void close_ours() { ::close(ends[1]); }
  void wait_until_they_end() {
    for (char c = 0; ::read(ends[0], &c, 1) > 0;)
      continue;
  }
  pid_t read_process() {
    pid_t process = 0;
    REQUIRE(::read(ends[0], &process, sizeof process) == sizeof process);
    return process;
  }
  int ends[2] = {-1, -1};
};

} // namespace

TEST_CASE("work traces: a process that nothing was done to is as it was") {
  const posix_work_traces traces;

  CHECK(traces.left() == "");
  CHECK(traces.left() == "");
}

TEST_CASE("work traces: a child that runs is told, one that has ended is waited for") {
  const posix_work_traces traces;
  const pid_t child = ::fork();
  if (child == 0)
    for (;;)
      ::pause();

  CHECK(traces.left() == "processes that it started still run");

  ::kill(child, SIGKILL);
  siginfo_t ended{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  CHECK(traces.left() == "");
  CHECK(::waitpid(child, nullptr, WNOHANG) == -1);
}

TEST_CASE("work traces: so is a daemon whose parent has ended, in a session of its own") {
  const posix_work_traces traces;
  pipe_of_children line;
  const pid_t child = ::fork();
  if (child == 0) {
    ::setsid();
    if (::fork() == 0) {
      const pid_t self = ::getpid();
      (void)!::write(line.ends[1], &self, sizeof self);
      for (;;)
        ::pause();
    }
    ::_exit(0);
  }
  line.close_ours();
  const auto daemon = line.read_process();
  ::waitpid(child, nullptr, 0);

  CHECK(traces.left() == "processes that it started still run");

  ::kill(daemon, SIGKILL);
  line.wait_until_they_end();
  ::waitpid(daemon, nullptr, 0); // Adopted: nobody else can.
  CHECK(traces.left() == "");
}

TEST_CASE("work traces: what was set, removed or changed in the environment is told until it is as it was") {
  ::setenv("TRACES_A", "1", 1);
  ::setenv("TRACES_B", "1", 1);
  const posix_work_traces traces;

  ::setenv("TRACES_C", "1", 1);
  CHECK(traces.left() == "the environment was changed");
  ::unsetenv("TRACES_C");
  CHECK(traces.left() == "");

  ::setenv("TRACES_A", "2", 1);
  CHECK(traces.left() == "the environment was changed");
  ::setenv("TRACES_A", "1", 1);
  CHECK(traces.left() == "");

  ::unsetenv("TRACES_B");
  CHECK(traces.left() == "the environment was changed");
}

TEST_CASE("work traces: another working directory or umask is told") {
  const posix_work_traces traces;
  char before[4096];
  REQUIRE(::getcwd(before, sizeof before) != nullptr);

  REQUIRE(::chdir("/") == 0);
  CHECK(traces.left() == "the working directory was changed");
  REQUIRE(::chdir(before) == 0);

  const auto mask = ::umask(0);
  ::umask(mask ^ 077);
  CHECK(traces.left() == "the umask was changed");
  CHECK(traces.left() == ""); // It was set back.
  CHECK(::umask(mask) == mask);
}
