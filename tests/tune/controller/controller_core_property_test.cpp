#include "runtime/base/random_stream.hpp"

#include "tune/results/experiment_view.hpp"

#include "tests/support/seeds.hpp"
#include "tests/tune/controller/virtual_experiment.hpp"

#include <doctest/doctest.h>

using namespace virtual_tune;

namespace {

constexpr iteration_number most_iterations = 6;
constexpr std::uint64_t trials = 12;

verdict by_hash(trial_id trial, iteration_number iteration) {
  const auto mixed = (trial.value * 31 + static_cast<std::uint64_t>(iteration) * 17) % 23;
  return mixed == 3 ? verdict::stop : mixed == 5 ? verdict::pause : verdict::go_on;
}

trial_id any_of(const virtual_experiment& x, runtime::random_stream& random) {
  auto chosen = x.attempts.begin();
  std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(x.attempts.size())));
  return chosen->first;
}

/// Something that an attempt may do next; with a fault now and then.
void let_it(virtual_experiment& x, trial_id trial, runtime::random_stream& random, bool faults) {
  auto& a = x.attempts.at(trial);
  if (faults && random.chance(0.05))
    return x.over(trial.value, random.chance(0.5) ? end_cause::lost : end_cause::crashed, "a fault");
  if (a.is_killed && random.chance(0.5))
    return x.over(trial.value, end_cause::crashed, "signal 9 (SIGKILL)");
  if (!a.is_alive)
    return x.alive(trial.value);
  if (random.chance(0.5) && x.may_go_alone(trial.value)) {
    x.report_alone(trial.value, random.unit(), random.chance(0.4));
    return x.tells_at_once() ? x.deliver(trial.value) : void();
  }
  if (x.tells_at_once() && x.may_go_alone(trial.value) && random.chance(0.05))
    return x.over(trial.value, end_cause::finished); // Nothing of what it has told need be on disk.
  if (a.wants_answer)
    return;
  if (!a.ahead.empty() && random.chance(0.5))
    return x.deliver(trial.value);
  if (a.told == attempt_answer::stop || a.told == attempt_answer::pause) {
    const auto cause = a.told == attempt_answer::stop ? end_cause::stopped : end_cause::paused;
    return random.chance(0.5) ? x.over(trial.value, cause) : x.over_with_checkpoint(trial.value, cause);
  }
  x.report(trial.value, random.unit(), random.chance(0.4), /*done=*/false, /*in_storage=*/random.chance(0.5));
}

/// What its user may want of a trial; often it cannot be.
void want_something(virtual_experiment& x, runtime::random_stream& random) {
  const auto trial = 1 + random.below(trials);
  switch (random.below(5)) {
  case 0: x.stop(trial); return;
  case 1:
  case 2: x.pause(trial); return;
  default: x.resume(trial); return;
  }
}

void check_results_once(const virtual_experiment& x) {
  std::map<trial_id, iteration_number> last;
  for (const auto& each : x.all<record::result_reported>()) {
    REQUIRE(each.iteration == last[each.trial] + 1);
    last[each.trial] = each.iteration;
  }
}

/// What the journal says is kept, is there; and all of it has come to the storage.
void check_checkpoints(const virtual_experiment& x) {
  experiment_view view;
  for (const auto& each : x.written)
    REQUIRE(view.on_record(each));
  for (const auto& [trial, about] : view.trials())
    for (const auto& each : about.checkpoints.all()) {
      CHECK(each.at.in_storage);
      CHECK_MESSAGE(x.disk.count(each.at.directory) == 1, each.at.directory);
    }
}

} // namespace

TEST_CASE("controller: whatever is lost and however often the driver crashes, each result counts once and all ends") {
  for_each_seed(300, [](seed s) {
    runtime::random_stream random(s);
    auto options = virtual_experiment::options(trials);
    options.description = R"({"metric": "accuracy", "mode": "max"})";
    options.failures.max_failures = -1;
    options.failures.most_losses_in_a_row = 1'000'000;
    options.told_at_once = s % 3 == 0;
    options.most_unwritten = s % 5 == 0 ? 8 : 1'000;
    virtual_experiment x(options, 1000, by_hash, most_iterations);
    x.syncs_starts = false;
    x.goes_alone = x.schedule->goes_alone = s % 2 == 0;
    x.begin(3);

    for (int step = 0; step < 5000 && !x.ended; ++step) {
      const bool faults = step < 600;
      if (!faults) // In the end its user lets all go on.
        for (std::uint64_t trial = 1; trial <= trials; ++trial)
          x.resume(trial);
      if (faults && random.chance(0.02))
        want_something(x, random);
      else if (faults && random.chance(0.01))
        x.crash_and_reopen(1 + random.below(5));
      else if (random.chance(0.3))
        x.sync_to(x.durable + random.below(x.written.size() - x.durable + 1));
      else if (!x.on_the_way.empty() && random.chance(0.1)) {
        if (faults && random.chance(0.2))
          x.vanish(checkpoint_loss::for_good);
        else
          x.arrive();
      } else if (random.chance(0.2) || x.attempts.empty())
        x.pass(std::chrono::milliseconds(random.below(2000)));
      else
        let_it(x, any_of(x, random), random, faults);
    }
    x.sync();

    REQUIRE(x.ended);
    CHECK(x.ended->complete);
    CHECK(x.core->created() == trials);
    CHECK(x.core->replay_differences() == 0); // I6
    CHECK(x.attempts.empty());
    for (std::uint64_t trial = 1; trial <= trials; ++trial)
      CHECK(has_ended(x.state_of(trial)));
    check_results_once(x);
    check_checkpoints(x);

    const auto records = x.written.size(); // A finished experiment that is opened again stays as it is.
    x.crash_and_reopen(3);
    CHECK(x.written.size() == records + 2);
    CHECK(x.ended);
  });
}
