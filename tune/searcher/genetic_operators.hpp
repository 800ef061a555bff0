#pragma once

#include <vector>

#include "tune/chance.hpp"
#include "tune/searcher/modelled_axes.hpp"

namespace tune {

/// Simulated binary crossover (Deb and Agrawal 1995) that stays in [0, 1] (Deb's bounded form): one of the two children
/// of a and b, the upper one or the lower one. It lies near its parent, the nearer the greater eta is; u, from [0, 1),
/// says where: near 0 between the parents, near 1 outside of them.
double simulated_binary_child(double a, double b, bool is_upper, double eta, double u);

/// Polynomial mutation (Deb and Goyal 1996) that stays in [0, 1]: near x, the nearer the greater eta is; u, from
/// [0, 1), says where: below x if less than a half.
double polynomial_mutant(double x, double eta, double u);

// On all numbers of a point, which are in [0, 1]. Each axis has draws of its own.

/// Uniform crossover (Syswerda 1989): each number becomes the mate's with this probability.
void cross_uniformly(std::vector<double>& numbers, const std::vector<double>& mate, double swapping, chance random);
/// Half of the numbers become a simulated binary child's. Choices, and the rest of the numbers, are crossed uniformly.
void cross_binary(const modelled_axes& axes, std::vector<double>& numbers, const std::vector<double>& mate,
                  double swapping, double eta, chance random);

/// Each number is drawn anew with this probability.
void mutate_anywhere(std::vector<double>& numbers, double probability, chance random);
/// Each number becomes its polynomial mutant with this probability, and of finitely many values another one at least:
/// the next one. Choices are drawn anew.
void mutate_nearby(const modelled_axes& axes, std::vector<double>& numbers, double probability, double eta,
                   chance random);

} // namespace tune
