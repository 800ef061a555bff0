#include "tune/running_experiment.hpp"

#include <fmt/format.h>

#include "tune/driver/experiment_run.hpp"

namespace tune {
namespace {

running_experiment::trial_now now_of(const trial_view& trial) {
  return {trial.name, trial.attempts.empty() ? std::string() : trial.attempts.back().node, trial.iterations};
}

running_experiment::trial_now wait_for(experiment_run& run, const std::string& what,
                                       const std::function<bool(const trial_view&)>& is_it) {
  running_experiment::trial_now found;
  const bool so = run.wait_until([&](const experiment_view& view) {
    for (const auto& each : view.trials())
      if (is_it(each.second)) {
        found = now_of(each.second);
        return true;
      }
    return false;
  });
  if (!so)
    throw failure({errc::not_found, fmt::format("the experiment ended without {}", what)});
  return found;
}

} // namespace

running_experiment::running_experiment(std::unique_ptr<experiment_run> run) : run_(std::move(run)) {
}
running_experiment::running_experiment(running_experiment&&) noexcept = default;
running_experiment& running_experiment::operator=(running_experiment&&) noexcept = default;
running_experiment::~running_experiment() = default;

result<result_grid> running_experiment::try_wait() {
  auto how = run_->wait();
  if (!how)
    return fail(how.error());
  return run_->results();
}

result_grid running_experiment::wait() {
  return or_throw(try_wait());
}

running_experiment::trial_now running_experiment::wait_for_checkpoint(iteration_number iteration) {
  return wait_for(*run_, fmt::format("a checkpoint of iteration {}", iteration), [&](const trial_view& trial) {
    const auto* newest = trial.checkpoints.newest_in_storage();
    return newest != nullptr && newest->iteration >= iteration;
  });
}

running_experiment::trial_now running_experiment::wait_for_result(iteration_number iteration) {
  return wait_for(*run_, fmt::format("a result of iteration {}", iteration),
                  [&](const trial_view& trial) { return trial.iterations >= iteration; });
}

running_experiment::trial_now running_experiment::wait_for_state(const std::string& trial, trial_state state) {
  std::optional<trial_id> which;
  std::optional<trial_state> now;
  std::optional<trial_now> found;
  run_->wait_until([&](const experiment_view& view) {
    which = view.id_of(trial);
    now = which ? view.state_of(*which) : std::nullopt;
    if (const auto* kept = now == state ? view.find(*which) : nullptr)
      found = now_of(*kept);
    return now && (*now == state || has_ended(*now));
  });
  if (now == state)
    return found ? *found : now_of(or_throw(run_->trial_of(*which)));
  const auto never =
    now && has_ended(*now)
      ? fmt::format("trial {} has ended as {}; it will not be {}", trial, to_string(*now), to_string(state))
      : fmt::format("the experiment ended without trial {} being {}", trial, to_string(state));
  throw failure({errc::not_found, never});
}

void running_experiment::stop() {
  run_->interrupt("stopped by the program");
}

result<void> running_experiment::stop(const std::string& trial, const std::string& why) {
  return run_->order(trial, trial_order::kind::stop, why);
}

result<void> running_experiment::pause(const std::string& trial, const std::string& why) {
  return run_->order(trial, trial_order::kind::pause, why);
}

result<void> running_experiment::resume(const std::string& trial, const std::string& why) {
  return run_->order(trial, trial_order::kind::resume, why);
}

result_grid running_experiment::results() const {
  return run_->results();
}

std::string running_experiment::path() const {
  return run_->directory().string();
}

} // namespace tune
