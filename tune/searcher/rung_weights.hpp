#pragma once

#include <vector>

#include "tune/chance.hpp"
#include "tune/searcher/gp_kernel.hpp"
#include "tune/searcher/gp_observations.hpp"

namespace tune {

/// The results of a rung, and what a Gaussian process has learned from them.
struct rung_results {
  gp_observations::list results;
  Eigen::VectorXd parameters;
};

/// How far the results of each rung are to be believed: with which probability the model of that rung puts those of the
/// last one, which count, in their order with the fewest pairs the wrong way round (Hyper-Tune, Li et al. 2022,
/// arXiv:2201.06834, after RGPE, Feurer et al. 2018). The last one's own model is tried on results that it has not seen
/// (in five parts). What a model thinks of each result is drawn 100 times, by itself. Of several such results the
/// newest 100 are looked at. One number for each rung, which add up to 1; `rungs`: at least one, the lowest first.
std::vector<double> rung_weights(const gp_kernel& kernel, const std::vector<rung_results>& rungs, const chance& random);

/// What a model thinks of some results: a number for each of them.
struct rung_opinion {
  Eigen::VectorXd means;
  Eigen::VectorXd deviations;
};
/// How often each of them has the fewest pairs of these targets the wrong way round, as a share of so many draws. Of
/// equal ones it is the first, whose rung costs least. Pairs of equal targets do not count.
std::vector<double> shares_of_best_order(const std::vector<rung_opinion>& opinions, const Eigen::VectorXd& targets,
                                         const chance& random, int draws);

} // namespace tune
