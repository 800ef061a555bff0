// Which worker is used again for the next work, and what the others leave to it: nothing.
#include "runtime/test_cluster.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>
#include <doctest/doctest.h>

using runtime::test_cluster;

namespace {

enum what : int { nothing, process, daemon_process, variable, directory, mask, child_that_ends };

/// Does something that outlives it, and returns the number of the process that was left, or of its own.
int leave(int what) {
  pid_t child = 0;
  switch (what) {
  case process:
    if ((child = ::fork()) == 0)
      for (;;)
        ::pause();
    return child;
  case daemon_process: {
    int told[2];
    if (::pipe(told) != 0)
      return 0;
    if ((child = ::fork()) == 0) {
      ::setsid();
      const pid_t daemon = ::fork();
      if (daemon == 0)
        for (;;)
          ::pause();
      (void)!::write(told[1], &daemon, sizeof daemon);
      ::_exit(0);
    }
    pid_t daemon = 0;
    (void)!::read(told[0], &daemon, sizeof daemon);
    return daemon;
  }
  case variable: ::setenv("LEFT_BEHIND", "yes", 1); break;
  case directory: (void)!::chdir("/"); break;
  case mask: ::umask(0123); break;
  case child_that_ends: (void)std::system("true"); break;
  case nothing: break;
  }
  return ::getpid();
}

const runtime::task_type leaves("leaves", leave);
/// Its process, and what it finds.
const runtime::task_type looks("looks", [](int) {
  const char* variable = std::getenv("LEFT_BEHIND");
  const auto mask = ::umask(0);
  ::umask(mask);
  char directory[4096] = {};
  (void)!::getcwd(directory, sizeof directory);
  return std::vector<std::string>{std::to_string(::getpid()), variable ? variable : "no", std::to_string(mask),
                                  std::string(directory) == "/" ? "/" : "its own"};
});

caf::behavior leaver(caf::event_based_actor*) {
  return {[](int what) { return leave(what); }};
}
const runtime::actor_type leaver_type("leaver", leaver);

bool runs(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(')');
  return name_end != std::string::npos && text.substr(name_end, 4).find('Z') == std::string::npos;
}

/// In one cluster with room for one work, so that each waits until nothing of the one before is left.
struct one_at_a_time {
  std::vector<std::string> look() { return cluster.driver().submit(looks, 0).get(); }

  test_cluster cluster{1, runtime::cpus(1)};
};

} // namespace

TEST_CASE("worker reuse: a work that leaves nothing is followed by the next one in its process") {
  one_at_a_time all;
  const auto first = all.look();

  CHECK(all.cluster.driver().submit(leaves, static_cast<int>(nothing)).get() == std::stoi(first[0]));
  CHECK(all.cluster.driver().submit(leaves, static_cast<int>(child_that_ends)).get() == std::stoi(first[0]));
  CHECK(all.look() == first);
}

TEST_CASE("worker reuse: what a task has set is not seen by the next") {
  one_at_a_time all;
  const auto before = all.look();

  for (const auto each : {variable, directory, mask}) {
    const auto its_process = all.cluster.driver().submit(leaves, static_cast<int>(each)).get();
    const auto after = all.look();

    CHECK(after[0] != std::to_string(its_process));
    CHECK(after[1] == "no");
    CHECK(after[2] == before[2]);
    CHECK(after[3] == "its own");
  }
}

TEST_CASE("worker reuse: what a task or an actor has started is gone when its room is given to the next") {
  one_at_a_time all;
  for (const auto each : {process, daemon_process}) {
    const auto left = all.cluster.driver().submit(leaves, static_cast<int>(each)).get();
    REQUIRE(left > 0);
    all.look();
    CHECK_FALSE(runs(left));

    auto actor = all.cluster.driver().spawn(leaver_type, runtime::actor_options().cpus(1));
    const auto left_by_actor = actor.call<int>(static_cast<int>(each)).get();
    REQUIRE(left_by_actor > 0);
    runtime::or_throw(actor.stop());
    all.look();
    CHECK_FALSE(runs(left_by_actor));
  }
}
