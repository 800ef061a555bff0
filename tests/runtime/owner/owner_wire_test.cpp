#include "runtime/owner/owner_wire.hpp"

#include <doctest/doctest.h>

#include "runtime/head/head_wire.hpp"
#include "runtime/package/manifest.hpp"

using namespace runtime;

TEST_CASE("owner wire: a demand says all that was wanted") {
  auto spec = std::make_shared<work_spec>();
  spec->wants.resources = cpus(0.5);
  spec->wants.placement = {placement_kind::node, "n1", /*soft=*/true};
  spec->wants.required_labels = {{"disk", "ssd"}};
  spec->wants.preferred_labels = {{"zone", "a"}};
  spec->wants.priority = -3;
  spec->wants.waits_for_nodes = true;
  spec->wants.avoided_node = "n2";

  const auto message = make_demand(owner_id{42}, owner_core::demand_lease{request_id{7}, spec});
  const auto read = read_demand(message.demand());

  CHECK(message.owner_id() == 42);
  CHECK(message.request_id() == 7);
  REQUIRE(read);
  CHECK(read->resources == cpus(0.5));
  CHECK(read->placement.kind == placement_kind::node);
  CHECK(read->placement.node_name == "n1");
  CHECK(read->placement.soft);
  CHECK(read->required_labels == spec->wants.required_labels);
  CHECK(read->preferred_labels == spec->wants.preferred_labels);
  CHECK(read->priority == -3);
  CHECK(read->waits_for_nodes);
  CHECK(read->avoided_node == "n2");
}

TEST_CASE("owner wire: a group comes to the head as it was wanted, whatever its strategy") {
  auto wants = std::make_shared<group_demand>();
  wants->bundles = {cpus(1), cpus(0.5)};
  wants->required_labels = {{"disk", "ssd"}};
  wants->preferred_labels = {{"zone", "a"}};
  wants->priority = -3;
  wants->waits_for_nodes = true;
  for (const auto strategy :
       {group_strategy::pack, group_strategy::spread, group_strategy::strict_pack, group_strategy::strict_spread}) {
    wants->strategy = strategy;

    const auto read =
      head_wire::from_wire(make_demand(owner_id{42}, owner_core::demand_group{request_id{7}, wants, {}}).group());

    REQUIRE(read);
    CHECK(*read == *wants);
  }
}

TEST_CASE("owner wire: an actor's record comes back as it was") {
  actor_record record;
  record.id = actor_id{5};
  record.name = "hits";
  record.state = actor_state::dead;
  record.host = "10.0.0.1";
  record.port = 7000;
  record.work = {lease_id{17}, 3};
  record.restarts = 2;
  record.why_dead = {errc::worker_lost, "killed"};

  const auto read = read_actor_record(make_actor_record(record));

  REQUIRE(read);
  CHECK(read->id == record.id);
  CHECK(read->name == "hits");
  CHECK(read->state == actor_state::dead);
  CHECK(read->port == 7000);
  CHECK(read->work == record.work);
  CHECK(read->restarts == 2);
  CHECK(read->why_dead == record.why_dead);
}

TEST_CASE("owner wire: a granted lease without a node, or with a port that is none, is refused") {
  wire::DemandAnswer::Granted granted;
  auto& lease = *granted.add_leases();
  lease.set_lease_id(17);
  CHECK(read_granted(granted).error().message == "lease 17: a granted lease needs an id and a node");

  lease.set_node_id(1);
  lease.set_port(70'000);
  CHECK(read_granted(granted).error().message == "lease 17: 70000 is not a port");
}

TEST_CASE("owner wire: what a newer peer says has a meaning here") {
  wire::WorkEnd end;
  end.set_cause(static_cast<wire::WorkEnd::Cause>(77));
  CHECK(read_work_end(end)->cause == work_end::how::worker_lost);

  wire::Failure failure;
  failure.set_code(999);
  failure.set_message("out of luck");
  CHECK(error_of(failure) == error{errc::refused, "out of luck"});
}

TEST_CASE("owner wire: a package whose id is not its manifest's is refused") {
  sha256 digest;
  digest.value[0] = 1;
  auto message = make_package({{{"main", 3, digest, true}}, "main"});
  CHECK(read_package(message).has_value());

  message.mutable_files(0)->set_size_bytes(4);

  CHECK(read_package(message).error().message == "the package's id is not the digest of its manifest");
}
