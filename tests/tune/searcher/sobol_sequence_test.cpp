#include "tune/searcher/sobol_sequence.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/chance.hpp"

using namespace tune;

namespace {

struct spot {
  double x;
  double y;
};

/// The star discrepancy of points in the unit square: at the corners that they span.
double discrepancy(const std::vector<spot>& points) {
  std::vector<double> xs = {1};
  std::vector<double> ys = {1};
  for (const auto& p : points) {
    xs.push_back(p.x);
    ys.push_back(p.y);
  }
  double worst = 0;
  for (const auto x : xs)
    for (const auto y : ys) {
      double open = 0;
      double closed = 0;
      for (const auto& p : points) {
        open += p.x < x && p.y < y ? 1 : 0;
        closed += p.x <= x && p.y <= y ? 1 : 0;
      }
      const auto n = static_cast<double>(points.size());
      worst = std::max({worst, std::abs(open / n - x * y), std::abs(closed / n - x * y)});
    }
  return worst;
}

} // namespace

TEST_CASE("sobol sequence: the first points in two dimensions are those of Joe and Kuo, from 0") {
  const sobol_sequence sequence(2);
  const std::vector<spot> known = {{0, 0},         {0.5, 0.5},     {0.75, 0.25},   {0.25, 0.75},
                                   {0.375, 0.375}, {0.875, 0.875}, {0.625, 0.125}, {0.125, 0.625}};
  for (std::size_t i = 0; i < known.size(); ++i) {
    CHECK(sequence.at(i, 0) * 0x1p-32 == known[i].x);
    CHECK(sequence.at(i, 1) * 0x1p-32 == known[i].y);
  }
}

TEST_CASE("sobol sequence: 2^m points, scrambled or not, have one in each interval of 2^-m, in every dimension") {
  constexpr std::uint64_t points = 64;
  const sobol_sequence sequence(40);
  for_each_seed(10, [&](seed s) {
    for (std::size_t j = 0; j < sequence.dimensions(); ++j) {
      std::set<std::uint32_t> plain;
      std::set<std::uint32_t> with_key;
      const auto key = static_cast<std::uint32_t>(chance(s, "key", j).bits(0));
      for (std::uint64_t i = 0; i < points; ++i) {
        plain.insert(sequence.at(i, j) >> 26);
        with_key.insert(scrambled(sequence.at(i, j), key) >> 26);
      }
      REQUIRE(plain.size() == points);
      REQUIRE(with_key.size() == points);
    }
  });
}

TEST_CASE("sobol sequence: scrambled points are spread more evenly than chance, for almost every seed") {
  const sobol_sequence sequence(2);
  int better = 0;
  for (std::uint64_t s = 1; s <= 100; ++s) {
    const chance keys(s, "keys", 0);
    chance random(s, "points", 0);
    std::vector<spot> even;
    std::vector<spot> by_chance;
    for (std::uint64_t i = 0; i < 64; ++i) {
      even.push_back({unit_of(scrambled(sequence.at(i, 0), static_cast<std::uint32_t>(keys.bits(0)))),
                      unit_of(scrambled(sequence.at(i, 1), static_cast<std::uint32_t>(keys.bits(1))))});
      const auto x = random.unit();
      by_chance.push_back({x, random.unit()});
    }
    better += discrepancy(even) < discrepancy(by_chance) ? 1 : 0;
  }
  CHECK(better >= 99);
}

TEST_CASE("sobol sequence: all dimensions that there are, the last index, and none") {
  const sobol_sequence all(sobol_sequence::most_dimensions);
  std::set<std::uint32_t> values;
  for (std::uint64_t i = 0; i < 16; ++i)
    values.insert(all.at(i, sobol_sequence::most_dimensions - 1) >> 28);
  CHECK(values.size() == 16);
  CHECK(all.at(std::uint64_t{1} << 32, 7) == all.at(0, 7));
  CHECK(all.at(0xffffffffu, 0) == 0x00000001u); // The direction number of the last bit alone.
  CHECK(sobol_sequence(0).dimensions() == 0);
}

TEST_CASE("sobol sequence: coordinates lie strictly within 0 and 1") {
  CHECK(unit_of(0) > 0);
  CHECK(unit_of(0xffffffffu) < 1);
}
