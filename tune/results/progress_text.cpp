#include "tune/results/progress_text.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/results/experiment_description.hpp"
#include "tune/results/text_table.hpp"
#include "tune/results/trial_directory_name.hpp"
#include "tune/results/trial_listing.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tune {
namespace {

constexpr std::size_t max_parameters = 6;

std::uint64_t ended_of(const experiment_view& view) {
  return view.count(trial_state::terminated) + view.count(trial_state::stopped) + view.count(trial_state::error);
}

/// "lr=0.5 layers=2": those that vary.
std::string parameters_of(const experiment_view& view, const trial_view& trial) {
  std::vector<std::string> all;
  for (const auto& [name, x] : trial.values)
    if (view.description().varies(name) && all.size() < max_parameters)
      all.push_back(fmt::format("{}={}", name, shown(x)));
  return fmt::format("{}", fmt::join(all, " "));
}

/// "accuracy=0.5 loss=3": the objectives.
std::string scores_of(const experiment_view& view, const trial_view& trial) {
  std::vector<std::string> all;
  for (const auto& each : view.objectives())
    if (const auto* x = trial.last.find(each.metric))
      all.push_back(fmt::format("{}={}", each.metric, shown(*x)));
  return fmt::format("{}", fmt::join(all, " "));
}

std::string iterations_text(iteration_number count) {
  return fmt::format("{} iteration{}", count, count == 1 ? "" : "s");
}

std::string states_text(const experiment_view& view, const progress_facts& facts) {
  std::vector<std::string> states;
  for (const auto state : {trial_state::running, trial_state::pending, trial_state::paused, trial_state::terminated,
                           trial_state::stopped, trial_state::error})
    if (view.count(state) > 0)
      states.push_back(fmt::format("{} {}", view.count(state), to_string(state)));
  const auto of =
    facts.planned ? fmt::format("{} of {}", view.created(), *facts.planned) : fmt::format("{}", view.created());
  return fmt::format("{}: {} trials{}{}, {} results", view.name(), of, states.empty() ? "" : ": ",
                     fmt::join(states, ", "), view.results());
}

std::string time_text(const experiment_view& view, const progress_facts& facts) {
  using std::chrono::seconds;
  const auto gone = std::chrono::duration_cast<seconds>(facts.now - facts.begun);
  auto text = "time: " + duration_text(gone);
  std::optional<seconds> left;
  const auto ended = ended_of(view);
  if (facts.planned && ended > facts.ended_before && *facts.planned >= ended) {
    const auto each = static_cast<double>(gone.count()) / static_cast<double>(ended - facts.ended_before);
    left = seconds(static_cast<std::int64_t>(each * static_cast<double>(*facts.planned - ended)));
  }
  if (facts.budget_ends) {
    const auto budget = std::chrono::duration_cast<seconds>(*facts.budget_ends - facts.now);
    left = std::max(seconds(0), left ? std::min(*left, budget) : budget);
  }
  if (left)
    text += fmt::format(", about {} left", duration_text(*left));
  return text;
}

std::string resources_text(const progress_facts& facts) {
  std::vector<std::string> all;
  for (const auto& [name, share] : facts.resources)
    if (name == "memory")
      all.push_back(fmt::format("memory {:.1f}/{:.1f} GiB", share.used / (1 << 30), share.total / (1 << 30)));
    else
      all.push_back(fmt::format("{} {:g}/{:g}", name, share.used, share.total));
  return all.empty() ? "" : fmt::format("used: {}", fmt::join(all, ", "));
}

std::string best_text(const experiment_view& view) {
  const auto* best = view.best();
  if (best == nullptr)
    return "best: none so far";
  return fmt::format("best: {} {} after {}, {}", best->name, scores_of(view, *best), iterations_text(best->iterations),
                     parameters_of(view, *best));
}

std::string place_of(const trial_view& trial) {
  const auto node = trial.attempts.empty() ? "" : trial.attempts.back().node;
  return trial.size == 1 ? node : fmt::format("{} x{}", node, trial.size);
}

std::string running_text(const experiment_view& view, std::size_t rows) {
  text_table table({"RUNNING", "ITER", "TIME", "NODE", "RESULT", "PARAMETERS"});
  std::size_t shown_rows = 0;
  for (const auto& [id, trial] : view.trials()) {
    if (trial.state != trial_state::running)
      continue;
    if (++shown_rows > rows)
      break;
    table.add({trial.name, std::to_string(trial.iterations), fmt::format("{:.1f}s", trial.time_total_s),
               place_of(trial), scores_of(view, trial), parameters_of(view, trial)});
  }
  if (shown_rows == 0)
    return {};
  auto text = table.to_string();
  if (const auto running = view.count(trial_state::running); running > rows)
    text += fmt::format("and {} more\n", running - rows);
  return text;
}

std::string stamped(record::wall_time at, const std::string& text) {
  auto time = date_text(at).substr(11); // Of the day.
  std::replace(time.begin(), time.end(), '-', ':');
  return fmt::format("{} {}\n", time, printable(text));
}

std::string line_of_end(const record::trial_changed& changed, const experiment_view& view) {
  const auto* trial = view.find(changed.trial);
  if (trial == nullptr) // A view with bounded memory has forgotten it.
    return stamped(changed.at,
                   fmt::format("trial {} {}{}{}", trial_name(view.id(), changed.trial), to_string(changed.state),
                               changed.reason.empty() ? "" : ": ", changed.reason));
  auto text =
    fmt::format("trial {} {} after {}", trial->name, to_string(changed.state), iterations_text(trial->iterations));
  if (const auto scores = scores_of(view, *trial); !scores.empty())
    text += ", " + scores;
  if (has_ended(changed.state) && view.best_ended() == changed.trial)
    text += ", the best so far";
  if (!changed.reason.empty())
    text += ": " + changed.reason;
  return stamped(changed.at, text);
}

} // namespace

