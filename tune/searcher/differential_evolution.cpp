#include "tune/searcher/differential_evolution.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::uint64_t attempts = 30; ///< To find a child that can be tried; then a point by chance.

/// Three of so many that are not this one, nor each other.
std::array<std::size_t, 3> others(std::size_t than, std::size_t count, chance& random) {
  std::array<std::size_t, 3> chosen{};
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto is_new = [&](std::size_t x) {
      return x != than && std::find(chosen.begin(), chosen.begin() + static_cast<std::ptrdiff_t>(i), x) ==
                            chosen.begin() + static_cast<std::ptrdiff_t>(i);
    };
    do
      chosen[i] = static_cast<std::size_t>(random.below(count));
    while (!is_new(chosen[i]));
  }
  return chosen;
}

} // namespace

std::vector<std::string> differential_mistakes(const char* searcher, int population, double weight, double crossover) {
  std::vector<std::string> found;
  const auto check = [&](bool holds, const char* option, auto is, const char* must) {
    if (!holds)
      found.push_back(fmt::format("searcher {}: {} is {}, but must be {}", searcher, option, is, must));
  };
  check(population >= 4 && population <= 10'000, "population", population, "4 to 10000");
  check(weight > 0 && weight <= 2, "weight", weight, "above 0 and at most 2");
  check(crossover >= 0 && crossover <= 1, "crossover", crossover, "0 to 1");
  return found;
}

void differential_population::join(member which) {
  if (which.how.how == trial_standing::kind::failed)
    return;
  if (!is_complete()) {
    members_.push_back(std::move(which));
    return;
  }
  const auto worst =
    std::max_element(members_.begin(), members_.end(), [](const member& a, const member& b) { return a.how < b.how; });
  if (which.how < worst->how)
    *worst = std::move(which);
}

void differential_population::challenge(std::size_t place, member which) {
  if (which.how.how != trial_standing::kind::failed && !(members_[place].how < which.how))
    members_[place] = std::move(which);
}

std::vector<double> differential_child(const differential_parents& of, const chance& random) {
  auto parents = random.branch("parents", 0);
  const auto [a, b, c] = others(of.own, of.pool.size(), parents);
  const auto from_mutant = static_cast<std::size_t>(parents.below(of.target.size())); // One at least.
  auto numbers = of.target;
  auto crossing = random.branch("crossing", 0);
  for (std::size_t j = 0; j < numbers.size(); ++j) {
    const bool crosses = crossing.happens(of.with.crossover);
    const double anywhere = crossing.unit();
    if (!crosses && j != from_mutant)
      continue;
    const double x = (*of.pool[a])[j] + of.with.weight * ((*of.pool[b])[j] - (*of.pool[c])[j]);
    numbers[j] = x >= 0 && x <= 1 ? x : anywhere;
  }
  return numbers;
}

std::optional<config> child_to_try(const differential_bounds& bounds, const learning_search::ranks& in_batch,
                                   const differential_parents& of, std::uint64_t seed, const char* purpose,
                                   trial_id trial) {
  for (std::uint64_t i = 0; i < attempts; ++i) {
    const chance random(seed, purpose, trial.value * attempts + i);
    const auto numbers = differential_child(of, random);
    auto made = bounds.axes.config_at(numbers, random);
    if (!made || !bounds.plan.check(*made) || bounds.design.is_taken(*made, in_batch))
      continue;
    auto as_it_is = numbers;
    bounds.axes.read(*made, as_it_is);
    if (as_it_is != of.target)
      return std::move(*made);
  }
  return std::nullopt;
}

} // namespace tune
