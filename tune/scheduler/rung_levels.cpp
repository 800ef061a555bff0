#include "tune/scheduler/rung_levels.hpp"

#include "tune/chance.hpp"
#include "tune/scheduler/nearly.hpp"

#include <cmath>

#include <fmt/format.h>

namespace tune {

iteration_number rung_level(double exact) {
  return static_cast<iteration_number>(std::ceil(exact * (1 - nearly)));
}

std::vector<iteration_number> rung_levels(const asha_options& options, int bracket) {
  std::vector<iteration_number> levels;
  const auto end = static_cast<double>(options.max_t);
  auto level = static_cast<double>(options.grace_period);
  for (int k = 0; level < end; ++k, level *= options.reduction_factor) {
    const auto whole = rung_level(level);
    if (k >= bracket && whole < options.max_t && (levels.empty() || levels.back() < whole))
      levels.push_back(whole);
  }
  return levels;
}

int most_brackets(const asha_options& options) {
  return static_cast<int>(rung_levels(options, 0).size()) + 1;
}

int bracket_of(trial_id trial, const asha_options& options, std::uint64_t seed) {
  if (options.brackets <= 1)
    return 0;
  const auto levels = static_cast<double>(most_brackets(options));
  const auto weight = [&](int s) { return 1 / ((levels - s) * std::pow(options.reduction_factor, s)); };
  double all = 0;
  for (int s = 0; s < options.brackets; ++s)
    all += weight(s);
  double drawn = chance(seed, "asha bracket", trial.value).unit(0) * all;
  for (int s = 0; s + 1 < options.brackets; ++s) {
    drawn -= weight(s);
    if (drawn < 0)
      return s;
  }
  return options.brackets - 1;
}

std::size_t best_of(std::size_t n, double reduction_factor) {
  return static_cast<std::size_t>(static_cast<double>(n) / reduction_factor * (1 + nearly));
}

std::string shown(double loss, direction better) {
  return fmt::format("{:.6g}", to_loss(loss, better) + 0.0); // Not -0.
}

} // namespace tune
