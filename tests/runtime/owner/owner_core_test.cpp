#include "tests/runtime/owner/core_driver.hpp"

using namespace owner_test;

TEST_CASE("owner: the first thing it does is to dial the head, then to say hello and to be welcome") {
  owner_core core(test_options());

  CHECK(has<owner_core::dial_head>(core.on_begin(start)));
  CHECK(has<owner_core::say_hello_to_head>(core.on_head_linked(start)));
  CHECK(has<owner_core::connected>(core.on_head_welcome("c", start)));
  CHECK(core.is_connected());
}

TEST_CASE("owner: a head that does not answer within the deadline is an error that says why, once") {
  owner_core core(test_options());
  core.on_begin(start);
  core.on_head_unlinked({errc::unreachable, "connection refused"}, start);

  CHECK(!has<owner_core::not_connected>(core.on_time(start + 4999ms)));
  const auto why = only<owner_core::not_connected>(core.on_time(start + 5s)).why;
  CHECK(why.code == errc::unreachable);
  CHECK(why.message == "the head at head:6390 does not answer within 5 s: connection refused");
  CHECK(!has<owner_core::connected>(core.on_head_welcome("c", start + 6s)));
}

TEST_CASE("owner: silence reads the same, whether the dial or the deadline for the head's welcome is over first") {
  const auto silence =
    "the head at head:6390 does not answer within 5 s; is the address right, and no firewall between?";
  owner_core linked(test_options());
  linked.on_begin(start);
  linked.on_head_linked(start);
  CHECK(only<owner_core::not_connected>(linked.on_time(start + 5s)).why == error{errc::unreachable, silence});

  owner_core dialling(test_options());
  dialling.on_begin(start);
  const auto over = dialling.on_head_unlinked({errc::timed_out, "no answer"}, start + 5s);
  CHECK(only<owner_core::not_connected>(over).why == error{errc::unreachable, silence});
}

TEST_CASE("owner: a node that lacks the package is told which nodes have it") {
  connected_core core;
  const auto order = [&](std::uint64_t task, std::uint64_t node, std::uint64_t lease) {
    const auto demand =
      only<owner_core::demand_lease>(core.on_submit_task(task_id{task}, task_spec(), no_arguments(), start));
    auto actions = core.on_demand_granted(demand.request, {lease_at(node, lease)}, start);
    if (has<owner_core::dial_node>(actions)) {
      core.on_node_linked(node_id{node}, start);
      actions = core.on_node_welcome(node_id{node}, start);
    }
    return only<owner_core::start_work>(actions).package_holders;
  };

  CHECK(order(1, 1, 11).empty());
  CHECK(order(2, 2, 12).empty()); // Nothing has been started at node 1 yet.
  core.on_work_started(key(11), 100, start);
  CHECK(order(3, 3, 13) == std::vector<package_holder>{{"10.0.0.1", lease_at(1, 11).port}});
  CHECK(order(4, 1, 14).empty()); // It has it.
  core.on_lease_lost(lease_id{14}, {errc::node_lost, "it fell silent"}, start);
  CHECK(order(6, 3, 16).empty()); // Its link stands, but who asks it would wait.
  core.on_work_started(key(11), 100, start);
  core.on_node_unlinked(node_id{1}, {errc::unreachable, "reset"}, start);
  CHECK(order(5, 4, 15).empty());
}

TEST_CASE("owner: a wrong token, a name without address and another version are told at once") {
  owner_core stranger(test_options());
  stranger.on_begin(start);
  const auto denied = stranger.on_head_unlinked({errc::permission_denied, "the token is another"}, start);
  CHECK(only<owner_core::not_connected>(denied).why.message == "the token is another");

  owner_core lost(test_options());
  lost.on_begin(start);
  const auto nowhere = lost.on_head_unlinked({errc::not_found, "the name head has no address"}, start);
  CHECK(only<owner_core::not_connected>(nowhere).why.message == "the name head has no address");

  owner_core old(test_options());
  old.on_begin(start);
  old.on_head_linked(start);
  const auto refused = old.on_head_refused({errc::incompatible, "it runs caf-tune 2"}, start);
  CHECK(only<owner_core::not_connected>(refused).why.message ==
        "the head at head:6390 refuses this program: it runs caf-tune 2");
}

