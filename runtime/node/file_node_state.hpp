#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/node/node_state.hpp"

namespace runtime {

/// A node's state directory: who the node is, and which cluster it belongs to. One process at a time has it: the lock
/// goes with the process, however it ends.
///
///   node_id   16 hexadecimal digits, random, made once
///   cluster   the fingerprint of the cluster; absent until a head has welcomed the node
///   epoch     of the last head that was started on it
///   lock      locked with flock while in use; holds the process's number, for people
class file_node_state : public node_state {
public:
  /// Makes the directory if there is none (mode 0700). Fails when another process has it (already_exists), when it
  /// cannot be written (io or permission_denied), or when what it holds cannot be read (incompatible).
  [[nodiscard]] static result<std::unique_ptr<file_node_state>> open(const std::string& directory);
  ~file_node_state() override; ///< Unlocks.
  file_node_state(const file_node_state&) = delete;
  file_node_state& operator=(const file_node_state&) = delete;

  node_id id() const noexcept { return id_; }
  const std::string& cluster() const noexcept { return cluster_; } ///< Empty: never welcomed by a head.
  const std::string& directory() const noexcept { return directory_; }
  [[nodiscard]] result<void> save_cluster(const std::string& fingerprint) override;

  struct head_epoch {
    std::uint64_t number = 0; ///< 1 to 2^24-1.
    bool is_first = true;     ///< No head was started on this directory before.
  };
  /// For a head: another number at each start, so that its leases have numbers of their own. The first is a random one:
  /// the directory of an earlier head of the cluster may be lost, while nodes still hold leases of it. Durable on
  /// return.
  [[nodiscard]] result<head_epoch> next_epoch();

private:
  explicit file_node_state(std::string directory) : directory_(std::move(directory)) {}
  [[nodiscard]] result<void> lock();
  [[nodiscard]] result<void> load_or_make_id();
  [[nodiscard]] result<void> load_cluster();
  [[nodiscard]] result<void> save(const std::string& name, const std::string& content) const; ///< Durably.
  error cannot_write(int code) const;

  std::string directory_;
  int lock_ = -1;
  node_id id_;
  std::string cluster_;
};

} // namespace runtime
