#include "tune/results/trial_listing.hpp"

#include "tune/results/result_text.hpp"
#include "tune/results/text_table.hpp"

#include <algorithm>
#include <set>

#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tune {
namespace {

constexpr std::size_t max_metrics = 4; // Of those that a table shows; CSV and JSON have them all.
constexpr std::size_t max_parameters = 8;

void add_new(std::vector<std::string>& names, const std::string& name, std::set<std::string>& known) {
  if (known.insert(name).second)
    names.push_back(name);
}

/// In the order in which the trials have them.
std::vector<std::string> metric_names(const std::vector<const trial_view*>& trials,
                                      const std::vector<objective>& first = {}) {
  std::vector<std::string> names;
  std::set<std::string> known;
  for (const auto& each : first)
    add_new(names, each.metric, known);
  for (const auto* trial : trials)
    for (const auto& each : trial->last)
      add_new(names, each.first, known);
  return names;
}

std::vector<std::string> parameter_names(const std::vector<const trial_view*>& trials) {
  std::vector<std::string> names;
  std::set<std::string> known;
  for (const auto* trial : trials)
    for (const auto& each : trial->values)
      add_new(names, each.first, known);
  return names;
}

void add_cell(std::string& row, const value* x) {
  row += ',';
  if (x != nullptr)
    append_csv(row, *x);
}

/// Where no scheduler has changed what trials have, nobody asks how many times their resources that is.
bool is_any_resized(const std::vector<const trial_view*>& trials) {
  return std::any_of(trials.begin(), trials.end(), [](const auto* trial) { return !trial->resizes.empty(); });
}

/// What is longer tells nobody anything in a table, and makes its column as wide; CSV and JSON have it whole.
std::string cut(const std::string& text) {
  constexpr std::size_t widest = 60;
  return width_of(text) <= widest ? text : clipped(text, widest - 3) + "...";
}

void add_text(std::string& row, const std::string& text) {
  row += row.empty() || row.back() == '\n' ? "" : ",";
  append_csv(row, std::string_view(text));
}

} // namespace

std::vector<const trial_view*> all_trials(const experiment_view& view) {
  std::vector<const trial_view*> all;
  for (const auto& each : view.trials())
    all.push_back(&each.second);
  return all;
}

std::string shown(const value& x) {
  if (x.is_text())
    return cut(x.as<std::string>());
  if (x.is_number() && !x.is_integer())
    return std::isnan(x.to_number()) ? "nan" : fmt::format("{:.6g}", x.to_number()); // Never -nan.
  return cut(to_json(x));
}

std::string trials_table(const experiment_view& view, const std::vector<const trial_view*>& trials, std::size_t most,
                         std::uint64_t all) {
  const std::vector<const trial_view*> some(
    trials.begin(), trials.begin() + static_cast<std::ptrdiff_t>(std::min(most, trials.size())));
  auto metrics = metric_names(some, view.objectives());
  if (metrics.size() > std::max(max_metrics, view.objectives().size()))
    metrics.resize(std::max(max_metrics, view.objectives().size()));
  std::vector<std::string> parameters;
  for (auto& each : parameter_names(some))
    if (view.description().varies(each) && parameters.size() < max_parameters)
      parameters.push_back(std::move(each));

  const bool with_sizes = is_any_resized(some);
  std::vector<std::string> header = {"TRIAL", "STATE", "ITER"};
  if (with_sizes)
    header.emplace_back("SIZE");
  header.insert(header.end(), metrics.begin(), metrics.end());
  header.emplace_back("TIME");
  header.insert(header.end(), parameters.begin(), parameters.end());
  text_table table(header);
  for (const auto* trial : some) {
    std::vector<std::string> row = {trial->name, to_string(trial->state), std::to_string(trial->iterations)};
    if (with_sizes)
      row.push_back(std::to_string(trial->size));
    const auto add = [&row](const value* x) { row.push_back(x == nullptr ? "" : shown(*x)); };
    for (const auto& each : metrics)
      add(trial->last.find(each));
    row.push_back(fmt::format("{:.1f}s", trial->time_total_s));
    for (const auto& each : parameters)
      add(trial->values.find(each));
    table.add(std::move(row));
  }
  auto text = table.to_string();
  if (some.size() < all)
    text += fmt::format("and {} more\n", all - some.size());
  return text;
}

std::string trials_csv(const std::vector<const trial_view*>& trials, const std::string& directory) {
  const auto metrics = metric_names(trials);
  const auto parameters = parameter_names(trials);
  const bool with_sizes = is_any_resized(trials);
  std::string csv = "trial,state,iterations,time_total_s,attempts,path,error";
  if (with_sizes)
    csv += ",size";
  for (const auto& each : metrics)
    add_text(csv, each);
  for (const auto& each : parameters)
    add_text(csv, "config/" + each);
  csv += '\n';
  for (const auto* trial : trials) {
    add_text(csv, trial->name);
    csv += fmt::format(",{},{},", to_string(trial->state), trial->iterations);
    append_csv(csv, trial->time_total_s);
    csv += fmt::format(",{}", trial->attempts.empty() ? 0 : trial->attempts.back().attempt);
    add_text(csv, directory + '/' + trial->directory);
    add_text(csv, trial->error);
    if (with_sizes)
      csv += fmt::format(",{}", trial->size);
    for (const auto& each : metrics)
      add_cell(csv, trial->last.find(each));
    for (const auto& each : parameters)
      add_cell(csv, trial->values.find(each));
    csv += '\n';
  }
  return csv;
}

error no_best(const experiment_view& view, const std::string& metric) {
  std::set<std::string> others;
  for (const auto& [id, trial] : view.trials())
    for (const auto& each : trial.last)
      others.insert(fmt::format("\"{}\"", each.first));
  if (view.created() == 0)
    return {errc::not_found, fmt::format("{}: there is no trial yet", view.name())};
  if (others.empty())
    return {errc::not_found, fmt::format("{}: no trial has reported anything; created: {}, failed: {}", view.name(),
                                         view.created(), view.count(trial_state::error))};
  if (metric.empty())
    return {errc::not_found, fmt::format("{}: it says of no metric that it is to be the best; there is {}", view.name(),
                                         fmt::join(others, ", "))};
  if (others.count(fmt::format("\"{}\"", metric)) != 0)
    return {errc::not_found, fmt::format("{}: no trial's \"{}\" is a number", view.name(), metric)};
  return {errc::not_found,
          fmt::format("{}: no trial has a metric \"{}\"; there is {}", view.name(), metric, fmt::join(others, ", "))};
}

} // namespace tune
