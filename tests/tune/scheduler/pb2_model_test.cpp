#include <cmath>
#include <initializer_list>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "tune/chance.hpp"
#include "tune/scheduler/pb2_bound.hpp"
#include "tune/scheduler/pb2_kernel.hpp"
#include "tune/scheduler/pb2_scale.hpp"

using namespace tune;

namespace {

using vector = Eigen::VectorXd;
using matrix = Eigen::MatrixXd;
using doctest::Approx;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::vector<pb2_rows::row> rows_with(std::initializer_list<double> gains) {
  std::vector<pb2_rows::row> rows;
  double time = 10;
  for (const double gain : gains)
    rows.push_back({time += 10, 0, {0.5}, gain});
  return rows;
}

vector gains_of(std::initializer_list<double> gains) {
  return pb2_scale(rows_with(gains)).gains();
}

const matrix three_points{{0, 0.2, 0.1}, {0.5, 0.6, 0.4}, {1, 1, 0.9}};
const vector three_gains{{1, -0.5, 0.3}};
const vector somewhere{{1, 0.8, 0.3}};
/// Length 0.4, signal 1.5, noise 0.01, epsilon 0.2.
const vector known_theta{{std::log(0.4), std::log(1.5), std::log(0.01), 0.2}};

} // namespace

TEST_CASE("pb2 scale: time and reward are from 0 to 1 as the rows have them, values stay") {
  const pb2_scale scale({{20, -5, {0.1, 0.9}, 1}, {60, 3, {0.2, 0.8}, 2}, {40, -1, {0.3, 0.7}, 3}});

  CHECK(scale.points() == matrix{{0, 0, 0.1, 0.9}, {1, 1, 0.2, 0.8}, {0.5, 0.5, 0.3, 0.7}});
  CHECK(scale.point({80, 1}, {0.4, 0.6}) == vector{{1.5, 0.75, 0.4, 0.6}});
  CHECK(scale.point({1000, -1000}, {0, 1}) == vector{{2, -1, 0, 1}});
  const pb2_scale alike({{5, 2, {0.5}, 1}, {5, 2, {0.5}, 1}});
  CHECK(alike.points() == matrix{{0, 0, 0.5}, {0, 0, 0.5}});
  CHECK(alike.gains() == vector{{0, 0}});
}

TEST_CASE("pb2 scale: gains have mean 0 and deviation 1") {
  const auto y = gains_of({1, 2, 3, 6});
  for (Eigen::Index i = 0; i < 4; ++i)
    CHECK(y[i] == Approx(vector{{-2, -1, 0, 3}}[i] / std::sqrt(3.5)).epsilon(1e-12));
}

TEST_CASE("pb2 scale: one gain that is far off does not hide how the others differ, and the worst is the lowest") {
  const auto far = gains_of({1, 2, 3, 4, -1e30}); // Median 2, median distance 1: it counts as -8.
  CHECK(far[3] - far[0] == Approx(3 * (far[1] - far[0])));
  CHECK(far[0] - far[4] == Approx(9 * (far[1] - far[0])));
  CHECK(gains_of({1, 2, 3, 4, 1e30})[4] - gains_of({1, 2, 3, 4, 1e30})[2] == // Median 3: it counts as 13.
        Approx(10 * (gains_of({1, 2, 3, 4, 1e30})[1] - gains_of({1, 2, 3, 4, 1e30})[0])));
  const auto worst = gains_of({1, -infinity, 3, 5});
  CHECK(worst[1] == worst[0]);
  const auto mostly_none = gains_of({0, 0, 0, -4});
  CHECK(mostly_none[3] == Approx(-std::sqrt(3)));
  CHECK(gains_of({1.5e308, -1.5e308, 1.5e308}) == vector{{0, 0, 0}}); // Their distance is not a number.
}

TEST_CASE("pb2 kernel: squared exponential of all numbers, and what is long ago counts for less") {
  const auto k = pb2_kernel::covariance(three_points, three_points, known_theta);

  CHECK(k(0, 0) == Approx(1.5).epsilon(1e-12));
  CHECK(k(0, 1) == Approx(0.2973573158245).epsilon(1e-12)); // 1.5 exp(-0.5 / 0.32) 0.8^0.25
  CHECK(k(0, 2) == Approx(0.001079662628626).epsilon(1e-12));
  CHECK(k(2, 0) == Approx(k(0, 2)));
}

