#include "tune/searcher/nsga2.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tests/tune/searcher/searches_for_test.hpp"
#include "tune/searcher/crowded_order.hpp"
#include "tune/searcher/pareto_choice.hpp"

using namespace tune;

namespace {

using options = nsga2_search_options;

options of_population(int population) {
  options made;
  made.population = population;
  return made;
}

/// Children of one parent each, of which one number in twenty is another.
options copying(int population) {
  auto made = of_population(population);
  made.crossover = 0;
  made.mutation = 0.05;
  return made;
}

std::unique_ptr<searcher> made(const search_space& space, seed s, const options& how = {}, std::size_t objectives = 1) {
  REQUIRE(nsga2_search(how).mistakes(space).empty());
  return nsga2_search(how).make({space, s, 1'000'000, 0, objectives});
}

config asked_for(searcher& search, std::uint64_t trial) {
  return search.ask({trial_id{trial}}).proposals.at(0).values;
}

double sphere(const config& c) {
  double sum = 0;
  for (const auto& each : c)
    sum += std::pow(each.second.to_number() - 0.3, 2);
  return sum;
}

losses one(const config& c) {
  return {sphere(c)};
}

/// Of which none is best in both.
losses two(const config& c) {
  const auto x = c.begin()->second.to_number();
  return {sphere(c) + std::pow(x - 0.3, 2), sphere(c) + std::pow(x - 0.9, 2)};
}

/// Zitzler, Deb and Thiele 2000.
losses zdt(int which, const config& c) {
  const auto first = c.get<double>("x0");
  double rest = -first;
  for (const auto& each : c)
    rest += each.second.to_number();
  const double g = 1 + 9 * rest / (static_cast<double>(c.size()) - 1);
  const double share = first / g;
  const double bend = which == 1   ? std::sqrt(share)
                      : which == 2 ? share * share
                                   : std::sqrt(share) + share * std::sin(10 * 3.14159265358979 * first);
  return {first, g * (1 - bend)};
}

/// Deb, Thiele, Laumanns and Zitzler 2002, of three objectives.
losses dtlz2(const config& c) {
  const double quarter = 3.14159265358979 / 2;
  double g = 1;
  for (std::size_t i = 2; i < c.size(); ++i)
    g += std::pow(c.get<double>("x" + std::to_string(i)) - 0.5, 2);
  const double a = c.get<double>("x0") * quarter;
  const double b = c.get<double>("x1") * quarter;
  return {g * std::cos(a) * std::cos(b), g * std::cos(a) * std::sin(b), g * std::sin(a)};
}

double volume_of(const std::vector<losses>& found, const losses& reference) {
  std::vector<losses_of_trial> inside;
  for (const auto& each : found)
    if (std::equal(each.begin(), each.end(), reference.begin(), std::less<double>()))
      inside.push_back(each);
  return hypervolume(std::move(inside), reference);
}

/// The median over five seeds of what so many trials dominate.
double median_volume(const searcher_choice& which, std::size_t dimensions, std::uint64_t trials,
                     const std::function<losses(const config&)>& function, const losses& reference) {
  std::vector<double> volumes;
  for_each_seed(5, [&](seed s) {
    const auto search = which.make({cube(dimensions), s, trials, 0, reference.size()});
    std::vector<losses> found;
    run(*search, 1, trials, [&](const config& c) {
      found.push_back(function(c));
      return found.back();
    });
    volumes.push_back(volume_of(found, reference));
  });
  std::sort(volumes.begin(), volumes.end());
  return volumes[volumes.size() / 2];
}

/// Those of these that have most values in common with it.
std::set<std::size_t> likest(const std::vector<config>& all, const config& c) {
  std::set<std::size_t> best;
  int most = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    int common = 0;
    auto other = all[i].begin();
    for (const auto& each : c)
      common += (other++)->second == each.second ? 1 : 0;
    if (common > most)
      best.clear();
    most = std::max(most, common);
    if (common == most)
      best.insert(i);
  }
  return best;
}

