#include "tune/searcher/gp_model.hpp"

#include "tune/searcher/sobol_sequence.hpp"
#include "tune/searcher/target_warp.hpp"
#include "tune/space/standard_normal.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr std::size_t fit_each_until = 30; ///< Trials; then whenever there are a sixteenth more.
constexpr std::size_t fits_by_trials = 16;
constexpr std::size_t fantasies = 16;

bool is_other_magnitude(std::size_t a, std::size_t b) {
  return std::ilogb(static_cast<double>(std::max<std::size_t>(a, 1))) != std::ilogb(static_cast<double>(b));
}

} // namespace

gp_model::gp_model(const gp_kernel& kernel, double least_noise, std::size_t startup, std::uint64_t seed)
  : kernel_(kernel),
    fit_(kernel, least_noise),
    startup_(startup),
    seed_(seed),
    seen_(seed) {
}

void gp_model::add(key which, std::vector<double> units, Eigen::VectorXd point) {
  seen_.add(which, std::move(units), std::move(point));
}

void gp_model::forget(key which) {
  seen_.forget(which);
}

void gp_model::end(key which, const gp_observations::standing& how) {
  seen_.end(which, how);
  const auto n = seen_.ended();
  if (n < startup_ || (n > fit_each_until && n < last_due_ + std::max<std::size_t>(1, last_due_ / fits_by_trials)))
    return;
  // At each doubling it begins anew, so that a long journal is read without repeating every fit that ever was.
  const bool is_anew = is_other_magnitude(last_due_, n);
  if (is_anew)
    due_.clear();
  due_.push_back({seen_.chosen(), n, is_anew});
  last_due_ = n;
}

/// What is due, in order: after a restart the same fits are made as before it.
const Eigen::VectorXd& gp_model::parameters() {
  for (const auto& each : due_)
    theta_ = fit_.fit(points_of(each.from, kernel_.dimensions()), targets_of(each.from),
                      each.is_anew ? std::nullopt : theta_, chance(seed_, "gp fit", each.ended));
  due_.clear();
  return *theta_;
}

Eigen::VectorXd gp_model::lengths() {
  return parameters().head(kernel_.dimensions()).array().exp();
}

gp_posterior gp_model::posterior(const chance& keys) {
  const auto ended = seen_.chosen();
  const auto waiting = seen_.pending();
  const auto rows = static_cast<Eigen::Index>(waiting.size());
  gp_kernel::points pending(rows, kernel_.dimensions());
  Eigen::MatrixXd imagined(rows, static_cast<Eigen::Index>(fantasies));
  const sobol_sequence sequence(waiting.size());
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    pending.row(static_cast<Eigen::Index>(i)) = waiting[i].transpose();
    for (std::size_t s = 0; s < fantasies; ++s)
      imagined(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(s)) =
        normal_quantile(unit_of(scrambled(sequence.at(s, i), static_cast<std::uint32_t>(keys.bits(i)))));
  }
  return {kernel_,           parameters(),       points_of(ended, kernel_.dimensions()),
          targets_of(ended), std::move(pending), imagined};
}

gp_kernel::points gp_model::points_of(const gp_observations::list& some, Eigen::Index dimensions) {
  gp_kernel::points points(static_cast<Eigen::Index>(some.size()), dimensions);
  for (std::size_t i = 0; i < some.size(); ++i)
    points.row(static_cast<Eigen::Index>(i)) = some[i]->point.transpose();
  return points;
}

Eigen::VectorXd gp_model::targets_of(const gp_observations::list& some) {
  const auto targets = tune::targets_of(gp_observations::losses_of(some));
  return Eigen::Map<const Eigen::VectorXd>(targets.data(), static_cast<Eigen::Index>(targets.size()));
}

} // namespace tune
