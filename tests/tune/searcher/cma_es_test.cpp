#include "tune/searcher/cma_es.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tests/tune/searcher/searches_for_test.hpp"

using namespace tune;

namespace {

using options = cma_es_search_options;

double distance(const config& c, double from) {
  double sum = 0;
  for (const auto& each : c)
    sum += std::pow(each.second.to_number() - from, 2);
  return std::sqrt(sum);
}

std::unique_ptr<searcher> made(const search_space& space, seed s, const options& how = {}) {
  REQUIRE(cma_es_search(how).mistakes(space).empty());
  return cma_es_search(how).make({space, s, 1'000'000, 0});
}

/// The best loss, with so many trials pending, of which the oldest ends first.
double best_of(searcher& search, std::uint64_t trials, std::size_t pending,
               const std::function<double(const config&)>& loss, std::uint64_t first = 1) {
  std::deque<proposal> live;
  double best = INFINITY;
  for (std::uint64_t i = first; i < first + trials; ++i) {
    live.push_back(search.ask({trial_id{i}}).proposals.at(0));
    search.on_created(trial_id{i}, live.back().values);
    if (live.size() < pending)
      continue;
    const double x = loss(live.front().values);
    best = std::min(best, x);
    search.on_end(live.front().trial, trial_outcome::completed, {x});
    live.pop_front();
  }
  return best;
}

double median(std::vector<double> all) {
  std::sort(all.begin(), all.end());
  return all[all.size() / 2];
}

} // namespace

TEST_CASE("cma-es: it begins around the middle, and around what is known to be good") {
  std::vector<double> from_middle;
  std::vector<double> from_known;
  for_each_seed(20, [&](seed s) {
    const auto search = made(cube(3), s);
    from_middle.push_back(distance(search->ask({trial_id{1}}).proposals.at(0).values, 0.5));
    const auto told = made(cube(3), s);
    told->on_known(config{{"x0", 0.1}, {"x1", 0.1}, {"x2", 0.1}}, {3});
    told->on_known(config{{"x0", 0.8}, {"x1", 0.8}, {"x2", 0.8}}, {1});
    told->on_known(config{{"x0", 0.1}, {"x1", 0.1}, {"x2", 0.1}}, {std::nan("")});
    from_known.push_back(distance(told->ask({trial_id{1}}).proposals.at(0).values, 0.8));
  });
  CHECK(median(from_middle) < 0.35); // A sixth of the range in each of three.
  CHECK(median(from_known) < 0.35);
}

TEST_CASE("cma-es: of many known results the best tenth tells where and how wide to begin") {
  const auto search = made(cube(2), 1);
  chance random(1, "known", 0);
  for (int i = 0; i < 300; ++i) {
    const double x = random.unit();
    const double y = random.unit();
    search->on_known(config{{"x0", x}, {"x1", y}}, {std::pow(x - 0.8, 2) + std::pow(y - 0.2, 2)});
  }
  std::vector<trial_id> all;
  for (std::uint64_t i = 1; i <= 200; ++i)
    all.emplace_back(i);
  double sum = 0;
  for (const auto& each : search->ask(all).proposals)
    sum += std::hypot(each.values.get<double>("x0") - 0.8, each.values.get<double>("x1") - 0.2);
  CHECK(sum / 200 < 0.25);
}

TEST_CASE("cma-es: as many pending trials as there may be cost little of what it finds") {
  std::vector<double> one;
  std::vector<double> sixteen;
  const auto loss = [](const config& c) { return distance(c, 0.3); };
  for_each_seed(11, [&](seed s) {
    one.push_back(best_of(*made(cube(5), s), 400, 1, loss));
    sixteen.push_back(best_of(*made(cube(5), s), 400, 16, loss));
  });
  CHECK(median(one) < 5e-3);
  CHECK(median(sixteen) < 0.05);
}

