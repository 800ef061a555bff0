#include "runtime/node/node_manager_core.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "tests/runtime/node/node_history.hpp"

using namespace runtime;
using namespace std::chrono_literals;
using core = node_manager_core;

TEST_CASE("node manager: dials its head for ever, with a back-off that a welcome ends") {
  core node(a_node(cpus(4)), start);

  CHECK(has<core::dial_head>(node.on_time(start)));
  CHECK_FALSE(has<core::dial_head>(node.on_time(start)));
  instant now = start;
  for (const auto wait : {100ms, 200ms, 400ms, 800ms, 1600ms, 2000ms, 2000ms}) {
    node.on_head_lost(now);
    REQUIRE(node.wake_at() == now + wait);
    now += wait;
    REQUIRE(has<core::dial_head>(node.on_time(now)));
  }
  CHECK(has<core::say_hello>(node.on_head_linked(now)));
  CHECK(has<core::welcomed>(node.on_welcome("c", version, 7, now)));
  node.on_head_lost(now);
  CHECK(node.wake_at() == now + 100ms);
}

TEST_CASE("node manager: says hello again until it is welcomed") {
  core node(a_node(cpus(4)), start);
  node.on_time(start);
  node.on_head_linked(start);

  CHECK(has<core::say_hello>(node.on_time(start + 1s)));
  CHECK(has<core::say_hello>(node.on_time(start + 2s)));
  node.on_welcome("c", version, 0, start + 2s);
  CHECK_FALSE(has<core::say_hello>(node.on_time(start + 3s)));
  CHECK(node.on_welcome("c", version, 0, start + 3s).empty());
}

TEST_CASE("node manager: a head that does not welcome it in time is dropped, and dialled again") {
  const auto options = a_node(cpus(4));
  core node(options, start);
  node.on_time(start);
  node.on_head_linked(start);
  const auto late = start + options.welcome_deadline;

  CHECK_FALSE(has<core::drop_head>(node.on_time(late - 1ns)));
  CHECK(has<core::drop_head>(node.on_time(late)));
  CHECK(has<core::dial_head>(node.on_time(late + 100ms)));
}

TEST_CASE("node manager: a head of another version or cluster is refused, and says which") {
  auto options = a_node(cpus(4));
  options.cluster = "mine";
  core node(options, start);
  node.on_time(start);
  node.on_head_linked(start);

  SUBCASE("version") {
    const auto actions = node.on_welcome("mine", "9.9", 0, start);
    REQUIRE(has<core::refused>(actions));
    CHECK(get<core::refused>(actions).why.code == errc::incompatible);
    CHECK(get<core::refused>(actions).why.message == "the head runs version 9.9, this node 1.0; install the same one");
  }
  SUBCASE("cluster") {
    const auto actions = node.on_welcome("other", version, 0, start);
    REQUIRE(has<core::refused>(actions));
    CHECK(get<core::refused>(actions).why.message ==
          "this node's state belongs to cluster mine, the head's cluster is other; choose another state directory with "
          "--state");
  }
  node.on_head_lost(start);
  CHECK_FALSE(has<core::dial_head>(node.on_time(start + 1h))); // Never again.
}

TEST_CASE("node manager: what does not fit is refused, whatever the head's book says (I1)") {
  node_history h(cpus(2));

  CHECK(has<core::accept_lease>(h.grant(1, cpus(2))));
  const auto actions = h.grant(2, cpus(1));

  REQUIRE(has<core::refuse_lease>(actions));
  CHECK(get<core::refuse_lease>(actions).why.message.find("node \"n1\": lease 2") == 0);
  CHECK(has<core::accept_lease>(h.grant(1, cpus(2)))); // A repetition is answered again.
}

