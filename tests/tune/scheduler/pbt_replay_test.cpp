#include <limits>
#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

using namespace tune;

namespace {

/// Of a trial that went from lr 0.5 over 0.25 to 0.3.
const char* const file =
  R"({"seen":4,"trial":"7f3a91c2_00002","iteration":5,"donor":"7f3a91c2_00001","donor_iteration":4,)"
  R"("old_config":{"lr":0.5,"net":{"layers":2}},"new_config":{"lr":0.25,"net":{"layers":2}},"reason":"worst"})"
  "\n"
  R"({"seen":6,"trial":"7f3a91c2_00003","iteration":9,"donor":"7f3a91c2_00002","donor_iteration":7,)"
  R"("old_config":{"lr":0.25,"net":{"layers":2}},"new_config":{"lr":0.3,"net":{"layers":2}},"reason":"worst"})"
  "\n";

std::string why(const result<pbt_policy>& read) {
  return read ? "fine" : read.error().message;
}

} // namespace

TEST_CASE("pbt_replay: a policy is read from what a trial's directory has") {
  const auto policy = or_throw(pbt_policy_from(file));
  CHECK(policy.first == config{{"lr", 0.5}, {"net/layers", 2}});
  REQUIRE(policy.steps.size() == 2);
  CHECK(policy.steps[0].after == 4);
  CHECK(policy.steps[0].values == config{{"lr", 0.25}, {"net/layers", 2}});
  CHECK(policy.steps[1].after == 6);
  CHECK(or_throw(pbt_policy_from("")).steps.empty());

  CHECK(why(pbt_policy_from("{}\n")) == "policy: line 1: it needs \"seen\", an integer, and \"new_config\"");
  CHECK(why(pbt_policy_from(R"({"seen": 1, "new_config": 3})")) == "policy: line 1: 3 is no configuration");
  CHECK(why(pbt_policy_from(R"({"seen": 1, "new_config": {}, "old_config": null})")) ==
        "policy: line 1: null is no configuration");
  CHECK(why(pbt_policy_from(std::string(file) + file)) ==
        "policy: step 3 is after iteration 4, but must be after 6, as the one before it");
}

TEST_CASE("pbt_replay: at each step the trial pauses, and goes on from its own state with the step's values") {
  const auto by = pbt_replay(or_throw(pbt_policy_from(file))).make({});
  by->on_trial_created(trial_id{1}, {{"lr", 0.5}});
  CHECK(by->needs_checkpoints());
  CHECK(by->next_judged(trial_id{1}, 0) == 4);
  CHECK(by->on_result({trial_id{1}, 3, 1}) == decision{});
  CHECK(by->on_result({trial_id{1}, 4, 1}) == decision{verdict::pause, "iteration 4: step 1 of the policy"});
  CHECK_FALSE(by->choose_paused());
  by->on_trial_paused(trial_id{1});
  const auto first = by->choose_paused();
  REQUIRE(first);
  REQUIRE(first->with);
  CHECK(first->with->donor == trial_id{1});
  CHECK(first->with->values.get<double>("lr") == 0.25);
  by->on_exploited(first->trial, *first->with);
  CHECK(first->reason == R"(step 1 of the policy, after iteration 4: {"lr":0.25,"net":{"layers":2}})");

  CHECK(by->next_judged(trial_id{1}, 4) == 6);
  CHECK(by->on_result({trial_id{1}, 5, 1}) == decision{});
  CHECK(by->on_result({trial_id{1}, 6, 1}).what == verdict::pause);
  by->on_trial_paused(trial_id{1});
  const auto second = by->choose_paused();
  CHECK(second->with->values.get<double>("lr") == 0.3);
  by->on_exploited(second->trial, *second->with);
  CHECK(by->on_result({trial_id{1}, 7, 1}) == decision{});
  CHECK(by->next_judged(trial_id{1}, 7) == std::numeric_limits<iteration_number>::max());
}

TEST_CASE("pbt_replay: who is unknown, is held by its user or is past several steps") {
  const auto by = pbt_replay(or_throw(pbt_policy_from(file))).make({});
  CHECK(by->on_result({trial_id{9}, 4, 1}) == decision{});
  by->on_trial_paused(trial_id{9});
  by->on_trial_end(trial_id{9}, trial_state::error);
  by->on_trial_created(trial_id{1}, {});
  CHECK(by->on_result({trial_id{1}, 8, 1}).what == verdict::pause);
  by->on_trial_paused(trial_id{1});
  by->on_trial_held(trial_id{1});
  CHECK_FALSE(by->choose_paused());
  by->on_trial_paused(trial_id{1});
  CHECK(by->choose_paused()->with->values.get<double>("lr") == 0.3); // The second alone.
  CHECK_FALSE(by->choose_paused());
}

TEST_CASE("pbt_replay: a step that could not be taken, as the state at it was not saved, is taken after the next") {
  const auto by = pbt_replay(or_throw(pbt_policy_from(file))).make({});
  by->on_trial_created(trial_id{1}, {});
  (void)by->on_result({trial_id{1}, 4, 1});
  by->on_trial_paused(trial_id{1});
  CHECK(by->choose_paused()->with); // And is not told that it has changed.
  CHECK(by->next_judged(trial_id{1}, 4) == 5);
  CHECK(by->on_result({trial_id{1}, 5, 1}) == decision{verdict::pause, "iteration 5: step 1 of the policy"});
  by->on_trial_paused(trial_id{1});
  CHECK(by->choose_paused()->with->values.get<double>("lr") == 0.25);
}

TEST_CASE("pbt_replay: shown as JSON and made again, and every step that is wrong is told") {
  const auto policy = or_throw(pbt_policy_from(file));
  const auto which = pbt_replay(policy);
  CHECK(to_json(which) == R"({"name":"pbt_replay","policy":[{"after":4,"config":{"lr":0.25,"net":{"layers":2}}},)"
                          R"({"after":6,"config":{"lr":0.3,"net":{"layers":2}}}]})");
  CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));
  CHECK(validate(policy));
  const auto wrong = scheduler_named("pbt_replay", R"({"policy": [{"after": 0, "config": {}}, {"after": 2}]})");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "scheduler pbt_replay: policy has a step 2 that cannot be: it needs \"after\", an "
                                 "integer, and \"config\"");
  CHECK(scheduler_named("pbt_replay", R"({"policy": [{"after": 0, "config": {}}]})").error().message ==
        "scheduler pbt_replay: policy: step 1 is after iteration 0, but must be after 0");
}
