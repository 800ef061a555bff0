#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tune/config.hpp"
#include "tune/search_space.hpp"

namespace bench {

/// Several losses of one configuration, to judge by what part of the space below the reference searchers dominate.
struct front_function {
  std::string name; ///< "zdt1_30": a family and its dimensions.
  tune::search_space space;
  std::function<std::vector<double>(const tune::config&)> losses;
  std::vector<double> reference; ///< About what a random configuration has.
};

/// ZDT1 to ZDT4 and ZDT6 (Zitzler, Deb and Thiele 2000), DTLZ2 of three objectives (Deb et al. 2002), and a mixed and a
/// conditional one of the known functions together with what such a configuration costs.
const std::vector<front_function>& front_functions();
/// Null if there is none.
const front_function* find_front_function(const std::string& name);

} // namespace bench
