#include "tune/results/results_json.hpp"

#include "tune/results/trial_directory_name.hpp"
#include "tune/value/json_text.hpp"

#include <nlohmann/json.hpp>

namespace tune {
namespace {

using nlohmann::ordered_json;

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json directory_or_null(const checkpoint_ref* checkpoint) {
  return checkpoint == nullptr ? ordered_json(nullptr) : ordered_json(checkpoint->directory);
}

/// Nothing where there are none: only population based training has them.
void add_exploits(ordered_json& to, const trial_view& trial, const std::string& experiment) {
  if (trial.exploits.empty())
    return;
  auto exploits = ordered_json::array();
  for (const auto& each : trial.exploits)
    exploits.push_back({{"iteration", each.iteration},
                        {"donor", trial_name(experiment, each.donor)},
                        {"donor_iteration", each.donor_iteration},
                        {"old_config", json_of(each.before)},
                        {"new_config", json_of(each.after)},
                        {"reason", each.reason}});
  to["exploits"] = std::move(exploits);
}

/// The same, but for schedulers that change resources.
void add_resizes(ordered_json& to, const trial_view& trial) {
  if (trial.resizes.empty())
    return;
  to["size"] = trial.size;
  for (const auto& each : trial.resizes)
    to["resizes"].push_back({{"iteration", each.iteration}, {"size", each.size}, {"reason", each.reason}});
  for (std::size_t i = 0; i < trial.attempts.size(); ++i)
    to["attempts"][i]["size"] = trial.attempts[i].size;
}

ordered_json attempts_of(const trial_view& trial) {
  auto attempts = ordered_json::array();
  for (const auto& each : trial.attempts)
    attempts.push_back({{"attempt", each.attempt},
                        {"node", text_or_null(each.node)},
                        {"cause", each.cause ? ordered_json(to_string(*each.cause)) : ordered_json(nullptr)},
                        {"iterations", each.iterations},
                        {"from", each.from},
                        {"why", text_or_null(each.why)}});
  return attempts;
}

} // namespace

ordered_json best_json(const trial_view& best, const std::string& directory) {
  return {{"trial", best.name},
          {"config", json_of(best.values)},
          {"metrics", json_of(best.last)},
          {"iterations", best.iterations},
          {"path", directory + '/' + best.directory},
          {"checkpoint", directory_or_null(best.newest_checkpoint())},
          {"best_checkpoint", directory_or_null(best.checkpoints.best())},
          {"best_metrics", json_of(best.best)},
          {"best_iteration", best.best_iteration}};
}

ordered_json trials_json(const experiment_view& view, const std::string& directory) {
  auto trials = ordered_json::array();
  for (const auto& [id, trial] : view.trials()) {
    trials.push_back({{"trial", trial.name},
                      {"state", to_string(trial.state)},
                      {"config", json_of(trial.values)},
                      {"metrics", json_of(trial.last)},
                      {"iterations", trial.iterations},
                      {"attempts", attempts_of(trial)},
                      {"error", text_or_null(trial.error)},
                      {"reason", text_or_null(trial.reason)},
                      {"time_total_s", trial.time_total_s},
                      {"path", directory + '/' + trial.directory}});
    add_exploits(trials.back(), trial, view.id());
    add_resizes(trials.back(), trial);
  }
  return trials;
}

ordered_json experiment_json(const experiment_view& view, const std::string& directory, double seconds) {
  const auto* best = view.best();
  auto trials = ordered_json::object();
  for (const auto state : {trial_state::pending, trial_state::running, trial_state::paused, trial_state::terminated,
                           trial_state::stopped, trial_state::error})
    if (view.count(state) > 0)
      trials[to_string(state)] = view.count(state);
  return {{"experiment", view.name()},
          {"path", directory},
          {"best", best == nullptr ? ordered_json(nullptr) : best_json(*best, directory)},
          {"trials", std::move(trials)},
          {"seconds", seconds},
          {"results", view.results()},
          {"ended", view.ended() ? ordered_json(view.ended()->why) : ordered_json(nullptr)}};
}

std::string document(const ordered_json& json) {
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

} // namespace tune
