#pragma once

#include <string>
#include <vector>

namespace sim {

// Of the program in which faults can be planted, see runtime/base/mutation.hpp.

std::vector<std::string> mutation_names();

/// In place of what was planted before; while nothing runs. False: there is none of this name.
bool plant(const std::string& name);
void plant_nothing();

} // namespace sim
