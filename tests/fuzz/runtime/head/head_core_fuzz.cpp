#include "tests/fuzz/wire_round_trip.hpp"

#include <chrono>
#include <utility>

#include "runtime/head/head_wire.hpp"
#include "runtime/node/node_wire.hpp"
#include "runtime/owner/owner_wire.hpp"

/// What nodes and owners tell a head, one after the other: a byte for the kind, then the message as a piece. Whatever
/// they say, in whatever order, the head goes on; and it has no node hold more than the node says that it has.

namespace {

using namespace runtime;
using namespace std::chrono_literals;

enum kind : std::uint8_t {
  node_says_hello,
  lease_is_accepted,
  lease_is_refused,
  lease_has_ended,
  node_drains,
  node_goes,
  node_link_is_lost,
  node_is_silent,
  node_is_heard_again,
  owner_says_hello,
  owner_demands,
  owner_demands_group,
  owner_cancels,
  owner_releases,
  owner_announces,
  owner_reserves_name,
  owner_goes,
  owner_link_is_lost,
  time_passes,
  kinds,
};

class conversation {
public:
  void hear(std::uint8_t what, std::string_view bytes) {
    switch (what % kinds) {
    case node_says_hello: return on<wire::NodeHello>(bytes, [&](const auto& m) { node_hello_comes(m); });
    case lease_is_accepted:
      return on<wire::LeaseAccepted>(
        bytes, [&](const auto& m) { core_.on_lease_accepted(node_id{m.node_id()}, lease_id{m.lease_id()}, now_); });
    case lease_is_refused:
      return on<wire::LeaseRefused>(bytes, [&](const auto& m) {
        core_.on_lease_refused(node_id{m.node_id()}, lease_id{m.lease_id()}, head_wire::from_wire(m.why()), now_);
      });
    case lease_has_ended:
      return on<wire::LeaseEnded>(
        bytes, [&](const auto& m) { core_.on_lease_ended(node_id{m.node_id()}, lease_id{m.lease_id()}, now_); });
    case node_drains:
      return on<wire::NodeDraining>(bytes, [&](const auto& m) { core_.on_node_draining(node_id{m.node_id()}, now_); });
    case node_goes:
    case node_link_is_lost:
    case node_is_silent:
    case node_is_heard_again:
      return on<wire::NodeLeaves>(bytes, [&](const auto& m) {
        node_changes(static_cast<kind>(what % kinds), node_id{m.node_id()}, incarnation{m.incarnation()});
      });
    default: return hear_owner(static_cast<kind>(what % kinds), bytes);
    }
  }

  void check() const {
    for (const auto& node : core_.nodes())
      fuzz::require(node.used.fits_in(node.what.total), "a node is given more than it has");
    for (const auto& lease : core_.leases())
      fuzz::require(static_cast<bool>(lease.lease), "a lease has no number");
  }
  void look() const { (void)head_wire::cluster_state(core_, now_); }

private:
  template <class Message, class Hear>
  void on(std::string_view bytes, Hear hear) {
    if (const auto message = fuzz::parse<Message>(bytes))
      hear(*message);
  }

  void node_hello_comes(const wire::NodeHello& message) {
    const auto hello = head_wire::from_wire(message);
    if (!hello)
      return fuzz::check_error(hello.error());
    if (const auto done = core_.on_node_hello(*hello, now_); !done)
      fuzz::check_error(done.error());
  }

  void node_changes(kind what, node_id node, incarnation start) {
    switch (what) {
    case node_goes: core_.on_node_leaves(node, start, now_); break;
    case node_link_is_lost: core_.on_node_link_lost(node, start, now_); break;
    case node_is_silent: core_.on_node_silent(node, start, now_); break;
    default: core_.on_node_heard_again(node, start, now_); break;
    }
  }

