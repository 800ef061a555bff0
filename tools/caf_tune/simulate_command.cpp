#include "tools/caf_tune/simulate_command.hpp"

#include "runtime/process/command_line.hpp"
#include "runtime/resources/resource_stock.hpp"
#include "tools/caf_tune/experiment_files.hpp"
#include "tools/caf_tune/flag_numbers.hpp"
#include "tools/caf_tune/posix_spec_file.hpp"
#include "tools/caf_tune/simulation_report.hpp"

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace tools {
namespace {

constexpr std::uint64_t most_nodes = 100'000;
constexpr std::uint64_t most_repeats = 10'000;
constexpr std::uint64_t most_iterations = 1'000'000'000;

/// As it is given; empty: not at all.
struct wishes_on_command_line {
  std::string spec;
  std::vector<std::string> nodes;
  std::vector<std::string> node_resources;
  std::string iterations;
  std::string iteration_time;
  std::string start_time;
  std::string checkpoint_time;
  bool no_checkpoints = false;
  std::string mean_time_between_failures;
  std::string repair_time;
  std::string detection_time;
  std::string failure_chance;
  std::string target;
  std::string like;
  std::string samples;
  std::string seed;
  std::string repeat;
  tune::search_flags flags;
  bool json = false;
  const bool* json_before = nullptr; ///< The command's name.
};

using mistakes_list = std::vector<std::string>;

int failed(const std::string& why) {
  fmt::print(stderr, "caf-tune: {}\n", why);
  return runtime::exit_failure;
}

/// Sets what the flag says, if it was given.
template <class Into, class Parse>
void read_flag(const char* flag, const std::string& text, Into& into, Parse parse, mistakes_list& mistakes) {
  if (text.empty())
    return;
  if (auto read = parse(text))
    into = std::move(*read);
  else
    mistakes.push_back(fmt::format("{}: {}", flag, read.error().message));
}

void read_nodes(const wishes_on_command_line& line, tune::simulation_wishes& wishes, mistakes_list& mistakes) {
  const auto usual = wishes.nodes.front();
  const auto kinds = std::max({line.nodes.size(), line.node_resources.size(), std::size_t{1}});
  if (line.nodes.size() > 1 && line.node_resources.size() > 1 && line.nodes.size() != line.node_resources.size())
    mistakes.push_back(fmt::format("--nodes: {} of them, but {} of --node-resources; give as many of both",
                                   line.nodes.size(), line.node_resources.size()));
  const auto nth = [](const std::vector<std::string>& all, std::size_t i) -> std::string {
    return all.empty() ? "" : i < all.size() ? all[i] : all.back(); // One of them holds for all of the other.
  };
  wishes.nodes.assign(kinds, usual);
  for (std::size_t i = 0; i < kinds; ++i) {
    auto& kind = wishes.nodes[i];
    if (i < std::max<std::size_t>(line.nodes.size(), 1))
      if (const auto count = whole_number("--nodes", nth(line.nodes, i), mistakes, 1, most_nodes))
        kind.count = static_cast<std::size_t>(*count);
    if (const auto text = nth(line.node_resources, i); !text.empty()) {
      auto read = runtime::resource_set::parse(text).and_then(
        [](runtime::resource_set has) { return runtime::validate_capacity(has).map([&] { return has; }); });
      if (read)
        kind.resources = std::move(*read);
      else if (i < line.node_resources.size())
        mistakes.push_back("--node-resources: " + read.error().message);
    }
  }
}

tune::simulation_wishes wishes_of(const wishes_on_command_line& line, mistakes_list& mistakes) {
  tune::simulation_wishes wishes;
  read_nodes(line, wishes, mistakes);
  if (const auto n = whole_number("--iterations", line.iterations, mistakes, 1, most_iterations))
    wishes.iterations = static_cast<tune::iteration_number>(*n);
  read_flag("--iteration-time", line.iteration_time, wishes.iteration_time, tune::time_law::parse, mistakes);
  read_flag("--start-time", line.start_time, wishes.start_time, tune::time_law::parse, mistakes);
  read_flag("--checkpoint-time", line.checkpoint_time, wishes.checkpoint_time, tune::time_law::parse, mistakes);
  read_flag("--repair-time", line.repair_time, wishes.repair_time, tune::time_law::parse, mistakes);
  read_flag("--detection-time", line.detection_time, wishes.detection_time, tune::parse_time, mistakes);
  read_flag("--mean-time-between-failures", line.mean_time_between_failures, wishes.mean_time_between_failures,
            tune::parse_time, mistakes);
  if (const auto& mean = wishes.mean_time_between_failures; mean && mean->count() == 0)
    mistakes.emplace_back("--mean-time-between-failures: 0 is no time between failures; use for example 30d");
  if (const auto chance = number("--failure-chance", line.failure_chance, mistakes)) {
    if (*chance < 0 || *chance > 1)
      mistakes.push_back(fmt::format("--failure-chance: {} is no probability from 0 to 1", line.failure_chance));
    wishes.failure_chance = *chance;
  }
  wishes.target = number("--target", line.target, mistakes);
  wishes.can_save = !line.no_checkpoints;
  if (line.no_checkpoints && !line.checkpoint_time.empty())
    mistakes.emplace_back("--checkpoint-time: --no-checkpoints is given, so none is written");
  return wishes;
}

/// The earlier experiment's curves. Ends the process where they cannot be used.
void use_recorded(tune::simulation_plan& plan, const std::string& like, simulation_about& about) {
  const auto files = read_experiment(like);
  if (!files)
    runtime::end_if_wrong("caf-tune", {"--like: " + files.error().message});
  auto curves = std::make_shared<tune::recorded_curves>(plan.search().space, plan.options_of_recorded());
  const auto read = read_records(*files, [&](tune::journal_position, const tune::journal_record& record) {
    curves->on_record(record);
    return tune::result<void>();
  });
  if (!read)
    runtime::end_if_wrong("caf-tune", {"--like: " + read.error().message});
  if (const auto usable = curves->finish(); !usable)
    runtime::end_if_wrong("caf-tune", {fmt::format("--like: {}: {}", files->directory, usable.error().message)});
  about.like = files->directory;
  about.recorded_trials = curves->size();
  plan.use_recorded(std::move(curves));
}

int run(const wishes_on_command_line& line, tune::simulation_wishes wishes, std::uint64_t repeat) {
  const auto text = read_spec_file(line.spec);
  if (!text)
    runtime::end_if_wrong("caf-tune", {fmt::format("{}: {}", line.spec, text.error().message)});
  auto search = tune::read_search_spec(*text, line.flags);
  auto how = tune::read_run_spec(*text, search.spec ? search.spec->objectives : std::vector<tune::objective>());
  auto mistakes = std::move(search.mistakes);
  mistakes.insert(mistakes.end(), how.mistakes.begin(), how.mistakes.end());
  runtime::end_if_wrong("caf-tune", tune::texts_of(std::move(mistakes), line.spec));

  simulation_about about;
  about.spec = line.spec;
  tune::simulation_plan plan(std::move(*search.spec), std::move(how.spec), std::move(wishes));
  if (!line.like.empty())
    use_recorded(plan, line.like, about);
  runtime::end_if_wrong("caf-tune", plan.mistakes());
  for (const auto& each : plan.notes())
    fmt::print(stderr, "caf-tune: {}: {}\n", line.spec, each);
  std::vector<simulation_run> runs;
  for (std::uint64_t i = 0; i < repeat; ++i) {
    const auto seed = plan.search().seed + i;
    runs.push_back({seed, plan.run(seed)});
    if (runs.back().what.has_failed) // Its resources fit on no node: that is so with every seed.
      return failed(fmt::format("{}: {}", line.spec, runs.back().what.why));
  }
  std::fputs((line.json ? simulation_json(plan, about, runs) : simulation_text(plan, about, runs)).c_str(), stdout);
  return std::fflush(stdout) == 0 ? EXIT_SUCCESS : failed("standard output cannot be written");
}

int start(wishes_on_command_line& line) {
  line.json = line.json || *line.json_before;
  mistakes_list mistakes;
  if (line.spec.empty())
    mistakes.emplace_back("simulate: the spec file is missing");
  line.flags.samples = whole_number("--samples", line.samples, mistakes);
  line.flags.seed = whole_number("--seed", line.seed, mistakes);
  const auto repeat = whole_number("--repeat", line.repeat, mistakes, 1, most_repeats).value_or(1);
  auto wishes = wishes_of(line, mistakes);
  runtime::end_if_wrong("caf-tune", mistakes);
  return run(line, std::move(wishes), repeat);
}

constexpr char help_text[] =
  R"(A TIME is a number with its unit (20ms, 2s, 1.5m, 6h, 30d) or drawn: uniform:1s,3s, exponential:2s (the mean), or
lognormal:2s,0.5 (the median, and the standard deviation of the logarithm).

Scheduler, searcher, controller and the head's queue and books are the real ones; nodes, workers and trials exist in
virtual time only. Learning curves are invented, unless --like names an experiment that had the same parameters.)";

void add_flags_of_cluster(CLI::App& one, wishes_on_command_line& line) {
  // One value each time, or "--nodes 4 spec.yaml" would name two numbers of nodes.
  one.add_option("--nodes", line.nodes, "so many nodes (default: 1); again for further ones of another kind")
    ->allow_extra_args(false);
  one
    .add_option("--node-resources", line.node_resources,
                "what each has, such as cpu=8,gpu=1,memory=64GiB (default: cpu=8); again for each --nodes")
    ->allow_extra_args(false);
  one.add_option("--mean-time-between-failures", line.mean_time_between_failures,
                 "of one node: 30d (default: nodes do not fail)");
  one.add_option("--repair-time", line.repair_time, "TIME from a node's failure until it is back (default: 10m)");
  one.add_option("--detection-time", line.detection_time,
                 "until the head has noticed, and its trials begin elsewhere (default: 5s)");
}

void add_flags_of_trials(CLI::App& one, wishes_on_command_line& line) {
  one.add_option("--iterations", line.iterations,
                 "of a trial that nothing ends before (default: the scheduler's, or stop: training_iteration)");
  one.add_option("--iteration-time", line.iteration_time,
                 "TIME of an iteration, drawn once for each trial (default: 1s, or as it was with --like)");
  one.add_option("--start-time", line.start_time, "TIME until a worker can begin its first trial (default: 20ms)");
  one.add_option("--checkpoint-time", line.checkpoint_time,
                 "TIME to write a checkpoint, or to restore one (default: 0s)");
  one.add_flag("--no-checkpoints", line.no_checkpoints, "trials cannot be restored: they begin from the beginning");
  one.add_option("--failure-chance", line.failure_chance,
                 "of each iteration, to fail by the trial's own error (default: 0)");
  one.add_option("--like", line.like, "an experiment's directory, whose learning curves and times are taken");
}

} // namespace

void add_simulate_command(CLI::App& app, chosen_command& chosen, const bool& json) {
  const auto line = std::make_shared<wishes_on_command_line>();
  line->json_before = &json;
  auto& one =
    *app.add_subcommand("simulate", "how long a search would take on a cluster: in virtual time, from a seed");
  one.footer(help_text);
  one.add_option("SPEC", line->spec, "a spec file, as of ask-tell --space; YAML or JSON");
  add_flags_of_cluster(one, *line);
  add_flags_of_trials(one, *line);
  one.add_option("--searcher", line->flags.searcher, "who proposes (default: the file's, or auto)");
  one.add_option("--scheduler", line->flags.scheduler, "who decides on results (default: the file's, or fifo)");
  one.add_option("--samples", line->samples, "how many trials (default: the file's, or 1)");
  one.add_option("--target", line->target, "also the time until the metric is at least as good as this");
  one.add_option("--seed", line->seed, "of all chance (default: the file's, or 0)");
  one.add_option("--repeat", line->repeat, "so many runs, each with the next seed: median and range (default: 1)");
  one.add_flag("--json", line->json, "one JSON document instead of a table");
  one.callback([&chosen, line] { chosen = [line] { return start(*line); }; });
}

} // namespace tools
