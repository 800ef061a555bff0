#include "bench/search/known_functions.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "bench/search/vector_functions.hpp"
#include "tune/space/space_plan.hpp"
#include "tune/space/unit_encoding.hpp"

using namespace bench;
using namespace tune;

namespace {

/// The best, with one or all of its numbers moved a little; choices stay.
config near_best(const known_function& f, const space_plan& plan, chance& random) {
  config moved = f.best;
  const double far = std::pow(10, -random.between(1, 6));
  const auto only = random.below(plan.size());
  const bool is_all = random.happens(0.5);
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const auto* x = moved.find(plan.at(i).name);
    if (x != nullptr && x->is_number() && (is_all || i == only))
      moved.set(plan.at(i).name, from_unit(plan.at(i).what, to_unit(plan.at(i).what, *x) + random.between(-far, far)));
  }
  return moved;
}

} // namespace

TEST_CASE("known functions: they have their least value where they say, and nowhere a lesser one") {
  for (const auto& f : known_functions()) {
    INFO(f.name);
    REQUIRE(mistakes_of(f.space).empty());
    const space_plan plan(f.space);
    CHECK(f.loss(f.best) == doctest::Approx(f.least).epsilon(1e-9));
    chance random(0, "points", 0);
    for (std::uint64_t i = 0; i < 1000; ++i) {
      const auto any = or_throw(plan.draw({}, chance(0, "any", i), 0));
      REQUIRE(f.loss(any) >= f.least - 1e-9);
      REQUIRE(f.loss(near_best(f, plan, random)) >= f.least - 1e-9);
    }
  }
}

TEST_CASE("known functions: names are unique and found") {
  std::set<std::string> names;
  for (const auto& f : known_functions()) {
    CHECK(names.insert(f.name).second);
    CHECK(find_function(f.name) == &f);
  }
  CHECK(find_function("ackley") == nullptr);
}

TEST_CASE("known functions: values that are in the literature") {
  const auto at = [](const char* name, const config& values) { return find_function(name)->loss(values); };

  CHECK(at("branin", {{"x0", -std::acos(-1.0)}, {"x1", 12.275}}) == doctest::Approx(0.397887).epsilon(1e-5));
  CHECK(at("branin", {{"x0", 9.42478}, {"x1", 2.475}}) == doctest::Approx(0.397887).epsilon(1e-5));
  CHECK(at("six_hump_camel", {{"x0", -0.0898}, {"x1", 0.7126}}) == doctest::Approx(-1.0316).epsilon(1e-4));
  CHECK(find_function("hartmann_6")->least == doctest::Approx(-3.32237).epsilon(1e-5));
  for (const auto& f : vector_functions()) {
    const std::vector<double> zero(5, 0.0);
    CHECK(f.loss(zero) == doctest::Approx(0).epsilon(1e-12));
    if (f.name == "rosenbrock")
      CHECK(f.loss({-1, -1, -1}) == 2); // At 0, counted from 1.
    if (f.name == "rastrigin")
      CHECK(f.loss({1, 0}) == doctest::Approx(1));
    if (f.name == "ellipsoid")
      CHECK(f.loss({1, 1}) == 1 + 1e6);
  }
}

TEST_CASE("known functions: rotations are orthogonal") {
  const auto rows = rotation("ellipsoid", 10);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < rows.size(); ++k)
        product += rows[i][k] * rows[j][k];
      CHECK(product == doctest::Approx(i == j ? 1 : 0).epsilon(1e-12));
    }
}

TEST_CASE("known functions: noise is the trial's own, and of the size that is said") {
  const auto* noisy = find_function("noisy_sphere_5");
  REQUIRE(noisy != nullptr);
  CHECK(observed_loss(*noisy, 1, 7, 3) == observed_loss(*noisy, 1, 7, 3));
  CHECK(observed_loss(*noisy, 1, 7, 3) != observed_loss(*noisy, 1, 7, 4));
  CHECK(observed_loss(*find_function("sphere_5"), 1, 7, 3) == 1);
  double squares = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i)
    squares += std::pow(observed_loss(*noisy, 0, 1, i), 2) / 10'000;
  CHECK(squares == doctest::Approx(4).epsilon(0.1));
}