  void hear_owner(kind what, std::string_view bytes) {
    switch (what) {
    case owner_says_hello: return on<wire::OwnerHello>(bytes, [&](const auto& m) { owner_hello_comes(m); });
    case owner_demands:
      return on<wire::DemandLease>(bytes, [&](const auto& m) {
        if (auto wants = head_wire::from_wire(m.demand()))
          core_.on_demand(owner_id{m.owner_id()}, request_id{m.request_id()}, std::move(*wants), now_);
      });
    case owner_demands_group:
      return on<wire::DemandGroup>(bytes, [&](const auto& m) {
        if (auto wants = head_wire::from_wire(m.group()))
          core_.on_group(owner_id{m.owner_id()}, request_id{m.request_id()}, std::move(*wants), now_,
                         head_wire::held_of(m));
      });
    case owner_cancels:
      return on<wire::CancelDemand>(
        bytes, [&](const auto& m) { core_.on_cancel(owner_id{m.owner_id()}, request_id{m.request_id()}, now_); });
    case owner_releases:
      return on<wire::ReleaseLease>(
        bytes, [&](const auto& m) { core_.on_release(owner_id{m.owner_id()}, lease_id{m.lease_id()}, now_); });
    case owner_announces: return on<wire::AnnounceActors>(bytes, [&](const auto& m) { actors_come(m); });
    case owner_reserves_name:
      return on<wire::ReserveName>(bytes, [&](const auto& m) {
        (void)core_.reserve_name(owner_id{m.owner_id()}, actor_id{m.actor_id()}, m.name());
      });
    case owner_goes:
      return on<wire::OwnerLeaves>(bytes, [&](const auto& m) { core_.on_owner_leaves(owner_id{m.owner_id()}, now_); });
    case owner_link_is_lost:
      return on<wire::OwnerLeaves>(bytes,
                                   [&](const auto& m) { core_.on_owner_link_lost(owner_id{m.owner_id()}, now_); });
    default: now_ += bytes.size() * 100ms; core_.on_time(now_);
    }
  }

  void owner_hello_comes(const wire::OwnerHello& message) {
    const auto hello = head_wire::from_wire(message);
    if (!hello)
      return fuzz::check_error(hello.error());
    if (const auto done = core_.on_owner_hello(hello->owner, hello->name, hello->version, hello->quota, now_); !done)
      fuzz::check_error(done.error());
  }

  void actors_come(const wire::AnnounceActors& message) {
    std::vector<actor_record> records;
    for (const auto& each : message.actors())
      if (auto record = head_wire::from_wire(each))
        records.push_back(std::move(*record));
    core_.on_announce(owner_id{message.owner_id()}, records);
  }

  static head_options options() {
    head_options made;
    made.version = "0.1.0";
    made.settling = 1s;
    return made;
  }