TEST_CASE("node manager: an ordinary lease ends with its work, and both are told until they are heard") {
  node_history h(cpus(2));
  h.grant(1, cpus(1));
  h.run(1);

  const auto actions = h.work_ends(1);

  CHECK(has<core::tell_work_ended>(actions));
  CHECK(get<core::tell_work_ended>(actions).end.result == "42");
  REQUIRE(has<core::tell_lease_ended>(actions));
  CHECK(h.node.book().free() == cpus(2));
  CHECK(has<core::tell_work_ended>(h.pass(1s)));
  h.node.on_work_end_heard(driver, {lease_id(1), 1}, h.now);
  const auto repeated = h.pass(1s);
  CHECK_FALSE(has<core::tell_work_ended>(repeated));
  CHECK(has<core::tell_lease_ended>(repeated));
  h.node.on_lease_end_heard(lease_id(1), h.now);
  CHECK(h.pass(1s).empty());
  CHECK(h.node.unheard() == 0);
}

TEST_CASE("node manager: the next work of the same package runs in the idle worker") {
  node_history h(cpus(2));
  h.grant(1, cpus(1));
  const auto first = h.run(1);
  h.work_ends(1);

  h.grant(2, cpus(1));
  const auto actions = h.start(2);

  CHECK_FALSE(has<core::start_worker>(actions));
  REQUIRE(has<core::run_work>(actions));
  CHECK(get<core::run_work>(actions).worker == first);
  CHECK(get<core::run_work>(actions).order.type_name == "square");
  CHECK(has<core::tell_task_started>(actions));
}

TEST_CASE("node manager: a worker that is not clean keeps its lease until its process has ended") {
  node_history h(cpus(1));
  h.grant(1, cpus(1));
  const auto worker = h.run(1);

  const auto said = h.node.on_work_ended(worker, {lease_id(1), 1}, finished("42"), /*clean=*/false, h.now);

  CHECK(has<core::tell_work_ended>(said));
  CHECK_FALSE(has<core::tell_lease_ended>(said));
  CHECK(h.node.book().free() == resource_set());
  CHECK(has<core::refuse_lease>(h.grant(2, cpus(1))));
  CHECK(has<core::tell_lease_ended>(h.worker_exits(worker)));
  CHECK(h.node.book().free() == cpus(1));
}

TEST_CASE("node manager: a lost worker ends its work with the cause") {
  node_history h(cpus(1));
  h.grant(1, cpus(1));
  const auto worker = h.run(1);

  worker_exit exit;
  exit.worker = worker;
  exit.kind = exit_kind::signalled;
  exit.signal = 11;
  exit.signal_name = "SIGSEGV";
  exit.peak_memory_bytes = 512;
  const auto actions = h.node.on_worker_exit(exit, h.now);

  REQUIRE(has<core::tell_work_ended>(actions));
  const auto& end = get<core::tell_work_ended>(actions).end;
  CHECK(end.cause == work_end::how::worker_lost);
  CHECK(end.why.code == errc::worker_lost);
  CHECK(end.why.message == describe(exit));
  CHECK(end.peak_memory_bytes == 512);
  CHECK(has<core::tell_lease_ended>(actions));
}

TEST_CASE("node manager: a repeated order is answered again and runs nothing twice") {
  node_history h(cpus(1));
  h.grant(1, cpus(1));
  h.run(1);

  auto again = h.start(1);
  CHECK(again.size() == 1);
  CHECK(has<core::tell_task_started>(again));
  h.work_ends(1);
  again = h.start(1);
  CHECK(again.size() == 1);
  CHECK(has<core::tell_work_ended>(again));
  h.node.on_work_end_heard(driver, {lease_id(1), 1}, h.now);
  again = h.start(1); // Late: its lease is gone.
  REQUIRE(again.size() == 1);
  CHECK(get<core::tell_work_ended>(again).end.cause == work_end::how::not_started);
  CHECK(h.node.unheard() == 1); // The lease's.
}

TEST_CASE("node manager: an actor is hosted once it is constructed, and announced again to whoever asks again") {
  node_history h(cpus(1));
  h.grant(1, cpus(1));
  auto order = an_order();
  order.kind = work_kind::actor;
  order.actor = actor_id(9);
  const auto worker = h.run(1, order);

  CHECK(h.start(1, order).empty()); // Not started yet.
  const auto started = h.node.on_work_started(worker, {lease_id(1), 1}, h.now);
  REQUIRE(has<core::host_actor>(started));
  CHECK(get<core::host_actor>(started).actor == actor_id(9));
  CHECK(get<core::host_actor>(started).process_id == 100 + worker.value);
  CHECK(h.node.on_work_started(worker, {lease_id(1), 1}, h.now).empty());
  CHECK(has<core::announce_actor>(h.start(1, order)));
}

