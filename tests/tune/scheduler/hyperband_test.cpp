#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/scheduler/synchronous_hyperband.hpp"
#include "tune/schedulers.hpp"

using namespace tune;

namespace {

using variant = hyperband_options::variant;

hyperband_options options_of(iteration_number max_t, double eta, variant type = variant::synchronous) {
  hyperband_options options;
  options.max_t = max_t;
  options.reduction_factor = eta;
  options.type = type;
  return options;
}

/// "9@1 3@3 1@9", for each bracket: so many trials after so many iterations.
std::vector<std::string> brackets(const hyperband_options& options) {
  std::vector<std::string> all;
  for (const auto& each : synchronous_hyperband::plans(options)) {
    std::string text;
    auto trials = each.trials;
    for (const auto& rung : each.rungs) {
      text += std::to_string(trials) + "@" + std::to_string(rung.level) + " ";
      trials = rung.go_on;
    }
    all.push_back(text + std::to_string(trials) + "@" + std::to_string(options.max_t));
  }
  return all;
}

struct said {
  std::vector<std::string> all;       ///< In their order.
  std::map<trial_id, int> iterations; ///< That each trial did.
  std::size_t most_running = 0;
};

/// Runs so many trials at random, each step of one of them, as a controller does: who was paused goes on before a new
/// one is created.
said run(scheduler& by, seed s, std::uint64_t trials, std::size_t places, double failing = 0) {
  runtime::random_stream random(s);
  said done;
  std::set<trial_id> running;
  std::map<trial_id, int> at;
  std::uint64_t created = 0;
  for (;;) {
    for (const auto& each : by.lost()) {
      REQUIRE(running.count(each.trial) == 0);
      by.on_trial_end(each.trial, trial_state::stopped);
    }
    while (running.size() < places) {
      if (const auto next = by.choose_paused()) {
        REQUIRE(running.insert(next->trial).second);
        done.all.push_back(std::to_string(next->trial.value) + " " + next->reason);
      } else if (created < trials) {
        by.on_trial_created(trial_id{++created}, {});
        running.insert(trial_id{created});
      } else
        break;
    }
    done.most_running = std::max(done.most_running, running.size());
    if (running.empty())
      break;
    auto which = running.begin();
    std::advance(which, random.below(running.size()));
    const auto trial = *which;
    const double loss = random.chance(failing) ? std::nan("") : static_cast<double>((trial.value * 7919) % 101);
    const bool dies = random.chance(failing);
    const auto decided = dies ? decision{verdict::stop, "died"} : by.on_result({trial, ++at[trial], loss});
    if (decided.what == verdict::go_on)
      continue;
    done.all.push_back(std::to_string(trial.value) + " " + decided.reason);
    running.erase(trial);
    if (decided.what == verdict::pause)
      by.on_trial_paused(trial);
    else
      by.on_trial_end(trial, trial_state::stopped);
  }
  done.iterations = at;
  return done;
}

std::size_t count_of(const said& done, int iterations) {
  return static_cast<std::size_t>(std::count_if(done.iterations.begin(), done.iterations.end(),
                                                [&](const auto& x) { return x.second == iterations; }));
}

} // namespace

TEST_CASE("hyperband: brackets and rungs are those of the paper") {
  using lines = std::vector<std::string>;
  CHECK(brackets(options_of(81, 3)) ==
        lines{"81@1 27@3 9@9 3@27 1@81", "34@3 11@9 3@27 1@81", "15@9 5@27 1@81", "8@27 2@81", "5@81"});
  CHECK(brackets(options_of(27, 3)) == lines{"27@1 9@3 3@9 1@27", "12@3 4@9 1@27", "6@9 2@27", "4@27"});
  CHECK(brackets(options_of(64, 4)) == lines{"64@1 16@4 4@16 1@64", "22@4 5@16 1@64", "8@16 2@64", "4@64"});
  CHECK(brackets(options_of(1, 3)) == lines{"1@1"});
  auto late = options_of(81, 3);
  late.grace_period = 9;
  CHECK(brackets(late) == lines{"9@9 3@27 1@81", "5@27 1@81", "3@81"});
  CHECK(brackets(options_of(100, 3)).front() == "81@1 27@4 9@11 3@33 1@100");
}

