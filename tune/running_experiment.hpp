#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tune/config.hpp"
#include "tune/result_grid.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

class experiment_run;

/// An experiment that goes on in the background. When it goes, the experiment is interrupted in good order: it can be
/// gone on with. All functions may be called by any thread.
class running_experiment {
public:
  /// One of its trials, as it was at one moment.
  struct trial_now {
    std::string id() const { return id_; }     ///< "7f3a91c2_00004"
    std::string node() const { return node_; } ///< Where it runs or ran last; empty: it has not begun.
    iteration_number iterations() const noexcept { return iterations_; } ///< That were counted.

    std::string id_;
    std::string node_;
    iteration_number iterations_ = 0;
  };

  explicit running_experiment(std::unique_ptr<experiment_run> run);
  running_experiment(running_experiment&&) noexcept;
  running_experiment& operator=(running_experiment&&) noexcept;
  ~running_experiment();

  /// Waits for the end. Throws runtime::failure where the experiment could not be done.
  result_grid wait();
  [[nodiscard]] result<result_grid> try_wait();

  /// Waits until a checkpoint of a trial, of this iteration or a later one, lies in the storage. Throws
  /// runtime::failure if the experiment ends before. While only trials are left that their user has paused it does not
  /// end: another thread, or a callback, may resume one. The same holds for the other functions that wait.
  trial_now wait_for_checkpoint(iteration_number iteration);
  /// The same for a result.
  trial_now wait_for_result(iteration_number iteration);

  /// Waits until a trial is in this state. Throws runtime::failure if the trial or the experiment ends before. For a
  /// trial that ended long ago, as very many others did, the journal is read.
  trial_now wait_for_state(const std::string& trial, trial_state state);

  void stop(); ///< In good order: attempts save and end. It can be gone on with. Once more: nothing changes.

  // Single trials, by id ("7f3a91c2_00004") or number ("4"). The reason is kept in the journal and shown to people. An
  // error says why it cannot be, and nothing has changed then: there is no such trial, it has ended, the experiment is
  // ending. That an order was taken does not mean that it is done: see wait_for_state(). But it is on disk by then, and
  // will be done, also by a later driver if this one is killed.

  /// Ends a trial: at its next report, or after 10 s, when it is killed. Its results count.
  [[nodiscard]] result<void> stop(const std::string& trial, const std::string& why = "stopped by the program");
  /// Has a trial save a checkpoint at its next report and give its place to others, for as long as the user likes: only
  /// resume() has it go on, also after the program was ended and started again. What it has done since its newest
  /// checkpoint is done again if it cannot save. An experiment of which only such trials are left waits for their
  /// user, until wait() is called: then it ends, and can be gone on with.
  [[nodiscard]] result<void> pause(const std::string& trial, const std::string& why = "paused by the program");
  /// Has a trial that was paused, by its user or by its scheduler, go on from its checkpoint: before new ones are
  /// begun, as soon as there is a place.
  [[nodiscard]] result<void> resume(const std::string& trial, const std::string& why = "resumed by the program");

  result_grid results() const; ///< As they are now.

  std::string path() const; ///< The experiment's directory.

private:
  std::unique_ptr<experiment_run> run_;
};

} // namespace tune