TEST_CASE("node manager: orders under no lease of the owner's are refused and say so") {
  node_history h(cpus(1));
  h.grant(1, cpus(1));

  const auto of_stranger = h.node.on_start_work(owner_id(99), {lease_id(1), 1}, an_order(), a_package, nullptr, h.now);
  REQUIRE(has<core::tell_work_ended>(of_stranger));
  CHECK(get<core::tell_work_ended>(of_stranger).end.why ==
        error{errc::refused, "node \"n1\" does not know owner 99; it says hello first"});
  const auto unknown = h.start(5);
  REQUIRE(has<core::tell_work_ended>(unknown));
  CHECK(get<core::tell_work_ended>(unknown).end.why == error{errc::refused, "node \"n1\" holds no lease 5 of owner 7"});
  const auto second = h.node.on_start_work(driver, {lease_id(1), 2}, an_order(), a_package, nullptr, h.now);
  REQUIRE(has<core::tell_work_ended>(second));
  CHECK(get<core::tell_work_ended>(second).end.why ==
        error{errc::refused, "node \"n1\": work 1.2 has ended already, or has a number that comes later"});
  CHECK(h.node.holds(lease_id(1)));
}

TEST_CASE("node manager: an order that cannot be read ends its ordinary lease") {
  node_history h(cpus(1));
  h.grant(1, cpus(1));

  const auto actions = h.node.on_unreadable_work(driver, {lease_id(1), 1}, {errc::invalid_argument, "no kind"}, h.now);

  REQUIRE(has<core::tell_work_ended>(actions));
  CHECK(get<core::tell_work_ended>(actions).end.cause == work_end::how::not_started);
  CHECK(has<core::tell_lease_ended>(actions));
  CHECK(h.node.unheard() == 2);
}

TEST_CASE("node manager: works of a bundle share its lease, which is held until it is ended") {
  node_history h(cpus(4));
  h.grant(1, cpus(2), /*bundle=*/true);
  auto half = an_order();
  half.resources = cpus(1);

  const auto first = h.run(1, half, 1);
  const auto second = h.run(1, half, 2);
  auto third = h.node.on_start_work(driver, {lease_id(1), 3}, half, a_package, nullptr, h.now);
  REQUIRE(has<core::tell_work_ended>(third));
  CHECK(get<core::tell_work_ended>(third).end.why.message == "work 1.3: wants cpu=1 but only nothing is free");

  CHECK_FALSE(has<core::tell_lease_ended>(h.work_ends(1, 1)));
  CHECK(h.node.holds(lease_id(1)));
  // A process that may still run holds its room; what wants it waits instead of being refused.
  h.node.on_work_ended(second, {lease_id(1), 2}, finished("42"), /*clean=*/false, h.now);
  auto all = an_order();
  CHECK(h.node.on_start_work(driver, {lease_id(1), 4}, all, a_package, nullptr, h.now).empty());
  CHECK(has<core::run_work>(h.worker_exits(second)));
  CHECK(h.node.workers().worker_of({lease_id(1), 4}) == first);

  CHECK(has<core::stop_work>(h.node.on_end_lease(lease_id(1), "released", h.now)));
  CHECK(has<core::tell_lease_ended>(h.work_ends(1, 4)));
  CHECK(h.node.book().free() == cpus(4));
}

TEST_CASE("node manager: the head's order ends a lease: politely first, then by force; unknown ones have ended") {
  node_history h(cpus(1));
  h.grant(1, cpus(1));
  const auto worker = h.run(1);

  const auto ending = h.node.on_end_lease(lease_id(1), "its owner is gone", h.now);
  CHECK(has<core::stop_work>(ending));
  CHECK_FALSE(has<core::tell_lease_ended>(ending));
  CHECK_FALSE(has<core::kill_worker>(h.pass(2999ms)));
  CHECK(has<core::kill_worker>(h.pass(1ms)));
  const auto over = h.worker_exits(worker);
  CHECK(has<core::tell_lease_ended>(over));
  REQUIRE(has<core::tell_work_ended>(over));
  CHECK(get<core::tell_work_ended>(over).end.cause == work_end::how::stopped);
  CHECK(get<core::tell_work_ended>(over).end.why.message == "its owner is gone");
  CHECK(has<core::tell_lease_ended>(h.node.on_end_lease(lease_id(77), "why", h.now)));
}

