#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"

using losses = std::vector<double>;

inline const tune::search_space square = {{"x", tune::uniform(0, 1)}, {"y", tune::uniform(0, 1)}};

/// On the square: 0 at (0.3, 0.7), and more around it.
inline double bowl(const tune::config& c) {
  return std::pow(c.get<double>("x") - 0.3, 2) + std::pow(c.get<double>("y") - 0.7, 2);
}

/// Numbers from 0 to 1: x0, x1, ...
inline tune::search_space cube(std::size_t dimensions) {
  tune::search_space space;
  for (std::size_t i = 0; i < dimensions; ++i)
    space.add("x" + std::to_string(i), tune::uniform(0, 1));
  return space;
}

/// Trials first to last, each ended before the next is asked for.
inline std::vector<tune::config> run(tune::searcher& search, std::uint64_t first, std::uint64_t last,
                                     const std::function<losses(const tune::config&)>& function) {
  std::vector<tune::config> all;
  for (std::uint64_t i = first; i <= last; ++i) {
    all.push_back(search.ask({tune::trial_id{i}}).proposals.at(0).values);
    search.on_created(tune::trial_id{i}, all.back());
    search.on_end(tune::trial_id{i}, tune::trial_outcome::completed, function(all.back()));
  }
  return all;
}
