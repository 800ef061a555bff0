#include "tests/integration/licensed_cluster.hpp"

#include <cstdlib>
#include <random>
#include <set>
#include <string>

#include "runtime/base/random_stream.hpp"
#include "tests/support/marked_processes.hpp"

// The head and the nodes of a search are killed at random moments. CAF_TUNE_SEED=n in the environment chooses them.

using namespace std::chrono_literals;

TEST_CASE("experiment: the head and the nodes are killed at random moments, and each result is there once") {
  const char* chosen = std::getenv("CAF_TUNE_SEED");
  const auto seed = chosen != nullptr ? std::strtoull(chosen, nullptr, 10) : std::random_device{}();
  MESSAGE("CAF_TUNE_SEED=" << seed);
  INFO("replay with CAF_TUNE_SEED=" << seed);
  runtime::random_stream random(seed);
  licensed_cluster cluster({"first", "second"});
  auto driver = cluster.start_driver({}, /*count_to=*/"300");
  driver.wait_for_size(cluster.diary(), 1);

  for (int round = 0; round < 6; ++round) {
    driver.wait_for_size(cluster.journal(), size_of(cluster.journal()) + 100 + random.below(4'000));
    switch (random.below(3)) {
    case 0:
      cluster.kill_head();
      cluster.restart_head();
      break;
    case 1: cluster.restart_node("first"); break;
    default: cluster.restart_node("second");
    }
  }
  const auto end = driver.wait();

  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto said = nlohmann::json::parse(end.out);
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == 1200);
  check_results(cluster, /*wanted=*/300);
  const std::set<std::string> losses = {"node lost", "not started"}; // As who notices first says it; never the user's.
  for (const auto& trial : cluster.ask("trials"))
    for (const auto& attempt : trial.at("attempts"))
      CHECK_MESSAGE((attempt.at("cause") == "finished" || losses.count(attempt.at("cause").get<std::string>()) == 1),
                    attempt.dump());
  CHECK(left_after(10s, cluster.mark()).empty());
}
