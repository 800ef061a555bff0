#pragma once

#include <functional>
#include <string>
#include <vector>

namespace bench {

/// A function of numbers z, least at 0 (where it is 0).
struct vector_function {
  std::string name;
  std::function<double(const std::vector<double>& z)> loss;
  bool is_rotated = false; ///< Of x - optimum, z is a rotation.
};

/// Of Hansen, Finck, Ros and Auger 2009, "Real-parameter black-box optimization benchmarking", without their
/// oscillations and asymmetries.
const std::vector<vector_function>& vector_functions();

/// An orthogonal matrix, by rows; the same for the same name.
std::vector<std::vector<double>> rotation(const std::string& name, std::size_t dimensions);

} // namespace bench