std::string duration_text(std::chrono::seconds time) {
  const auto all = std::max<std::int64_t>(0, time.count());
  if (all < 3600)
    return fmt::format("{}:{:02}", all / 60, all % 60);
  return fmt::format("{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60);
}

std::string progress_block(const experiment_view& view, const progress_facts& facts, const progress_options& options) {
  const auto resources = resources_text(facts);
  auto text = states_text(view, facts) + '\n' + time_text(view, facts);
  text += (resources.empty() ? "" : "; " + resources) + '\n' + printable(best_text(view)) + '\n';
  text += running_text(view, options.rows);
  std::string block;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    block += clipped(text.substr(begin, end - begin), options.width) + '\n';
    begin = end + 1;
  }
  return block;
}

std::string progress_line(const journal_record& record, const experiment_view& view) {
  return std::visit(
    runtime::overloaded{
      [&](const record::experiment_begun& x) {
        const auto chose = read_description(x.description).value_or(experiment_description()).searcher_chose;
        return stamped(x.at, fmt::format("experiment {} begun, id {}, seed {}{}{}", x.name, x.id, x.seed,
                                         chose.empty() ? "" : ", searcher auto: ", chose));
      },
      [&](const record::experiment_resumed& x) {
        return stamped(x.at, fmt::format("experiment {} goes on: {} trials so far, {} results", view.name(),
                                         view.created(), view.results()));
      },
      [&](const record::experiment_ended& x) {
        return stamped(x.at, fmt::format("experiment {} ended: {}", view.name(), x.why));
      },
      [&](const record::attempt_placed& x) {
        const auto* trial = view.find(x.trial);
        if (trial == nullptr)
          return std::string();
        const auto parameters = parameters_of(view, *trial);
        return stamped(view.last_at(), fmt::format("trial {} runs on {}{}{}{}", trial->name, x.node,
                                                   x.attempt > 1 ? fmt::format(", attempt {}", x.attempt) : "",
                                                   parameters.empty() ? "" : ": ", parameters));
      },
      [&](const record::attempt_ended& x) {
        if (!is_users_error(x.end.cause) && !is_loss(x.end.cause) && !is_about_checkpoint(x.end.cause) &&
            x.end.cause != end_cause::infeasible)
          return std::string(); // trial_changed says it.
        const auto why = x.end.why.substr(0, x.end.why.find('\n'));
        return stamped(x.at, fmt::format("trial {} attempt {} failed: {}{}{}", trial_name(view.id(), x.trial),
                                         x.attempt, to_string(x.end.cause), why.empty() ? "" : ": ", why));
      },
      [&](const record::trial_exploited& x) {
        return stamped(x.at, fmt::format("trial {}: {}", trial_name(view.id(), x.trial), x.reason));
      },
      [&](const record::trial_resized& x) {
        return stamped(x.at, fmt::format("trial {} after {}: {}", trial_name(view.id(), x.trial),
                                         iterations_text(x.iteration), x.reason));
      },
      [&](const record::trial_changed& x) {
        return x.state == trial_state::pending ? std::string() : line_of_end(x, view);
      },
      [](const auto&) { return std::string(); },
    },
    record);
}

} // namespace tune
