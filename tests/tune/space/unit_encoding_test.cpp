#include "tune/space/unit_encoding.hpp"

#include <cmath>
#include <map>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/search_space.hpp"
#include "tune/space/domain_values.hpp"
#include "tune/space/standard_normal.hpp"

using namespace tune;

namespace {

std::vector<domain> some_of_each() {
  return {
    uniform(-1, 3),
    uniform(2, 2),
    quniform(0, 1, 0.25),
    quniform(-0.3, 0.6, 0.1),
    quniform(4, 4, 1),
    log_uniform(1e-5, 10),
    log_uniform(3, 3),
    qlog_uniform(1e-4, 1e-1, 1e-4),
    normal(5, 2),
    qnormal(5, 2, 0.5),
    integer(-3, 12),
    integer(7, 7),
    integer(0, 100, 5),
    integer(-9'000'000'000'000'000'000, -8'999'999'999'999'999'000),
    integer(0, INT64_MAX - 1),
    log_integer(1, 1000),
    log_integer(16, 256, 16),
    log_integer(1, std::int64_t{1} << 53),
    choice({"relu", "tanh", "gelu"}),
    choice({true}),
    choice({1, 2.5, "three", value::list{4, 5}}),
    ordinal({8, 16, 32}),
    grid({0.1, 0.2}),
    domain(42),
  };
}

/// How far counts are from what is expected of them.
double chi_square(const std::map<std::int64_t, int>& counts, std::size_t cells, int draws) {
  const auto expected = static_cast<double>(draws) / static_cast<double>(cells);
  double sum = expected * static_cast<double>(cells - counts.size()); // Those that never came.
  for (const auto& each : counts)
    sum += (each.second - expected) * (each.second - expected) / expected;
  return sum;
}

} // namespace

TEST_CASE("unit encoding: what is decoded lies in its domain, and is its own code") {
  for_each_seed(50, [](seed s) {
    chance random(s, "test", 1);
    for (const auto& x : some_of_each()) {
      const auto u = random.unit();
      const auto once = from_unit(x, u);
      const auto twice = from_unit(x, to_unit(x, once));
      INFO(description_of(x), " at ", u, " is ", to_json(once));

      const auto fits = fitted(x, once);
      REQUIRE(fits);
      CHECK(*fits == once);
      if (count_of(x) && *count_of(x) < 1'000'000)
        CHECK(twice == once);
      else
        CHECK(twice.to_number() == doctest::Approx(once.to_number()).epsilon(1e-9));
    }
  });
}

TEST_CASE("unit encoding: both ends, and what lies beyond them") {
  for (const auto& x : some_of_each())
    for (const double u : {-1.0, 0.0, 1.0, 2.0, std::nan("")}) {
      INFO(description_of(x), " at ", u);
      CHECK(fitted(x, from_unit(x, u)));
    }
  CHECK(from_unit(uniform(-1, 3), 0) == value(-1.0));
  CHECK(from_unit(uniform(-1, 3), 1) == value(3.0));
  CHECK(from_unit(log_uniform(1e-5, 10), 0) == value(1e-5));
  CHECK(from_unit(log_uniform(1e-5, 10), 1) == value(10.0));
  CHECK(from_unit(integer(-3, 12), 0) == value(-3));
  CHECK(from_unit(integer(-3, 12), 1) == value(12));
  CHECK(from_unit(quniform(-0.3, 0.6, 0.1), 1) == value(0.6));
}

