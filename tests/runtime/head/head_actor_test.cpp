#include "runtime/head/head_actor.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <doctest/doctest.h>

#include "runtime/wire/protobuf_message.hpp"
#include "runtime/wire/wire_types.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

/// A peer that says what the test tells it to say, and keeps what it hears.
class scripted_peer : public caf::event_based_actor {
public:
  explicit scripted_peer(caf::actor_config& config) : event_based_actor(config) {
    set_default_handler([this](caf::scheduled_actor*, caf::message_view& view) -> caf::result<caf::message> {
      heard.push_back(view.copy_content_to_message());
      return caf::message{};
    });
  }

  caf::behavior make_behavior() override {
    return {[this](caf::forward_atom, const caf::actor& to, const caf::message& what) { send(to, what); }};
  }

  /// The last message of this type, which must have come.
  template <class Message>
  const Message& last() const {
    for (auto m = heard.rbegin(); m != heard.rend(); ++m)
      if (m->match_elements<Message>())
        return m->get_as<Message>(0);
    FAIL("it did not hear a " << Message::default_instance().GetTypeName());
    return Message::default_instance();
  }

  template <class Message>
  std::size_t count() const {
    std::size_t n = 0;
    for (const auto& m : heard)
      n += m.match_elements<Message>();
    return n;
  }

  std::vector<caf::message> heard;
};

struct recorded_liveness : liveness_judge {
  void watch(node_id node, incarnation start) override { watched.emplace_back(node, start); }
  void forget(node_id node) override { forgotten.push_back(node); }
  std::vector<std::pair<node_id, incarnation>> watched;
  std::vector<node_id> forgotten;
};

struct test_config : caf::actor_system_config {
  test_config() {
    add_wire_types(*this);
    set("scheduler.policy", caf::atom("testing"));
  }
};

/// A head in virtual time.
class fixture {
public:
  fixture() : system(config), scheduler(static_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    head_actor_options options;
    options.core.version = "0.1.0";
    options.core.cluster = "abcd";
    options.host = "head";
    options.port = 6390;
    options.liveness_port = 77;
    options.liveness = liveness;
    options.switchboard = switchboard;
    head = system.spawn<head_actor>(std::move(options));
    scheduler.run();
  }

  ~fixture() {
    std::vector<caf::actor> all = peers;
    all.insert(all.end(), {head, switchboard});
    for (const auto& a : all)
      caf::anon_send_exit(a, caf::exit_reason::kill);
    scheduler.run();
    scheduler.clock().cancel_all();
    scheduler.run();
  }

  caf::actor new_peer() {
    peers.push_back(system.spawn<scripted_peer>());
    return peers.back();
  }

  template <class Message>
  void say(const caf::actor& from, const Message& what) {
    caf::anon_send(from, caf::forward_atom_v, head, caf::make_message(what));
    scheduler.run();
  }

  void advance(std::chrono::nanoseconds by) {
    scheduler.clock().advance_time(by);
    scheduler.run();
  }

  /// What the head answers to a request.
  template <class Message>
  caf::message ask(const Message& what) {
    const auto asker = new_peer();
    say(asker, what); // The answer to an asynchronous message comes back as one.
    REQUIRE(script(asker).heard.size() == 1);
    return script(asker).heard[0];
  }

  static const scripted_peer& script(const caf::actor& a) {
    return *static_cast<scripted_peer*>(caf::actor_cast<caf::abstract_actor*>(a));
  }
  const head_core& core() const {
    return static_cast<head_actor*>(caf::actor_cast<caf::abstract_actor*>(head))->core();
  }

  caf::actor join_node(std::uint64_t id) {
    auto peer = new_peer();
    say(peer, node_hello(id));
    return peer;
  }

  caf::actor join_driver(std::uint64_t id) {
    auto peer = new_peer();
    wire::OwnerHello hello;
    hello.set_owner_id(id);
    hello.set_name("driver");
    hello.set_version("0.1.0");
    say(peer, hello);
    return peer;
  }

