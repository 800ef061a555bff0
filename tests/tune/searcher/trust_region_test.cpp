#include "tune/searcher/trust_region.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("trust region: three successes in a row double it, up to its greatest") {
  trust_region region(20);
  region.on_first(10);

  region.on_end(9);
  region.on_end(8);
  CHECK(region.side() == 0.8);
  region.on_end(7);
  CHECK(region.side() == 1.6);
  for (const double loss : {6, 5, 4})
    region.on_end(loss);
  CHECK(region.side() == 1.6);
}

TEST_CASE(
  "trust region: as many failures in a row as there are dimensions halve it; NaN and next to nothing are failures") {
  trust_region region(5);
  region.on_first(10);

  region.on_end(9);
  region.on_end(std::nan(""));
  region.on_end(8.9999);
  region.on_end(100);
  region.on_end(9);
  CHECK(region.side() == 0.8);
  region.on_end(9);
  CHECK(region.side() == 0.4);
  region.on_end(8);
  CHECK(region.side() == 0.4);
}

TEST_CASE("trust region: where it has become too narrow it begins anew") {
  trust_region region(1);
  region.on_first(0);
  double least = 1;
  for (int i = 0; i < 4 * 7; ++i) {
    region.on_end(1);
    least = std::min(least, region.side());
  }

  CHECK(least == doctest::Approx(0.8 / 64));
  CHECK(region.side() == 0.8);
}

TEST_CASE("trust region: longer where less changes, within the space") {
  const trust_region region(2);
  const auto box = region.around(Eigen::VectorXd{{0.5, 0.9}}, Eigen::VectorXd{{0.1, 0.4}});

  CHECK(box.low[0] == doctest::Approx(0.3));
  CHECK(box.high[0] == doctest::Approx(0.7));
  CHECK(box.low[1] == doctest::Approx(0.1));
  CHECK(box.high[1] == 1);
}
