#pragma once

#include <string>
#include <vector>

namespace sim {

// Of the program in which faults can be planted, see runtime/base/mutation.hpp.

enum class mutated_layer { runtime, tune };
std::vector<std::string> mutation_names(mutated_layer of);
std::vector<std::string> mutation_names(); ///< Of both.

/// In place of what was planted before; while nothing runs. False: there is none of this name.
bool plant(const std::string& name);
void plant_nothing();

} // namespace sim
