#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "runtime/base/instant.hpp"
#include "tune/path.hpp"
#include "tune/store/file_unheard_events.hpp"
#include "tune/trial/attempt_messages.hpp"
#include "tune/worker/checkpoint_files.hpp"
#include "tune/worker/posix_attempt_exchange.hpp"
#include "tune/worker/posix_running_trial.hpp"
#include "tune/worker/trainable_registry.hpp"

namespace tune {

class attempt_output;

struct trial_runner_options {
  std::string node;    ///< Its name.
  path node_directory; ///< Where attempts that do not see the storage have their files.
  /// This process is for attempts alone, one at a time: each finds its trial's directory as its working directory, and
  /// what it prints goes there. Otherwise all lies in the storage, and the trial's directory is made when it is used.
  bool owns_process = false;
  std::shared_ptr<checkpoint_files> checkpoints;
  const trainable_registry* trainables = &trainable_registry::of_this_program();
  std::function<runtime::instant()> now;      ///< Empty: the steady clock.
  attempt_exchange::listener hears = nullptr; ///< Hears each event at once. Empty: they are asked for.
};

/// Runs attempts one after the other, on a thread of its own: the user's code, functions and classes. An object of a
/// class is kept for the next attempt of the same trainable, if its reset() can do that.
///
/// Requests come from any thread and do not block. Each is given the next events of the attempt, on the runner's thread
/// or at once on that of the request: an order `alive`, or `over` where it cannot begin; an answer the reports since,
/// and `over`. What a trainable throws, or says and should not, is its end. Code that goes on after it was told to stop
/// ends at its next report, by an exception of no type that it could name; code that never reports again ends only with
/// its process.
class trial_runner {
public:
  using then = attempt_exchange::then;

  explicit trial_runner(trial_runner_options options);
  ~trial_runner(); ///< Like shut_down(), and waits until the user's code has returned.
  trial_runner(const trial_runner&) = delete;
  trial_runner& operator=(const trial_runner&) = delete;

  [[nodiscard]] result<void> begin(attempt_order order, then with); ///< Error: one runs, or it was shut down.
  [[nodiscard]] result<void> answer(attempt_reply reply, then with);
  [[nodiscard]] result<void> begin(attempt_order order); ///< With a listener. Errors as above.
  [[nodiscard]] result<void> answer(attempt_reply reply);
  void heard(); ///< All that was told of the last attempt, which is over.
  /// Stops the attempt at its next report, with a checkpoint, and takes no other. What of it nobody is known to have
  /// heard is left in the trial's directory for a later driver, where that is seen. `when_idle` is called once, on the
  /// runner's thread, when the user's code has returned and whoever waited was given `over`. Called once.
  void shut_down(std::function<void()> when_idle);

private:
  void run();
  void run_attempt(const attempt_order& order);
  [[nodiscard]] result<attempt_place> enter(const attempt_order& order);
  void leave();
  void leave_unheard();

  trial_runner_options options_;
  attempt_exchange exchange_;
  std::unique_ptr<attempt_output> output_;
  path home_;
  kept_actor kept_;
  struct last_attempt {
    last_attempt(const attempt_order& order, const path& where)
      : attempt(order.attempt),
        directory(where),
        running(where, order.attempt) {}

    attempt_number attempt;
    path directory;
    attempt_lock running;
  };
  std::optional<last_attempt> last_; ///< That sees the storage; the runner's thread's.
  std::mutex mutex_;
  std::function<void()> when_idle_;
  std::thread thread_;
};

} // namespace tune