TEST_CASE("node manager: works wait for their package; one that cannot be had ends them") {
  node_history h(cpus(2));
  h.has_package = false;
  h.grant(1, cpus(1));
  h.grant(2, cpus(1));

  CHECK(has<core::want_package>(h.start(1)));
  CHECK(h.start(2).empty()); // It is on its way already.
  SUBCASE("it comes") {
    const auto actions = h.node.on_package_ready(a_package, {"/p/main", {}}, h.now);
    CHECK(std::count_if(actions.begin(), actions.end(),
                        [](const auto& a) { return std::holds_alternative<core::start_worker>(a); }) == 2);
    CHECK(get<core::start_worker>(actions).program.path == "/p/main");
  }
  SUBCASE("it fails") {
    const auto actions = h.node.on_package_failed(a_package, {errc::not_found, "no such file"}, h.now);
    REQUIRE(has<core::tell_work_ended>(actions));
    CHECK(get<core::tell_work_ended>(actions).end.cause == work_end::how::not_started);
    CHECK(get<core::tell_work_ended>(actions).end.why.message == fmt::format("package {}: no such file", a_package));
    CHECK(has<core::release_package>(actions));
    CHECK(h.node.book().free() == cpus(2));
  }
  SUBCASE("the owner comes back on a new link: it is asked") {
    h.node.on_owner_lost(driver, h.now);
    CHECK(has<core::want_package>(or_throw(h.node.on_owner_hello(driver, version, h.now))));
  }
  SUBCASE("another owner waits for it when the first is given up") {
    or_throw(h.node.on_owner_hello(owner_id(8), version, h.now));
    h.node.on_stop_work(driver, {lease_id(2), 1}, 0ms, h.now);
    h.grant(3, cpus(1), false, owner_id(8));
    CHECK(h.node.on_start_work(owner_id(8), {lease_id(3), 1}, an_order(), a_package, nullptr, h.now).empty());
    h.node.on_owner_lost(driver, h.now);
    const auto actions = h.pass(1s);
    REQUIRE(has<core::want_package>(actions));
    CHECK(get<core::want_package>(actions).from == owner_id(8));
  }
}

TEST_CASE("node manager: a package is released after its last work and worker") {
  node_history h(cpus(1));
  h.grant(1, cpus(1));
  const auto worker = h.run(1);

  CHECK_FALSE(has<core::release_package>(h.work_ends(1)));
  CHECK(has<core::end_worker>(h.pass(60s))); // Idle for too long.
  CHECK(has<core::release_package>(h.worker_exits(worker)));
}

TEST_CASE(
  "node manager: an owner that does not come back in time has its works stopped, and hears so if it comes later") {
  node_history h(cpus(2));
  h.grant(1, cpus(1));
  const auto worker = h.run(1);
  h.node.on_owner_lost(driver, h.now);

  SUBCASE("in time") {
    CHECK_FALSE(has<core::stop_work>(h.pass(999ms)));
    or_throw(h.node.on_owner_hello(driver, version, h.now));
    CHECK(h.pass(2s).empty());
  }
  SUBCASE("too late") {
    CHECK(has<core::stop_work>(h.pass(1s)));
    CHECK_FALSE(has<core::kill_worker>(h.pass(2999ms)));
    CHECK(has<core::kill_worker>(h.pass(1ms)));
    CHECK(has<core::tell_lease_ended>(h.worker_exits(worker)));
    const auto told = or_throw(h.node.on_owner_hello(driver, version, h.now));
    REQUIRE(has<core::tell_work_ended>(told));
    CHECK(get<core::tell_work_ended>(told).end.why.message == "its owner is gone");
  }
  SUBCASE("never") {
    h.pass(1s);
    h.worker_exits(worker);
    h.node.on_lease_end_heard(lease_id(1), h.now);
    CHECK(h.node.unheard() == 1);
    h.pass(60s);
    CHECK(h.node.unheard() == 0);
  }
}

