#include "tune/searcher/bounded_minimum.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace tune;

namespace {

using vector = Eigen::VectorXd;

double rosenbrock(const vector& x, vector& gradient) {
  const double a = x[1] - x[0] * x[0];
  const double b = 1 - x[0];
  gradient = vector{{-400 * a * x[0] - 2 * b, 200 * a}};
  return 100 * a * a + b * b;
}

bounded_minimum_options precise() {
  bounded_minimum_options options;
  options.iterations = 200;
  options.tolerance = 1e-8;
  return options;
}

} // namespace

TEST_CASE("bounded minimum: a curved valley is followed to its end") {
  const auto found = descend(rosenbrock, vector{{-1.2, 1.0}}, vector{{-5.0, -5.0}}, vector{{5.0, 5.0}}, precise());

  CHECK(found.where[0] == doctest::Approx(1).epsilon(1e-6));
  CHECK(found.where[1] == doctest::Approx(1).epsilon(1e-6));
  CHECK(found.value < 1e-12);
}

TEST_CASE("bounded minimum: on a bound it is the best of the bound") {
  const auto found = descend(rosenbrock, vector{{-1.2, 1.0}}, vector{{-5.0, -5.0}}, vector{{0.5, 5.0}}, precise());

  CHECK(found.where[0] == 0.5);
  CHECK(found.where[1] == doctest::Approx(0.25).epsilon(1e-6));
}

TEST_CASE("bounded minimum: what is not finite is walked around, and never is the end above the beginning") {
  const smooth_function walled = [](const vector& x, vector& gradient) {
    gradient = vector{{1 - 1 / x[0]}};
    return x[0] > 0.5 ? x[0] - std::log(x[0]) : std::nan("");
  };

  CHECK(descend(walled, vector{{3.0}}, vector{{-10.0}}, vector{{10.0}}, precise()).where[0] ==
        doctest::Approx(1).epsilon(1e-6));
  const auto nowhere = descend(walled, vector{{0.2}}, vector{{-10.0}}, vector{{10.0}}, precise());
  CHECK(nowhere.where[0] == 0.2);
  CHECK(std::isnan(nowhere.value));
}

TEST_CASE("bounded minimum: bounds that are one point, and a point that is the end already") {
  vector gradient(2);
  const vector one{{0.3, 0.4}};
  const auto found = descend(rosenbrock, one, one, one, precise());

  CHECK(found.where == one);
  CHECK(found.value == rosenbrock(one, gradient));
  CHECK(descend(rosenbrock, vector{{1.0, 1.0}}, vector{{0.0, 0.0}}, vector{{2.0, 2.0}}).value == 0);
}