TEST_CASE("cma-es: integers do not stall when the distribution has become narrow") {
  search_space space = {{"x", uniform(0, 1)}, {"y", uniform(0, 1)}};
  for (int i = 0; i < 4; ++i)
    space.add("n" + std::to_string(i), integer(0, 20));
  int found = 0;
  for_each_seed(11, [&](seed s) {
    const auto search = made(space, s);
    const auto loss = [](const config& c) {
      double sum = 1e4 * (std::pow(c.get<double>("x") - 0.5, 2) + std::pow(c.get<double>("y") - 0.5, 2));
      for (const auto& [name, x] : c)
        if (name[0] == 'n')
          sum += std::pow(x.to_number() - 17, 2);
      return sum;
    };
    found += best_of(*search, 1'500, 1, loss) < 0.1 ? 1 : 0;
  });
  CHECK(found >= 9); // Of 11.
}

TEST_CASE("cma-es: choices and binary parameters are learned, too") {
  search_space space = {{"x", uniform(0, 1)}, {"flag", integer(0, 1)}};
  for (int i = 0; i < 5; ++i)
    space.add("c" + std::to_string(i), choice({0, 1, 2, 3}));
  int found = 0;
  for_each_seed(11, [&](seed s) {
    const auto loss = [](const config& c) {
      double sum = std::abs(c.get<double>("x") - 0.2) + (c.get<int>("flag") == 1 ? 0 : 1);
      for (int i = 0; i < 5; ++i)
        sum += c.get<int>("c" + std::to_string(i)) == i % 4 ? 0 : 1;
      return sum;
    };
    found += best_of(*made(space, s), 300, 1, loss) < 0.2 ? 1 : 0;
  });
  CHECK(found >= 9);
}

TEST_CASE("cma-es: above a hundred parameters a generation costs no time that grows with their cube") {
  const auto space = cube(300);
  const auto search = made(space, 1);
  const double first = distance(search->ask({trial_id{1}}).proposals.at(0).values, 0.3);
  const double best = best_of(*search, 3'000, 1, [](const config& c) { return distance(c, 0.3); });
  CHECK(best < 0.5 * first);
}

TEST_CASE("cma-es: a search that has converged begins again elsewhere") {
  for (const auto how : {options::restart::bipop, options::restart::ipop}) {
    options restarted;
    restarted.restarts = how;
    const auto search = made(cube(2), 4, restarted);
    // It begins in the valley that is not the deeper one.
    const auto loss = [](const config& c) { return std::min(distance(c, 0.4) + 0.2, 1.2 * distance(c, 0.9)); };
    CHECK(best_of(*search, 6'000, 1, loss) < 0.1);
  }
}

TEST_CASE("cma-es: the order in which the trials of a generation end does not matter") {
  const auto one = made(cube(3), 2);
  const auto other = made(cube(3), 2);
  std::vector<trial_id> all;
  for (std::uint64_t i = 1; i <= 7; ++i) // A generation.
    all.emplace_back(i);
  const auto asked = one->ask(all).proposals;
  for (const auto& each : asked) {
    one->on_created(each.trial, each.values);
    other->on_created(each.trial, each.values);
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto tell = [&](searcher& to, const proposal& x) {
      to.on_end(x.trial, trial_outcome::completed, {distance(x.values, 0.3)});
    };
    tell(*one, asked[i]);
    tell(*other, asked[asked.size() - 1 - i]);
  }
  CHECK(one->ask({trial_id{8}}).proposals.at(0).values == other->ask({trial_id{8}}).proposals.at(0).values);
}

TEST_CASE("cma-es: trials that were stopped early teach, those behind others most") {
  double distances = 0;
  for_each_seed(11, [&](seed s) {
    const auto search = made(cube(3), s);
    for (std::uint64_t i = 1; i <= 200; ++i) {
      const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
      search->on_created(trial_id{i}, values);
      const double loss = distance(values, 0.2);
      search->on_report(trial_id{i}, loss < 0.3 ? 9 : 1, {loss});
      search->on_end(trial_id{i}, loss < 0.1 ? trial_outcome::completed : trial_outcome::stopped, {loss});
    }
    distances += distance(search->ask({trial_id{201}}).proposals.at(0).values, 0.2);
  });
  CHECK(distances / 11 < 0.1);
}

TEST_CASE("cma-es: what violates constraints is worse than what does not") {
  double sum = 0;
  for_each_seed(11, [&](seed s) {
    const auto search = made(cube(2), s);
    for (std::uint64_t i = 1; i <= 150; ++i) {
      const auto values = search->ask({trial_id{i}}).proposals.at(0).values;
      search->on_created(trial_id{i}, values);
      search->on_constraints(trial_id{i}, {0.6 - values.get<double>("x0")});
      search->on_end(trial_id{i}, trial_outcome::completed, {distance(values, 0.2)});
    }
    sum += search->ask({trial_id{151}}).proposals.at(0).values.get<double>("x0");
  });
  CHECK(sum / 11 == doctest::Approx(0.6).epsilon(0.05));
}

TEST_CASE("cma-es: a user's own configuration that does well draws the search to it") {
  const auto search = made(cube(3), 5);
  const config good = {{"x0", 0.95}, {"x1", 0.95}, {"x2", 0.95}};
  search->on_created(trial_id{1}, good);
  search->on_end(trial_id{1}, trial_outcome::completed, {0});
  const double best = best_of(
    *search, 6, 1, [](const config& c) { return distance(c, 0.95); }, 2);
  double sum = 0;
  for (std::uint64_t i = 8; i < 28; ++i)
    sum += distance(search->ask({trial_id{i}}).proposals.at(0).values, 0.95);
  CHECK(sum / 20 < best);
}

TEST_CASE("cma-es: every mistake of its options is told") {
  options wrong;
  wrong.population = 3;
  wrong.deviation = 0;
  CHECK(cma_es_search(wrong).mistakes({{"a", grid({1, 2})}}) ==
        std::vector<std::string>{"searcher cma_es: population is 3, but must be 4 to 10000",
                                 "searcher cma_es: deviation is 0, but must be above 0 and at most 1",
                                 "space: \"a\": searcher cma_es crosses no grids; use choice or ordinal"});
  const auto named = searcher_named("cma_es", R"({"restarts": "no", "covariance": "half", "populaton": 3})");
  REQUIRE_FALSE(named);
  CHECK(named.error().message ==
        "searcher cma_es: restarts is \"no\", but must be \"bipop\" or \"ipop\"\n"
        "searcher cma_es: covariance is \"half\", but must be \"automatic\", \"full\" or \"sep\"\n"
        "searcher cma_es: it has no option \"populaton\"; did you mean \"population\"?");
}

TEST_CASE("cma-es: shown as JSON and made again from it") {
  options all;
  all.seed = 3;
  all.repeat = true;
  all.population = 20;
  all.deviation = 0.25;
  all.restarts = options::restart::ipop;
  all.covariance = options::form::sep;
  const auto text = to_json(cma_es_search(all));
  CHECK(text == R"({"name":"cma_es","seed":3,"repeat":true,"population":20,"deviation":0.25,)"
                R"("restarts":"ipop","covariance":"sep"})");
  CHECK(to_json(or_throw(searcher_from_json(text))) == text);
  CHECK(to_json(cma_es_search()) == R"({"name":"cma_es"})");
}
