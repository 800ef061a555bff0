// What a test outside the tree looks like: its program is its own node and worker, through caf_tune::doctest_main.
#include <numeric>
#include <vector>

#include <doctest/doctest.h>
#include <runtime/test_cluster.hpp>

namespace {

const runtime::task_type sum("sum",
                             [](const std::vector<int>& all) { return std::accumulate(all.begin(), all.end(), 0); });

} // namespace

TEST_CASE("the sum is right although a machine dies") {
  runtime::test_cluster cluster(/*nodes=*/2, runtime::cpus(1));

  auto outcome = cluster.driver().submit(sum, std::vector<int>{20, 22});
  cluster.kill_node("node-1");

  CHECK(outcome.get() == 42);
}
