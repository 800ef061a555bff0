#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include "runtime/options.hpp"
#include "runtime/remote_actor.hpp"
#include "tune/controller/runner_pool.hpp"
#include "tune/driver/controller_actor.hpp"
#include "tune/trial/attempt_messages.hpp"
#include "tune/worker/trial_runner_actor.hpp"

namespace tune {

/// Has trial runners come to be on a cluster: runtime::cluster::try_spawn() of trial_runner_type().
using spawn_runner = std::function<runtime::result<runtime::remote_actor>(const runtime::actor_options& how)>;

/// Runs attempts on a cluster: spawns trial runners there, has them begin, passes answers and events on. Every order is
/// followed by exactly one attempt_over, unless this actor ends before. After end_all_attempts it ends when the last
/// runner has.
class attempts_actor : public caf::event_based_actor {
public:
  struct options {
    runtime::actor_options runner; ///< Placement of each trial,
    runtime::resource_set each;    ///< and what it wants at size 1.
    runner_pool::options pool;
    std::string process_of; ///< Not empty: each runner has a process of its own, whose CAF_TUNE_PROCESS begins so.
    std::chrono::milliseconds stop_deadline{5000}; ///< For a runner that has nothing to do.
    std::string marker_file; ///< By its content a runner knows whether it sees the experiment's storage.
    std::string marker;
    /// Has a checkpoint of the storage lie on a node that does not see it, for a trial, in this directory or in the one
    /// that is told.
    std::function<void(trial_id trial, const lent_checkpoint& what, const std::string& node,
                       const std::string& directory, std::function<void(const result<std::string>&)> then)>
      provide;
  };

  attempts_actor(caf::actor_config& config, spawn_runner spawn, options how, caf::actor controller);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "attempts_actor"; }

private:
  struct runner {
    runtime::remote_actor remote;
    runner_place place;
    attempt_key attempt;
  };

  void perform(const runner_pool::actions& todo);
  void spawn(runner_id id, const place_wish& where);
  void begin(runner_id id, attempt_key key);
  void begin_there(runner_id id, attempt_key key, const result<std::string>& restored);
  void ask_next(runner_id id, runner& r, attempt_reply reply);
  template <class... Parts>
  void call(runner_id id, runner& r, Parts&&... parts);
  void end(runner_id id, std::chrono::milliseconds deadline);
  void hear(runner_id id, attempt_key key, const runtime::result<std::string>& bytes);
  void tell(attempt_key key, attempt_events events);
  void give_up(runner_id id, const error& why);
  void quit_when_empty();
  runtime::instant now() const { return runtime::instant{clock().now().time_since_epoch()}; }

  const spawn_runner spawn_;
  options options_;
  caf::actor controller_;
  runner_pool pool_;
  std::map<runner_id, runner> runners_;
  struct waiting_order {
    attempt_order order;
    std::optional<lent_checkpoint> lent;
  };
  std::map<attempt_key, waiting_order> orders_; ///< Not begun yet.
  bool is_closing_ = false;
};

} // namespace tune
