#include "tune/searcher/cma_distribution.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <Eigen/Eigenvalues>

#include "tests/support/seeds.hpp"
#include "tune/searcher/cma_warm_start.hpp"

using namespace tune;

namespace {

using numbers = std::vector<double>;
using function = std::function<double(const numbers&)>;
using form = cma_covariance::form;

search_space cube(std::size_t dimensions) {
  search_space space;
  for (std::size_t i = 0; i < dimensions; ++i)
    space.add("x" + std::to_string(i), uniform(0, 1));
  return space;
}

/// A distribution on a cube, and one generation after the other.
class evolution {
public:
  evolution(std::size_t dimensions, seed s, double mean, form which = form::full)
    : plan_(cube(dimensions)),
      axes_(plan_),
      seed_(s),
      distribution_(axes_,
                    {Eigen::VectorXd::Constant(static_cast<Eigen::Index>(dimensions), mean), 0.1,
                     cma_covariance(static_cast<Eigen::Index>(dimensions), which), choice_distribution({})},
                    cma_constants::usual_population(dimensions)) {}

  cma_distribution& distribution() { return distribution_; }
  std::size_t trials() const { return trials_; }
  double best() const { return best_; }

  void generation(const function& f) {
    std::vector<cma_point> points;
    std::vector<double> losses;
    for (std::size_t i = 0; i < distribution_.constants().population; ++i) {
      points.push_back(distribution_.drawn(chance(seed_, "trial", ++trials_)));
      losses.push_back(f(points.back().numbers));
      best_ = std::min(best_, losses.back());
    }
    std::vector<std::size_t> order(points.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return losses[a] < losses[b]; });
    std::vector<cma_distribution::candidate> ranked;
    for (const auto i : order)
      ranked.push_back({&points[i], losses[i], false, std::isinf(losses[i])});
    distribution_.update(ranked);
  }
  /// After how many trials the loss was below.
  std::size_t trials_until(double loss, const function& f) {
    while (best_ > loss && trials_ < 100'000 && !distribution_.has_converged())
      generation(f);
    return best_ <= loss ? trials_ : std::numeric_limits<std::size_t>::max();
  }

private:
  space_plan plan_;
  modelled_axes axes_;
  seed seed_;
  cma_distribution distribution_;
  std::size_t trials_ = 0;
  double best_ = std::numeric_limits<double>::infinity();
};

double sphere(const numbers& x) {
  double sum = 0;
  for (const double each : x)
    sum += (each - 0.5) * (each - 0.5);
  return sum;
}

double ellipsoid(const numbers& x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    sum += std::pow(1e6, static_cast<double>(i) / static_cast<double>(x.size() - 1)) * std::pow(x[i] - 0.5, 2);
  return sum;
}

double rosenbrock(const numbers& x) {
  double sum = 0;
  const auto z = [&](std::size_t i) { return (x[i] - 0.5) * 10 + 1; };
  for (std::size_t i = 0; i + 1 < x.size(); ++i)
    sum += 100 * std::pow(z(i) * z(i) - z(i + 1), 2) + std::pow(1 - z(i), 2);
  return sum;
}

std::size_t median_trials(const function& f, form which = form::full) {
  std::vector<std::size_t> all;
  for_each_seed(5, [&](seed s) { all.push_back(evolution(10, s, 0.35, which).trials_until(1e-9, f)); });
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

} // namespace

TEST_CASE("cma distribution: as many trials as others need, in ten dimensions down to 1e-9") {
  CHECK(median_trials(sphere) < 3'000);
  CHECK(median_trials(ellipsoid) < 8'000);
  CHECK(median_trials(rosenbrock) < 10'000);
}

TEST_CASE("cma distribution: a diagonal is faster where each coordinate is by itself") {
  CHECK(median_trials(ellipsoid, form::diagonal) < median_trials(ellipsoid) * 2 / 3);
}

TEST_CASE("cma distribution: only the order of losses counts") {
  evolution plain(5, 1, 0.4);
  evolution warped(5, 1, 0.4);
  for (int i = 0; i < 50; ++i) {
    plain.generation(ellipsoid);
    warped.generation([](const numbers& x) { return std::exp(0.01 * std::sqrt(ellipsoid(x))) * 1e30; });
    REQUIRE(plain.distribution().middle().numbers == warped.distribution().middle().numbers);
  }
}

TEST_CASE("cma distribution: a turned function is as hard as a straight one") {
  std::vector<double> z;
  chance random(1, "rotation", 0);
  Eigen::MatrixXd any(6, 6);
  for (auto& each : any.reshaped())
    each = random.normal();
  const Eigen::MatrixXd turn = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(any + any.transpose()).eigenvectors();
  const auto turned = [&](const numbers& x) {
    const Eigen::VectorXd y = turn * (Eigen::Map<const Eigen::VectorXd>(x.data(), 6).array() - 0.5).matrix();
    numbers back(6);
    for (std::size_t i = 0; i < 6; ++i)
      back[i] = y[static_cast<Eigen::Index>(i)] + 0.5;
    return ellipsoid(back);
  };
  double straight_trials = 0;
  double turned_trials = 0;
  for_each_seed(5, [&](seed s) {
    straight_trials += static_cast<double>(evolution(6, s, 0.4).trials_until(1e-9, ellipsoid));
    turned_trials += static_cast<double>(evolution(6, s, 0.4).trials_until(1e-9, turned));
  });
  CHECK(turned_trials < 1.3 * straight_trials);
  CHECK(straight_trials < 1.3 * turned_trials);
}

TEST_CASE("cma distribution: an optimum in a corner is found, and no number lies outside") {
  for_each_seed(10, [](seed s) {
    evolution search(5, s, 0.5);
    const auto corner = [&](const cma_point& x) {
      numbers axes(5);
      search.distribution().place(x, axes);
      double sum = 0;
      for (const double each : axes) {
        REQUIRE(each >= 0);
        REQUIRE(each <= 1);
        sum += each;
      }
      return sum;
    };
    CHECK(search.trials_until(1e-9, [&](const numbers& x) { return corner({x, {}}); }) < 2'500);
  });
}

TEST_CASE("cma distribution: a configuration's point lies next to the distribution") {
  evolution search(2, 1, 0.9);
  for (const auto& axes : {numbers{0.1, 0.95}, numbers{1, 0}, numbers{0.9, 0.5}}) {
    const auto point = search.distribution().point_at(axes);
    numbers again(2);
    search.distribution().place(point, again);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(again[i] == doctest::Approx(axes[i]));
    }
  }
}

TEST_CASE("cma distribution: random losses for 100,000 trials leave everything finite") {
  for (const auto which : {form::full, form::diagonal}) {
    evolution search(6, 3, 0.5, which);
    chance random(3, "losses", 0);
    for (int i = 0; i < 11'000; ++i)
      search.generation([&](const numbers&) { return random.unit(); });
    for (const double each : search.distribution().middle().numbers)
      CHECK(std::isfinite(each));
    CHECK(std::isfinite(search.distribution().deviation()));
  }
}

TEST_CASE("cma distribution: it has converged when all losses are the same, or the distribution is a point") {
  evolution flat(3, 1, 0.5);
  for (int i = 0; i < 30 && !flat.distribution().has_converged(); ++i)
    flat.generation([](const numbers&) { return 1e10; });
  CHECK(flat.distribution().has_converged());

  evolution deep(3, 1, 0.5);
  while (!deep.distribution().has_converged() && deep.trials() < 20'000)
    deep.generation([](const numbers& x) { return std::log(sphere(x) + 1e-300); });
  CHECK(deep.distribution().has_converged());
  CHECK(deep.best() < std::log(1e-20));
}

TEST_CASE("cma distribution: where most fail it narrows, where all fail it stays") {
  const auto infinite = std::numeric_limits<double>::infinity();
  evolution search(4, 1, 0.5);
  const auto before = search.distribution().middle().numbers;
  search.generation([&](const numbers&) { return infinite; });
  CHECK(search.distribution().middle().numbers == before);
  CHECK(search.distribution().deviation() == doctest::Approx(0.05));

  int left = 2;
  search.generation([&](const numbers&) { return left-- > 0 ? left : infinite; });
  CHECK(search.distribution().middle().numbers != before);
  CHECK(search.distribution().deviation() == doctest::Approx(0.035));
}

TEST_CASE("cma distribution: a point from far away moves it no further than its own would") {
  evolution search(4, 1, 0.5);
  std::vector<cma_point> points;
  for (std::uint64_t i = 0; i < 8; ++i)
    points.push_back(search.distribution().drawn(chance(1, "point", i)));
  points[0].numbers = {1, 1, 1, 1}; // Ten deviations away.
  std::vector<cma_distribution::candidate> ranked;
  for (const auto& each : points)
    ranked.push_back({&each, 0, &each == &points[0], false});
  search.distribution().update(ranked);
  for (const double each : search.distribution().middle().numbers)
    CHECK(std::abs(each - 0.5) < 0.25);
  CHECK(search.distribution().deviation() < 0.1 * std::exp(1));
}

TEST_CASE("cma warm start: mean and spread of the good points, computed with another program") {
  Eigen::VectorXd a(2);
  Eigen::VectorXd b(2);
  a << 0.2, 0.3;
  b << 0.4, 0.9;
  // Mean (0.3, 0.6); covariance ((0.02, 0.03), (0.03, 0.1)), whose determinant is 0.0011.
  const auto start = warm_start({a, b}, form::full);
  CHECK(start.mean[0] == doctest::Approx(0.3));
  CHECK(start.mean[1] == doctest::Approx(0.6));
  CHECK(start.deviation == doctest::Approx(std::pow(0.0011, 0.25)));
  CHECK(start.covariance.deviation(0) == doctest::Approx(std::sqrt(0.02 / std::sqrt(0.0011))));
  CHECK(start.covariance.deviation(1) == doctest::Approx(std::sqrt(0.1 / std::sqrt(0.0011))));
  CHECK(start.covariance.lengths().prod() == doctest::Approx(1));

  const auto diagonal = warm_start({a, b}, form::diagonal);
  CHECK(diagonal.deviation == doctest::Approx(std::pow(0.002, 0.25)));
  CHECK(diagonal.covariance.lengths().prod() == doctest::Approx(1));
  CHECK(warm_start({a}, form::full).deviation == doctest::Approx(0.1));
}
