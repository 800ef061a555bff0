#include "bench/search/front_functions.hpp"

#include "bench/search/known_functions.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace bench {
namespace {

using tune::config;
using losses = std::vector<double>;

constexpr double pi = 3.14159265358979323846;

std::string x_(std::size_t i) {
  return "x" + std::to_string(i);
}

tune::search_space cube(std::size_t dimensions) {
  tune::search_space space;
  for (std::size_t i = 0; i < dimensions; ++i)
    space.add(x_(i), tune::uniform(0, 1));
  return space;
}

losses zdt(int which, const config& c) {
  const auto first = c.get<double>("x0");
  double rest = -first;
  for (const auto& each : c)
    rest += each.second.to_number();
  const double g = 1 + 9 * rest / (static_cast<double>(c.size()) - 1);
  const double share = first / g;
  if (which == 2)
    return {first, g * (1 - share * share)};
  return {first, g * (1 - std::sqrt(share) - (which == 3 ? share * std::sin(10 * pi * first) : 0))};
}

/// With 21^9 valleys of which one is the deepest.
losses zdt4(const config& c) {
  const auto first = c.get<double>("x0");
  double g = 1;
  for (std::size_t i = 1; i < c.size(); ++i) {
    const auto x = c.get<double>(x_(i));
    g += 10 + x * x - 10 * std::cos(4 * pi * x);
  }
  return {first, g * (1 - std::sqrt(first / g))};
}

/// Sparse near its front.
losses zdt6(const config& c) {
  const auto x = c.get<double>("x0");
  const double first = 1 - std::exp(-4 * x) * std::pow(std::sin(6 * pi * x), 6);
  double rest = -x;
  for (const auto& each : c)
    rest += each.second.to_number();
  const double g = 1 + 9 * std::pow(rest / (static_cast<double>(c.size()) - 1), 0.25);
  return {first, g * (1 - first * first / (g * g))};
}

losses dtlz2(const config& c) {
  double g = 1;
  for (std::size_t i = 2; i < c.size(); ++i)
    g += std::pow(c.get<double>(x_(i)) - 0.5, 2);
  const double a = c.get<double>("x0") * pi / 2;
  const double b = c.get<double>("x1") * pi / 2;
  return {g * std::cos(a) * std::cos(b), g * std::cos(a) * std::sin(b), g * std::sin(a)};
}

front_function network() {
  const auto* f = find_function("network_mixed");
  return {"network_and_size",
          f->space,
          [f](const config& c) {
            return losses{f->loss(c), std::log2(c.get<double>("width") * c.get<double>("layers"))};
          },
          {3, 12}};
}

front_function learners() {
  const auto* f = find_function("learners_conditional");
  return {"learners_and_time",
          f->space,
          [f](const config& c) {
            double time = 1; // Of a support vector machine, and more if its kernel is narrow.
            if (c.contains("gamma"))
              time += std::log10(c.get<double>("gamma")) / 4;
            if (c.contains("trees"))
              time = std::log10(c.get<double>("trees")) * c.get<double>("depth") / 20;
            if (c.contains("rate"))
              time = 2 - std::log10(c.get<double>("rate")) / 5;
            return losses{f->loss(c), time};
          },
          {3, 3}};
}

std::vector<front_function> all_functions() {
  std::vector<front_function> all;
  for (const int which : {1, 2, 3})
    for (const std::size_t d : {std::size_t{10}, std::size_t{30}})
      all.push_back({"zdt" + std::to_string(which) + "_" + std::to_string(d),
                     cube(d),
                     [which](const config& c) { return zdt(which, c); },
                     {1.1, 6}});
  tune::search_space of_zdt4 = {{"x0", tune::uniform(0, 1)}};
  for (std::size_t i = 1; i < 10; ++i)
    of_zdt4.add(x_(i), tune::uniform(-5, 5));
  all.push_back({"zdt4_10", of_zdt4, zdt4, {1.1, 150}});
  all.push_back({"zdt6_10", cube(10), zdt6, {1.1, 10}});
  all.push_back({"dtlz2_7", cube(7), dtlz2, {1.5, 1.5, 1.5}});
  all.push_back(network());
  all.push_back(learners());
  return all;
}

} // namespace

const std::vector<front_function>& front_functions() {
  static const auto all = all_functions();
  return all;
}

const front_function* find_front_function(const std::string& name) {
  const auto& all = front_functions();
  const auto found =
    std::find_if(all.begin(), all.end(), [&](const front_function& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

} // namespace bench
