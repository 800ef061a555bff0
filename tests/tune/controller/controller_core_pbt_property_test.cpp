#include "runtime/base/random_stream.hpp"

#include "tests/support/seeds.hpp"
#include "tests/tune/controller/virtual_experiment.hpp"

#include "tune/results/experiment_view.hpp"
#include "tune/schedulers.hpp"
#include "tune/search_space.hpp"

#include <iterator>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace virtual_tune;

namespace {

constexpr iteration_number last_iteration = 12;

/// A population whose trials have a state: the values that it was trained with, one for each iteration. What is saved
/// and restored is that; a checkpoint that is restored must be there.
class population {
public:
  /// `explores_by`: "pbt" or "pb2".
  population(seed s, std::uint64_t trials, const char* explores_by, pbt_options::variant type,
             controller_options options)
    : random(s),
      trials_(trials),
      x(prepared(std::move(options)), 1000, {}, std::nullopt, [explores_by, type, s] {
        const auto how = std::string(R"({"quantile_fraction": 0.4, "perturbation_interval": )") +
                         (s % 2 == 0 ? "2" : "3") + R"(, "type": ")" +
                         (type == pbt_options::variant::synchronous ? "synchronous" : "asynchronous") + "\"}";
        return or_throw(scheduler_named(explores_by, how))
          .make({s, direction::maximize, std::make_shared<const search_space>(search_space{{"x", uniform(0, 1000)}})});
      }) {
    x.on_start = [this](const controller_core::start_attempt& start) { begin_state(start); };
  }

  /// Something that an attempt may do next.
  void let_it(trial_id trial, bool faults) {
    auto& a = x.attempts.at(trial);
    if (faults && random.chance(0.04))
      return x.over(trial.value, random.chance(0.5) ? end_cause::lost : end_cause::crashed, "a fault");
    if (a.is_killed && random.chance(0.5))
      return x.over(trial.value, end_cause::crashed, "signal 9 (SIGKILL)");
    if (gone_.erase({trial, a.attempt}) > 0)
      return x.over(trial.value, end_cause::bad_checkpoint, "it is not there");
    if (!a.is_alive) {
      if (faults && a.restore && random.chance(0.05))
        return x.over(trial.value, end_cause::bad_checkpoint, "it is damaged");
      return x.alive(trial.value);
    }
    if (a.wants_answer)
      return;
    if (a.told == attempt_answer::stop || a.told == attempt_answer::pause) {
      const auto cause = a.told == attempt_answer::stop ? end_cause::stopped : end_cause::paused;
      const bool saves = random.chance(0.5);
      if (saves)
        saved_[directory_of(trial, a, /*in_storage=*/false)] = states_[trial];
      return saves ? x.over_with_checkpoint(trial.value, cause) : x.over(trial.value, cause);
    }
    const bool in_storage = random.chance(0.6);
    const bool saves = random.chance(0.7);
    states_[trial] += to_json(*a.values.find("x")) + " ";
    auto next = a;
    ++next.iteration;
    if (saves)
      saved_[directory_of(trial, next, in_storage)] = states_[trial];
    x.report(trial.value, random.unit(), saves, /*done=*/false, in_storage);
  }

  void arrive() {
    const auto [trial, checkpoint] = x.on_the_way.front();
    saved_["/storage" + checkpoint.directory] = saved_.at(checkpoint.directory);
    x.arrive();
  }

  void step(bool faults) {
    if (faults && random.chance(0.02))
      want_something();
    else if (random.chance(0.3))
      x.sync_to(x.durable + random.below(x.written.size() - x.durable + 1));
    else if (!x.on_the_way.empty() && random.chance(0.15)) {
      if (faults && random.chance(0.2))
        x.vanish(checkpoint_loss::for_good);
      else
        arrive();
    } else if (random.chance(0.2) || x.attempts.empty())
      x.pass(std::chrono::milliseconds(random.below(2000)));
    else {
      auto chosen = x.attempts.begin();
      std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(x.attempts.size())));
      let_it(chosen->first, faults);
    }
  }

  void crash() { x.crash_and_reopen(1 + random.below(trials_)); }

  void finish() {
    for (int i = 0; i < 20'000 && !x.ended; ++i) {
      for (std::uint64_t trial = 1; trial <= trials_; ++trial) // In the end its user lets all go on.
        if (const auto life = x.core->lives().find(trial_id{trial}); life != x.core->lives().end())
          if (life->second.is_held)
            x.resume(trial);
      step(/*faults=*/false);
    }
    x.sync();
  }

  void check() const {
    REQUIRE(x.ended);
    CHECK(x.ended->complete);
    CHECK(x.core->created() == trials_);
    CHECK(x.core->replay_differences() == 0); // I6
    CHECK(x.core->arriving().empty());
    std::map<trial_id, iteration_number> last;
    for (const auto& each : x.all<record::result_reported>()) { // I2
      REQUIRE(each.iteration == last[each.trial] + 1);
      last[each.trial] = each.iteration;
    }
    std::map<trial_id, iteration_number> newest;
    for (const auto& each : x.all<record::trial_exploited>()) {
      CHECK(each.donor != each.trial);
      CHECK(each.iteration > newest[each.trial]);
      newest[each.trial] = each.iteration;
    }
    experiment_view view;
    for (const auto& each : x.written)
      REQUIRE(view.on_record(each));
    CHECK(view.lost_results() == 0);
    for (const auto& [trial, about] : view.trials()) {
      CHECK_FALSE(about.borrowed);
      for (const auto& each : about.checkpoints.all()) {
        CHECK(each.at.in_storage);
        CHECK(each.lent == 0);
        CHECK_MESSAGE(x.disk.count(each.at.directory) == 1, each.at.directory);
      }
    }
  }

  runtime::random_stream random;

