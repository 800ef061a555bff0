#pragma once

#include <cstddef>
#include <vector>

#include "tune/searcher/pareto_choice.hpp"
#include "tune/searcher/trial_standing.hpp"

namespace tune {

/// The points by rank, by their places: those that none dominates, those that only these dominate, and so on; each
/// rank in the order of its places. All numbers are finite. It takes n log n comparisons for up to two objectives
/// (Jensen 2003), and at most n^2 for more (Zhang et al. 2015, ENS).
std::vector<std::vector<std::size_t>> pareto_ranks(const std::vector<losses_of_trial>& points);

/// How lonely each of the points is, as in NSGA-II (Deb et al. 2002): the sum over the objectives of the distance
/// between its two neighbours, as a share of the whole range; infinite for the first and the last in an objective. One
/// in which all are equal does not count. Of equals the one that comes first is the first, and the last one the last.
std::vector<double> crowding_distances(const std::vector<losses_of_trial>& points);

/// NSGA-II's crowded comparison with constraints: the trials by their places, best first. Those that completed by
/// their rank and in it the lonelier first, or by their loss if there is one objective; then the others as their
/// standing says. Of equals the one that comes first.
std::vector<std::size_t> crowded_order(const std::vector<trial_standing>& trials);

} // namespace tune
