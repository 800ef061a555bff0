#include "runtime/net/heartbeat_sender_core.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/random_stream.hpp"
#include "runtime/net/heartbeat_judge_core.hpp"
#include "tests/support/seeds.hpp"

#include <doctest/doctest.h>

#include <deque>

using namespace runtime;
using namespace std::chrono_literals;
using core = heartbeat_sender_core;

namespace {

const instant start{1000s};

template <class Action>
int count(const core::actions& actions) {
  int n = 0;
  for (const auto& action : actions)
    n += std::holds_alternative<Action>(action);
  return n;
}

} // namespace

TEST_CASE("heartbeat sender: a link that comes up gets a heartbeat at once, then one each second") {
  core sender({}, start);

  const auto first = sender.on_link_up(start);
  REQUIRE(first.size() == 1);
  CHECK(std::get<core::send_heartbeat>(first[0]).sent == start);

  CHECK(sender.wake_at() == start + 1s);
  CHECK(sender.on_time(start + 999ms).empty());
  CHECK(count<core::send_heartbeat>(sender.on_time(start + 1s)) == 1);
  CHECK(sender.on_time(start + 1s).empty()); // Twice changes nothing.
}

TEST_CASE("heartbeat sender: silence counts from when the answered heartbeat was sent, not from its answer") {
  core sender({}, start);
  sender.on_link_up(start);
  sender.on_time(start + 1s);

  CHECK(sender.on_answer(start + 1s, start + 1900ms).empty()); // A slow link.
  sender.on_link_down(start + 2s);

  CHECK(sender.wake_at() == start + 4500ms);
  CHECK(sender.on_time(start + 4499ms).empty());
  const auto fenced = sender.on_time(start + 4500ms);
  REQUIRE(fenced.size() == 1);
  CHECK(std::get<core::fence>(fenced[0]).silence == 3500ms);
  CHECK(sender.is_fenced());
  CHECK(sender.on_time(start + 60s).empty()); // Said once.
}

TEST_CASE("heartbeat sender: a node that never reached its head is fenced, counted from its start") {
  core sender({}, start);

  CHECK(sender.wake_at() == start + 3500ms);
  CHECK(count<core::fence>(sender.on_time(start + 3500ms)) == 1);
  CHECK_FALSE(sender.wake_at()); // Nothing is due until a link comes up.
}

TEST_CASE("heartbeat sender: a fresh answer ends the fence") {
  core sender({}, start);
  sender.on_time(start + 3500ms);
  sender.on_link_up(start + 10s);

  const auto actions = sender.on_answer(start + 10s, start + 10s + 5ms);

  REQUIRE(actions.size() == 1);
  CHECK(count<core::unfenced>(actions) == 1);
  CHECK_FALSE(sender.is_fenced());
  CHECK(sender.on_answer(start + 10s, start + 10s + 6ms).empty()); // It comes twice.
}

TEST_CASE("heartbeat sender: an answer that lay in a broken link does not end the fence") {
  core sender({}, start);
  sender.on_link_up(start);
  sender.on_time(start + 3500ms); // Fenced, and the link is given up.
  REQUIRE(sender.is_fenced());

  CHECK(sender.on_answer(start, start + 3600ms).empty());
  CHECK(sender.is_fenced());
}

TEST_CASE("heartbeat sender: an answer that says more than was sent is ignored") {
  core sender({}, start);
  sender.on_link_up(start);

  CHECK(sender.on_answer(start + 1000s, start + 1ms).empty());
  CHECK(sender.on_answer(start + 1ns, start + 1ms).empty());

  CHECK(count<core::fence>(sender.on_time(start + 3500ms)) == 1);
}

TEST_CASE("heartbeat sender: a process that was stopped is fenced before it hears what waited for it") {
  core sender({}, start);
  sender.on_link_up(start);
  sender.on_answer(start, start + 1ms);
  sender.on_time(start + 1s);

  const auto actions = sender.on_answer(start + 1s, start + 60s); // Nobody called on_time() for a minute.

  CHECK(count<core::fence>(actions) == 1);
  CHECK(count<core::unfenced>(actions) == 0);
}

