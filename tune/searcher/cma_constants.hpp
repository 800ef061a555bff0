#pragma once

#include <cstddef>
#include <vector>

namespace tune {

/// How fast a covariance matrix adaptation learns (Hansen 2016, arXiv:1604.00772, table 1; the names in brackets are
/// his).
struct cma_constants {
  /// `population` is at least 2. A diagonal matrix has so much less to learn that it learns faster (Ros and Hansen
  /// 2008).
  cma_constants(std::size_t dimensions, std::size_t population, bool is_diagonal);

  /// Of so many parameters [lambda].
  static std::size_t usual_population(std::size_t parameters);

  std::size_t population;
  std::size_t parents;         ///< [mu]
  double parents_count;        ///< What they are worth [mu_eff].
  double others_count;         ///< And the rest [mu_eff, of the negative weights].
  double rank_one;             ///< [c_1]
  double rank_parents;         ///< [c_mu]
  double step_path_rate;       ///< [c_sigma]
  double step_damping;         ///< [d_sigma]
  double path_rate;            ///< [c_c]
  double others_share;         ///< The sum of the negative weights [alpha_minus].
  double usual_length;         ///< Of a vector of standard normal numbers [chi_N].
  std::vector<double> weights; ///< From the best of the population to its worst.
};

} // namespace tune