TEST_CASE("hyperband, synchronous: the best of each rung go on, whatever the order in which trials report") {
  for_each_seed(20, [](seed s) {
    const auto by = hyperband(options_of(9, 3)).make({1, direction::minimize});
    const auto done = run(*by, s, 9 + 5 + 3, 4);

    CHECK(count_of(done, 1) == 6);         // Of the first 9.
    CHECK(count_of(done, 3) == 2 + 4);     // And of the 5 of the second bracket all but one.
    CHECK(count_of(done, 9) == 1 + 1 + 3); // The third bracket judges nobody.
    const auto best = [](std::uint64_t first, std::uint64_t last) {
      auto found = first;
      for (auto i = first; i <= last; ++i)
        if ((i * 7919) % 101 < (found * 7919) % 101)
          found = i;
      return trial_id{found};
    };
    CHECK(done.iterations.at(best(1, 9)) == 9);
    CHECK(done.iterations.at(best(10, 14)) == 9);
    CHECK(done.most_running == 4); // The next bracket begins while one waits.
  });
}

TEST_CASE("hyperband, synchronous: it says why") {
  const auto by = hyperband(options_of(3, 3)).make({1, direction::maximize});
  for (std::uint64_t i = 1; i <= 4; ++i)
    by->on_trial_created(trial_id{i}, {});
  CHECK(by->on_result({trial_id{1}, 1, -5}) ==
        decision{verdict::pause, "rung 1: 5 waits for all of its bracket, 1 of 3 have come"});
  by->on_trial_paused(trial_id{1});
  CHECK(by->on_result({trial_id{4}, 1, -5}) == decision{}); // It belongs to the second bracket, without a rung.
  CHECK(by->on_result({trial_id{2}, 1, std::nan("")}) == decision{verdict::stop, "rung 1: the metric is not a number"});
  by->on_trial_end(trial_id{2}, trial_state::stopped);
  CHECK_FALSE(by->choose_paused());
  CHECK(by->on_result({trial_id{3}, 1, -4}) == decision{verdict::stop, "rung 1: 4 is not among the best 1 of 3"});
  by->on_trial_end(trial_id{3}, trial_state::stopped);
  const auto next = by->choose_paused();
  REQUIRE(next);
  CHECK(next->trial == trial_id{1});
  CHECK(next->reason == "rung 1: 5 is among the best 1 of 3");
  CHECK_FALSE(by->choose_paused());
  CHECK(by->next_judged(trial_id{1}, 1) == 3);
  CHECK(by->on_result({trial_id{1}, 3, -6}) == decision{verdict::stop, "max_t: 3 iterations are done"});
}

TEST_CASE("hyperband, synchronous: a bracket that is not filled waits until the end, and says so") {
  const auto by = hyperband(options_of(3, 3)).make({1, direction::minimize});
  by->on_trial_created(trial_id{1}, {});
  by->on_trial_created(trial_id{2}, {});
  CHECK(by->on_result({trial_id{2}, 1, 1}).what == verdict::pause);
  by->on_trial_paused(trial_id{2});
  by->on_trial_end(trial_id{1}, trial_state::error);

  CHECK_FALSE(by->choose_paused());
  const auto ends = by->end_paused();
  REQUIRE(ends.size() == 1);
  CHECK(ends.front().trial == trial_id{2});
  CHECK(ends.front().reason == "rung 1: 1 waits for all of its bracket, 2 of 3 have come");
}

TEST_CASE("hyperband, synchronous: samples that fill no bracket are told, before anything runs") {
  const auto by = hyperband(options_of(9, 3)).make({1, direction::minimize});
  CHECK(by->doubt_with(9).empty());
  CHECK(by->doubt_with(8) ==
        "8 trials fill no bracket: 9 begin the first one, and nobody goes on from its rung 1 before "
        "they have all come there; have at least as many samples, a lower max_t, or type = "
        "asynchronous");
  CHECK(hyperband(options_of(1, 3)).make({})->doubt_with(0).empty()); // No rung.
  CHECK(hyperband(options_of(9, 3, variant::asynchronous)).make({})->doubt_with(1).empty());
}

