#include "tune/result_grid.hpp"

#include "tune/results/experiment_view.hpp"
#include "tune/results/results_json.hpp"
#include "tune/results/trial_directory_name.hpp"
#include "tune/results/trial_listing.hpp"

#include <mutex>
#include <utility>

#include <fmt/format.h>
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
  return path_of(trial_->newest_checkpoint());
}

std::optional<path> trial_result::best_checkpoint() const {
  return path_of(trial_->checkpoints.best());
}

std::vector<attempt_result> trial_result::attempts() const {
  std::vector<attempt_result> all;
  for (const auto& each : trial_->attempts)
    all.push_back(
      {each.attempt, each.node, each.cause ? to_string(*each.cause) : "", each.why, each.iterations, each.size});
  return all;
}

std::vector<exploit_result> trial_result::exploits() const {
  std::vector<exploit_result> all;
  for (const auto& each : trial_->exploits)
    all.push_back({each.iteration, trial_name(all_->id(), each.donor), each.donor_iteration, each.after, each.reason});
  return all;
}

/// Shared by the copies of a grid, so that it is read once.
struct result_grid::source {
  std::size_t kept = 0;
  std::function<result<experiment_view>()> read;
  std::mutex mutex;
  std::shared_ptr<const experiment_view> all; ///< When it has been read.
};

result_grid::result_grid(experiment_view view, path directory)
  : known_(std::make_shared<experiment_view>(std::move(view))),
    directory_(std::move(directory)) {
}

result_grid::result_grid(experiment_view view, path directory, std::size_t kept,
                         std::function<result<experiment_view>()> read_all)
  : result_grid(std::move(view), std::move(directory)) {
  if (!known().has_forgotten())
    return;
  source_ = std::make_shared<source>();
  source_->kept = kept;
  source_->read = std::move(read_all);
}

result<std::shared_ptr<const experiment_view>> result_grid::all() const {
  if (!source_)
    return known_;
  const std::lock_guard<std::mutex> hold(source_->mutex);
  if (!source_->all) {
    auto read = source_->read();
    if (!read)
      return fail(runtime::within(fmt::format("the trials of {}", known().name()), read.error()));
    source_->all = std::make_shared<const experiment_view>(std::move(*read));
  }
  return source_->all;
}

bool result_grid::is_ranked(const objective& by) const {
  if (!source_)
    return true;
  const auto& objectives = known().objectives();
  return !objectives.empty() && objectives.front().metric == by.metric && objectives.front().better == by.better;
}

trial_result result_grid::best(result_scope scope) const {
  return or_throw(try_best(scope));
}

trial_result result_grid::best(const objective& by, result_scope scope) const {
  return or_throw(try_best(by, scope));
}

result<trial_result> result_grid::try_best(result_scope scope) const {
  if (!known().objectives().empty())
    return try_best(known().objectives().front(), scope);
  const auto view = all();
  return view ? fail(no_best(**view, "")) : fail(view.error());
}

result<trial_result> result_grid::try_best(const objective& by, result_scope scope) const {
  if (is_ranked(by))
    if (const auto* found = known().best(by, scope))
      return trial_result(known_, found, directory_);
  const auto view = all();
  if (!view)
    return fail(view.error());
  if (const auto* found = (*view)->best(by, scope))
    return trial_result(*view, found, directory_);
  return fail(no_best(**view, by.metric));
}

std::vector<trial_result> result_grid::trials() const {
  const auto view = or_throw(all());
  std::vector<trial_result> found;
  for (const auto& each : view->trials())
    found.push_back(trial_result(view, &each.second, directory_));
  return found;
}

std::vector<trial_result> result_grid::errors() const {
  if (count(trial_state::error) == 0)
    return {};
  const auto view = or_throw(all());
  std::vector<trial_result> found;
  for (const auto& each : view->trials())
    if (each.second.state == trial_state::error)
      found.push_back(trial_result(view, &each.second, directory_));
  return found;
}

std::size_t result_grid::size() const {
  return known().created();
}

std::uint64_t result_grid::count(trial_state state) const {
  return known().count(state);
}

std::uint64_t result_grid::results() const {
  return known().results();
}

std::uint64_t result_grid::lost_results() const {
  return known().lost_results();
}

const std::string& result_grid::name() const {
  return known().name();
}

std::string result_grid::ended() const {
  return known().ended() ? known().ended()->why : "";
}

std::string result_grid::table(std::size_t most) const {
  const bool best_are_known = !source_ || (!known().objectives().empty() && most <= source_->kept);
  const auto view = best_are_known ? known_ : or_throw(all());
  const auto order =
    view->objectives().empty() ? all_trials(*view) : view->best_first(view->objectives().front(), result_scope::last);
  return trials_table(*view, order, most, view->created());
}

std::string result_grid::to_csv() const {
  return trials_csv(all_trials(*or_throw(all())), directory_.string());
}

std::string result_grid::to_json() const {
  return document(trials_json(*or_throw(all()), directory_.string()));
}

} // namespace tune
