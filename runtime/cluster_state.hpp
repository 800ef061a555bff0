#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/head/actor_record.hpp"
#include "runtime/head/demand.hpp"
#include "runtime/resources/resource_set.hpp"

namespace runtime {

/// What the cluster is doing, as the head knows it at one moment.
struct cluster_state {
  struct node {
    node_id id;
    std::string name;
    std::string address; ///< host:port
    std::string state;   ///< alive, unreachable or draining
    resource_set total;
    resource_set used;
    label_map labels;
  };
  struct lease {
    lease_id id;
    std::string owner;
    std::string node;
    resource_set resources;
    std::string state;   ///< granting, held or ending
    bool is_own = false; ///< Of the driver that asked.
  };
  struct waiting {
    std::string owner;
    resource_set wants;
    std::string why;
    std::chrono::milliseconds waited{};
    bool is_own = false;
  };
  struct waiting_together { ///< Demands of one owner for the same.
    waiting oldest;
    std::uint64_t count = 0;
  };

  std::string head; ///< host:port
  std::string version;
  std::vector<node> nodes;
  // Of what follows at most 1,000 each, the oldest; the counts are of all that there are.
  std::vector<lease> leases;
  std::vector<waiting> queue;
  std::vector<waiting_together> queue_together; ///< The same queue, equal demands together.
  std::vector<actor_record> actors;             ///< Those that have not ended first.
  std::uint64_t lease_count = 0;
  std::uint64_t queue_count = 0;
  std::uint64_t queue_together_count = 0;
  std::uint64_t actor_count = 0;        ///< Also those that have ended, of which the head keeps the newest.
  std::uint64_t living_actor_count = 0; ///< Those that have not.
};

} // namespace runtime
