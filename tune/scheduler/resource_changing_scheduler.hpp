#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"

namespace tune {

/// Another scheduler decides all but how much each trial has: that follows the room that there is, as Ray Tune's
/// ResourceChangingScheduler does. A trial changes at most once in `interval` iterations, as each change is a restart;
/// where it begins anew anyway, it gives back at once what it must not have any more. It gets more only when nobody
/// else has more than is due to it: so what it asks for is there. Each time that it is refused all the same, as others
/// than the experiment were faster, it waits twice as long as before.
class resource_changing_scheduler final : public scheduler {
public:
  resource_changing_scheduler(const resource_changing_options& options, const scheduler_setup& setup,
                              std::unique_ptr<scheduler> inside);

  void on_trial_created(trial_id trial, const config& values) override;
  decision on_result(const scheduler_result& result) override;
  iteration_number next_judged(trial_id trial, iteration_number after) const override;
  void on_trial_end(trial_id trial, trial_state how) override;
  void on_trial_paused(trial_id trial) override;
  void on_trial_held(trial_id trial) override;
  std::optional<resumption> choose_paused() override;
  bool creates_first() const override;
  void on_exploited(trial_id trial, const exploit& with) override;
  std::vector<resumption> lost() const override;
  std::vector<resumption> end_paused() override;
  std::optional<iteration_number> max_iterations() const override;
  bool stops() const override;
  bool needs_checkpoints() const override { return true; }
  iteration_number saves_every() const override;

  bool changes_resources() const override { return true; }
  bool may_resize(trial_id trial, resize_chance when) const override;
  /// `room`: of trials that it knows. Nothing of a trial that it does not know.
  std::optional<resizing> resize(trial_id trial, resize_chance when, const resource_room& room) const override;
  void on_resized(trial_id trial, trial_size size, resize_cause why) override;

private:
  using allocation = resource_changing_options::allocation;
  struct life {
    trial_size size = 1;
    iteration_number iteration = 0;  ///< Of its newest result.
    iteration_number changed_at = 0; ///< Its size; 0: at no time.
    int refusals = 0;                ///< One after the other.
    bool was_refused = false;        ///< At the last change.
    std::optional<double> best_loss; ///< None: it has reported no number.
  };

  bool may_change(const life& x) const;
  bool may_grow(const life& x) const;
  std::optional<trial_id> top_trial(const resource_room& room) const;
  trial_size due_to(trial_id trial, const resource_room& room, std::optional<trial_id> top) const;
  std::string reason_for(trial_id trial, const resource_room& room, std::optional<trial_id> top) const;

  resource_changing_options options_;
  scheduler_setup setup_;
  std::unique_ptr<scheduler> inside_;
  std::map<trial_id, life> lives_; ///< Of trials that have not ended.
};

} // namespace tune
