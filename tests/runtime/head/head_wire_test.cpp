#include "runtime/head/head_wire.hpp"

#include <doctest/doctest.h>

using namespace runtime;
using namespace std::chrono_literals;

namespace {

wire::NodeHello valid_hello() {
  wire::NodeHello hello;
  hello.set_node_id(1);
  hello.set_incarnation(2);
  hello.set_name("node-1");
  hello.set_port(7000);
  auto& cpu = *hello.add_total();
  cpu.set_name("cpu");
  cpu.set_units(40'000);
  auto& lease = *hello.add_leases();
  lease.set_lease_id(17);
  lease.set_owner_id(5);
  return hello;
}

std::string mistake(const wire::NodeHello& hello) {
  const auto read = head_wire::from_wire(hello);
  REQUIRE(!read);
  CHECK(read.error().code == errc::invalid_argument);
  return read.error().message;
}

} // namespace

TEST_CASE("head wire: a node's hello is read whole") {
  auto message = valid_hello();
  (*message.mutable_labels())["zone"] = "eu";

  const auto hello = head_wire::from_wire(message);

  REQUIRE(hello);
  CHECK(hello->node.total == cpus(4));
  CHECK(hello->node.labels == label_map{{"zone", "eu"}});
  CHECK(hello->leases.at(0).lease == lease_id{17});
}

TEST_CASE("head wire: each mistake in a node's hello is found and named") {
  auto no_id = valid_hello();
  no_id.set_node_id(0);
  auto no_name = valid_hello();
  no_name.set_name("");
  auto wide_port = valid_hello();
  wide_port.set_port(70'000);
  auto part_of_gpu = valid_hello();
  part_of_gpu.add_total()->set_name("gpu");
  part_of_gpu.mutable_total(1)->set_units(5'000);
  auto wild_share = valid_hello();
  wild_share.mutable_leases(0)->add_gpus()->set_units(10'001);

  CHECK(mistake(no_id) == "the node's id is 0");
  CHECK(mistake(no_name) == "the node's name is empty");
  CHECK(mistake(wide_port) == "node \"node-1\": port 70000 is more than 65535");
  CHECK(mistake(part_of_gpu) ==
        "node \"node-1\": gpu=0.5 is not a number of devices; use a whole number from 0 to 1024");
  CHECK(mistake(wild_share) == "node \"node-1\": lease 17: 10001/10000 of gpu 0 is no share of a device");
}

TEST_CASE("head wire: kinds and codes of a newer peer are taken for what the protocol says") {
  wire::Demand demand;
  demand.mutable_placement()->set_kind(static_cast<wire::Placement::Kind>(99));
  wire::GroupDemand group;
  group.add_bundles();
  group.set_strategy(static_cast<wire::GroupDemand::Strategy>(99));
  wire::Failure failure;
  failure.set_code(12'345);
  failure.set_message("of the future");

  CHECK(head_wire::from_wire(demand)->placement.kind == placement_kind::hybrid);
  CHECK(head_wire::from_wire(group)->strategy == group_strategy::pack);
  CHECK(head_wire::from_wire(failure) == error{errc::refused, "of the future"});
}

TEST_CASE("head wire: a group has bundles, and not too many") {
  wire::GroupDemand group;
  CHECK(head_wire::from_wire(group).error().message == "a group has 0 bundles; use 1 to 1000");

  for (int i = 0; i < 1'001; ++i)
    group.add_bundles();
  CHECK(head_wire::from_wire(group).error().message == "a group has 1001 bundles; use 1 to 1000");
}

TEST_CASE("head wire: an actor's record comes back as it went") {
  actor_record record;
  record.id = actor_id{9};
  record.name = "hits";
  record.owner = owner_id{5};
  record.state = actor_state::dead;
  record.work = {lease_id{17}, 3};
  record.why_dead = {errc::worker_lost, "signal 9"};
  record.resources = cpus(0.5);

  const auto back = head_wire::from_wire(head_wire::to_wire(record));

  REQUIRE(back);
  CHECK(back->name == "hits");
  CHECK(back->state == actor_state::dead);
  CHECK(back->work == record.work);
  CHECK(back->why_dead == record.why_dead);
  CHECK(back->resources == cpus(0.5));
}

TEST_CASE("head wire: the state of the cluster names nodes, leases, the queue and actors") {
  head_options options;
  options.version = "0.1.0";
  const instant start = instant{} + 1s;
  head_core core(options, start);
  node_hello hello{{node_id{1}, incarnation{2}, "node-1", "host", 7000, cpus(1), {}}, "0.1.0", "", {}, false};
  REQUIRE(core.on_node_hello(hello, start));
  REQUIRE(core.on_owner_hello(owner_id{5}, "driver", "0.1.0", {}, start));
  demand wants;
  wants.resources = cpus(1);
  core.on_demand(owner_id{5}, request_id{1}, wants, start);
  core.on_demand(owner_id{5}, request_id{2}, wants, start);

  const auto state = head_wire::cluster_state(core, start + 2s);

  CHECK(state.nodes(0).address() == "host:7000");
  CHECK(state.nodes(0).used(0).units() == 10'000);
  CHECK(state.leases(0).state() == "granting");
  CHECK(state.leases(0).owner_id() == 5);
  CHECK(state.queue(0).owner() == "driver");
  CHECK(state.queue(0).owner_id() == 5);
  CHECK(state.queue(0).why() == "waits for cpu=1: node-1 has cpu=0 free of cpu=1");
  CHECK(state.queue(0).waited_ms() == 2'000);
}

TEST_CASE("head wire: of ten thousand demands the oldest are listed, all are counted, and equal ones are together") {
  head_options options;
  options.version = "0.1.0";
  const instant start = instant{} + 1s;
  head_core core(options, start);
  node_hello hello{{node_id{1}, incarnation{2}, "node-1", "host", 7000, cpus(2), {}}, "0.1.0", "", {}, false};
  REQUIRE(core.on_node_hello(hello, start));
  REQUIRE(core.on_owner_hello(owner_id{5}, "many", "0.1.0", {}, start));
  REQUIRE(core.on_owner_hello(owner_id{6}, "few", "0.1.0", {}, start));
  demand wants;
  wants.resources = cpus(2);
  for (std::uint64_t request = 1; request <= 10'001; ++request) // The first one is granted.
    core.on_demand(owner_id{5}, request_id{request}, wants, start);
  core.on_demand(owner_id{6}, request_id{1}, wants, start + 1s);

  const auto state = head_wire::cluster_state(core, start + 2s);

  CHECK(state.queue_size() == 1'000);
  CHECK(state.queue_count() == 10'001);
  CHECK(state.lease_count() == 1);
  REQUIRE(state.waiting_size() == 2);
  CHECK(state.waiting_count() == 2);
  CHECK(state.waiting(0).owner() == "many");
  CHECK(state.waiting(0).count() == 10'000);
  CHECK(state.waiting(0).waited_ms() == 2'000);
  CHECK(state.waiting(1).count() == 1);
  CHECK(state.waiting(0).owner_id() == 5);
  CHECK(state.waiting(1).owner_id() == 6);
  CHECK(state.ByteSizeLong() < 200'000);
}

TEST_CASE("head wire: the actors that have not ended are listed first, and counted by themselves") {
  head_options options;
  options.version = "0.1.0";
  const instant start = instant{} + 1s;
  head_core core(options, start);
  REQUIRE(core.on_owner_hello(owner_id{5}, "driver", "0.1.0", {}, start));
  std::vector<actor_record> actors;
  for (std::uint64_t id = 1; id <= 1'501; ++id) {
    actor_record actor;
    actor.id = actor_id{id};
    actor.owner = owner_id{5};
    actor.state = id == 1'501 ? actor_state::alive : actor_state::dead;
    actors.push_back(actor);
  }
  core.on_announce(owner_id{5}, actors);

  const auto state = head_wire::cluster_state(core, start);

  CHECK(state.actors_size() == 1'000);
  CHECK(state.actors(0).actor_id() == 1'501);
  CHECK(state.actors(1).actor_id() == 1);
  CHECK(state.actor_count() == 1'501);
  CHECK(state.living_actor_count() == 1);
}
