#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/instant.hpp"
#include "tune/trial/attempt_messages.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

using runtime::instant;

/// Where one attempt stands: counts its iterations and their time, says when a checkpoint is due, and how it ends.
/// Iterations go on from the restored checkpoint. What counts as an iteration's time is the trainable's own: neither
/// saving nor waiting for the driver.
class attempt_course {
public:
  /// The first iteration begins now.
  attempt_course(const attempt_order& order, instant now);

  void on_begin(instant now) { iteration_began_ = now; } ///< The iteration begins only now: it was set up before.

  /// The trainable has done an iteration: what is to be told. Error: what it reported cannot be; it has failed by it.
  [[nodiscard]] result<attempt_report> on_report(const metrics& values, instant now);
  /// What the driver answered to the report, or to `alive`; the next iteration begins.
  void on_answer(attempt_answer answer, instant now);
  /// How long it may wait for an answer that it does not need, so that its result is on disk before it goes on: at most
  /// 5 % of the time.
  [[nodiscard]] std::chrono::nanoseconds patience() const noexcept { return patience_; }
  void on_failure(std::string why); ///< The trainable threw. After its end was decided this only adds to the reason.
  void on_save_failure(std::string why);   ///< It threw while it saved: it has failed, whatever was decided.
  /// Its checkpoint cannot be restored. One that is damaged or gone is given up for the one before it; one that could
  /// not be read (a disk's error, a mount that is away) is tried again, perhaps on another node.
  void on_no_restore(error why);
  void on_return();                        ///< The trainable returned.

  /// Whether the state is to be saved now: asked after each report before it is told, and after its answer.
  [[nodiscard]] bool wants_checkpoint(instant now) const;
  void on_checkpoint(bool is_there, instant began, instant ended);

  [[nodiscard]] bool is_ending() const noexcept { return end_.has_value(); } ///< Nothing more is counted.
  [[nodiscard]] bool has_failed() const noexcept;
  [[nodiscard]] const attempt_end& end() const;                                    ///< Only when is_ending().
  [[nodiscard]] iteration_number iteration() const noexcept { return iteration_; } ///< The last one that is done.

private:
  [[nodiscard]] bool is_due(instant now) const;

  std::vector<std::string> metrics_;
  checkpoint_policy policy_;
  std::optional<iteration_number> max_iterations_;
  iteration_number iteration_ = 0;
  std::uint64_t reports_ = 0; // Of this attempt.
  double time_total_s_ = 0;
  instant iteration_began_;

  std::chrono::nanoseconds patience_{0};
  bool awaits_answer_ = false;            // The report was made, its answer has not come.
  bool is_last_ = false;                  // The report that awaits its answer is the last one.
  std::optional<iteration_number> saved_; // At which a checkpoint was written by this attempt,
  std::optional<iteration_number> tried_; // or was to be.
  std::optional<instant> saved_at_;       // When that ended, and
  std::chrono::nanoseconds save_took_{0}; // how long it took.
  std::optional<attempt_end> end_;
};

} // namespace tune
