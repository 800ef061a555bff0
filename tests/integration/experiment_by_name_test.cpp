#include "tests/integration/licensed_cluster.hpp"

#include <sys/stat.h>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

// An experiment that runs on a cluster is looked at by its name, by who does not see its directory.

using nlohmann::json;

TEST_CASE("experiment by name: what it has found is asked of its driver over the cluster") {
  licensed_cluster cluster;
  const auto gate = cluster.diary() + ".gate"; // Its trials stand still there.
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  auto driver = cluster.start_driver();
  driver.wait_for_size(cluster.diary(), 100);
  driver.wait_for_size(cluster.journal(), 2'000);

  const auto trials = cluster.ask_by_name({"trials", "counts", "--json"});
  REQUIRE_MESSAGE(trials.code == 0, trials.err);
  CHECK(json::parse(trials.out).at(0).at("state") == "running");
  const auto best = cluster.ask_by_name({"best", "counts", "--json"});
  REQUIRE_MESSAGE(best.code == 0, best.err);
  CHECK(json::parse(best.out).at("iterations") > 0);
  const auto results = cluster.ask_by_name({"results", "counts", "--csv"});
  REQUIRE_MESSAGE(results.code == 0, results.err);
  CHECK(results.out.find("count") != std::string::npos);
  const auto resume = cluster.ask_by_name({"resume", "counts"});
  CHECK(resume.code == 1);
  CHECK_MESSAGE(resume.err.find("it runs, its driver is on ") != std::string::npos, resume.err);
  const auto other = cluster.ask_by_name({"best", "otherwise"});
  CHECK(other.code == 1);
  CHECK(other.err == "caf-tune: no experiment \"otherwise\" runs on the cluster; there are: counts\n");

  driver.signal(SIGKILL);
  (void)driver.wait();
}
