#include "tune/searcher/hyper_tune_searcher.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/seeds.hpp"
#include "tests/tune/searcher/searches_for_test.hpp"

using namespace tune;

namespace {

const search_space line = {{"x", uniform(0, 1)}};
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

hyper_tune_search_options never_random() {
  hyper_tune_search_options options;
  options.random_share = 0;
  return options;
}

std::unique_ptr<hyper_tune_searcher> made(const search_space& space, seed s,
                                          const hyper_tune_search_options& options = never_random()) {
  return std::make_unique<hyper_tune_searcher>(searcher_setup{space, s, 1'000'000, 0}, options);
}

config at(double x) {
  config values;
  values.set("x", x);
  return values;
}

/// What it proposes for a trial, without that trial coming to be.
double proposed(searcher& search, std::uint64_t trial = 1'000) {
  return search.ask({trial_id{trial}}).proposals.at(0).values.get<double>("x");
}

/// So many trials, evenly over the line, report once and go on.
template <class Loss>
void reach(searcher& search, std::uint64_t first, int count, iteration_number iteration, Loss loss) {
  for (int i = 0; i < count; ++i) {
    const trial_id trial{first + static_cast<std::uint64_t>(i)};
    const auto x = (i + 0.5) / count;
    search.on_created(trial, at(x));
    search.on_report(trial, iteration, {loss(x)});
  }
}

auto valley(double best) {
  return [best](double x) { return std::abs(x - best); };
}

double sum(const std::vector<double>& all) {
  return std::accumulate(all.begin(), all.end(), 0.0);
}

} // namespace

TEST_CASE("hyper_tune: with too few results at any rung it is a Sobol search") {
  const auto search = made(line, 3);
  const auto sobol = sobol_search().make({line, 3, 1, 0});
  reach(*search, 1, 7, 1, valley(0.9));
  CHECK(search->weights().empty());
  CHECK(proposed(*search) == proposed(*sobol));

  reach(*search, 101, 1, 1, valley(0.9));
  CHECK(search->weights() == std::vector<double>{1, 0}); // The rung above is open.
  CHECK(proposed(*search) != proposed(*sobol));
}

TEST_CASE("hyper_tune: startup_trials says how many results") {
  auto options = never_random();
  options.startup_trials = 20;
  const auto search = made(line, 3, options);
  reach(*search, 1, 19, 1, valley(0.9));
  CHECK(search->weights().empty());
  reach(*search, 101, 1, 1, valley(0.9));
  CHECK(!search->weights().empty());
}

TEST_CASE("hyper_tune: it goes where the lowest rung is best, as long as no other one has enough results") {
  for_each_seed(10, [](seed s) {
    const auto search = made(line, s);
    reach(*search, 1, 20, 1, valley(0.9));
    reach(*search, 101, 5, 3, valley(0.2)); // One too few.

    CHECK(search->weights() == std::vector<double>{1, 0, 0});
    CHECK(std::abs(proposed(*search) - 0.9) < 0.1);
  });
}

TEST_CASE("hyper_tune: short trials that say the same as long ones are believed, misleading ones are not") {
  for_each_seed(10, [](seed s) {
    const auto good = made(line, s);
    reach(*good, 1, 30, 1, [](double x) { return 5 + std::abs(x - 0.7); });
    reach(*good, 101, 6, 3, valley(0.7));
    CHECK(good->weights()[0] > 0.8);
    CHECK(sum(good->weights()) == doctest::Approx(1));
    CHECK(std::abs(proposed(*good) - 0.7) < 0.1);

    const auto misled = made(line, s);
    reach(*misled, 1, 30, 1, valley(0.9));
    reach(*misled, 101, 12, 3, valley(0.2));
    CHECK(misled->weights()[0] < 0.1);
    CHECK(std::abs(proposed(*misled) - 0.2) < 0.15);
  });
}

TEST_CASE("hyper_tune: a result that is no number does not give a rung a say, but is to be kept away from") {
  const auto search = made(line, 1);
  reach(*search, 1, 20, 1, valley(0.9));
  reach(*search, 101, 20, 3, [](double) { return not_a_number; });
  CHECK(search->weights() == std::vector<double>{1, 0, 0});

  const auto half = made(line, 1);
  reach(*half, 1, 40, 1, [](double x) { return x > 0.5 ? not_a_number : -x; });
  CHECK(proposed(*half) < 0.55);
}

TEST_CASE("hyper_tune: a report beyond several rungs counts at the highest of them, and once") {
  const auto search = made(line, 1);
  reach(*search, 1, 20, 10, valley(0.2)); // Rung 9, and neither 1 nor 3.
  CHECK(search->weights() == std::vector<double>{0, 0, 1, 0});
  for (std::uint64_t trial = 1; trial <= 20; ++trial)
    search->on_report(trial_id{trial}, 11, {0.0});

  CHECK(std::abs(proposed(*search) - 0.2) < 0.1);
}

TEST_CASE("hyper_tune: trials that ended say nothing of rungs above, and one that failed is bad at the next") {
  const auto after = [](trial_outcome how) {
    auto search = made(line, 2);
    reach(*search, 1, 20, 1, valley(0.6));
    reach(*search, 101, 8, 3, valley(0.6));
    for (std::uint64_t trial = 201; how != trial_outcome::completed && trial < 211; ++trial) {
      search->on_created(trial_id{trial}, at(0.6));
      search->on_end(trial_id{trial}, how, {});
    }
    return proposed(*search);
  };
  const auto without = after(trial_outcome::completed);

  CHECK(std::abs(without - 0.6) < 0.05);
  CHECK(after(trial_outcome::ignored) == without);
  CHECK(after(trial_outcome::stopped) == without);
  CHECK(std::abs(after(trial_outcome::failed) - 0.6) > 0.02);
}

