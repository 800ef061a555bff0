#include "tune/searcher/expected_improvement.hpp"

#include <cmath>
#include <utility>

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("expected improvement: its logarithm, far into the tail") {
  // The first by scipy; the others by its series with 50 digits.
  const std::pair<double, double> known[] = {
    {3, 1.0987396653277077},   {1, 0.08002621884930704},   {0, -0.9189385332046727},   {-1, -2.4851210257126413},
    {-3, -7.86968605960303},   {-5, -16.744301162660985},  {-10, -55.553122036122346}, {-25, -319.86146358149614},
    {-40, -808.2985683566197}, {-1e4, -50000019.33961928},
  };
  for (const auto& [z, value] : known) {
    INFO(z);
    CHECK(log_expected_excess(z) == doctest::Approx(value).epsilon(1e-12));
  }
}

TEST_CASE("expected improvement: of a known variable over a known value") {
  const auto found = log_expected_improvement(0.42763954046628094, std::sqrt(0.31743838578554306), 0.5);

  CHECK(found.value == doctest::Approx(-1.6584090103406575).epsilon(1e-12));
  CHECK(std::exp(found.value) == doctest::Approx(0.1904417300248374).epsilon(1e-12));
}

TEST_CASE("expected improvement: its slopes are its differences, and it has no gap where the formula changes") {
  for (const double mean : {2.0, 0.3, -0.999, -1.001, -4.0, -30.0, -1e4, -2e5, -1e7})
    for (const double deviation : {0.5, 1.0, 3.0}) {
      INFO(mean, " ", deviation);
      const double step = 1e-5 * std::max(1.0, std::abs(mean));
      const auto at = log_expected_improvement(mean, deviation, 0.1);
      const auto more = log_expected_improvement(mean + step, deviation, 0.1);
      const auto less = log_expected_improvement(mean - step, deviation, 0.1);
      CHECK(at.by_mean == doctest::Approx((more.value - less.value) / (2 * step)).epsilon(1e-4));
      const auto wider = log_expected_improvement(mean, deviation * (1 + 1e-5), 0.1);
      const auto narrower = log_expected_improvement(mean, deviation * (1 - 1e-5), 0.1);
      CHECK(at.by_deviation == doctest::Approx((wider.value - narrower.value) / (2e-5 * deviation)).epsilon(1e-4));
      CHECK(wider.value > narrower.value);
    }
}
