#pragma once

#include <string>
#include <vector>

#include "tune/domain.hpp"

namespace tune {

/// What cannot be in one domain, but for its conditions: "its range is empty: low 2 is above high 1; swap them".
std::vector<std::string> mistakes_of_domain(const domain& x);

} // namespace tune