TEST_CASE("hyper_tune: a rung that is opened later knows who is on the way to it") {
  const auto early = made(line, 1);
  const auto late = made(line, 1);
  early->on_created(trial_id{900}, at(0.5));
  early->on_report(trial_id{900}, 27, {0.0}); // All rungs up to 81 are there before the others come.
  reach(*early, 1, 20, 1, valley(0.3));
  reach(*early, 101, 8, 3, valley(0.3));
  reach(*late, 1, 20, 1, valley(0.3));
  reach(*late, 101, 8, 3, valley(0.3));
  late->on_created(trial_id{900}, at(0.5));
  late->on_report(trial_id{900}, 27, {0.0});
  for (auto* each : {early.get(), late.get()})
    for (std::uint64_t trial = 1; trial <= 8; ++trial)
      each->on_report(trial_id{trial}, 9, {std::abs(static_cast<double>(trial) / 20 - 0.3)});

  CHECK(late->weights()[2] > 0);
  CHECK(early->weights() == late->weights());
  CHECK(proposed(*early) == proposed(*late));
}

TEST_CASE("hyper_tune: a trial that completes below the first rung counts there") {
  auto options = never_random();
  options.grace_period = 5;
  const auto search = made(line, 1, options);
  for (std::uint64_t trial = 1; trial <= 10; ++trial) {
    search->on_created(trial_id{trial}, at(static_cast<double>(trial) / 10));
    search->on_report(trial_id{trial}, 4, {1.0});
  }
  CHECK(search->weights().empty());

  for (std::uint64_t trial = 1; trial <= 10; ++trial)
    search->on_end(trial_id{trial}, trial_outcome::completed, {static_cast<double>(trial)});
  CHECK(search->weights().front() == 1);
}

TEST_CASE("hyper_tune: known results count at every rung, also at one that is opened later") {
  const auto search = made(line, 1);
  for (int i = 0; i < 20; ++i)
    search->on_known(at(i / 20.0), {std::abs(i / 20.0 - 0.4)});
  CHECK(std::abs(proposed(*search) - 0.4) < 0.1);

  reach(*search, 1, 1, 9, valley(0.4));
  CHECK(search->weights().size() == 4);
  CHECK(sum(search->weights()) == doctest::Approx(1));
}

TEST_CASE("hyper_tune: a share of the trials is not learned") {
  const auto search = made(line, 7, {});
  const auto sobol = sobol_search().make({line, 7, 1, 0});
  reach(*search, 1, 20, 1, valley(0.9));

  int same = 0;
  for (std::uint64_t trial = 1'000; trial < 1'200; ++trial)
    same += proposed(*search, trial) == proposed(*sobol, trial) ? 1 : 0;

  CHECK(same > 25);
  CHECK(same < 58); // 40 of 200.
}

TEST_CASE("hyper_tune: no point of a finite space is proposed twice, at whatever rungs it was seen") {
  const search_space space = {{"a", integer(1, 4)}, {"b", choice({1, 2, 3, 4, 5})}};
  const auto search = made(space, 3);
  std::set<std::string> seen;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    const trial_id trial{i};
    const auto values = search->ask({trial}).proposals.at(0).values;
    REQUIRE(seen.insert(to_json(values)).second);
    search->on_created(trial, values);
    for (iteration_number iteration = 1; iteration <= static_cast<iteration_number>(i); iteration *= 3)
      search->on_report(trial, iteration, {static_cast<double>(values.get<int>("a") + values.get<int>("b"))});
    search->on_end(trial, i % 4 == 0 ? trial_outcome::stopped : trial_outcome::completed, {1.0});
  }

  CHECK(search->ask({trial_id{21}}).how == ask_outcome::exhausted);
}

TEST_CASE("hyper_tune: options out of range are told by their names") {
  hyper_tune_search_options wrong;
  wrong.grace_period = 0;
  wrong.reduction_factor = 1;
  wrong.random_share = 1.5;
  wrong.startup_trials = 0;

  CHECK(hyper_tune_search(wrong).mistakes(line) ==
        std::vector<std::string>{"searcher hyper_tune: grace_period is 0, but must be 1 or more",
                                 "searcher hyper_tune: reduction_factor is 1, but must be 1.5 to 1000000",
                                 "searcher hyper_tune: random_share is 1.5, but must be 0 to 1",
                                 "searcher hyper_tune: startup_trials is 0, but must be 1 or more"});
}

TEST_CASE("hyper_tune: options go to JSON and back") {
  hyper_tune_search_options options;
  options.seed = 4;
  options.repeat = true;
  options.grace_period = 2;
  options.reduction_factor = 4;
  options.startup_trials = 9;
  options.random_share = 0.5;
  const auto choice = hyper_tune_search(options);

  const auto again = searcher_from_json(to_json(choice));

  REQUIRE(again);
  CHECK(again->name() == "hyper_tune");
  CHECK(again->options() == choice.options());
  CHECK(choice.options() ==
        R"({"seed":4,"repeat":true,"grace_period":2,"reduction_factor":4.0,"startup_trials":9,"random_share":0.5})");
}
