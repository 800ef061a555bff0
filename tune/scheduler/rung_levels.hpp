#pragma once

#include <cstddef>
#include <vector>

#include "tune/schedulers.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// The level of a rung that lies exactly here: the next whole iteration.
iteration_number rung_level(double exact);

/// After how many iterations trials of a bracket are compared: ascending, all below max_t.
std::vector<iteration_number> rung_levels(const asha_options& options, int bracket);

/// So many brackets differ: the last has no rung, its trials run to max_t.
int most_brackets(const asha_options& options);

/// Which bracket a trial belongs to: the s-th of S with a share like 1 / ((S - s) eta^s), as Hyperband divides them.
int bracket_of(trial_id trial, const asha_options& options, std::uint64_t seed);

/// How many of n results are the best 1 / reduction_factor.
std::size_t best_of(std::size_t n, double reduction_factor);

/// As the user sees it: "0.71".
std::string shown(double loss, direction better);

} // namespace tune
