#include "tests/runtime/owner/core_driver.hpp"

using namespace owner_test;

namespace {

std::shared_ptr<const group_demand> two_bundles() {
  auto wants = std::make_shared<group_demand>();
  wants->bundles = {cpus(1), cpus(1)};
  return wants;
}

std::shared_ptr<work_spec> task_in(std::uint32_t bundle) {
  auto spec = task_spec();
  spec->group = group_id{1};
  spec->bundle = bundle;
  return spec;
}

/// Group 1 has leases 11 at node 1 and 12 at node 2; request 1.
struct core_with_group : connected_core {
  core_with_group() {
    on_submit_group(group_id{1}, two_bundles(), start);
    on_demand_granted(request_id{1}, {lease_at(1, 11, 0), lease_at(2, 12, 1)}, start);
  }
};

} // namespace

TEST_CASE("owner: a group is demanded, repeated until answered, and granted as a whole") {
  connected_core core;

  const auto request = only<owner_core::demand_group>(core.on_submit_group(group_id{1}, two_bundles(), start)).request;
  CHECK(has<owner_core::demand_group>(core.on_time(start + 1s)));
  CHECK(only<owner_core::group_waits>(core.on_demand_waits(request, "later", start + 1s)).why == "later");
  const auto granted = core.on_demand_granted(request, {lease_at(1, 11, 0), lease_at(2, 12, 1)}, start + 1s);

  CHECK(only<owner_core::group_granted>(granted).leases.size() == 2);
  CHECK(core.on_demand_granted(request, {lease_at(1, 11, 0), lease_at(2, 12, 1)}, start + 1s).empty());
}

TEST_CASE("owner: works in a bundle run under its lease with growing numbers, and keep it") {
  core_with_group core;
  core.on_submit_task(task_id{1}, task_in(0), no_arguments(), start);
  core.on_submit_task(task_id{2}, task_in(0), no_arguments(), start);
  core.on_node_linked(node_id{1}, start);

  const auto started = all<owner_core::start_work>(core.on_node_welcome(node_id{1}, start));

  REQUIRE(started.size() == 2);
  CHECK(started[0].work == key(11, 1));
  CHECK(started[1].work == key(11, 2));
  const auto end = core.on_work_ended(key(11, 1), finished(), start);
  CHECK(has<owner_core::task_finished>(end));
  CHECK(!has<owner_core::release_lease>(end));
}

TEST_CASE("owner: works that were submitted before the group was granted wait for it") {
  connected_core core;
  core.on_submit_group(group_id{1}, two_bundles(), start);
  CHECK(core.on_submit_task(task_id{1}, task_in(1), no_arguments(), start).empty());

  const auto granted = core.on_demand_granted(request_id{1}, {lease_at(1, 11, 0), lease_at(2, 12, 1)}, start);

  CHECK(only<owner_core::dial_node>(granted).node == node_id{2});
}

TEST_CASE("owner: a lost bundle's works run again where it is placed next") {
  core_with_group core;
  core.on_submit_task(task_id{1}, task_in(0), no_arguments(), start);
  core.link_node(1);
  core.on_work_started(key(11), 1, start);

  const auto lost = core.on_lease_lost(lease_id{11}, {errc::node_lost, "node \"n1\" was lost"}, start);
  CHECK(!has<owner_core::task_finished>(lost));
  CHECK(has<owner_core::demand_group>(core.on_time(start + 1s))); // A reminder.
  const auto moved = core.on_demand_granted(request_id{1}, {lease_at(3, 13, 0)}, start + 1s);

  CHECK(only<owner_core::bundle_moved>(moved).lease.lease == lease_id{13});
  CHECK(only<owner_core::dial_node>(moved).node == node_id{3});
  core.link_node(3, start + 1s);
  CHECK(has<owner_core::task_finished>(core.on_work_ended(key(13), finished(), start + 1s)));
}

TEST_CASE("owner: an answer from before a bundle's loss does not revive its lease") {
  core_with_group core;
  core.on_lease_lost(lease_id{11}, {errc::node_lost, "lost"}, start);

  core.on_demand_granted(request_id{1}, {lease_at(1, 11, 0), lease_at(2, 12, 1)}, start);

  CHECK(core.on_submit_task(task_id{1}, task_in(0), no_arguments(), start).empty()); // Still waits.
}

