#include "tune/searcher/rung_weights.hpp"

#include "tune/searcher/gp_model.hpp"
#include "tune/searcher/gp_posterior.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <utility>

namespace tune {
namespace {

constexpr int draws_made = 100;          ///< As in Hyper-Tune.
constexpr std::size_t most_parts = 5;    ///< As in Hyper-Tune.
constexpr std::size_t most_ranked = 100; ///< Pairs are counted, and they grow with the square.

using vector = Eigen::VectorXd;

Eigen::Index at(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

/// A model that knows nothing of pending trials.
gp_posterior model_of(const gp_kernel& kernel, const vector& parameters, gp_kernel::points x, const vector& y) {
  return {kernel, parameters, std::move(x), y, gp_kernel::points(0, kernel.dimensions()), {}};
}

rung_opinion opinion_of(const gp_posterior& model, const gp_kernel::points& x) {
  const auto moments = model.moments_at(x);
  return {moments.means.row(0).transpose(), moments.variances.cwiseSqrt()};
}

/// Of the points from `first` on, each by a model of all but its own part of them.
rung_opinion opinion_of_itself(const gp_kernel& kernel, const vector& parameters, const gp_kernel::points& x,
                               const vector& y, std::size_t first) {
  const auto count = static_cast<std::size_t>(y.size());
  const auto parts = std::min(most_parts, count);
  rung_opinion all{vector::Zero(y.size()), vector::Ones(y.size())};
  for (std::size_t part = 0; part < parts; ++part) {
    std::vector<std::size_t> inside, outside;
    for (std::size_t i = 0; i < count; ++i)
      (i % parts == part ? inside : outside).push_back(i);
    if (outside.empty())
      break; // Of a single one nothing is known but that targets have mean 0 and deviation 1.
    gp_kernel::points known(at(outside.size()), x.cols());
    vector targets(at(outside.size()));
    for (std::size_t j = 0; j < outside.size(); ++j) {
      known.row(at(j)) = x.row(at(outside[j]));
      targets[at(j)] = y[at(outside[j])];
    }
    gp_kernel::points unknown(at(inside.size()), x.cols());
    for (std::size_t j = 0; j < inside.size(); ++j)
      unknown.row(at(j)) = x.row(at(inside[j]));
    const auto found = opinion_of(model_of(kernel, parameters, std::move(known), targets), unknown);
    for (std::size_t j = 0; j < inside.size(); ++j) {
      all.means[at(inside[j])] = found.means[at(j)];
      all.deviations[at(inside[j])] = found.deviations[at(j)];
    }
  }
  const auto rest = y.size() - at(first);
  return {all.means.tail(rest), all.deviations.tail(rest)};
}

std::size_t wrong_pairs(const vector& values, const vector& targets) {
  std::size_t wrong = 0;
  for (Eigen::Index i = 0; i < targets.size(); ++i)
    for (Eigen::Index j = 0; j < i; ++j)
      if (targets[i] != targets[j] && (values[i] < values[j]) != (targets[i] < targets[j]))
        ++wrong;
  return wrong;
}

} // namespace

std::vector<double> shares_of_best_order(const std::vector<rung_opinion>& opinions, const vector& targets,
                                         const chance& random, int draws) {
  std::vector<double> shares(opinions.size(), 0);
  for (int draw = 0; draw < draws; ++draw) {
    std::size_t best = 0;
    auto fewest = std::numeric_limits<std::size_t>::max();
    for (std::size_t k = 0; k < opinions.size(); ++k) {
      auto own = random.branch("order", static_cast<std::uint64_t>(draw) * opinions.size() + k);
      vector values = opinions[k].means;
      for (Eigen::Index i = 0; i < values.size(); ++i)
        values[i] += opinions[k].deviations[i] * own.normal();
      if (const auto wrong = wrong_pairs(values, targets); wrong < fewest) {
        fewest = wrong;
        best = k;
      }
    }
    shares[best] += 1.0 / draws;
  }
  return shares;
}

std::vector<double> rung_weights(const gp_kernel& kernel, const std::vector<rung_results>& rungs,
                                 const chance& random) {
  if (rungs.size() == 1)
    return {1};
  const auto& top = rungs.back();
  const auto x = gp_model::points_of(top.results, kernel.dimensions());
  const auto y = gp_model::targets_of(top.results);
  const auto ranked = std::min(most_ranked, top.results.size());
  const auto first = top.results.size() - ranked;
  std::vector<rung_opinion> opinions;
  for (std::size_t k = 0; k + 1 < rungs.size(); ++k) {
    const auto model = model_of(kernel, rungs[k].parameters, gp_model::points_of(rungs[k].results, kernel.dimensions()),
                                gp_model::targets_of(rungs[k].results));
    opinions.push_back(opinion_of(model, x.bottomRows(at(ranked))));
  }
  opinions.push_back(opinion_of_itself(kernel, top.parameters, x, y, first));
  return shares_of_best_order(opinions, y.tail(at(ranked)), random, draws_made);
}

} // namespace tune
