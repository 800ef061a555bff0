#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include "runtime/owner/owner_actor.hpp"
#include "tests/simulation/simulated_network.hpp"
#include "tests/simulation/simulated_workers.hpp"

namespace sim {

/// What an owner wants to have run, at random within these bounds.
struct workload {
  std::size_t tasks = 20;
  std::size_t actors = 3;
  std::chrono::milliseconds shortest{20}; ///< Of a task.
  std::chrono::milliseconds longest{3'000};
  std::int64_t most_cpus = 3;            ///< Of a task or actor.
  std::chrono::seconds over{20};         ///< When they are submitted.
  std::chrono::seconds longest_life{20}; ///< Of an actor, from when it is submitted.
  double stopped = 0;     ///< Of the tasks, this share is stopped by the owner soon after it was submitted.
  std::size_t groups = 0; ///< Of 1 to 3 bundles, each of 1 or 2 cpus, in which a task or two run.
};

/// A driver: an owner_actor and its embedder, who counts what it is told.
class simulated_owner {
public:
  struct place {
    machine where;
    runtime::owner_id id;
    std::uint64_t first_number; ///< Of its works.
  };
  simulated_owner(network& net, caf::actor owner, caf::actor_system& system, place at);

  void run(const workload& what, random_stream& random);
  void submit_task(const work_note& note);
  void die();   ///< As by kill -9: nobody hears anything more from it, or is told anything there.
  void leave(); ///< In good order: everybody who waits there must be told.

  const caf::actor& actor() const { return owner_; }
  const runtime::owner_core& core() const;
  bool is_there() const { return fate_ == fate::there; }
  /// All that was submitted, and nothing is to come; of one that has left: everybody was told.
  bool has_ended() const;
  std::string why_not_ended() const;
  /// What it was told that must not be: an end twice, a task that failed, two answers to one call. Empty: nothing.
  const std::vector<std::string>& complaints() const { return complaints_; }
  std::size_t attempts() const { return attempts_; } ///< Of the tasks that have ended.

private:
  enum class fate { there, left, dead };
  struct group {
    std::shared_ptr<const runtime::group_demand> wants;
    std::size_t granted = 0; ///< How often.
    std::size_t tasks = 0;   ///< That have not ended.
  };

  void submit(const work_note& note, std::shared_ptr<const runtime::work_spec> spec, std::function<void()> then);
  void stop_task_after(std::uint64_t number, std::chrono::nanoseconds time);
  void submit_group(random_stream& random, const workload& what);
  void on_group(std::uint64_t number, const runtime::result<std::vector<runtime::granted_lease>>& leases);
  void when_there(instant at, std::function<void()> what);
  void submit_actor(const work_note& note, std::chrono::nanoseconds life, std::uint64_t calls);
  void call(std::uint64_t number, const std::string& content);
  void complain(std::uint64_t number, std::string what);
  void complain_if_there(std::uint64_t number, std::string what);

  network& net_;
  caf::actor owner_;
  caf::actor_system& system_;
  place at_;
  std::uint64_t last_number_;
  std::size_t to_come_ = 0;
  std::set<std::uint64_t> stopped_;            ///< Numbers of tasks that may say that they were.
  std::map<std::uint64_t, std::size_t> ends_;  ///< By a work's number; 0: not yet.
  std::map<std::string, std::size_t> answers_; ///< By a call's content, which is the only one.
  std::map<std::uint64_t, runtime::actor_stub> stubs_;
  std::map<std::uint64_t, group> groups_;
  enum fate fate_ = fate::there;
  std::vector<std::string> complaints_;
  std::size_t attempts_ = 0;
};

} // namespace sim
