#include "tune/searcher/choice_distribution.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tune {
namespace {

constexpr double threshold = 1.5;     ///< Of agreement, of Akimoto et al.
constexpr double all_at_usual = 0.73; ///< The probability that all parameters choose what they find best.
constexpr double no_length = 1e-30;
constexpr double least_caution = 1e-6; ///< Where all generations agree there is no end of acceleration.

} // namespace

choice_distribution::choice_distribution(std::vector<std::size_t> counts) {
  std::size_t free = 0;
  for (const auto count : counts) {
    shares_.emplace_back(count, 1 / static_cast<double>(count));
    least_.push_back((1 - std::pow(all_at_usual, 1 / static_cast<double>(counts.size()))) /
                     static_cast<double>(count - 1));
    free += count - 1;
  }
  path_.assign(free, 0);
}

std::uint32_t choice_distribution::likeliest(std::size_t parameter) const {
  const auto& shares = shares_[parameter];
  return static_cast<std::uint32_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
}

std::uint32_t choice_distribution::drawn(std::size_t parameter, double unit) const {
  const auto& shares = shares_[parameter];
  std::size_t choice = 0;
  for (; choice + 1 < shares.size() && unit >= shares[choice]; ++choice)
    unit -= shares[choice];
  return static_cast<std::uint32_t>(choice);
}

choice_distribution::table choice_distribution::direction_of(const std::vector<sample>& best) const {
  table direction;
  for (std::size_t j = 0; j < size(); ++j) {
    direction.emplace_back(shares_[j].size(), 0);
    for (const auto& each : best) {
      direction[j][(*each.choices)[j]] += each.weight;
      for (std::size_t k = 0; k < shares_[j].size(); ++k)
        direction[j][k] -= each.weight * shares_[j][k];
    }
  }
  return direction;
}

/// By the root of Fisher's information matrix, so that its length does not depend on how likely things are.
std::vector<double> choice_distribution::normalised(const table& direction) const {
  std::vector<double> all;
  for (std::size_t j = 0; j < size(); ++j) {
    const auto last = shares_[j].size() - 1;
    const double of_last = shares_[j][last];
    const double sum = std::accumulate(direction[j].begin(), direction[j].end() - 1, 0.0);
    for (std::size_t k = 0; k < last; ++k) {
      const double root = std::sqrt(shares_[j][k]);
      all.push_back(direction[j][k] / root + root * sum / (of_last + std::sqrt(of_last)));
    }
  }
  return all;
}

void choice_distribution::update(const std::vector<sample>& best) {
  if (size() == 0)
    return;
  const auto direction = direction_of(best);
  auto step = normalised(direction);
  const double length = std::sqrt(std::inner_product(step.begin(), step.end(), step.begin(), 0.0)) + no_length;
  const double reach = 1 / caution_;
  for (std::size_t j = 0; j < size(); ++j)
    for (std::size_t k = 0; k < shares_[j].size(); ++k)
      shares_[j][k] += std::min(reach / length, 1.0) * direction[j][k]; // Further than to the samples is nowhere.
  const double rate = std::min(reach / std::sqrt(static_cast<double>(path_.size())), 1.0);
  double agreement = 0;
  for (std::size_t i = 0; i < path_.size(); ++i) {
    path_[i] = (1 - rate) * path_[i] + std::sqrt(rate * (2 - rate)) * step[i] / length;
    agreement += path_[i] * path_[i];
  }
  path_length_ = (1 - rate) * (1 - rate) * path_length_ + rate * (2 - rate);
  caution_ = std::max(caution_ * std::exp(rate * (path_length_ - agreement / threshold)), least_caution);
  keep_all_possible();
}

void choice_distribution::begin_at(const std::vector<sample>& best, double share) {
  const auto direction = direction_of(best);
  for (std::size_t j = 0; j < size(); ++j)
    for (std::size_t k = 0; k < shares_[j].size(); ++k)
      shares_[j][k] += share * direction[j][k];
  keep_all_possible();
}

void choice_distribution::keep_all_possible() {
  for (std::size_t j = 0; j < size(); ++j) {
    auto& shares = shares_[j];
    for (auto& each : shares)
      each = std::max(each, least_[j]);
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    const double spare = sum - static_cast<double>(shares.size()) * least_[j];
    for (auto& each : shares)
      each -= (sum - 1) * (each - least_[j]) / spare;
    const double whole = std::accumulate(shares.begin(), shares.end(), 0.0);
    for (auto& each : shares)
      each /= whole;
  }
}

} // namespace tune
