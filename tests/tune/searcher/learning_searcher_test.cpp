#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"
#include "tune/space/domain_values.hpp"
#include "tune/space/space_plan.hpp"
#include "tune/space/unit_encoding.hpp"

/// What must hold of every searcher that learns from results.
using namespace tune;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

search_space numbers() {
  return {{"x", uniform(-1, 1)}, {"lr", log_uniform(1e-5, 1)}, {"n", integer(1, 9)}};
}

search_space one_value_each() {
  return {{"x", uniform(2, 2)}, {"n", integer(3, 3)}, {"c", choice({"a"})}, {"k", 5}};
}

search_space wide() {
  search_space space;
  for (int i = 0; i < 100; ++i)
    space.add("x" + std::to_string(i), uniform(0, 1));
  return space;
}

search_space mixed() {
  search_space space = {
    {"optimizer", choice({"sgd", "adam"})},
    {"layers", integer(1, 4)},
    {"lr", log_uniform(1e-5, 1)},
    {"width", log_integer(16, 256, 16)},
    {"momentum", quniform(0, 0.9, 0.3).when("optimizer", "sgd")},
    {"nesterov", choice({true, false}).when("optimizer", "sgd")},
    {"damping", uniform(0, 1).when("nesterov", true)},
    {"deep", ordinal({1, 2, 4}).when("layers", {3, 4}).when("optimizer", "adam")},
    {"noise", qnormal(0, 1, 0.5).when("layers", 1)},
    {"fixed", "x"},
    {"late", sample_from(
               "late", [](const config& c, chance& random) { return value(random.between(0, c.get<double>("lr"))); })},
  };
  space.require("width*layers <= 512",
                [](const config& c) { return c.get<int>("width") * c.get<int>("layers") <= 512; });
  return space;
}

search_space finite() {
  return {{"a", choice({1, 2, 3})}, {"b", integer(1, 4)}, {"c", ordinal({"x", "y"}).when("a", 2)}};
}

constexpr const char* learning[] = {"auto", "bohb", "cma_es", "de", "dehb", "gp", "hyper_tune", "nsga2", "tpe"};

struct case_ {
  const char* searcher;
  search_space space;
  std::size_t objectives = 1;
};

std::unique_ptr<searcher> made(const case_& c, std::uint64_t seed) {
  const bool is_nsga2 = c.searcher == std::string("nsga2"); // Of few trials more than the first shall be learned.
  const auto which = or_throw(searcher_named(c.searcher, is_nsga2 ? R"({"population": 8})" : "{}"));
  REQUIRE(which.mistakes(c.space).empty());
  return which.make({c.space, seed, 1'000'000, 0, c.objectives});
}

std::vector<case_> all_cases() {
  std::vector<case_> all;
  for (const auto* name : learning) {
    for (const auto& space :
         std::vector<search_space>{numbers(), {{"x", uniform(0, 1)}}, mixed(), finite(), wide(), one_value_each(), {}})
      if (name != std::string("auto") || space.parameters().size() < 100) // Which takes long: its parts are enough.
        all.push_back({name, space});
    if (made({name, numbers()}, 1)->abilities().several_objectives)
      for (const auto& space : {numbers(), mixed(), finite()})
        all.push_back({name, space, 2});
  }
  return all;
}

/// Less is better towards this place of each parameter.
double distance_from(double place, const search_space& space, const config& values) {
  const space_plan plan(space);
  double sum = 0;
  for (const auto& each : plan.dimensions())
    if (const auto* x = values.find(each.name))
      sum += std::pow(to_unit(each.what, *x) - place, 2);
  return sum;
}

double loss_of(const search_space& space, const config& values) {
  return distance_from(0.33, space, values);
}

std::vector<double> losses_of(const case_& c, const config& values) {
  std::vector<double> all = {loss_of(c.space, values)};
  if (c.objectives > 1)
    all.push_back(distance_from(0.7, c.space, values));
  return all;
}

