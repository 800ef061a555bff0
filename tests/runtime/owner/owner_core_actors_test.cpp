#include "tests/runtime/owner/core_driver.hpp"

using namespace owner_test;

TEST_CASE("owner: a named actor reserves its name before it demands anything") {
  connected_core core;

  const auto first = core.on_submit_actor(actor_id{1}, actor_spec("hits"), no_arguments(), start);
  CHECK(only<owner_core::reserve_name>(first).name == "hits");
  CHECK(!has<owner_core::demand_lease>(first));
  CHECK(has<owner_core::reserve_name>(core.on_time(start + 1s))); // Repeated.

  SUBCASE("reserved") {
    CHECK(has<owner_core::demand_lease>(core.on_name_reserved(actor_id{1}, start + 1s)));
  }
  SUBCASE("taken") {
    const error taken{errc::already_exists, "there is an actor \"hits\" already"};
    const auto end = core.on_name_refused(actor_id{1}, taken, start + 1s);
    CHECK(only<owner_core::actor_ended>(end).how.error() == taken);
    CHECK(!has<owner_core::announce_actors>(end)); // The name is somebody else's.
  }
}

TEST_CASE("owner: an actor is alive when its node says so, and its record is complete") {
  connected_core core;
  core.on_submit_actor(actor_id{1}, actor_spec(), no_arguments(), start);
  core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
  core.link_node(1);

  const auto record = only<owner_core::actor_is_alive>(core.on_work_started(key(1), 100, start)).record;

  CHECK(record.id == actor_id{1});
  CHECK(record.state == actor_state::alive);
  CHECK(record.host == "10.0.0.1");
  CHECK(record.work == key(1));
  CHECK(record.process_id == 100);
  CHECK(core.find_actor(actor_id{1})->state == actor_state::alive);
}

TEST_CASE("owner: an actor that quits in good order has ended and is not restarted") {
  connected_core core;
  core.run_actor(/*max_restarts=*/-1);

  CHECK(only<owner_core::actor_ended>(core.on_work_ended(key(1), finished(""), start)).how.has_value());
  CHECK(!core.find_actor(actor_id{1}));
}

TEST_CASE("owner: an actor is restarted as often as it may, then it has ended with the cause") {
  connected_core core;
  core.run_actor(/*max_restarts=*/1);

  const auto first = core.on_work_ended(key(1), worker_lost(), start);
  CHECK(has<owner_core::actor_is_restarting>(first));
  CHECK(core.find_actor(actor_id{1})->state == actor_state::restarting);
  const auto request = only<owner_core::demand_lease>(first).request;
  core.on_demand_granted(request, {lease_at(1, 2)}, start);
  CHECK(only<owner_core::actor_is_alive>(core.on_work_started(key(2), 101, start)).record.restarts == 1);

  const auto why = only<owner_core::actor_ended>(core.on_work_ended(key(2), worker_lost(), start)).how.error();
  CHECK(why.code == errc::worker_lost);
  CHECK(why.message == "actor of type \"counter\", restarted 1 times: worker was killed by signal 9 (SIGKILL)");
}

TEST_CASE("owner: an actor whose node is refused before it ran is placed again, whatever its restarts") {
  connected_core core;
  core.on_submit_actor(actor_id{1}, actor_spec(), no_arguments(), start);
  core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);

  const auto lost = core.on_lease_lost(lease_id{1}, {errc::node_lost, "node \"n1\" was lost"}, start);

  CHECK(has<owner_core::demand_lease>(lost));
  CHECK(!has<owner_core::actor_ended>(lost));
  CHECK(core.find_actor(actor_id{1})->state == actor_state::pending);
}

TEST_CASE("owner: an actor that may have run at a lost node is not run a second time without leave") {
  connected_core core;
  core.on_submit_actor(actor_id{1}, actor_spec(), no_arguments(), start);
  core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
  core.link_node(1); // Ordered, not answered.

  CHECK(has<owner_core::actor_ended>(core.on_lease_lost(lease_id{1}, {errc::node_lost, "lost"}, start)));
}

TEST_CASE("owner: while its node is out of reach an actor is said to be, and alive again afterwards") {
  connected_core core;
  core.run_actor();

  CHECK(has<owner_core::actor_is_out_of_reach>(core.on_node_unlinked(node_id{1}, {errc::unreachable, "reset"}, start)));
  core.on_time(start + 100ms);
  core.link_node(1, start + 100ms);

  CHECK(has<owner_core::actor_is_alive>(core.on_work_started(key(1), 100, start + 100ms)));
}

TEST_CASE("owner: the head hears of a named actor at once, of the others gathered, and all again on a new link") {
  connected_core core;
  core.on_submit_actor(actor_id{1}, actor_spec("hits"), no_arguments(), start);
  const auto named = only<owner_core::announce_actors>(core.on_name_reserved(actor_id{1}, start));
  CHECK(named.actors.at(0).state == actor_state::pending);
  CHECK(!has<owner_core::announce_actors>(core.on_submit_actor(actor_id{2}, actor_spec(), no_arguments(), start)));
  CHECK(!has<owner_core::announce_actors>(core.on_submit_actor(actor_id{3}, actor_spec(), no_arguments(), start)));
  CHECK(only<owner_core::announce_actors>(core.on_time(start + 50ms)).actors.size() == 2);

  core.on_head_unlinked({errc::unreachable, "lost"}, start + 1s);
  core.on_time(start + 1100ms);
  core.on_head_linked(start + 1100ms);

  CHECK(only<owner_core::announce_actors>(core.on_head_welcome("c", start + 1100ms)).actors.size() == 3);
}

