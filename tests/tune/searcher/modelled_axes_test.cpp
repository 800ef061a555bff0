#include "tune/searcher/modelled_axes.hpp"

#include <doctest/doctest.h>

using namespace tune;

namespace {

const search_space space = {
  {"kind", choice({"a", "b"})},
  {"constant", 7},
  {"one", integer(3, 3)},
  {"x", uniform(0, 10).when("kind", "a")},
  {"n", integer(1, 4)},
  {"late", sample_from("late", [](const config&, chance& random) { return value(random.unit()); })},
};

} // namespace

TEST_CASE("modelled axes: what there is to choose, and nothing else") {
  const space_plan plan(space);
  const modelled_axes axes(plan);
  REQUIRE(axes.size() == 3);
  CHECK(axes.at(0).is() == unit_axis::kind::choices);
  CHECK(axes.at(1).is() == unit_axis::kind::number);
  CHECK(axes.at(2).count() == 4);
}

TEST_CASE("modelled axes: numbers to a configuration and back; what is not there keeps its number") {
  const space_plan plan(space);
  const modelled_axes axes(plan);
  const chance random(1, "trial", 1);

  const auto with = axes.config_at({0.25, 0.7, 0.9}, random);
  REQUIRE(with);
  CHECK(with->get<std::string>("kind") == "a");
  CHECK(with->get<double>("x") == doctest::Approx(7));
  CHECK(with->get<int>("n") == 4);
  CHECK(with->get<int>("constant") == 7);
  CHECK(*with == *axes.config_at({0.25, 0.7, 0.9}, random));

  std::vector<double> numbers = {0, 0.3, 0};
  CHECK(axes.read(*with, numbers) == 3);
  CHECK(numbers[0] == 0.25);
  CHECK(numbers[1] == doctest::Approx(0.7));
  CHECK(numbers[2] == 0.875);
  const auto without = axes.config_at({0.75, 0.7, 0.1}, random);
  REQUIRE(without);
  CHECK_FALSE(without->contains("x"));
  numbers[1] = 0.3;
  CHECK(axes.read(*without, numbers) == 2);
  CHECK(numbers == std::vector<double>{0.75, 0.3, 0.125});
}

TEST_CASE("modelled axes: who crosses no grids says so, with all places") {
  CHECK(mistakes_of_crossed("de", {{"a", grid({1, 2})}, {"x", uniform(0, 1)}, {"b", grid({1, 2})}}) ==
        std::vector<std::string>{"space: \"a\": searcher de crosses no grids; use choice or ordinal",
                                 "space: \"b\": searcher de crosses no grids; use choice or ordinal"});
}
