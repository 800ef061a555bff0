#pragma once

#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/owner/owner_core.hpp"
#include "runtime/owner/work_spec.hpp"
#include "runtime/proto/runtime.pb.h"

namespace runtime {
namespace wire = caf_tune::runtime::v1;

// What an owner says and hears.
wire::OwnerHello make_owner_hello(owner_id owner, const std::string& name, const std::string& version,
                                  const resource_set& quota);
wire::DemandLease make_demand(owner_id owner, const owner_core::demand_lease& order);
wire::DemandGroup make_demand(owner_id owner, const owner_core::demand_group& order);
wire::AnnounceActors make_announcement(owner_id owner, const owner_core::announce_actors& order);
wire::StartWork make_start(owner_id owner, const owner_core::start_work& order); ///< Without the package.
wire::StopWork make_stop(owner_id owner, const owner_core::stop_work& order);
wire::WorkKey make_work_key(work_key key);
wire::Package make_package(const package_manifest& package);
wire::GrantedLease make_lease(const granted_lease& lease);
wire::ActorRecord make_actor_record(const actor_record& record);
wire::Failure failure_of(const error& why);

// Bytes come from outside: these check everything.
[[nodiscard]] result<granted_lease> read_lease(const wire::GrantedLease& lease);
[[nodiscard]] result<std::vector<granted_lease>> read_granted(const wire::DemandAnswer::Granted& granted);
[[nodiscard]] result<work_end> read_work_end(const wire::WorkEnd& end);
[[nodiscard]] result<actor_record> read_actor_record(const wire::ActorRecord& record);
[[nodiscard]] result<demand> read_demand(const wire::Demand& wants);
[[nodiscard]] result<package_manifest> read_package(const wire::Package& package);
work_key read_work_key(const wire::WorkKey& key);
error error_of(const wire::Failure& failure); ///< A code of a newer peer: refused.

} // namespace runtime
