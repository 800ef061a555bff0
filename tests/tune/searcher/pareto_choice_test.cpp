#include "tune/searcher/pareto_choice.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/chance.hpp"

using namespace tune;

namespace {

using points = std::vector<losses_of_trial>;
using places = std::vector<std::size_t>;

points any_points(chance& random, std::size_t count, std::size_t objectives) {
  points all(count);
  for (auto& each : all)
    for (std::size_t j = 0; j < objectives; ++j)
      each.push_back(static_cast<double>(random.below(20)));
  return all;
}

} // namespace

TEST_CASE("pareto choice: hypervolume in one, two and three dimensions") {
  CHECK(hypervolume({{1, 5}, {2, 3}, {4, 1}}, {6, 6}) == 17);
  CHECK(hypervolume({}, {6, 6}) == 0);
  CHECK(hypervolume({{2}, {1}}, {4}) == 3);
  CHECK(hypervolume({{0, 0, 1}, {1, 1, 0}}, {2, 2, 2}) == doctest::Approx(4 + 1));
}

TEST_CASE("pareto choice: hypervolume counts lattice cells") {
  for_each_seed(50, [](seed s) {
    chance random(s, "points", 0);
    const auto all = any_points(random, 8, 3);
    double cells = 0;
    for (int x = 0; x < 20; ++x)
      for (int y = 0; y < 20; ++y)
        for (int z = 0; z < 20; ++z)
          cells += std::any_of(all.begin(), all.end(),
                               [&](const losses_of_trial& p) { return p[0] <= x && p[1] <= y && p[2] <= z; });
    CHECK(hypervolume(all, {20, 20, 20}) == doctest::Approx(cells));
  });
}

TEST_CASE("pareto choice: whole ranks while they fit, then what adds most") {
  const points all = {{5, 5}, {0, 4}, {4, 0}, {1, 1}, {3, 3}};

  CHECK(pareto_choice(all, 3) == places{1, 2, 3});
  CHECK(pareto_choice(all, 4) == places{1, 2, 3, 4});
  CHECK(pareto_choice(all, 1) == places{3});
  CHECK(pareto_choice(all, 9).size() == 5);
  CHECK(pareto_choice({}, 3).empty());
}

TEST_CASE("pareto choice: none that is chosen is dominated by one that is not") {
  for_each_seed(50, [](seed s) {
    chance random(s, "points", 0);
    const auto all = any_points(random, 40, 2 + random.below(2));
    const auto count = 1 + random.below(20);
    const auto chosen = pareto_choice(all, count);
    REQUIRE(chosen.size() == count);
    const std::set<std::size_t> is_chosen(chosen.begin(), chosen.end());
    REQUIRE(is_chosen.size() == count);
    for (std::size_t i = 0; i < all.size(); ++i)
      for (const auto each : chosen)
        REQUIRE_FALSE((is_chosen.count(i) == 0 && dominates(all[i], all[each])));
  });
}

TEST_CASE("pareto choice: a rank of a thousand is cut to what is asked for") {
  points all;
  for (int i = 0; i <= 1000; ++i)
    all.push_back({i / 1000.0, 1 - i / 1000.0});

  const auto chosen = pareto_choice(all, 25);

  CHECK(chosen.size() == 25);
  CHECK(std::set<std::size_t>(chosen.begin(), chosen.end()).size() == 25);
}
