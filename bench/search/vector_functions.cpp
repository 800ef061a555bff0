#include "bench/search/vector_functions.hpp"

#include "tune/chance.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace bench {
namespace {

using vector = std::vector<double>;

constexpr double pi = 3.14159265358979323846;

double squared(double x) {
  return x * x;
}

/// 0 to 1 over the dimensions.
double place_of(std::size_t i, std::size_t dimensions) {
  return dimensions < 2 ? 0 : static_cast<double>(i) / static_cast<double>(dimensions - 1);
}

double sphere(const vector& z) {
  double sum = 0;
  for (const double each : z)
    sum += each * each;
  return sum;
}

double ellipsoid(const vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    sum += std::pow(10, 6 * place_of(i, z.size())) * squared(z[i]);
  return sum;
}

double bent_cigar(const vector& z) {
  return squared(z[0]) + 1e6 * (sphere(z) - squared(z[0]));
}

double sharp_ridge(const vector& z) {
  return squared(z[0]) + 100 * std::sqrt(std::max(0.0, sphere(z) - squared(z[0])));
}

double different_powers(const vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i)
    sum += std::pow(std::abs(z[i]), 2 + 4 * place_of(i, z.size()));
  return std::sqrt(sum);
}

double rosenbrock(const vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < z.size(); ++i)
    sum += 100 * squared(squared(z[i] + 1) - (z[i + 1] + 1)) + squared(z[i]);
  return sum;
}

double rastrigin(const vector& z) {
  double sum = 0;
  for (const double each : z)
    sum += 10 * (1 - std::cos(2 * pi * each)) + each * each;
  return sum;
}

double ackley(const vector& z) {
  const auto n = static_cast<double>(z.size());
  double waves = 0;
  for (const double each : z)
    waves += std::cos(2 * pi * each);
  return 20 * (1 - std::exp(-0.2 * std::sqrt(sphere(z) / n))) + std::exp(1) - std::exp(waves / n);
}

double griewank(const vector& z) {
  constexpr double scale = 20;
  double product = 1;
  for (std::size_t i = 0; i < z.size(); ++i)
    product *= std::cos(scale * z[i] / std::sqrt(static_cast<double>(i + 1)));
  return 1 + scale * scale * sphere(z) / 4000 - product;
}

double levy(const vector& z) {
  const auto w = [&](std::size_t i) { return 1 + z[i] / 4; };
  const auto last = z.size() - 1;
  double sum = squared(std::sin(pi * w(0))) + squared(w(last) - 1) * (1 + squared(std::sin(2 * pi * w(last))));
  for (std::size_t i = 0; i < last; ++i)
    sum += squared(w(i) - 1) * (1 + 10 * squared(std::sin(pi * w(i) + 1)));
  return sum;
}

double step_ellipsoid(const vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double step = std::abs(z[i]) > 0.5 ? std::floor(0.5 + z[i]) : std::floor(0.5 + 10 * z[i]) / 10;
    sum += std::pow(10, 2 * place_of(i, z.size())) * squared(step);
  }
  return 0.1 * std::max(std::abs(z[0]) / 1e4, sum);
}

double schaffers(const vector& z) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < z.size(); ++i) {
    const double s = std::sqrt(squared(z[i]) + squared(z[i + 1]));
    sum += std::sqrt(s) * (1 + squared(std::sin(50 * std::pow(s, 0.2))));
  }
  return squared(sum / static_cast<double>(z.size() - 1));
}

} // namespace

const std::vector<vector_function>& vector_functions() {
  static const std::vector<vector_function> all = {
    {"sphere", sphere},
    {"ellipsoid", ellipsoid},
    {"rotated_ellipsoid", ellipsoid, /*is_rotated=*/true},
    {"bent_cigar", bent_cigar, /*is_rotated=*/true},
    {"sharp_ridge", sharp_ridge, /*is_rotated=*/true},
    {"different_powers", different_powers, /*is_rotated=*/true},
    {"rosenbrock", rosenbrock},
    {"rastrigin", rastrigin},
    {"rotated_rastrigin", rastrigin, /*is_rotated=*/true},
    {"ackley", ackley},
    {"griewank", griewank},
    {"levy", levy},
    {"step_ellipsoid", step_ellipsoid, /*is_rotated=*/true},
    {"schaffers", schaffers, /*is_rotated=*/true},
  };
  return all;
}

std::vector<std::vector<double>> rotation(const std::string& name, std::size_t dimensions) {
  std::vector<std::vector<double>> rows;
  tune::chance random(0, "rotation of " + name, dimensions);
  while (rows.size() < dimensions) { // Gram and Schmidt, on rows of normal numbers.
    std::vector<double> row(dimensions);
    for (auto& each : row)
      each = random.normal();
    for (const auto& before : rows) {
      double along = 0;
      for (std::size_t i = 0; i < dimensions; ++i)
        along += row[i] * before[i];
      for (std::size_t i = 0; i < dimensions; ++i)
        row[i] -= along * before[i];
    }
    const double length = std::sqrt(sphere(row));
    for (auto& each : row)
      each /= length;
    rows.push_back(std::move(row));
  }
  return rows;
}

} // namespace bench
