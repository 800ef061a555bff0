#include "tune/searcher/genetic_operators.hpp"

#include <algorithm>
#include <cmath>

namespace tune {
namespace {

constexpr double least_difference = 1e-14; ///< Of parents that are not the same.

/// On an axis of finitely many values: the mutant if it is another value, or else the next value on its side.
double mutant_cell(const unit_axis& axis, double x, double mutant) {
  const auto was = axis.cell_at(x);
  if (axis.cell_at(mutant) != was || axis.count() < 2)
    return mutant;
  const bool goes_up = was == 0 || (mutant > x && was + 1 < axis.count());
  return axis.middle_of(goes_up ? was + 1 : was - 1);
}

} // namespace

double simulated_binary_child(double a, double b, bool is_upper, double eta, double u) {
  const double low = std::min(a, b);
  const double high = std::max(a, b);
  const double difference = high - low;
  if (difference < least_difference)
    return a;
  const double to_border = is_upper ? 1 - high : low;
  const double alpha = 2 - std::pow(1 + 2 * to_border / difference, -(eta + 1));
  const double share = u * alpha;
  const double beta = std::pow(share <= 1 ? share : 1 / (2 - share), 1 / (eta + 1));
  const double child = (low + high + (is_upper ? beta : -beta) * difference) / 2;
  return std::clamp(child, 0.0, 1.0);
}

double polynomial_mutant(double x, double eta, double u) {
  const bool goes_down = u < 0.5;
  const double to_border = goes_down ? x : 1 - x;
  const double share = goes_down ? 2 * u : 2 * (1 - u);
  const double delta = 1 - std::pow(share + (1 - share) * std::pow(1 - to_border, eta + 1), 1 / (eta + 1));
  return std::clamp(goes_down ? x - delta : x + delta, 0.0, 1.0);
}

void cross_uniformly(std::vector<double>& numbers, const std::vector<double>& mate, double swapping, chance random) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (random.unit(i) < swapping)
      numbers[i] = mate[i];
}

void cross_binary(const modelled_axes& axes, std::vector<double>& numbers, const std::vector<double>& mate,
                  double swapping, double eta, chance random) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const bool is_binary = random.unit(4 * i) < 0.5 && axes.at(i).is() != unit_axis::kind::choices;
    if (is_binary)
      numbers[i] =
        simulated_binary_child(numbers[i], mate[i], random.unit(4 * i + 1) < 0.5, eta, random.unit(4 * i + 2));
    else if (random.unit(4 * i + 3) < swapping)
      numbers[i] = mate[i];
  }
}

void mutate_anywhere(std::vector<double>& numbers, double probability, chance random) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (random.unit(2 * i) < probability)
      numbers[i] = random.unit(2 * i + 1);
}

void mutate_nearby(const modelled_axes& axes, std::vector<double>& numbers, double probability, double eta,
                   chance random) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (random.unit(2 * i) >= probability)
      continue;
    const auto& axis = axes.at(i);
    const double u = random.unit(2 * i + 1);
    if (axis.is() == unit_axis::kind::choices) {
      numbers[i] = u;
      continue;
    }
    const double mutant = polynomial_mutant(numbers[i], eta, u);
    numbers[i] = axis.is() == unit_axis::kind::cells ? mutant_cell(axis, numbers[i], mutant) : mutant;
  }
}

} // namespace tune
