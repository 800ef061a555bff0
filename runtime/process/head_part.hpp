#pragma once

#include "runtime/head/head_actor.hpp"
#include "runtime/net/liveness_link.hpp"
#include "runtime/owner/package_source.hpp"
#include "runtime/process/cluster_process.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace runtime {

struct head_part_options {
  head_options core;
  std::string host;                ///< Where others reach it.
  std::uint16_t port = 0;          ///< 0: any.
  std::string listen_host;         ///< Where it listens; empty: it does not, for a cluster within one process.
  std::uint16_t liveness_port = 0; ///< 0: any.
  std::shared_ptr<const tls_context> network; ///< For the liveness link, and its tokens; null: none.
  std::string token_file;                     ///< Where changed tokens are kept; empty: they cannot be changed.
  std::shared_ptr<spdlog::logger> log;
  std::function<void()> on_event; ///< As head_actor_options'.
};

/// The head with all that it stands on: its port, the liveness link, the keeper of its tokens. The owner of detached
/// actors is another part, custodian_part, since it needs a package store.
class head_part {
public:
  /// Errors: the ports, with the flags that chose them.
  [[nodiscard]] static result<std::unique_ptr<head_part>> start(cluster_process& process, head_part_options options);
  ~head_part();

  const caf::actor& head() const { return head_; }
  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }

  /// The owner of detached actors: what it needs of packages is in the store of a node in this process.
  /// `directory`: where detached actors are kept for the next head; empty: they end with this process.
  void add_custodian(cluster_process& process, std::shared_ptr<package_source> store, const caf::actor& packages,
                     const std::string& directory = {});

private:
  head_part() = default;

  std::string host_;
  std::uint16_t port_ = 0;
  std::shared_ptr<spdlog::logger> log_;
  std::shared_ptr<liveness_server> liveness_;
  caf::actor head_;
};

} // namespace runtime
