#include "tune/results/results_core.hpp"

#include "tune/results/event_record.hpp"
#include "tune/results/result_text.hpp"
#include "tune/results/trial_directory_name.hpp"
#include "tune/value/json_text.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t max_csv_columns = 2'000; // More metrics are in result.json only: each new one rewrites the file.
constexpr std::size_t max_failures_kept = 50;
constexpr std::size_t max_policy_lines = 1'000; // The newest.

/// What is filled in for every result, in the order of progress.csv. A metric of the user's with such a name is not
/// shown: these always mean the same.
constexpr std::array<std::string_view, 14> filled_in = {"timestamp",
                                                        "date",
                                                        "time_this_iter_s",
                                                        "time_total_s",
                                                        "training_iteration",
                                                        "trial_id",
                                                        "pid",
                                                        "experiment_id",
                                                        "hostname",
                                                        "node_ip",
                                                        "node",
                                                        "done",
                                                        "time_since_restore",
                                                        "iterations_since_restore"};

bool is_filled_in(const std::string& name) {
  return name == "config" || name.compare(0, 7, "config/") == 0 ||
         std::find(filled_in.begin(), filled_in.end(), name) != filled_in.end();
}

/// The user's own; the copy only where something has to go.
const metrics& without_filled_in(const metrics& values, metrics& copy) {
  if (std::none_of(values.begin(), values.end(), [](const auto& each) { return is_filled_in(each.first); }))
    return values;
  for (const auto& [name, x] : values)
    if (!is_filled_in(name))
      copy.set(name, x);
  return copy;
}

double seconds_of(record::wall_time at) {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

std::int64_t whole_seconds_of(record::wall_time at) {
  return std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
}

std::string quoted(const std::string& text) {
  std::string json;
  append_json(json, std::string_view(text));
  return json;
}

std::string cell(const std::string& text) {
  std::string csv;
  append_csv(csv, std::string_view(text));
  return csv;
}

bool is_done(const record::result_reported& reported) {
  return reported.done || reported.decided.what == verdict::stop;
}

bool is_failure(end_cause cause) {
  return is_users_error(cause) || is_loss(cause) || is_about_checkpoint(cause) || cause == end_cause::infeasible;
}

std::string event_of(const record::result_reported& reported, const metrics& values) {
  std::vector<scalar> scalars;
  for (const auto& [name, x] : values)
    if (x.is_number() || x.is_truth())
      scalars.push_back({name, static_cast<float>(x.to_number())});
  scalars.push_back({"time_this_iter_s", static_cast<float>(reported.time_this_iteration_s)});
  scalars.push_back({"time_total_s", static_cast<float>(reported.time_total_s)});
  std::string record;
  append_event(record, seconds_of(reported.at), reported.iteration, scalars);
  return record;
}

} // namespace

results_core::actions results_core::on_record(const journal_record& record) {
  return std::visit([this](const auto& each) { return on(each); }, record);
}

results_core::actions results_core::on(const record::experiment_begun& begun) {
  begun_ = begun;
  has_begun_ = true;
  samples_ = begun.samples;
  description_ = read_description(begun.description).value_or(experiment_description());
  return {};
}

results_core::actions results_core::on(const record::experiment_resumed& resumed) {
  samples_ = resumed.samples;
  ++resumptions_;
  ended_.reset();
  if (!resumed.description.empty()) {
    begun_.description = resumed.description;
    description_ = read_description(resumed.description).value_or(experiment_description());
  }
  return {};
}

results_core::actions results_core::on(const record::experiment_ended& ended) {
  ended_ = ended;
  return {};
}

