#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// Synchronous Hyperband (Li et al. 2018, JMLR 18-185, algorithm 1). Trials fill one bracket after the other, from the
/// one that tries most to the one whose trials all run to max_t, and then again from the first. A trial pauses at its
/// rung; when all trials of its bracket that were to come there have come or ended, the best of them go on. While one
/// bracket waits the next is begun, so that no place is idle. NaN stops, and a trial that failed has lost. One that is
/// stopped while it waits for a bracket to be filled, as all are at the end of an experiment that may be extended,
/// gives its place to another.
class synchronous_hyperband final : public scheduler {
public:
  /// What a bracket begins with, and its rungs: after how many iterations, and how many go on from there.
  struct plan {
    struct stage {
      iteration_number level = 0;
      std::size_t go_on = 0;
    };
    std::size_t trials = 0;
    std::vector<stage> rungs;
  };
  /// Of a round, in its order.
  static std::vector<plan> plans(const hyperband_options& options);

  synchronous_hyperband(const hyperband_options& options, const scheduler_setup& setup);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;
  void on_trial_paused(trial_id trial) override;
  void on_trial_held(trial_id trial) override;
  std::optional<resumption> choose_paused() override;
  std::vector<resumption> lost() const override;
  std::vector<resumption> end_paused() override;
  std::optional<iteration_number> max_iterations() const override { return options_.max_t; }
  bool needs_checkpoints() const override { return true; }
  std::string doubt_with(std::uint64_t trials) const override;

private:
  using entry = std::pair<double, trial_id>; ///< A loss and whose it is; of equal ones the earlier trial is the better.

  struct rung {
    std::size_t expected = 0; ///< So many come here or end before; known when the rung below is decided.
    std::size_t arrived = 0;
    std::set<entry> waiting; ///< Paused here, not chosen.
    bool is_decided = false;
  };
  struct bracket {
    const plan* what = nullptr;
    std::size_t created = 0;
    std::size_t alive = 0;
    std::vector<rung> rungs;
  };
  struct life {
    std::uint64_t bracket = 0;
    std::size_t next = 0;    ///< The rung that it runs to; beyond the last: to max_t.
    bool is_paused = false;  ///< By this scheduler, at the rung before `next`; its attempt may still be saving.
    bool has_paused = false; ///< That has ended.
    bool is_chosen = false;  ///< It may go on when a place is free.
    bool is_guest = false;   ///< Its user had it go on, although it was not chosen: no rung counts it any more.
    double loss = 0;         ///< Where it is paused.
  };
  using turn = std::tuple<std::uint64_t, std::size_t, double, trial_id>; ///< By bracket, rung and loss.

  static turn turn_of(trial_id trial, const life& x) { return {x.bracket, x.next, x.loss, trial}; }
  void settle(std::uint64_t number);
  void leave(trial_id trial, life& x);
  std::string place_in(const life& x) const;

  hyperband_options options_;
  scheduler_setup setup_;
  std::vector<plan> plans_;
  std::map<std::uint64_t, bracket> brackets_; ///< In which a trial lives or is still to come.
  std::uint64_t newest_ = 0;                  ///< From 1: trials that are created belong to it until it is full.
  std::map<trial_id, life> lives_;            ///< Of trials that have not ended.
  std::set<turn> ready_;                      ///< Chosen, and have paused.
  std::set<trial_id> lost_;                   ///< Not chosen where others were, and have paused.
};

} // namespace tune
