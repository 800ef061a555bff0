#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"
#include "tune/search_space.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;

namespace {

using moment = scheduler::resize_chance;
using allocation = resource_changing_options::allocation;

/// Trials 1, 2, ... of which each runs on one node with four places.
struct changing {
  explicit changing(const resource_changing_options& options, std::uint64_t trials = 2)
    : core(resource_changing(options).make({7, direction::maximize})) {
    room.cluster.parts = {{"node-1", 4}};
    for (std::uint64_t trial = 1; trial <= trials; ++trial) {
      core->on_trial_created(trial_id{trial}, {});
      room.holders.push_back({trial_id{trial}, 1, "node-1"});
    }
  }

  /// The trial's next result, and what it is to have then; 0: nothing else than it has.
  trial_size next(std::uint64_t trial, double accuracy = 0.5) {
    (void)core->on_result({trial_id{trial}, ++iterations[trial], -accuracy});
    return wanted(trial, moment::after_result);
  }
  trial_size wanted(std::uint64_t trial, moment when) {
    if (!core->may_resize(trial_id{trial}, when))
      return 0;
    const auto next = core->resize(trial_id{trial}, when, room);
    reason = next ? next->reason : "";
    return next ? next->size : 0;
  }
  void becomes(std::uint64_t trial, trial_size size, scheduler::resize_cause why = scheduler::resize_cause::decided) {
    core->on_resized(trial_id{trial}, size, why);
    for (auto& each : room.holders)
      if (each.trial.value == trial)
        each.size = size;
  }
  void ends(std::uint64_t trial) {
    core->on_trial_end(trial_id{trial}, trial_state::terminated);
    room.holders.erase(std::find_if(room.holders.begin(), room.holders.end(),
                                    [&](const auto& each) { return each.trial.value == trial; }));
  }

  std::unique_ptr<scheduler> core;
  resource_room room;
  std::map<std::uint64_t, iteration_number> iterations;
  std::string reason;
};

resource_changing_options every(iteration_number interval) {
  resource_changing_options options;
  options.interval = interval;
  return options;
}

std::string mistakes_in(const std::string& options) {
  const auto read = scheduler_named("resource_changing", options);
  return read ? "" : read.error().message;
}

} // namespace

TEST_CASE("resource changing: what an ended trial had goes to the others, but not before an interval is over") {
  changing x(every(3), 4);
  for (std::uint64_t trial = 1; trial <= 4; ++trial)
    CHECK(x.next(trial) == 0);
  x.ends(3);
  x.ends(4);
  CHECK(x.next(1) == 0);
  CHECK(x.next(1) == 2);
  CHECK(x.reason == "2 trials have 4 places on 1 node: 2 instead of 1 times its resources");
  x.becomes(1, 2);
  x.ends(2);
  CHECK(x.next(1) == 0);
  CHECK(x.next(1) == 0);
  CHECK(x.next(1) == 4);
  CHECK(x.reason == "1 trial has 4 places on 1 node: 4 instead of 2 times its resources");
}

TEST_CASE("resource changing: who has more than its due gives it back first, and others get more only then") {
  changing x(every(1), 2);
  x.becomes(1, 4); // Alone before the other came.
  CHECK(x.next(2) == 0);
  CHECK(x.next(1) == 2);
  CHECK(x.reason == "2 trials have 4 places on 1 node: 2 instead of 4 times its resources");
  x.becomes(1, 2);
  CHECK(x.next(2) == 2);
}

TEST_CASE("resource changing: where a trial begins anew anyway it gives back at once, and gets more as otherwise") {
  changing x(every(5), 1);
  CHECK(x.wanted(1, moment::before_start) == 0);
  for (int i = 1; i < 5; ++i)
    CHECK(x.next(1) == 0);
  CHECK(x.next(1) == 4);
  x.becomes(1, 4);
  x.room.cluster.parts = {{"node-2", 3}};
  CHECK(x.next(1) == 0);
  CHECK(x.wanted(1, moment::before_start) == 3);
  CHECK(x.reason == "1 trial has 3 places on 1 node: 3 instead of 4 times its resources");
}

TEST_CASE("resource changing: while others wait for the cluster nobody has more than it declares") {
  changing x(every(1), 1);
  CHECK(x.next(1) == 4);
  x.becomes(1, 4);
  x.room.cluster.is_wanted = true;
  CHECK(x.next(1) == 1);
  CHECK(x.reason == "others wait for the cluster: 1 instead of 4 times its resources");
}

TEST_CASE("resource changing: who is refused asks ever less often, until it gets something") {
  changing x(every(2), 1);
  for (const auto wait : {2, 4, 8}) {
    for (int i = 1; i < wait; ++i)
      CHECK(x.next(1) == 0);
    CHECK(x.next(1) == 4);
    x.becomes(1, 4);
    (void)x.next(1); // It may have gone on before it was told to save.
    x.becomes(1, 1, scheduler::resize_cause::refused);
  }
  for (int i = 1; i < 16; ++i)
    CHECK(x.next(1) == 0);
  CHECK(x.next(1) == 4);
  x.becomes(1, 4); // Granted.
  x.room.cluster.parts = {{"node-1", 2}};
  CHECK(x.next(1) == 0);
  CHECK(x.next(1) == 2);
  x.becomes(1, 2);
  x.room.cluster.parts = {{"node-1", 4}};
  CHECK(x.next(1) == 0);
  CHECK(x.next(1) == 4);
}

TEST_CASE("resource changing: at most max_size") {
  auto options = every(1);
  options.max_size = 3;
  changing x(options, 1);
  CHECK(x.next(1) == 3);
}