results_core::actions results_core::on(const record::trial_created& made) {
  const auto [found, is_new] = lives_.try_emplace(made.trial);
  if (!is_new)
    return {};
  auto& trial = found->second;
  auto files = std::make_shared<trial_files>();
  files->trial = made.trial;
  files->directory = trial_directory_name(begun_, description_, made);
  files->event_file =
    fmt::format("events.out.tfevents.{:010}.{}", whole_seconds_of(made.at), trial_file_name(begun_.id, made.trial));
  files->event_begin = event_file_begin(seconds_of(made.at));
  trial.files = std::move(files);
  trial.name = trial_name(begun_.id, made.trial);
  for (const auto& each : made.values)
    trial.parameters.push_back(each.first);
  set_config(trial, made.values);
  forget_place(trial);
  ++counts_[static_cast<std::size_t>(trial.state)];
  return {
    make_trial{trial.files, json_of(made.values).dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n'}};
}

results_core::actions results_core::on(const record::attempt_started& started) {
  auto* trial = life_of(started.trial);
  if (trial == nullptr)
    return {};
  trial->attempt = started.attempt;
  trial->attempt_from = started.from;
  trial->attempt_time_s = 0;
  forget_place(*trial);
  return {};
}

results_core::actions results_core::on(const record::attempt_placed& placed) {
  auto* trial = life_of(placed.trial);
  if (trial == nullptr || placed.attempt != trial->attempt)
    return {};
  trial->place_json = fmt::format(R"("pid": {}, "hostname": {}, "node_ip": {}, "node": {})", placed.process_id,
                                  quoted(placed.hostname), quoted(placed.node_ip), quoted(placed.node));
  trial->place_row = fmt::format("{},{},{},{},{}", placed.process_id, begun_.id, cell(placed.hostname),
                                 cell(placed.node_ip), cell(placed.node));
  trial->where = fmt::format(" on {} (process {})", placed.node, placed.process_id);
  become(*trial, trial_state::running);
  return {};
}

results_core::actions results_core::on(const record::result_reported& reported) {
  auto* trial = life_of(reported.trial);
  if (trial == nullptr || reported.iteration <= trial->iterations) // Was counted.
    return {};
  trial->iterations = reported.iteration;
  ++trial->results;
  ++results_;
  trial->attempt_time_s += reported.time_this_iteration_s;
  metrics copy;
  const auto& values = without_filled_in(reported.values, copy);
  append_result append;
  append.files = trial->files;
  append.index = trial->results;
  append.json = json_line(*trial, reported, values);
  set_columns(*trial, values);
  append.header = trial->header;
  append.columns = trial->columns.size();
  append.row = csv_row(*trial, reported, values);
  append.event = event_of(reported, values);
  actions todo;
  todo.emplace_back(std::move(append));
  return todo;
}

results_core::actions results_core::on(const record::checkpoint_saved&) {
  return {};
}

results_core::actions results_core::on(const record::checkpoint_lost&) {
  return {};
}

results_core::actions results_core::on(const record::attempt_ended& ended) {
  auto* trial = life_of(ended.trial);
  if (trial == nullptr || ended.attempt != trial->attempt)
    return {};
  become(*trial, trial_state::pending);
  if (!is_failure(ended.end.cause))
    return {};
  return {add_failure(*trial, fmt::format("attempt {}{}, {}: {}\n{}\n", ended.attempt, trial->where, date_of(ended.at),
                                          to_string(ended.end.cause), ended.end.why))};
}

results_core::actions results_core::on(const record::trial_ordered&) {
  return {};
}

results_core::actions results_core::on(const record::trial_resized&) {
  return {};
}

/// As Ray Tune's pbt_policy files: what the donor had gone through, and this.
results_core::actions results_core::on(const record::trial_exploited& exploited) {
  auto* trial = life_of(exploited.trial);
  if (trial == nullptr)
    return {};
  become(*trial, trial_state::pending);
  const auto* donor = life_of(exploited.donor);
  const auto seen = donor == nullptr ? exploited.checkpoint.iteration
                                     : donor->seen_before + exploited.checkpoint.iteration - donor->changed_at;
  if (donor != nullptr)
    trial->policy = std::vector<std::string>(donor->policy); // It may be the trial itself.
  const ordered_json line = {{"seen", seen},
                             {"trial", trial->name},
                             {"iteration", exploited.iteration},
                             {"donor", trial_name(begun_.id, exploited.donor)},
                             {"donor_iteration", exploited.checkpoint.iteration},
                             {"old_config", donor == nullptr ? ordered_json(nullptr) : json_of(donor->values)},
                             {"new_config", json_of(exploited.values)},
                             {"reason", exploited.reason}};
  trial->policy.push_back(line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n');
  if (trial->policy.size() > max_policy_lines)
    trial->policy.erase(trial->policy.begin());
  trial->seen_before = seen;
  trial->changed_at = exploited.donor == exploited.trial ? exploited.checkpoint.iteration : exploited.iteration;
  set_config(*trial, exploited.values);
  std::string text;
  for (const auto& each : trial->policy)
    text += each;
  return {write_policy{trial->files, std::move(text)}};
}

/// What progress.csv has no column for is in result.json only.
void results_core::set_config(life& trial, const config& values) {
  trial.values = values;
  trial.config_json = "\"config\": {";
  append_json_fields(trial.config_json, values);
  trial.config_json += '}';
  trial.config_row.clear();
  for (const auto& each : trial.parameters) {
    trial.config_row += ',';
    if (const auto* x = values.find(each))
      append_csv(trial.config_row, *x);
  }
}

results_core::actions results_core::on(const record::trial_changed& changed) {
  auto* trial = life_of(changed.trial);
  if (trial == nullptr)
    return {};
  become(*trial, changed.state);
  if (!has_ended(changed.state))
    return {};
  actions todo;
  if (changed.state == trial_state::error && !changed.reason.empty())
    todo.emplace_back(add_failure(*trial, fmt::format("given up, {}: {}\n", date_of(changed.at), changed.reason)));
  todo.emplace_back(end_trial{changed.trial});
  lives_.erase(changed.trial);
  return todo;
}

results_core::life* results_core::life_of(trial_id trial) {
  const auto found = lives_.find(trial);
  return found == lives_.end() ? nullptr : &found->second;
}

void results_core::forget_place(life& trial) {
  trial.where.clear();
  trial.place_json = R"("pid": null, "hostname": "", "node_ip": "", "node": "")";
  trial.place_row = fmt::format(",{},,,", begun_.id);
}

void results_core::become(life& trial, trial_state state) {
  --counts_[static_cast<std::size_t>(trial.state)];
  ++counts_[static_cast<std::size_t>(state)];
  trial.state = state;
}

std::string results_core::json_line(const life& trial, const record::result_reported& reported, const metrics& values) {
  std::string line;
  line.reserve(512 + trial.config_json.size());
  line += '{';
  append_json_fields(line, values);
  line += values.empty() ? "\"timestamp\": " : ", \"timestamp\": ";
  line += fmt::format_int(whole_seconds_of(reported.at)).c_str();
  line += ", \"date\": \"";
  line += date_of(reported.at);
  line += "\", \"time_this_iter_s\": ";
  append_json(line, reported.time_this_iteration_s);
  line += ", \"time_total_s\": ";
  append_json(line, reported.time_total_s);
  line += ", \"training_iteration\": ";
  line += fmt::format_int(reported.iteration).c_str();
  line += ", \"trial_id\": ";
  append_json(line, std::string_view(trial.name));
  line += ", \"experiment_id\": ";
  append_json(line, std::string_view(begun_.id));
  line += ", ";
  line += trial.place_json;
  line +=
    is_done(reported) ? ", \"done\": true, \"time_since_restore\": " : ", \"done\": false, \"time_since_restore\": ";
  append_json(line, trial.attempt_time_s);
  line += ", \"iterations_since_restore\": ";
  line += fmt::format_int(reported.iteration - trial.attempt_from).c_str();
  line += ", ";
  line += trial.config_json;
  line += "}\n";
  return line;
}

void results_core::set_columns(life& trial, const metrics& values) {
  auto& columns = trial.columns;
  const auto before = columns.size();
  if (columns.empty()) {
    for (const auto& [name, x] : values)
      if (columns.size() < max_csv_columns)
        columns.push_back(name);
    trial.metric_columns = columns.size();
    columns.insert(columns.end(), filled_in.begin(), filled_in.end());
    for (const auto& parameter : trial.parameters)
      columns.push_back("config/" + parameter);
  } else {
    std::size_t place = 0;
    for (const auto& [name, x] : values) {
      if (place < trial.metric_columns && columns[place] == name) // In the order of the first result, as always.
        ++place;
      else if (columns.size() < max_csv_columns && std::find(columns.begin(), columns.end(), name) == columns.end())
        columns.push_back(name);
    }
  }
  if (columns.size() == before)
    return;
  std::string header;
  for (const auto& column : columns) {
    header += header.empty() ? "" : ",";
    header += cell(column);
  }
  trial.header = std::make_shared<const std::string>(header + '\n');
}

std::string results_core::csv_row(const life& trial, const record::result_reported& reported, const metrics& values) {
  std::string row;
  row.reserve(256 + trial.config_row.size());
  std::size_t place = 0;
  auto next = values.begin();
  for (; place < trial.metric_columns; ++place) {
    const auto& column = trial.columns[place];
    const value* x = nullptr;
    if (next != values.end() && next->first == column)
      x = &(next++)->second;
    else
      x = values.find(column);
    if (x != nullptr)
      append_csv(row, *x);
    row += ',';
  }
  const auto number = [&row](double x) {
    append_csv(row, x);
    row += ',';
  };
  const auto integer = [&row](std::int64_t x) {
    row += fmt::format_int(x).c_str();
    row += ',';
  };
  integer(whole_seconds_of(reported.at));
  row += date_of(reported.at);
  row += ',';
  number(reported.time_this_iteration_s);
  number(reported.time_total_s);
  integer(reported.iteration);
  append_csv(row, std::string_view(trial.name));
  row += ',';
  row += trial.place_row;
  row += is_done(reported) ? ",true," : ",false,";
  number(trial.attempt_time_s);
  row += fmt::format_int(reported.iteration - trial.attempt_from).c_str();
  row += trial.config_row;
  for (place += filled_in.size() + trial.parameters.size(); place < trial.columns.size(); ++place) {
    row += ',';
    if (const auto* x = values.find(trial.columns[place]))
      append_csv(row, *x);
  }
  row += '\n';
  return row;
}

results_core::write_errors results_core::add_failure(life& trial, std::string text) {
  trial.failures.push_back(std::move(text));
  if (trial.failures.size() > max_failures_kept) {
    trial.failures.erase(trial.failures.begin());
    ++trial.older_failures;
  }
  std::string all;
  if (trial.older_failures > 0)
    all = fmt::format("{} older failures are not shown\n\n", trial.older_failures);
  for (std::size_t i = 0; i < trial.failures.size(); ++i)
    all += (i > 0 ? "\n" : "") + trial.failures[i];
  return {trial.files, std::move(all)};
}

const std::string& results_core::date_of(record::wall_time at) {
  if (const auto second = whole_seconds_of(at); second != second_ || date_.empty()) {
    second_ = second;
    date_ = date_text(at);
  }
  return date_;
}

std::string results_core::experiment_json() const {
  auto json = ordered_json::parse(begun_.description, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    json = ordered_json::object();
  if (!json.contains("name"))
    json["name"] = begun_.name;
  json["samples"] = samples_;
  auto trials = ordered_json::object();
  for (std::size_t i = 0; i < counts_.size(); ++i)
    if (counts_[i] > 0)
      trials[to_string(static_cast<trial_state>(i))] = counts_[i];
  ordered_json status = {{"id", begun_.id},
                         {"state", !ended_            ? "running"
                                   : ended_->failed   ? "failed"
                                   : ended_->complete ? "finished"
                                                      : "interrupted"},
                         {"begun", date_text(begun_.at)}};
  if (resumptions_ > 0)
    status["resumed"] = resumptions_;
  if (ended_) {
    status["ended"] = date_text(ended_->at);
    status["why"] = ended_->why;
  }
  status["trials"] = std::move(trials);
  status["results"] = results_;
  json["status"] = std::move(status); // Nested, so that the rest is a spec file.
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

} // namespace tune
