#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "tune/trial/attempt_messages.hpp"
#include "tune/worker/posix_trial_runner.hpp"

namespace tune {

/// Runs attempts on threads of this process: for objectives that cost less than a message to a worker. The price: what
/// crashes or exits takes the driver with it, what never reports again can be ended by nobody, and neither the working
/// directory nor what is printed is a trial's own.
///
/// Any thread calls, and nothing blocks but the destructor. The listener hears each event at once, on the thread that
/// runs the attempt or on that of the call that ends it; the same ones as from a worker. It may call what is here.
class in_process_attempts {
public:
  using listener = attempt_exchange::listener;

  /// `each.owns_process` is false, whatever it says, and its listener this one.
  in_process_attempts(std::size_t threads, trial_runner_options each, listener hears);
  ~in_process_attempts(); ///< close(), and waits until the users' code has returned.
  in_process_attempts(const in_process_attempts&) = delete;
  in_process_attempts& operator=(const in_process_attempts&) = delete;

  /// Begins as soon as a thread is free, in the order of these calls.
  void begin(attempt_order order);
  /// To the reports up to `reply.to`. Of an attempt that does not run: changes nothing.
  void answer(trial_id trial, attempt_number attempt, const attempt_reply& reply);
  /// If it waits for a thread, it is over; if it runs, at its next report, which counts.
  void stop(trial_id trial, attempt_number attempt);
  /// What waits for a thread is over, and so is what runs, at its next report. `when_empty` is called once, by any
  /// thread, when no attempt is left.
  void close(std::function<void()> when_empty);

private:
  using key = std::pair<trial_id, attempt_number>;

  void hear(trial_id trial, attempt_number attempt, attempt_event event);
  trial_runner* idle_runner(); ///< Null: all are busy. Under the lock.
  [[nodiscard]] bool begin_on(trial_runner& runner, attempt_order order);
  void tell_if_empty(std::unique_lock<std::mutex>& lock);

  const std::size_t threads_;
  const listener hears_;
  const trial_runner_options options_;
  std::mutex mutex_; // Of what follows.
  std::deque<attempt_order> waiting_;
  std::map<key, trial_runner*> running_;
  std::vector<trial_runner*> idle_;
  bool is_closed_ = false;
  std::function<void()> when_empty_;
  std::vector<std::unique_ptr<trial_runner>> runners_; // Last: their threads use the rest.
};

} // namespace tune
