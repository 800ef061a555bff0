#pragma once

#include "runtime/net/liveness_link.hpp"
#include "runtime/node/node_manager_actor.hpp"
#include "runtime/package/file_package_store.hpp"
#include "runtime/process/cluster_process.hpp"

#include <functional>
#include <memory>
#include <string>

namespace runtime {

struct node_part_options {
  node_manager_options core; ///< Its host and port are where others reach it.
  std::string state_directory;
  package_cache_options packages;
  std::string head_host;
  std::uint16_t head_port = 0;
  std::string port_flag = "--port";  ///< What chose core.node.port, for errors.
  std::string listen_host;           ///< Where it listens; empty: it does not, for a cluster within one process.
  bool is_own_process = false;       ///< It is the whole process: then it may adopt what its workers left behind.
  std::shared_ptr<node_state> state; ///< Null: nothing of the cluster is kept.
  std::shared_ptr<const tls_context> network; ///< For the liveness link, and its tokens; null: none.
  std::string token_file; ///< Where the head's changed tokens are kept; empty: this is the head's process.
  std::shared_ptr<spdlog::logger> log;
  node_manager_events events; ///< Called on a thread of the runtime; they only pass on.
};

/// A node manager with all that it stands on: its workers, its packages, its port, its liveness link.
class node_part {
public:
  /// Dials the head at once; events.on_welcomed tells when it is there. Errors: the port, the state directory.
  [[nodiscard]] static result<std::unique_ptr<node_part>> start(cluster_process& process, node_part_options options);
  ~node_part();

  const caf::actor& node_manager() const { return node_manager_; }
  const caf::actor& packages() const { return packages_; }
  const std::shared_ptr<file_package_store>& store() const { return store_; }
  const std::string& host() const { return host_; } ///< Where others reach it.
  std::uint16_t port() const { return port_; }
  void drain(); ///< Goes in good order; at once the second time. Any thread.

private:
  node_part() = default;

  std::string host_;
  std::uint16_t port_ = 0;
  std::shared_ptr<file_package_store> store_;
  std::shared_ptr<liveness_client> liveness_;
  caf::actor packages_;
  caf::actor node_manager_;
};

} // namespace runtime
