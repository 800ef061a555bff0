#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "runtime/base/result.hpp"

namespace runtime {

struct head_options {
  std::string version; ///< Of this program: nodes and drivers must have the same.
  std::string cluster; ///< The cluster's fingerprint.
  std::uint64_t epoch =
    1; ///< 1 to 2^24-1; another one at each start on the same state, so that no lease id comes twice.
  /// After its start what fits on no node waits so long, because the nodes of an earlier head are still coming back.
  /// 0: there was none.
  std::chrono::nanoseconds settling{0};

  std::chrono::nanoseconds repeat_every = std::chrono::seconds(1); ///< Orders that a node has not answered.
  std::chrono::nanoseconds node_grace = std::chrono::seconds(1);   ///< From a lost link to a dead node.
  /// A node's other start is believed so long after its first hello, if its link still stands.
  std::chrono::nanoseconds contest_grace = std::chrono::milliseconds(100);
  std::chrono::nanoseconds owner_grace = std::chrono::seconds(1);     ///< From a lost link to an owner that is gone.
  std::chrono::nanoseconds adoption_grace = std::chrono::seconds(10); ///< For the owner of an earlier head's lease.
  std::chrono::nanoseconds return_grace = std::chrono::seconds(60);   ///< A lost node may still come back for demands.
  std::chrono::nanoseconds refusal_pause = std::chrono::milliseconds(500); ///< A node that refused gets no lease.
  std::chrono::nanoseconds reason_age = std::chrono::milliseconds(100); ///< How old the text may be why a demand waits.

  std::size_t max_waiting = 1'000'000;                          ///< Demands in the queue; a group is one.
  std::chrono::nanoseconds patience = std::chrono::seconds(10); ///< Then a demand reserves a node; see lease_queue.
  std::uint64_t max_passes = 1'000;                             ///< Or when so many leases were granted to others.
  std::size_t max_dead_nodes = 1'000;                           ///< Newest that are remembered.
  std::size_t max_actors = 1'000'000;                           ///< Living records in the directory.
  std::size_t max_dead_actors = 10'000;                         ///< Newest that are remembered.
};

[[nodiscard]] result<void> validate(const head_options& options); ///< Names every field that is out of range.

} // namespace runtime
