#include "tools/caf_tune/experiment_commands.hpp"

#include "runtime/process/command_line.hpp"
#include "runtime/process/node_flags.hpp"
#include "tools/caf_tune/experiment_files.hpp"
#include "tools/caf_tune/experiment_report.hpp"
#include "tools/caf_tune/resume_command.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace tools {
namespace {

struct wishes_on_command_line {
  std::string directory;
  bool json = false;
  const bool* json_before = nullptr; ///< The command's name.
  bool csv = false;
  std::string scope = "last";
  std::optional<std::int64_t> last;
  std::optional<std::int64_t> samples;
  report_wishes wishes;
  cluster_wish cluster;
  const cluster_wish* cluster_before = nullptr; ///< The command's name.

  /// Asked only where it was named: by a flag, or in the environment.
  std::optional<cluster_wish> asked_cluster() const {
    auto asked = *cluster_before;
    if (!cluster.address.empty())
      asked.address = cluster.address;
    if (!cluster.token_file.empty())
      asked.token_file = cluster.token_file;
    return asked.address.empty() ? std::nullopt : std::optional(std::move(asked));
  }
};

using wishes_ptr = std::shared_ptr<wishes_on_command_line>;

int failed(const std::string& why) {
  fmt::print(stderr, "caf-tune: {}\n", why);
  return runtime::exit_failure;
}

int flushed() {
  return std::fflush(stdout) == 0 ? EXIT_SUCCESS : failed("standard output cannot be written");
}

int print(const tune::result<std::string>& text) {
  if (!text)
    return failed(text.error().message);
  std::fputs(text->c_str(), stdout);
  return flushed();
}

/// What people should know of the experiment beside what they asked for.
void tell(const experiment_files& files) {
  if (files.found.torn_bytes > 0)
    fmt::print(stderr,
               "caf-tune: {}: {} bytes that a crash left half written at the end are not shown; nothing that was "
               "acknowledged is among them\n",
               files.found.torn_file, files.found.torn_bytes);
  // Who runs trials by ask-tell reports the iterations that it likes.
  if (files.view.lost_results() > 0 && files.view.description().trainable != "ask-tell")
    fmt::print(stderr, "caf-tune: {}: {} results are missing in the journal\n", files.directory,
               files.view.lost_results());
}

using report_function = tune::result<std::string> (*)(const tune::experiment_view&, const std::string&,
                                                      const report_wishes&);

int run_report(const wishes_on_command_line& line, report_function report) {
  const auto files = read_experiment(line.directory, line.asked_cluster());
  if (!files)
    return failed(files.error().message);
  tell(*files);
  auto text = report(files->view, files->directory, line.wishes);
  return print(text ? text : tune::result<std::string>(tune::fail(runtime::within(files->directory, text.error()))));
}

int run_results(const wishes_on_command_line& line) {
  const auto files = read_experiment(line.directory, line.asked_cluster());
  if (!files)
    return failed(files.error().message);
  tell(*files);
  if (line.wishes.trial && files->view.find(*line.wishes.trial) == nullptr)
    return failed(fmt::format("{}: there is no trial \"{}\"", files->directory, *line.wishes.trial));
  results_report report(line.wishes, [](const std::string& text) { std::fputs(text.c_str(), stdout); });
  const auto each_record = [&](void (results_report::*hears)(const tune::journal_record&)) {
    return read_records(*files, [&](tune::journal_position position, const tune::journal_record& record) {
      if (position <= files->found.last) // A driver may have written more since.
        (report.*hears)(record);
      return tune::result<void>();
    });
  };
  if (line.wishes.as != form::json)
    if (const auto read = each_record(&results_report::learn_columns); !read)
      return failed(read.error().message);
  if (const auto read = each_record(&results_report::on_record); !read)
    return failed(read.error().message);
  report.finish();
  return flushed();
}

int run_resume(const wishes_on_command_line& line) {
  const auto files = read_experiment(line.directory, line.asked_cluster());
  if (!files)
    return failed(files.error().message);
  if (!files->host.empty())
    return failed(
      fmt::format("{}: it runs, its driver is on {}; there is nothing to resume", files->directory, files->host));
  const auto samples = line.samples ? std::optional(static_cast<std::uint64_t>(*line.samples)) : std::nullopt;
  const auto command = resume_command(files->view.description().command, files->directory, samples);
  if (!command)
    return failed(command.error().message);
  std::vector<char*> words;
  for (const auto& word : *command)
    words.push_back(const_cast<char*>(word.c_str())); // What execvp() has always wanted, and does not touch.
  words.push_back(nullptr);
  ::execvp(words.front(), words.data());
  return failed(fmt::format("{} cannot be started: {}", command->front(), std::strerror(errno)));
}

/// Ends the process where the command line is wrong, with every mistake.
void check(const std::string& name, wishes_on_command_line& line) {
  std::vector<std::string> mistakes;
  line.json = line.json || *line.json_before;
  if (line.directory.empty())
    mistakes.push_back(fmt::format("{}: the experiment's directory, or its name, is missing", name));
  if (const auto& address = line.cluster.address; !address.empty())
    if (const auto parsed = runtime::parse_address(address); !parsed)
      mistakes.push_back("--address: " + parsed.error().message);
  if (line.json && line.csv)
    mistakes.emplace_back("--json and --csv: only one of them");
  line.wishes.as = line.json ? form::json : line.csv ? form::csv : form::table;
  if (line.wishes.mode && *line.wishes.mode != "min" && *line.wishes.mode != "max")
    mistakes.push_back(fmt::format("--mode: \"{}\" is neither min nor max", *line.wishes.mode));
  if (line.scope != "last" && line.scope != "best")
    mistakes.push_back(fmt::format("--scope: \"{}\" is neither last nor best", line.scope));
  line.wishes.scope = line.scope == "best" ? tune::result_scope::best : tune::result_scope::last;
  if (line.last && *line.last < 0)
    mistakes.push_back(fmt::format("--last: {} is no number of results", *line.last));
  else if (line.last)
    line.wishes.last = static_cast<std::size_t>(*line.last);
  if (line.samples && *line.samples < 1)
    mistakes.push_back(fmt::format("--samples: {} is no number of samples; use at least 1", *line.samples));
  runtime::end_if_wrong("caf-tune", mistakes);
}

CLI::App& add_command(CLI::App& app, const char* name, const char* help, const wishes_ptr& line, chosen_command& chosen,
                      std::function<int(const wishes_on_command_line&)> run) {
  auto& one = *app.add_subcommand(name, help);
  one.add_option(
    "DIR", line->directory,
    "the experiment's directory; or its name, on the cluster or in $CAF_TUNE_STORAGE or ~/caf-tune-results");
  one.add_option("--address", line->cluster.address,
                 "HOST:PORT of the head of the cluster that the experiment runs on (default: $CAF_TUNE_ADDRESS)");
  one.add_option("--token-file", line->cluster.token_file,
                 "the cluster's secret (default: $CAF_TUNE_TOKEN_FILE, or the one that a head of this user made)");
  one.callback([&chosen, line, name, run = std::move(run)] {
    chosen = [line, name, run] {
      check(name, *line);
      return run(*line);
    };
  });
  return one;
}

void add_forms(CLI::App& one, const wishes_ptr& line) {
  one.add_flag("--json", line->json, "one JSON document instead of a table");
  one.add_flag("--csv", line->csv, "CSV instead of a table");
}

void add_objective(CLI::App& one, const wishes_ptr& line) {
  one.add_option("--metric", line->wishes.metric, "what to compare trials by (default: the experiment's objective)");
  one.add_option("--mode", line->wishes.mode, "whether less or more of it is better: min or max");
  one.add_option("--scope", line->scope, "which result of a trial stands for it: last (default) or best");
}

} // namespace

void add_experiment_commands(CLI::App& app, chosen_command& chosen, const bool& json, const cluster_wish& cluster) {
  const auto line = std::make_shared<wishes_on_command_line>();
  line->json_before = &json;
  line->cluster_before = &cluster;
  auto& trials = add_command(app, "trials", "each trial of an experiment, what it evaluated and what became of it",
                             line, chosen, [](const auto& wishes) { return run_report(wishes, trials_report); });
  add_forms(trials, line);
  add_objective(trials, line);
  auto& best = add_command(app, "best", "the best trial of an experiment", line, chosen,
                           [](const auto& wishes) { return run_report(wishes, best_report); });
  add_forms(best, line);
  add_objective(best, line);
  auto& results = add_command(app, "results", "the results of an experiment, in the order in which they came", line,
                              chosen, run_results);
  add_forms(results, line);
  results.add_option("--trial", line->wishes.trial, "only of this trial: its name or number");
  results.add_option("--last", line->last, "only so many of the newest (default: 50 in a table, else all)");
  auto& resume = add_command(app, "resume", "starts an experiment's program again, to go on or to extend it", line,
                             chosen, run_resume);
  resume.add_option("--samples", line->samples, "so many samples in all, instead of those it has");
}

} // namespace tools