TEST_CASE("owner: a task asks for a lease, starts under it at its node and gives its result") {
  connected_core core;

  const auto demand =
    only<owner_core::demand_lease>(core.on_submit_task(task_id{7}, task_spec(), no_arguments(), start));
  const auto dial = only<owner_core::dial_node>(core.on_demand_granted(demand.request, {lease_at(1, 17)}, start));
  CHECK(dial.host == "10.0.0.1");
  CHECK(has<owner_core::say_hello_to_node>(core.on_node_linked(dial.node, start)));
  CHECK(only<owner_core::start_work>(core.on_node_welcome(dial.node, start)).work == key(17));
  CHECK(core.on_work_started(key(17), 100, start).empty());
  const auto end = core.on_work_ended(key(17), finished("42"), start);

  CHECK(only<owner_core::hear_work_end>(end).node == node_id{1});
  const auto done = only<owner_core::task_finished>(end);
  CHECK(done.task == task_id{7});
  REQUIRE(done.outcome);
  CHECK(done.outcome->bytes == "42");
  CHECK(done.outcome->attempts == 1);
  CHECK(done.outcome->node_name == "n1");
  CHECK(core.works() == 0);
}

TEST_CASE("owner: an end that is told again is heard again, and counted once (I2)") {
  connected_core core;
  core.run_task();
  core.on_work_ended(key(1), finished(), start);

  const auto again = core.on_work_ended(key(1), finished(), start);

  CHECK(only<owner_core::hear_work_end>(again).work == key(1));
  CHECK(again.size() == 1);
}

TEST_CASE("owner: what happens to a demand before its answer") {
  connected_core core;
  const auto request =
    only<owner_core::demand_lease>(core.on_submit_task(task_id{1}, task_spec(), no_arguments(), start)).request;

  SUBCASE("it is repeated until it is answered, more and more seldom") {
    CHECK(core.on_time(start + 999ms).empty());
    CHECK(only<owner_core::demand_lease>(core.on_time(start + 1s)).request == request);
    CHECK(core.on_time(start + 2s).empty());
    CHECK(has<owner_core::demand_lease>(core.on_time(start + 3s)));
  }
  SUBCASE("when it waits it is not repeated, and says why") {
    CHECK(only<owner_core::task_waits>(core.on_demand_waits(request, "cpu=1 is free soon", start)).why ==
          "cpu=1 is free soon");
    CHECK(!core.wake_at());
  }
  SUBCASE("it is repeated on a new link to the head, also when it waits") {
    core.on_demand_waits(request, "later", start);
    core.on_head_unlinked({errc::unreachable, "lost"}, start);
    core.on_time(start + 100ms);
    core.on_head_linked(start + 100ms);
    CHECK(only<owner_core::demand_lease>(core.on_head_welcome("c", start + 100ms)).request == request);
  }
  SUBCASE("refused, the task has failed") {
    const auto actions = core.on_demand_refused(request, {errc::infeasible, "cpu=1 fits on no node"}, start);
    const auto why = only<owner_core::task_finished>(actions).outcome.error();
    CHECK(why.code == errc::infeasible);
    CHECK(why.message == "task \"fit\": cpu=1 fits on no node");
  }
  SUBCASE("granted and over before it was heard of: it is demanded anew") {
    const auto actions = core.on_demand_refused(request, {errc::node_lost, "its lease has ended; demand anew"}, start);
    CHECK(only<owner_core::demand_lease>(actions).request != request);
  }
  SUBCASE("granted twice, the first counts and the second is released") {
    core.on_demand_granted(request, {lease_at(1, 17)}, start);
    CHECK(core.on_demand_granted(request, {lease_at(1, 17)}, start).empty()); // Only repeated.
    CHECK(only<owner_core::release_lease>(core.on_demand_granted(request, {lease_at(2, 18)}, start)).lease ==
          lease_id{18});
  }
  SUBCASE("stopped, it is cancelled, and a late grant is released") {
    const auto stopped = core.on_stop_task(task_id{1}, 0ms, start);
    CHECK(only<owner_core::cancel_demand>(stopped).request == request);
    CHECK(only<owner_core::task_finished>(stopped).outcome.error() ==
          error{errc::cancelled, "task \"fit\" was stopped"});
    CHECK(only<owner_core::release_lease>(core.on_demand_granted(request, {lease_at(1, 17)}, start)).lease ==
          lease_id{17});
  }
}

