#pragma once

#include <string>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/head/head_core.hpp"
#include "runtime/proto/runtime.pb.h"

namespace runtime {
namespace wire = caf_tune::runtime::v1;
}

/// What the head hears and says. from_wire checks everything: bytes come from outside. A namespace of its own, because
/// nodes and owners translate the same messages the other way.
namespace runtime::head_wire {

[[nodiscard]] result<node_hello> from_wire(const wire::NodeHello& message);
[[nodiscard]] result<demand> from_wire(const wire::Demand& message);
[[nodiscard]] result<group_demand> from_wire(const wire::GroupDemand& message);
std::vector<held_bundle> held_of(const wire::DemandGroup& message); ///< At most as many as a group can have bundles.
[[nodiscard]] result<actor_record> from_wire(const wire::ActorRecord& message);
[[nodiscard]] error from_wire(const wire::Failure& message); ///< An unknown code is taken for refused.

struct owner_hello {
  owner_id owner;
  std::string name;
  std::string version;
  resource_set quota;
};
[[nodiscard]] result<owner_hello> from_wire(const wire::OwnerHello& message);

wire::Failure to_wire(const error& why);
wire::GrantLease to_wire(const head_core::grant& a);
wire::EndLease to_wire(const head_core::end& a);
wire::LeaseEndHeard to_wire(const head_core::hear_end& a);
wire::DemandAnswer to_wire(const head_core::answer_granted& a);
wire::DemandAnswer to_wire(const head_core::answer_waits& a);
wire::DemandAnswer to_wire(const head_core::answer_refused& a);
wire::LeaseLost to_wire(const head_core::lease_lost& a);
wire::ActorRecord to_wire(const actor_record& record);
/// What the head knows, of what there may be many only the oldest, and how many there are. Its own address is the
/// shell's to fill in.
wire::ClusterState cluster_state(const head_core& core, instant now);

} // namespace runtime::head_wire