TEST_CASE("node manager: what is detached is stopped only after the longer grace") {
  node_history h(cpus(1));
  or_throw(h.node.on_owner_hello(detached_owner, version, h.now));
  h.grant(1, cpus(1), false, detached_owner);
  h.node.on_start_work(detached_owner, {lease_id(1), 1}, an_order(), a_package, nullptr, h.now);
  const auto actions = h.node.on_package_ready(a_package, {"/p/main", {}}, h.now);
  const auto worker = get<core::start_worker>(actions).worker;
  h.node.on_worker_ready(worker, h.now);
  h.node.on_owner_lost(detached_owner, h.now);

  CHECK_FALSE(has<core::stop_work>(h.pass(29s)));
  CHECK(has<core::stop_work>(h.pass(1s)));
}

TEST_CASE("node manager: after a lost link the head hears of all that is held, and of what ended meanwhile") {
  node_history h(cpus(4));
  h.grant(1, cpus(1));
  h.grant(2, cpus(1));
  h.run(1);
  h.run(2);
  h.node.on_head_lost(h.now);
  CHECK_FALSE(has<core::tell_lease_ended>(h.work_ends(1))); // Nobody to tell.
  CHECK_FALSE(has<core::tell_lease_ended>(h.pass(5s)));

  CHECK(has<core::say_hello>(h.node.on_head_linked(h.now)));
  const auto hello = h.node.hello();
  const auto told = h.node.on_welcome("c", version, 0, h.now);

  REQUIRE(hello.leases.size() == 1);
  CHECK(hello.leases[0].lease == lease_id(2));
  REQUIRE(has<core::tell_lease_ended>(told));
  CHECK(get<core::tell_lease_ended>(told).lease == lease_id(1));
}

TEST_CASE("node manager: cut off, it kills its works and refuses orders until it is heard again") {
  node_history h(cpus(4));
  h.grant(1, cpus(1));
  h.grant(2, cpus(1));
  const auto worker = h.run(1);

  CHECK(has<core::kill_worker>(h.node.on_fenced(h.now)));
  const auto no_lease = h.grant(3, cpus(1));
  REQUIRE(has<core::refuse_lease>(no_lease));
  CHECK(get<core::refuse_lease>(no_lease).why.message == "node \"n1\" was silent for too long");
  const auto refused = h.start(2);
  REQUIRE(has<core::tell_work_ended>(refused));
  CHECK(get<core::tell_work_ended>(refused).end.why.message == "node \"n1\" was silent for too long");
  CHECK(has<core::tell_lease_ended>(refused));
  const auto lost = h.worker_exits(worker);
  REQUIRE(has<core::tell_work_ended>(lost));
  CHECK(get<core::tell_work_ended>(lost).end.why.code == errc::node_lost);
  h.node.on_unfenced(h.now);
  CHECK(has<core::refuse_lease>(h.grant(3, cpus(1)))); // Repeated by a head that gives it up now.
  CHECK(has<core::accept_lease>(h.grant(4, cpus(1))));
}

TEST_CASE("node manager: cut off, a work that waits for another's room is not started in it") {
  node_history h(cpus(2));
  h.grant(1, cpus(2), /*bundle=*/true);
  auto half = an_order();
  half.resources = cpus(1);
  auto another_package = a_package;
  another_package.value.fill(0xcd);
  const auto worker = h.run(1, half, 1);
  h.node.on_work_ended(worker, {lease_id(1), 1}, finished("42"), /*clean=*/false, h.now); // Its process holds its room.
  h.node.on_start_work(driver, {lease_id(1), 2}, half, another_package, nullptr, h.now);  // Waits for its package,
  CHECK(h.start(1, half, 3).empty());                                                     // and this one for room.

  const auto fenced = h.node.on_fenced(h.now);

  CHECK_FALSE(has<core::start_worker>(fenced));
  for (const std::uint32_t number : {2, 3}) {
    CHECK_FALSE(h.node.has({lease_id(1), number}));
    CHECK_FALSE(h.node.workers().worker_of({lease_id(1), number}));
  }
  h.worker_exits(worker);
  h.node.on_end_lease(lease_id(1), "released", h.now);
  CHECK(h.node.book().free() == cpus(2));
}