TEST_CASE("hyperband, synchronous: who is paused and has lost its rung is told, unless its user holds it") {
  const auto by = hyperband(options_of(3, 3)).make({1, direction::minimize});
  for (std::uint64_t i = 1; i <= 3; ++i)
    by->on_trial_created(trial_id{i}, {});
  CHECK(by->on_result({trial_id{1}, 1, 5}).what == verdict::pause);
  by->on_trial_paused(trial_id{1});
  CHECK(by->on_result({trial_id{2}, 1, 6}).what == verdict::pause); // It saves until later.
  CHECK(by->lost().empty());
  CHECK(by->on_result({trial_id{3}, 1, 4}).what == verdict::pause);
  by->on_trial_paused(trial_id{3});

  REQUIRE(by->lost().size() == 1);
  CHECK(by->lost().front().trial == trial_id{1});
  CHECK(by->lost().front().reason == "rung 1: 5 is not among the best 1 of 3");
  by->on_trial_paused(trial_id{2});
  CHECK(by->lost().size() == 2);
  by->on_trial_held(trial_id{2});
  CHECK(by->lost().size() == 1);
  by->on_trial_end(trial_id{1}, trial_state::stopped);
  CHECK(by->lost().empty());
  CHECK(by->choose_paused()->trial == trial_id{3});
}

TEST_CASE("hyperband, synchronous: a bracket that was not filled is filled anew when the experiment is extended") {
  const auto by = hyperband(options_of(3, 3)).make({1, direction::minimize});
  for (std::uint64_t i = 1; i <= 2; ++i) {
    by->on_trial_created(trial_id{i}, {});
    CHECK(by->on_result({trial_id{i}, 1, 0}).what == verdict::pause);
    by->on_trial_paused(trial_id{i});
  }
  CHECK(by->lost().empty());
  for (const auto& each : by->end_paused())
    by->on_trial_end(each.trial, trial_state::stopped);

  for (std::uint64_t i = 3; i <= 5; ++i) {
    by->on_trial_created(trial_id{i}, {});
    CHECK_FALSE(by->choose_paused());
    CHECK(by->on_result({trial_id{i}, 1, 10 - static_cast<double>(i)}).reason.find("of 3") != std::string::npos);
    by->on_trial_paused(trial_id{i});
  }
  CHECK(by->lost().size() == 2);
  const auto next = by->choose_paused();
  REQUIRE(next);
  CHECK(next->trial == trial_id{5});
  CHECK(next->reason == "rung 1: 5 is among the best 1 of 3");
}

TEST_CASE("hyperband, synchronous: of equal results the earlier trial goes on, and a chosen one that ends is missed by "
          "nobody") {
  const auto by = hyperband(options_of(9, 3)).make({1, direction::minimize});
  for (std::uint64_t i = 1; i <= 9; ++i)
    by->on_trial_created(trial_id{i}, {});
  for (std::uint64_t i = 9; i >= 2; --i) {
    CHECK(by->on_result({trial_id{i}, 1, 7}).what == verdict::pause);
    by->on_trial_paused(trial_id{i});
  }
  CHECK(by->on_result({trial_id{1}, 1, 7}).what == verdict::pause);
  // Trial 1 is chosen, but its attempt is still saving.
  CHECK(by->choose_paused()->trial == trial_id{2});
  by->on_trial_end(trial_id{1}, trial_state::error);
  CHECK(by->choose_paused()->trial == trial_id{3});
  CHECK_FALSE(by->choose_paused());
  CHECK(by->on_result({trial_id{2}, 3, 1}).what == verdict::pause);
  by->on_trial_paused(trial_id{2});
  CHECK(by->on_result({trial_id{3}, 3, 2}).what == verdict::stop); // All three of the rung came or ended.
  by->on_trial_end(trial_id{3}, trial_state::stopped);
  CHECK(by->choose_paused()->trial == trial_id{2});
}

