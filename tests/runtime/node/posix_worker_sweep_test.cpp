#include "runtime/node/posix_worker_sweep.hpp"

#include <csignal>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "runtime/node/posix_process.hpp"
#include "runtime/node/worker_mark.hpp"
#include "tests/runtime/node/process_fixture.hpp"

using namespace runtime;

namespace {

/// Ends with its test, and is waited for.
class running {
public:
  explicit running(std::vector<std::string> words, std::vector<std::string> environment = {"PATH=/usr/bin:/bin"}) {
    process_start start;
    start.words = std::move(words);
    start.environment = std::move(environment);
    const auto process = or_throw(start_process(start));
    pid_ = process.pid;
    ::close(process.pidfd);
  }
  ~running() { kill(); }
  pid_t pid() const { return pid_; }
  void kill() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    pid_ = -1;
  }
  bool has_ended() const { return ::waitpid(pid_, nullptr, WNOHANG) != 0; }

private:
  pid_t pid_ = -1;
};

/// Replaces the n-th word of a record.
void forge(const std::string& name, std::size_t n, const std::string& word) {
  std::istringstream in(read_text(name));
  std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
  words.at(n) = word;
  std::ofstream out(name);
  for (const auto& w : words)
    out << w << ' ';
}

/// Orphans of this process's descendants become its children: their ends can be waited for.
struct foster_parent {
  foster_parent() { REQUIRE(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0); }
  ~foster_parent() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
};

} // namespace

TEST_CASE(
  "worker sweep: when a node manager is killed its worker dies at once, and the worker's children by the sweep") {
  const foster_parent here_they_come;
  temporary_directory here;
  life_line of_worker(here / "worker"), of_grandchild(here / "grandchild");
  const std::string script =
    "read -r x <&3; sh -c 'exec 9>\"$0\"; echo up >&9; exec sleep 1000' \"$1\" & exec 8>\"$0\"; echo $$ >&8; wait";
  running node_manager({NODE_MANAGER_FOR_TEST, here / "workers", here / "work", "/bin/sh", "-c", script,
                        of_worker.name(), of_grandchild.name()});
  const auto worker = std::stoi(of_worker.wait_for_line());
  CHECK(of_grandchild.wait_for_line() == "up");

  node_manager.kill();

  of_worker.wait_for_end();
  int status = 0;
  REQUIRE(::waitpid(worker, &status, 0) == worker); // Its number is free now, and the group has lost its leader.
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK(or_throw(sweep_workers(here / "workers")) == 1);
  of_grandchild.wait_for_end();
  CHECK(or_throw(sweep_workers(here / "workers")) == 0);
}

TEST_CASE("worker sweep: a worker that still runs is killed") {
  temporary_directory here;
  running worker({"/bin/sleep", "1000"});
  REQUIRE(record_worker(here / "workers", worker_id(1), worker.pid()));

  CHECK(or_throw(sweep_workers(here / "workers")) == 1);

  int status = 0;
  CHECK(::waitpid(worker.pid(), &status, 0) == worker.pid());
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK(boost::filesystem::is_empty(here / "workers"));
}

TEST_CASE("worker sweep: whoever has a recorded number now is left alone") {
  temporary_directory here;
  running stranger({"/bin/sleep", "1000"});
  REQUIRE(record_worker(here / "workers", worker_id(1), stranger.pid()));
  SUBCASE("another start time") {
    forge(here / "workers/1", 1, "1");
  }
  SUBCASE("another boot or container") {
    forge(here / "workers/1", 3, "another");
  }
  SUBCASE("a record that was cut off") {
    std::ofstream(here / "workers/1") << stranger.pid();
  }
  SUBCASE("the group of this process") {
    forge(here / "workers/1", 0, fmt::format("{}", ::getpgrp()));
  }
  SUBCASE("no number") {
    forge(here / "workers/1", 0, "-1");
  }

  CHECK(or_throw(sweep_workers(here / "workers")) == 0);

  CHECK_FALSE(stranger.has_ended());
  CHECK(boost::filesystem::is_empty(here / "workers"));
}

TEST_CASE("worker sweep: a worker that ended in good order is not recorded any more") {
  temporary_directory here;
  worker_host_options options;
  options.record_directory = here / "workers";
  heard told;
  const auto host = or_throw(posix_worker_host::open(told.handlers(), options));
  host->start(worker_id(5), {{"/bin/sh", "-c", "read -r x <&3"}, {}, here / "work"});
  const auto pid = told.pid_of(worker_id(5));
  CHECK(read_text(here / "workers/5").find(fmt::format("{} ", pid)) == 0);

  host->send(worker_id(5), "\n");
  told.exit_of(worker_id(5));

  CHECK(boost::filesystem::is_empty(here / "workers"));
}

TEST_CASE("worker sweep: what left its worker's group is known by its node's mark, whatever the start") {
  const auto of_us = mark_of_worker(mark_of_node(node_id(7), incarnation(3)), worker_id(1));
  const auto of_others = mark_of_worker(mark_of_node(node_id(8), incarnation(3)), worker_id(1));
  running ours({"/bin/sleep", "1000"}, {fmt::format("{}={}", worker_mark_name, of_us)});
  running stranger({"/bin/sleep", "1000"}, {fmt::format("{}={}", worker_mark_name, of_others)});

  CHECK(sweep_marked(mark_of_node(node_id(7))) == 1);

  int status = 0;
  CHECK(::waitpid(ours.pid(), &status, 0) == ours.pid());
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK_FALSE(stranger.has_ended());
}

TEST_CASE("worker sweep: without a directory there is nothing to sweep") {
  temporary_directory here;

  CHECK(or_throw(sweep_workers(here / "workers")) == 0);
}
