#include "tune/searcher/cma_distribution.hpp"

#include "tune/searcher/cell_margin.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr int draws = 4;          ///< For a point within the cube.
constexpr double most_faster = 1; ///< A generation multiplies the deviation by at most e (Hansen 2011).
constexpr double narrow = 1e-12;
constexpr double diverged = 1e4;
constexpr double worst_condition = 1e14;

} // namespace

cma_distribution::cma_distribution(const modelled_axes& axes, cma_start start, std::size_t population)
  : axes_(&axes),
    constants_(static_cast<std::size_t>(start.mean.size()), population,
               start.covariance.which() == cma_covariance::form::diagonal),
    start_deviation_(start.deviation),
    deviation_(start.deviation),
    mean_(std::move(start.mean)),
    scale_(Eigen::VectorXd::Ones(mean_.size())),
    covariance_(std::move(start.covariance)),
    choices_(std::move(start.choices)),
    step_path_(Eigen::VectorXd::Zero(mean_.size())),
    path_(Eigen::VectorXd::Zero(mean_.size())) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes.at(i).is() == unit_axis::kind::choices) {
      chosen_.push_back(i);
      continue;
    }
    is_cell_.push_back(axes.at(i).is() == unit_axis::kind::cells);
    if (is_cell_.back())
      cells_.push_back(numeric_.size());
    numeric_.push_back(i);
  }
  keep_margins();
}

bool cma_distribution::is_within(const Eigen::VectorXd& x) const {
  for (std::size_t i = 0; i < numeric_.size(); ++i) {
    const double at = x[static_cast<Eigen::Index>(i)];
    if (!is_cell_[i] && !(at >= 0 && at <= 1)) // The outermost cells have no end.
      return false;
  }
  return true;
}

/// Within the cube, if a few draws find such a point. In a corner they do not, and more draws would keep the search
/// away from it: then the point is tried where the cube is nearest, but learned from as it is. Were it learned from as
/// it is tried, all points would be alike there, and the distribution flat too early.
cma_point cma_distribution::drawn(const chance& random) const {
  cma_point made;
  const auto n = mean_.size();
  Eigen::VectorXd x(n);
  auto normals = random.branch("normal", 0);
  for (int i = 0; i < draws; ++i) {
    for (auto& each : x)
      each = normals.normal();
    x = mean_ + deviation_ * covariance_.spread(x);
    if (is_within(x))
      break;
  }
  made.numbers.assign(x.begin(), x.end());
  const auto units = random.branch("choice", 0);
  for (std::size_t j = 0; j < choices_.size(); ++j)
    made.choices.push_back(choices_.drawn(j, units.unit(j)));
  return made;
}

cma_point cma_distribution::middle() const {
  cma_point made;
  made.numbers.assign(mean_.begin(), mean_.end());
  for (std::size_t j = 0; j < choices_.size(); ++j)
    made.choices.push_back(choices_.likeliest(j));
  return made;
}

void cma_distribution::place(const cma_point& x, std::vector<double>& axes) const {
  for (std::size_t i = 0; i < numeric_.size(); ++i) {
    const auto j = static_cast<Eigen::Index>(i);
    const double at = is_cell_[i] ? mean_[j] + (x.numbers[i] - mean_[j]) * scale_[j] : x.numbers[i];
    axes[numeric_[i]] = std::clamp(at, 0.0, 1.0);
  }
  for (std::size_t j = 0; j < chosen_.size(); ++j)
    axes[chosen_[j]] = axes_->at(chosen_[j]).middle_of(x.choices[j]);
}

cma_point cma_distribution::point_at(const std::vector<double>& axes) const {
  cma_point made;
  for (std::size_t i = 0; i < numeric_.size(); ++i) {
    const auto j = static_cast<Eigen::Index>(i);
    made.numbers.push_back(mean_[j] + (axes[numeric_[i]] - mean_[j]) / scale_[j]); // The scale of others is 1.
  }
  for (const auto i : chosen_)
    made.choices.push_back(static_cast<std::uint32_t>(axes_->at(i).cell_at(axes[i])));
  return made;
}

/// In deviations. One from elsewhere is shortened to about the usual length.
Eigen::VectorXd cma_distribution::step_to(const candidate& x) const {
  const Eigen::Map<const Eigen::VectorXd> where(x.where->numbers.data(), mean_.size());
  Eigen::VectorXd step = (where - mean_) / deviation_;
  if (!x.is_foreign)
    return step;
  const auto n = static_cast<double>(mean_.size());
  const double most = std::sqrt(n) + 2 * n / (n + 2);
  const double length = covariance_.whitened(step).norm();
  return length > most ? Eigen::VectorXd(step * (most / length)) : step;
}

void cma_distribution::update(const std::vector<candidate>& ranked) {
  ++generation_;
  const auto failed = static_cast<std::size_t>(
    std::count_if(ranked.begin(), ranked.end(), [](const candidate& each) { return each.has_failed; }));
  const auto parents = std::min(constants_.parents, ranked.size() - failed);
  if (parents == 0) { // Nothing is known but that all this fails.
    deviation_ *= 0.5;
    return keep_margins();
  }
  std::vector<Eigen::VectorXd> steps;
  std::vector<double> weights;
  std::vector<choice_distribution::sample> best;
  double sum = 0;
  for (std::size_t i = 0; i < parents; ++i)
    sum += constants_.weights[i];
  for (std::size_t i = 0; i < parents; ++i) {
    steps.push_back(step_to(ranked[i]));
    weights.push_back(constants_.weights[i] / sum);
    best.push_back({&ranked[i].where->choices, weights.back()});
  }
  // The worst, however many there are: those between neither attract nor repel.
  for (std::size_t i = constants_.parents; i < constants_.population; ++i) {
    steps.push_back(step_to(ranked[ranked.size() - constants_.population + i]));
    weights.push_back(constants_.weights[i]);
  }
  const bool most_failed = failed * 2 > ranked.size();
  if (mean_.size() > 0)
    move(steps, weights, !most_failed);
  if (most_failed)
    deviation_ *= 0.7;
  choices_.update(best);
  remember(ranked);
  keep_margins();
}