TEST_CASE(
  "node manager: a package that failed is asked for again by a work that got the room of those that wanted it") {
  node_history h(cpus(3));
  h.has_package = false;
  h.grant(1, cpus(3), /*bundle=*/true);
  auto third = an_order();
  third.resources = cpus(1);
  auto another_package = a_package;
  another_package.value.fill(0xcd);
  h.node.on_start_work(driver, {lease_id(1), 1}, third, another_package, nullptr, h.now);
  h.node.on_package_ready(another_package, {"/p/main", {}}, h.now);
  const auto worker = *h.node.workers().worker_of({lease_id(1), 1});
  h.node.on_worker_ready(worker, h.now);
  h.node.on_work_ended(worker, {lease_id(1), 1}, finished("42"), /*clean=*/false, h.now);
  h.start(1, third, 2);
  h.start(1, third, 3);
  CHECK(h.start(1, third, 4).empty()); // Waits for room.

  const auto failed = h.node.on_package_failed(a_package, {errc::not_found, "no such file"}, h.now);

  CHECK(h.node.has({lease_id(1), 4}));
  CHECK(get<core::want_package>(failed).package == a_package);
}

TEST_CASE("node manager: draining, it takes no new leases and leaves when the last has ended and was told") {
  node_history h(cpus(2));
  h.grant(1, cpus(1));
  h.run(1);

  CHECK(has<core::tell_draining>(h.node.on_drain(h.now)));
  CHECK(h.node.hello().draining);
  const auto refused = h.grant(2, cpus(1));
  REQUIRE(has<core::refuse_lease>(refused));
  CHECK(get<core::refuse_lease>(refused).why.message == "node \"n1\" is draining");
  CHECK_FALSE(has<core::leave>(h.work_ends(1))); // Its owner has not heard the result.
  const auto actions = h.node.on_work_end_heard(driver, {lease_id(1), 1}, h.now);
  CHECK(has<core::tell_leaving>(actions));
  REQUIRE_FALSE(actions.empty());
  CHECK(std::holds_alternative<core::leave>(actions.back()));
  CHECK(h.pass(60s).empty());
}

TEST_CASE("node manager: draining does not wait for an owner that did not come back") {
  node_history h(cpus(2));
  h.grant(1, cpus(1));
  h.run(1);
  h.node.on_owner_lost(driver, h.now);
  CHECK_FALSE(has<core::leave>(h.work_ends(1)));

  CHECK_FALSE(has<core::leave>(h.node.on_drain(h.now))); // It may come back and hear the result.
  CHECK(has<core::leave>(h.pass(1s)));
}

TEST_CASE("node manager: draining ends at its deadline, or at once when it is asked for twice") {
  node_history h(cpus(2));
  h.grant(1, cpus(1));
  h.run(1);
  h.node.on_drain(h.now);

  SUBCASE("deadline") {
    CHECK_FALSE(has<core::leave>(h.pass(29s)));
    const auto actions = h.pass(1s);
    CHECK(has<core::kill_worker>(actions));
    CHECK(has<core::leave>(actions));
  }
  SUBCASE("twice") {
    CHECK(has<core::leave>(h.node.on_drain(h.now)));
  }
  CHECK(h.node.has_left());
  CHECK_FALSE(h.node.wake_at());
}

TEST_CASE("node manager: a driver of another version is refused") {
  node_history h(cpus(1));

  const auto hello = h.node.on_owner_hello(owner_id(3), "0.9", h.now);

  REQUIRE_FALSE(hello);
  CHECK(hello.error().message == "node \"n1\" runs version 1.0, the driver 0.9; install the same one");
}

