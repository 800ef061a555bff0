#pragma once

#include "runtime/base/result.hpp"
#include "runtime/net/tls_middleman_actor.hpp"
#include "runtime/program_registry.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <spdlog/fwd.h>

namespace runtime {

struct cluster_process_options {
  std::shared_ptr<const tls_context> network; ///< Null: none; everything else is in this process.
  std::shared_ptr<spdlog::logger> log;        ///< Null: none.
  const program_registry* program = nullptr;  ///< Whose message types the process knows; null: none.
};

/// What each process of a cluster but a worker stands on: an actor system that knows our messages, the switchboard, and
/// behind it the TLS middleman. When it goes it ends the actors that it was given, in the opposite order, and waits for
/// them.
class cluster_process {
public:
  explicit cluster_process(cluster_process_options options);
  ~cluster_process();
  cluster_process(const cluster_process&) = delete;
  cluster_process& operator=(const cluster_process&) = delete;

  caf::actor_system& system() { return system_; }
  /// Answers (connect_atom, host, port).
  const caf::actor& switchboard() const { return switchboard_; }
  /// From now on this process reaches the endpoint without a connection: it is the actor.
  void enter(const std::string& host, std::uint16_t port, const caf::actor& whom);

  /// Gives the actor a port; 0: any. Errors name the port and what would be right.
  [[nodiscard]] result<std::uint16_t> listen(const std::string& host, std::uint16_t port, const caf::actor& whom);
  /// A token_learner_actor that has this process know the head's tokens, and the file keep them. It ends with the
  /// process. `name` is for people.
  caf::actor learn_tokens(const std::shared_ptr<const tls_context>& network, const std::string& token_file,
                          const std::string& name);
  void end_with_process(caf::actor part);    ///< From any thread.
  void disconnect(const caf::node_id& peer); ///< From any thread; see tls_middleman.

private:
  struct config : caf::actor_system_config {
    explicit config(const cluster_process_options& options);
  };
  void end(const caf::actor& part);

  std::shared_ptr<spdlog::logger> log_;
  config config_;
  caf::actor_system system_;
  std::optional<tls_middleman> middleman_;
  caf::scoped_actor ends_; ///< Hears of the ends of the parts.
  std::set<caf::actor_addr> ended_;
  caf::actor switchboard_;
  std::mutex mutex_; // Guards
  std::vector<caf::actor> parts_;
};

} // namespace runtime
