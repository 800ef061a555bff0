#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/searcher/point_queue.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"
#include "tune/space/domain_values.hpp"
#include "tune/space/space_plan.hpp"

using namespace tune;

namespace {

search_space mixed(bool finite) {
  search_space space = {
    {"optimizer", choice({"sgd", "adam"})},
    {"layers", integer(1, 4)},
    {"width", log_integer(16, 256, 16)},
    {"momentum", quniform(0, 0.9, 0.3).when("optimizer", "sgd")},
    {"deep", ordinal({1, 2, 4}).when("layers", {3, 4}).when("optimizer", "adam")},
    {"fixed", "x"},
  };
  if (!finite) {
    space.add("lr", log_uniform(1e-5, 1));
    space.add("noise", normal(0, 1).when("layers", 1));
    space.add("late", sample_from("late", [](const config& c, chance& random) {
                return value(random.between(0, c.get<double>("lr")));
              }));
  }
  space.require("width*layers <= 512",
                [](const config& c) { return c.get<int>("width") * c.get<int>("layers") <= 512; });
  return space;
}

search_space crossed() {
  return {{"a", grid({1, 2, 3})}, {"lr", uniform(0, 1)}, {"b", grid({"x", "y"})}, {"c", grid({5, 6}).when("b", "y")}};
}

search_space nothing_but_constants() {
  return {{"a", 1}, {"b", "x"}};
}

search_space wide() {
  search_space space;
  for (int i = 0; i < 100; ++i)
    space.add("x" + std::to_string(i), uniform(0, 1));
  return space;
}

struct case_ {
  const char* searcher;
  search_space space;
};

std::vector<case_> all_cases() {
  return {
    {"random", mixed(false)},
    {"random", mixed(true)},
    {"random", crossed()},
    {"random", nothing_but_constants()},
    {"random", wide()},
    {"random", search_space()},
    {"random", {{"x", 1.5}}},
    {"sobol", mixed(false)},
    {"sobol", mixed(true)},
    {"sobol", crossed()},
    {"sobol", wide()},
    {"sobol", {{"x", uniform(0, 1)}}},
    {"sobol", search_space()},
    {"halton", mixed(false)},
    {"halton", mixed(true)},
    {"halton", crossed()},
    {"halton", wide()},
    {"halton", search_space()},
    {"latin_hypercube", mixed(false)},
    {"latin_hypercube", mixed(true)},
    {"latin_hypercube", crossed()},
    {"latin_hypercube", wide()},
    {"latin_hypercube", search_space()},
    {"auto", crossed()},
    {"auto", nothing_but_constants()},
    {"auto", search_space()},
    {"grid", mixed(true)},
    {"grid", {{"x", integer(1, 5)}}},
    {"grid", search_space()},
  };
}

std::unique_ptr<searcher> made(const case_& c, std::uint64_t seed, std::uint64_t samples = 2) {
  const auto which = or_throw(searcher_named(c.searcher));
  REQUIRE(mistakes_of(c.space).empty());
  REQUIRE(which.mistakes(c.space).empty());
  return which.make({c.space, seed, samples, 0});
}

/// Whether each value lies in its domain, exactly the active ones are there, and the constraints hold.
void check_lies_in(const search_space& space, const config& values) {
  const space_plan plan(space);
  space_plan::values fixed(plan.size());
  for (const auto& [name, x] : values) {
    const auto place = plan.place_of(name);
    REQUIRE(place);
    const auto fits = fitted(plan.at(*place).what, x);
    REQUIRE(fits);
    REQUIRE(*fits == x);
    fixed[*place] = x;
  }
  chance none(0, "", 0);
  const auto again = plan.complete(std::vector<double>(plan.size(), 0.5), fixed, none);
  REQUIRE(again);
  REQUIRE(*again == values);
  REQUIRE(plan.check(values));
}

std::vector<trial_id> trials(std::uint64_t first, std::uint64_t count) {
  std::vector<trial_id> all;
  for (std::uint64_t i = 0; i < count; ++i)
    all.push_back(trial_id{first + i});
  return all;
}

/// A whole search, one ask after the other in batches of this size.
std::vector<config> run(searcher& search, std::uint64_t most, std::uint64_t batch) {
  std::vector<config> found;
  for (std::uint64_t next = 1; next <= most;) {
    const auto answer = search.ask(trials(next, std::min(batch, most + 1 - next)));
    for (const auto& each : answer.proposals) {
      REQUIRE(each.trial.value == next++);
      search.on_created(each.trial, each.values);
      found.push_back(each.values);
    }
    if (answer.how != ask_outcome::proposed) {
      CHECK_FALSE(answer.reason.empty());
      break;
    }
  }
  return found;
}

} // namespace

