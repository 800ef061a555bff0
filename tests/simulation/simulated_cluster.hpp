#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include "runtime/head/head_actor.hpp"
#include "runtime/node/node_manager_actor.hpp"
#include "tests/simulation/simulated_liveness.hpp"
#include "tests/simulation/simulated_network.hpp"
#include "tests/simulation/simulated_owner.hpp"
#include "tests/simulation/simulated_system.hpp"
#include "tests/simulation/simulated_workers.hpp"
#include "tests/support/memory_node_state.hpp"
#include "tests/support/seeds.hpp"

namespace sim {

class cluster;

/// Something that goes wrong again and again, until the cluster is healed.
struct fault {
  const char* name;               ///< "link breaks".
  std::chrono::nanoseconds every; ///< On average.
  std::function<void(cluster&, random_stream&)> strike;
};

/// What must hold between any two events. Returns what is wrong.
using check = std::function<std::optional<std::string>(const cluster&)>;

struct cluster_options {
  machine nodes = 3;
  std::int64_t cpus = 4; ///< Of each node.
  machine owners = 2;
  bool have_quotas = false; ///< Of some owners, at random; never less than their largest demand.
  /// Each timing option is drawn from an eighth to four times its default, instead of half to twice; those of liveness,
  /// too, in their order: a node fences itself before it is declared dead.
  bool any_timing = false;
};

/// One head, nodes and owners, whose shells are the production ones: only what they are given (middleman, workers,
/// packages, liveness link) is simulated. Everything comes from one seed: delays, the order of what happens at once,
/// the options, the workload and the faults, each from a stream of its own.
class cluster {
public:
  static constexpr machine head_machine = 0; ///< The nodes follow, then the owners.

  explicit cluster(seed s, cluster_options options = {});
  ~cluster();
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  void run(const workload& what); ///< By each owner.
  void suffer(const fault& what);
  void check_after_each_event(check what) { checks_.push_back(std::move(what)); }
  void advance(std::chrono::nanoseconds time);
  /// No more faults, all machines run and reach each other.
  cluster& heal();
  /// All works have ended, and nothing is held or owed to anybody any more.
  bool finishes_within(std::chrono::nanoseconds time);
  std::string why_not_finished() const;
  /// The first that a check, or an owner, found wrong. Time stands still then.
  std::string broken() const;

  void kill_node(machine m, std::chrono::nanoseconds others_learn); ///< As kill -9 of all that runs there.
  void start_node(machine m);                                       ///< Anew, unless it runs.
  void isolate(machine m);                                          ///< From all others, who are told nothing.
  void rejoin(machine m);
  void drain_node(machine m);
  void restart_if_drained(machine m); ///< Also when it has not left yet.
  void kill_head(std::chrono::nanoseconds others_learn);
  void start_head(); ///< Anew on the same state, unless it runs.
  void kill_owner(std::size_t i, std::chrono::nanoseconds others_learn);
  void let_owner_leave(std::size_t i);
  void start_owner(std::size_t i); ///< Another one on the same machine, unless one runs there; with works of its own.

  struct node {
    caf::actor shell; ///< Null: it is dead.
    std::shared_ptr<simulated_workers> workers;
    std::unique_ptr<simulated_liveness_client> liveness;
    std::shared_ptr<memory_node_state> state = std::make_shared<memory_node_state>(); ///< Outlives its deaths.
    std::uint32_t starts = 0;
    std::int64_t cpus_used = 0; ///< By what really runs.
    const runtime::node_manager_core& core() const;
  };
  network& net() { return net_; }
  const network& net() const { return net_; }
  const cluster_options& options() const { return options_; }
  const std::map<machine, node>& nodes() const { return nodes_; }
  bool head_runs() const { return static_cast<bool>(head_); }
  const runtime::head_core& head() const; ///< While it runs.
  simulated_owner& owner(std::size_t i) { return *owners_.at(i); }
  machine machines() const { return 1 + options_.nodes + options_.owners; }
  runtime::node_id id_of(machine m) const { return runtime::node_id{1'000 + m}; }
  /// Where each work really runs, by its number.
  const std::map<std::uint64_t, std::multiset<machine>>& running() const { return running_; }
  std::uint64_t events() const { return events_; }
  std::size_t attempts() const;

private:
  void strike_again(const std::shared_ptr<fault>& what, const std::shared_ptr<random_stream>& random);
  bool goes_on();
  std::string what_waits() const;
  std::shared_ptr<simulated_workers> make_workers(machine m);
  template <class Duration>
  void draw(Duration& usual); ///< From a range around it.
  void draw_liveness();
  runtime::owner_actor_options owner_options(machine m);

  seed seed_;
  cluster_options options_;
  random_stream random_;
  runtime::heartbeat_sender_options heartbeats_;
  runtime::heartbeat_judge_options patience_;
  std::optional<workload> work_; ///< Of owners that begin later.
  simulated_system system_;
  network net_;
  std::shared_ptr<simulated_liveness_server> liveness_;
  caf::actor head_; ///< Null: it is dead.
  std::uint32_t head_starts_ = 0;
  std::map<machine, std::uint32_t> owner_starts_;
  std::map<machine, node> nodes_;
  std::vector<std::unique_ptr<simulated_owner>> owners_;
  std::vector<std::unique_ptr<simulated_owner>> former_owners_; ///< What was owed to them must be told all the same.
  std::vector<std::shared_ptr<simulated_workers>> all_workers_; ///< Alarms of dead machines still name them.
  std::map<std::uint64_t, std::multiset<machine>> running_;
  std::vector<check> checks_;
  std::string broken_;
  std::uint64_t events_ = 0;
  std::uint64_t faults_ = 0;
  bool healed_ = false;
};

} // namespace sim
