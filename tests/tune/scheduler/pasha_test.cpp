#include <algorithm>
#include <cmath>
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
#include "tune/schedulers.hpp"

using namespace tune;

namespace {

std::unique_ptr<scheduler> made(iteration_number max_t, double eta = 2) {
  pasha_options options;
  options.max_t = max_t;
  options.reduction_factor = eta;
  return pasha(options).make({1, direction::minimize});
}

struct said {
  std::vector<std::string> all;
  std::map<trial_id, iteration_number> iterations; ///< That each trial did.

  iteration_number most() const {
    iteration_number most = 0;
    for (const auto& each : iterations)
      most = std::max(most, each.second);
    return most;
  }
};

/// One trial after the other to its next pause; `loss` is told of (trial, iteration).
template <class Loss>
said run(scheduler& by, std::uint64_t trials, Loss loss) {
  said done;
  std::uint64_t created = 0;
  for (;;) {
    trial_id trial;
    if (const auto next = by.choose_paused())
      trial = next->trial;
    else if (created < trials) {
      trial = trial_id{++created};
      by.on_trial_created(trial, {});
    } else
      return done;
    for (;;) {
      const auto i = ++done.iterations[trial];
      const auto decided = by.on_result({trial, i, loss(trial.value, i)});
      if (decided.what == verdict::go_on)
        continue;
      done.all.push_back(std::to_string(trial.value) + " " + decided.reason);
      if (decided.what == verdict::pause)
        by.on_trial_paused(trial);
      else
        by.on_trial_end(trial, trial_state::stopped);
      break;
    }
  }
}

} // namespace

TEST_CASE("pasha: while the order of the trials stays, none goes beyond the second rung") {
  const auto by = made(64);
  CHECK(by->needs_checkpoints());
  CHECK(by->max_iterations() == 64);
  const auto done = run(*by, 64, [](std::uint64_t t, iteration_number i) {
    return static_cast<double>((t * 37) % 64) + 1.0 / static_cast<double>(i);
  });
  CHECK(done.most() == 2);
  CHECK(by->end_paused().size() == 64);
}

TEST_CASE("pasha: where the order changes from rung to rung without end, trials go to max_t") {
  const auto by = made(16);
  const auto done = run(*by, 200, [](std::uint64_t t, iteration_number i) {
    return static_cast<double>((t * 7919 * static_cast<std::uint64_t>(i + 1)) % 101);
  });
  CHECK(done.most() == 16);
}

TEST_CASE("pasha: the ceiling rises by one rung, and it says so") {
  const auto by = made(9, 2); // Rungs 1, 2, 4, 8.
  const auto loss = [](std::uint64_t t, iteration_number i) {
    return static_cast<double>(i == 1 ? t : 100 - t); // Turned round at the second rung, and never again.
  };
  const auto done = run(*by, 40, loss);
  std::size_t rises = 0;
  for (const auto& each : done.all)
    rises += each.find("trials may go on to") != std::string::npos;
  CHECK(rises == 1);
  CHECK(done.most() == 4);
  for (const auto& each : done.all)
    if (each.find("trials may go on to") != std::string::npos)
      CHECK(each.find("; the order at rung 2 is not that at rung 1: trials may go on to rung 4") != std::string::npos);
}

TEST_CASE("pasha: trials that overtake each other again and again are equal, as far as they are apart") {
  // With rungs 4 and 8 the noise is seen before the ceiling, and swaps neighbours at it.
  const auto loss = [](double noise) {
    return [noise](std::uint64_t t, iteration_number i) {
      const bool is_up = (static_cast<std::uint64_t>(i) + t) % 2 == 0;
      return static_cast<double>(t / 2) * 100 + (i == 8 ? (t % 2 == 0 ? -1 : 1) : is_up ? 1 : -1) * noise;
    };
  };
  pasha_options options;
  options.grace_period = 4;
  options.max_t = 64;
  options.reduction_factor = 2;
  const auto by = pasha(options).make({1, direction::minimize});
  CHECK(run(*by, 40, loss(3)).most() == 8);
}

TEST_CASE("pasha: infinite and missing losses, trials that end while they wait, and a replay (I6)") {
  for_each_seed(50, [](seed s) {
    const auto any = [s](std::uint64_t t, iteration_number i) {
      runtime::random_stream random(s * 1000 + t * 100 + static_cast<std::uint64_t>(i));
      switch (random.below(12)) {
      case 0: return std::nan("");
      case 1: return std::numeric_limits<double>::infinity();
      case 2: return -std::numeric_limits<double>::infinity();
      default: return static_cast<double>(random.below(6));
      }
    };
    const auto max_t = static_cast<iteration_number>(1 + s % 30);
    const auto by = made(max_t);
    const auto again = made(max_t);
    const auto done = run(*by, 60, any);
    CHECK(run(*again, 60, any).all == done.all);
    CHECK(done.most() <= max_t);
    for (const auto& each : by->end_paused())
      by->on_trial_end(each.trial, trial_state::stopped);
    CHECK_FALSE(by->choose_paused());
    by->on_trial_created(trial_id{61}, {}); // It is extended.
    for (iteration_number i = 1; i <= max_t; ++i)
      (void)by->on_result({trial_id{61}, i, any(61, i)});
  });
}

TEST_CASE("pasha: with one rung or none it is asha, and unknown trials change nothing") {
  const auto one = made(2);
  CHECK(run(*one, 8, [](std::uint64_t t, iteration_number) { return static_cast<double>(t); }).most() == 2);
  const auto none = made(1);
  CHECK(run(*none, 3, [](std::uint64_t, iteration_number) { return 0.0; }).most() == 1);
  CHECK(one->on_result({trial_id{77}, 1, 5}) == decision{});
  one->on_trial_end(trial_id{77}, trial_state::error);
}

TEST_CASE("pasha: shown as JSON and made again, and every option that is wrong is told") {
  pasha_options other;
  other.max_t = 27;
  other.reduction_factor = 4;
  for (const auto& which : {pasha(), pasha(other)})
    CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));
  CHECK(to_json(pasha(other)) == R"({"name":"pasha","max_t":27,"reduction_factor":4.0})");
  const auto wrong = scheduler_named("pasha", R"({"max_t": 0, "reduction_factor": 1})");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message ==
        "scheduler pasha: max_t is 0, but must be from 1 to 1000000000000\n"
        "scheduler pasha: reduction_factor is 1, but must be more than 1, from 1.01 to 1e6; use for example 3");
}
