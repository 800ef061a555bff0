#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tune/trial/attempt_messages.hpp"
#include "tune/worker/posix_trial_runner.hpp"

namespace tune {

/// Runs attempts on threads of this process: for objectives that cost less than a message to a worker. The price: what
/// crashes or exits takes the driver with it, what never reports again can be ended by nobody, and neither the working
/// directory nor what is printed is a trial's own.
///
/// Any thread calls, and nothing blocks but the destructor. Events come on the attempts' threads, or at once on that
/// of an answer, each once, to whoever asked; the same ones as from a worker.
class in_process_attempts {
public:
  using then = trial_runner::then;

  /// `each.owns_process` is false, whatever it says.
  in_process_attempts(std::size_t threads, trial_runner_options each);
  ~in_process_attempts(); ///< close(), and waits until the users' code has returned.
  in_process_attempts(const in_process_attempts&) = delete;
  in_process_attempts& operator=(const in_process_attempts&) = delete;

  /// Begins as soon as a thread is free, in the order of these calls.
  void begin(attempt_order order, then with);
  /// Error: it does not run, or has told nothing that waits for an answer.
  [[nodiscard]] result<void> answer(trial_id trial, attempt_number attempt, attempt_reply reply, then with);
  /// What waits for a thread is over, and so is what runs, at its next report.
  void close();

private:
  using key = std::pair<trial_id, attempt_number>;
  struct waiting {
    attempt_order order;
    then with;
  };

  trial_runner* idle_runner(); ///< Null: all are busy. Under the lock.
  void begin_on(trial_runner& runner, waiting next);
  then passing_on(trial_runner& runner, key attempt, then with);
  void on_over(trial_runner& runner, key attempt);

  const std::size_t threads_;
  const trial_runner_options options_;
  std::mutex mutex_; // Of what follows.
  std::deque<waiting> waiting_;
  std::map<key, trial_runner*> running_;
  std::vector<trial_runner*> idle_;
  bool is_closed_ = false;
  std::vector<std::unique_ptr<trial_runner>> runners_; // Last: their threads use the rest.
};

} // namespace tune
