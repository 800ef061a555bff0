#include "tune/results/file_trial_files.hpp"

#include "runtime/package/posix_file.hpp"
#include "tune/results/file_result_records.hpp"

#include <cerrno>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tune {
namespace {

constexpr const char* json_name = "result.json";
constexpr const char* csv_name = "progress.csv";
constexpr const char* params_name = "params.json";
constexpr const char* error_name = "error.txt";
constexpr const char* policy_name = "pbt_policy.json";

} // namespace

file_trial_files::file_trial_files(std::string directory, file_appender_options options)
  : directory_(std::move(directory)),
    options_(options),
    appenders_(std::move(options)) {
}

std::string file_trial_files::path_of(const results_core::trial_files& files, const std::string& name) const {
  return directory_ + '/' + files.directory + '/' + name;
}

void file_trial_files::about_to_change() const {
  if (options_.before_each_change)
    options_.before_each_change();
}

result<void> file_trial_files::perform(const results_core::action& action) {
  return std::visit([this](const auto& each) { return perform(each); }, action);
}

result<void> file_trial_files::perform(const results_core::make_trial& action) {
  const auto& files = *action.files;
  forget(files.trial);
  const auto path = directory_ + '/' + files.directory;
  about_to_change();
  if (::mkdir(path.c_str(), 0777) != 0) {
    if (errno != EEXIST)
      return fail(runtime::file_error(path, "made", errno));
    for (const auto& name : {std::string(json_name), std::string(csv_name), std::string(error_name),
                             std::string(policy_name), files.event_file})
      if (const auto old = path_of(files, name); ::unlink(old.c_str()) != 0 && errno != ENOENT)
        return fail(runtime::file_error(old, "removed", errno));
  }
  about_to_change();
  return replace_file(path_of(files, params_name), action.params, durability::process_crash);
}

result<file_trial_files::open_trial*> file_trial_files::open(const results_core::append_result& first) {
  using beginning = file_appenders::beginning;
  const auto& files = *first.files;
  open_trial trial;
  trial.results = first.index - 1;
  if (trial.results > 0) {
    about_to_change();
    auto kept = keep_json_lines(path_of(files, json_name), trial.results).and_then([&] {
      return keep_event_records(path_of(files, files.event_file), trial.results + 1);
    });
    if (!kept)
      return fail(kept.error());
    auto header = keep_csv_rows(path_of(files, csv_name), trial.results);
    if (!header)
      return fail(header.error());
    // Longer ones are left by a crash: the records that made them so come again.
    const auto columns = std::string_view(*header).substr(0, header->size() - 1);
    const auto after = first.header->size() > columns.size() ? (*first.header)[columns.size()] : '\0';
    if (first.header->compare(0, columns.size(), columns) != 0 || (after != ',' && after != '\n'))
      return fail(errc::invalid_argument, fmt::format("{} has other columns", path_of(files, csv_name)));
    trial.columns = count_columns(*header);
    trial.header = trial.columns == first.columns ? first.header : nullptr;
  }
  const auto how = trial.results > 0 ? beginning::as_it_is : beginning::anew;
  trial.json = appenders_.add(path_of(files, json_name), how);
  trial.csv = appenders_.add(path_of(files, csv_name), how);
  trial.events = appenders_.add(path_of(files, files.event_file), how);
  for (const auto key : {trial.json, trial.csv, trial.events})
    whose_[key] = files.trial;
  return &open_.insert_or_assign(files.trial, std::move(trial)).first->second;
}

result<void> file_trial_files::add_columns(open_trial& to, const results_core::append_result& action) {
  if (to.results == 0) { // Only now does the file begin.
    if (auto begun = appenders_.append(to.csv, *action.header); !begun)
      return begun;
  } else {
    const auto path = path_of(*action.files, csv_name);
    if (auto flushed = appenders_.flush(to.csv); !flushed)
      return flushed;
    whose_.erase(to.csv);
    appenders_.remove(to.csv);
    about_to_change();
    if (auto widened = widen_csv(path, *action.header, action.columns - to.columns); !widened)
      return widened;
    to.csv = appenders_.add(path, file_appenders::beginning::as_it_is);
    whose_[to.csv] = action.files->trial;
  }
  to.header = action.header;
  to.columns = action.columns;
  return {};
}

result<void> file_trial_files::perform(const results_core::append_result& action) {
  const auto found = open_.find(action.files->trial);
  auto* trial = found == open_.end() ? nullptr : &found->second;
  if (trial == nullptr) {
    auto opened = open(action);
    if (!opened)
      return fail(opened.error());
    trial = *opened;
  }
  if (trial->results + 1 != action.index)
    return fail(errc::invalid_argument,
                fmt::format("{}: result {} comes after {}", action.files->directory, action.index, trial->results));
  if (trial->header != action.header)
    if (auto added = add_columns(*trial, action); !added)
      return added;
  if (trial->results == 0)
    if (auto begun = appenders_.append(trial->events, action.files->event_begin); !begun)
      return begun;
  ++trial->results;
  return appenders_.append(trial->json, action.json)
    .and_then([&] { return appenders_.append(trial->csv, action.row); })
    .and_then([&] { return appenders_.append(trial->events, action.event); });
}

result<void> file_trial_files::perform(const results_core::write_errors& action) {
  about_to_change();
  return replace_file(path_of(*action.files, error_name), action.text, durability::process_crash);
}

result<void> file_trial_files::perform(const results_core::write_policy& action) {
  about_to_change();
  return replace_file(path_of(*action.files, policy_name), action.text, durability::process_crash);
}

result<void> file_trial_files::perform(const results_core::end_trial& action) {
  const auto found = open_.find(action.trial);
  if (found == open_.end())
    return {};
  const auto& trial = found->second;
  auto flushed = appenders_.flush(trial.json).and_then([&] { return appenders_.flush(trial.csv); }).and_then([&] {
    return appenders_.flush(trial.events);
  });
  forget(action.trial);
  return flushed;
}

std::vector<std::pair<trial_id, error>> file_trial_files::flush() {
  std::map<trial_id, error> broken;
  for (auto& each : appenders_.flush_all())
    if (const auto found = whose_.find(each.file); found != whose_.end())
      broken.emplace(found->second, std::move(each.why));
  for (const auto& each : broken)
    forget(each.first);
  return {broken.begin(), broken.end()};
}

void file_trial_files::forget(trial_id trial) {
  const auto found = open_.find(trial);
  if (found == open_.end())
    return;
  for (const auto key : {found->second.json, found->second.csv, found->second.events}) {
    whose_.erase(key);
    appenders_.remove(key);
  }
  open_.erase(found);
}

} // namespace tune
