#pragma once

#include <memory>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/owner/owner_core.hpp"
#include "runtime/owner/work_spec.hpp"
#include "runtime/proto/runtime.pb.h"

namespace runtime {
namespace wire = caf_tune::runtime::v1;

/// What an owner says and hears. from_wire checks everything: bytes come from outside.
wire::DemandLease to_wire(owner_id owner, const owner_core::demand_lease& order);
wire::DemandGroup to_wire(owner_id owner, const owner_core::demand_group& order);
wire::AnnounceActors to_wire(owner_id owner, const owner_core::announce_actors& order);
/// Without the package.
wire::StartWork to_wire(owner_id owner, const owner_core::start_work& order);
wire::StopWork to_wire(owner_id owner, const owner_core::stop_work& order);

[[nodiscard]] result<std::vector<granted_lease>> from_wire(const wire::DemandAnswer::Granted& granted);
[[nodiscard]] result<work_end> from_wire(const wire::WorkEnd& end);
[[nodiscard]] error error_of(const wire::Failure& failure); ///< A code of a newer peer: refused.
wire::Failure failure_of(const error& why);

} // namespace runtime