  instant now_{std::chrono::hours(1)};
  head_core core_{options(), now_};
};

void run(std::string_view input) {
  fuzz::parts parts(input);
  conversation talk;
  for (int messages = 0; !parts.empty() && messages < 64; ++messages) {
    const auto what = parts.byte();
    talk.hear(what, parts.piece());
    talk.check();
  }
  talk.look();
}

class script {
public:
  template <class Message>
  script& say(kind what, const Message& message) {
    bytes_ += static_cast<char>(what);
    fuzz::put_piece(bytes_, message.SerializeAsString());
    return *this;
  }
  script& pass(std::size_t tenths) {
    bytes_ += static_cast<char>(time_passes);
    fuzz::put_piece(bytes_, std::string(tenths, 't'));
    return *this;
  }
  std::string bytes() const { return bytes_; }

private:
  std::string bytes_;
};

wire::NodeHello hello_of(std::uint64_t node, std::uint64_t start, std::vector<held_lease> leases = {}) {
  node_hello hello;
  hello.node = {node_id{node},     incarnation{start}, "node-" + std::to_string(node), "10.0.0.1", 6390,
                cpus(2) + gpus(1), {{"zone", "a"}}};
  hello.version = "0.1.0";
  hello.leases = std::move(leases);
  return node_wire::to_wire(hello);
}

template <class Message>
Message about_lease(std::uint64_t node, std::uint64_t lease) {
  Message message;
  message.set_node_id(node);
  message.set_lease_id(lease);
  return message;
}

wire::DemandLease demand_of(std::uint64_t request, const resource_set& wants) {
  auto spec = std::make_shared<work_spec>();
  spec->wants.resources = wants;
  return make_demand(owner_id{4}, owner_core::demand_lease{request_id{request}, spec});
}

wire::DemandGroup group_of(std::uint64_t request, std::vector<held_bundle> held = {}) {
  group_demand group;
  group.bundles = {cpus(1), gpus(0.5)};
  return make_demand(owner_id{4}, owner_core::demand_group{
                                    request_id{request}, std::make_shared<const group_demand>(group), std::move(held)});
}

fuzz::inputs seeds() {
  constexpr std::uint64_t first = (std::uint64_t{1} << 40) + 1; // The first lease of epoch 1.
  wire::NodeLeaves gone;
  gone.set_node_id(7);
  gone.set_incarnation(9);
  wire::OwnerLeaves owner;
  owner.set_owner_id(4);
  wire::ReleaseLease release;
  release.set_owner_id(4);
  release.set_lease_id(first);
  wire::CancelDemand cancel;
  cancel.set_owner_id(4);
  cancel.set_request_id(2);
  wire::AnnounceActors actors;
  actors.set_owner_id(4);
  auto& actor = *actors.add_actors();
  actor.set_actor_id(5);
  actor.set_name("hits");
  actor.set_state(wire::ActorRecord::ALIVE);
  wire::ReserveName name;
  name.set_owner_id(4);
  name.set_actor_id(5);
  name.set_name("hits");
  wire::NodeDraining drains;
  drains.set_node_id(7);
  const auto greet = make_owner_hello(owner_id{4}, "digits", "0.1.0", cpus(16));
  const held_lease held{lease_id{3}, owner_id{4}, cpus(1) + gpus(0.5), {{0, amount::from_units(5000)}}, true};

  const auto leases = script()
                        .say(node_says_hello, hello_of(7, 9))
                        .say(owner_says_hello, greet)
                        .say(owner_demands, demand_of(1, cpus(1.5)))
                        .say(owner_demands, demand_of(2, cpus(1)))
                        .say(lease_is_accepted, about_lease<wire::LeaseAccepted>(7, first))
                        .say(owner_releases, release)
                        .say(lease_has_ended, about_lease<wire::LeaseEnded>(7, first))
                        .say(lease_is_refused, about_lease<wire::LeaseRefused>(7, first + 1))
                        .pass(12)
                        .say(owner_cancels, cancel)
                        .say(node_drains, drains)
                        .say(owner_goes, owner)
                        .say(node_goes, gone);
  const auto groups = script()
                        .say(node_says_hello, hello_of(7, 9, {held}))
                        .say(owner_says_hello, greet)
                        .say(owner_demands_group, group_of(1, {{0, lease_id{3}}}))
                        .say(node_says_hello, hello_of(8, 1))
                        .say(owner_demands_group, group_of(2))
                        .say(node_is_silent, gone)
                        .pass(5)
                        .say(node_is_heard_again, gone)
                        .say(node_link_is_lost, gone)
                        .say(node_says_hello, hello_of(7, 10, {held}))
                        .pass(200)
                        .say(owner_link_is_lost, owner)
                        .pass(50);
  const auto names = script()
                       .say(owner_says_hello, greet)
                       .say(owner_reserves_name, name)
                       .say(owner_announces, actors)
                       .say(owner_link_is_lost, owner)
                       .pass(20);
  return {leases.bytes(), groups.bytes(), names.bytes()};
}

const fuzz::target head_core_target("runtime/head/head_core", run, seeds);

} // namespace
