#include "tune/searcher/cell_margin.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/chance.hpp"
#include "tune/space/standard_normal.hpp"

using namespace tune;

namespace {

const unit_axis five(ordinal({1, 2, 3, 4, 5})); // Each 0.2 wide.

void check_becomes(double mean, double deviation, double new_mean, double new_scale) {
  const auto x = with_margin(five, {mean, 1}, deviation, 0.05);
  CHECK(x.mean == doctest::Approx(new_mean).epsilon(1e-12));
  CHECK(x.scale == doctest::Approx(new_scale).epsilon(1e-9));
}

} // namespace

TEST_CASE("cell margin: the formulas of Hamano et al., computed with another program") {
  check_becomes(0.52, 0.01, 0.5, 5.102134569246539); // Narrow, within: each side gets half of the margin.
  check_becomes(0.59, 0.01, 0.5317796923317063, 6.723577237702719);
  check_becomes(0.52, 0.2, 0.52, 1);               // Wide: nothing to do.
  check_becomes(0.1, 0.01, 0.1835514637304853, 1); // The outermost move to where the next is likely enough.
  check_becomes(0.95, 0.01, 0.8164485362695147, 1);
  check_becomes(0.15, 0.1, 0.15, 1);
}

TEST_CASE("cell margin: whatever the distribution, other cells stay likely enough") {
  for_each_seed(500, [](seed s) {
    chance random(s, "cells", 0);
    const unit_axis axis(integer(1, random.integer(2, 40)));
    const double margin = random.between(0.001, 0.1);
    cell_coordinate x{random.between(-1, 2), std::exp(random.between(-3, 3))};
    const double deviation = std::exp(random.between(-20, 1));
    x = with_margin(axis, x, deviation, margin);
    const auto cell = axis.cell_at(x.mean);
    const auto bounds = axis.bounds_of(cell);
    const double spread = deviation * x.scale;
    const double below = cell == 0 ? 0 : normal_share_below((bounds.low - x.mean) / spread);
    const double above = cell + 1 == axis.count() ? 0 : normal_share_below((x.mean - bounds.high) / spread);
    CHECK(below + above >= margin * 0.999);
    if (cell != 0 && cell + 1 != axis.count()) {
      CHECK(below >= margin / 2 * 0.999);
      CHECK(above >= margin / 2 * 0.999);
    }
  });
}
