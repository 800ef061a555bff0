#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// ASHA, promotion type: the algorithm of Li et al. 2020 (arXiv:1810.05934). Each trial pauses at its next rung. When a
/// place is free, the best of the n / eta best at the highest rung that has one goes on to the rung above. Never more
/// than n / eta of a rung go on, although the n-th result may show that an earlier one should not have (as in D-ASHA,
/// Li et al. 2022, arXiv:2201.06834); delayed, nobody does before a rung has as many results as Hyperband's first
/// bracket has there. NaN stops.
class asha_promotion final : public scheduler {
public:
  asha_promotion(const asha_options& options, const scheduler_setup& setup);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override; ///< Of trials that it does not know: go on.
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;
  void on_trial_paused(trial_id trial) override;
  void on_trial_held(trial_id trial) override;
  std::optional<resumption> choose_paused() override;
  std::vector<resumption> end_paused() override;
  std::optional<iteration_number> max_iterations() const override;
  bool needs_checkpoints() const override { return true; }
  std::string doubt_with(std::uint64_t trials) const override;

  /// In place of on_trial_created(): it waits at this rung of the first bracket at first, counted from 0; where there
  /// is no such rung, nowhere.
  void begin_at(trial_id trial, std::size_t first_rung);
  /// From this rung of a bracket on, counted from 0, nobody goes on. At first there is none such.
  void set_ceiling(std::size_t first_closed) { ceiling_ = first_closed; }
  /// Where it is paused, counted from 0.
  std::optional<std::size_t> rung_of(trial_id trial) const;

private:
  using entry = std::pair<double, trial_id>; ///< A loss and whose it is; of equal ones the earlier trial is the better.

  struct rung {
    iteration_number level = 0;
    std::size_t fewest = 0; ///< Results before anybody goes on.
    std::set<entry> best;   ///< As many as may go on.
    std::set<entry> rest;
    std::set<entry> waiting; ///< Of the best, those that are paused here.
    std::size_t promoted = 0;

    std::size_t size() const noexcept { return best.size() + rest.size(); }
  };
  struct life {
    std::size_t bracket = 0;
    std::size_t next = 0;    ///< The rung that it runs to; beyond the last: to max_t.
    bool is_paused = false;  ///< By this scheduler; its attempt may still be saving.
    bool has_paused = false; ///< That has ended: it may go on.
    double loss = 0;         ///< At the rung where it is paused: the one before `next`.
  };

  void add(rung& here, trial_id trial, double loss);
  std::string place_in(const rung& here, double loss, const char* what) const;

  asha_options options_;
  scheduler_setup setup_;
  std::size_t ceiling_ = std::numeric_limits<std::size_t>::max();
  std::vector<std::vector<rung>> brackets_;
  std::map<trial_id, life> lives_; ///< Of trials that have not ended.
};

} // namespace tune
