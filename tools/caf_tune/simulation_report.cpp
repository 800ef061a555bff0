#include "tools/caf_tune/simulation_report.hpp"

#include "tune/results/text_table.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tools {
namespace {

using json = nlohmann::ordered_json;
using outcome = tune::simulated_outcome;

constexpr double never = std::numeric_limits<double>::infinity();

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

double seconds_or_never(const std::optional<std::chrono::nanoseconds>& time) {
  return time ? seconds(*time) : never;
}

std::string time_text(double s) {
  if (s == never)
    return "never";
  if (s < 60)
    return fmt::format("{:.3g} s", s);
  const auto all = std::llround(s);
  if (all < 3600)
    return fmt::format("{} min {} s", all / 60, all % 60);
  if (all < 86400)
    return fmt::format("{} h {} min", all / 3600, all / 60 % 60);
  return fmt::format("{} d {} h", all / 86400, all / 3600 % 24);
}

std::string count_text(double n) {
  return fmt::format("{:.10g}", n);
}

std::string share_text(double share) {
  return fmt::format("{:.1f} %", share * 100);
}

std::string value_text(double x) {
  return x == never ? "-" : fmt::format("{:.6g}", x);
}

/// One line of the table, and one field of the JSON.
struct figure {
  const char* name;  ///< For people.
  const char* field; ///< With its unit.
  double (*of)(const outcome&);
  std::string (*text)(double);
};

const std::vector<figure>& figures() {
  static const std::vector<figure> all = {
    {"time to finish", "time_s", [](const outcome& x) { return x.has_ended ? seconds(x.time) : never; }, time_text},
    {"time to best", "time_to_best_s", [](const outcome& x) { return seconds_or_never(x.time_to_best); }, time_text},
    {"time to target", "time_to_target_s", [](const outcome& x) { return seconds_or_never(x.time_to_target); },
     time_text},
    {"best", "best", [](const outcome& x) { return x.best.value_or(never); }, value_text},
    {"trials finished", "terminated", [](const outcome& x) { return static_cast<double>(x.terminated); }, count_text},
    {"trials stopped", "stopped", [](const outcome& x) { return static_cast<double>(x.stopped); }, count_text},
    {"trials failed", "error", [](const outcome& x) { return static_cast<double>(x.errors); }, count_text},
    {"iterations", "iterations", [](const outcome& x) { return static_cast<double>(x.results); }, count_text},
    {"utilisation", "utilisation", [](const outcome& x) { return x.utilisation; }, share_text},
    {"node failures", "node_failures", [](const outcome& x) { return static_cast<double>(x.node_failures); },
     count_text},
    {"attempts lost", "lost_attempts", [](const outcome& x) { return static_cast<double>(x.lost_attempts); },
     count_text},
    {"attempts failed", "failed_attempts", [](const outcome& x) { return static_cast<double>(x.failed_attempts); },
     count_text},
    {"restarts", "restarts", [](const outcome& x) { return static_cast<double>(x.restarts); }, count_text},
    {"pauses", "pauses", [](const outcome& x) { return static_cast<double>(x.pauses); }, count_text},
    {"iterations lost", "lost_iterations", [](const outcome& x) { return static_cast<double>(x.lost_iterations); },
     count_text},
    {"work lost", "lost_work_s", [](const outcome& x) { return seconds(x.lost_time); }, time_text},
  };
  return all;
}

/// Ascending; what never came is the greatest.
std::vector<double> values_of(const figure& which, const std::vector<simulation_run>& runs) {
  std::vector<double> all;
  for (const auto& each : runs)
    all.push_back(which.of(each.what));
  std::sort(all.begin(), all.end());
  return all;
}

/// Of an even number the mean of the two in the middle.
double median(const std::vector<double>& ascending) {
  const auto half = ascending.size() / 2;
  return ascending.size() % 2 != 0 ? ascending[half] : (ascending[half - 1] + ascending[half]) / 2;
}

std::string nodes_text(const std::vector<tune::node_kind>& nodes) {
  std::string text;
  for (const auto& each : nodes)
    text += fmt::format("{}{} node{} with {}", text.empty() ? "" : ", ", each.count, each.count == 1 ? "" : "s",
                        each.resources);
  return text;
}

std::string curves_text(const simulation_about& about) {
  return about.like.empty() ? std::string("invented")
                            : fmt::format("those of the {} trials in {}", about.recorded_trials, about.like);
}

std::string heading(const tune::simulation_plan& plan, const simulation_about& about,
                    const std::vector<simulation_run>& runs) {
  const auto& what = runs.front().what;
  return fmt::format("{}: {} with {}, {} trials of {} iteration{} at most, each with {}\n"
                     "cluster: {}; {} trial{} at once\n"
                     "learning curves: {}\n\n",
                     about.spec, plan.search().searcher.name(), plan.search().scheduler.name(), plan.trials(),
                     plan.iterations(), plan.iterations() == 1 ? "" : "s", plan.how_to_run().resources,
                     nodes_text(plan.wishes().nodes), what.places, what.places == 1 ? "" : "s", curves_text(about));
}

json number_or_null(double x) {
  return x == never ? json(nullptr) : json(x);
}

json json_of(const simulation_run& run) {
  json one;
  one["seed"] = run.seed;
  one["ended"] = run.what.has_ended;
  one["why"] = run.what.why;
  one["created"] = run.what.created;
  for (const auto& each : figures())
    one[each.field] = number_or_null(each.of(run.what));
  one["warnings"] = run.what.warnings;
  return one;
}

} // namespace

