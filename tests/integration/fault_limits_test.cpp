#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/integration/fault_cluster.hpp"
#include "tests/integration/fault_tasks.hpp"
#include "tests/support/control_group.hpp"
#include "tests/support/if_possible.hpp"
#include "tests/support/no_descriptors.hpp"

// Machines that lack what it takes to start something: descriptors, processes, memory.

namespace {

/// Two nodes, and tasks that would rather run on "poor".
struct uneven_cluster {
  uneven_cluster() {
    cluster.start_node("poor");
    cluster.start_node("rich");
    CHECK(run_on(cluster.driver(), "poor") == "poor"); // It has the program, so that nothing else can be amiss.
    CHECK(run_on(cluster.driver(), "rich") == "rich");
  }
  pid_t poor() { return cluster.node("poor").process_id(); }
  runtime::cluster& driver() { return cluster.driver(); }

  /// Twice as many as may be retried: each runs all the same.
  void check_work_runs_elsewhere() {
    std::vector<runtime::future<std::string>> tasks;
    for (int i = 0; i < 8; ++i)
      tasks.push_back(driver().submit(names_node, with_process_of_its_own(i), 0));
    for (auto& task : tasks) {
      const auto node = task.try_get();
      REQUIRE_MESSAGE(node, node.error().message);
      CHECK(*node == "rich");
    }
  }
  /// No idle worker serves it.
  static runtime::task_options with_process_of_its_own(int number) {
    return on_nodes("poor").environment("NUMBER", std::to_string(number));
  }
  /// A task that runs nowhere else.
  std::string run_on_poor() {
    return driver()
      .submit(names_node, runtime::task_options().cpus(0.1).on_node("poor").environment("NUMBER", "x"), 0)
      .get();
  }

  fault_cluster cluster;
};

const runtime::task_type takes_all("takes_all", [](const std::string& fifo) -> int {
  give_sign(fifo);
  std::vector<std::vector<char>> all;
  while (all.size() < 128) // 1 GiB: more than it may have, and no more than a machine can bear.
    all.emplace_back(std::size_t{8} << 20, 'x');
  return 0;
});

} // namespace

TEST_CASE("limits: work goes past a node that has no descriptors left, and comes back when it has") {
  uneven_cluster uneven;
  {
    const no_descriptors while_this_lives(uneven.poor());
    uneven.check_work_runs_elsewhere();
    uneven.cluster.node("poor").wait_for_error("worker could not be started: ");
    CHECK(uneven.cluster.node("poor").error_text().find("Too many open files") != std::string::npos);
  }
  CHECK(uneven.run_on_poor() == "poor");
}

TEST_CASE("limits: work goes past a node that can start no process, and comes back when it can") {
  const auto group = if_possible<control_group>(control_group::controller::pids);
  if (!group)
    return;
  uneven_cluster uneven;
  group->take_in(uneven.poor());
  group->limit_to_what_is_used();
  uneven.check_work_runs_elsewhere();
  uneven.cluster.node("poor").wait_for_error("worker could not be started: no process for it: Resource temporarily");

  group->end_limit();
  CHECK(uneven.run_on_poor() == "poor");
}

TEST_CASE("limits: where the kernel kills a worker that has used up the machine's memory, the node lives on") {
  const auto group = if_possible<control_group>(control_group::controller::memory);
  if (!group)
    return;
  uneven_cluster uneven;
  posix_fifo signs;
  group->take_in(uneven.poor());
  group->limit_to(std::uint64_t{256} << 20);
  auto task = uneven.driver().submit(takes_all, uneven_cluster::with_process_of_its_own(0).retries(0), signs.path());
  CHECK(read_sign(signs).node == "poor");
  const auto end = task.try_get();

  REQUIRE_FALSE(end);
  CHECK(end.error().code == runtime::errc::worker_lost);
  CHECK_MESSAGE(end.error().message.find("SIGKILL") != std::string::npos, end.error().message);
  CHECK_MESSAGE(end.error().message.find("peak memory") != std::string::npos, end.error().message);
  group->end_limit();
  CHECK(uneven.run_on_poor() == "poor");
}

TEST_CASE("limits: a head without descriptors serves whom it has, and newcomers again when it has some") {
  uneven_cluster uneven;
  runtime::cluster_options newcomer;
  newcomer.address = uneven.cluster.address();
  newcomer.token_file = uneven.cluster.token_file();
  newcomer.log_level = "off";
  newcomer.connect_deadline = std::chrono::milliseconds(500);
  {
    const no_descriptors while_this_lives(uneven.cluster.head().process_id());
    for (int more = 0; more < 3; ++more)
      CHECK_FALSE(runtime::cluster::connect(newcomer));
    CHECK(run_on(uneven.driver(), "poor") == "poor");
    CHECK(run_on(uneven.driver(), "rich") == "rich");
  }
  newcomer.connect_deadline = std::chrono::seconds(60);
  auto served = runtime::cluster::connect(newcomer);

  REQUIRE_MESSAGE(served, served.error().message);
  CHECK(run_on(*served, "rich") == "rich");
}
