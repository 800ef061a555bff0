#include "tune/searcher/gp_kernel.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace tune;

TEST_CASE("gp kernel: Matern 5/2 at known distances") {
  const gp_kernel kernel({0});
  const Eigen::VectorXd theta = Eigen::VectorXd::Zero(kernel.parameters());
  gp_kernel::points x(4, 1);
  x << 0, 0.5, 1, 2;
  const auto features = kernel.features_of(x, theta);
  const auto k = gp_kernel::correlation(gp_kernel::distances(features, features));

  CHECK(k(0, 0) == 1);
  CHECK(k(0, 1) == doctest::Approx(0.8286491424181253).epsilon(1e-12));
  CHECK(k(0, 2) == doctest::Approx(0.5239941088318203).epsilon(1e-12));
  CHECK(k(0, 3) == doctest::Approx(0.13866021913850426).epsilon(1e-12));
  CHECK(k == k.transpose());
}

TEST_CASE("gp kernel: choices that differ are 1 apart, whichever they are") {
  const gp_kernel kernel({3, 0, 2});
  const Eigen::VectorXd theta = Eigen::VectorXd::Zero(kernel.parameters());
  gp_kernel::points x(3, 3);
  x << 0, 0.2, 1, //
    2, 0.2, 1,    //
    1, 0.2, 0;
  const auto features = kernel.features_of(x, theta);
  const auto t = gp_kernel::distances(features, features);

  CHECK(kernel.features() == 6);
  CHECK(t(0, 1) == doctest::Approx(std::sqrt(5.0)));
  CHECK(t(0, 2) == doctest::Approx(std::sqrt(10.0)));
}

TEST_CASE("gp kernel: warping leaves numbers where they are until it learns, and then keeps their order") {
  const gp_kernel kernel({0, 2}, /*warps=*/true);
  Eigen::VectorXd theta = Eigen::VectorXd::Zero(kernel.parameters());
  gp_kernel::points x(3, 2);
  x << 0, 0, 0.3, 1, 1, 0;

  CHECK(kernel.features_of(x, theta)(1, 0) == doctest::Approx(0.3));
  CHECK(kernel.slope_of_warp(0, 0.3, theta) == doctest::Approx(1));
  theta[kernel.first_exponent(0)] = 1.5;
  theta[kernel.second_exponent(0)] = -0.7;
  const auto warped = kernel.features_of(x, theta);
  CHECK(warped(0, 0) < warped(1, 0));
  CHECK(warped(1, 0) < warped(2, 0));
  const double step = 1e-6;
  gp_kernel::points near(2, 2);
  near << 0.3 - step, 0, 0.3 + step, 0;
  const auto around = kernel.features_of(near, theta);
  CHECK(kernel.slope_of_warp(0, 0.3, theta) ==
        doctest::Approx((around(1, 0) - around(0, 0)) / (2 * step)).epsilon(1e-6));
}
