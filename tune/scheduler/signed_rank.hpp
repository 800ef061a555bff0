#pragma once

#include <vector>

namespace tune {

/// How likely differences are that are at least as much above zero, if they were as often and as far below it: the
/// one-sided p of Wilcoxon's signed-rank test. Half of the ranks of zeros counts for each side ("zsplit"). Exact for at
/// most 50 that differ in size and are not zero; else from the normal distribution, with ties corrected for. All of
/// them are finite; 1 if there are none.
double signed_rank_p_greater(const std::vector<double>& differences);

} // namespace tune
