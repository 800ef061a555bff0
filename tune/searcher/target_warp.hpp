#pragma once

#include <vector>

namespace tune {

/// What a model of losses learns instead of them, so that huge, infinite and missing ones do not hide the others (Song
/// et al. 2024, arXiv:2408.11527). NaN stands for a trial that failed. In what is returned more is better.

/// The better half keeps its shape; the rest is spread by rank as if it were the other half of a normal distribution.
/// More is better here, too. NaN stays.
std::vector<double> half_rank_warped(std::vector<double> values);

/// Losses to targets with mean 0 and deviation 1; all 0 if none differs. Failed trials are worse than each that did
/// not, and the prior's mean lies between both.
std::vector<double> targets_of(const std::vector<double>& losses);

} // namespace tune
