#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "tune/simulate/trial_model.hpp"
#include "tune/trial/attempt_messages.hpp"
#include "tune/worker/attempt_course.hpp"

namespace tune {

/// One attempt as a worker runs it, in virtual time: restores, steps, saves and tells as tune/worker does, and by the
/// same core; but the time that each takes is told to it.
class simulated_attempt {
public:
  struct costs {
    std::chrono::nanoseconds saving{0}; ///< Of a checkpoint; and so long it takes to restore one.
    bool can_save = true;               ///< The trainable can; else each attempt begins from the beginning.
    double failure_chance = 0;          ///< Of each iteration, to fail as if the trainable had thrown.
    std::uint64_t seed = 0;             ///< Of that chance.
  };

  simulated_attempt(const attempt_order& order, std::string node, std::unique_ptr<trial_curve> curve, costs how,
                    instant now);

  instant due() const noexcept { return due_; } ///< When on_time() is due; after a report and its answer.
  /// What it tells then: a report, which is to be answered by on_answer(), or its end. None: it goes on.
  std::optional<attempt_event> on_time(instant now);
  void on_answer(attempt_answer answer, instant now);

  // What is lost, should it be gone now: what it did after its last checkpoint, or its beginning.
  iteration_number unsaved_iterations() const noexcept { return course_.iteration() - saved_; }
  std::chrono::nanoseconds unsaved_time(instant now) const { return now - unsaved_since_; }

private:
  enum class doing { restores, steps, saves_result, saves_end, ends };

  void begin_step(instant now);
  bool fails(iteration_number iteration) const;
  std::optional<attempt_event> end_step(instant now);
  attempt_report with_checkpoint(attempt_report report, instant now);
  checkpoint_ref saved(instant now);

  trial_id trial_;
  attempt_number attempt_;
  std::string node_;
  std::unique_ptr<trial_curve> curve_;
  costs how_;
  attempt_course course_;
  doing doing_ = doing::steps;
  instant due_;
  instant save_began_;
  std::unique_ptr<attempt_report> unsaved_; ///< Told when its checkpoint is written.
  iteration_number saved_ = 0;
  instant unsaved_since_;
};

} // namespace tune
