#include "tools/caf_tune_soak/seed_pool.hpp"

#include <chrono>
#include <csignal>
#include <stdexcept>

#include <doctest/doctest.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

sim::pool_options over(seed first, seed last, unsigned jobs) {
  sim::pool_options options;
  options.seeds = {first, last};
  options.jobs = jobs;
  options.most_failures = 100;
  return options;
}

sim::storm_outcome fine(seed s) {
  return {"", std::chrono::seconds(s), s, 0};
}

} // namespace

TEST_CASE("seed pool: each seed runs once, and what they say is added up") {
  for (const unsigned jobs : {1u, 3u, 20u}) {
    const auto report = sim::run_seeds(over(5, 14, jobs), fine);

    CHECK(report.seeds == 10);
    CHECK(report.events == 95);
    CHECK(report.virtual_time == 95s);
    CHECK(report.failures.empty());
  }
}

TEST_CASE("seed pool: seeds that fail or crash are told of in their order, and the others run all the same") {
  const auto report = sim::run_seeds(over(1, 20, 3), [](seed s) {
    if (s == 4 || s == 20)
      ::kill(::getpid(), SIGKILL);
    if (s == 7)
      ::_exit(9);
    if (s == 8)
      throw std::runtime_error("no more");
    return s == 2 ? sim::storm_outcome{std::string(200'000, 'x'), {}, 0, 0} : fine(s);
  });

  CHECK(report.seeds == 20);
  REQUIRE(report.failures.size() == 5);
  CHECK(report.failures[0].s == 2);
  CHECK(report.failures[0].wrong.size() == 200'000);
  CHECK(report.failures[1].s == 4);
  CHECK(report.failures[1].wrong == "its process ended by signal 9");
  CHECK(report.failures[2].wrong == "its process ended by exit code 9");
  CHECK(report.failures[3].wrong == "it threw: no more");
  CHECK(report.failures[4].s == 20);
}

TEST_CASE("seed pool: after enough failures no more begin") {
  auto options = over(1, 1'000'000'000, 2);
  options.most_failures = 1;
  const auto report =
    sim::run_seeds(options, [](seed s) { return s == 3 ? sim::storm_outcome{"bad", {}, 0, 0} : fine(s); });

  REQUIRE(!report.failures.empty());
  CHECK(report.failures[0].s == 3);
}

TEST_CASE("seed pool: when its time is over no more begin") {
  auto options = over(1, 1'000'000'000, 2);
  options.lasts = 0s;
  CHECK(sim::run_seeds(options, fine).seeds == 0);
}

TEST_CASE("seed pool: a seed that hangs is ended and told of") {
  auto options = over(1, 1, 1);
  options.seed_deadline = 0s;
  const auto report = sim::run_seeds(options, [](seed s) {
    for (;;)
      ::pause();
    return fine(s);
  });

  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].wrong == "its process ended by force after 0 s");
}
