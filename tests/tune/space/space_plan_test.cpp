#include "tune/space/space_plan.hpp"

#include <string>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/space/domain_values.hpp"
#include "tune/space/finite_points.hpp"

using namespace tune;

namespace {

search_space two_models() {
  return {
    {"model", choice({"mlp", "tree"})},
    {"layers", integer(1, 3).when("model", "mlp")},
    {"width2", choice({16, 32}).when("layers", {2, 3})},
    {"depth", ordinal({1, 2, 4}).when("model", "tree")},
  };
}

std::vector<std::size_t> all_axes(const space_plan& plan) {
  std::vector<std::size_t> axes(plan.size());
  for (std::size_t i = 0; i < axes.size(); ++i)
    axes[i] = i;
  return axes;
}

std::vector<config> points_of(const space_plan& plan) {
  const auto points = finite_points::of(plan, all_axes(plan)).value();
  std::vector<config> all;
  chance none(0, "", 0);
  for (auto rank = points.at_or_after(0); rank; rank = points.at_or_after(*rank + 1)) {
    all.push_back(or_throw(plan.complete(std::vector<double>(plan.size()), points.values_at(*rank), none)));
    CHECK(points.rank_of(all.back()) == *rank);
  }
  return all;
}

} // namespace

TEST_CASE("space plan: only what is active is drawn, and in the order of the space") {
  const space_plan plan(two_models());
  for_each_seed(200, [&](seed s) {
    const auto drawn = or_throw(plan.draw({}, chance(s, "test", 1), 0));

    const bool is_mlp = drawn.get<std::string>("model") == "mlp";
    CHECK(drawn.contains("layers") == is_mlp);
    CHECK(drawn.contains("depth") == !is_mlp);
    CHECK(drawn.contains("width2") == (is_mlp && drawn.get<int>("layers") >= 2));
    CHECK(drawn.begin()->first == "model");
  });
}

TEST_CASE("space plan: what is fixed stays, and decides what else is there") {
  const space_plan plan(two_models());
  space_plan::values fixed(4);
  fixed[0] = value("mlp");
  fixed[1] = value(1);
  const auto drawn = or_throw(plan.draw(fixed, chance(1, "test", 1), 0));
  CHECK(drawn == config{{"model", "mlp"}, {"layers", 1}});

  fixed[3] = value(4);
  CHECK(plan.draw(fixed, chance(1, "test", 1), 0).error().message == "\"depth\" is not active in it");
}

TEST_CASE("space plan: a function sees what was chosen before it, and draws from the trial's own chance") {
  const search_space space = {
    {"low", integer(1, 5)},
    {"high", sample_from(
               [](const config& chosen, chance& random) { return value(random.integer(chosen.get<int>("low"), 5)); })},
  };
  const space_plan plan(space);
  for_each_seed(50, [&](seed s) {
    const auto drawn = or_throw(plan.draw({}, chance(s, "test", 1), 0));
    CHECK(drawn.get<int>("high") >= drawn.get<int>("low"));
    CHECK(drawn == or_throw(plan.draw({}, chance(s, "test", 1), 0)));
  });
}

