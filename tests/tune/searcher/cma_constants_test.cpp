#include "tune/searcher/cma_constants.hpp"

#include <numeric>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;

namespace {

struct known {
  std::size_t dimensions;
  std::size_t population;
  std::size_t parents;
  double parents_count, others_count, rank_one, rank_parents, step_path_rate, step_damping, path_rate, others_share,
    usual_length;
  std::vector<double> weights; ///< The positive ones.
};

/// Computed from the formulas of Hansen's tutorial with numpy.
const std::vector<known> of_hansen = {
  {2,
   6,
   3,
   2.028611,
   2.431919,
   0.154815,
   0.057859,
   0.446205,
   1.446205,
   0.624555,
   2.207324,
   1.254273,
   {.63704, .28457, .07839}},
  {10,
   10,
   5,
   3.167299,
   3.989115,
   0.015284,
   0.020154,
   0.284429,
   1.284429,
   0.294990,
   1.758341,
   3.084727,
   {.45627, .27075, .16223, .08523, .02551}},
  {20,
   12,
   6,
   3.729459,
   4.774595,
   0.004372,
   0.008191,
   0.199428,
   1.199428,
   0.171767,
   1.533774,
   4.416767,
   {.40240, .25339, .16622, .10438, .05640, .01721}},
};

} // namespace

TEST_CASE("cma constants: those of Hansen's tutorial") {
  for (const auto& x : of_hansen) {
    INFO(x.dimensions);
    const auto near = [](double value) { return doctest::Approx(value).epsilon(2e-5); };
    CHECK(cma_constants::usual_population(x.dimensions) == x.population);
    const cma_constants c(x.dimensions, x.population, /*is_diagonal=*/false);
    CHECK(c.parents == x.parents);
    CHECK(c.parents_count == near(x.parents_count));
    CHECK(c.others_count == near(x.others_count));
    CHECK(c.rank_one == near(x.rank_one));
    CHECK(c.rank_parents == near(x.rank_parents));
    CHECK(c.step_path_rate == near(x.step_path_rate));
    CHECK(c.step_damping == near(x.step_damping));
    CHECK(c.path_rate == near(x.path_rate));
    CHECK(c.others_share == near(x.others_share));
    CHECK(c.usual_length == near(x.usual_length));
    for (std::size_t i = 0; i < x.weights.size(); ++i)
      CHECK(c.weights[i] == doctest::Approx(x.weights[i]).epsilon(2e-4));
    CHECK(std::accumulate(c.weights.begin(), c.weights.begin() + static_cast<std::ptrdiff_t>(x.parents), 0.0) ==
          doctest::Approx(1));
    CHECK(std::accumulate(c.weights.begin() + static_cast<std::ptrdiff_t>(x.parents), c.weights.end(), 0.0) ==
          near(-x.others_share));
  }
}

TEST_CASE("cma constants: a diagonal learns (N + 2) / 3 times as fast, and never forgets more than all") {
  const cma_constants full(20, 12, false);
  const cma_constants diagonal(20, 12, true);
  CHECK(diagonal.rank_one == doctest::Approx(full.rank_one * 22 / 3));
  CHECK(diagonal.rank_parents == doctest::Approx(full.rank_parents * 22 / 3));

  for (const std::size_t dimensions : {0, 1, 2, 3, 100, 10'000})
    for (const std::size_t population : {2, 4, 5, 100, 10'000})
      for (const bool is_diagonal : {false, true}) {
        const cma_constants c(dimensions, population, is_diagonal);
        INFO(dimensions, " ", population);
        CHECK(c.rank_one + c.rank_parents <= 1);
        CHECK(c.rank_parents >= 0);
        CHECK(c.weights.size() == population);
      }
}