TEST_CASE("node manager: a worker sees the devices of its lease and nothing of the token") {
  node_history h(or_throw(resource_set::parse("cpu=4,gpu=2,memory=4GiB")));
  h.grant(1, or_throw(resource_set::parse("cpu=1,gpu=1,memory=1GiB")), false, driver, {{1, amount::whole(1)}});
  h.grant(2, cpus(1));
  auto order = an_order();
  order.environment = {{"MINE", "yes"}, {"CAF_TUNE_TOKEN_FILE", "/etc/token"}, {"CUDA_VISIBLE_DEVICES", "0,1"}};

  const auto with = h.start(1, order);
  const auto without = h.start(2);

  using environment = std::map<std::string, std::string>;
  REQUIRE(has<core::start_worker>(with));
  CHECK(get<core::start_worker>(with).setting.environment == environment{{"MINE", "yes"},
                                                                         {"CAF_TUNE_WORKER", "1"},
                                                                         {"CUDA_VISIBLE_DEVICES", "1"},
                                                                         {"CAF_TUNE_MEMORY_BYTES", "1073741824"},
                                                                         {"CAF_TUNE_NODE_NAME", "n1"}});
  CHECK(get<core::start_worker>(with).setting.memory_bytes == 1073741824);
  CHECK(get<core::start_worker>(without).setting.environment ==
        environment{{"CAF_TUNE_WORKER", "1"}, {"CUDA_VISIBLE_DEVICES", ""}, {"CAF_TUNE_NODE_NAME", "n1"}});
}

TEST_CASE("node manager: a lease of a part of a GPU ends when the process that had it is gone") {
  node_history h(or_throw(resource_set::parse("cpu=4,gpu=1")));
  h.grant(1, or_throw(resource_set::parse("cpu=1,gpu=0.5")), false, driver, {{0, or_throw(parse_amount("0.5"))}});
  const auto worker = h.run(1);

  const auto ended = h.work_ends(1);

  CHECK(has<core::tell_work_ended>(ended));
  CHECK_FALSE(has<core::tell_lease_ended>(ended));
  CHECK(get<core::end_worker>(ended).worker == worker);
  CHECK(has<core::tell_lease_ended>(h.worker_exits(worker)));
}

TEST_CASE("node manager: the workers of each owner find a directory of their own") {
  auto options = a_node(cpus(4));
  options.scratch_directory = "/state/scratch";
  node_history h(options);
  h.grant(1, cpus(1));

  const auto started = h.start(1);

  CHECK(get<core::start_worker>(started).setting.environment.at("CAF_TUNE_NODE_DIRECTORY") ==
        fmt::format("/state/scratch/{}", driver));
}

TEST_CASE("node manager: options that make no sense are all named") {
  node_manager_options options;
  options.redial_least = 0s;
  options.node.name = "n";
  options.node.start = incarnation(1);

  const auto valid = validate(options);

  REQUIRE_FALSE(valid);
  CHECK(valid.error().message == "a node needs an id; redial_least must be more than 0");
  CHECK(validate(a_node(cpus(1))));
}

TEST_CASE("node manager: a work whose process does not die is told as lost, and its lease ends when that is gone") {
  node_history h(cpus(2));
  h.grant(1, cpus(2));
  const auto worker = h.run(1);
  worker_exit exit;
  exit.worker = worker;
  exit.survivors = "1234";

  const auto lost = h.node.on_worker_exit(exit, h.now);

  const auto& end = get<core::tell_work_ended>(lost).end;
  CHECK(end.cause == work_end::how::worker_lost);
  CHECK(end.why.message == "worker exited with code 0; what it held stays taken until processes 1234 of it have ended");
  CHECK_FALSE(has<core::tell_lease_ended>(lost));
  CHECK(h.node.holds(lease_id(1)));
  CHECK(h.node.on_worker_exit(exit, h.now).empty());

  const auto gone = h.node.on_worker_gone(worker, h.now);

  CHECK(has<core::tell_lease_ended>(gone));
  CHECK_FALSE(has<core::tell_work_ended>(gone));
  CHECK_FALSE(h.node.holds(lease_id(1)));
  CHECK(h.node.on_worker_gone(worker, h.now).empty());
}
