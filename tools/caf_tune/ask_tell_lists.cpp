#include "tools/caf_tune/ask_tell_lists.hpp"

#include "tune/results/text_table.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/schedulers.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"

#include <limits>
#include <vector>

namespace tools {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* auto_chooses =
  "gp and tpe by turns, tpe alone after 250 trials, for several objectives tpe and nsga2 after 500 trials, random for "
  "grids; the journal and experiment.json say what it chose and why";

/// A space that the searcher can search: what it is able to does not depend on it.
tune::search_space space_for(const tune::searcher_choice& choice) {
  const tune::search_space finite = {{"x", tune::integer(1, 2)}};
  return choice.mistakes(finite).empty() ? finite : tune::search_space{{"x", tune::uniform(0, 1)}};
}

json about(const tune::scheduler_choice& choice) {
  const auto made = choice.make({});
  const tune::trial_id trial(1);
  made->on_trial_created(trial, {});
  auto decisions = json::array({"continue"});
  if (made->needs_checkpoints())
    decisions.push_back("pause");
  if (made->stops() && made->next_judged(trial, 0) < std::numeric_limits<tune::iteration_number>::max())
    decisions.push_back("stop");
  return {{"name", choice.name()},
          {"options", json::parse(choice.options())},
          {"decisions", decisions},
          {"needs_checkpoints", made->needs_checkpoints()},
          {"max_iterations", made->max_iterations() ? json(*made->max_iterations()) : json(nullptr)}};
}

/// A cell for each field; true and false as words.
std::vector<std::string> cells_of(const json& row) {
  std::vector<std::string> cells;
  for (const auto& each : row)
    if (each.is_boolean())
      cells.emplace_back(each.get<bool>() ? "yes" : "no");
    else if (each.is_array()) {
      std::string words;
      for (const auto& word : each)
        words += (words.empty() ? "" : ",") + word.get<std::string>();
      cells.push_back(words);
    } else if (each.is_null() || (each.is_object() && each.empty()))
      cells.emplace_back();
    else
      cells.push_back(each.is_string() ? each.get<std::string>() : each.dump());
  return cells;
}

std::string table_of(std::vector<std::string> header, const json& rows) {
  tune::text_table table(std::move(header));
  for (const auto& row : rows)
    table.add(cells_of(row));
  return table.to_string();
}

} // namespace

json searchers_json() {
  auto all = json::array();
  for (const auto& name : tune::searcher_names())
    if (const auto choice = tune::searcher_named(name)) {
      const auto can = choice->make({space_for(*choice), 0, 1, 0})->abilities();
      all.push_back({{"name", name},
                     {"conditions", can.conditions},
                     {"several_objectives", can.several_objectives},
                     {"grids", can.grids},
                     {"learns", can.learns},
                     {"finite_only", can.finite_only}});
      if (name == "auto")
        all.back()["chooses"] = auto_chooses;
    }
  return all;
}

std::string searchers_text() {
  auto rows = searchers_json();
  for (auto& row : rows)
    row.erase("chooses");
  return table_of({"SEARCHER", "CONDITIONS", "SEVERAL-OBJECTIVES", "GRIDS", "LEARNS", "FINITE-ONLY"}, rows) +
         "auto, the default: " + auto_chooses + "\n";
}

bool is_for_ask_tell(const tune::scheduler_choice& choice) {
  return !choice.make({})->changes_resources();
}

/// Also those that an option makes another.
json schedulers_json() {
  auto all = json::array();
  for (const auto& name : tune::scheduler_names())
    for (const char* options : {"{}", R"({"type": "promotion"})", R"({"type": "synchronous"})"})
      if (const auto choice = tune::scheduler_named(name, options); choice && is_for_ask_tell(*choice))
        all.push_back(about(*choice));
  return all;
}

std::string schedulers_text() {
  return table_of({"SCHEDULER", "OPTIONS", "DECISIONS", "NEEDS-CHECKPOINTS", "MAX-ITERATIONS"}, schedulers_json()) +
         "resource_changing is for experiments alone: whoever runs the trials here gives them their resources\n";
}

} // namespace tools
