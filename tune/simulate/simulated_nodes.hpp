#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/head/head_core.hpp"
#include "tune/controller/place_wish.hpp"
#include "tune/controller/runner_pool.hpp"
#include "tune/simulate/time_law.hpp"
#include "tune/trial/attempt_end.hpp"

namespace tune {

/// Equal nodes.
struct node_kind {
  std::size_t count = 1; ///< At least 1.
  runtime::resource_set resources;
};

struct simulated_nodes_options {
  std::vector<node_kind> nodes; ///< At least one.
  runtime::resource_set wants;  ///< Of one trial.
  bool waits_for_nodes = false; ///< What fits on no node waits for one.
  /// Of one node, from its start; times between failures are exponentially distributed. None: nodes do not fail.
  std::optional<std::chrono::nanoseconds> mean_time_between_failures;
  time_law repair_time{std::chrono::minutes(10)};
  /// From a node's failure until the head declares it dead: that of a machine that falls silent (head and node agree
  /// after 5 s; a mere process that ends is noticed within 1 s).
  std::chrono::nanoseconds detection_time = std::chrono::seconds(5);
  std::uint64_t seed = 0; ///< Of failures and repairs.
};

/// A cluster in virtual time: the head's own core grants leases to trial runners, on nodes that obey at once, fail and
/// come back. A node that fails does nothing from that moment on; that, and what becomes of its leases, the head and
/// the runners' owner learn later.
class simulated_nodes {
public:
  struct granted { ///< The runner's worker may start there.
    runner_id runner;
    runtime::node_id node;
  };
  struct ended { ///< The runner is lost, or was refused.
    runner_id runner;
    attempt_end why;
  };
  struct failed { ///< Nobody knows yet: what runs there just stops.
    runtime::node_id node;
  };
  struct holds { ///< So many trials, as far as the head knows.
    std::size_t trials = 0;
  };
  using action = std::variant<granted, ended, failed, holds>;
  using actions = std::vector<action>; ///< To be performed in this order.

  simulated_nodes(simulated_nodes_options options, runtime::instant start);

  actions on_begin(runtime::instant now);
  actions on_wanted(runner_id runner, const place_wish& where, runtime::instant now);
  /// Its worker has ended, or it is wanted no more before it had one.
  actions on_released(runner_id runner, runtime::instant now);
  actions on_time(runtime::instant now);
  std::optional<runtime::instant> wake_at() const;

  static std::string name_of(runtime::node_id node);
  std::size_t places() const noexcept { return places_; }         ///< For trials, on the nodes that are up.
  std::size_t all_places() const noexcept { return all_places_; } ///< With those that are not.
  std::uint64_t failures() const noexcept { return failures_; }

private:
  enum class change { fails, is_noticed, returns };
  struct node {
    std::size_t kind = 0;
    std::size_t places = 0;
    bool is_up = true;
    runtime::incarnation start{1};
    chance random;
  };

  runtime::node_hello hello_of(runtime::node_id id, const node& which) const;
  void plan_failure(runtime::node_id id, node& which, runtime::instant now);
  void on_change(change what, runtime::node_id id, runtime::instant now, actions& todo);
  void perform(runtime::head_core::actions orders, runtime::instant now, actions& todo);
  void tell_capacity(actions& todo);

  simulated_nodes_options options_;
  runtime::head_core head_;
  std::vector<node> nodes_; ///< By id - 1.
  std::set<std::tuple<runtime::instant, runtime::node_id, change>> changes_;
  std::unordered_map<runner_id, std::optional<std::pair<runtime::lease_id, runtime::node_id>>> runners_;
  std::unordered_map<runtime::lease_id, runner_id> leases_;
  std::size_t places_ = 0;
  std::size_t all_places_ = 0;
  std::size_t known_places_ = 0; ///< To the head.
  std::size_t told_places_ = 0;
  std::uint64_t failures_ = 0;
};

} // namespace tune
