#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tune/results/experiment_view.hpp"

/// Trials for people: as columns on a terminal, and as CSV for a spreadsheet.
namespace tune {

/// Up to `most` of them, a row each: name, state, iterations, metrics, time, and the parameters that vary; then how
/// many more of `all` there are.
std::string trials_table(const experiment_view& view, const std::vector<const trial_view*>& trials, std::size_t most,
                         std::uint64_t all);

/// trial,state,iterations,time_total_s,attempts,path,error, then each metric, then each parameter as config/name.
std::string trials_csv(const std::vector<const trial_view*>& trials, const std::string& directory);

std::vector<const trial_view*> all_trials(const experiment_view& view); ///< By their numbers.

/// A cell: a number with six digits, a text or a list cut to 60 characters.
std::string shown(const value& x);

/// Why there is no best trial: what the trials have instead of this metric.
error no_best(const experiment_view& view, const std::string& metric);

} // namespace tune