TEST_CASE("space plan: draws hold the constraints, or say which does not hold") {
  search_space space = {{"a", integer(1, 10)}, {"b", integer(1, 10)}};
  space.require("a*b < 20", [](const config& c) { return c.get<int>("a") * c.get<int>("b") < 20; });
  const space_plan plan(space);
  for_each_seed(50, [&](seed s) {
    const auto drawn = or_throw(plan.first_draw({}, chance(s, "test", 1), 1'000));
    CHECK(drawn.get<int>("a") * drawn.get<int>("b") < 20);
  });

  space_plan::values fixed(2);
  fixed[0] = value(10);
  fixed[1] = value(10);
  CHECK(plan.first_draw(fixed, chance(1, "test", 1), 10).error().message == "\"a*b < 20\" does not hold");
}

TEST_CASE("finite points: each point of a conditional space once, in order") {
  const auto all = points_of(space_plan(two_models()));

  REQUIRE(all.size() == 8);
  CHECK(all[0] == config{{"model", "mlp"}, {"layers", 1}});
  CHECK(all[1] == config{{"model", "mlp"}, {"layers", 2}, {"width2", 16}});
  CHECK(all[4] == config{{"model", "mlp"}, {"layers", 3}, {"width2", 32}});
  CHECK(all[5] == config{{"model", "tree"}, {"depth", 1}});
  CHECK(all[7] == config{{"model", "tree"}, {"depth", 4}});
}

TEST_CASE("finite points: the last axis is the fastest; a constant under a condition is no axis of its own") {
  const auto all = points_of(space_plan({{"a", choice({1, 2})},
                                         {"k", domain(7).when("a", 2)},
                                         {"b", choice({true, false})},
                                         {"c", choice({1}).when("k", 7)}}));

  REQUIRE(all.size() == 4);
  CHECK(all[0] == config{{"a", 1}, {"b", true}});
  CHECK(all[1] == config{{"a", 1}, {"b", false}});
  CHECK(all[2] == config{{"a", 2}, {"k", 7}, {"b", true}, {"c", 1}});
}

TEST_CASE("finite points: conditions that skip most ranks are skipped at once") {
  search_space space = {{"on", choice({false, true})}};
  for (int i = 0; i < 6; ++i)
    space.add("x" + std::to_string(i), integer(1, 1000).when("on", true));
  const space_plan plan(space);
  const auto points = finite_points::of(plan, all_axes(plan)).value();

  CHECK(points.at_or_after(0) == 0);
  CHECK(points.at_or_after(1) == 1'000'000'000'000'000'000u); // on = true, all others at their first.
  CHECK(points.at_or_after(points.ranks()) == std::nullopt);
}

TEST_CASE("finite points: more of them than can be counted are none") {
  search_space space;
  for (int i = 0; i < 7; ++i)
    space.add("x" + std::to_string(i), integer(1, 1000));
  const space_plan plan(space);

  CHECK_FALSE(finite_points::of(plan, all_axes(plan)));
  CHECK(finite_points::of(plan, {0, 1}).value().ranks() == 1'000'000);
}

TEST_CASE("finite points: a configuration of other values, or in another order") {
  const space_plan plan({{"a", choice({1, 2})}, {"b", choice({"x", "y"})}});
  const auto points = finite_points::of(plan, {0, 1}).value();

  CHECK(points.rank_of(config{{"a", 2}, {"b", "y"}}) == 3);
  CHECK(points.rank_of(config{{"b", "y"}, {"a", 2}}) == 3);
  CHECK(points.rank_of(config{{"a", 3}, {"b", "y"}}) == std::nullopt);
  CHECK(points.rank_of(config{{"b", "y"}}) == 1);
}

TEST_CASE("domain values: what fits, and why the rest does not") {
  const auto why = [](const domain& x, const value& what) {
    const auto fits = fitted(x, what);
    return fits ? "fits as " + to_json(*fits) : fits.error().message;
  };
  CHECK(why(uniform(0, 1), 1) == "fits as 1.0");
  CHECK(why(uniform(0, 1), 1.5) == "1.5 is above high 1");
  CHECK(why(uniform(0, 1), -1) == "-1 is below low 0");
  CHECK(why(uniform(0, 1), "x") == "\"x\" is not a number");
  CHECK(why(quniform(0, 1, 0.25), 0.3) == "0.3 is not 0 + i * 0.25; the nearest is 0.25");
  CHECK(why(quniform(0, 0.9, 0.3), 0.3 + 0.3 + 0.3) == "fits as 0.9");
  CHECK(why(integer(1, 9, 2), 4) == "4 is not 1 + i * 2; the next below is 3");
  CHECK(why(integer(1, 9), 4.0) == "4.0 is not an integer");
  CHECK(why(normal(0, 1), 100) == "fits as 100.0");
  CHECK(why(qnormal(0, 1, 0.5), 0.7) == "0.7 is not a multiple of 0.5; the nearest is 0.5");
  CHECK(why(choice({"a", 1.0}), 1) == "fits as 1.0");
  CHECK(why(choice({"a", "b"}), "c") == "\"c\" is not one of \"a\", \"b\"");
  CHECK(why(domain(7), 8) == "8 is not one of 7");
  CHECK(why(sample_from([](const config&, chance&) { return value(); }), "any") == "fits as \"any\"");
}
