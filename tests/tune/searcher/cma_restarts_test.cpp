#include "tune/searcher/cma_restarts.hpp"

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"

using namespace tune;

using restart = cma_es_search_options::restart;

TEST_CASE("cma restarts: ipop doubles the population, up to 512 times the first") {
  cma_restarts restarts(restart::ipop, 10, 0.2);
  CHECK(restarts.first(10).population == 10);
  for (const std::size_t population : {20, 40, 80, 160, 320, 640, 1280, 2560, 5120, 5120}) {
    const auto run = restarts.next(100, chance(1, "restart", population));
    CHECK(run.population == population);
    CHECK(run.deviation == 0.2);
    CHECK_FALSE(run.most_trials);
  }
}

TEST_CASE("cma restarts: bipop spends as many trials on small runs as on large ones") {
  cma_restarts restarts(restart::bipop, 10, 0.2);
  static_cast<void>(restarts.first(10));

  CHECK(restarts.next(100, chance(1, "restart", 1)).population == 20); // The first run counts as small.
  CHECK(restarts.next(90, chance(1, "restart", 2)).population == 40);  // 90 of large runs, 100 of small ones.
  const auto small = restarts.next(200, chance(1, "restart", 3));
  REQUIRE(small.most_trials);
  CHECK(*small.most_trials == 145);
  CHECK(restarts.next(145, chance(1, "restart", 4)).most_trials.has_value()); // 290 and 245.
  CHECK(restarts.next(45, chance(1, "restart", 5)).population == 80);
}

TEST_CASE("cma restarts: small runs are no larger than the last large one, and begin narrower") {
  for_each_seed(200, [](seed s) {
    cma_restarts restarts(restart::bipop, 10, 0.2);
    static_cast<void>(restarts.next(100, chance(s, "restart", 1)));
    const auto small = restarts.next(1000, chance(s, "restart", 2));
    CHECK(small.population >= 10);
    CHECK(small.population <= 20);
    CHECK(small.deviation >= 0.002);
    CHECK(small.deviation <= 0.2);
  });
}
