#include "runtime/owner/attachment_core.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using namespace runtime;

namespace {

const instant start{1s};

actor_record record_in(actor_state state) {
  actor_record record;
  record.id = actor_id{5};
  record.name = "hits";
  record.state = state;
  record.host = "10.0.0.1";
  record.port = 7000;
  record.work = {lease_id{17}, 1};
  return record;
}

template <class T>
T only(const attachment_core::actions& actions) {
  REQUIRE(actions.size() == 1);
  REQUIRE(std::holds_alternative<T>(actions[0]));
  return std::get<T>(actions[0]);
}

struct attached_core : attachment_core {
  attached_core() : attachment_core("hits", {}) {
    on_begin(start);
    on_found(record_in(actor_state::alive), start);
    on_dialled(start);
    on_attached(start);
  }
};

} // namespace

TEST_CASE("attachment: an actor is found, its node dialled, and attached to") {
  attachment_core core("hits", {});

  only<attachment_core::find_actor>(core.on_begin(start));
  CHECK(only<attachment_core::dial_node>(core.on_found(record_in(actor_state::alive), start)).host == "10.0.0.1");
  CHECK(only<attachment_core::attach>(core.on_dialled(start)).actor == actor_id{5});
  CHECK(only<attachment_core::is_alive>(core.on_attached(start)).record.work.lease == lease_id{17});
}

TEST_CASE("attachment: an actor that is not alive yet is looked for again, more and more seldom") {
  attachment_core core("hits", {});
  core.on_begin(start);

  auto now = start;
  for (const auto pause : {20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms}) {
    CHECK(core.on_found(record_in(actor_state::restarting), now).empty());
    REQUIRE(core.wake_at() == now + pause);
    CHECK(core.on_time(now).empty());
    now += pause;
    only<attachment_core::find_actor>(core.on_time(now));
  }
}

TEST_CASE("attachment: a head that does not answer is asked again, an actor that there is not has ended") {
  attachment_core core("hits", {});
  core.on_begin(start);
  CHECK(core.on_not_found({errc::unreachable, "the head does not answer"}, start).empty());
  only<attachment_core::find_actor>(core.on_time(start + 20ms));

  const error none{errc::not_found, "there is no actor \"hits\""};
  CHECK(only<attachment_core::has_ended>(core.on_not_found(none, start + 20ms)).how.error() == none);
}

TEST_CASE("attachment: a lost actor is looked for until it is alive elsewhere, or dead") {
  attached_core core;
  CHECK(only<attachment_core::is_restarting>(core.on_lost({errc::node_lost, "lost"}, start)).why.message ==
        "actor \"hits\": lost");
  only<attachment_core::find_actor>(core.on_time(start + 20ms));

  SUBCASE("elsewhere") {
    core.on_found(record_in(actor_state::alive), start + 20ms);
    core.on_dialled(start + 20ms);
    only<attachment_core::is_alive>(core.on_attached(start + 20ms));
  }
  SUBCASE("what the head says is old: the node has it no more") {
    core.on_found(record_in(actor_state::alive), start + 20ms);
    core.on_dialled(start + 20ms);
    CHECK(core.on_refused(start + 20ms).empty());
    CHECK(core.wake_at().has_value());
  }
  SUBCASE("its node cannot be reached") {
    core.on_found(record_in(actor_state::alive), start + 20ms);
    CHECK(core.on_dial_failed(start + 20ms).empty());
    CHECK(core.wake_at().has_value());
  }
  SUBCASE("dead") {
    auto dead = record_in(actor_state::dead);
    dead.why_dead = {errc::worker_lost, "killed"};
    CHECK(only<attachment_core::has_ended>(core.on_found(dead, start + 20ms)).how.error() == dead.why_dead);
    CHECK(core.on_time(start + 10s).empty());
  }
}
