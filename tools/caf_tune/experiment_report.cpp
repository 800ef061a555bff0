#include "tools/caf_tune/experiment_report.hpp"

#include "tune/results/result_text.hpp"
#include "tune/results/results_json.hpp"
#include "tune/results/text_table.hpp"
#include "tune/results/trial_directory_name.hpp"
#include "tune/results/trial_listing.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace tools {
namespace {

using tune::errc;
using tune::fail;
using tune::objective;
using tune::trial_view;

constexpr std::size_t results_in_table = 50; ///< A terminal holds no more; --last says otherwise.

/// A list of thousands is for --json.
tune::metrics with_short_values(const tune::metrics& values) {
  tune::metrics all;
  for (const auto& [name, x] : values)
    all.set(name, x.is_number() || x.is_truth() ? x : to_json(x) == tune::shown(x) ? x : tune::value(tune::shown(x)));
  return all;
}

std::string best_text(const trial_view& best, const objective& by, const report_wishes& wishes,
                      const std::string& directory) {
  tune::text_table table({"TRIAL", best.name});
  const auto score = best.score(by, wishes.scope);
  table.add({by.metric,
             fmt::format("{:.6g}{}", score.value_or(0), wishes.scope == tune::result_scope::best ? " at best" : "")});
  table.add({"state", to_string(best.state)});
  table.add({"iterations", std::to_string(best.iterations)});
  table.add({"config", to_json(best.values)});
  table.add({"metrics", to_json(with_short_values(best.last))});
  table.add({"path", directory + '/' + best.directory});
  if (const auto* newest = best.newest_checkpoint())
    table.add({"checkpoint", newest->directory});
  return table.to_string();
}

} // namespace

tune::result<std::optional<objective>> objective_of(const tune::experiment_view& view, const report_wishes& wishes) {
  const auto& known = view.objectives();
  if (!wishes.metric && known.empty())
    return std::optional<objective>();
  auto wanted = wishes.metric ? objective{*wishes.metric, tune::direction::maximize} : known.front();
  const auto same =
    std::find_if(known.begin(), known.end(), [&](const auto& each) { return each.metric == wanted.metric; });
  if (wishes.mode)
    wanted.better = *wishes.mode == "min" ? tune::direction::minimize : tune::direction::maximize;
  else if (same != known.end())
    wanted.better = same->better;
  else
    return fail(
      errc::invalid_argument,
      fmt::format("\"{}\" is no objective of the experiment: say with --mode min or --mode max what is better",
                  wanted.metric));
  return std::optional<objective>(wanted);
}

tune::result<std::string> trials_report(const tune::experiment_view& view, const std::string& directory,
                                        const report_wishes& wishes) {
  if (wishes.as == form::json)
    return tune::document(tune::trials_json(view, directory));
  const auto by = objective_of(view, wishes);
  if (!by)
    return fail(by.error());
  if (wishes.as == form::csv)
    return tune::trials_csv(tune::all_trials(view), directory);
  const auto trials = *by ? view.best_first(**by, wishes.scope) : tune::all_trials(view);
  return tune::trials_table(view, trials, trials.size(), trials.size());
}

tune::result<std::string> best_report(const tune::experiment_view& view, const std::string& directory,
                                      const report_wishes& wishes) {
  const auto by = objective_of(view, wishes);
  if (!by)
    return fail(by.error());
  const auto* best = *by ? view.best(**by, wishes.scope) : nullptr;
  if (best == nullptr)
    return fail(tune::no_best(view, *by ? (*by)->metric : ""));
  switch (wishes.as) {
  case form::json: return tune::document(tune::best_json(*best, directory));
  case form::csv: return tune::trials_csv({best}, directory);
  case form::table: return best_text(*best, **by, wishes, directory);
  }
  return std::string();
}

results_report::results_report(report_wishes wishes, print_function print)
  : wishes_(std::move(wishes)),
    print_(std::move(print)) {
  if (wishes_.as == form::table && !wishes_.last)
    wishes_.last = results_in_table;
}

void results_report::learn_columns(const tune::journal_record& record) {
  if (const auto* result = std::get_if<tune::record::result_reported>(&record))
    for (const auto& each : result->values)
      if (std::find(metrics_.begin(), metrics_.end(), each.first) == metrics_.end())
        metrics_.push_back(each.first);
}

void results_report::on_record(const tune::journal_record& record) {
  if (const auto* begun = std::get_if<tune::record::experiment_begun>(&record))
    experiment_id_ = begun->id;
  for (const auto& action : core_.on_record(record)) {
    const auto* appended = std::get_if<tune::results_core::append_result>(&action);
    const auto* result = std::get_if<tune::record::result_reported>(&record);
    if (appended == nullptr || result == nullptr)
      continue; // Counted once: what comes twice is no action.
    if (wishes_.trial && *wishes_.trial != tune::trial_name(experiment_id_, result->trial) &&
        *wishes_.trial != std::to_string(result->trial.value))
      continue;
    if (!wishes_.last) {
      begin();
      show(row_of(*result, appended->json));
      continue;
    }
    newest_.push_back(row_of(*result, appended->json));
    if (newest_.size() > *wishes_.last)
      newest_.pop_front();
  }
}

results_report::row results_report::row_of(const tune::record::result_reported& result, const std::string& json) const {
  row one;
  if (wishes_.as == form::json) {
    one.json = json.substr(0, json.size() - 1); // Without its newline.
    return one;
  }
  const auto seconds_cell = [&](double seconds) {
    std::string cell;
    if (wishes_.as == form::table)
      return tune::shown(seconds);
    tune::append_csv(cell, seconds);
    return cell;
  };
  one.cells = {tune::trial_name(experiment_id_, result.trial), std::to_string(result.iteration),
               seconds_cell(result.time_this_iteration_s), seconds_cell(result.time_total_s),
               tune::date_text(result.at)};
  for (const auto& each : metrics_) {
    const auto* x = result.values.find(each);
    std::string cell;
    if (x != nullptr && wishes_.as == form::table)
      cell = tune::shown(*x);
    else if (x != nullptr)
      tune::append_csv(cell, *x);
    one.cells.push_back(std::move(cell));
  }
  return one;
}

void results_report::begin() {
  if (shown_ > 0 || wishes_.as == form::table)
    return;
  if (wishes_.as == form::json) {
    print_("[");
    return;
  }
  std::string header = "trial,training_iteration,time_this_iter_s,time_total_s,date";
  for (const auto& each : metrics_) {
    header += ',';
    tune::append_csv(header, std::string_view(each));
  }
  print_(header + '\n');
}

void results_report::show(const row& one) {
  ++shown_;
  if (wishes_.as == form::json)
    print_((shown_ > 1 ? ",\n " : "\n ") + one.json);
  else
    print_(fmt::format("{}\n", fmt::join(one.cells, ",")));
}

void results_report::finish() {
  if (wishes_.as == form::table) {
    std::vector<std::string> header = {"TRIAL", "ITER", "TIME", "TOTAL", "DATE"};
    header.insert(header.end(), metrics_.begin(), metrics_.end());
    tune::text_table table(header);
    for (auto& each : newest_)
      table.add(std::move(each.cells));
    print_(table.to_string());
    return;
  }
  begin();
  for (const auto& each : newest_)
    show(each);
  if (wishes_.as == form::json)
    print_(shown_ > 0 ? "\n]\n" : "]\n");
}

} // namespace tools