/// Positive weights are those of the parents.
void cma_distribution::move(const std::vector<Eigen::VectorXd>& steps, const std::vector<double>& weights,
                            bool learns_shape) {
  const auto& c = constants_;
  const auto before = mean_;
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (weights[i] > 0)
      mean_ += weights[i] * deviation_ * steps[i];
  keep_within();
  if (!learns_shape)
    return;
  const Eigen::VectorXd step = (mean_ - before) / deviation_;
  step_path_ = (1 - c.step_path_rate) * step_path_ +
               std::sqrt(c.step_path_rate * (2 - c.step_path_rate) * c.parents_count) * covariance_.whitened(step);
  const double length = step_path_.norm();
  const auto n = static_cast<double>(mean_.size());
  const double started = 1 - std::pow(1 - c.step_path_rate, 2 * static_cast<double>(generation_ + 1));
  const double h = length / std::sqrt(started) < (1.4 + 2 / (n + 1)) * c.usual_length ? 1 : 0;
  path_ = (1 - c.path_rate) * path_ + h * std::sqrt(c.path_rate * (2 - c.path_rate) * c.parents_count) * step;
  double sum = 0;
  std::vector<cma_covariance::part> parts = {{path_, c.rank_one}};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    sum += weights[i];
    double weight = weights[i];
    if (weight < 0)
      weight *= n / (covariance_.whitened(steps[i]).squaredNorm() + 1e-8);
    if (weight != 0)
      parts.push_back({steps[i], c.rank_parents * weight});
  }
  covariance_.update(1 + c.rank_one * (1 - h) * c.path_rate * (2 - c.path_rate) - c.rank_one - c.rank_parents * sum,
                     parts);
  deviation_ *= std::exp(std::min(c.step_path_rate / c.step_damping * (length / c.usual_length - 1), most_faster));
}

void cma_distribution::keep_within() {
  for (std::size_t i = 0; i < numeric_.size(); ++i) {
    auto& each = mean_[static_cast<Eigen::Index>(i)];
    if (!is_cell_[i] && std::isfinite(each)) // Cells have their margins.
      each = std::clamp(each, 0.0, 1.0);
  }
}

void cma_distribution::keep_margins() {
  const double margin =
    1 / static_cast<double>(std::max<std::size_t>(axes_->size(), 1) * std::max<std::size_t>(constants_.population, 1));
  for (const auto i : cells_) {
    const auto j = static_cast<Eigen::Index>(i);
    const double deviation = deviation_ * covariance_.deviation(j);
    if (!std::isfinite(mean_[j]) || !std::isfinite(scale_[j]) || !(deviation > 0) || !std::isfinite(deviation))
      continue; // It has converged, or diverged.
    const auto kept = with_margin(axes_->at(numeric_[i]), {mean_[j], scale_[j]}, deviation, margin);
    mean_[j] = kept.mean;
    scale_[j] = kept.scale;
  }
}

void cma_distribution::remember(const std::vector<candidate>& ranked) {
  losses_.emplace_back(ranked.front().loss, ranked.back().loss);
  if (losses_.size() > remembered())
    losses_.pop_front();
}

std::size_t cma_distribution::remembered() const {
  const auto axes = std::max<std::size_t>(axes_->size(), 1);
  return 10 + (30 * axes + constants_.population - 1) / constants_.population;
}

bool cma_distribution::has_converged() const {
  return is_flat() || (mean_.size() > 0 && (!is_regular() || is_narrow() || is_below_rounding()));
}

/// Whether all losses of many generations were the same.
bool cma_distribution::is_flat() const {
  if (losses_.size() < remembered())
    return false;
  double best = losses_.front().first;
  double worst = losses_.front().second;
  for (const auto& each : losses_) {
    best = std::min(best, each.first);
    worst = std::max(worst, each.second);
  }
  return std::isfinite(worst) && worst - best < narrow * std::max(1.0, std::abs(best));
}

bool cma_distribution::is_regular() const {
  if (!std::isfinite(deviation_) || !(deviation_ > 0) || !mean_.allFinite() || !covariance_.is_finite())
    return false;
  const double longest = covariance_.lengths().maxCoeff();
  const double condition = longest / covariance_.lengths().minCoeff();
  return deviation_ * longest <= diverged * start_deviation_ && condition * condition <= worst_condition;
}

bool cma_distribution::is_narrow() const {
  const double least = narrow * start_deviation_;
  for (Eigen::Index i = 0; i < mean_.size(); ++i)
    if (deviation_ * covariance_.deviation(i) >= least || deviation_ * std::abs(path_[i]) >= least)
      return false;
  return true;
}

/// Whether a step along an axis, or in one coordinate, would be lost in rounding.
bool cma_distribution::is_below_rounding() const {
  const auto i = static_cast<Eigen::Index>(generation_ % static_cast<std::uint64_t>(mean_.size()));
  const Eigen::VectorXd moved = mean_ + 0.1 * deviation_ * covariance_.lengths()[i] * covariance_.axis(i);
  if (moved == mean_)
    return true;
  for (Eigen::Index j = 0; j < mean_.size(); ++j)
    if (mean_[j] + 0.2 * deviation_ * covariance_.deviation(j) == mean_[j])
      return true;
  return false;
}

} // namespace tune
