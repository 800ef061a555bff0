#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "runtime/base/result.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/node/start_trouble.hpp"
#include "runtime/node/worker_table.hpp"

namespace runtime {

/// What a node is, and how patient it is.
struct node_manager_options {
  node_description node;
  std::string version; ///< Of caf-tune; head, nodes and drivers have the same.
  std::string cluster; ///< The fingerprint that its state belongs to; empty: any.
  /// Of its devices, by index, for CUDA_VISIBLE_DEVICES; empty: "0", "1", …
  std::vector<std::string> gpu_names;
  std::string scratch_directory; ///< Absolute; workers find a directory of their owner in it. Empty: none.

  std::chrono::nanoseconds redial_least = std::chrono::milliseconds(100);
  std::chrono::nanoseconds redial_most = std::chrono::seconds(2);
  /// Of a head; then it is dropped and dialled again, and has twice as long, at most 8 times.
  std::chrono::nanoseconds welcome_deadline = std::chrono::seconds(15);
  std::chrono::nanoseconds repeat_every = std::chrono::seconds(1); ///< Of what was not heard.
  /// A lost owner may come back for so long; then its works are stopped.
  std::chrono::nanoseconds owner_grace = std::chrono::seconds(1);
  std::chrono::nanoseconds detached_grace = std::chrono::seconds(30); ///< The same for the head's own: it may restart.
  std::chrono::nanoseconds owner_memory = std::chrono::seconds(60);   ///< After the grace its unheard ends are kept.
  /// For a work that ends because its lease or owner did; then it is killed.
  std::chrono::milliseconds stop_deadline = std::chrono::seconds(3);
  std::chrono::nanoseconds drain_deadline = std::chrono::seconds(30);
  worker_table_options workers;
  start_trouble_options starts;
  /// Directories of workers that did not end well, with what they printed and their cores: the newest are kept.
  std::size_t max_kept_workers = 20;

  std::size_t max_leases = 100'000; ///< With the ends of works that were not heard. More are refused.
  std::size_t max_owners = 10'000;
};

[[nodiscard]] result<void> validate(const node_manager_options& options); ///< Names every field that is out of range.

} // namespace runtime
