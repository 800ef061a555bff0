#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tune/objective.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// What those who show an experiment need of its description: the JSON of a spec file that its journal begins with.
///
///   {"name": "digits", "trainable": {"name": "digits", "program": "./digits"}, "space": {..}, "metric": "accuracy",
///    "mode": "max", "resources": {"cpu": 1}, "command": ["/home/me/digits", "--samples", "40"], ..}
///
/// `trainable` may be a name, too; `metric` and `mode` may be lists. `command` is how the driver's program was started;
/// `caf-tune resume` starts it again.
struct experiment_description {
  std::string trainable; ///< Its name, or that of its program; empty: not said.
  std::vector<objective> objectives;
  std::string searcher_chose; ///< What a searcher that chooses chose, and why; empty: it did not.
  std::vector<std::string> command;
  std::map<std::string, double> resources; ///< Of one trial.
  std::size_t checkpoints_kept = 2;        ///< Of each trial.
  std::set<std::string> constants;         ///< Parameters that are the same in each trial; nested names with slashes.

  bool varies(const std::string& parameter) const { return constants.count(parameter) == 0; }
};

[[nodiscard]] result<experiment_description> read_description(const std::string& json);

} // namespace tune
