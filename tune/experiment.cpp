#include "tune/experiment.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tune/controller/trial_demand.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/searcher/point_queue.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/value/json_text.hpp"

namespace tune {
namespace {

using json = nlohmann::ordered_json;

/// It names a directory.
bool is_directory_name(const std::string& name) {
  return !name.empty() && name.size() <= 100 && name != "." && name != ".." &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

void gather(std::vector<std::string>& into, std::vector<std::string> more) {
  into.insert(into.end(), more.begin(), more.end());
}

void check_deadline(std::vector<std::string>& mistakes, const char* name,
                    const std::optional<std::chrono::nanoseconds>& deadline) {
  if (deadline && deadline->count() <= 0)
    mistakes.push_back(
      fmt::format("{}: {} s is no time; use more than 0", name, std::chrono::duration<double>(*deadline).count()));
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

json goals_of(const experiment& what, const char* (*of)(const objective&)) {
  if (what.more_metrics.empty())
    return of(what.metric);
  auto all = json::array({of(what.metric)});
  for (const auto& each : what.more_metrics)
    all.push_back(of(each));
  return all;
}

/// The searcher, if there are no mistakes that keep it from being made.
std::unique_ptr<searcher> searcher_of(const experiment& what) {
  if (!mistakes_of(what.space).empty() || !what.searcher.mistakes(what.space).empty())
    return nullptr;
  return what.searcher.make({what.space, what.seed, what.samples, 0, 1 + what.more_metrics.size()});
}

/// Of a scheduler that changes what trials have, where there is nothing to change.
void check_resources(std::vector<std::string>& mistakes, const experiment& what) {
  const auto wants = demand_of(what.resources);
  if (!wants)
    mistakes.push_back(wants.error().message);
  if (!wants || !what.scheduler.mistakes().empty() || !what.scheduler.make({})->changes_resources())
    return;
  if (wants->empty())
    mistakes.push_back(fmt::format("scheduler: {} gives trials several times their resources, but they have none; use "
                                   "for example {{{{\"cpu\", 1}}}}",
                                   what.scheduler.name()));
  if (what.in_process_threads > 0)
    mistakes.push_back(fmt::format("scheduler: {} is for trials in processes of their own, but in_process_threads is "
                                   "set",
                                   what.scheduler.name()));
}

std::string chosen_by_searcher(const experiment& what) {
  const auto search = searcher_of(what);
  return search != nullptr ? search->explanation() : std::string();
}

json stop_of(const std::vector<stop_condition>& conditions) {
  auto all = json::object();
  for (const auto& each : conditions) {
    const bool at_least = each.when == stop_condition::relation::at_least;
    all[each.metric] = json::object({{at_least ? "at_least" : "at_most", each.bound}});
  }
  return all;
}

} // namespace

std::vector<std::string> mistakes_of(const experiment& what) {
  std::vector<std::string> mistakes;
  if (!is_directory_name(what.name))
    mistakes.push_back(fmt::format("name: {} cannot name a directory; use 1 to 100 characters without slashes",
                                   to_json(value(what.name))));
  gather(mistakes, mistakes_of(what.space));
  if (mistakes.empty()) {
    gather(mistakes, what.searcher.mistakes(what.space));
    auto objectives = what.more_metrics;
    objectives.insert(objectives.begin(), what.metric);
    gather(mistakes, mistakes_of(what.points_to_evaluate, what.space, objectives));
  }
  if (what.metric.metric.empty())
    mistakes.emplace_back(R"(metric: there is none; use for example tune::maximize("accuracy"))");
  for (const auto& each : what.more_metrics)
    if (each.metric.empty() || each.metric == what.metric.metric)
      mistakes.push_back(fmt::format("more_metrics: {} is no further metric", to_json(value(each.metric))));
  if (!what.more_metrics.empty())
    if (const auto search = searcher_of(what); search != nullptr && !search->abilities().several_objectives)
      mistakes.push_back(fmt::format("searcher: {} takes one objective, but there are {}; use tune::auto_search()",
                                     what.searcher.name(), 1 + what.more_metrics.size()));
  if (what.samples == 0)
    mistakes.emplace_back("samples: 0 trials find nothing; use at least 1");
  gather(mistakes, mistakes_of(what.space).empty() ? what.scheduler.mistakes(what.space) : what.scheduler.mistakes());
  gather(mistakes, mistakes_of(what.stop, what.metric));
  check_resources(mistakes, what);
  check_deadline(mistakes, "time_budget", what.time_budget);
  check_deadline(mistakes, "step_deadline", what.step_deadline);
  check_deadline(mistakes, "trial_deadline", what.trial_deadline);
  if (what.in_process_threads > 1024)
    mistakes.push_back(
      fmt::format("in_process_threads: {} threads are too many; use at most 1024", what.in_process_threads));
  if (what.in_process_threads > 0 && what.process_per_attempt)
    mistakes.emplace_back("process_per_attempt: in_process_threads is set, so there are no processes");
  if (what.in_process_threads > 0 && what.checkpoints.local_first)
    mistakes.emplace_back("checkpoints: local_first is for trials on nodes, but in_process_threads is set");
  for (const auto& each : what.callbacks)
    if (each == nullptr)
      mistakes.emplace_back("callbacks: one of them is null");
  if (what.callback_limit.most_waiting == 0)
    mistakes.emplace_back("callback_limit: most_waiting is 0, so nothing could be told; use at least 1");
  if (what.callback_limit.end_deadline < std::chrono::nanoseconds(0) ||
      what.callback_limit.end_deadline > std::chrono::hours(24))
    mistakes.push_back(
      fmt::format("callback_limit: end_deadline is {:g} s; use 0 to 86400", seconds(what.callback_limit.end_deadline)));
  if (what.max_failures < -1)
    mistakes.push_back(fmt::format("max_failures: {} is no number of failures; use -1 for any", what.max_failures));
  if (what.max_losses < -1)
    mistakes.push_back(fmt::format("max_losses: {} is no number of losses; use -1 for any", what.max_losses));
  if (what.checkpoints.every < 0)
    mistakes.push_back(
      fmt::format("checkpoints: every {} iterations is no interval; use 0 or more", what.checkpoints.every));
  if (what.checkpoints.keep == 0)
    mistakes.emplace_back("checkpoints: keep is 0, but a trial goes on from its newest; use at least 1");
  return mistakes;
}

std::vector<std::string> doubts_of(const experiment& what) {
  const auto objectives = 1 + what.more_metrics.size();
  const auto trials =
    what.searcher.trials({what.space, what.seed, what.samples, trials_of(what.points_to_evaluate), objectives});
  const auto schedule =
    what.scheduler.make({what.seed, what.metric.better, std::make_shared<search_space>(what.space)});
  const auto doubt = schedule->doubt_with(trials);
  if (doubt.empty())
    return {};
  return {fmt::format("scheduler: {}: {}", what.scheduler.name(), doubt)};
}

std::string to_json(const experiment& what, const std::vector<std::string>& command) {
  json all;
  all["name"] = what.name;
  all["trainable"] = what.trainable;
  all["space"] = json::parse(to_json(what.space));
  all["metric"] = goals_of(what, [](const objective& o) { return o.metric.c_str(); });
  all["mode"] = goals_of(what, [](const objective& o) { return o.better == direction::maximize ? "max" : "min"; });
  all["samples"] = what.samples;
  all["seed"] = what.seed;
  all["searcher"] = json::parse(to_json(what.searcher));
  if (const auto chose = chosen_by_searcher(what); !chose.empty())
    all["searcher_chose"] = chose;
  all["scheduler"] = json::parse(to_json(what.scheduler));
  if (!what.stop.empty())
    all["stop"] = stop_of(what.stop);
  for (const auto& [name, amount] : what.resources)
    all["resources"][name] = json_of(amount);
  if (what.in_process_threads != 0)
    all["in_process_threads"] = what.in_process_threads;
  if (what.wait_for_disk)
    all["wait_for_disk"] = true;
  if (what.process_per_attempt)
    all["process_per_attempt"] = true;
  for (const auto& each : what.environment) // Its names alone: what it holds may be secret, and this is a file.
    all["environment"].push_back(each.first);
  if (what.wait_for_nodes)
    all["wait_for_nodes"] = true;
  if (what.max_concurrent_trials != 0)
    all["max_concurrent_trials"] = what.max_concurrent_trials;
  if (what.time_budget)
    all["time_budget_s"] = seconds(*what.time_budget);
  all["max_failures"] = what.max_failures;
  all["max_losses"] = what.max_losses;
  if (what.fail_fast)
    all["fail_fast"] = true;
  if (what.step_deadline)
    all["step_deadline_s"] = seconds(*what.step_deadline);
  if (what.trial_deadline)
    all["trial_deadline_s"] = seconds(*what.trial_deadline);
  all["checkpoints"] = {
    {"every", what.checkpoints.every}, {"at_end", what.checkpoints.at_end}, {"keep", what.checkpoints.keep}};
  if (what.checkpoints.local_first)
    all["checkpoints"]["local_first"] = true;
  if (!what.checkpoints.second_node)
    all["checkpoints"]["second_node"] = false;
  if (!what.points_to_evaluate.empty()) {
    auto points = json::array();
    for (const auto& each : what.points_to_evaluate)
      points.push_back(json_of(each.values));
    all["points_to_evaluate"] = std::move(points);
  }
  if (!command.empty())
    all["command"] = command;
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace tune
