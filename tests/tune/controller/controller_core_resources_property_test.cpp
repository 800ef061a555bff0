#include "runtime/base/random_stream.hpp"

#include "tests/support/seeds.hpp"
#include "tests/tune/controller/virtual_experiment.hpp"

#include "tune/results/experiment_view.hpp"
#include "tune/schedulers.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

using namespace virtual_tune;

namespace {

constexpr std::uint64_t trials = 6;
constexpr iteration_number last_iteration = 10;

/// Trials on nodes that have so many places and no more: an attempt becomes alive only where its size fits. What others
/// hold there comes and goes, and what the controller knows of it is late. A checkpoint that is restored must be there.
class small_cluster {
public:
  explicit small_cluster(seed s)
    : random(s),
      x(options(s), 1000, {}, std::nullopt, [s] {
        resource_changing_options how;
        how.interval = 1 + static_cast<iteration_number>(s % 3);
        how.allocate =
          s % 2 == 0 ? resource_changing_options::allocation::evenly : resource_changing_options::allocation::top_trial;
        if (s % 5 == 0)
          how.max_size = 3;
        if (s % 4 == 0)
          how.scheduler = asha({/*max_t=*/9, /*grace_period=*/2, /*reduction_factor=*/3, /*brackets=*/1,
                                s % 8 == 0 ? asha_options::variant::stopping : asha_options::variant::promotion});
        return resource_changing(how).make({s, direction::maximize});
      }) {
    for (std::uint64_t i = 0; i <= random.below(3); ++i)
      nodes_["node-" + std::to_string(i)] = static_cast<trial_size>(2 + random.below(5));
    x.room = known();
    x.on_start = [this](const controller_core::start_attempt& start) {
      if (start.restore)
        REQUIRE(x.disk.count(start.restore->directory) == 1);
    };
  }

  void begin() { x.begin(1 + random.below(4)); }

  void step(bool faults) {
    if (faults && random.chance(0.02))
      return want_something();
    if (faults && random.chance(0.02))
      return crash();
    if (random.chance(0.05))
      return change_others(faults);
    if (random.chance(0.3))
      return x.sync_to(x.durable + random.below(x.written.size() - x.durable + 1));
    if (random.chance(0.2) || x.attempts.empty())
      return x.pass(std::chrono::milliseconds(random.below(3000)));
    auto chosen = x.attempts.begin();
    std::advance(chosen, static_cast<std::ptrdiff_t>(random.below(x.attempts.size())));
    let_it(chosen->first, faults);
  }

  void crash() {
    x.room = known();
    x.crash_and_reopen(1 + random.below(4));
  }

  void finish() {
    for (int i = 0; i < 20'000 && !x.ended; ++i) {
      for (std::uint64_t trial = 1; trial <= trials; ++trial) // In the end its user lets all go on.
        if (const auto life = x.core->lives().find(trial_id{trial});
            life != x.core->lives().end() && life->second.is_held)
          x.resume(trial);
      step(/*faults=*/false);
    }
    x.sync();
  }

  void check() const {
    REQUIRE(x.ended);
    CHECK(x.ended->complete);
    CHECK(x.core->created() == trials);
    CHECK(x.core->replay_differences() == 0); // I6
    CHECK(x.attempts.empty());
    std::map<trial_id, iteration_number> last;
    std::map<trial_id, trial_size> sizes;
    experiment_view view;
    for (const auto& each : x.written) {
      REQUIRE(view.on_record(each));
      if (const auto* result = std::get_if<record::result_reported>(&each)) { // I2
        REQUIRE(result->iteration == last[result->trial] + 1);
        last[result->trial] = result->iteration;
      } else if (const auto* resized = std::get_if<record::trial_resized>(&each)) {
        auto& size = sizes.try_emplace(resized->trial, 1).first->second;
        CHECK(resized->size != size);
        CHECK(resized->size >= 1);
        size = resized->size;
      }
    }
    for (std::uint64_t trial = 1; trial <= trials; ++trial) {
      const auto* about = view.find(trial_id{trial});
      REQUIRE(about != nullptr);
      CHECK(has_ended(about->state));
      CHECK(about->state != trial_state::error);
      CHECK(about->size == (sizes.count(trial_id{trial}) == 0 ? 1 : sizes.at(trial_id{trial})));
    }
  }

  runtime::random_stream random;

private:
  static controller_options options(seed s) {
    auto made = virtual_experiment::options(trials);
    made.description = R"({"metric": "accuracy", "mode": "max"})";
    made.stop = {{"training_iteration", at_least(static_cast<double>(last_iteration))}};
    made.failures.max_failures = -1;
    made.failures.most_losses_in_a_row = 1'000'000;
    made.max_concurrent_trials = s % 3 == 0 ? 2 : 0;
    return made;
  }

