#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/searcher/halton_sequence.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"

using namespace tune;

namespace {

/// The first trials of a search, each as the numbers of x0, x1, ...
std::vector<std::vector<double>> first(const char* name, std::size_t dimensions, std::uint64_t seed,
                                       std::uint64_t trials, std::uint64_t samples, std::uint64_t points = 0) {
  search_space space;
  for (std::size_t j = 0; j < dimensions; ++j)
    space.add("x" + std::to_string(j), uniform(0, 1));
  const auto search = or_throw(searcher_named(name)).make({space, seed, samples, points});
  std::vector<std::vector<double>> all;
  for (std::uint64_t i = 1; i <= trials; ++i) {
    const auto answer = search->ask({trial_id{points + i}});
    REQUIRE(answer.proposals.size() == 1);
    auto& row = all.emplace_back();
    for (std::size_t j = 0; j < dimensions; ++j)
      row.push_back(answer.proposals.front().values.get<double>("x" + std::to_string(j)));
  }
  return all;
}

/// In how many of so many equal rows of a dimension there is a point.
std::size_t rows_with_points(const std::vector<std::vector<double>>& points, std::size_t dimension, std::size_t rows) {
  std::set<std::size_t> hit;
  for (const auto& each : points)
    hit.insert(static_cast<std::size_t>(each[dimension] * static_cast<double>(rows)));
  return hit.size();
}

} // namespace

TEST_CASE("halton sequence: the first points in two dimensions, from 0") {
  const double halves[] = {0, 0.5, 0.25, 0.75, 0.125, 0.625};
  const double thirds[] = {0, 1.0 / 3, 2.0 / 3, 1.0 / 9, 4.0 / 9, 7.0 / 9};
  for (std::uint64_t i = 0; i < 6; ++i) {
    CHECK(halton_sequence::at(i, 0) == halves[i]);
    CHECK(halton_sequence::at(i, 1) == doctest::Approx(thirds[i]).epsilon(1e-12));
  }
}

TEST_CASE("halton sequence: scrambled or not, each block of p^k points has one in each interval of p^-k") {
  for_each_seed(5, [](seed s) {
    const std::size_t bases[] = {2, 3, 5, 7};
    for (std::size_t j = 0; j < 4; ++j) {
      const auto n = bases[j] * bases[j] * bases[j];
      std::set<std::size_t> plain;
      std::set<std::size_t> mixed;
      for (std::size_t i = 2 * n; i < 3 * n; ++i) { // A block that is not the first.
        const auto row = [&](double u) { return static_cast<std::size_t>(u * static_cast<double>(n) + 1e-9); };
        plain.insert(row(halton_sequence::at(i, j)));
        mixed.insert(row(halton_sequence::scrambled_at(i, j, chance(s, "key", 0))));
      }
      CHECK(plain.size() == n);
      CHECK(mixed.size() == n);
    }
  });
}

TEST_CASE("halton sequence: the greatest index and every dimension lie in [0, 1)") {
  for (std::size_t j = 0; j < halton_sequence::most_dimensions; ++j)
    for (const std::uint64_t i : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}})
      for (const double u : {halton_sequence::at(i, j), halton_sequence::scrambled_at(i, j, chance(1, "key", j))}) {
        CHECK(u >= 0);
        CHECK(u < 1);
      }
}

TEST_CASE("halton search: neighbouring large bases are not correlated, as they are without scrambling") {
  const auto points = first("halton", 20, 1, 60, 60);
  double sum = 0;
  for (const auto& each : points)
    sum += (each[18] - 0.5) * (each[19] - 0.5) * 12 / 60;
  CHECK(std::abs(sum) < 0.5); // Unscrambled: above 0.8.
  double plain = 0;
  for (std::uint64_t i = 0; i < 60; ++i)
    plain += (halton_sequence::at(i, 18) - 0.5) * (halton_sequence::at(i, 19) - 0.5) * 12 / 60;
  CHECK(plain > 0.8);
}

TEST_CASE("halton search: 27 trials have one in each third, ninth and 27th of the second parameter") {
  const auto points = first("halton", 2, 7, 27, 27);
  for (const std::size_t rows : {3, 9, 27})
    CHECK(rows_with_points(points, 1, rows) == rows);
}

TEST_CASE("latin hypercube search: of n trials each parameter has one in each n-th, whatever n and the seed") {
  for_each_seed(5, [](seed s) {
    for (const std::uint64_t n : {1, 2, 7, 50}) {
      const auto points = first("latin_hypercube", 30, s, n, n);
      for (std::size_t j = 0; j < 30; ++j)
        CHECK(rows_with_points(points, j, n) == n);
    }
  });
}

TEST_CASE("latin hypercube search: the user's points take no rows, and more trials than samples have another one") {
  const auto behind_points = first("latin_hypercube", 2, 3, 8, 13, 5);
  CHECK(rows_with_points(behind_points, 0, 8) == 8);

  const auto twice = first("latin_hypercube", 2, 3, 16, 8);
  const std::vector<std::vector<double>> second(twice.begin() + 8, twice.end());
  CHECK(rows_with_points(second, 0, 8) == 8);
  CHECK(rows_with_points(second, 1, 8) == 8);
  CHECK(second != std::vector<std::vector<double>>(twice.begin(), twice.begin() + 8));
}

TEST_CASE("latin hypercube search: nothing but points of the user, and as many trials as a number can count") {
  CHECK(first("latin_hypercube", 2, 3, 3, 5, 5).size() == 3);
  CHECK(first("latin_hypercube", 2, 3, 3, ~std::uint64_t{0}).size() == 3);
}

TEST_CASE("latin hypercube search: parameters are not correlated with one another") {
  const auto points = first("latin_hypercube", 2, 3, 400, 400);
  double sum = 0;
  for (const auto& each : points)
    sum += (each[0] - 0.5) * (each[1] - 0.5) * 12 / 400;
  CHECK(std::abs(sum) < 0.15); // Three standard deviations.
}
