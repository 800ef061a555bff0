#include "tests/fuzz/wire_round_trip.hpp"

#include "runtime/node/node_wire.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/package/manifest.hpp"

/// What head and nodes send to an owner: the first byte chooses the kind, the rest is the message.

namespace {

using namespace runtime;

wire::DemandAnswer::Granted granted_of(const std::vector<granted_lease>& leases) {
  wire::DemandAnswer::Granted granted;
  for (const auto& each : leases)
    *granted.add_leases() = make_lease(each);
  return granted;
}

void check_granted(std::string_view bytes) {
  fuzz::check_round_trip<wire::DemandAnswer::Granted>(bytes, read_granted, granted_of);
}

void check_end(std::string_view bytes) {
  fuzz::check_round_trip<wire::WorkEnd>(bytes, read_work_end,
                                        [](const work_end& end) { return node_wire::to_wire(end); });
}

void check_record(std::string_view bytes) {
  fuzz::check_round_trip<wire::ActorRecord>(bytes, read_actor_record, make_actor_record);
}

void check_demand(std::string_view bytes) {
  fuzz::check_round_trip<wire::Demand>(bytes, read_demand, [](const demand& wants) {
    auto spec = std::make_shared<work_spec>();
    spec->wants = wants;
    return make_demand(owner_id{1}, owner_core::demand_lease{request_id{1}, spec}).demand();
  });
}

void check_package(std::string_view bytes) {
  fuzz::check_round_trip<wire::Package>(bytes, read_package, make_package);
}

void check_failure(std::string_view bytes) {
  fuzz::check_round_trip<wire::Failure>(bytes, fuzz::never_refused(error_of), failure_of);
}

void check_key(std::string_view bytes) {
  fuzz::check_round_trip<wire::WorkKey>(bytes, fuzz::never_refused(read_work_key), make_work_key);
}

constexpr void (*checks[])(std::string_view) = {check_granted, check_end,     check_record, check_demand,
                                                check_package, check_failure, check_key};

void run(std::string_view input) {
  fuzz::parts parts(input);
  checks[parts.byte() % std::size(checks)](parts.rest());
}

fuzz::inputs seeds() {
  granted_lease lease;
  lease.lease = lease_id{3};
  lease.node = node_id{7};
  lease.node_incarnation = incarnation{9};
  lease.node_name = "node-1";
  lease.host = "10.0.0.1";
  lease.port = 6390;
  lease.resources = cpus(0.5) + gpus(0.5);
  lease.gpus = {{1, amount::from_units(5000)}};
  lease.bundle = 1;

  actor_record record;
  record.id = actor_id{5};
  record.name = "hits";
  record.state = actor_state::alive;
  record.resources = cpus(0.5);

  auto spec = std::make_shared<work_spec>();
  spec->wants.resources = cpus(2);
  spec->wants.placement.kind = placement_kind::spread;

  package_manifest package;
  package.files.push_back({"digits", 4096, sha256{{1, 2, 3}}, /*executable=*/true});
  package.files.push_back({"libz.so.1", 100, sha256{{4, 5, 6}}, /*executable=*/false});
  package.main = "digits";

  return {
    fuzz::of_kind(0, granted_of({lease, lease}).SerializeAsString()),
    fuzz::of_kind(1, node_wire::to_wire(work_end{work_end::how::finished, "four", {}, 4096}).SerializeAsString()),
    fuzz::of_kind(1, node_wire::to_wire(work_end{work_end::how::user_error, "", {errc::user_code, "it threw"}, 0})
                       .SerializeAsString()),
    fuzz::of_kind(2, make_actor_record(record).SerializeAsString()),
    fuzz::of_kind(3,
                  make_demand(owner_id{1}, owner_core::demand_lease{request_id{1}, spec}).demand().SerializeAsString()),
    fuzz::of_kind(4, make_package(package).SerializeAsString()),
    fuzz::of_kind(5, failure_of({errc::timed_out, "no answer within 5 s"}).SerializeAsString()),
    fuzz::of_kind(6, make_work_key({lease_id{3}, 1}).SerializeAsString()),
  };
}

const fuzz::target owner_wire_target("runtime/owner/owner_wire", run, seeds);

} // namespace
