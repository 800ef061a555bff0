#pragma once

#include <cstddef>
#include <vector>

namespace tune {

/// A trial's losses, one for each objective; less is better.
using losses_of_trial = std::vector<double>;

/// Whether a is nowhere worse than b, and somewhere better.
bool dominates(const losses_of_trial& a, const losses_of_trial& b) noexcept;

/// How much of the space up to the reference point is dominated by the points, all of which lie below it.
double hypervolume(std::vector<losses_of_trial> points, const losses_of_trial& reference);

/// So many of the points, by their places, the best first: whole ranks of those that none of the rest dominates, as
/// long as they fit, and of the next rank those that add most to the hypervolume, one after the other (as Optuna's
/// MOTPE). All numbers are finite. Of equals the one that comes first.
std::vector<std::size_t> pareto_choice(const std::vector<losses_of_trial>& points, std::size_t count);

} // namespace tune
