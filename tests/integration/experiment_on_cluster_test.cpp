#include "tests/integration/licensed_cluster.hpp"

#include <csignal>
#include <map>
#include <random>
#include <string>
#include <utility>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/random_stream.hpp"
#include "runtime/node/posix_descriptor.hpp"
#include "tests/support/marked_processes.hpp"

// A search on a head and a node that are programs of their own: the head or the driver is killed in the middle.

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Who stands at the named pipe goes on, and nobody else stops there.
void open_for_all(const std::string& gate) {
  const runtime::posix_descriptor both_ends(::open(gate.c_str(), O_RDWR | O_CLOEXEC));
  REQUIRE(both_ends);
  ::unlink(gate.c_str());
}

} // namespace

TEST_CASE("experiment: while the head is gone its trials report, and with the head on its state it ends well") {
  licensed_cluster cluster;
  const auto gate = cluster.diary() + ".gate"; // However long a second driver takes to start, trials stand still there.
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  auto driver = cluster.start_driver();
  driver.wait_for_size(cluster.diary(), 200);
  const auto second = cluster.start_driver().wait(); // Nothing is wrong with its command: 1, not 2.
  CHECK(second.code == 1);
  CHECK_MESSAGE(second.err.find("has it open; end that first") != std::string::npos, second.err);

  cluster.kill_head();
  open_for_all(gate);
  driver.wait_for_size(cluster.diary(), size_of(cluster.diary()) + 400);
  driver.wait_for_size(cluster.journal(), size_of(cluster.journal()) + 1'000);
  cluster.restart_head();
  const auto end = driver.wait();

  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto said = json::parse(end.out);
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == 400);
  for (const auto& each : cluster.ask("trials")) {
    CHECK(each.at("state") == "terminated");
    CHECK_MESSAGE(each.at("attempts").size() == 1, each.dump()); // Nothing was begun again.
    CHECK(each.at("attempts")[0].at("node") == "licensed");
  }
  check_results(cluster, /*last=*/100);
  for (const auto& [what, attempts] : read_diary(cluster.diary()))
    CHECK_MESSAGE(attempts == std::vector<int>{1}, std::get<0>(what), " ", std::get<1>(what));
  CHECK(left_after(10s, cluster.mark()).empty());
}

TEST_CASE("experiment: a driver that is killed leaves no worker on the node, and --resume finishes what it began") {
  licensed_cluster cluster;
  runtime::random_stream random(11);
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    auto driver = cluster.start_driver(round == 0 ? words{} : words{"--resume"});
    if (round == 0)
      driver.wait_for_size(cluster.diary(), 1);
    driver.wait_for_size(cluster.journal(), size_of(cluster.journal()) + 500 + random.below(3'000));
    if (round == 0)
      CHECK_FALSE(processes_with(cluster.mark()).empty()); // The check below sees them.
    driver.signal(SIGKILL);
    CHECK(driver.wait().code == 128 + SIGKILL);

    CHECK(left_after(5s, cluster.mark()).empty());
  }

  const auto end = cluster.start_driver({"--resume"}).wait();

  REQUIRE_MESSAGE(end.code == 0, end.err);
  const auto said = json::parse(end.out);
  CHECK(said.at("trials").at("terminated") == 4);
  CHECK(said.at("results") == 400);
  check_results(cluster, /*last=*/100);
  for (const auto& [what, attempts] : read_diary(cluster.diary()))
    CHECK_MESSAGE(attempts.size() == 1, std::get<0>(what), " ", std::get<1>(what)); // No process did one twice.
  for (const auto& each : cluster.ask("trials"))
    for (std::size_t i = 0; i + 1 < each.at("attempts").size(); ++i)
      CHECK(each.at("attempts")[i].at("cause") == "driver ended");
}

TEST_CASE("experiment: what its attempts did until they noticed that the driver was killed is done once (I2, I3)") {
  licensed_cluster cluster;
  runtime::random_stream random(std::random_device{}());
  for (int round = 0; round < 4; ++round) {
    CAPTURE(round);
    auto driver = cluster.start_driver(round == 0 ? words{} : words{"--resume"}, /*count_to=*/"300");
    if (round == 0)
      driver.wait_for_size(cluster.diary(), 1);
    driver.wait_for_size(cluster.journal(), size_of(cluster.journal()) + 500 + random.below(3'000));
    driver.signal(SIGKILL);
    CHECK(driver.wait().code == 128 + SIGKILL);
    if (round % 2 == 1) // Else the next one comes while they still run.
      CHECK(left_after(5s, cluster.mark()).empty());
  }

  const auto end = cluster.start_driver({"--resume"}, /*count_to=*/"300").wait();

  REQUIRE_MESSAGE(end.code == 0, end.err);
  CHECK(json::parse(end.out).at("results") == 1200);
  check_results(cluster, /*wanted=*/300);
  std::map<std::pair<std::string, int>, std::size_t> times;
  for (const auto& [what, attempts] : read_diary(cluster.diary()))
    times[{std::get<0>(what), std::get<1>(what)}] += attempts.size();
  CHECK(times.size() == 1200);
  for (const auto& [what, count] : times) // Each attempt ended with a checkpoint of the last that it did.
    CHECK_MESSAGE(count == 1, what.first, " ", what.second);
}
