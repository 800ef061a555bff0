#include "tune/searcher/gp_fit.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tune/searcher/gp_posterior.hpp"

using namespace tune;

namespace {

using vector = Eigen::VectorXd;

gp_kernel::points column(std::initializer_list<double> values) {
  gp_kernel::points made(static_cast<Eigen::Index>(values.size()), 1);
  Eigen::Index i = 0;
  for (const double x : values)
    made(i++, 0) = x;
  return made;
}

/// Two numbers and a choice of three.
gp_kernel::points some_points(const gp_kernel& kernel, Eigen::Index count) {
  chance random(1, "points", 1);
  gp_kernel::points made(count, kernel.dimensions());
  for (Eigen::Index i = 0; i < count; ++i)
    for (Eigen::Index j = 0; j < made.cols(); ++j)
      made(i, j) = kernel.is_choice(j) ? static_cast<double>(random.below(3)) : random.unit();
  return made;
}

vector values_at(const gp_kernel::points& x) {
  vector y(x.rows());
  for (Eigen::Index i = 0; i < y.size(); ++i)
    y[i] = std::sin(7 * x(i, 0)) + (x.cols() > 2 && x(i, 2) == 1 ? 0.8 : 0);
  return y;
}

} // namespace

TEST_CASE("gp fit: the likelihood of a known case, and its slopes") {
  const gp_kernel kernel({0});
  const gp_fit fit(kernel, 1e-6);
  const vector theta{{std::log(0.3), 0.0, std::log(0.01)}};
  vector slopes;
  const auto value = fit.log_likelihood(column({0.1, 0.4, 0.9}), vector{{1.0, -0.5, 0.3}}, theta, slopes);

  REQUIRE(value);
  CHECK(*value == doctest::Approx(-3.930623766409374).epsilon(1e-12));
  CHECK(slopes[0] == doctest::Approx(-1.2409286342256813).epsilon(1e-10));
  CHECK(slopes[kernel.noise()] == doctest::Approx(0.00946830670870911).epsilon(1e-10));
}

TEST_CASE("gp fit: every slope of the density is its difference, with choices and warping") {
  const gp_kernel kernel({0, 0, 3}, /*warps=*/true);
  const gp_fit fit(kernel, 1e-6);
  const auto x = some_points(kernel, 12);
  const auto y = values_at(x);
  vector theta(kernel.parameters());
  for (Eigen::Index i = 0; i < theta.size(); ++i)
    theta[i] = 0.3 * std::cos(static_cast<double>(i)) - (i == kernel.noise() ? 3 : 0);
  vector slopes;
  REQUIRE(fit.log_density(x, y, theta, slopes));
  for (Eigen::Index i = 0; i < theta.size(); ++i) {
    INFO(i);
    auto more = theta;
    auto less = theta;
    more[i] += 1e-5;
    less[i] -= 1e-5;
    vector unused;
    CHECK(slopes[i] ==
          doctest::Approx((*fit.log_density(x, y, more, unused) - *fit.log_density(x, y, less, unused)) / 2e-5)
            .epsilon(1e-5));
  }
}

TEST_CASE("gp fit: without data the priors decide") {
  const gp_kernel one({0});
  const gp_kernel ten(std::vector<std::uint64_t>(10, 0));

  CHECK(std::exp(gp_fit(one, 1e-4).most_likely_before()[0]) == doctest::Approx(0.2047866778));
  CHECK(std::exp(gp_fit(ten, 1e-4).most_likely_before()[4]) == doctest::Approx(0.6475923364));
  CHECK(std::exp(gp_fit(one, 1e-4).most_likely_before()[one.noise()]) == doctest::Approx(0.0067379).epsilon(1e-4));
}

TEST_CASE("gp fit: a dimension that does nothing becomes long, and one that does much short") {
  const gp_kernel kernel({0, 0});
  const gp_fit fit(kernel, 1e-6);
  const auto x = some_points(kernel, 40);
  const auto theta = fit.fit(x, values_at(x), std::nullopt, chance(1, "fit", 1));

  CHECK(theta[1] - theta[0] > std::log(5.0));
}

TEST_CASE("gp fit: what cannot be told apart, what is constant, and nothing at all") {
  const gp_kernel kernel({0, 0});
  const gp_fit fit(kernel, 1e-6);
  const gp_kernel::points same = gp_kernel::points::Constant(50, 2, 0.3);
  for (const auto& y : {vector(vector::Zero(50)), vector(vector::LinSpaced(50, -1, 1))}) {
    const auto theta = fit.fit(same, y, std::nullopt, chance(1, "fit", 1));
    CHECK(theta.allFinite());
    CHECK(std::isfinite(gp_posterior(kernel, theta, same, y, gp_kernel::points(0, 2), {}).at(same.row(0)).mean));
  }
  CHECK(fit.fit(gp_kernel::points(0, 2), vector(0), std::nullopt, chance(1, "fit", 1)).allFinite());
}
