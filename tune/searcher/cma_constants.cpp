#include "tune/searcher/cma_constants.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tune {
namespace {

double squared(double x) {
  return x * x;
}

/// How many equal weights would be worth as much as these.
double effective_count(const std::vector<double>& weights, std::size_t from, std::size_t to) {
  double sum = 0;
  double squares = 0;
  for (auto i = from; i < to; ++i) {
    sum += weights[i];
    squares += squared(weights[i]);
  }
  return squares > 0 ? squared(sum) / squares : 0;
}

} // namespace

std::size_t cma_constants::usual_population(std::size_t parameters) {
  return 4 + static_cast<std::size_t>(3 * std::log(static_cast<double>(std::max<std::size_t>(parameters, 1))));
}

cma_constants::cma_constants(std::size_t dimensions, std::size_t population_size, bool is_diagonal)
  : population(population_size),
    parents(population_size / 2) {
  const auto n = static_cast<double>(std::max<std::size_t>(dimensions, 1));
  for (std::size_t i = 1; i <= population; ++i)
    weights.push_back(std::log((static_cast<double>(population) + 1) / 2) - std::log(static_cast<double>(i)));
  parents_count = effective_count(weights, 0, parents);
  others_count = effective_count(weights, parents, population);
  const double faster = is_diagonal ? (n + 2) / 3 : 1;
  rank_one = std::min(0.5, faster * 2 / (squared(n + 1.3) + parents_count));
  rank_parents = std::min(1 - rank_one - 1e-8,
                          faster * 2 * (parents_count - 2 + 1 / parents_count) / (squared(n + 2) + parents_count));
  others_share = rank_parents > 0 ? std::min({1 + rank_one / rank_parents, 1 + 2 * others_count / (parents_count + 2),
                                              (1 - rank_one - rank_parents) / (n * rank_parents)})
                                  : 0;
  step_path_rate = (parents_count + 2) / (n + parents_count + 5);
  step_damping = 1 + 2 * std::max(0.0, std::sqrt((parents_count - 1) / (n + 1)) - 1) + step_path_rate;
  path_rate = (4 + parents_count / n) / (n + 4 + 2 * parents_count / n);
  usual_length = std::sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * squared(n)));
  double positive = 0;
  double negative = 0;
  for (const double each : weights)
    (each >= 0 ? positive : negative) += std::abs(each);
  for (auto& each : weights)
    each *= each >= 0 ? 1 / positive : others_share / negative;
}

} // namespace tune
