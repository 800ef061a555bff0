#pragma once

#include "runtime/cluster_state.hpp"
#include "runtime/net/cluster_tokens.hpp"
#include "runtime/options.hpp"
#include "runtime/owner/owner_actor.hpp"
#include "runtime/owner/package_source.hpp"
#include "runtime/process/cluster_process.hpp"
#include "runtime/process/lent_system.hpp"
#include "runtime/remote_actor.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <spdlog/fwd.h>

namespace runtime {

struct driver_options {
  std::string name; ///< For people.
  resource_set quota;
  std::string head_host;
  std::uint16_t head_port = 0;
  std::string head_address; ///< For people.
  std::chrono::milliseconds connect_deadline{5000};
  std::shared_ptr<package_source> program; ///< What its workers run.
  std::shared_ptr<spdlog::logger> log;
  caf::actor token_learner; ///< Is told of each link to the head; null: none.
};

/// A driver's part of a cluster: its owner_actor, and the threads' way to it. All functions may be called by any thread
/// but those of the runtime; those that return a result wait for it. What it gave out may outlive it: remote actors
/// say then that they have ended, and groups are over.
class driver {
public:
  ~driver(); ///< Leaves in good order: waits, not for long, until the head has heard it.
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  /// Waits until the head has welcomed it. unreachable, refused, incompatible or permission_denied otherwise.
  [[nodiscard]] static result<std::unique_ptr<driver>> connect(cluster_process& process, driver_options options);

  using task_outcome = std::function<void(result<std::string>)>;
  void submit(std::shared_ptr<const work_spec> spec, std::string arguments, task_outcome then);

  [[nodiscard]] result<remote_actor> spawn(const std::string& type, const actor_options& options,
                                           std::string arguments);
  [[nodiscard]] result<remote_actor> find(const std::string& name);
  group_id reserve(group_demand bundles, std::function<void(result<std::vector<granted_lease>>)> granted);
  std::function<void()> release_of(group_id group) const; ///< What releases the group. Any thread, at any time.
  [[nodiscard]] result<cluster_state> state();

  // The cluster's tokens, and changing them without a restart of anything. rotate_token() makes one more; nodes and
  // drivers learn it over their links and keep it in their token files. end_token() has the one whose fingerprint
  // begins so let in nobody any more; links that it let in are ended within 10 s unless their other end has shown a
  // newer one. Errors: unreachable (also: the cluster has no network), too_large (4 are good), not_found,
  // invalid_argument, refused (somebody would be shut out); of the head's token file io and permission_denied.
  [[nodiscard]] result<cluster_tokens> tokens();
  [[nodiscard]] result<cluster_tokens> rotate_token();
  [[nodiscard]] result<cluster_tokens> end_token(const std::string& fingerprint, peers_behind what);

private:
  driver(cluster_process& process, driver_options options);

  [[nodiscard]] result<caf::message> ask(caf::message question,
                                         std::chrono::milliseconds deadline = std::chrono::seconds(5)) const;
  remote_actor spawn_owned(actor_id id, const std::string& type, const actor_options& options, std::string arguments);
  [[nodiscard]] result<remote_actor> spawn_detached(const std::string& type, const actor_options& options,
                                                    std::string arguments);
  [[nodiscard]] result<void> reserve_name(actor_id actor, const std::string& name);
  [[nodiscard]] result<actor_record> record_of(const std::string& name);
  remote_actor attach(const actor_record& record);
  message_codec codec();

  cluster_process& process_;
  std::shared_ptr<lent_system> system_;
  driver_options options_;
  const owner_id id_;
  caf::actor packages_;
  caf::actor owner_;
  bool was_connected_ = false;
  std::atomic<std::uint64_t> last_task_ = 0;
  std::atomic<std::uint64_t> last_group_ = 0;
};

} // namespace runtime
