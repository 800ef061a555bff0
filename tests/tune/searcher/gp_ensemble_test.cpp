#include "tune/searcher/gp_ensemble.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <doctest/doctest.h>

#include "tune/chance.hpp"
#include "tune/searcher/expected_improvement.hpp"

using namespace tune;

namespace {

using vector = Eigen::VectorXd;
using matrix = Eigen::MatrixXd;
using points = gp_kernel::points;

const vector theta{{std::log(0.3), std::log(0.5), 0.0, std::log(0.01)}}; ///< Of two numbers.
const gp_kernel kernel({0, 0});

points rows(std::initializer_list<std::array<double, 2>> values) {
  points made(static_cast<Eigen::Index>(values.size()), 2);
  Eigen::Index i = 0;
  for (const auto& row : values)
    made.row(i++) << row[0], row[1];
  return made;
}

gp_posterior low() {
  return {kernel, theta, rows({{0.1, 0.2}, {0.4, 0.9}, {0.9, 0.3}}), vector{{1.0, -0.5, 0.3}}, points(0, 2), {}};
}

gp_posterior high() {
  return {kernel, theta, rows({{0.4, 0.9}, {0.8, 0.6}}), vector{{0.2, -0.7}}, points(0, 2), {}};
}

/// With two pending points and so many imagined outcomes.
gp_posterior imagining(Eigen::Index outcomes) {
  matrix normals(2, outcomes);
  chance random(1, "normals", 1);
  for (Eigen::Index i = 0; i < normals.size(); ++i)
    normals(i) = random.normal();
  return {kernel, theta, rows({{0.4, 0.9}, {0.8, 0.6}}), vector{{0.2, -0.7}}, rows({{0.3, 0.3}, {0.6, 0.1}}), normals};
}

} // namespace

TEST_CASE("gp ensemble: means by their weights, variances by the squares of these") {
  const vector x{{0.5, 0.5}};
  const auto a = low().at(x);
  const auto b = high().at(x);
  const auto known = rows({{0.1, 0.2}, {0.8, 0.6}});
  const gp_ensemble both({{low(), 0.3}, {high(), 0.7}}, known);

  const auto mean_at = [](const vector& p) { return 0.3 * low().at(p).mean + 0.7 * high().at(p).mean; };
  const double best = std::max(mean_at(vector{{0.1, 0.2}}), mean_at(vector{{0.8, 0.6}}));
  CHECK(both.best().size() == 1);
  CHECK(both.best()[0] == doctest::Approx(best).epsilon(1e-12));
  const double deviation = std::sqrt(0.09 * a.variance + 0.49 * b.variance);
  CHECK(both.log_improvement(points(x.transpose()))[0] ==
        doctest::Approx(log_expected_improvement(0.3 * a.mean + 0.7 * b.mean, deviation, best).value).epsilon(1e-12));
}

TEST_CASE("gp ensemble: of one member alone it is that one's") {
  const auto x = rows({{0.5, 0.5}, {0.2, 0.7}});
  const auto alone = low();
  const gp_ensemble one({{low(), 1.0}}, rows({{0.1, 0.2}, {0.4, 0.9}, {0.9, 0.3}}));

  // With noise a model improves on the best of its means, too.
  CHECK(one.best()[0] == doctest::Approx(alone.best()[0]).epsilon(1e-12));
  CHECK(one.log_improvement(x)[0] == doctest::Approx(alone.log_improvement(x)[0]).epsilon(1e-12));
  CHECK(one.log_improvement(x)[1] == doctest::Approx(alone.log_improvement(x)[1]).epsilon(1e-12));
}

TEST_CASE("gp ensemble: one point or many at once, and every slope is its difference") {
  const auto known = rows({{0.1, 0.2}, {0.8, 0.6}, {0.3, 0.3}});
  const gp_ensemble plain({{low(), 0.4}, {high(), 0.6}}, known);
  const gp_ensemble mixed({{imagining(16), 0.35}, {low(), 0.65}}, known);
  CHECK(plain.best().size() == 1);
  CHECK(mixed.best().size() == 16);

  const vector x{{0.25, 0.6}};
  for (const auto* each : {&plain, &mixed}) {
    vector slopes;
    CHECK(each->log_improvement(x, slopes) ==
          doctest::Approx(each->log_improvement(points(x.transpose()))[0]).epsilon(1e-9));
    for (const Eigen::Index i : {0, 1}) {
      auto more = x;
      auto less = x;
      more[i] += 1e-6;
      less[i] -= 1e-6;
      vector unused;
      const double difference = (each->log_improvement(more, unused) - each->log_improvement(less, unused)) / 2e-6;
      CHECK(slopes[i] == doctest::Approx(difference).epsilon(1e-5));
    }
  }
}

TEST_CASE("gp ensemble: where a trial is pending at one of them less improvement is expected") {
  const auto at = rows({{0.3, 0.3}});
  const auto known = rows({{0.1, 0.2}, {0.8, 0.6}});
  const gp_ensemble before({{high(), 0.5}, {low(), 0.5}}, known);
  const gp_ensemble pending({{imagining(16), 0.5}, {low(), 0.5}}, known);

  CHECK(pending.log_improvement(at)[0] < before.log_improvement(at)[0]);
}
