#include "tune/searcher/gp_posterior.hpp"

#include <cmath>

#include <doctest/doctest.h>

#include "tune/chance.hpp"
#include "tune/searcher/expected_improvement.hpp"

using namespace tune;

namespace {

using vector = Eigen::VectorXd;
using matrix = Eigen::MatrixXd;

gp_kernel::points rows(std::initializer_list<std::initializer_list<double>> values) {
  gp_kernel::points made(static_cast<Eigen::Index>(values.size()), static_cast<Eigen::Index>(values.begin()->size()));
  Eigen::Index i = 0;
  for (const auto& row : values) {
    Eigen::Index j = 0;
    for (const double x : row)
      made(i, j++) = x;
    ++i;
  }
  return made;
}

const vector known_theta{{std::log(0.3), 0.0, std::log(0.01)}};

} // namespace

TEST_CASE("gp posterior: mean and variance of a known case") {
  const gp_kernel kernel({0});
  const gp_posterior posterior(kernel, known_theta, rows({{0.1}, {0.4}, {0.9}}), vector{{1.0, -0.5, 0.3}},
                               gp_kernel::points(0, 1), {});
  const auto at = posterior.at(vector{{0.6}});

  CHECK(at.mean == doctest::Approx(-0.42763954046628094).epsilon(1e-12));
  CHECK(at.variance == doctest::Approx(0.31743838578554306).epsilon(1e-12));
}

TEST_CASE("gp posterior: without noise it goes through what was seen") {
  const gp_kernel kernel({0});
  const gp_posterior posterior(kernel, vector{{std::log(0.3), 0.0, std::log(1e-10)}}, rows({{0.1}, {0.4}, {0.9}}),
                               vector{{1.0, -0.5, 0.3}}, gp_kernel::points(0, 1), {});

  CHECK(posterior.at(vector{{0.4}}).mean == doctest::Approx(-0.5).epsilon(1e-6));
  CHECK(posterior.at(vector{{0.4}}).variance < 1e-6);
  CHECK(posterior.best()[0] == 1.0);
}

TEST_CASE("gp posterior: the order in which trials are known does not matter") {
  const gp_kernel kernel({0});
  const gp_posterior one(kernel, known_theta, rows({{0.1}, {0.4}, {0.9}}), vector{{1.0, -0.5, 0.3}},
                         gp_kernel::points(0, 1), {});
  const gp_posterior other(kernel, known_theta, rows({{0.9}, {0.1}, {0.4}}), vector{{0.3, 1.0, -0.5}},
                           gp_kernel::points(0, 1), {});

  CHECK(one.at(vector{{0.6}}).mean == doctest::Approx(other.at(vector{{0.6}}).mean).epsilon(1e-9));
}

TEST_CASE("gp posterior: what is imagined of a pending trial is learned as if it had been seen") {
  const gp_kernel kernel({0});
  const auto ended = rows({{0.1}, {0.4}, {0.9}});
  const vector y{{1.0, -0.5, 0.3}};
  const gp_posterior before(kernel, known_theta, ended, y, gp_kernel::points(0, 1), {});
  const auto there = before.at(vector{{0.6}});
  const double normal = 0.7;
  const double outcome = there.mean + std::sqrt(there.variance + 0.01) * normal; // With noise of 0.01.
  const gp_posterior imagined(kernel, known_theta, ended, y, rows({{0.6}}), matrix{{normal}});
  const gp_posterior seen(kernel, known_theta, rows({{0.1}, {0.4}, {0.9}, {0.6}}), vector{{1.0, -0.5, 0.3, outcome}},
                          gp_kernel::points(0, 1), {});

  CHECK(imagined.at(vector{{0.7}}).mean == doctest::Approx(seen.at(vector{{0.7}}).mean).epsilon(1e-9));
  CHECK(imagined.at(vector{{0.7}}).variance == doctest::Approx(seen.at(vector{{0.7}}).variance).epsilon(1e-9));
  CHECK(imagined.best()[0] >= before.best()[0]);
}

TEST_CASE("gp posterior: where a trial is pending little improvement is expected") {
  const gp_kernel kernel({0});
  const auto ended = rows({{0.1}, {0.4}, {0.9}});
  const vector y{{1.0, -0.5, 0.3}};
  matrix normals(1, 16);
  chance random(1, "normals", 1);
  for (Eigen::Index s = 0; s < 16; ++s)
    normals(0, s) = random.normal();
  const gp_posterior before(kernel, known_theta, ended, y, gp_kernel::points(0, 1), {});
  const gp_posterior imagined(kernel, known_theta, ended, y, rows({{0.02}}), normals);
  const auto at = rows({{0.02}, {0.7}});

  CHECK(imagined.log_improvement(at)[0] < before.log_improvement(at)[0] - 1);
  CHECK(before.log_improvement(at)[0] ==
        doctest::Approx(log_expected_improvement(before.at(vector{{0.02}}).mean,
                                                 std::sqrt(before.at(vector{{0.02}}).variance), before.best()[0])
                          .value));
}

TEST_CASE("gp posterior: one point or many at once, and every slope is its difference") {
  const gp_kernel kernel({0, 3, 0}, /*warps=*/true);
  vector theta = vector::Constant(kernel.parameters(), -0.4);
  theta[kernel.noise()] = -4;
  theta[kernel.first_exponent(0)] = 0.6;
  const auto ended = rows({{0.1, 0, 0.5}, {0.4, 1, 0.2}, {0.9, 2, 0.3}, {0.6, 1, 0.9}});
  matrix normals(2, 16);
  chance random(1, "normals", 1);
  for (Eigen::Index i = 0; i < normals.size(); ++i)
    normals(i) = random.normal();
  const gp_posterior posterior(kernel, theta, ended, vector{{1.0, -0.5, 0.3, -1.2}},
                               rows({{0.3, 0, 0.4}, {0.2, 2, 0.8}}), normals);
  const vector x{{0.25, 1.0, 0.6}};
  vector slopes;

  CHECK(posterior.log_improvement(x, slopes) ==
        doctest::Approx(posterior.log_improvement(gp_kernel::points(x.transpose()))[0]).epsilon(1e-9));
  CHECK(slopes[1] == 0);
  for (const Eigen::Index i : {0, 2}) {
    auto more = x;
    auto less = x;
    more[i] += 1e-6;
    less[i] -= 1e-6;
    vector unused;
    const double difference =
      (posterior.log_improvement(more, unused) - posterior.log_improvement(less, unused)) / 2e-6;
    CHECK(slopes[i] == doctest::Approx(difference).epsilon(1e-5));
  }
}

TEST_CASE("gp posterior: far from everything, and with the same point many times, it stays finite") {
  const gp_kernel kernel({0});
  const gp_posterior posterior(kernel, vector{{std::log(0.01), 0.0, std::log(1e-6)}},
                               gp_kernel::points::Constant(50, 1, 0.2), vector::LinSpaced(50, -1, 1),
                               gp_kernel::points(0, 1), {});

  CHECK(posterior.log_improvement(rows({{0.2}, {0.9}, {0.2000001}})).allFinite());
  CHECK(posterior.at(vector{{0.9}}).variance == doctest::Approx(1));
}
