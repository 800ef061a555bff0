#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/config.hpp"
#include "tune/scheduler/resource_room.hpp"
#include "tune/trial/trial_state.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

enum class verdict {
  go_on,
  pause, ///< Save a checkpoint and free the resources; choose_paused() may bring it back.
  stop,
  /// Pause if another trial waits for a place, else go on: whoever asks knows, and keeps which of the two it was.
  yield,
};

/// What a scheduler wants of a trial, and why: the reason is kept in the journal and shown to people.
struct decision {
  verdict what = verdict::go_on;
  std::string reason; ///< Empty for go_on without anything to say.

  friend bool operator==(const decision& a, const decision& b) { return a.what == b.what && a.reason == b.reason; }
};

/// A result as a scheduler sees it. Of each (trial, iteration) it hears once, iterations ascending.
struct scheduler_result {
  trial_id trial;
  iteration_number iteration = 0;
  double loss = 0; ///< Less is better, whatever the objective says; NaN if the metric is.
};

/// A trial goes on from the newest checkpoint of another one, with these values; of itself: from its own.
struct exploit {
  trial_id donor;
  config values;
};

/// Decides from results whether a trial goes on, pauses or stops. A pure core: equal after equal events, which are
/// those of the journal in its order, so that a replay makes the same decisions (I6). The time attribute is the
/// iteration, never a clock.
class scheduler {
public:
  virtual ~scheduler() = default;

  virtual void on_trial_created(trial_id trial, const config& values) = 0;
  virtual decision on_result(const scheduler_result& result) = 0;
  /// The first iteration after this one at which on_result() may say anything but go on: a trial does those before it
  /// without waiting for an answer. The greatest number: none.
  virtual iteration_number next_judged(trial_id trial, iteration_number after) const {
    (void)trial;
    return after + 1;
  }
  /// The trial has ended, for whatever cause; a trial that merely runs again elsewhere has not.
  virtual void on_trial_end(trial_id trial, trial_state how) = 0;

  /// The trial that was to pause has done so: from now on it may be chosen.
  virtual void on_trial_paused(trial_id trial) { (void)trial; }

  /// Its user has paused it, or has had it go on: it must not be chosen, until it has paused again by its scheduler.
  virtual void on_trial_held(trial_id trial) { (void)trial; }

  /// A place is free: which of the trials that have paused should go on before a new one is created? It is running
  /// again afterwards.
  struct resumption {
    trial_id trial;
    std::string reason;
    std::optional<exploit> with = std::nullopt; ///< Where the donor has no checkpoint, the trial goes on as it was.
  };
  virtual std::optional<resumption> choose_paused() { return std::nullopt; }
  virtual bool creates_first() const { return false; } ///< While new trials can come, none is chosen.

  /// That is done: the trial has these values now.
  virtual void on_exploited(trial_id trial, const exploit& with) {
    (void)trial;
    (void)with;
  }

  /// When a trial can get another size.
  enum class resize_chance {
    after_result, ///< It runs, and would have to save, end and begin again.
    before_start, ///< It begins anyway, from a checkpoint.
  };
  virtual bool changes_resources() const { return false; } ///< Of some trials; all have size 1 at first.
  /// Whether resize() may say something then. Only trials with a checkpoint are asked for.
  virtual bool may_resize(trial_id trial, resize_chance when) const {
    (void)trial;
    (void)when;
    return false;
  }
  virtual std::optional<resizing> resize(trial_id trial, resize_chance when, const resource_room& room) const {
    (void)trial;
    (void)when;
    (void)room;
    return std::nullopt;
  }
  /// From now on it has that size.
  enum class resize_cause {
    decided, ///< resize() wanted it.
    refused, ///< It could not have the larger one that resize() had wanted, and has this one again.
  };
  virtual void on_resized(trial_id trial, trial_size size, resize_cause why) {
    (void)trial;
    (void)size;
    (void)why;
  }

  /// Those that have paused and can never be chosen any more, and why: they end now.
  virtual std::vector<resumption> lost() const { return {}; }

  /// No trial runs or waits and no new one can come: which paused trials end now, and why. Those it does not name and
  /// that choose_paused() does not bring back are ended by the controller.
  virtual std::vector<resumption> end_paused() { return {}; }

  /// After this many iterations a trial has finished; absent: the scheduler does not say.
  virtual std::optional<iteration_number> max_iterations() const { return std::nullopt; }
  virtual bool stops() const { return true; }              ///< Some trials before their end.
  virtual bool needs_checkpoints() const { return false; } ///< It pauses trials.
  /// Why it cannot do what it is for if the experiment has so many trials, for people; empty: it can.
  virtual std::string doubt_with(std::uint64_t trials) const {
    (void)trials;
    return {};
  }
  /// Where the user does not say how often, checkpoints are written after each so many iterations; 0: as is cheap.
  virtual iteration_number saves_every() const { return 0; }
};

} // namespace tune