TEST_CASE("owner: an order to start is repeated until it is answered") {
  connected_core core;
  core.on_submit_task(task_id{1}, task_spec(), no_arguments(), start);
  core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
  core.link_node(1);

  CHECK(only<owner_core::start_work>(core.on_time(start + 1s)).work == key(1));
  core.on_work_started(key(1), 100, start + 1s);
  CHECK(!core.wake_at());
}

TEST_CASE("owner: nothing starts before its own package is ready, and everything fails when it cannot be made") {
  owner_core core(test_options());
  core.on_begin(start);
  core.on_head_linked(start);
  core.on_head_welcome("c", start);
  core.on_submit_task(task_id{1}, task_spec(), no_arguments(), start);
  core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
  core.on_node_linked(node_id{1}, start);
  CHECK(!has<owner_core::start_work>(core.on_node_welcome(node_id{1}, start)));

  SUBCASE("ready") {
    CHECK(has<owner_core::start_work>(core.on_package({}, start)));
  }
  SUBCASE("failed") {
    const auto actions = core.on_package(fail(errc::io, "./fit: cannot be read"), start);
    CHECK(only<owner_core::release_lease>(actions).lease == lease_id{1});
    CHECK(only<owner_core::task_finished>(actions).outcome.error().message == "task \"fit\": ./fit: cannot be read");
    CHECK(has<owner_core::task_finished>(core.on_submit_task(task_id{2}, task_spec(), no_arguments(), start)));
  }
}

TEST_CASE("owner: a task whose worker is lost is run again, and its last failure is told with the attempt") {
  connected_core core;
  core.run_task(/*retries=*/1);

  const auto again = core.on_work_ended(key(1), worker_lost(), start);
  CHECK(!has<owner_core::task_finished>(again));
  const auto request = only<owner_core::demand_lease>(again).request;
  core.on_demand_granted(request, {lease_at(1, 2)}, start);
  core.on_work_started(key(2), 101, start);
  const auto last = core.on_work_ended(key(2), worker_lost(), start);

  const auto why = only<owner_core::task_finished>(last).outcome.error();
  CHECK(why.code == errc::worker_lost);
  CHECK(why.message == "task \"fit\" failed on attempt 2 of 2: worker was killed by signal 9 (SIGKILL)");
}

TEST_CASE("owner: a task's user error is told at once") {
  connected_core core;
  core.run_task();

  const auto end = core.on_work_ended(key(1), {work_end::how::user_error, {}, {errc::user_code, "no data"}, 0}, start);

  CHECK(only<owner_core::task_finished>(end).outcome.error() ==
        error{errc::user_code, "task \"fit\" failed on attempt 1 of 4: no data"});
}