struct event {
  enum class kind { created, reported, paused, ended } what;
  trial_id trial;
  config values = {};
  trial_outcome how = trial_outcome::completed;
  std::vector<double> losses = {};
  iteration_number iteration = 1;
};

void tell(searcher& to, const event& e) {
  switch (e.what) {
  case event::kind::created: return to.on_created(e.trial, e.values);
  case event::kind::reported: return to.on_report(e.trial, e.iteration, e.losses);
  case event::kind::paused: return to.on_paused(e.trial);
  case event::kind::ended: return to.on_end(e.trial, e.how, e.losses);
  }
}

/// Some of all that can happen to a trial.
event end_of(trial_id trial, const std::vector<double>& losses, chance random) {
  const auto ended = [&](trial_outcome how, std::vector<double> with) {
    return event{event::kind::ended, trial, {}, how, std::move(with)};
  };
  const auto last_is = [&](double x) {
    auto spoiled = losses;
    spoiled.back() = x;
    return spoiled;
  };
  switch (random.below(12)) {
  case 0: return ended(trial_outcome::failed, {});
  case 1: return ended(trial_outcome::ignored, losses);
  case 2: return ended(trial_outcome::completed, last_is(not_a_number));
  case 3: return ended(trial_outcome::stopped, random.happens(0.5) ? losses : last_is(not_a_number));
  case 4: return ended(trial_outcome::completed, last_is(random.happens(0.5) ? infinite : -infinite));
  case 5: return ended(trial_outcome::stopped, {});
  default: return ended(trial_outcome::completed, losses);
  }
}

/// A whole search with so many trials pending, of which any may end first. What was proposed, and every event.
struct search_run {
  std::vector<config> proposed;
  std::vector<event> events;
  std::vector<std::size_t> events_before; ///< Each proposal.
};

search_run run(const case_& c, std::uint64_t seed, std::uint64_t most, std::size_t pending) {
  search_run done;
  const auto search = made(c, seed);
  chance random(seed, "run", 0);
  const auto happens = [&](event e) {
    tell(*search, e);
    done.events.push_back(std::move(e));
  };
  std::vector<std::pair<trial_id, std::vector<double>>> live;
  for (std::uint64_t next = 1; next <= most; ++next) {
    done.events_before.push_back(done.events.size());
    const auto answer = search->ask({trial_id{next}});
    if (answer.proposals.empty()) {
      CHECK(answer.how == ask_outcome::exhausted);
      break;
    }
    const auto& values = answer.proposals.front().values;
    done.proposed.push_back(values);
    happens({event::kind::created, trial_id{next}, values});
    live.emplace_back(trial_id{next}, losses_of(c, values));
    while (live.size() >= pending) {
      const auto which = static_cast<std::ptrdiff_t>(random.below(live.size()));
      const auto [trial, losses] = live[static_cast<std::size_t>(which)];
      live.erase(live.begin() + which);
      happens({event::kind::reported, trial, {}, {}, losses});
      happens(end_of(trial, losses, chance(seed, "end", trial.value)));
    }
  }
  return done;
}

/// The same under a scheduler that stops some trials early and has others wait, of which some go on.
search_run run_with_rungs(const case_& c, std::uint64_t seed, std::uint64_t most) {
  search_run done;
  const auto search = made(c, seed);
  const auto happens = [&](event e) {
    tell(*search, e);
    done.events.push_back(std::move(e));
  };
  std::map<trial_id, std::vector<double>> waiting;
  for (std::uint64_t next = 1; next <= most; ++next) {
    const trial_id trial{next};
    done.events_before.push_back(done.events.size());
    done.proposed.push_back(search->ask({trial}).proposals.at(0).values);
    const auto losses = losses_of(c, done.proposed.back());
    happens({event::kind::created, trial, done.proposed.back()});
    chance random(seed, "rungs", next);
    const auto reports = 1 + random.below(4);
    iteration_number iteration = 1;
    for (std::uint64_t i = 0; i < reports; ++i, iteration *= 3)
      happens({event::kind::reported, trial, {}, {}, losses, iteration});
    if (random.happens(0.4)) {
      happens({event::kind::paused, trial});
      waiting[trial] = losses;
    } else
      happens(end_of(trial, losses, chance(seed, "end", next)));
    if (!waiting.empty() && random.happens(0.3)) {
      const auto [again, its_losses] = *waiting.begin();
      waiting.erase(waiting.begin());
      happens({event::kind::reported, again, {}, {}, its_losses, 81});
      happens(end_of(again, its_losses, chance(seed, "end", again.value)));
    }
  }
  return done;
}

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

} // namespace