TEST_CASE("heartbeat sender: a link without answers is given up for a new one before the fence is due") {
  core sender({}, start);
  sender.on_link_up(start);
  sender.on_time(start + 1s);

  const auto actions = sender.on_time(start + 2s);

  CHECK(count<core::reconnect>(actions) == 1);
  CHECK(count<core::send_heartbeat>(actions) == 0);
  CHECK(sender.on_time(start + 3s).empty()); // It counts as down.
  CHECK(count<core::send_heartbeat>(sender.on_link_up(start + 3s)) == 1);
  CHECK(sender.on_answer(start + 3s, start + 3100ms).empty());
  CHECK_FALSE(sender.is_fenced());
}

TEST_CASE("heartbeat sender: a link that answers is kept") {
  core sender({}, start);
  auto now = start;
  sender.on_link_up(now);

  for (int beat = 0; beat < 100; ++beat) {
    sender.on_answer(now, now + 900ms);
    now += 1s;
    const auto actions = sender.on_time(now);
    CHECK(actions.size() == 1);
    CHECK(count<core::send_heartbeat>(actions) == 1);
  }
}

TEST_CASE("heartbeat sender: while connections are refused nobody counts, so trials outlive a head's crash") {
  core sender({}, start);
  auto now = start;
  for (int second = 0; second < 60; ++second) {
    now += 1s;
    CHECK(sender.on_refused(now - 1ms, now).empty());
    CHECK(sender.on_time(now).empty());
  }

  CHECK(count<core::fence>(sender.on_time(now + 3499ms)) == 1); // From when the last dial began.
  CHECK(sender.on_refused(now + 4s, now + 4s).empty());
  CHECK(sender.is_fenced()); // Only a head that hears us ends it.
}

TEST_CASE("heartbeat sender: refusals can be made to count for nothing") {
  heartbeat_sender_options options;
  options.refusal = refusal_means::silence;
  core sender(options, start);

  sender.on_refused(start + 3s, start + 3s);

  CHECK(count<core::fence>(sender.on_time(start + 3500ms)) == 1);
}

TEST_CASE("heartbeat sender: options out of range are named, each of them") {
  heartbeat_sender_options options;
  options.beat_every = 0s;
  options.reconnect_after = 0s;
  options.fence_after = -1s;

  CHECK(validate(options).error() ==
        error{errc::invalid_argument, "beat_every must be more than 0; reconnect_after must be more than beat_every; "
                                      "fence_after must be more than beat_every"});
  CHECK(validate(heartbeat_sender_options{}));
  CHECK_THROWS_AS(core(options, start), broken_invariant);
}

TEST_CASE("heartbeat: whatever the link does, the node is fenced before the head declares it silent (I3)") {
  for_each_seed(500, [](seed s) {
    random_stream random(s);
    const auto chance_of_loss = random.unit();
    const auto most_delay_ms = 1 + random.below(8000);
    core sender({}, start);
    heartbeat_judge_core judge({});
    const node_id node{1};
    const incarnation life{7};
    judge.watch(node, life, start + std::chrono::milliseconds(random.below(300))); // Never before the node's start.
    std::multimap<instant, std::pair<bool, instant>> on_the_way; // When it arrives: (is an answer, sent).
    bool is_silent = false;
    const auto send = [&](bool answer, instant sent, instant now) {
      if (!random.chance(chance_of_loss))
        on_the_way.emplace(now + std::chrono::milliseconds(random.below(most_delay_ms)), std::make_pair(answer, sent));
    };
    const auto perform = [&](const core::actions& actions, instant now) {
      for (const auto& action : actions)
        if (const auto* beat = std::get_if<core::send_heartbeat>(&action))
          send(false, beat->sent, now);
    };

    for (auto now = start + 300ms; now < start + 120s; now += 10ms) {
      if (random.chance(0.01))
        perform(random.chance(0.7) ? sender.on_link_up(now) : sender.on_link_down(now), now);
      perform(sender.on_time(now), now);
      for (const auto& action : judge.on_time(now))
        is_silent |= std::holds_alternative<heartbeat_judge_core::silent>(action);
      REQUIRE((!is_silent || sender.is_fenced()));
      while (!on_the_way.empty() && on_the_way.begin()->first <= now) {
        const auto [answer, sent] = on_the_way.begin()->second;
        on_the_way.erase(on_the_way.begin());
        if (answer)
          perform(sender.on_answer(sent, now), now);
        else {
          if (!judge.on_heartbeat(node, life, now).empty())
            is_silent = false; // Back.
          send(true, sent, now);
        }
      }
    }
  });
}