TEST_CASE("unit encoding: every value of a finite domain survives the way there and back exactly") {
  for (const auto& x : some_of_each()) {
    const auto count = count_of(x);
    if (!count || *count > 100'000)
      continue;
    INFO(description_of(x));
    for (std::uint64_t i = 0; i < *count; ++i) {
      const auto each = value_at(x, i);
      REQUIRE(from_unit(x, to_unit(x, each)) == each);
      REQUIRE(index_of(x, each) == i);
    }
  }
}

TEST_CASE("unit encoding: types are kept") {
  CHECK(from_unit(integer(1, 3), 0.5).is_integer());
  CHECK(from_unit(log_integer(1, 3), 0.5).is_integer());
  CHECK(std::holds_alternative<double>(from_unit(quniform(0, 4, 1), 0.5).get()));
  CHECK(std::holds_alternative<double>(from_unit(uniform(0, 4), 0.5).get()));
  CHECK(from_unit(choice({"a"}), 0.5).is_text());
  CHECK(from_unit(choice({true, false}), 0.5).is_truth());
}

TEST_CASE("unit encoding: integers are drawn evenly") {
  constexpr int draws = 20'000;
  for (const auto& [x, cells] : std::vector<std::pair<domain, std::size_t>>{
         {integer(-3, 12), 16}, {integer(0, 90, 10), 10}, {grid({0, 1, 2, 3, 4}), 5}}) {
    const chance random(1, "test", 1);
    std::map<std::int64_t, int> counts;
    for (int i = 0; i < draws; ++i)
      ++counts[from_unit(x, random.unit(static_cast<std::uint64_t>(i))).as<std::int64_t>()];
    CHECK(chi_square(counts, cells, draws) < 45); // 15 degrees of freedom: p < 1e-4.
  }
}

TEST_CASE("unit encoding: the share of each integer on a log scale") {
  const auto x = log_integer(1, 1000);
  const auto first = from_unit(x, 0.1445275806 - 1e-9);
  const auto second = from_unit(x, 0.1445275806 + 1e-9);
  const auto last = from_unit(x, 1 - 0.00013155 + 1e-8);
  const auto last_but_one = from_unit(x, 1 - 0.00013155 - 1e-8);

  CHECK(first == value(1)); // ln(3) / ln(2001)
  CHECK(second == value(2));
  CHECK(last == value(1000));
  CHECK(last_but_one == value(999));
  CHECK(to_unit(x, 1) == doctest::Approx(std::log(2.0) / std::log(2001.0)));
}

TEST_CASE("unit encoding: known numbers of linear and log scales") {
  CHECK(from_unit(uniform(-1, 3), 0.25) == value(0.0));
  CHECK(from_unit(log_uniform(1e-4, 1), 0.5).to_number() == doctest::Approx(1e-2));
  CHECK(from_unit(quniform(0, 1, 0.25), 0.19) == value(0.0)); // Five intervals of 0.2.
  CHECK(from_unit(quniform(0, 1, 0.25), 0.21) == value(0.25));
  CHECK(to_unit(quniform(0, 1, 0.25), 0.5) == doctest::Approx(0.5));
  CHECK(to_unit(integer(0, 3), 0) == doctest::Approx(0.125));
  CHECK(to_unit(uniform(2, 2), 2.0) == 0.5);
}

TEST_CASE("unit encoding: a normal distribution by its quantiles") {
  CHECK(from_unit(normal(5, 2), 0.5) == value(5.0));
  CHECK(from_unit(normal(5, 2), 0.975).to_number() == doctest::Approx(5 + 2 * 1.959963984540054));
  CHECK(to_unit(normal(5, 2), 5 + 2 * 1.959963984540054) == doctest::Approx(0.975));
  CHECK(from_unit(normal(0, 1), 0).to_number() == doctest::Approx(-5.997807015007688)); // At 1e-9.
  CHECK(from_unit(normal(0, 1), 1).to_number() == doctest::Approx(5.997807).epsilon(1e-6));
  CHECK(to_unit(normal(0, 1), 100.0) == 1 - 1e-9);
  CHECK(from_unit(qnormal(5, 2, 0.5), 0.6) == value(5.5));
  CHECK(normal_share_below(0) == 0.5);
  CHECK(normal_quantile(0.025) == doctest::Approx(-1.959963984540054));
}