TEST_CASE("learning searchers: every proposal lies in the space, whatever happens to trials") {
  for_each_seed(3, [](seed s) {
    for (const auto& c : all_cases()) {
      INFO(c.searcher, " ", to_json(c.space), " ", c.objectives);
      for (const auto& each : run(c, s, 80, 1 + s).proposed)
        check_lies_in(c.space, each);
    }
  });
}

TEST_CASE("learning searchers: killed and replayed at any point, the next proposal is the same (I6)") {
  for (const auto& c : all_cases()) {
    INFO(c.searcher, " ", to_json(c.space), " ", c.objectives);
    const auto done = run(c, 5, 60, 4);
    for (std::size_t next = 0; next < done.proposed.size(); next += 7) {
      const auto again = made(c, 5);
      for (std::size_t i = 0; i < done.events_before[next]; ++i)
        tell(*again, done.events[i]);
      const auto answer = again->ask({trial_id{next + 1}});
      REQUIRE(answer.proposals.size() == 1);
      REQUIRE(answer.proposals.front().values == done.proposed[next]);
    }
  }
}

TEST_CASE("learning searchers: where trials stop and wait at rungs, too, who is replayed proposes the same (I6)") {
  for (const auto* name : {"auto", "bohb", "hyper_tune", "tpe"})
    for (const auto& space : {numbers(), mixed()}) {
      const case_ c{name, space};
      INFO(name, " ", to_json(space));
      const bool is_slow = name == std::string("hyper_tune");
      const auto done = run_with_rungs(c, 5, is_slow ? 131 : 300); // auto decides at 250 for good.
      for (const std::size_t next : {12, 30, 60, 130, 249, 251, 260, 299}) {
        if (next >= done.proposed.size())
          break;
        const auto again = made(c, 5);
        for (std::size_t i = 0; i < done.events_before[next]; ++i)
          tell(*again, done.events[i]);
        REQUIRE(again->ask({trial_id{next + 1}}).proposals.at(0).values == done.proposed[next]);
      }
    }
}

TEST_CASE("learning searchers: a batch is what would be proposed one by one, and coming to nothing changes nothing") {
  for (const auto& c : all_cases()) {
    INFO(c.searcher, " ", to_json(c.space), " ", c.objectives);
    const auto done = run(c, 6, 50, 3);
    const auto one_by_one = made(c, 6);
    const auto at_once = made(c, 6);
    for (const auto& each : done.events) {
      tell(*one_by_one, each);
      tell(*at_once, each);
    }
    std::vector<trial_id> next;
    for (std::uint64_t i = 1; i <= 5; ++i)
      next.emplace_back(done.proposed.size() + i);
    static_cast<void>(at_once->ask(next));
    const auto batch = at_once->ask(next);
    for (const auto trial : next) {
      const auto single = one_by_one->ask({trial});
      const auto place = trial.value - next.front().value;
      REQUIRE((single.proposals.empty() ? 0 : 1) == (place < batch.proposals.size() ? 1 : 0));
      if (single.proposals.empty())
        break;
      CHECK(single.proposals.front().values == batch.proposals[place].values);
      one_by_one->on_created(trial, single.proposals.front().values);
    }
  }
}

