// Whether nodes are declared dead that only have much to do: four of them, each of whose cpus computes, on a machine
// that has twice as much to do besides. Takes the seconds that it lasts; prints one JSON object; exit code 0 if all
// live on.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "bench/busy_children.hpp"
#include "runtime/test_cluster.hpp"

namespace {

const runtime::task_type computes("computes", [](int) -> int {
  for (volatile unsigned n = 0;;)
    n = n + 1;
});

/// Its task is not run again, so that it ends when its node is lost, or is taken for lost.
int lost_within(std::chrono::seconds time, std::size_t nodes) {
  runtime::test_cluster cluster(nodes, runtime::cpus(1));
  std::vector<runtime::future<int>> tasks;
  for (const auto& node : cluster.nodes())
    tasks.push_back(cluster.driver().submit(computes, runtime::task_options().retries(0).on_node(node), 0));
  const auto end = std::chrono::steady_clock::now() + time;
  int lost = 0;
  for (auto& task : tasks)
    if (task.wait_for(std::max(end - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration(0)))) {
      ++lost;
      const auto why = task.try_get();
      fmt::print(stderr, "{}\n", why ? "a task that never ends has" : why.error().message);
    }
  for (const auto& node : cluster.nodes())
    if (cluster.log_of(node).find("node cut off") != std::string::npos)
      fmt::print(stderr, "{}\n", cluster.log_of(node));
  return lost;
}

} // namespace

int main(int argc, char** argv) {
  runtime::run_if_child_process();
  const long seconds = argc == 2 ? std::strtol(argv[1], nullptr, 10) : 0;
  if (seconds <= 0) {
    fmt::print(stderr, "usage: false_deaths SECONDS\n");
    return 2;
  }
  constexpr std::size_t nodes = 4;
  const bench::busy_children load(2 * std::max(1u, std::thread::hardware_concurrency()));
  const auto lost = lost_within(std::chrono::seconds(seconds), nodes);
  fmt::print("{{\"nodes\": {}, \"seconds\": {}, \"lost\": {}}}\n", nodes, seconds, lost);
  return lost == 0 ? 0 : 1;
}
