#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/integration/fault_cluster.hpp"
#include "tests/integration/fault_tasks.hpp"
#include "tests/support/if_possible.hpp"
#include "tests/support/small_disk.hpp"

// A node whose disk has no room for what it is to run.

TEST_CASE("disk: work goes past a node that has no room for its program, and comes back when it has") {
  const temporary_directory folder;
  const auto disk = if_possible<small_disk>(folder / "disk", "size=1m");
  if (!disk)
    return;
  fault_cluster cluster;
  auto& poor = cluster.start_node("poor", {"127.0.0.1", {}, folder / "disk/state"});
  cluster.start_node("rich");

  std::vector<runtime::future<std::string>> tasks;
  for (int i = 0; i < 8; ++i) // Twice as many as may be retried.
    tasks.push_back(cluster.driver().submit(names_node, on_nodes("poor"), 0));
  for (auto& task : tasks) {
    const auto node = task.try_get();
    REQUIRE_MESSAGE(node, node.error().message);
    CHECK(*node == "rich");
  }
  poor.wait_for_error("package not available");
  CHECK_MESSAGE(poor.error_text().find("No space left on device") != std::string::npos, poor.error_text());

  disk->change("size=4g");
  CHECK(run_on(cluster.driver(), "poor") == "poor");
}