/// How often each of all trials is the parent of the next children. Where one and its own parent may be it, both are.
std::map<std::size_t, int> parents_of_next(searcher& search, const std::vector<config>& all, int children) {
  std::map<std::size_t, int> counts;
  for (int i = 0; i < children; ++i)
    for (const auto each : likest(all, asked_for(search, 10'000 + static_cast<std::uint64_t>(i))))
      ++counts[each];
  return counts;
}

/// What NSGA-II keeps of trials that end one after the other: too simple to be wrong.
std::set<std::size_t> population_after(const std::vector<config>& all, std::size_t size,
                                       const std::function<losses(const config&)>& function) {
  std::set<std::size_t> population;
  for (std::size_t first = 0; first + size <= all.size(); first += size) {
    for (std::size_t i = first; i < first + size; ++i)
      population.insert(i);
    const std::vector<std::size_t> pool(population.begin(), population.end());
    std::vector<trial_standing> standings;
    for (const auto each : pool)
      standings.push_back(trial_course().at_end(trial_outcome::completed, function(all[each])));
    const auto order = crowded_order(standings);
    population.clear();
    for (std::size_t i = 0; i < size; ++i)
      population.insert(pool[order[i]]);
  }
  return population;
}

} // namespace

TEST_CASE("nsga2: the first trials are those of a Sobol search, as many as the population") {
  const auto all = run(*made(cube(7), 3), 1, 51, one);
  const auto sobol = run(*sobol_search().make({cube(7), 3, 1, 0}), 1, 51, one);

  CHECK(std::equal(all.begin(), all.begin() + 50, sobol.begin()));
  CHECK(all[50] != sobol[50]);
}

TEST_CASE("nsga2: a child has the values of two parents, and so many are new") {
  auto how = of_population(10);
  how.crossover = 1;
  how.mutation = 0.05;
  const auto search = made(cube(20), 1, how);
  const auto first = run(*search, 1, 10, one);
  int new_ones = 0;
  for (std::uint64_t i = 11; i < 111; ++i) {
    std::set<std::size_t> parents;
    for (const auto& [name, x] : asked_for(*search, i)) {
      std::size_t k = 0;
      while (k < first.size() && *first[k].find(name) != x)
        ++k;
      if (k < first.size())
        parents.insert(k);
      else
        ++new_ones;
    }
    CHECK(parents.size() == 2);
  }
  CHECK(new_ones > 70); // A twentieth of 2000.
  CHECK(new_ones < 130);

  how.crossover = 0;
  how.mutation = 0.25;
  const auto copies = made(cube(12), 1, how);
  run(*copies, 1, 10, one);
  int different = 0;
  for (std::uint64_t i = 11; i < 211; ++i) {
    const auto child = asked_for(*copies, i);
    const auto& parent = first[*likest(first, child).begin()];
    for (const auto& [name, x] : child)
      different += *parent.find(name) == x ? 0 : 1;
  }
  CHECK(different > 500); // A quarter of 2400.
  CHECK(different < 700);
}

TEST_CASE("nsga2: unless it is said otherwise, one value of each child is new") {
  auto how = of_population(10);
  how.crossover = 0;
  const auto search = made(cube(20), 1, how);
  const auto first = run(*search, 1, 10, one);
  int different = 0;
  for (std::uint64_t i = 11; i < 211; ++i) {
    const auto child = asked_for(*search, i);
    for (const auto& [name, x] : child)
      different += *first[*likest(first, child).begin()].find(name) == x ? 0 : 1;
  }
  CHECK(different > 260); // 1.56 of each of 200, as none is a mere copy.
  CHECK(different < 370);
}

TEST_CASE("nsga2: parents are winners of tournaments of two") {
  const auto search = made(cube(40), 1, copying(10));
  const auto first = run(*search, 1, 10, one);
  std::vector<std::size_t> best_first;
  std::vector<trial_standing> standings;
  for (const auto& each : first)
    standings.push_back(trial_course().at_end(trial_outcome::completed, one(each)));
  const auto counts = parents_of_next(*search, first, 2'000);

  const auto order = crowded_order(standings);
  for (std::size_t place = 0; place < order.size(); ++place) {
    const auto found = counts.find(order[place]);
    const int count = found == counts.end() ? 0 : found->second;
    CHECK(std::abs(count - 20 * (19 - 2 * static_cast<int>(place))) < 75); // Of the best one 19 %, of the last one 1 %.
  }
}

TEST_CASE("nsga2: the population are the best of the one before and of the trials since") {
  for (const auto function : {one, two}) {
    const auto search = made(cube(60), 2, copying(10), function(config{{"x0", 0.5}}).size());
    const auto all = run(*search, 1, 105, function); // The last five belong to an open generation.
    const auto population = population_after(all, 10, function);
    std::set<std::size_t> parents;
    for (std::uint64_t i = 10'000; i < 10'600; ++i) {
      const auto may_be = likest(all, asked_for(*search, i));
      CHECK(std::any_of(may_be.begin(), may_be.end(), [&](std::size_t each) { return population.count(each) == 1; }));
      parents.insert(may_be.begin(), may_be.end());
    }
    CHECK(std::includes(parents.begin(), parents.end(), population.begin(), population.end()));
  }
}

TEST_CASE("nsga2: it dominates more than a random search, by far") {
  const losses reference = {1.1, 6};
  for (const int which : {1, 2, 3}) {
    const auto function = [&](const config& c) { return zdt(which, c); };
    const double learned = median_volume(nsga2_search(), 10, 600, function, reference);
    const double random = median_volume(random_search(), 10, 600, function, reference);
    INFO("zdt", which, ": ", learned, " ", random);
    CHECK(learned > random + 0.5);
  }
  CHECK(median_volume(nsga2_search(), 7, 600, dtlz2, {1.5, 1.5, 1.5}) >
        median_volume(random_search(), 7, 600, dtlz2, {1.5, 1.5, 1.5}) + 0.1);
}

TEST_CASE("nsga2: ZDT1's front is all but reached") {
  auto how = options();
  how.children = options::variation::simulated_binary;
  const auto function = [](const config& c) { return zdt(1, c); };
  CHECK(median_volume(nsga2_search(how), 10, 3'000, function, {1.1, 1.1}) > 0.85); // The front itself: 0.8767.
}

TEST_CASE("nsga2: of one objective only the order of losses counts") {
  const auto plain = run(*made(cube(3), 1, of_population(10)), 1, 200, one);
  const auto warped =
    run(*made(cube(3), 1, of_population(10)), 1, 200, [](const config& c) { return losses{-1e10 / (1 + sphere(c))}; });

  CHECK(plain == warped);
}

TEST_CASE("nsga2: of several objectives their scales do not count") {
  const auto scaled = [](const config& c) { return losses{two(c)[0] * 0x1p40, two(c)[1] * 0x1p-30}; };
  CHECK(run(*made(cube(3), 1, of_population(10), 2), 1, 200, two) ==
        run(*made(cube(3), 1, of_population(10), 2), 1, 200, scaled));
}

TEST_CASE("nsga2: the order in which the trials of a generation end does not matter") {
  const auto search = made(cube(3), 1, of_population(20), 2);
  const auto other = made(cube(3), 1, of_population(20), 2);
  for (std::uint64_t first = 1; first < 100; first += 20) {
    std::vector<trial_id> all;
    for (std::uint64_t i = 0; i < 20; ++i)
      all.emplace_back(first + i);
    auto proposed = search->ask(all).proposals;
    for (const auto& each : proposed) {
      search->on_created(each.trial, each.values);
      other->on_created(each.trial, each.values);
    }
    for (const auto& each : proposed)
      search->on_end(each.trial, trial_outcome::completed, two(each.values));
    std::reverse(proposed.begin(), proposed.end());
    for (const auto& each : proposed)
      other->on_end(each.trial, trial_outcome::completed, two(each.values));
    REQUIRE(asked_for(*search, first + 20) == asked_for(*other, first + 20));
  }
}

TEST_CASE("nsga2: as long as too few trials have not failed, it goes on with its design") {
  const auto search = made(cube(2), 1, of_population(10), 2);
  const auto sobol = sobol_search().make({cube(2), 1, 1, 0});
  for (std::uint64_t i = 1; i <= 60; ++i) {
    const auto values = asked_for(*search, i);
    CHECK(values == asked_for(*sobol, i));
    search->on_created(trial_id{i}, values);
    if (i % 7 == 0) // Eight of them.
      search->on_end(trial_id{i}, trial_outcome::completed, two(values));
    else if (i % 3 == 0)
      search->on_end(trial_id{i}, trial_outcome::completed, {std::nan(""), 1});
    else
      search->on_end(trial_id{i}, i % 3 == 1 ? trial_outcome::failed : trial_outcome::ignored, {-1, -1});
  }
}

TEST_CASE("nsga2: trials that failed or say nothing are no parents") {
  const auto next_after = [](trial_outcome how, const losses& of) {
    const auto search = made(cube(5), 1, of_population(4), 2);
    run(*search, 1, 4, two);
    for (std::uint64_t i = 5; i <= 12; ++i) {
      search->on_created(trial_id{i}, asked_for(*search, i));
      search->on_end(trial_id{i}, how, of);
    }
    return asked_for(*search, 13);
  };
  const auto unchanged = next_after(trial_outcome::ignored, {-1, -1});
  CHECK(next_after(trial_outcome::failed, {-1, -1}) == unchanged);
  CHECK(next_after(trial_outcome::completed, {-1, std::nan("")}) == unchanged);
  CHECK(next_after(trial_outcome::completed, {-INFINITY, -1}) == unchanged);
  CHECK(next_after(trial_outcome::completed, {100, 100}) == unchanged);
  CHECK(next_after(trial_outcome::stopped, {-1, -1}) == unchanged);
  CHECK(next_after(trial_outcome::completed, {-1, -1}) != unchanged);
}

TEST_CASE("nsga2: constraints that are reported are kept") {
  int violated = 0;
  for_each_seed(10, [&](seed s) {
    const auto search = made(square, s, of_population(10), 2);
    for (std::uint64_t i = 1; i <= 100; ++i) {
      const auto values = asked_for(*search, i);
      const auto x = values.get<double>("x");
      search->on_created(trial_id{i}, values);
      search->on_constraints(trial_id{i}, {x - 0.2, -1}); // The best of the rest is at its edge.
      search->on_end(trial_id{i}, trial_outcome::completed, {-x, values.get<double>("y")});
      violated += i > 60 && x > 0.2 ? 1 : 0;
    }
  });
  CHECK(violated < 200); // Of 400; by chance 320, and without regard to it nearly all.
}

TEST_CASE("nsga2: many trials at a time cost little of what it finds") {
  const losses reference = {2.5, 2.5};
  std::map<std::size_t, double> volumes;
  for (const std::size_t pending : {1, 16, 80})
    for_each_seed(5, [&](seed s) {
      const auto search = made(cube(5), s, of_population(20), 2);
      std::vector<config> all;
      std::vector<losses> found;
      for (std::uint64_t i = 1; i <= 400; ++i) {
        all.push_back(asked_for(*search, i));
        search->on_created(trial_id{i}, all.back());
        if (i < pending)
          continue;
        const auto ended = i + 1 - pending;
        found.push_back(two(all[ended - 1]));
        search->on_end(trial_id{ended}, trial_outcome::completed, found.back());
      }
      volumes[pending] += volume_of(found, reference) / 5;
    });
  const double random = median_volume(random_search(), 5, 400, two, reference);
  CHECK(volumes[16] > volumes[1] - 0.1);
  CHECK(volumes[80] > volumes[1] - 0.3);
  CHECK(volumes[80] > random);
}

TEST_CASE("nsga2: what is not active is inherited all the same") {
  const search_space space = {{"parent", uniform(0, 1)},
                              {"which", choice({"a", "b"})},
                              {"xa", uniform(0, 1).when("which", "a")},
                              {"xb", uniform(0, 1).when("which", "b")}};
  auto how = of_population(4);
  how.crossover = 0;
  how.mutation = 0.2;
  const auto search = made(space, 1, how);
  // As no child is a mere copy, a number that children of one parent often have is what it had and was not active.
  const auto awoken = [&](std::uint64_t first) {
    std::map<double, std::map<double, int>> seen;
    for (std::uint64_t i = first; i < first + 3'000; ++i) {
      const auto child = asked_for(*search, i);
      for (const auto* name : {"xa", "xb"})
        if (child.contains(name))
          ++seen[child.get<double>("parent")][child.get<double>(name)];
    }
    std::set<double> often;
    for (const auto& [parent, counts] : seen)
      for (const auto& [number, count] : counts)
        if (count > 5)
          often.insert(number);
    return often;
  };
  std::set<double> known;
  for (const auto& each : run(*search, 1, 4, [](const config&) { return losses{1}; }))
    known.insert(each.get<double>(each.contains("xa") ? "xa" : "xb"));
  const auto of_first = awoken(10'000);
  CHECK(of_first.size() == 4);

  known.insert(of_first.begin(), of_first.end());
  for (const auto& each : run(*search, 5, 8, [](const config&) { return losses{0}; })) // They are the next population.
    known.insert(each.get<double>(each.contains("xa") ? "xa" : "xb"));
  const auto of_second = awoken(20'000);
  CHECK_FALSE(of_second.empty());
  CHECK(std::includes(known.begin(), known.end(), of_second.begin(), of_second.end()));
}

TEST_CASE("nsga2: one of the values that a configuration has is new, however many others there are") {
  search_space space = {{"which", choice({"a", "b"})}};
  for (int i = 0; i < 10; ++i)
    space.add("a" + std::to_string(i), uniform(0, 1).when("which", "a"));
  for (int i = 0; i < 90; ++i)
    space.add("b" + std::to_string(i), uniform(0, 1).when("which", "b"));
  auto how = of_population(10);
  how.crossover = 0;
  const auto search = made(space, 1, how);
  const auto first = run(*search, 1, 10, [](const config&) { return losses{1}; });
  int children = 0;
  int different = 0;
  for (std::uint64_t i = 11; i < 400; ++i) {
    const auto child = asked_for(*search, i);
    if (child.size() != 11)
      continue;
    int least = 11;
    for (const auto& each : first) {
      int changed = 0;
      for (const auto& [name, x] : child)
        changed += each.contains(name) && *each.find(name) == x ? 0 : 1;
      least = std::min(least, changed);
    }
    if (least > 5) // Its parent was of the other kind.
      continue;
    ++children;
    different += least;
  }
  REQUIRE(children > 100);
  CHECK(different > 1.4 * children); // 1.57 in the mean, as none is a mere copy.
  CHECK(different < 1.8 * children);
}

TEST_CASE("nsga2: if it is so wanted children lie near their parents, with several objectives nearer") {
  auto how = of_population(10);
  how.children = options::variation::simulated_binary;
  how.crossover = 0;
  const auto mean_step = [&](std::size_t objectives) {
    const auto search = made(cube(20), 1, how, objectives);
    const auto first = run(*search, 1, 10, [&](const config&) { return losses(objectives, 1); });
    double steps = 0;
    for (std::uint64_t i = 11; i < 211; ++i) {
      const auto child = asked_for(*search, i);
      auto parent = first[*likest(first, child).begin()].begin();
      for (const auto& each : child)
        steps += std::abs(each.second.to_number() - (parent++)->second.to_number());
    }
    return steps / 200;
  };
  CHECK(mean_step(1) < 0.4); // With numbers drawn anew it would be a third of 1.56.
  CHECK(mean_step(2) < 0.1);
  CHECK(mean_step(2) > 0.01);
}

TEST_CASE("nsga2: known results are members, and so are the user's points") {
  const auto search = made(cube(30), 1, copying(10));
  std::vector<config> all;
  for (int i = 0; i < 25; ++i) {
    chance random(1, "known", static_cast<std::uint64_t>(i));
    config values;
    for (int j = 0; j < 30; ++j)
      values.add("x" + std::to_string(j), i == 7 ? 0.3 : random.unit());
    all.push_back(values);
    search->on_known(values, {sphere(values)});
  }
  config of_user;
  for (int j = 0; j < 30; ++j)
    of_user.add("x" + std::to_string(j), 0.31);
  all.push_back(of_user);
  search->on_created(trial_id{1}, of_user);
  search->on_end(trial_id{1}, trial_outcome::completed, {sphere(of_user)});
  for (std::uint64_t i = 2; i <= 5; ++i) { // The third generation closes.
    all.push_back(asked_for(*search, i));
    search->on_created(trial_id{i}, all.back());
    search->on_end(trial_id{i}, trial_outcome::completed, {100});
  }
  auto counts = parents_of_next(*search, all, 200);

  CHECK(counts[7] > 20); // The best, 38 of 200; the user's own is the second.
  CHECK(counts[25] > 15);
}

TEST_CASE("nsga2: no configuration comes twice while it is remembered") {
  const search_space space = {{"a", choice({1, 2, 3})}, {"b", choice({1, 2, 3})}, {"x", uniform(0, 1)}};
  auto how = of_population(6);
  how.mutation = 0.1;
  for_each_seed(5, [&](seed s) {
    std::set<std::string> different;
    for (const auto& each : run(*made(space, s, how), 1, 300, [](const config& c) {
           return losses{c.get<double>("a") + std::abs(c.get<double>("x") - 0.5)};
         }))
      different.insert(to_json(each));
    CHECK(different.size() == 300);
  });
}

TEST_CASE("nsga2: in a finite space each point comes once, or with repeat the good ones again and again") {
  const search_space space = {{"a", integer(0, 9)}, {"b", integer(0, 9)}};
  const auto loss = [](const config& c) { return losses{std::abs(c.get<double>("a") - 3) + c.get<double>("b")}; };
  auto how = of_population(10);
  std::set<std::string> different;
  for (const auto& each : run(*made(space, 1, how), 1, 100, loss))
    different.insert(to_json(each));
  CHECK(different.size() == 100);

  how.repeat = true;
  int best = 0;
  for (const auto& each : run(*made(space, 1, how), 1, 400, loss))
    best += loss(each)[0] <= 1 ? 1 : 0;
  CHECK(best > 60); // By chance 16: four points of a hundred.
}

TEST_CASE("nsga2: where nothing is better, choices are as likely as before") {
  const search_space space = {{"c", choice({0, 1, 2, 3})}, {"x", uniform(0, 1)}};
  std::map<int, int> counts;
  for_each_seed(20, [&](seed s) {
    chance random(s, "losses", 0);
    const auto all =
      run(*made(space, s, of_population(20)), 1, 120, [&](const config&) { return losses{random.unit()}; });
    for (auto each = all.begin() + 20; each != all.end(); ++each)
      ++counts[each->get<int>("c")];
  });
  for (const auto& each : counts) {
    CHECK(each.second > 300); // Of 2000, a quarter for each, with a population's drift.
    CHECK(each.second < 700);
  }
}

TEST_CASE("nsga2: every mistake of its options is told, and all are shown as JSON") {
  options wrong;
  wrong.population = 1;
  wrong.crossover = 1.5;
  wrong.swapping = -1;
  wrong.mutation = std::nan("");
  CHECK(nsga2_search(wrong).mistakes({{"a", grid({1, 2})}}) ==
        std::vector<std::string>{"searcher nsga2: population is 1, but must be 2 to 10000",
                                 "searcher nsga2: crossover is 1.5, but must be 0 to 1",
                                 "searcher nsga2: swapping is -1, but must be 0 to 1",
                                 "searcher nsga2: mutation is nan, but must be 0 to 1",
                                 "space: \"a\": searcher nsga2 crosses no grids; use choice or ordinal"});
  const auto named = searcher_named("nsga2", R"({"children": "many", "populaton": 3})");
  REQUIRE_FALSE(named);
  CHECK(named.error().message ==
        "searcher nsga2: children is \"many\", but must be \"uniform\" or \"simulated_binary\"\n"
        "searcher nsga2: it has no option \"populaton\"; did you mean \"population\"?");
  options all;
  all.seed = 3;
  all.repeat = true;
  all.population = 30;
  all.crossover = 0.75;
  all.swapping = 0.25;
  all.mutation = 0.125;
  all.children = options::variation::simulated_binary;
  const auto text = to_json(nsga2_search(all));
  CHECK(text == R"({"name":"nsga2","seed":3,"repeat":true,"population":30,"crossover":0.75,"swapping":0.25,)"
                R"("mutation":0.125,"children":"simulated_binary"})");
  CHECK(to_json(or_throw(searcher_from_json(text))) == text);
  CHECK(to_json(nsga2_search()) == R"({"name":"nsga2"})");
}