TEST_CASE("owner: a refused start is repeated elsewhere, unless it would be refused for ever") {
  connected_core core;
  core.on_submit_task(task_id{1}, task_spec(), no_arguments(), start);
  core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
  core.link_node(1);

  SUBCASE("the node is cut off") {
    const auto end = core.on_work_ended(key(1), {work_end::how::not_started, {}, {errc::refused, "silent"}, 0}, start);
    CHECK(only<owner_core::release_lease>(end).lease == lease_id{1});
    CHECK(has<owner_core::demand_lease>(end));
  }
  SUBCASE("the program has no such type") {
    const work_end none{work_end::how::not_started, {}, {errc::not_found, "no such type"}, 0};
    CHECK(only<owner_core::task_finished>(core.on_work_ended(key(1), none, start)).outcome.error().message ==
          "task \"fit\" failed on attempt 1 of 4: no such type");
  }
  SUBCASE("the program has no such type, as the worker says that had got the task") {
    core.on_work_started(key(1), 100, start);
    const work_end none{work_end::how::not_started, {}, {errc::not_found, "no such type"}, 0};
    CHECK(only<owner_core::task_finished>(core.on_work_ended(key(1), none, start)).outcome.error().message ==
          "task \"fit\" failed on attempt 1 of 4: no such type");
  }
  SUBCASE("the package is too large") {
    const work_end large{work_end::how::not_started, {}, {errc::too_large, "5 GiB"}, 0};
    CHECK(only<owner_core::task_finished>(core.on_work_ended(key(1), large, start)).outcome.error().message ==
          "task \"fit\" failed on attempt 1 of 4: 5 GiB");
  }
}

TEST_CASE("owner: a lost lease ends the attempt, and the node is told if it can be") {
  connected_core core;
  core.run_task();

  const auto lost = core.on_lease_lost(lease_id{1}, {errc::node_lost, "node \"n1\" was silent"}, start);

  CHECK(only<owner_core::stop_work>(lost).work == key(1));
  CHECK(has<owner_core::demand_lease>(lost));
  const auto late = core.on_work_ended(key(1), finished(), start);
  CHECK(late.size() == 1); // Heard, and not counted: another attempt is under way.
}

TEST_CASE("owner: a link to a node that comes back within its grace costs nothing") {
  connected_core core;
  core.run_task();

  core.on_node_unlinked(node_id{1}, {errc::unreachable, "reset"}, start);
  CHECK(has<owner_core::dial_node>(core.on_time(start + 100ms)));
  core.on_node_linked(node_id{1}, start + 150ms);
  const auto back = core.on_node_welcome(node_id{1}, start + 150ms);

  CHECK(only<owner_core::start_work>(back).work == key(1)); // Answered with what became of it.
  CHECK(core.on_time(start + 1s).empty());
  CHECK(has<owner_core::task_finished>(core.on_work_ended(key(1), finished(), start + 1s)));
}

TEST_CASE("owner: a node that is not reached again within its grace is lost with its works") {
  connected_core core;
  core.run_task();
  core.on_node_unlinked(node_id{1}, {errc::unreachable, "connection reset"}, start);

  owner_core::actions lost;
  for (auto now = start; now < start + 1s;) {
    now = *core.wake_at();
    for (auto& action : core.on_time(now)) {
      if (std::holds_alternative<owner_core::dial_node>(action))
        core.on_node_unlinked(node_id{1}, {errc::unreachable, "connection refused"}, now);
      lost.push_back(std::move(action));
    }
  }

  CHECK(only<owner_core::release_lease>(lost).lease == lease_id{1});
  CHECK(only<owner_core::demand_lease>(lost).request != request_id{1});
  CHECK(only<owner_core::forget_node>(lost).node == node_id{1});
}

TEST_CASE(
  "owner: a node that is linked and silent is dropped when it is given up, so that the next dial is a new link") {
  connected_core core;
  core.on_submit_task(task_id{1}, task_spec(/*retries=*/0), no_arguments(), start);
  core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
  core.on_node_linked(node_id{1}, start);

  CHECK(!has<owner_core::drop_node>(core.on_time(start + 4s)));
  const auto given_up = core.on_time(start + 5s);

  CHECK(only<owner_core::drop_node>(given_up).node == node_id{1});
  CHECK(only<owner_core::task_finished>(given_up).outcome.error().message ==
        "task \"fit\" failed on attempt 1 of 1: node \"n1\" (10.0.0.1:7000) was lost: it does not answer");
}

TEST_CASE("owner: a head that does not answer is dropped after 15 s and dialled again") {
  owner_core core(test_options());
  core.on_begin(start);
  core.on_head_linked(start);

  auto now = start;
  for (; now < start + 15s; now += 1s)
    REQUIRE(!has<owner_core::drop_head>(core.on_time(now)));
  CHECK(has<owner_core::drop_head>(core.on_time(now)));
  CHECK(has<owner_core::dial_head>(core.on_time(*core.wake_at())));
}

