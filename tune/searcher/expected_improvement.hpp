#pragma once

namespace tune {

/// log(phi(z) + z Phi(z)): of how much is expected above 0 of a normal variable with mean z and deviation 1. Exact far
/// into the tail, where the plain formula is 0 (Ament et al. 2023, arXiv:2310.20708).
double log_expected_excess(double z) noexcept;

/// The logarithm of the expected improvement of a normal variable over a value, and how it changes with the variable's
/// mean and deviation. More is better.
struct log_improvement {
  double value;
  double by_mean;
  double by_deviation;
};
/// `deviation` is above 0.
log_improvement log_expected_improvement(double mean, double deviation, double over) noexcept;

} // namespace tune