TEST_CASE("pb2 kernel: likelihood and slopes of a known case") {
  vector slopes;
  const auto value = pb2_kernel::log_likelihood(three_points, three_gains, known_theta, slopes);

  REQUIRE(value);
  CHECK(*value == Approx(-3.89621071599075).epsilon(1e-12));
  CHECK(slopes[pb2_kernel::log_length] == Approx(-0.2693046468).epsilon(1e-7));
  CHECK(slopes[pb2_kernel::log_signal] == Approx(-0.945789457).epsilon(1e-7));
  CHECK(slopes[pb2_kernel::log_noise] == Approx(-0.005745105769).epsilon(1e-7));
  CHECK(slopes[pb2_kernel::epsilon] == Approx(0.02619599928).epsilon(1e-7));
}

TEST_CASE("pb2 kernel: what is learned is likelier than the first guess, within its bounds, and forgets what changed") {
  CHECK(pb2_kernel::first_guess()[pb2_kernel::epsilon] == 0.1);
  chance random(1, "test", 1);
  constexpr Eigen::Index n = 40;
  matrix points(n, 3);
  vector steady(n);
  vector changing(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    points.row(i) << static_cast<double>(i % 4) / 3, 0.5, random.unit();
    steady[i] = std::sin(3 * points(i, 2));
    changing[i] = (i % 4 < 2 ? 1 : -1) * (points(i, 2) - 0.5) * 3;
  }
  vector slopes;
  double epsilons[2];
  for (const auto* y : {&steady, &changing}) {
    const auto theta = pb2_kernel::fitted(points, *y);
    CHECK(*pb2_kernel::log_likelihood(points, *y, theta, slopes) >
          *pb2_kernel::log_likelihood(points, *y, pb2_kernel::first_guess(), slopes));
    CHECK(theta[pb2_kernel::log_length] <= 0);
    CHECK(theta[pb2_kernel::epsilon] >= 1e-5);
    CHECK(theta[pb2_kernel::epsilon] <= 0.5);
    epsilons[y == &changing] = theta[pb2_kernel::epsilon];
  }
  CHECK(epsilons[0] < 0.05);
  CHECK(epsilons[1] > 0.2);
}

TEST_CASE("pb2 bound: beta is 0.2 + log(0.4 n), and at least 0.2") {
  CHECK(pb2_bound::beta_of(0) == 0.2);
  CHECK(pb2_bound::beta_of(2) == 0.2);
  CHECK(pb2_bound::beta_of(3) == Approx(0.382321556793955).epsilon(1e-12));
  CHECK(pb2_bound::beta_of(10) == Approx(1.58629436111989).epsilon(1e-12));
  CHECK(pb2_bound::beta_of(1000) == Approx(6.19146454710798).epsilon(1e-12));
}

TEST_CASE("pb2 bound: of a known case; what is being tried makes it certain, and changes no mean") {
  const pb2_bound alone(known_theta, three_points, three_gains, matrix(0, 3));
  CHECK(alone.at(somewhere).mean == Approx(-0.160294711983981).epsilon(1e-12));
  CHECK(alone.at(somewhere).deviation == Approx(1.09636462152065).epsilon(1e-12));

  const pb2_bound tried(known_theta, three_points, three_gains, matrix{{1, 0.8, 0.35}});
  CHECK(tried.at(somewhere).mean == Approx(-0.160294711983981).epsilon(1e-12));
  CHECK(tried.at(somewhere).deviation == Approx(0.168934325041314).epsilon(1e-11));
  vector slopes;
  CHECK(tried.value(somewhere, slopes) == Approx(-0.0558389758720064).epsilon(1e-11)); // beta is that of 3 rows.
  CHECK(tried.values(somewhere.transpose())[0] == Approx(-0.0558389758720064).epsilon(1e-11));
}

TEST_CASE("pb2 bound: slopes are how it changes with reward and values") {
  const pb2_bound bound(known_theta, three_points, three_gains, matrix{{1, 0.8, 0.7}});
  vector slopes;
  vector unused;
  (void)bound.value(somewhere, slopes);
  for (const Eigen::Index i : {1, 2}) {
    vector more = somewhere;
    vector less = somewhere;
    more[i] += 1e-6;
    less[i] -= 1e-6;
    CHECK(slopes[i] == Approx((bound.value(more, unused) - bound.value(less, unused)) / 2e-6).epsilon(1e-6));
  }
}
