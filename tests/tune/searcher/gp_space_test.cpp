#include "tune/searcher/gp_space.hpp"

#include <doctest/doctest.h>

using namespace tune;

namespace {

const search_space mixed = {
  {"optimizer", choice({"sgd", "adam", "lamb"})},
  {"momentum", uniform(0, 1).when("optimizer", "sgd")},
  {"kind", choice({"a", "b"}).when("optimizer", "adam")},
  {"layers", integer(1, 4)},
  {"width", integer(1, 100)},
  {"fixed", "x"},
  {"late", sample_from("late", [](const config&, chance& random) { return value(random.unit()); })},
};

} // namespace

TEST_CASE("gp space: what has something to choose, and which of it is looked at one by one") {
  const space_plan plan(mixed);
  const gp_space space(plan);

  CHECK(space.dimensions() == 5);
  CHECK(space.choices() == std::vector<std::uint64_t>{3, 0, 2, 0, 0});
  CHECK(space.is_discrete(0));
  CHECK_FALSE(space.is_discrete(1));
  CHECK(space.is_discrete(3));
  CHECK_FALSE(space.is_discrete(4));
}

TEST_CASE("gp space: what is not active lies in the middle, or is the first choice") {
  const space_plan plan(mixed);
  const gp_space space(plan);
  const chance functions(1, "test", 1);
  const auto lamb = space.place_of({0.9, 0.1, 0.9, 0.3, 0.123}, nullptr, functions);

  REQUIRE(lamb);
  CHECK(lamb->point == Eigen::VectorXd{{2.0, 0.5, 0.0, 0.375, 0.125}});
  CHECK(lamb->active == std::vector<bool>{true, false, false, true, true});
  const auto adam = space.config_at({0.5, 0.1, 0.9, 0.3, 0.123}, nullptr, functions);
  REQUIRE(adam);
  CHECK(adam->get<std::string>("kind") == "b");
  CHECK_FALSE(adam->contains("momentum"));
  CHECK(space.place_of(*adam).point == Eigen::VectorXd{{1.0, 0.5, 1.0, 0.375, 0.125}});
  CHECK(space.units_of(*adam)[1] == 0.5);
}

TEST_CASE("gp space: what constraints or others forbid cannot be tried") {
  auto constrained = mixed;
  constrained.require("layers < 3", [](const config& c) { return c.get<int>("layers") < 3; });
  const space_plan plan(constrained);
  const gp_space space(plan);
  const chance functions(1, "test", 1);

  CHECK(space.place_of({0.9, 0.1, 0.9, 0.3, 0.1}, nullptr, functions));
  CHECK_FALSE(space.place_of({0.9, 0.1, 0.9, 0.6, 0.1}, nullptr, functions));
  CHECK_FALSE(space.place_of(
    {0.9, 0.1, 0.9, 0.3, 0.1}, [](const config&) { return false; }, functions));
}
