#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tune/config.hpp"
#include "tune/search_space.hpp"

namespace bench {

/// A function whose least value is known, to judge searchers by.
struct known_function {
  std::string name; ///< "rosenbrock_10": a family and its dimensions.
  tune::search_space space;
  std::function<double(const tune::config&)> loss;
  tune::config best; ///< Where it is least.
  double least = 0;  ///< Its value there.
  double noise = 0;  ///< Standard deviation of what searchers see beside the loss.
};

/// The families of BBOB (Hansen et al. 2009) that are short to write, with optimum and rotation drawn once for each
/// family and dimension; classical ones; mixed, conditional and categorical ones; noisy ones.
const std::vector<known_function>& known_functions();
/// Null if there is none.
const known_function* find_function(const std::string& name);

/// What a searcher sees of it: the loss, and noise that is the trial's own.
double observed_loss(const known_function& what, double loss, std::uint64_t seed, std::uint64_t trial);

} // namespace bench
