#include "tune/searcher/dehb.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tests/tune/searcher/searches_for_test.hpp"

using namespace tune;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

std::unique_ptr<searcher> made(const search_space& space, const dehb_search_options& options, std::uint64_t seed = 1) {
  REQUIRE(dehb_search(options).mistakes(space).empty());
  return dehb_search(options).make({space, seed, 1'000'000, 0});
}

/// Each child is its target with exactly one other number, so that both can be told.
dehb_search_options one_number(int population = 4) {
  dehb_search_options options;
  options.population = population;
  options.crossover = 0;
  return options;
}

/// All numbers of the cube are x.
config at(double x) {
  return {{"x0", x}, {"x1", x}, {"x2", x}, {"x3", x}};
}

void create(searcher& search, std::uint64_t trial, double x) {
  search.on_created(trial_id{trial}, at(x));
}

void report(searcher& search, std::uint64_t trial, iteration_number iteration, double loss) {
  search.on_report(trial_id{trial}, iteration, {loss});
}

/// Comes to be, and reports once. At its first report beyond a rung a trial has jumped over that one.
void reach(searcher& search, std::uint64_t trial, iteration_number iteration, double x, double loss) {
  create(search, trial, x);
  report(search, trial, iteration, loss);
}

/// Trials 4 to 7, whose turns are 0 to 3, at one of the rungs: worse by one each.
void fill(searcher& search, iteration_number level, const std::vector<double>& xs, std::uint64_t first = 4) {
  for (std::size_t i = 0; i < xs.size(); ++i)
    reach(search, first + i, level, xs[i], static_cast<double>(i + 1));
}

struct child {
  std::uint64_t trial;
  int target; ///< In hundredths, as the number that differs.
  double number;
};

int hundredths(double x) {
  return static_cast<int>(std::lround(x * 100));
}

/// What it proposes for 400 trials, without that these come to be. The numbers of their targets are equal.
std::vector<child> children(searcher& search) {
  std::vector<child> all;
  for (std::uint64_t trial = 1'000; trial < 1'400; ++trial) {
    std::vector<double> numbers;
    const auto values = search.ask({trial_id{trial}}).proposals.at(0).values;
    for (const auto& each : values)
      numbers.push_back(each.second.to_number());
    std::sort(numbers.begin(), numbers.end());
    REQUIRE(numbers[1] == numbers[2]);
    const bool is_lowest = numbers[0] != numbers[1];
    REQUIRE((is_lowest ? numbers[2] == numbers[3] : numbers[0] == numbers[1]));
    all.push_back({trial, hundredths(numbers[1]), is_lowest ? numbers[0] : numbers[3]});
  }
  return all;
}

