#include "tune/searcher/rung_weights.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"

using namespace tune;

namespace {

using vector = Eigen::VectorXd;

rung_opinion sure(std::initializer_list<double> means) {
  rung_opinion made;
  made.means = Eigen::Map<const vector>(means.begin(), static_cast<Eigen::Index>(means.size()));
  made.deviations = vector::Zero(made.means.size());
  return made;
}

const vector one_two_three{{1.0, 2.0, 3.0}};

std::vector<double> shares(const std::vector<rung_opinion>& opinions, const vector& targets = one_two_three) {
  return shares_of_best_order(opinions, targets, chance(1, "test", 1), 100);
}

/// Of a rung on a line: so many results evenly, and what each was.
template <class Loss>
rung_results rung_on_a_line(const gp_kernel& kernel, int count, Loss loss, double length = 0.3) {
  rung_results made;
  for (int i = 0; i < count; ++i) {
    gp_observations::observation one;
    one.which = static_cast<std::uint64_t>(i);
    const double x = (i + 0.5) / count;
    one.units = {x};
    one.point = vector::Constant(1, x);
    one.how = {gp_observations::standing::kind::valued, loss(x)};
    made.results.push_back(std::make_shared<gp_observations::observation>(std::move(one)));
  }
  made.parameters = vector::Zero(kernel.parameters());
  made.parameters[0] = std::log(length);
  made.parameters[kernel.noise()] = std::log(1e-3);
  return made;
}

bool are_near(const std::vector<double>& found, const std::vector<double>& wanted) {
  return std::equal(found.begin(), found.end(), wanted.begin(), wanted.end(),
                    [](double a, double b) { return std::abs(a - b) < 1e-9; });
}

double sum(const std::vector<double>& all) {
  return std::accumulate(all.begin(), all.end(), 0.0);
}

} // namespace

TEST_CASE("rung weights: whose order has the fewest pairs the wrong way round gets the draw") {
  const auto right = sure({10, 20, 30});
  const auto one_wrong = sure({10, 30, 20});
  const auto two_wrong = sure({20, 30, 10});
  const auto all_wrong = sure({3, 2, 1});

  CHECK(are_near(shares({all_wrong, right}), {0, 1}));
  CHECK(are_near(shares({two_wrong, one_wrong, all_wrong}), {0, 1, 0}));
  CHECK(are_near(shares({two_wrong, all_wrong}), {1, 0}));
}

TEST_CASE("rung weights: of equal ones it is the lowest rung, which costs least") {
  CHECK(are_near(shares({sure({1, 3, 2}), sure({2, 1, 3})}), {1, 0}));
  CHECK(are_near(shares({sure({1, 2, 3}), sure({5, 6, 7})}), {1, 0}));
}

TEST_CASE("rung weights: pairs of equal targets do not count, whatever is thought of them") {
  const vector plateau{{1.0, 1.0, 1.0, 2.0}};

  CHECK(are_near(shares({sure({3, 2, 1, 0}), sure({3, 1, 2, 9})}, plateau), {0, 1}));
  CHECK(are_near(shares({sure({3, 2, 1, 9}), sure({1, 2, 3, 9})}, plateau), {1, 0}));
  CHECK(are_near(shares({sure({1}), sure({2})}, vector{{0.5}}), {1, 0})); // No pair at all.
}

TEST_CASE("rung weights: who is unsure is right as often as its draws are") {
  // Right in half of the draws, and wrong like the other one in the rest, which goes to the first.
  rung_opinion unsure{vector{{1.0, 1.0}}, vector{{1.0, 1.0}}};
  const auto wrong = sure({2, 1});
  const vector targets{{1.0, 2.0}};

  const auto found = shares_of_best_order({wrong, unsure}, targets, chance(3, "test", 1), 2'000);

  CHECK(found[1] == doctest::Approx(0.5).epsilon(0.06));
  CHECK(sum(found) == doctest::Approx(1));
}

TEST_CASE(
  "rung weights: many short trials whose order is right are believed, and none where it is the other way round") {
  const gp_kernel kernel({0});
  const auto truth = [](double x) { return std::sin(9 * x); };
  const auto top = rung_on_a_line(kernel, 6, truth);

  for_each_seed(5, [&](seed s) {
    const auto low = rung_on_a_line(kernel, 40, truth);
    const auto believed = rung_weights(kernel, {low, top}, chance(s, "test", 1));
    CHECK(believed[0] > 0.9);
    CHECK(sum(believed) == doctest::Approx(1));

    const auto misleading = rung_on_a_line(kernel, 40, [&](double x) { return -truth(x); });
    CHECK(rung_weights(kernel, {misleading, top}, chance(s, "test", 1))[0] == 0);
    CHECK(rung_weights(kernel, {misleading, low, top}, chance(s, "test", 1))[1] > 0.9);
  });
}

TEST_CASE("rung weights: a model is not asked about results that it has learned from") {
  // By its own results it would be right in all pairs, without having understood any of them.
  const gp_kernel kernel({0});
  const auto noise = [](double x) { return std::fmod(x * 7919.37, 1.0); };
  const auto top = rung_on_a_line(kernel, 12, noise, 0.02);
  const auto nearly = rung_on_a_line(
    kernel, 12, [&](double x) { return noise(x) + (x > 0.9 ? 0.3 : 0); }, 0.02);

  CHECK(rung_weights(kernel, {nearly, top}, chance(1, "test", 1))[0] > 0.9);
}

TEST_CASE("rung weights: one rung, few results, and none that differ or is a number") {
  const gp_kernel kernel({0});
  const auto flat = rung_on_a_line(kernel, 6, [](double) { return 1.0; });
  auto failed = rung_on_a_line(kernel, 6, [](double) { return 1.0; });
  for (auto& each : failed.results) {
    auto one = *each;
    one.how = {};
    each = std::make_shared<gp_observations::observation>(one);
  }
  const auto single = rung_on_a_line(kernel, 1, [](double x) { return x; });

  CHECK(rung_weights(kernel, {flat}, chance(1, "test", 1)) == std::vector<double>{1});
  for (const auto& top : {flat, failed, single})
    CHECK(are_near(rung_weights(kernel, {flat, top}, chance(1, "test", 1)), {1, 0}));
}

TEST_CASE("rung weights: the same again from the same seed, and of many results the newest are looked at") {
  const gp_kernel kernel({0});
  const auto low = rung_on_a_line(kernel, 150, [](double x) { return x; });
  // The newest hundred of 150 lie above 1/3: there both are one, below it they are not.
  const auto top = rung_on_a_line(kernel, 150, [](double x) { return x < 1 / 3.0 ? -x : x; });

  const auto found = rung_weights(kernel, {low, top}, chance(4, "test", 1));

  CHECK(found == rung_weights(kernel, {low, top}, chance(4, "test", 1)));
  CHECK(found != rung_weights(kernel, {low, top}, chance(5, "test", 1)));
}