  trial_size taken(const std::string& node) const {
    trial_size all = 0;
    for (const auto& [trial, each] : x.attempts)
      if (each.is_alive && each.node == node)
        all += each.where.size;
    return all;
  }

  cluster_room known() const {
    cluster_room room;
    for (const auto& [node, places] : nodes_)
      if (const auto others = others_.find(node); others == others_.end())
        room.parts.push_back({node, places});
      else if (others->second < places)
        room.parts.push_back({node, places - others->second});
    return room;
  }

  /// Others take what is free on a node, or give it back; the controller hears of it, or not yet.
  void change_others(bool faults) {
    auto node = nodes_.begin();
    std::advance(node, static_cast<std::ptrdiff_t>(random.below(nodes_.size())));
    const auto free = node->second - taken(node->first);
    others_.erase(node->first);
    if (faults && free > 0)
      others_[node->first] = static_cast<trial_size>(random.below(free + 1));
    if (!random.chance(0.7))
      return;
    auto room = known();
    room.is_wanted = faults && random.chance(0.2);
    x.holds(1 + random.below(4), room);
  }

  void place(trial_id trial) {
    auto& a = x.attempts.at(trial);
    for (const auto& [node, places] : nodes_) {
      const auto others = others_.find(node);
      if (taken(node) + (others == others_.end() ? 0 : others->second) + a.where.size <= places)
        return x.alive(trial.value, node);
    }
    if (a.is_withdrawn)
      x.over(trial.value, end_cause::stopped, "they were not granted within 5 s");
    else if (a.where.size > 1 && random.chance(0.2))
      x.over(trial.value, end_cause::infeasible, "they fit on no node");
  }

  void let_it(trial_id trial, bool faults) {
    auto& a = x.attempts.at(trial);
    if (faults && random.chance(0.05))
      return x.over(trial.value, random.chance(0.5) ? end_cause::lost : end_cause::crashed, "a fault");
    if (a.is_killed && random.chance(0.5))
      return x.over(trial.value, end_cause::crashed, "signal 9 (SIGKILL)");
    if (!a.is_alive)
      return place(trial);
    if (a.wants_answer)
      return;
    if (a.told == attempt_answer::stop || a.told == attempt_answer::pause) {
      const bool goes_on = random.chance(0.1); // It had not heard it when it began its next iteration.
      const auto cause = a.told == attempt_answer::stop ? end_cause::stopped : end_cause::paused;
      if (!goes_on)
        return x.over(trial.value, cause);
    }
    x.report(trial.value, random.unit(), /*checkpoint=*/random.chance(0.7));
  }

  void want_something() {
    const auto trial = 1 + random.below(trials);
    switch (random.below(5)) {
    case 0: x.stop(trial); return;
    case 1:
    case 2: x.pause(trial); return;
    default: x.resume(trial); return;
    }
  }

  std::map<std::string, trial_size> nodes_;  ///< Their places.
  std::map<std::string, trial_size> others_; ///< What others than the experiment hold.

public:
  virtual_experiment x;
};

} // namespace

TEST_CASE("controller, resources: whatever is lost or refused and however often the driver crashes, all ends as the "
          "journal says") {
  std::size_t grown = 0;
  std::size_t shrunk = 0;
  std::size_t refused = 0;
  for_each_seed(300, [&](seed s) {
    small_cluster all(s);
    all.x.syncs_starts = false;
    all.begin();
    for (int step = 0; step < 500 && !all.x.ended; ++step)
      all.step(/*faults=*/true);
    all.finish();
    all.check();
    std::map<trial_id, trial_size> sizes;
    for (const auto& each : all.x.all<record::trial_resized>()) {
      auto& size = sizes.try_emplace(each.trial, 1).first->second;
      ++(!each.from ? refused : each.size > size ? grown : shrunk);
      size = each.size;
    }
  });
  CHECK(grown > 300);
  CHECK(shrunk > 50);
  CHECK(refused > 30);
}

TEST_CASE("controller, resources: a driver that is killed after any of its records is followed by one that knows the "
          "same") {
  int searches = 0;
  for (seed s = 1; searches < 3; ++s) {
    REQUIRE(s < 100);
    small_cluster whole(s);
    whole.begin();
    whole.finish();
    whole.check();
    const auto records = whole.x.written.size();
    if (whole.x.all<record::trial_resized>().size() < 6)
      continue;
    ++searches;
    CAPTURE(s);

    for (std::size_t killed_at = 1; killed_at <= records; ++killed_at) {
      CAPTURE(killed_at);
      small_cluster again(s);
      again.begin();
      while (again.x.written.size() < killed_at && !again.x.ended)
        again.step(/*faults=*/false);
      again.x.sync_to(std::min(killed_at, again.x.written.size()));
      again.crash();
      again.finish();
      again.check();
    }
  }
}
