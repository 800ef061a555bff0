#include "tune/searcher/unit_axis.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/space/domain_values.hpp"
#include "tune/space/unit_encoding.hpp"

using namespace tune;

namespace {

std::vector<domain> with_cells() {
  return {integer(1, 1),
          integer(-3, 5),
          integer(0, 100, 7),
          log_integer(1, 1000),
          log_integer(16, 256, 16),
          quniform(0, 0.9, 0.3),
          qlog_uniform(0.1, 10, 0.1),
          ordinal({"s", "m", "l"}),
          integer(0, 1'000'000)};
}

} // namespace

TEST_CASE("unit axis: cells are where the unit encoding has them") {
  for (const auto& what : with_cells()) {
    INFO(description_of(what));
    const unit_axis axis(what);
    REQUIRE(axis.is() == unit_axis::kind::cells);
    REQUIRE(axis.count() == count_of(what));
    for (std::uint64_t cell = 0; cell < std::min<std::uint64_t>(axis.count(), 2000); ++cell) {
      CHECK(axis.middle_of(cell) == doctest::Approx(to_unit(what, value_at(what, cell))).epsilon(1e-12));
      CHECK(axis.cell_at(axis.middle_of(cell)) == cell);
      const auto [low, high] = axis.bounds_of(cell);
      CHECK(low < high);
      if (cell > 0)
        CHECK(axis.bounds_of(cell - 1).high == doctest::Approx(low));
      CHECK(axis.place_of(axis.middle_of(cell)) ==
            (high - low >= unit_axis::narrow ? static_cast<std::uint32_t>(cell) : unit_axis::no_cell));
    }
    CHECK(axis.bounds_of(0).low == 0);
    CHECK(axis.bounds_of(axis.count() - 1).high == 1);
    for_each_seed(200, [&](seed s) {
      const double u = chance(s, "u", 0).unit(0);
      CHECK(value_at(what, axis.cell_at(u)) == from_unit(what, u));
    });
  }
}

TEST_CASE("unit axis: the first cell of a logarithmic scale is as wide as its share") {
  const unit_axis axis(log_integer(1, 1000));
  const auto first = axis.bounds_of(0);
  const auto last = axis.bounds_of(999);

  CHECK(first.high - first.low == doctest::Approx(0.1445275806));
  CHECK(last.high - last.low == doctest::Approx(0.00013155).epsilon(1e-4));
}

TEST_CASE("unit axis: numbers and choices") {
  const unit_axis number(uniform(2, 3));
  CHECK(number.is() == unit_axis::kind::number);
  CHECK(number.nearest(0.123) == 0.123);
  CHECK(number.place_of(0.123) == unit_axis::no_cell);
  CHECK(unit_axis(qnormal(0, 1, 0.5)).is() == unit_axis::kind::number);

  const unit_axis choices(choice({"a", "b", "c", "d"}));
  CHECK(choices.is() == unit_axis::kind::choices);
  CHECK(choices.count() == 4);
  CHECK(choices.place_of(0.6) == 2);
  CHECK(choices.nearest(0.6) == 0.625);
}