std::string simulation_text(const tune::simulation_plan& plan, const simulation_about& about,
                            const std::vector<simulation_run>& runs) {
  const bool one = runs.size() == 1;
  tune::text_table table(one ? std::vector<std::string>{"WHAT", "VALUE"}
                             : std::vector<std::string>{"WHAT", "MEDIAN", "LEAST", "MOST"});
  for (const auto& each : figures()) {
    if (!plan.wishes().target && each.field == std::string_view("time_to_target_s"))
      continue;
    const auto all = values_of(each, runs);
    if (one)
      table.add({each.name, each.text(all.front())});
    else
      table.add({each.name, each.text(median(all)), each.text(all.front()), each.text(all.back())});
  }
  auto text = heading(plan, about, runs) + table.to_string();
  for (const auto& each : runs)
    if (!each.what.has_ended)
      text += fmt::format("seed {}: given up: {}\n", each.seed, each.what.why);
    else if (each.what.why != "finished")
      text += fmt::format("seed {}: {}\n", each.seed, tune::printable(each.what.why));
  return text;
}

std::string simulation_json(const tune::simulation_plan& plan, const simulation_about& about,
                            const std::vector<simulation_run>& runs) {
  json all;
  all["spec"] = about.spec;
  all["searcher"] = json::parse(to_json(plan.search().searcher));
  all["scheduler"] = json::parse(to_json(plan.search().scheduler));
  all["trials"] = plan.trials();
  all["iterations_of_trial"] = plan.iterations();
  all["nodes"] = json::array();
  for (const auto& each : plan.wishes().nodes)
    all["nodes"].push_back({{"count", each.count}, {"resources", each.resources.to_string()}});
  all["resources"] = plan.how_to_run().resources.to_string();
  all["places"] = runs.front().what.places;
  all["like"] = about.like.empty() ? json(nullptr) : json(about.like);
  all["notes"] = plan.notes();
  for (const auto& each : figures()) {
    const auto values = values_of(each, runs);
    all["median"][each.field] = number_or_null(median(values));
    all["least"][each.field] = number_or_null(values.front());
    all["most"][each.field] = number_or_null(values.back());
  }
  all["runs"] = json::array();
  for (const auto& each : runs)
    all["runs"].push_back(json_of(each));
  return all.dump(2, ' ', false, json::error_handler_t::replace) + '\n';
}

} // namespace tools
