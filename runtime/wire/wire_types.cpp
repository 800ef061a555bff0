#include "runtime/wire/wire_types.hpp"

#include "runtime/proto/tokens.pb.h"
#include "runtime/wire/protobuf_message.hpp"

#include <caf/actor_system_config.hpp>

namespace runtime {
namespace {

template <class... Messages>
void add(caf::actor_system_config& config) {
  (config.add_message_type<Messages>(Messages::default_instance().GetTypeName()), ...);
}

} // namespace

void add_wire_types(caf::actor_system_config& config) {
  add<wire::NodeHello, wire::NodeWelcome, wire::NodeRefused, wire::GrantLease, wire::LeaseAccepted, wire::LeaseRefused,
      wire::EndLease, wire::LeaseEnded, wire::LeaseEndHeard, wire::NodeDraining, wire::NodeLeaves>(config);
  add<wire::OwnerHello, wire::OwnerWelcome, wire::OwnerRefused, wire::OwnerLeaves, wire::OwnerLeft, wire::DemandLease,
      wire::DemandGroup, wire::DemandAnswer, wire::CancelDemand, wire::ReleaseLease, wire::LeaseLost>(config);
  add<wire::StartWork, wire::WorkStarted, wire::StopWork, wire::WorkEnded, wire::WorkEndHeard, wire::AskPackageChunk,
      wire::PackageChunk>(config);
  add<wire::Failure, wire::ActorRecord, wire::AnnounceActors, wire::ReserveName, wire::FindActor, wire::AttachActor,
      wire::SpawnDetached, wire::StopActor, wire::Calls, wire::Replies>(config);
  add<wire::AskCluster, wire::ClusterState>(config);
  add<wire::AskTokens, wire::ClusterTokens, wire::AskTokenReport, wire::RotateToken, wire::EndToken, wire::TokenReport>(
    config);
}

} // namespace runtime
