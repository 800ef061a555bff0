#include "runtime/cluster.hpp"

#include "runtime/limits.hpp"
#include "runtime/process/driver.hpp"
#include "runtime/process/embedded_cluster.hpp"
#include "runtime/process/remote_cluster.hpp"

namespace runtime {

class cluster::implementation {
public:
  std::unique_ptr<cluster_access> access; // Below the driver: it ends last.
  std::unique_ptr<driver> own;
};

cluster::cluster(std::unique_ptr<implementation> how) : how_(std::move(how)) {
}
cluster::cluster(cluster&&) noexcept = default;
cluster& cluster::operator=(cluster&&) noexcept = default;
cluster::~cluster() = default;

result<cluster> cluster::connect(cluster_options options) {
  if (const auto deadline = options.connect_deadline; deadline <= deadline.zero() || deadline > most_deadline)
    return fail(errc::invalid_argument, fmt::format("connect_deadline: {} ms; use 1 to {} ms", deadline.count(),
                                                    std::chrono::milliseconds(most_deadline).count()));
  auto access = options.address.empty() ? start_embedded_cluster(options) : reach_cluster(options);
  if (!access)
    return fail(access.error());
  return over(std::move(*access), std::move(options));
}

cluster::implementation& cluster::own() const {
  if (!how_)
    throw failure({errc::invalid_argument, "this runtime::cluster was moved from; use the one that it was moved to"});
  return *how_;
}

result<cluster> cluster::over(std::unique_ptr<cluster_access> access, cluster_options options) {
  driver_options own;
  own.name = options.program_name;
  own.quota = std::move(options.quota);
  own.head_host = access->head_host();
  own.head_port = access->head_port();
  own.head_address = access->address();
  own.connect_deadline = options.connect_deadline;
  own.program = access->program();
  own.log = access->log();
  own.token_learner = access->token_learner();
  auto connected = driver::connect(access->process(), std::move(own));
  if (!connected)
    return fail(connected.error());
  auto how = std::make_unique<implementation>();
  how->access = std::move(access);
  how->own = std::move(*connected);
  return cluster(std::move(how));
}

void cluster::submit_bytes(const std::shared_ptr<const work_spec>& spec, std::string arguments, task_outcome then) {
  own().own->submit(spec, std::move(arguments), std::move(then));
}

result<remote_actor> cluster::spawn_from_bytes(const std::string& type, const actor_options& options,
                                               std::string arguments) {
  return own().own->spawn(type, options, std::move(arguments));
}

result<remote_actor> cluster::find_actor(const std::string& name) {
  return own().own->find(name);
}

placement_group cluster::reserve(group_demand bundles) {
  auto granted = std::make_shared<std::promise<result<std::vector<granted_lease>>>>();
  auto value = granted->get_future();
  const auto id =
    own().own->reserve(std::move(bundles), [granted](auto leases) { granted->set_value(std::move(leases)); });
  return {id, future<std::vector<granted_lease>>(std::move(value)), own().own->release_of(id)};
}

result<cluster_state> cluster::state() {
  return own().own->state();
}

const std::string& cluster::address() const {
  return own().access->address();
}

caf::actor_system& cluster::actor_system() {
  return own().access->process().system();
}

} // namespace runtime
