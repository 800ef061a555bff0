#include "tune/searcher/gp_fit.hpp"

#include "tune/searcher/bounded_minimum.hpp"

#include <cmath>

namespace tune {
namespace {

using vector = Eigen::VectorXd;
using matrix = Eigen::MatrixXd;

const double log_two_pi = std::log(2 * std::acos(-1.0));

// A fit that goes on from the one before is near its end; one that begins anew is not.
constexpr int first_iterations = 40;
constexpr int further_iterations = 10;

} // namespace

std::optional<Eigen::LLT<matrix>> factored(const matrix& covariance, double noise) {
  const double scale = covariance.rows() == 0 ? 1 : covariance.diagonal().mean();
  for (double jitter = 0; jitter <= 1e-4; jitter = jitter == 0 ? 1e-10 : jitter * 10) {
    matrix noisy = covariance;
    noisy.diagonal().array() += noise + jitter * scale;
    Eigen::LLT<matrix> made(noisy);
    if (made.info() == Eigen::Success && made.matrixLLT().diagonal().minCoeff() > 0)
      return made;
  }
  return std::nullopt;
}

gp_fit::gp_fit(const gp_kernel& kernel, double least_noise)
  : kernel_(kernel),
    priors_(static_cast<std::size_t>(kernel.parameters())) {
  const auto dimensions = static_cast<double>(std::max<Eigen::Index>(kernel.dimensions(), 1));
  const auto set = [&](Eigen::Index i, normal_prior what) { priors_[static_cast<std::size_t>(i)] = what; };
  for (Eigen::Index i = 0; i < kernel.dimensions(); ++i) {
    set(i, {std::sqrt(2.0) + std::log(dimensions) / 2, 3, false, std::log(0.01), std::log(100.0)});
    if (kernel.warps()) {
      set(kernel.first_exponent(i), {0, 0.75 * 0.75, true, -2, 2});
      set(kernel.second_exponent(i), {0, 0.75 * 0.75, true, -2, 2});
    }
  }
  set(kernel.signal(), {0, 1, false, std::log(0.05), std::log(20.0)});
  set(kernel.noise(), {-4, 1, false, std::log(least_noise), std::log(2.0)});
}

vector gp_fit::most_likely_before() const {
  vector theta(kernel_.parameters());
  for (Eigen::Index i = 0; i < theta.size(); ++i) {
    const auto& prior = priors_[static_cast<std::size_t>(i)];
    const double mode = prior.is_of_logarithm ? prior.mean : prior.mean - prior.variance;
    theta[i] = std::min(std::max(mode, prior.low), prior.high);
  }
  return theta;
}

double gp_fit::log_prior(const vector& theta, vector& gradient) const {
  double sum = 0;
  for (Eigen::Index i = 0; i < theta.size(); ++i) {
    const auto& prior = priors_[static_cast<std::size_t>(i)];
    const double off = theta[i] - prior.mean;
    sum -= off * off / (2 * prior.variance) + (prior.is_of_logarithm ? 0 : theta[i]);
    gradient[i] -= off / prior.variance + (prior.is_of_logarithm ? 0 : 1);
  }
  return sum;
}

std::optional<double> gp_fit::log_likelihood(const gp_kernel::points& x, const vector& y, const vector& theta,
                                             vector& gradient) const {
  const matrix raw = kernel_.features_of(x, theta);
  const vector scale = kernel_.inverse_lengths(theta);
  const matrix scaled = raw * scale.asDiagonal();
  const matrix t = gp_kernel::distances(scaled, scaled);
  const double signal = std::exp(theta[kernel_.signal()]);
  const double noise = std::exp(theta[kernel_.noise()]);
  const matrix k = signal * gp_kernel::correlation(t);
  const auto factor = factored(k, noise);
  if (!factor)
    return std::nullopt;
  const vector alpha = factor->solve(y);
  const auto n = static_cast<double>(y.size());
  const double value = -y.dot(alpha) / 2 - factor->matrixLLT().diagonal().array().log().sum() - n / 2 * log_two_pi;

  // d = 1/2 tr((alpha alpha' - K^-1) dK).
  matrix inverse = matrix::Identity(y.size(), y.size());
  factor->matrixL().solveInPlace(inverse);
  matrix half = matrix::Zero(y.size(), y.size());
  half.selfadjointView<Eigen::Lower>().rankUpdate(inverse.transpose(), -1);
  half.selfadjointView<Eigen::Lower>().rankUpdate(alpha, 1);
  const matrix by = half.selfadjointView<Eigen::Lower>();
  gradient = vector::Zero(theta.size());
  gradient[kernel_.signal()] = by.cwiseProduct(k).sum() / 2;
  gradient[kernel_.noise()] = noise * by.trace() / 2;
  const matrix g = by.cwiseProduct(signal * gp_kernel::steepness(t));
  const vector sums = g.rowwise().sum();
  const matrix products = g * raw;
  for (Eigen::Index c = 0; c < raw.cols(); ++c) {
    const auto owner = kernel_.owner(c);
    const double weight = scale[c] * scale[c];
    gradient[owner] += weight * (sums.dot(raw.col(c).cwiseAbs2()) - raw.col(c).dot(products.col(c)));
    if (!kernel_.warps() || kernel_.is_choice(owner))
      continue;
    const auto slopes = kernel_.slopes_by_exponents(x, owner, theta);
    const vector moved = weight * (sums.cwiseProduct(raw.col(c)) - products.col(c));
    gradient[kernel_.first_exponent(owner)] -= moved.dot(slopes.by_first);
    gradient[kernel_.second_exponent(owner)] -= moved.dot(slopes.by_second);
  }
  return value;
}

std::optional<double> gp_fit::log_density(const gp_kernel::points& x, const vector& y, const vector& theta,
                                          vector& gradient) const {
  const auto likelihood = log_likelihood(x, y, theta, gradient);
  return likelihood ? std::optional(*likelihood + log_prior(theta, gradient)) : std::nullopt;
}

vector gp_fit::fit(const gp_kernel::points& x, const vector& y, const std::optional<vector>& before,
                   const chance& random) const {
  if (y.size() == 0)
    return most_likely_before();
  vector low(kernel_.parameters());
  vector high(kernel_.parameters());
  vector drawn(kernel_.parameters());
  auto draws = random;
  for (Eigen::Index i = 0; i < low.size(); ++i) {
    const auto& prior = priors_[static_cast<std::size_t>(i)];
    low[i] = prior.low;
    high[i] = prior.high;
    drawn[i] = std::min(std::max(draws.normal(prior.mean, std::sqrt(prior.variance)), low[i]), high[i]);
  }
  const smooth_function negative = [&](const vector& theta, vector& gradient) {
    const auto density = log_density(x, y, theta, gradient);
    gradient = -gradient;
    return density ? -*density : std::nan("");
  };
  bounded_minimum_options options;
  options.iterations = before ? further_iterations : first_iterations;
  options.tolerance = 1e-2 * std::max(1.0, static_cast<double>(y.size()) / 50);
  std::optional<bounded_minimum> best;
  for (const auto& from : before ? std::vector<vector>{*before} : std::vector<vector>{most_likely_before(), drawn}) {
    auto found = descend(negative, from, low, high, options);
    if (std::isfinite(found.value) && (!best || found.value < best->value))
      best = std::move(found);
  }
  return best ? best->where : before ? *before : most_likely_before();
}

} // namespace tune
