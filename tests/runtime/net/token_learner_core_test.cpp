#include "runtime/net/token_learner_core.hpp"

#include "tests/runtime/net/tokens_for_test.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using namespace std::chrono_literals;
using tokens_for_test::token;
using core = token_learner_core;

namespace {

const instant start{1h};
const std::string cluster = token(1).fingerprint;
const token_ring first(token(1));
const token_ring both(cluster, 2, {token(2), token(1)});
const token_ring second(cluster, 3, {token(2)});

template <class Action>
bool is_only(const core::actions& actions) {
  return actions.size() == 1 && std::holds_alternative<Action>(actions[0]);
}

core linked(const token_ring& known = first) {
  core made(known, {});
  made.on_head_linked(start);
  return made;
}

} // namespace

TEST_CASE("token learner: it asks on each link, and again with longer pauses until it is answered") {
  core learner(first, {});

  CHECK(learner.wake_at() == std::nullopt);
  CHECK(is_only<core::ask>(learner.on_head_linked(start)));
  CHECK(learner.on_time(start + 999ms).empty());
  CHECK(is_only<core::ask>(learner.on_time(start + 1s)));
  CHECK(learner.wake_at() == start + 3s);
  CHECK(is_only<core::ask>(learner.on_time(start + 3s)));
  CHECK(is_only<core::ask>(learner.on_time(start + 7s)));
  CHECK(is_only<core::ask>(learner.on_time(start + 15s)));
  CHECK(learner.wake_at() == start + 23s); // No longer than 8 s.
  CHECK_FALSE(learner.was_answered());

  CHECK(learner.on_answer(first, start + 16s).empty());

  CHECK(learner.was_answered());
  CHECK(learner.wake_at() == std::nullopt);
}

TEST_CASE("token learner: what is newer is learned, and the head told when it is kept") {
  auto learner = linked();

  CHECK(is_only<core::learn>(learner.on_answer(both, start)));
  CHECK(learner.generation() == 2);
  CHECK(is_only<core::ask>(learner.on_kept(true, start)));
  CHECK(learner.on_answer(both, start).empty()); // The answer to that.
  CHECK(is_only<core::learn>(learner.on_answer(second, start + 1h)));
}

TEST_CASE("token learner: what is as old or older is not learned, nor what is another cluster's") {
  auto learner = linked(second);

  CHECK(learner.on_answer(second, start).empty());
  const auto older = learner.on_answer(both, start);
  REQUIRE(is_only<core::ignore>(older));
  CHECK(std::get<core::ignore>(older[0]).why == "they are of generation 2, and 3 is known here; was an old token file "
                                                "given to the head?");
  const auto other = learner.on_answer(token_ring("ffffffffffffffff", 9, {token(9)}), start);
  REQUIRE(is_only<core::ignore>(other));
  CHECK(std::get<core::ignore>(other[0]).why ==
        "they are those of cluster ffffffffffffffff, and this process belongs to 1111111111111111");
  CHECK(learner.generation() == 3);
}

TEST_CASE("token learner: a process that was given nothing but the newest token learns its cluster from the head") {
  auto learner = linked(token_ring(token(2)));

  CHECK(is_only<core::learn>(learner.on_answer(both, start)));
  CHECK(is_only<core::ignore>(learner.on_answer(token_ring("ffffffffffffffff", 9, {token(9)}), start)));
}

TEST_CASE("token learner: a file that cannot be written is tried again, and the head told each time") {
  auto learner = linked();
  learner.on_answer(both, start);

  CHECK(is_only<core::ask>(learner.on_kept(false, start)));
  learner.on_answer(both, start);
  CHECK(learner.wake_at() == start + 30s);
  CHECK(is_only<core::keep>(learner.on_time(start + 30s)));
  CHECK(is_only<core::ask>(learner.on_kept(true, start + 30s)));
  learner.on_answer(both, start + 30s);

  CHECK(learner.wake_at() == std::nullopt);
}

TEST_CASE("token learner: without a link it asks nobody, and believes nobody") {
  auto learner = linked();
  learner.on_head_lost();

  CHECK(learner.wake_at() == std::nullopt);
  CHECK(learner.on_time(start + 1h).empty());
  CHECK(learner.on_answer(both, start).empty());
  CHECK(learner.generation() == 1);
  CHECK(learner.on_kept(true, start).empty());
}
