#include "tune/space/standard_normal.hpp"

#include <cmath>

#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/erf.hpp>

namespace tune {
namespace {

// In double throughout: long double differs between machines, and then so would what is drawn.
using in_double =
  boost::math::policies::policy<boost::math::policies::promote_double<false>,
                                boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                boost::math::policies::domain_error<boost::math::policies::ignore_error>>;

constexpr double square_root_of_2 = 1.4142135623730950488;

} // namespace

double normal_share_below(double z) noexcept {
  return 0.5 * std::erfc(-z / square_root_of_2);
}

double normal_quantile(double p) noexcept {
  return -square_root_of_2 * boost::math::erfc_inv(2 * p, in_double());
}

} // namespace tune
