#include "tune/searcher/de.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tests/tune/searcher/searches_for_test.hpp"

using namespace tune;

namespace {

double sphere(const config& c) {
  double sum = 0;
  for (const auto& each : c)
    sum += std::pow(each.second.to_number() - 0.3, 2);
  return sum;
}

double rastrigin(const config& c) {
  double sum = 0;
  for (const auto& each : c) {
    const double z = (each.second.to_number() - 0.3) * 10;
    sum += z * z - 10 * std::cos(2 * 3.14159265358979 * z) + 10;
  }
  return sum;
}

std::unique_ptr<searcher> made(const search_space& space, seed s, const de_search_options& options = {}) {
  REQUIRE(de_search(options).mistakes(space).empty());
  return de_search(options).make({space, s, 1'000'000, 0});
}

/// The trials in the order in which they were asked for, with so many pending, of which the oldest ends first.
std::vector<config> run(searcher& search, std::uint64_t trials, std::size_t pending,
                        const std::function<double(const config&)>& loss) {
  std::vector<config> all;
  for (std::uint64_t i = 1; i <= trials; ++i) {
    all.push_back(search.ask({trial_id{i}}).proposals.at(0).values);
    search.on_created(trial_id{i}, all.back());
    if (i >= pending) {
      const auto ended = i + 1 - pending;
      search.on_end(trial_id{ended}, trial_outcome::completed, {loss(all[ended - 1])});
    }
  }
  return all;
}

double best_of(const std::vector<config>& all, const std::function<double(const config&)>& loss) {
  double best = INFINITY;
  for (const auto& each : all)
    best = std::min(best, loss(each));
  return best;
}

double median_best(std::size_t dimensions, std::uint64_t trials, std::size_t pending,
                   const std::function<double(const config&)>& loss, const de_search_options& options = {}) {
  std::vector<double> all;
  for_each_seed(
    11, [&](seed s) { all.push_back(best_of(run(*made(cube(dimensions), s, options), trials, pending, loss), loss)); });
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

} // namespace

TEST_CASE("de: the first trials are those of a Sobol search, as many as the population") {
  const auto all = run(*made(cube(7), 3), 21, 1, sphere);
  const auto sobol = run(*sobol_search().make({cube(7), 3, 1, 0}), 21, 1, sphere);
  CHECK(std::equal(all.begin(), all.begin() + 20, sobol.begin()));
  CHECK(all[20] != sobol[20]);
}

TEST_CASE("de: a child is its target with at least one number from three other members") {
  de_search_options options;
  options.population = 4;
  options.crossover = 0; // Exactly one.
  const auto search = made(cube(6), 1, options);
  const auto first = run(*search, 4, 1, sphere);
  for (std::uint64_t i = 5; i < 45; ++i) {
    const auto child = search->ask({trial_id{i}}).proposals.at(0).values;
    const auto& target = first[i % 4];
    int different = 0;
    for (const auto& [name, x] : child) {
      if (x == *target.find(name))
        continue;
      ++different;
      bool is_of_others = false; // Or by chance, where that would lie outside.
      for (std::size_t a = 0; a < 4; ++a)
        for (std::size_t b = 0; b < 4; ++b)
          for (std::size_t c = 0; c < 4; ++c) {
            const auto at = [&](std::size_t k) { return first[k].get<double>(name); };
            const double moved = at(a) + 0.5 * (at(b) - at(c));
            if (a != b && b != c && a != c && a != i % 4 && b != i % 4 && c != i % 4)
              is_of_others = is_of_others || std::abs(moved - x.to_number()) < 1e-12 || moved < 0 || moved > 1;
          }
      CHECK(is_of_others);
    }
    CHECK(different == 1);
  }
}

TEST_CASE("de: it finds what it is known to find, one trial after the other and in parallel") {
  CHECK(median_best(5, 1'500, 1, sphere) < 1e-4);
  CHECK(median_best(5, 1'500, 16, sphere) < 1e-3);
  CHECK(median_best(5, 3'000, 1, rastrigin) < 5);
  de_search_options adapting;
  adapting.self_adapting = true;
  CHECK(median_best(5, 1'500, 1, sphere, adapting) < 1e-4);
}

TEST_CASE("de: only the order of losses counts") {
  const auto plain = run(*made(cube(3), 1), 200, 4, sphere);
  const auto warped = run(*made(cube(3), 1), 200, 4, [](const config& c) { return -1e10 / (1 + sphere(c)); });
  CHECK(plain == warped);
}

TEST_CASE("de: a worse child, a stopped one and a failed one replace nobody; an equal one does") {
  const auto next_after = [](trial_outcome how, double loss) {
    const auto search = made(cube(2), 1);
    const auto first = run(*search, 20, 1, sphere);
    const auto child = search->ask({trial_id{21}}).proposals.at(0).values;
    search->on_created(trial_id{21}, child);
    search->on_end(trial_id{21}, how, {how == trial_outcome::completed && loss == 0 ? sphere(first[1]) : loss});
    std::vector<config> next;
    for (std::uint64_t i = 22; i < 62; ++i)
      next.push_back(search->ask({trial_id{i}}).proposals.at(0).values);
    return next;
  };
  const auto unchanged = next_after(trial_outcome::ignored, -1);
  CHECK(next_after(trial_outcome::failed, -1) == unchanged);
  CHECK(next_after(trial_outcome::completed, std::nan("")) == unchanged);
  CHECK(next_after(trial_outcome::completed, INFINITY) == unchanged);
  CHECK(next_after(trial_outcome::completed, 100) == unchanged);
  CHECK(next_after(trial_outcome::stopped, -1) == unchanged);
  CHECK(next_after(trial_outcome::completed, -1) != unchanged);
}

TEST_CASE("de: as long as too few trials have not failed, it goes on with its design") {
  const auto search = made(cube(2), 1);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
    CHECK(values == sobol_search().make({cube(2), 1, 1, 0})->ask({trial_id{i}}).proposals.at(0).values);
    search->on_created(trial_id{i}, values);
    search->on_end(trial_id{i}, trial_outcome::failed, {});
  }
}

TEST_CASE("de: known results are members, of many the best") {
  const auto search = made(cube(3), 1);
  chance random(1, "known", 0);
  for (int i = 0; i < 400; ++i) {
    const config known = {{"x0", random.unit()}, {"x1", random.unit()}, {"x2", random.unit()}};
    search->on_known(known, {sphere(known)});
  }
  double sum = 0;
  for (std::uint64_t i = 1; i <= 50; ++i)
    sum += sphere(search->ask({trial_id{i}}).proposals.at(0).values);
  CHECK(sum / 50 < 0.15); // By chance 0.37.
}

TEST_CASE("de: where nothing is better, choices are as likely as before") {
  const search_space space = {{"c", choice({0, 1, 2, 3})}, {"x", uniform(0, 1)}};
  std::map<int, int> counts;
  for_each_seed(20, [&](seed s) {
    chance random(s, "losses", 0);
    const auto all = run(*made(space, s), 120, 1, [&](const config&) { return random.unit(); });
    for (auto each = all.begin() + 20; each != all.end(); ++each)
      ++counts[each->get<int>("c")];
  });
  for (const auto& each : counts) {
    CHECK(each.second > 300); // Of 2000, a quarter for each, with a population's drift.
    CHECK(each.second < 700);
  }
}

TEST_CASE("de: every mistake of its options is told, and all are shown as JSON") {
  de_search_options wrong;
  wrong.population = 3;
  wrong.weight = 0;
  wrong.crossover = 1.5;
  CHECK(de_search(wrong).mistakes({{"a", grid({1, 2})}}) ==
        std::vector<std::string>{"searcher de: population is 3, but must be 4 to 10000",
                                 "searcher de: weight is 0, but must be above 0 and at most 2",
                                 "searcher de: crossover is 1.5, but must be 0 to 1",
                                 "space: \"a\": searcher de crosses no grids; use choice or ordinal"});
  de_search_options all;
  all.seed = 3;
  all.repeat = true;
  all.population = 30;
  all.weight = 0.75;
  all.crossover = 0.25;
  all.self_adapting = true;
  const auto text = to_json(de_search(all));
  CHECK(text == R"({"name":"de","seed":3,"repeat":true,"population":30,"weight":0.75,"crossover":0.25,)"
                R"("self_adapting":true})");
  CHECK(to_json(or_throw(searcher_from_json(text))) == text);
}