TEST_CASE("owner: a link that comes when its node has been given up is forgotten") {
  connected_core core;
  CHECK(only<owner_core::forget_node>(core.on_node_linked(node_id{7}, start)).node == node_id{7});
}

TEST_CASE("owner: a work that ran and that its node has lost is a loss, not a refusal") {
  connected_core core;
  core.run_task(/*retries=*/0);
  const auto lost = core.on_work_ended(
    key(1), {work_end::how::not_started, {}, {errc::refused, "node \"n1\" holds no lease 1"}, 0}, start);
  CHECK(!only<owner_core::task_finished>(lost).outcome);
}

TEST_CASE("owner: a node that was never reached is given up after the connect deadline, and says why") {
  connected_core core;
  core.on_submit_task(task_id{1}, task_spec(/*retries=*/0), no_arguments(), start);
  core.on_demand_granted(request_id{1}, {lease_at(1, 1)}, start);
  core.on_node_unlinked(node_id{1}, {errc::unreachable, "no route to host"}, start);

  CHECK(!has<owner_core::task_finished>(core.on_time(start + 4s)));
  core.on_node_unlinked(node_id{1}, {errc::unreachable, "no route to host"}, start + 4s);
  const auto why = only<owner_core::task_finished>(core.on_time(start + 5s)).outcome.error();

  CHECK(why.code == errc::node_lost);
  CHECK(why.message == "task \"fit\" failed on attempt 1 of 1: node \"n1\" (10.0.0.1:7000) was lost: no route to host");
}

TEST_CASE("owner: a running task that is stopped gets its deadline, and the order is repeated") {
  connected_core core;
  core.run_task();

  CHECK(only<owner_core::stop_work>(core.on_stop_task(task_id{1}, 500ms, start)).deadline == 500ms);
  CHECK(has<owner_core::stop_work>(core.on_time(start + 1s)));
  SUBCASE("it ends because of that") {
    const auto end = core.on_work_ended(key(1), {work_end::how::stopped, {}, {errc::cancelled, ""}, 0}, start + 1s);
    CHECK(only<owner_core::task_finished>(end).outcome.error().code == errc::cancelled);
  }
  SUBCASE("it is killed, and not run again") {
    const auto end = core.on_work_ended(key(1), worker_lost(), start + 1s);
    CHECK(only<owner_core::task_finished>(end).outcome.error().code == errc::cancelled);
  }
  SUBCASE("it was faster") {
    CHECK(only<owner_core::task_finished>(core.on_work_ended(key(1), finished(), start + 1s)).outcome.has_value());
  }
}

TEST_CASE("owner: a task that somebody else stopped, as a node does that is cut off, is run again") {
  connected_core core;
  core.run_task();

  const auto end = core.on_work_ended(key(1), {work_end::how::stopped, {}, {errc::cancelled, "drained"}, 0}, start);

  CHECK(has<owner_core::demand_lease>(end));
}

TEST_CASE("owner: a release that may have been lost with the link to the head is said again") {
  connected_core core;
  core.on_demand_granted(request_id{99}, {lease_at(1, 17)}, start); // Nobody wants it.
  core.on_head_unlinked({errc::unreachable, "lost"}, start + 1s);
  core.on_time(start + 1100ms);
  core.on_head_linked(start + 1100ms);

  CHECK(only<owner_core::release_lease>(core.on_head_welcome("c", start + 1100ms)).lease == lease_id{17});
}

TEST_CASE("owner: the head of another cluster is not ours") {
  connected_core core;
  core.on_head_unlinked({errc::unreachable, "lost"}, start);
  core.on_time(start + 100ms);
  core.on_head_linked(start + 100ms);

  core.on_head_welcome("another", start + 100ms);

  CHECK(!core.is_connected());
  CHECK(core.why_head_is_down()->message == "it is the head of another cluster, another instead of c");
}
