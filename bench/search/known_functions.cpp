#include "bench/search/known_functions.hpp"

#include "bench/search/vector_functions.hpp"
#include "tune/chance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace bench {
namespace {

using tune::config;
using tune::search_space;

constexpr double pi = 3.14159265358979323846;

double squared(double x) {
  return x * x;
}

std::string x_(std::size_t i) {
  return "x" + std::to_string(i);
}

known_function shifted(const vector_function& f, std::size_t dimensions, double noise = 0) {
  known_function made;
  made.name = (noise > 0 ? "noisy_" : "") + f.name + "_" + std::to_string(dimensions);
  made.noise = noise;
  std::vector<double> optimum;
  tune::chance random(0, "optimum of " + f.name, dimensions);
  for (std::size_t i = 0; i < dimensions; ++i) {
    made.space.add(x_(i), tune::uniform(-5, 5));
    optimum.push_back(random.between(-4, 4));
    made.best.set(x_(i), optimum.back());
  }
  const auto rows = f.is_rotated ? rotation(f.name, dimensions) : std::vector<std::vector<double>>();
  made.loss = [loss = f.loss, optimum, rows](const config& c) {
    std::vector<double> z;
    for (std::size_t i = 0; i < optimum.size(); ++i)
      z.push_back(c.get<double>(x_(i)) - optimum[i]);
    if (rows.empty())
      return loss(z);
    std::vector<double> turned;
    for (const auto& row : rows) {
      turned.push_back(0);
      for (std::size_t i = 0; i < z.size(); ++i)
        turned.back() += row[i] * z[i];
    }
    return loss(turned);
  };
  return made;
}

known_function branin() {
  return {"branin",
          {{"x0", tune::uniform(-5, 10)}, {"x1", tune::uniform(0, 15)}},
          [](const config& c) {
            const auto x = c.get<double>("x0");
            const auto y = c.get<double>("x1");
            return squared(y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6) + 10 * (1 - 1 / (8 * pi)) * std::cos(x) +
                   10;
          },
          {{"x0", pi}, {"x1", 2.275}},
          5 / (4 * pi)};
}

known_function hartmann_6() {
  static constexpr std::array<double, 4> alpha = {1.0, 1.2, 3.0, 3.2};
  static constexpr std::array<std::array<double, 6>, 4> a = {{
    {10, 3, 17, 3.5, 1.7, 8},
    {0.05, 10, 17, 0.1, 8, 14},
    {3, 3.5, 1.7, 10, 17, 8},
    {17, 8, 0.05, 10, 0.1, 14},
  }};
  static constexpr std::array<std::array<double, 6>, 4> p = {{
    {0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
    {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
    {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
    {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381},
  }};
  known_function made;
  made.name = "hartmann_6";
  made.least = -3.322368011415515;
  const std::array<double, 6> best = {0.20168951, 0.15001069, 0.47687398, 0.27533243, 0.31165162, 0.65730054};
  for (std::size_t j = 0; j < best.size(); ++j) {
    made.space.add(x_(j), tune::uniform(0, 1));
    made.best.set(x_(j), best[j]);
  }
  made.loss = [](const config& c) {
    double sum = 0;
    for (std::size_t i = 0; i < alpha.size(); ++i) {
      double distance = 0;
      for (std::size_t j = 0; j < 6; ++j)
        distance += a[i][j] * squared(c.get<double>(x_(j)) - p[i][j]);
      sum -= alpha[i] * std::exp(-distance);
    }
    return sum;
  };
  return made;
}

known_function six_hump_camel() {
  return {"six_hump_camel",
          {{"x0", tune::uniform(-3, 3)}, {"x1", tune::uniform(-2, 2)}},
          [](const config& c) {
            const auto x = c.get<double>("x0");
            const auto y = c.get<double>("x1");
            return (4 - 2.1 * x * x + std::pow(x, 4) / 3) * x * x + x * y + (-4 + 4 * y * y) * y * y;
          },
          {{"x0", 0.08984201368301331}, {"x1", -0.7126564032704135}},
          -1.031628453489877};
}

/// What a small network's settings look like: rates on logarithmic scales, sizes, choices, and their interplay.
known_function network() {
  return {"network_mixed",
          {{"rate", tune::log_uniform(1e-5, 1)},
           {"decay", tune::log_uniform(1e-6, 1e-2)},
           {"width", tune::log_integer(8, 512)},
           {"layers", tune::integer(1, 8)},
           {"dropout", tune::quniform(0, 0.9, 0.05)},
           {"batch", tune::ordinal({16, 32, 64, 128, 256})},
           {"activation", tune::choice({"relu", "tanh", "gelu", "swish"})},
           {"optimizer", tune::choice({"sgd", "adam", "lion"})}},
          [](const config& c) {
            static const std::map<std::string, double> activations = {
              {"relu", 0.2}, {"tanh", 0.5}, {"gelu", 0}, {"swish", 0.1}};
            static const std::map<std::string, double> optimizers = {{"sgd", 0.3}, {"adam", 0}, {"lion", 0.15}};
            const auto optimizer = c.get<std::string>("optimizer");
            const double best_rate = optimizer == "sgd" ? -1 : -3; // Powers of ten.
            const double size = std::log2(c.get<double>("width") / 96) + 0.5 * (c.get<double>("layers") - 4);
            return 0.15 * squared(std::log10(c.get<double>("rate")) - best_rate) +
                   0.05 * squared(std::log10(c.get<double>("decay")) + 4) + 0.1 * squared(size) +
                   0.05 * squared(c.get<double>("layers") - 4) + 2 * squared(c.get<double>("dropout") - 0.25) +
                   0.04 * squared(std::log2(c.get<double>("batch") / 64)) +
                   activations.at(c.get<std::string>("activation")) + optimizers.at(optimizer);
          },
          {{"rate", 1e-3},
           {"decay", 1e-4},
           {"width", 96},
           {"layers", 4},
           {"dropout", 0.25},
           {"batch", 64},
           {"activation", "gelu"},
           {"optimizer", "adam"}},
          0};
}

/// Which learner, and its own settings.
known_function learners() {
  return {"learners_conditional",
          {{"learner", tune::choice({"svm", "forest", "network"})},
           {"scale", tune::uniform(0, 1)},
           {"c", tune::log_uniform(1e-3, 1e3).when("learner", "svm")},
           {"gamma", tune::log_uniform(1e-4, 10).when("learner", "svm")},
           {"trees", tune::log_integer(10, 1000).when("learner", "forest")},
           {"depth", tune::integer(1, 20).when("learner", "forest")},
           {"rate", tune::log_uniform(1e-5, 1).when("learner", "network")},
           {"solver", tune::choice({"sgd", "adam"}).when("learner", "network")},
           {"momentum", tune::uniform(0, 1).when("solver", "sgd")}},
          [](const config& c) {
            const auto learner = c.get<std::string>("learner");
            const double shared = 0.5 * squared(c.get<double>("scale") - 0.3);
            const auto log10 = [&](const char* name) { return std::log10(c.get<double>(name)); };
            if (learner == "svm")
              return 0.1 + shared + 0.1 * squared(log10("c") - 1) + 0.2 * squared(log10("gamma") + 2 + log10("c") - 1);
            if (learner == "forest")
              return 0.15 + shared + 0.05 * squared(log10("trees") - 2.5) + 0.01 * squared(c.get<double>("depth") - 12);
            if (c.get<std::string>("solver") == "adam")
              return 0.05 + shared + 0.2 * squared(log10("rate") + 3);
            return shared + 0.2 * squared(log10("rate") + 1) + squared(c.get<double>("momentum") - 0.8);
          },
          {{"learner", "network"}, {"scale", 0.3}, {"rate", 0.1}, {"solver", "sgd"}, {"momentum", 0.8}},
          0};
}

/// Eight choices of five, each with a cost of its own, and each pair that differs from the best at both costs more.
known_function choices() {
  known_function made;
  made.name = "choices_8";
  std::vector<std::array<double, 5>> costs;
  tune::chance random(0, "choices", 8);
  for (std::size_t j = 0; j < 8; ++j) {
    made.space.add(x_(j), tune::choice({"a", "b", "c", "d", "e"}));
    const auto best = random.below(5);
    std::array<double, 5> of_one{};
    for (std::size_t k = 0; k < of_one.size(); ++k)
      of_one[k] = k == best ? 0 : random.between(0.2, 1);
    made.best.set(x_(j), std::string(1, static_cast<char>('a' + best)));
    costs.push_back(of_one);
  }
  made.loss = [costs](const config& c) {
    double sum = 0;
    double before = 0;
    for (std::size_t j = 0; j < costs.size(); ++j) {
      const double cost = costs[j][static_cast<std::size_t>(c.get<std::string>(x_(j))[0] - 'a')];
      sum += cost + before * cost;
      before = cost;
    }
    return sum;
  };
  return made;
}

/// Integers on a bowl, ten axes of 0 to 20, with a slope that grows with the axis.
known_function integers() {
  known_function made;
  made.name = "integers_10";
  tune::chance random(0, "integers", 10);
  std::vector<std::int64_t> best;
  for (std::size_t j = 0; j < 10; ++j) {
    made.space.add(x_(j), tune::integer(0, 20));
    best.push_back(random.integer(0, 20));
    made.best.set(x_(j), best.back());
  }
  made.loss = [best](const config& c) {
    double sum = 0;
    for (std::size_t j = 0; j < best.size(); ++j)
      sum += (1 + static_cast<double>(j)) * squared(c.get<double>(x_(j)) - static_cast<double>(best[j])) / 100;
    return sum;
  };
  return made;
}

std::vector<known_function> all_functions() {
  std::vector<known_function> all = {branin(),   six_hump_camel(), hartmann_6(), network(),
                                     learners(), choices(),        integers()};
  const std::map<std::string, std::vector<std::size_t>> dimensions = {
    {"sphere", {2, 5, 10, 20}},
    {"ellipsoid", {5, 10, 20}},
    {"rotated_ellipsoid", {5, 10}},
    {"bent_cigar", {5}},
    {"sharp_ridge", {5}},
    {"different_powers", {5, 10}},
    {"rosenbrock", {2, 5, 10, 20}},
    {"rastrigin", {2, 5, 10}},
    {"rotated_rastrigin", {5, 10}},
    {"ackley", {2, 5, 10, 20}},
    {"griewank", {5}},
    {"levy", {5, 10}},
    {"step_ellipsoid", {5, 10}},
    {"schaffers", {5}},
  };
  for (const auto& f : vector_functions()) {
    for (const auto d : dimensions.at(f.name))
      all.push_back(shifted(f, d));
    if (f.name == "sphere")
      all.push_back(shifted(f, 5, /*noise=*/2));
    if (f.name == "rosenbrock")
      all.push_back(shifted(f, 2, /*noise=*/10));
  }
  return all;
}

} // namespace

const std::vector<known_function>& known_functions() {
  static const auto all = all_functions();
  return all;
}

const known_function* find_function(const std::string& name) {
  const auto& all = known_functions();
  const auto found =
    std::find_if(all.begin(), all.end(), [&](const known_function& each) { return each.name == name; });
  return found == all.end() ? nullptr : &*found;
}

double observed_loss(const known_function& what, double loss, std::uint64_t seed, std::uint64_t trial) {
  return what.noise > 0 ? tune::chance(seed, "noise", trial).normal(loss, what.noise) : loss;
}

} // namespace bench