  static wire::NodeHello node_hello(std::uint64_t id) {
    wire::NodeHello hello;
    hello.set_node_id(id);
    hello.set_incarnation(1000 + id);
    hello.set_name("node-" + std::to_string(id));
    hello.set_port(7000);
    hello.set_version("0.1.0");
    auto& cpu = *hello.add_total();
    cpu.set_name("cpu");
    cpu.set_units(40'000);
    return hello;
  }

  static wire::DemandLease demand(std::uint64_t owner, std::uint64_t request, std::int64_t cpu_units) {
    wire::DemandLease demand;
    demand.set_owner_id(owner);
    demand.set_request_id(request);
    auto& cpu = *demand.mutable_demand()->add_resources();
    cpu.set_name("cpu");
    cpu.set_units(cpu_units);
    return demand;
  }

  test_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  std::shared_ptr<recorded_liveness> liveness = std::make_shared<recorded_liveness>();
  caf::actor switchboard = system.spawn<scripted_peer>();
  std::vector<caf::actor> peers;
  caf::actor head;
};

} // namespace

TEST_CASE("head actor: a driver hears of its lease once the node has accepted it, and its end gives the room back") {
  fixture f;
  const auto node = f.join_node(1);
  const auto driver = f.join_driver(5);

  CHECK(f.script(node).last<wire::NodeWelcome>().liveness_port() == 77);
  CHECK(f.script(driver).last<wire::OwnerWelcome>().cluster() == "abcd");
  f.say(driver, f.demand(5, 1, 10'000));
  const auto lease = f.script(node).last<wire::GrantLease>().lease().lease_id();
  CHECK(f.script(driver).count<wire::DemandAnswer>() == 0);
  wire::LeaseAccepted accepted;
  accepted.set_node_id(1);
  accepted.set_lease_id(lease);
  f.say(node, accepted);

  const auto& granted = f.script(driver).last<wire::DemandAnswer>().granted().leases(0);
  CHECK(granted.lease_id() == lease);
  CHECK(granted.host() == "127.0.0.1"); // The node did not know its address.
  CHECK(granted.node_incarnation() == 1001);
  wire::LeaseEnded ended;
  ended.set_node_id(1);
  ended.set_lease_id(lease);
  f.say(node, ended);
  CHECK(f.script(node).last<wire::LeaseEndHeard>().lease_id() == lease);
  CHECK(f.core().leases().empty());
}

TEST_CASE("head actor: a driver that leaves is told that it was heard, and its lease is ended at once") {
  fixture f;
  const auto node = f.join_node(1);
  const auto driver = f.join_driver(5);
  const auto other = f.join_driver(6);
  f.say(driver, f.demand(5, 1, 10'000));
  const auto lease = f.script(node).last<wire::GrantLease>().lease().lease_id();

  wire::OwnerLeaves leaves;
  leaves.set_owner_id(5);
  f.say(other, leaves); // In the name of another: not heard.
  CHECK(f.script(node).count<wire::EndLease>() == 0);
  f.say(driver, leaves);

  CHECK(f.script(driver).last<wire::OwnerLeft>().owner_id() == 5);
  CHECK(f.script(node).last<wire::EndLease>().lease_id() == lease);
}

TEST_CASE("head actor: an order that nobody answers is repeated each second") {
  fixture f;
  const auto node = f.join_node(1);
  f.say(f.join_driver(5), f.demand(5, 1, 10'000));
  REQUIRE(f.script(node).count<wire::GrantLease>() == 1);

  f.advance(1s);

  CHECK(f.script(node).count<wire::GrantLease>() == 2);
}

TEST_CASE("head actor: a node that cannot join is told why") {
  fixture f;
  const auto node = f.new_peer();
  auto hello = f.node_hello(1);
  hello.set_version("0.2.0");

  f.say(node, hello);

  CHECK(f.script(node).last<wire::NodeRefused>().why().message() ==
        "this head runs caf-tune 0.1.0 but the node runs 0.2.0; install the same version on both");
}

TEST_CASE("head actor: a demand that makes no sense is refused with its mistake") {
  fixture f;
  f.join_node(1);
  const auto driver = f.join_driver(5);

  f.say(driver, f.demand(5, 1, -3));

  CHECK(f.script(driver).last<wire::DemandAnswer>().refused().code() ==
        static_cast<std::uint32_t>(errc::invalid_argument));
}

TEST_CASE("head actor: who speaks for a peer without its hello is not heard") {
  fixture f;
  f.join_node(1);
  f.join_driver(5);
  const auto stranger = f.new_peer();

  f.say(stranger, f.demand(5, 1, 10'000));
  wire::NodeLeaves leaves;
  leaves.set_node_id(1);
  leaves.set_incarnation(1001);
  f.say(stranger, leaves);

  CHECK(f.core().leases().empty());
  CHECK(f.core().nodes().size() == 1);
}

TEST_CASE("head actor: a node whose link is lost is declared dead after the grace, and its leases are lost") {
  fixture f;
  const auto node = f.join_node(1);
  const auto driver = f.join_driver(5);
  f.say(driver, f.demand(5, 1, 10'000));
  wire::LeaseAccepted accepted;
  accepted.set_node_id(1);
  accepted.set_lease_id(f.script(node).last<wire::GrantLease>().lease().lease_id());
  f.say(node, accepted);

  caf::anon_send_exit(node, caf::exit_reason::kill);
  f.scheduler.run();
  CHECK(f.script(driver).count<wire::LeaseLost>() == 0);
  f.advance(1s);

  CHECK(f.script(driver).last<wire::LeaseLost>().why().message() ==
        "node \"node-1\" was lost: its connection was lost");
  CHECK(f.core().nodes().empty());
}

TEST_CASE("head actor: liveness and the switchboard hear of a node that joins, and a silent one is dead at once") {
  fixture f;
  f.join_node(1);

  REQUIRE(f.liveness->watched.size() == 1);
  CHECK(f.liveness->watched[0] == std::pair(node_id{1}, incarnation{1001}));
  REQUIRE(f.script(f.switchboard).heard.size() == 1);
  CHECK(f.script(f.switchboard).heard[0].get_as<std::string>(1) == "127.0.0.1");
  CHECK(f.script(f.switchboard).heard[0].get_as<std::uint16_t>(2) == 7000);
  caf::anon_send(f.head, node_silent{node_id{1}, incarnation{1001}});
  f.scheduler.run();
  CHECK(f.core().nodes().empty());
  caf::anon_send(f.head, node_heard_again{node_id{1}, incarnation{1001}});
  f.scheduler.run();
  CHECK(f.core().nodes().size() == 1);
}

TEST_CASE("head actor: names are reserved once, and the cluster can be looked at") {
  fixture f;
  f.join_node(1);
  f.join_driver(5);
  wire::ReserveName reserve;
  reserve.set_owner_id(5);
  reserve.set_actor_id(9);
  reserve.set_name("hits");

  CHECK(f.ask(reserve).get_as<wire::ActorRecord>(0).actor_id() == 9);
  reserve.set_actor_id(10);
  CHECK(f.ask(reserve).get_as<wire::Failure>(0).message() ==
        "an actor named \"hits\" lives already; choose another name, or get it if it exists");
  wire::FindActor find;
  find.set_name("hits");
  CHECK(f.ask(find).get_as<wire::ActorRecord>(0).owner_id() == 5);
  const auto state = f.ask(wire::AskCluster{}).get_as<wire::ClusterState>(0);
  CHECK(state.head() == "head:6390");
  CHECK(state.nodes(0).state() == "alive");
}

TEST_CASE("head actor: detached actors are the custodian's, and without one the answer says so") {
  fixture f;
  const auto custodian = f.new_peer();

  CHECK(f.ask(wire::StopActor{}).get_as<wire::Failure>(0).message() == "this head keeps no detached actors");
  caf::anon_send(f.head, caf::put_atom_v, custodian);
  f.scheduler.run();
  caf::anon_send(f.head, wire::StopActor{});
  f.scheduler.run();

  CHECK(f.script(custodian).count<wire::StopActor>() == 1);
}
