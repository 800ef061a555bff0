#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/instant.hpp"
#include "tune/controller/place_wish.hpp"
#include "tune/trial/attempt_end.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// A worker's trial runner, numbered by its pool.
using runner_id = runtime::id<struct runner_tag>;

/// One attempt of one trial.
struct attempt_key {
  trial_id trial;
  attempt_number attempt = 0;

  friend bool operator==(const attempt_key& a, const attempt_key& b) {
    return a.trial == b.trial && a.attempt == b.attempt;
  }
  friend bool operator<(const attempt_key& a, const attempt_key& b) {
    return a.trial == b.trial ? a.attempt < b.attempt : a.trial < b.trial;
  }
};

/// Which runner runs which attempt. Each runner has a lease of its own; one that is through with an attempt takes the
/// next that waits, so that a trial of a millisecond does not pay for a lease and a process. After `slice` it gives its
/// lease back all the same, so that other experiments of the cluster have their turn.
///
/// A runner has a lease of one size, and runs only attempts of that size.
///
/// An attempt that avoids a node gets a new runner, which is asked for elsewhere; that one it takes wherever it is, as
/// there was no room on another node. Runners that are through with an attempt on the avoided node leave it alone.
class runner_pool {
public:
  struct options {
    std::chrono::nanoseconds slice = std::chrono::seconds(1);
  };

  struct spawn {
    runner_id runner;
    place_wish where;
  };
  struct begin {
    runner_id runner;
    attempt_key attempt;
  };
  struct stop { ///< In good order: it has nothing to do.
    runner_id runner;
  };
  struct kill { ///< Its attempt is to end at once.
    runner_id runner;
  };
  struct tell_over {
    attempt_key attempt;
    attempt_end end;
  };
  using action = std::variant<spawn, begin, stop, kill, tell_over>;
  using actions = std::vector<action>; ///< To be performed in this order.

  explicit runner_pool(options how) : options_(how) {}
  runner_pool() : runner_pool(options()) {}

  actions on_order(attempt_key attempt, place_wish where = {});
  /// It waits for an attempt, on this node.
  actions on_alive(runner_id runner, std::string node, runtime::instant now);
  actions on_over(runner_id runner, runtime::instant now); ///< Its attempt has said its last.
  actions on_ended(runner_id runner, const attempt_end& why);
  actions on_kill(attempt_key attempt);
  /// If it still waits for a runner it waits no more, and its end is told with this reason; else nothing.
  actions on_withdraw(attempt_key attempt, const std::string& why);
  bool is_empty() const noexcept { return runners_.empty(); }
  actions on_close(); ///< Nothing more will be run: every runner ends, and attempts with them.

private:
  struct runner {
    bool is_alive = false;
    std::string node;
    std::string asked_to_avoid; ///< By the attempt that it was spawned for.
    trial_size size = 1;
    runtime::instant since{};
    attempt_key attempt; ///< Attempt 0: none.
    bool stops = false;
  };

  struct order {
    attempt_key attempt;
    place_wish where;
  };

  /// Of one size.
  struct tally {
    std::size_t waiting = 0; ///< Attempts.
    std::size_t coming = 0;  ///< Runners that are not alive yet.
  };

  std::deque<order>::iterator find_waiting(attempt_key attempt);
  std::deque<order>::iterator oldest_of(trial_size size);
  void forget_waiting(std::deque<order>::iterator which);
  void take_back(std::deque<order>::iterator which, const std::string& why, actions& todo);
  const place_wish& first_without_runner(trial_size size, const tally& of) const;
  void spawn_as_needed(actions& todo);
  std::deque<order>::iterator next_for(const runner& r);
  void go_on(runner_id who, runner& r, bool may_begin, actions& todo);
  void begin_next(runner_id id, runner& r, std::deque<order>::iterator next, actions& todo);

  options options_;
  std::map<runner_id, runner> runners_;
  std::map<attempt_key, runner_id> running_;
  std::deque<order> waiting_; ///< The oldest first.
  std::map<trial_size, tally> tallies_;
  std::uint64_t last_runner_ = 0;
  bool closed_ = false;
};

} // namespace tune