TEST_CASE("resource changing: the top trial has what the others leave, and hands it on") {
  auto options = every(1);
  options.allocate = allocation::top_trial;
  changing x(options, 3);
  CHECK(x.next(1, std::numeric_limits<double>::quiet_NaN()) == 0); // Nobody is the best yet.
  CHECK(x.next(2, 0.5) == 2);
  CHECK(x.reason ==
        "it is the best, with 0.5, and 3 trials have 4 places on 1 node: 2 instead of 1 times its resources");
  x.becomes(2, 2);
  CHECK(x.next(3, 0.5) == 0); // Of equal ones the first.
  CHECK(x.next(3, 0.7) == 0); // It is, but the other one has it still.
  CHECK(x.next(2, 0.6) == 1);
  CHECK(x.reason == "trial 3 is the best, with 0.7: 1 instead of 2 times its resources");
  x.becomes(2, 1);
  CHECK(x.next(3, 0.1) == 2); // By its best result.
  x.becomes(3, 2);
  x.ends(3);
  CHECK(x.next(1, 0.2) == 0);
  CHECK(x.next(2, 0.2) == 3);
}

TEST_CASE("resource changing: of equal trials the first is the top one") {
  auto options = every(1);
  options.allocate = allocation::top_trial;
  changing x(options, 2);
  CHECK(x.next(1, 0.5) == 3);
  CHECK(x.next(2, 0.5) == 0);
}

TEST_CASE("resource changing: the scheduler inside decides all else") {
  resource_changing_options options;
  options.scheduler = asha({/*max_t=*/9, /*grace_period=*/1, /*reduction_factor=*/3});
  const auto made = resource_changing(options).make({7, direction::maximize});
  const auto alone = options.scheduler->make({7, direction::maximize});
  CHECK(made->max_iterations() == 9);
  CHECK(made->stops());
  CHECK(made->needs_checkpoints());
  CHECK(made->changes_resources());
  CHECK_FALSE(alone->changes_resources());
  std::size_t stops = 0;
  for (std::uint64_t trial = 1; trial <= 9; ++trial) {
    made->on_trial_created(trial_id{trial}, {});
    alone->on_trial_created(trial_id{trial}, {});
    CHECK(made->next_judged(trial_id{trial}, 0) == alone->next_judged(trial_id{trial}, 0));
    const auto decided = made->on_result({trial_id{trial}, 1, static_cast<double>(trial)});
    CHECK(decided == alone->on_result({trial_id{trial}, 1, static_cast<double>(trial)}));
    stops += decided.what == verdict::stop;
  }
  CHECK(stops > 0);

  pbt_options population;
  population.perturbation_interval = 4;
  options.scheduler = pbt(population);
  const auto all = resource_changing(options).make(
    {7, direction::maximize, std::make_shared<const search_space>(search_space{{"x", uniform(0, 1)}})});
  CHECK(all->saves_every() == 4);
  CHECK(all->creates_first());
  CHECK_FALSE(all->stops());
  for (std::uint64_t trial = 1; trial <= 4; ++trial)
    all->on_trial_created(trial_id{trial}, {{"x", 0.5}});
  for (std::uint64_t trial = 1; trial <= 4; ++trial)
    (void)all->on_result({trial_id{trial}, 4, static_cast<double>(trial)});
  all->on_trial_paused(trial_id{4});
  const auto next = all->choose_paused();
  REQUIRE(next);
  CHECK(next->trial == trial_id{4});
}

TEST_CASE("resource changing: a trial that it does not know is left alone") {
  changing x(every(1), 1);
  x.ends(1);
  CHECK_FALSE(x.core->may_resize(trial_id{1}, moment::before_start));
  CHECK_FALSE(x.core->resize(trial_id{1}, moment::after_result, x.room));
  x.core->on_resized(trial_id{1}, 4, scheduler::resize_cause::decided);
  CHECK(x.core->on_result({trial_id{1}, 1, 0.5}) == decision());
}

TEST_CASE("resource changing: as a spec file says it, and back; what is wrong is named, all of it") {
  const std::string text = R"({"name":"resource_changing","allocate":"top_trial","max_size":4,"interval":5,)"
                           R"("scheduler":{"name":"asha","max_t":27}})";
  const auto read = scheduler_from_json(text);
  REQUIRE(read);
  CHECK(to_json(*read) == text);
  CHECK(to_json(resource_changing()) == R"({"name":"resource_changing"})");

  CHECK(mistakes_in(R"({"interval": 0})") ==
        "scheduler resource_changing: interval is 0, but must be from 1 to 1000000000000");
  CHECK(mistakes_in(R"({"allocate": "best", "max_size": -1, "scheduler": {"name": "ahsa"}})") ==
        "scheduler resource_changing: allocate is \"best\", but must be \"evenly\" or \"top_trial\"\n"
        "scheduler resource_changing: max_size is -1, but must be from 0 to 4294967295\n"
        "scheduler resource_changing: its scheduler: there is no \"ahsa\"; did you mean \"asha\"?");
  CHECK(mistakes_in(R"({"scheduler": {"name": "resource_changing"}})") ==
        "scheduler resource_changing: its scheduler is resource_changing, too, but must be another one");
  auto options = every(0);
  options.scheduler = asha({/*max_t=*/0});
  CHECK(validate(options).error().message ==
        "resource_changing: interval is 0, but must be from 1 to 1000000000000; its scheduler: max_t is 0, but must be "
        "from 1 to 1000000000000");
  options = every(1);
  pbt_options population;
  population.parameters = {"rate"};
  options.scheduler = pbt(population);
  CHECK(resource_changing(options).mistakes(search_space{{"x", uniform(0, 1)}}) ==
        std::vector<std::string>{"scheduler: its scheduler: parameters: the space has no \"rate\"; there is \"x\""});
}
