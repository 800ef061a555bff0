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
  /// runtime::failure if the experiment ends before.
  trial_now wait_for_checkpoint(iteration_number iteration);
  /// The same for a result.
  trial_now wait_for_result(iteration_number iteration);

  void stop(); ///< In good order: attempts save and end. It can be gone on with.

  std::string path() const; ///< The experiment's directory.

private:
  std::unique_ptr<experiment_run> run_;
};

} // namespace tune