private:
  static controller_options prepared(controller_options options) {
    options.description = R"({"metric": "accuracy", "mode": "max", "checkpoints": {"keep": )" +
                          std::to_string(options.checkpoints_kept) + "}}";
    options.stop = {{"training_iteration", at_least(static_cast<double>(last_iteration))}};
    options.failures.max_failures = -1;
    options.failures.most_losses_in_a_row = 1'000'000;
    return options;
  }

  static std::string directory_of(trial_id trial, const virtual_experiment::running& a, bool in_storage) {
    return (in_storage ? "/storage/" : "/") + std::to_string(trial.value) + "/checkpoint_" +
           std::to_string(a.iteration) + ".attempt-" + std::to_string(a.attempt);
  }

  /// What it goes on from is there, and is what the journal says.
  void begin_state(const controller_core::start_attempt& start) {
    states_[start.trial].clear();
    if (!start.restore)
      return;
    if (x.disk.count(start.restore->directory) == 0) { // Damaged, as its donor has found while this was on its way.
      REQUIRE_MESSAGE((start.lent && !x.core->lives().at(start.trial).borrowed), start.restore->directory);
      gone_.insert({start.trial, start.attempt});
      return;
    }
    states_[start.trial] = saved_.at(start.restore->directory);
    const auto owner = start.lent ? start.lent->donor : start.trial;
    REQUIRE(start.restore->directory.find("/storage/" + std::to_string(owner.value) + "/") == 0);
    std::optional<record::trial_exploited> newest;
    for (const auto& each : x.all<record::trial_exploited>())
      if (each.trial == start.trial)
        newest = each;
    if (start.lent) {
      REQUIRE(newest);
      REQUIRE(newest->donor == owner);
      REQUIRE(newest->iteration == start.restore->iteration);
      REQUIRE(newest->checkpoint.iteration == start.lent->checkpoint.iteration);
    }
    const auto& life = x.core->lives().at(start.trial);
    const auto* own = life.checkpoints.newest();
    if (life.borrowed && (own == nullptr || own->iteration <= life.borrowed->at))
      REQUIRE(start.lent); // It has no state of its present values.
    REQUIRE(start.values == (newest ? newest->values : config{{"x", start.trial.value}}));
  }

  void want_something() {
    const auto trial = 1 + random.below(trials_);
    switch (random.below(6)) {
    case 0: x.stop(trial); return;
    case 1:
    case 2: x.pause(trial); return;
    default: x.resume(trial); return;
    }
  }

  std::uint64_t trials_;
  std::map<trial_id, std::string> states_;
  std::map<std::string, std::string> saved_;           ///< By directory.
  std::set<std::pair<trial_id, attempt_number>> gone_; ///< They cannot begin.

public:
  virtual_experiment x;
};

using variant = pbt_options::variant;

} // namespace

TEST_CASE("controller, pbt: whatever is lost and however often the driver crashes, all ends as the journal says") {
  std::size_t exploits = 0;
  std::size_t by_model = 0;
  for_each_seed(300, [&](seed s) {
    auto options = virtual_experiment::options(3 + s % 6);
    options.told_at_once = s % 4 == 0;
    options.checkpoints_kept = 1 + s % 3;
    population all(s, options.trials, s % 5 == 0 ? "pb2" : "pbt",
                   s % 3 == 0 ? variant::synchronous : variant::asynchronous, options);
    all.x.syncs_starts = false;
    all.x.begin(1 + s % 4);
    for (int step = 0; step < 500 && !all.x.ended; ++step)
      if (all.random.chance(0.01))
        all.crash();
      else
        all.step(/*faults=*/true);
    all.finish();
    all.check();
    for (const auto& each : all.x.all<record::trial_exploited>()) {
      ++exploits;
      by_model += each.reason.find("; by a model of ") != std::string::npos;
    }
  });
  CHECK(exploits > 300);
  CHECK(by_model > 30);
}

TEST_CASE("controller, pbt: a driver that is killed after any of its records is followed by one that knows the same") {
  const std::pair<const char*, variant> kinds[] = {
    {"pbt", variant::asynchronous}, {"pbt", variant::synchronous}, {"pb2", variant::asynchronous}};
  for (const auto& [name, type] : kinds) {
    const auto prepared = [explores_by = name, type = type](seed s) {
      auto options = virtual_experiment::options(4);
      options.checkpoints_kept = 1;
      return std::make_unique<population>(s, 4, explores_by, type, options);
    };
    auto whole = prepared(7);
    whole->x.begin(2);
    whole->finish();
    whole->check();
    const auto records = whole->x.written.size();
    REQUIRE(whole->x.all<record::trial_exploited>().size() >= 2);

    for (std::size_t killed_at = 1; killed_at <= records; ++killed_at) {
      CAPTURE(killed_at);
      auto again = prepared(7);
      again->x.begin(2);
      while (again->x.written.size() < killed_at && !again->x.ended)
        again->step(/*faults=*/false);
      again->x.sync_to(std::min(killed_at, again->x.written.size()));
      again->x.crash_and_reopen(2);
      again->finish();
      again->check();
      for (std::uint64_t trial = 1; trial <= 4; ++trial) // None was ended because nobody brought it back.
        CHECK(again->x.state_of(trial) == trial_state::terminated);
    }
  }
}