TEST_CASE("hyperband, synchronous: whom its user has go on is counted by no rung") {
  const auto by = hyperband(options_of(3, 3)).make({1, direction::minimize});
  for (std::uint64_t i = 1; i <= 3; ++i)
    by->on_trial_created(trial_id{i}, {});
  CHECK(by->on_result({trial_id{1}, 1, 0}).what == verdict::pause);
  by->on_trial_paused(trial_id{1});
  by->on_trial_held(trial_id{1});
  CHECK(by->on_result({trial_id{1}, 2, 0}) == decision{});
  CHECK(by->on_result({trial_id{2}, 1, 5}).what == verdict::pause);
  by->on_trial_paused(trial_id{2});
  CHECK(by->on_result({trial_id{3}, 1, 6}).what == verdict::stop);
  by->on_trial_end(trial_id{3}, trial_state::stopped);
  CHECK(by->choose_paused()->trial == trial_id{2});
  CHECK(by->on_result({trial_id{1}, 3, 0}).what == verdict::stop);
  by->on_trial_end(trial_id{1}, trial_state::stopped);
}

TEST_CASE(
  "hyperband: trials that fail, jump or are no number leave no trial behind that could go on, and replay equal (I6)") {
  for_each_seed(100, [](seed s) {
    for (const auto type : {variant::synchronous, variant::asynchronous}) {
      const auto how = options_of(1 + static_cast<iteration_number>(s % 40), 2 + static_cast<double>(s % 3), type);
      const auto by = hyperband(how).make({s, direction::minimize});
      const auto done = run(*by, s, 120, 1 + s % 9, 0.05);
      CHECK(run(*hyperband(how).make({s, direction::minimize}), s, 120, 1 + s % 9, 0.05).all == done.all);
      CHECK_FALSE(by->choose_paused());
      for (const auto& [trial, iterations] : done.iterations)
        CHECK(iterations <= how.max_t);
      // All brackets that are full are decided: of what is left nobody waits in them.
      std::size_t waiting = 0;
      for (const auto& each : by->end_paused())
        waiting += each.reason.find("waits for all") != std::string::npos;
      std::uint64_t full = 0;
      std::size_t last = 0;
      for (std::size_t i = 0; full < 120; ++i) {
        last = synchronous_hyperband::plans(how)[i % synchronous_hyperband::plans(how).size()].trials;
        full += last;
      }
      CHECK(waiting < last + 1);
      if (full == 120)
        CHECK(waiting == 0);
    }
  });
}

TEST_CASE("hyperband, asynchronous: all brackets of ASHA, and no checkpoints") {
  const auto by = hyperband(options_of(81, 3, variant::asynchronous)).make({1, direction::minimize});
  CHECK_FALSE(by->needs_checkpoints());
  CHECK(by->max_iterations() == 81);
  std::set<iteration_number> first;
  for (std::uint64_t i = 1; i <= 500; ++i) {
    by->on_trial_created(trial_id{i}, {});
    first.insert(by->next_judged(trial_id{i}, 0));
  }
  CHECK(first == std::set<iteration_number>{1, 3, 9, 27, 81});
}

TEST_CASE("hyperband: shown as JSON and made again, and every option that is wrong is told") {
  for (const auto& which : {hyperband(), hyperband(options_of(27, 4))})
    CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));
  CHECK(to_json(hyperband(options_of(27, 4))) ==
        R"({"name":"hyperband","max_t":27,"reduction_factor":4.0,"type":"synchronous"})");
  const auto wrong = scheduler_named("hyperband", R"({"max_t": 0, "reduction_factor": 1.1})");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message ==
        "scheduler hyperband: max_t is 0, but must be from 1 to 1000000000000\n"
        "scheduler hyperband: reduction_factor is 1.1, but must be from 1.5 to 1e6; use for example 3");
  CHECK(scheduler_named("hyperband", R"({"type": "x"})").error().message ==
        R"(scheduler hyperband: type is "x", but must be "asynchronous" or "synchronous")");
}