TEST_CASE("searchers: every proposal lies in the space") {
  for_each_seed(5, [](seed s) {
    for (const auto& c : all_cases()) {
      INFO(c.searcher, " ", to_json(c.space));
      const auto search = made(c, s);
      for (const auto& each : run(*search, 60, 7))
        check_lies_in(c.space, each);
    }
  });
}

TEST_CASE("searchers: the same seed and events give the same proposals, whatever the batches (I6)") {
  for_each_seed(5, [](seed s) {
    for (const auto& c : all_cases()) {
      INFO(c.searcher, " ", to_json(c.space));
      const auto one_by_one = run(*made(c, s), 40, 1);
      CHECK(run(*made(c, s), 40, 40) == one_by_one);
      CHECK(run(*made(c, s), 40, 3) == one_by_one);
    }
  });
}

TEST_CASE("searchers: killed and replayed at any point, the next proposal is the same") {
  for (const auto& c : all_cases()) {
    INFO(c.searcher, " ", to_json(c.space));
    const auto all = run(*made(c, 3), 25, 1);
    for (std::size_t killed_after = 0; killed_after < all.size(); killed_after += 4) {
      const auto again = made(c, 3);
      for (std::size_t i = 0; i < killed_after; ++i) {
        again->on_created(trial_id{i + 1}, all[i]);
        again->on_report(trial_id{i + 1}, 1, {0.5});
        again->on_end(trial_id{i + 1}, trial_outcome::completed, {0.5});
      }
      const auto next = again->ask({trial_id{killed_after + 1}});
      REQUIRE(next.proposals.size() == 1);
      REQUIRE(next.proposals.front().values == all[killed_after]);
    }
  }
}

TEST_CASE("searchers: an ask that comes to nothing changes nothing") {
  for (const auto& c : all_cases()) {
    const auto asked_twice = made(c, 4);
    static_cast<void>(asked_twice->ask(trials(1, 10)));
    CHECK(run(*asked_twice, 20, 5) == run(*made(c, 4), 20, 5));
  }
}

TEST_CASE("searchers: another seed, another search") {
  for (const auto* name : {"random", "sobol", "halton", "latin_hypercube"})
    CHECK(run(*made({name, mixed(false)}, 1), 10, 1) != run(*made({name, mixed(false)}, 2), 10, 1));
}

TEST_CASE("searchers: a finite space is proposed whole, each point once, and then exhausted") {
  const auto whole = run(*made({"grid", mixed(true)}, 1, 1), 10'000, 10);
  std::set<std::string> points;
  for (const auto& each : whole)
    points.insert(to_json(each));
  REQUIRE(points.size() == whole.size());
  REQUIRE(whole.size() > 100);
  for (const auto* name : {"random", "sobol", "halton", "latin_hypercube"}) {
    const auto found = run(*made({name, mixed(true)}, 1), 10'000, 10);
    std::set<std::string> again;
    for (const auto& each : found)
      again.insert(to_json(each));
    CHECK(found.size() == whole.size());
    CHECK(again == points);
  }
}

TEST_CASE("searchers: with repeat a finite space has no end") {
  const auto which = or_throw(searcher_named("random", R"({"repeat": true})"));
  CHECK(run(*which.make({{{"x", choice({1, 2})}}, 1, 1, 0}), 20, 3).size() == 20);
}

TEST_CASE("searchers: without anything to choose the configuration is proposed as often as is asked") {
  for (const auto* name : {"random", "sobol", "halton", "latin_hypercube"})
    CHECK(run(*made({name, nothing_but_constants()}, 1), 20, 3).size() == 20);
}

TEST_CASE("searchers: ten thousand trials with failed, NaN and equal results") {
  for (const auto* name : {"random", "sobol", "halton", "latin_hypercube"}) {
    const auto search = made({name, mixed(false)}, 1);
    for (std::uint64_t i = 1; i <= 10'000; ++i) {
      const auto answer = search->ask({trial_id{i}});
      REQUIRE(answer.proposals.size() == 1);
      search->on_created(trial_id{i}, answer.proposals.front().values);
      search->on_report(trial_id{i}, 1, {std::nan("")});
      search->on_end(trial_id{i}, i % 2 == 0 ? trial_outcome::failed : trial_outcome::completed, {1.0});
    }
  }
}