TEST_CASE("owner: a dead actor's name is freed, also when the word of it was lost with the link") {
  connected_core core;
  core.on_submit_actor(actor_id{1}, actor_spec("hits"), no_arguments(), start);
  core.on_name_reserved(actor_id{1}, start);

  const auto dead = only<owner_core::announce_actors>(core.on_stop_actor(actor_id{1}, 0ms, start)).actors.at(0);
  CHECK(dead.state == actor_state::dead);
  CHECK(dead.name == "hits");
  CHECK(dead.why_dead.message == "actor \"hits\" was stopped");

  core.on_head_unlinked({errc::unreachable, "lost"}, start + 1s);
  core.on_time(start + 1100ms);
  core.on_head_linked(start + 1100ms);
  CHECK(only<owner_core::announce_actors>(core.on_head_welcome("c", start + 1100ms)).actors.at(0).state ==
        actor_state::dead);
}

TEST_CASE("owner: an actor without a name that ended before anybody heard of it is not spoken of") {
  connected_core core;
  core.on_submit_actor(actor_id{1}, actor_spec(), no_arguments(), start);
  core.on_stop_actor(actor_id{1}, 0ms, start);

  CHECK(!has<owner_core::announce_actors>(core.on_time(start + 1s)));
}

TEST_CASE("owner: an actor is stopped wherever it is") {
  connected_core core;

  SUBCASE("its lease is granted, its node not reached") {
    core.on_submit_actor(actor_id{1}, actor_spec(), no_arguments(), start);
    core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
    const auto stopped = core.on_stop_actor(actor_id{1}, 1s, start);
    CHECK(only<owner_core::release_lease>(stopped).lease == lease_id{1});
    CHECK(only<owner_core::actor_ended>(stopped).how.error().code == errc::cancelled);
  }
  SUBCASE("it is starting: it is started and stopped again and again") {
    core.on_submit_actor(actor_id{1}, actor_spec(), no_arguments(), start);
    core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
    core.link_node(1);
    CHECK(has<owner_core::stop_work>(core.on_stop_actor(actor_id{1}, 1s, start)));
    const auto again = core.on_time(start + 1s);
    CHECK(has<owner_core::start_work>(again));
    CHECK(has<owner_core::stop_work>(again));
  }
  SUBCASE("its node is out of reach: it is stopped when it is back") {
    core.run_actor();
    core.on_node_unlinked(node_id{1}, {errc::unreachable, "reset"}, start);
    CHECK(core.on_stop_actor(actor_id{1}, 1s, start).empty());
    core.on_time(start + 100ms);
    core.on_node_linked(node_id{1}, start + 100ms);
    CHECK(has<owner_core::stop_work>(core.on_node_welcome(node_id{1}, start + 100ms)));
  }
  SUBCASE("it pauses before a restart") {
    core.run_actor(/*max_restarts=*/-1);
    core.on_work_ended(key(1), worker_lost(), start);
    core.on_demand_granted(request_id{2}, {lease_at(1, 2)}, start);
    core.on_work_started(key(2), 1, start);
    CHECK(!has<owner_core::demand_lease>(core.on_work_ended(key(2), worker_lost(), start)));
    CHECK(has<owner_core::actor_ended>(core.on_stop_actor(actor_id{1}, 1s, start)));
  }
}

TEST_CASE("owner: an actor of an earlier process goes on where it was alive") {
  connected_core core;

  const auto restored = core.on_restore_actor(actor_id{1}, actor_spec("hits"), no_arguments(),
                                              std::make_shared<granted_lease>(lease_at(1, 7)), /*restarts=*/2, start);
  CHECK(only<owner_core::dial_node>(restored).node == node_id{1});
  CHECK(!has<owner_core::demand_lease>(restored));
  core.on_node_linked(node_id{1}, start);
  CHECK(only<owner_core::start_work>(core.on_node_welcome(node_id{1}, start)).work == key(7)); // Its node knows it.
  const auto alive = only<owner_core::actor_is_alive>(core.on_work_started(key(7), 100, start)).record;

  CHECK(alive.name == "hits");
  CHECK(alive.restarts == 2);
  CHECK(core.lease_of(actor_id{1})->lease == lease_id{7});
}

TEST_CASE("owner: an actor of an earlier process that its node has lost is restarted if it may be, else it has ended") {
  for (const int max_restarts : {3, 2}) {
    connected_core core;
    core.on_restore_actor(actor_id{1}, actor_spec("", max_restarts), no_arguments(),
                          std::make_shared<granted_lease>(lease_at(1, 7)), /*restarts=*/2, start);
    core.link_node(1);

    const auto lost = core.on_work_ended(
      key(7), {work_end::how::not_started, {}, {errc::refused, "node \"n1\" holds no lease 7"}, 0}, start);

    CHECK(only<owner_core::release_lease>(lost).lease == lease_id{7});
    CHECK(has<owner_core::demand_lease>(lost) == (max_restarts == 3));
    CHECK(has<owner_core::actor_ended>(lost) == (max_restarts == 2));
  }
}

TEST_CASE("owner: an actor of an earlier process that waited asks for its name and a lease") {
  connected_core core;
  const auto restored =
    core.on_restore_actor(actor_id{1}, actor_spec("hits"), no_arguments(), nullptr, /*restarts=*/0, start);
  CHECK(only<owner_core::reserve_name>(restored).name == "hits");
  CHECK(has<owner_core::demand_lease>(core.on_name_reserved(actor_id{1}, start)));
}

TEST_CASE("owner: of the leases that a new head has taken over those without a work are released") {
  connected_core core;
  core.run_actor();

  const auto told = core.on_demand_granted(request_id{}, {lease_at(1, 1), lease_at(1, 5)}, start);

  CHECK(only<owner_core::release_lease>(told).lease == lease_id{5});
}
