#include "tune/result_grid.hpp"

#include "tune/results/experiment_view.hpp"
#include "tune/results/results_json.hpp"
#include "tune/results/trial_listing.hpp"

#include <nlohmann/json.hpp>

namespace tune {
namespace {

std::optional<path> path_of(const checkpoint_ref* checkpoint) {
  return checkpoint != nullptr ? std::optional<path>(checkpoint->directory) : std::nullopt;
}

} // namespace

trial_result::trial_result(std::shared_ptr<const experiment_view> all, const trial_view* trial,
                           const tune::path& directory)
  : all_(std::move(all)),
    trial_(trial),
    directory_(directory) {
}

const std::string& trial_result::id() const {
  return trial_->name;
}

std::uint64_t trial_result::number() const {
  return trial_->trial.value;
}

trial_state trial_result::state() const {
  return trial_->state;
}

const config& trial_result::config() const {
  return trial_->values;
}

const metrics& trial_result::metrics() const {
  return trial_->last;
}

const metrics& trial_result::best_metrics() const {
  return trial_->best;
}

iteration_number trial_result::best_iteration() const {
  return trial_->best_iteration;
}

iteration_number trial_result::iterations() const {
  return trial_->iterations;
}

double trial_result::seconds() const {
  return trial_->time_total_s;
}

const std::string& trial_result::reason() const {
  return trial_->reason;
}

const std::string& trial_result::error() const {
  return trial_->error;
}

path trial_result::path() const {
  return directory_ / trial_->directory;
}

std::optional<path> trial_result::checkpoint() const {
  return path_of(trial_->checkpoints.newest());
}

std::optional<path> trial_result::best_checkpoint() const {
  return path_of(trial_->checkpoints.best());
}

std::vector<attempt_result> trial_result::attempts() const {
  std::vector<attempt_result> all;
  for (const auto& each : trial_->attempts)
    all.push_back({each.attempt, each.node, each.cause ? to_string(*each.cause) : "", each.why, each.iterations});
  return all;
}

result_grid::result_grid(experiment_view view, path directory)
  : all_(std::make_shared<experiment_view>(std::move(view))),
    directory_(std::move(directory)) {
}

trial_result result_grid::best(result_scope scope) const {
  return or_throw(try_best(scope));
}

trial_result result_grid::best(const objective& by, result_scope scope) const {
  return or_throw(try_best(by, scope));
}

result<trial_result> result_grid::try_best(result_scope scope) const {
  if (all_->objectives().empty())
    return fail(no_best(*all_, ""));
  return try_best(all_->objectives().front(), scope);
}

result<trial_result> result_grid::try_best(const objective& by, result_scope scope) const {
  if (const auto* found = all_->best(by, scope))
    return trial_result(all_, found, directory_);
  return fail(no_best(*all_, by.metric));
}

std::vector<trial_result> result_grid::trials() const {
  std::vector<trial_result> all;
  for (const auto& each : all_->trials())
    all.push_back(trial_result(all_, &each.second, directory_));
  return all;
}

std::vector<trial_result> result_grid::errors() const {
  std::vector<trial_result> all;
  for (const auto& each : all_->trials())
    if (each.second.state == trial_state::error)
      all.push_back(trial_result(all_, &each.second, directory_));
  return all;
}

std::size_t result_grid::size() const {
  return all_->created();
}

std::uint64_t result_grid::count(trial_state state) const {
  return all_->count(state);
}

std::uint64_t result_grid::results() const {
  return all_->results();
}

std::uint64_t result_grid::lost_results() const {
  return all_->lost_results();
}

const std::string& result_grid::name() const {
  return all_->name();
}

std::string result_grid::ended() const {
  return all_->ended() ? all_->ended()->why : "";
}

std::string result_grid::table(std::size_t most) const {
  const auto order =
    all_->objectives().empty() ? all_trials(*all_) : all_->best_first(all_->objectives().front(), result_scope::last);
  return trials_table(*all_, order, most);
}

std::string result_grid::to_csv() const {
  return trials_csv(all_trials(*all_), directory_.string());
}

std::string result_grid::to_json() const {
  return document(trials_json(*all_, directory_.string()));
}

} // namespace tune
