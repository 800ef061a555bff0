#include "tune/searcher/parzen_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"

using namespace tune;

namespace {

using axes = std::vector<unit_axis>;

/// Kernels around points, with keys 1, 2, ...
struct around {
  around(const axes& of, const std::vector<std::vector<double>>& units) : made(of) {
    for (const auto& each : units)
      points.push_back(parzen_point::at(of, each));
    made.assign(observations());
  }

  std::vector<parzen_kernels::observation> observations() const {
    std::vector<parzen_kernels::observation> all;
    for (std::size_t i = 0; i < points.size(); ++i)
      all.push_back({i + 1, &points[i]});
    return all;
  }

  std::vector<parzen_point> points;
  parzen_kernels made;
};

double density(const parzen_kernels& kernels, const axes& of, std::vector<double> units) {
  return std::exp(kernels.log_density(parzen_point::at(of, std::move(units))));
}

double share_below(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

/// As the book has it: a normal density truncated to [0, 1].
double truncated(double u, double middle, double deviation) {
  const double z = (u - middle) / deviation;
  const double share = share_below((1 - middle) / deviation) - share_below(-middle / deviation);
  return std::exp(-z * z / 2) / (deviation * std::sqrt(2 * std::acos(-1.0)) * share);
}

const axes one_number = {unit_axis(uniform(0, 1))};

} // namespace

TEST_CASE("parzen kernels: a width is the larger distance to a neighbour, among which is the prior's middle") {
  const around x(one_number, {{0.2}, {0.25}, {0.7}});

  REQUIRE(x.made.size() == 4);
  CHECK(x.made.deviation(0, 0) == 1);
  const double least = 0.1 * std::pow(4, -0.2);
  CHECK(x.made.deviation(0, 1) == doctest::Approx(least)); // Its neighbour is 0.05 away.
  CHECK(x.made.deviation(0, 2) == doctest::Approx(0.25));
  CHECK(x.made.deviation(0, 3) == doctest::Approx(0.2));
  for (const double u : {0.0, 0.1, 0.3, 0.9, 1.0})
    CHECK(density(x.made, one_number, {u}) ==
          doctest::Approx(
            (truncated(u, 0.5, 1) + truncated(u, 0.2, least) + truncated(u, 0.25, 0.25) + truncated(u, 0.7, 0.2)) / 4));
}

TEST_CASE("parzen kernels: no width is below what so few observations of so many axes allow") {
  const around two(one_number, {{0.5}, {0.5}});
  CHECK(two.made.deviation(0, 1) == doctest::Approx(0.1 * std::pow(2, -0.2)));
  const around many(one_number, std::vector<std::vector<double>>(600, {0.5}));
  CHECK(many.made.deviation(0, 7) == doctest::Approx(0.03));
  const around wide(axes(10, one_number[0]), std::vector<std::vector<double>>(600, std::vector<double>(10, 0.5)));
  CHECK(wide.made.deviation(3, 7) == doctest::Approx(0.1 * std::pow(512, -1.0 / 14)));
}

TEST_CASE("parzen kernels: without observations there is the prior alone") {
  const axes of = {unit_axis(uniform(0, 1)), unit_axis(choice({1, 2, 3}))};
  const parzen_kernels none(of);

  CHECK(density(none, of, {0.5, 0.5}) == doctest::Approx(truncated(0.5, 0.5, 1) / 3));
}

TEST_CASE("parzen kernels: choices weigh what was observed once more than a share of all") {
  const axes of = {unit_axis(choice({"a", "b", "c", "d"}))};
  const around x(of, {{0.6}});

  CHECK(density(x.made, of, {0.6}) == doctest::Approx(0.375)); // Half of 1.5/3, half of 1/4.
  CHECK(density(x.made, of, {0.1}) == doctest::Approx((0.5 / 3 + 0.25) / 2));
}

TEST_CASE("parzen kernels: densities of cells and choices sum to 1, of numbers integrate to it") {
  const std::vector<domain> domains = {integer(1, 7), log_integer(1, 30), ordinal({1, 2, 3}), choice({1, 2, 3, 4, 5})};
  for (const auto& what : domains) {
    const axes of = {unit_axis(what)};
    const around x(of, {{0.1}, {0.12}, {0.5}, {0.9}, {0.91}, {1.0}});
    double sum = 0;
    for (std::uint64_t cell = 0; cell < of[0].count(); ++cell) {
      const double one = density(x.made, of, {of[0].middle_of(cell)});
      const bool is_narrow = of[0].is() == unit_axis::kind::cells && cell >= of[0].wide_cells();
      const auto [low, high] = is_narrow ? of[0].bounds_of(cell) : unit_axis::interval{0, 1};
      sum += one * (high - low);
    }
    CHECK(sum == doctest::Approx(1).epsilon(0.002));
  }
  const around x(one_number, {{0.1}, {0.12}, {0.5}, {0.9}, {0.91}, {1.0}});
  double sum = 0;
  for (int i = 0; i < 10'000; ++i)
    sum += density(x.made, one_number, {(i + 0.5) / 10'000}) / 10'000;
  CHECK(sum == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("parzen kernels: what is drawn is distributed as the density says") {
  const axes of = {unit_axis(uniform(0, 1)), unit_axis(integer(1, 4)), unit_axis(choice({1, 2, 3}))};
  around x(of, {{0.1, 0.1, 0.1}, {0.3, 0.9, 0.9}, {0.32, 0.9, 0.9}, {0.99, 0.4, 0.5}});
  x.made.weigh({1, 3, 1, 2, 5});
  const int draws = 20'000;
  std::map<std::vector<int>, int> seen; // Tenths of the number, the cell, the choice.
  for (int i = 0; i < draws; ++i) {
    const auto drawn = x.made.draw(chance(1, "draw", static_cast<std::uint64_t>(i)));
    ++seen[{std::min(9, static_cast<int>(drawn.units[0] * 10)), static_cast<int>(drawn.places[1]),
            static_cast<int>(drawn.places[2])}];
  }

  double distance = 0;
  for (int number = 0; number < 10; ++number)
    for (int cell = 0; cell < 4; ++cell)
      for (int option = 0; option < 3; ++option) {
        double expected = 0;
        for (int i = 0; i < 50; ++i)
          expected += density(x.made, of, {(number + (i + 0.5) / 50) / 10, (cell + 0.5) / 4, (option + 0.5) / 3}) / 500;
        const double times = expected * draws;
        const double off = seen[{number, cell, option}] - times;
        distance += off * off / times;
      }
  CHECK(distance < 190); // Chi squared with 119 degrees of freedom exceeds this once in 30,000 times.
}

TEST_CASE("parzen kernels: what they were before changes nothing") {
  const axes of = {unit_axis(uniform(0, 1)), unit_axis(integer(1, 4)), unit_axis(log_integer(1, 500)),
                   unit_axis(choice({1, 2, 3}))};
  for_each_seed(30, [&](seed s) {
    chance random(s, "history", 0);
    std::vector<parzen_point> all;
    for (int i = 0; i < 40; ++i)
      all.push_back(parzen_point::at(of, {random.unit(), random.unit(), random.unit(), random.unit()}));
    parzen_kernels often(of);
    for (int step = 0; step < 20; ++step) {
      std::vector<parzen_kernels::observation> some;
      for (std::size_t i = 0; i < all.size(); ++i)
        if (random.happens(0.4))
          some.push_back({i, &all[i]});
      often.assign(some);
      parzen_kernels once(of);
      once.assign(some);
      const auto& x = all[random.below(all.size())];
      REQUIRE(often.log_density(x) == once.log_density(x));
      REQUIRE(often.draw(chance(s, "draw", 1)).units == once.draw(chance(s, "draw", 1)).units);
    }
  });
}

TEST_CASE("parzen kernels: far away from all the density is small but a number") {
  const axes of(20, unit_axis(integer(1, 30)));
  around x(of, {std::vector<double>(20, 0.0), std::vector<double>(20, 0.01), std::vector<double>(20, 0.02)});
  x.made.weigh({1e-300, 1, 1, 1});

  const auto far = x.made.log_density(parzen_point::at(of, std::vector<double>(20, 1.0)));
  CHECK(std::isfinite(far));
  CHECK(far < -50);
}