TEST_CASE("owner: a bundle that was placed again is taken for lost, also when that word was lost") {
  core_with_group core;
  core.on_submit_task(task_id{1}, task_in(0), no_arguments(), start);
  core.link_node(1);

  const auto moved = core.on_demand_granted(request_id{1}, {lease_at(3, 13, 0)}, start);

  CHECK(only<owner_core::release_lease>(moved).lease == lease_id{11});
  CHECK(only<owner_core::bundle_moved>(moved).lease.lease == lease_id{13});
  CHECK(only<owner_core::dial_node>(moved).node == node_id{3});
}

TEST_CASE("owner: a bundle whose node is out of reach waits until the head says what became of it") {
  core_with_group core;
  core.on_submit_task(task_id{1}, task_in(0), no_arguments(), start);
  core.link_node(1);
  core.on_node_unlinked(node_id{1}, {errc::unreachable, "reset"}, start);
  const auto lost = core.on_time(start + 1s);
  CHECK(has<owner_core::dial_node>(lost));
  core.on_node_unlinked(node_id{1}, {errc::unreachable, "refused"}, start + 1s);
  CHECK(only<owner_core::demand_group>(core.on_time(start + 2s)).request == request_id{1});

  SUBCASE("it is as it was") {
    const auto same = core.on_demand_granted(request_id{1}, {lease_at(1, 11, 0), lease_at(2, 12, 1)}, start + 2s);
    CHECK(!has<owner_core::bundle_moved>(same));
    core.link_node(1, start + 2s);
    CHECK(has<owner_core::task_finished>(core.on_work_ended(key(11, 2), finished(), start + 2s)));
  }
  SUBCASE("it is lost and elsewhere") {
    core.on_lease_lost(lease_id{11}, {errc::node_lost, "lost"}, start + 2s);
    CHECK(only<owner_core::dial_node>(core.on_demand_granted(request_id{1}, {lease_at(3, 13, 0)}, start + 2s)).node ==
          node_id{3});
  }
}

TEST_CASE("owner: a refused group fails its works") {
  connected_core core;
  core.on_submit_group(group_id{1}, two_bundles(), start);
  core.on_submit_task(task_id{1}, task_in(0), no_arguments(), start);

  const auto refused = core.on_demand_refused(request_id{1}, {errc::infeasible, "fits on no node"}, start);

  CHECK(only<owner_core::group_refused>(refused).why.code == errc::infeasible);
  CHECK(only<owner_core::task_finished>(refused).outcome.error().message == "task \"fit\": fits on no node");
}

TEST_CASE("owner: a released group gives back its leases and ends what runs in it") {
  core_with_group core;
  core.on_submit_task(task_id{1}, task_in(0), no_arguments(), start);
  core.link_node(1);

  const auto released = core.on_release_group(group_id{1}, start);

  CHECK(all<owner_core::release_lease>(released).size() == 2);
  CHECK(only<owner_core::stop_work>(released).work == key(11));
  CHECK(only<owner_core::task_finished>(released).outcome.error() ==
        error{errc::cancelled, "task \"fit\": its placement group was released"});
  CHECK(core.on_release_group(group_id{1}, start).empty());
}

TEST_CASE("owner: a bundle that there is not is an error that says so") {
  core_with_group core;

  const auto beyond = core.on_submit_task(task_id{1}, task_in(2), no_arguments(), start);

  CHECK(only<owner_core::task_finished>(beyond).outcome.error() ==
        error{errc::not_found, "task \"fit\": placement group 1 has 2 bundles, and none with the index 2"});
}

TEST_CASE("owner: a start that is refused under a bundle's lease has the head asked what became of the bundle") {
  core_with_group core;
  core.on_submit_task(task_id{1}, task_in(0), no_arguments(), start);
  core.link_node(1);
  const work_end refused{work_end::how::not_started, {}, {errc::refused, "lease 11 is ending"}, 0};

  CHECK(!has<owner_core::start_work>(core.on_work_ended(key(11), refused, start))); // Not again under that lease.

  CHECK(has<owner_core::demand_group>(core.on_time(start + 1s)));
}

TEST_CASE("owner: a bundle without works that a new head has taken over is kept") {
  connected_core core;
  const auto group = std::make_shared<group_demand>();
  group->bundles = {cpus(1)};
  const auto asked = only<owner_core::demand_group>(core.on_submit_group(group_id{1}, group, start));
  core.on_demand_granted(asked.request, {lease_at(1, 4, 0)}, start);

  CHECK(!has<owner_core::release_lease>(core.on_demand_granted(request_id{}, {lease_at(1, 4, 0)}, start)));
}
