#include "tune/searcher/genetic_operators.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"

using namespace tune;

namespace {

using numbers = std::vector<double>;

const space_plan& plan() {
  static const space_plan made(
    search_space{{"x", uniform(0, 1)}, {"n", integer(1, 4)}, {"c", choice({1, 2, 3, 4, 5, 6, 7, 8})}});
  return made;
}

double child(double a, double b, bool is_upper, double eta, double u) {
  return simulated_binary_child(a, b, is_upper, eta, u);
}

} // namespace

TEST_CASE("genetic operators: simulated binary children, as computed from the paper's formulas") {
  CHECK(child(0.2, 0.6, false, 20, 0.3) == doctest::Approx(0.2048063143226037).epsilon(1e-12));
  CHECK(child(0.2, 0.6, true, 20, 0.3) == doctest::Approx(0.5951936878930381).epsilon(1e-12));
  CHECK(child(0.2, 0.6, false, 2, 0.9) == doctest::Approx(0.10527748010876914).epsilon(1e-12));
  CHECK(child(0.2, 0.6, true, 2, 0.9) == doctest::Approx(0.7248661043258842).epsilon(1e-12));
  CHECK(child(0.6, 0.2, true, 2, 0.9) == child(0.2, 0.6, true, 2, 0.9));
  CHECK(child(0, 1, true, 2, 0.999) == doctest::Approx(0.999833277746893).epsilon(1e-12));
  CHECK(child(0.5, 0.5000001, true, 20, 0.7) == doctest::Approx(0.5000001012311648).epsilon(1e-12));
  CHECK(child(0.7, 0.7, true, 20, 0.9) == 0.7);
}

TEST_CASE("genetic operators: polynomial mutants, as computed from the paper's formulas") {
  CHECK(polynomial_mutant(0.3, 20, 0.1) == doctest::Approx(0.22632176195874254).epsilon(1e-12));
  CHECK(polynomial_mutant(0.3, 20, 0.9) == doctest::Approx(0.3737766739655868).epsilon(1e-12));
  CHECK(polynomial_mutant(0.3, 20, 0.5) == doctest::Approx(0.3).epsilon(1e-12));
  CHECK(polynomial_mutant(0.02, 20, 0.999999) == doctest::Approx(0.4846713633385423).epsilon(1e-12));
  CHECK(polynomial_mutant(0.3, 20, 0) == doctest::Approx(0));
  CHECK(polynomial_mutant(0, 20, 0.2) == 0);
  CHECK(polynomial_mutant(1, 20, 0.8) == 1);
}

TEST_CASE("genetic operators: numbers stay between 0 and 1, and on their side of the middle") {
  for_each_seed(200, [](seed s) {
    chance random(s, "numbers", 0);
    const double a = random.happens(0.2) ? 0 : random.unit();
    const double b = random.happens(0.2) ? 1 : random.unit();
    const double eta = random.happens(0.5) ? 2 : 20;
    const double u = random.happens(0.2) ? 1 - 0x1p-53 : random.unit();
    for (const bool is_upper : {false, true}) {
      const double x = child(a, b, is_upper, eta, u);
      REQUIRE(x >= 0);
      REQUIRE(x <= 1);
      REQUIRE((is_upper ? x >= (a + b) / 2 - 1e-12 : x <= (a + b) / 2 + 1e-12));
    }
    const double mutant = polynomial_mutant(a, eta, u);
    REQUIRE(mutant >= 0);
    REQUIRE(mutant <= 1);
    REQUIRE((u < 0.5 ? mutant <= a : mutant >= a));
  });
}

TEST_CASE("genetic operators: uniform crossover takes so many of the mate's numbers") {
  const numbers mate(1000, 1);
  const auto count = [&](double swapping) {
    numbers all(1000, 0);
    cross_uniformly(all, mate, swapping, chance(1, "crossing", 0));
    return std::count(all.begin(), all.end(), 1.0);
  };
  CHECK(count(0) == 0);
  CHECK(count(1) == 1000);
  CHECK(count(0.3) > 250);
  CHECK(count(0.3) < 350);
}

TEST_CASE("genetic operators: binary crossover mixes numbers, and takes choices as they are") {
  const modelled_axes axes(plan());
  const numbers mate = {0.8, 0.875, 0.9375};
  int between = 0;
  for_each_seed(200, [&](seed s) {
    numbers all = {0.2, 0.125, 0.0625};
    cross_binary(axes, all, mate, 0.5, 2, chance(s, "crossing", 0));
    CHECK((all[2] == 0.0625 || all[2] == 0.9375));
    between += all[0] != 0.2 && all[0] != 0.8 ? 1 : 0;
  });
  CHECK(between > 70); // Half of 200.
  CHECK(between < 130);
}

TEST_CASE("genetic operators: mutation draws anew, or nearby and of few values another one") {
  const modelled_axes axes(plan());
  const numbers before = {0.5, 0.375, 0.3125}; // The second of four, the third of eight.
  double farthest = 0;
  std::set<std::uint64_t> integers;
  std::set<std::uint64_t> choices;
  for_each_seed(100, [&](seed s) {
    auto all = before;
    mutate_nearby(axes, all, 1, 20, chance(s, "mutation", 0));
    farthest = std::max(farthest, std::abs(all[0] - 0.5));
    integers.insert(axes.at(1).cell_at(all[1]));
    choices.insert(axes.at(2).cell_at(all[2]));
  });
  CHECK(farthest > 0);
  CHECK(farthest < 0.25);
  CHECK(integers == std::set<std::uint64_t>{0, 2});
  CHECK(choices.size() == 8);

  auto none = before;
  mutate_anywhere(none, 0, chance(1, "mutation", 0));
  CHECK(none == before);
  mutate_nearby(axes, none, 0, 20, chance(1, "mutation", 0));
  CHECK(none == before);
  auto all = before;
  mutate_anywhere(all, 1, chance(1, "mutation", 0));
  for (std::size_t i = 0; i < all.size(); ++i)
    CHECK(all[i] != before[i]);
}

TEST_CASE("genetic operators: at the ends of finitely many values the next one lies inside") {
  const space_plan ends(search_space{{"n", integer(1, 3)}, {"o", ordinal({"a", "b"})}, {"l", log_integer(1, 8)}});
  const modelled_axes axes(ends);
  for_each_seed(50, [&](seed s) {
    numbers all;
    for (std::size_t i = 0; i < axes.size(); ++i)
      all.push_back(axes.at(i).middle_of(s % 2 == 0 ? 0 : axes.at(i).count() - 1));
    const auto before = all;
    mutate_nearby(axes, all, 1, 20, chance(s, "mutation", 0));
    for (std::size_t i = 0; i < axes.size(); ++i) {
      CHECK(axes.at(i).cell_at(all[i]) < axes.at(i).count());
      CHECK(axes.at(i).cell_at(all[i]) != axes.at(i).cell_at(before[i]));
    }
  });
}