TEST_CASE("learning searchers: nothing but failed trials, or equal ones") {
  for (const auto& c : all_cases())
    for (const auto how :
         {trial_outcome::failed, trial_outcome::ignored, trial_outcome::completed, trial_outcome::stopped}) {
      const auto search = made(c, 1);
      std::set<std::string> different;
      for (std::uint64_t i = 1; i <= 60; ++i) {
        const auto answer = search->ask({trial_id{i}});
        if (answer.proposals.empty())
          break;
        different.insert(to_json(answer.proposals.front().values));
        search->on_created(trial_id{i}, answer.proposals.front().values);
        search->on_end(trial_id{i}, how, std::vector<double>(c.objectives, 1.0));
      }
      // All of the finite ones, and no end of the others.
      const auto all = to_json(c.space) == to_json(finite()) ? 16u : c.space.parameters().size() == 0 ? 1u : 60u;
      const auto wanted = to_json(c.space) == to_json(one_value_each()) ? 1u : all;
      // With nothing to learn CMA-ES wanders, and then the border of a single parameter comes more than once.
      CHECK(different.size() >= (c.searcher == std::string("cma_es") && all == 60 ? wanted * 4 / 5 : wanted));
      CHECK(different.size() <= wanted);
    }
}

TEST_CASE("learning searchers: late and repeated events change nothing") {
  for (const auto& c : all_cases()) {
    const auto done = run(c, 8, 40, 3);
    const auto once = made(c, 8);
    const auto twice = made(c, 8);
    for (const auto& each : done.events) {
      tell(*once, each);
      tell(*twice, each);
      if (each.what != event::kind::reported)
        tell(*twice, each);
    }
    twice->on_end(trial_id{999}, trial_outcome::completed, std::vector<double>(c.objectives, -5));
    twice->on_report(trial_id{999}, 1, std::vector<double>(c.objectives, -5));
    const auto a = once->ask({trial_id{100}});
    const auto b = twice->ask({trial_id{100}});
    REQUIRE(a.proposals.size() == b.proposals.size());
    if (!a.proposals.empty())
      CHECK(a.proposals.front().values == b.proposals.front().values);
  }
}

TEST_CASE("learning searchers: a finite space is proposed whole, each point once, and then exhausted") {
  for (const auto* name : learning)
    for (std::size_t pending : {1, 5}) {
      const auto done = run({name, finite()}, 2, 1000, pending);
      std::set<std::string> different;
      for (const auto& each : done.proposed)
        different.insert(to_json(each));
      CHECK(different.size() == 16); // 2 * 4 without c, 4 * 2 with it.
      CHECK(done.proposed.size() == 16);
    }
}

TEST_CASE("learning searchers: another seed, another search") {
  for (const auto* name : learning)
    CHECK(run({name, numbers()}, 1, 30, 2).proposed != run({name, numbers()}, 2, 30, 2).proposed);
}

TEST_CASE("learning searchers: they learn") {
  for (const auto* name : learning) {
    const std::set<std::string> evolving = {"de", "dehb", "nsga2"};
    const bool evolves = evolving.count(name) != 0;
    const std::uint64_t trials = evolves ? 400 : 100; // Twenty generations and more.
    const auto best_of = [trials](const char* searcher, const search_space& space, seed s) {
      const auto search = made({searcher, space}, s);
      double best = infinite;
      for (std::uint64_t i = 1; i <= trials; ++i) {
        const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
        const double loss = loss_of(space, values);
        search->on_created(trial_id{i}, values);
        search->on_end(trial_id{i}, trial_outcome::completed, {loss});
        best = std::min(best, loss);
      }
      return best;
    };
    search_space sphere;
    for (int i = 0; i < 5; ++i)
      sphere.add("x" + std::to_string(i), uniform(0, 1));
    std::vector<double> learned;
    std::vector<double> random;
    for_each_seed(20, [&](seed s) {
      learned.push_back(best_of(name, sphere, s));
      random.push_back(best_of("random", sphere, s));
    });
    std::sort(learned.begin(), learned.end());
    CHECK(learned[learned.size() / 2] < *std::min_element(random.begin(), random.end())); // Of twenty: its 5 %.
  }
}