/// It proposes as a Sobol search does: it has no members to make children of.
bool has_no_children(searcher& search) {
  const auto sobol = sobol_search().make({cube(4), 1, 1, 0});
  const auto next = [](searcher& of) { return of.ask({trial_id{1'000}}).proposals.at(0).values; };
  return next(search) == next(*sobol);
}

/// In hundredths.
std::set<int> targets(searcher& search) {
  std::set<int> all;
  for (const auto& each : children(search))
    all.insert(each.target);
  return all;
}

std::set<int> numbers_of_children(searcher& search, int target) {
  std::set<int> all;
  for (const auto& each : children(search))
    if (each.target == target)
      all.insert(hundredths(each.number));
  return all;
}

} // namespace

TEST_CASE("dehb: a rung has children when its population is complete, of which one in reduction_factor is above") {
  const auto needed = [&](const dehb_search_options& options, iteration_number level) {
    const auto search = made(cube(4), options);
    std::uint64_t count = 0;
    while (has_no_children(*search)) {
      ++count;
      reach(*search, count, level, static_cast<double>(count) / 100, 1);
      REQUIRE(count < 100);
    }
    return count;
  };

  std::vector<std::uint64_t> usual;
  for (const iteration_number level : {1, 3, 9, 27, 81})
    usual.push_back(needed({}, level));
  CHECK(usual == std::vector<std::uint64_t>{27, 9, 6, 6, 6}); // 6 at least, unless the first has fewer.
  CHECK(needed(one_number(4), 3) == 4);

  dehb_search_options other;
  other.grace_period = 2;
  other.reduction_factor = 4;
  other.population = 30;
  CHECK(needed(other, 7) == 30);
  CHECK(needed(other, 8) == 8);
  CHECK(needed(other, 32) == 6);
}

TEST_CASE("dehb: a trial is a child of the member whose turn it is, by three others of the lowest rung") {
  const auto search = made(cube(4), one_number());
  fill(*search, 1, {0.11, 0.21, 0.31, 0.41});

  for (const auto& each : children(*search))
    CHECK(each.target == std::vector<int>{11, 21, 31, 41}[each.trial % 4]);
  // 0.21 + (0.31 - 0.41) / 2, 0.21 + (0.41 - 0.31) / 2, 0.31 + (0.21 - 0.41) / 2, ...
  CHECK(numbers_of_children(*search, 11) == std::set<int>{16, 26, 21, 41, 36, 46});
  // 0.11 + (0.31 - 0.41) / 2, ..., 0.31 + (0.11 - 0.41) / 2, ...
  CHECK(numbers_of_children(*search, 21) == std::set<int>{6, 16, 16, 46, 31, 51});
}

TEST_CASE("dehb: children of a higher rung are made of the best of the rung below, as many as are in theirs") {
  const auto search = made(cube(4), one_number(18)); // And 6 above.
  for (std::uint64_t i = 0; i < 18; ++i) {
    const bool is_good = i % 3 == 1;
    reach(*search, 1 + i, 1, (is_good ? 0.5 : 0.8) + static_cast<double>(i) / 200, is_good ? 1 : 2);
  }
  fill(*search, 3, {0.1, 0.11, 0.12, 0.13, 0.14, 0.15}, 20);

  int above = 0;
  bool are_of_all = false;
  for (const auto& each : children(*search))
    if (each.target < 20) {
      ++above;
      CHECK(each.number > 0.46); // 0.505 to 0.58, and half of that range beyond.
      CHECK(each.number < 0.62);
    } else
      are_of_all = are_of_all || each.number > 0.75;
  CHECK(are_of_all);
  CHECK(above > 150); // Half of 400: each rung has as many.
  CHECK(above < 250);
}

TEST_CASE("dehb: a target is not among the parents of its child, though it is among the best of the rung below") {
  const auto search = made(cube(4), one_number());
  fill(*search, 1, {0.11, 0.21, 0.31, 0.41});
  for (std::uint64_t trial = 4; trial < 8; ++trial)
    report(*search, trial, 3, 1);

  CHECK(numbers_of_children(*search, 11) == std::set<int>{16, 26, 21, 41, 36, 46});
}

TEST_CASE("dehb: where the rung below has too few, the parents are of all rungs") {
  const auto search = made(cube(4), one_number());
  fill(*search, 3, {0.11, 0.21, 0.31, 0.41}); // They have jumped over the first.
  CHECK(numbers_of_children(*search, 11) == std::set<int>{16, 26, 21, 41, 36, 46});

  fill(*search, 1, {0.71, 0.91}, 24);
  const auto numbers = numbers_of_children(*search, 11);
  CHECK(numbers.count(66) != 0); // 0.71 + (0.21 - 0.31) / 2
  CHECK(numbers.count(26) != 0); // 0.21 + (0.41 - 0.31) / 2
}

TEST_CASE("dehb: a rung that is not complete has no children") {
  const auto search = made(cube(4), one_number());
  fill(*search, 1, {0.1, 0.2, 0.3, 0.4});
  fill(*search, 3, {0.6, 0.65, 0.7}, 24);
  reach(*search, 30, 3, 0.8, not_a_number);
  CHECK(targets(*search) == std::set<int>{10, 20, 30, 40});

  reach(*search, 31, 3, 0.75, 100);
  CHECK(targets(*search) == std::set<int>{10, 20, 30, 40, 60, 65, 70, 75});
}

TEST_CASE(
  "dehb: who is no worse at a rung takes the place of the member whose turn it is, whoever does worse does not") {
  for (const iteration_number level : {1, 3, 27}) {
    const auto after = [&](double loss) {
      const auto search = made(cube(4), one_number());
      fill(*search, level, {0.1, 0.2, 0.3, 0.4});
      reach(*search, 22, level, 0.7, loss); // Its turn is 2, where the loss is 3.
      return targets(*search);
    };
    const std::set<int> before = {10, 20, 30, 40}, taken = {10, 20, 70, 40};
    CHECK(after(3.5) == before);
    CHECK(after(3) == taken);
    CHECK(after(0) == taken);
    CHECK(after(not_a_number) == before);
    CHECK(after(infinite) == before);
    CHECK(after(-infinite) == before);
  }
}

TEST_CASE("dehb: a trial that ended before a rung says nothing there, unless it was complete before the first") {
  const auto after = [](trial_outcome how, const losses& last) {
    auto options = one_number();
    options.grace_period = 5;
    const auto search = made(cube(4), options);
    fill(*search, 5, {0.1, 0.2, 0.3, 0.4});
    reach(*search, 22, 4, 0.7, -1);
    search->on_end(trial_id{22}, how, last);
    return targets(*search);
  };
  const std::set<int> before = {10, 20, 30, 40};
  CHECK(after(trial_outcome::stopped, {-1}) == before);
  CHECK(after(trial_outcome::ignored, {-1}) == before);
  CHECK(after(trial_outcome::failed, {-1}) == before);
  CHECK(after(trial_outcome::completed, {not_a_number}) == before);
  CHECK(after(trial_outcome::completed, {}) == before);
  CHECK(after(trial_outcome::completed, {3.5}) == before);
  CHECK(after(trial_outcome::completed, {-1}) == std::set<int>{10, 20, 70, 40});
}

TEST_CASE("dehb: nor is a trial that ended before a rung among its first members") {
  const auto joins = [](trial_outcome how) {
    const auto search = made(cube(4), one_number());
    fill(*search, 1, {0.1, 0.2, 0.3});
    create(*search, 22, 0.7);
    search->on_end(trial_id{22}, how, {1});
    return !has_no_children(*search);
  };
  CHECK_FALSE(joins(trial_outcome::stopped));
  CHECK_FALSE(joins(trial_outcome::ignored));
  CHECK_FALSE(joins(trial_outcome::failed));
  CHECK(joins(trial_outcome::completed));
}

TEST_CASE("dehb: a trial competes once at each rung, with its first loss there") {
  const auto search = made(cube(4), one_number());
  fill(*search, 1, {0.1, 0.2, 0.3, 0.4});
  fill(*search, 3, {0.6, 0.65, 0.7, 0.75}, 24);
  create(*search, 42, 0.9);

  report(*search, 42, 1, 100);
  report(*search, 42, 2, -100); // Between the rungs.
  CHECK(targets(*search) == std::set<int>{10, 20, 30, 40, 60, 65, 70, 75});
  SUBCASE("better at the next") {
    report(*search, 42, 3, -1);
    report(*search, 42, 1, -100); // Late.
    CHECK(targets(*search) == std::set<int>{10, 20, 30, 40, 60, 65, 90, 75});
  }
  SUBCASE("worse at the next") {
    report(*search, 42, 3, 100);
    report(*search, 42, 4, -100);
    search->on_end(trial_id{42}, trial_outcome::completed, {-100});
    CHECK(targets(*search) == std::set<int>{10, 20, 30, 40, 60, 65, 70, 75});
  }
  SUBCASE("it jumps over the next") {
    fill(*search, 9, {0.45, 0.46, 0.47, 0.48}, 44);
    report(*search, 42, 10, 100);
    report(*search, 42, 11, -100);
    CHECK(targets(*search) == std::set<int>{10, 20, 30, 40, 60, 65, 70, 75, 45, 46, 47, 48});
  }
}

TEST_CASE("dehb: a member that failed later, or violates constraints, is worse than every other") {
  const auto search = made(cube(4), one_number());
  fill(*search, 1, {0.1, 0.2, 0.3, 0.4});
  reach(*search, 22, 1, 0.7, 0);
  const auto after = [&](double loss) {
    reach(*search, 26, 1, 0.8, loss);
    return targets(*search);
  };
  const std::set<int> stays = {10, 20, 70, 40}, replaced = {10, 20, 80, 40};
  REQUIRE(targets(*search) == stays);

  SUBCASE("failed") {
    search->on_end(trial_id{22}, trial_outcome::failed, {});
    CHECK(after(1'000) == replaced);
  }
  SUBCASE("stopped") {
    search->on_end(trial_id{22}, trial_outcome::stopped, {1'000});
    CHECK(after(1) == stays);
  }
  SUBCASE("lost") {
    search->on_end(trial_id{22}, trial_outcome::ignored, {});
    CHECK(after(1) == stays);
  }
  SUBCASE("violates a constraint") {
    search->on_constraints(trial_id{22}, {-1, 0.5});
    search->on_end(trial_id{22}, trial_outcome::stopped, {0});
    CHECK(after(1'000) == replaced);
  }
  SUBCASE("violates none") {
    search->on_constraints(trial_id{22}, {-1, 0});
    search->on_end(trial_id{22}, trial_outcome::stopped, {0});
    CHECK(after(1) == stays);
  }
}

TEST_CASE("dehb: known results are members of every rung, of many the best") {
  const auto search = made(cube(4), one_number());
  for (const double x : {0.9, 0.1, 0.3, 0.4, 0.2})
    search->on_known(at(x), {x});
  search->on_known(at(0.05), {not_a_number});
  CHECK(targets(*search) == std::set<int>{10, 20, 30, 40});

  reach(*search, 22, 3, 0.7, 0.35); // A rung that is opened later; there it is the turn of 0.3.
  CHECK(targets(*search) == std::set<int>{10, 20, 30, 40});
  reach(*search, 26, 3, 0.8, 0.25);
  CHECK(targets(*search) == std::set<int>{10, 20, 30, 40, 80});
}

TEST_CASE("dehb: known results are members of rungs that are there already") {
  const auto search = made(cube(4), one_number());
  reach(*search, 22, 3, 0.7, not_a_number);
  for (const double x : {0.1, 0.2, 0.3, 0.4})
    search->on_known(at(x), {x});

  reach(*search, 26, 3, 0.8, 0.25);
  CHECK(targets(*search) == std::set<int>{10, 20, 30, 40, 80});
}

TEST_CASE("dehb: a parameter that is not active is as in the target") {
  const search_space space = {{"c", choice({0, 1})}, {"x", uniform(0, 1).when("c", 1)}};
  const auto search = made(space, one_number());
  for (std::uint64_t i = 0; i < 4; ++i) {
    search->on_created(trial_id{4 + i}, {{"c", 1}, {"x", 0.1 + 0.25 * static_cast<double>(i)}});
    report(*search, 4 + i, 1, 1);
  }
  search->on_created(trial_id{22}, {{"c", 0}}); // In place of 0.6.
  report(*search, 22, 1, 0);

  int active = 0;
  for (std::uint64_t trial = 1'002; trial < 1'102; trial += 4) {
    const auto values = search->ask({trial_id{trial}}).proposals.at(0).values;
    if (values.get<int>("c") == 0)
      continue;
    ++active;
    CHECK(values.get<double>("x") == 0.6);
  }
  CHECK(active > 3);
}

namespace {

/// Trials report after 1, 3, 9 and 27 iterations, and go on while they are among the best third of the rung. The loss
/// comes nearer to the true one with each.
std::vector<double> true_losses_at_the_end(searcher& search, std::uint64_t trials) {
  std::map<iteration_number, std::vector<double>> rungs;
  std::vector<double> ends;
  for (std::uint64_t i = 1; i <= trials; ++i) {
    const trial_id trial{i};
    const auto values = search.ask({trial}).proposals.at(0).values;
    search.on_created(trial, values);
    double distance = 0;
    for (const auto& each : values)
      distance += std::pow(each.second.to_number() - 0.3, 2);
    double loss = 0;
    for (iteration_number level = 1;; level *= 3) {
      loss = distance + 0.3 * values.get<double>("x0") / static_cast<double>(level);
      search.on_report(trial, level, {loss});
      auto& rung = rungs[level];
      rung.push_back(loss);
      const auto better = std::count_if(rung.begin(), rung.end(), [&](double x) { return x < loss; });
      if (level == 27)
        ends.push_back(distance);
      if (level == 27 || better * 3 > static_cast<std::ptrdiff_t>(rung.size()))
        break;
    }
    search.on_end(trial, trial_outcome::stopped, {loss});
  }
  return ends;
}

} // namespace

TEST_CASE("dehb: it finds what is good at the highest rung, though that looks otherwise at the lowest") {
  std::vector<double> found, random;
  const auto best = [](const std::vector<double>& all) { return *std::min_element(all.begin(), all.end()); };
  for_each_seed(11, [&](seed s) {
    found.push_back(best(true_losses_at_the_end(*made(cube(4), {}, s), 400)));
    random.push_back(best(true_losses_at_the_end(*random_search().make({cube(4), s, 1'000, 0}), 400)));
  });
  std::sort(found.begin(), found.end());
  std::sort(random.begin(), random.end());
  CHECK(found[5] * 5 < random[5]);
}

TEST_CASE("dehb: killed and replayed at any point, trials at all rungs, the next proposal is the same (I6)") {
  struct event {
    trial_id trial;
    std::optional<config> values; ///< Or a report.
    iteration_number iteration = 0;
    double loss = 0;
  };
  const auto tell = [](searcher& to, const event& e) {
    if (e.values)
      to.on_created(e.trial, *e.values);
    else
      to.on_report(e.trial, e.iteration, {e.loss});
  };
  dehb_search_options options;
  options.population = 6;
  const auto search = made(cube(4), options, 3);
  std::vector<event> events;
  chance random(3, "events", 0);
  for (std::uint64_t i = 1; i <= 60; ++i) {
    const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
    const auto again = made(cube(4), options, 3);
    for (const auto& each : events)
      tell(*again, each);
    REQUIRE(again->ask({trial_id{i}}).proposals.at(0).values == values);
    events.push_back({trial_id{i}, values});
    tell(*search, events.back());
    for (int k = 0; k < 3; ++k) { // Of any trial, in any order, late ones too.
      events.push_back({trial_id{1 + random.below(i)}, std::nullopt, random.integer(1, 30), random.unit()});
      tell(*search, events.back());
    }
  }
}

TEST_CASE("dehb: no point of a finite space is proposed twice, at whatever rungs trials are") {
  const search_space space = {{"a", integer(1, 5)}, {"b", choice({1, 2, 3, 4, 5, 6})}};
  const auto search = made(space, one_number());
  std::set<std::string> seen;
  search->on_known({{"a", 2}, {"b", 2}}, {2});
  seen.insert(R"({"a":2,"b":2})");
  for (std::uint64_t i = 1; i < 30; ++i) {
    const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
    REQUIRE(seen.insert(to_json(values)).second);
    search->on_created(trial_id{i}, values);
    report(*search, i, i % 3 == 0 ? 3 : 1, values.get<int>("a"));
  }
  CHECK(seen.size() == 30);
  CHECK(search->ask({trial_id{30}}).how == ask_outcome::exhausted);
}

TEST_CASE("dehb: options out of range are told by their names") {
  dehb_search_options wrong;
  wrong.grace_period = 0;
  wrong.reduction_factor = infinite;
  wrong.population = 3;
  wrong.weight = not_a_number;
  wrong.crossover = -0.5;

  CHECK(dehb_search(wrong).mistakes({{"a", grid({1, 2})}}) ==
        std::vector<std::string>{"searcher dehb: grace_period is 0, but must be 1 or more",
                                 "searcher dehb: reduction_factor is inf, but must be 1.5 to 1000000",
                                 "searcher dehb: population is 3, but must be 4 to 10000",
                                 "searcher dehb: weight is nan, but must be above 0 and at most 2",
                                 "searcher dehb: crossover is -0.5, but must be 0 to 1",
                                 "space: \"a\": searcher dehb crosses no grids; use choice or ordinal"});
}

TEST_CASE("dehb: options go to JSON and back") {
  dehb_search_options options;
  options.seed = 4;
  options.repeat = true;
  options.grace_period = 2;
  options.reduction_factor = 4;
  options.population = 20;
  options.weight = 0.75;
  options.crossover = 0.25;
  const auto text = to_json(dehb_search(options));

  CHECK(text == R"({"name":"dehb","seed":4,"repeat":true,"grace_period":2,"reduction_factor":4.0,"population":20,)"
                R"("weight":0.75,"crossover":0.25})");
  CHECK(to_json(or_throw(searcher_from_json(text))) == text);
  CHECK(to_json(dehb_search()) == R"({"name":"dehb"})");
}
