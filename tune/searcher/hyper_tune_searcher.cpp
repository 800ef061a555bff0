#include "tune/searcher/hyper_tune_searcher.hpp"

#include "tune/searcher/gp.hpp"
#include "tune/searcher/gp_ensemble.hpp"
#include "tune/searcher/gp_proposal.hpp"
#include "tune/searcher/modelled_axes.hpp"
#include "tune/searcher/rung_weights.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::size_t fewest_results = 6; ///< With fewer a rung has no say (Hyper-Tune, as in Syne Tune).
constexpr double least_weight = 0.01;     ///< Of less nobody would notice what it says (Syne Tune).
constexpr double least_noise = 1e-4;
constexpr std::size_t best_of_rung = 20;  ///< Among which is the one to improve on.
constexpr std::size_t best_looked_at = 2; ///< Of each rung.

gp_model::key key_of(trial_id trial) {
  return (std::uint64_t{1} << 62) + trial.value; // Behind what was known before.
}

design_search_options design_options(const hyper_tune_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

std::size_t startup_of(const hyper_tune_search_options& options, std::size_t dimensions) {
  gp_search_options as_gp;
  as_gp.startup_trials = options.startup_trials;
  return gp::startup_of(as_gp, dimensions);
}

gp_observations::standing standing_of(const std::vector<double>& losses) {
  using kind = gp_observations::standing::kind;
  return losses.empty() || !std::isfinite(losses.front()) ? gp_observations::standing{kind::failed, 0}
                                                          : gp_observations::standing{kind::valued, losses.front()};
}

} // namespace

hyper_tune_searcher::hyper_tune_searcher(const searcher_setup& setup, const hyper_tune_search_options& options)
  : plan_(setup.space),
    seed_(setup.seed),
    options_(options),
    space_(plan_),
    startup_(startup_of(options, space_.dimensions())),
    design_(setup, sobol_design, design_options(options)),
    sequence_(std::min(space_.dimensions(), sobol_sequence::most_dimensions)),
    kernel_(space_.choices()),
    ladder_(options.grace_period, options.reduction_factor) {
  open_rung();
}

std::vector<std::string> hyper_tune_searcher::mistakes(const search_space& space,
                                                       const hyper_tune_search_options& options) {
  auto found = rung_ladder::mistakes("hyper_tune", options.grace_period, options.reduction_factor);
  if (!(options.random_share >= 0 && options.random_share <= 1))
    found.push_back(fmt::format("searcher hyper_tune: random_share is {}, but must be 0 to 1", options.random_share));
  if (options.startup_trials && *options.startup_trials < 1)
    found.push_back(
      fmt::format("searcher hyper_tune: startup_trials is {}, but must be 1 or more", *options.startup_trials));
  for (auto& each : mistakes_of_crossed("hyper_tune", space))
    found.push_back(std::move(each));
  return found;
}

searcher_abilities hyper_tune_searcher::abilities() const {
  searcher_abilities can;
  can.grids = false;
  can.learns = true;
  return can;
}

hyper_tune_searcher::place hyper_tune_searcher::place_of(const config& values) const {
  return {space_.units_of(values), space_.place_of(values).point};
}

void hyper_tune_searcher::open_rung() {
  const auto own_seed = chance(seed_, "rung", rungs_.size()).bits(0);
  auto& opened = rungs_.emplace_back(rung{gp_model(kernel_, least_noise, fewest_results, own_seed)});
  for (const auto& each : known_) {
    opened.model.add(each.which, each.where.units, each.where.point);
    opened.model.end(each.which, each.how);
    opened.valued += each.how.how == gp_observations::standing::kind::valued ? 1 : 0;
  }
  for (const auto& [trial, each] : pending_)
    opened.model.add(key_of(trial), each.where.units, each.where.point);
}

design_search::drawn hyper_tune_searcher::next(trial_id trial, const ranks& in_batch) {
  const bool is_random = chance(seed_, "hyper_tune random", trial.value).unit(0) < options_.random_share;
  auto values = is_random || weights().empty() ? std::nullopt : learned(trial, in_batch);
  return values ? design_search::drawn{std::move(values), {}} : design_.draw(trial, in_batch);
}

std::vector<double> hyper_tune_searcher::weights() {
  if (weights_)
    return *weights_;
  weights_.emplace();
  const bool can_learn = space_.dimensions() > 0 && std::any_of(rungs_.begin(), rungs_.end(), [&](const rung& each) {
                           return each.valued >= startup_;
                         });
  if (!can_learn)
    return *weights_;
  std::vector<std::size_t> which;
  std::vector<rung_results> all;
  std::uint64_t results = 0;
  for (std::size_t k = 0; k < rungs_.size(); ++k) {
    if (rungs_[k].valued < fewest_results)
      continue;
    which.push_back(k);
    all.push_back({rungs_[k].model.seen().chosen(), rungs_[k].model.parameters()});
    results += rungs_[k].model.seen().ended();
  }
  const auto found = rung_weights(kernel_, all, chance(seed_, "rung weights", results));
  weights_->assign(rungs_.size(), 0);
  for (std::size_t i = 0; i < which.size(); ++i)
    (*weights_)[which[i]] = found[i];
  return *weights_;
}

/// Where most improvement is to be expected by those rungs that have a say.
std::optional<config> hyper_tune_searcher::learned(trial_id trial, const ranks& in_batch) {
  const auto by_rung = weights();
  std::vector<gp_ensemble::member> members;
  std::vector<Eigen::VectorXd> known, tried;
  std::vector<std::vector<double>> best;
  Eigen::VectorXd lengths;
  std::size_t results = 0;
  double greatest = 0;
  for (std::size_t k = rungs_.size(); k-- > 0;) {
    auto& model = rungs_[k].model;
    if (by_rung[k] < least_weight)
      continue;
    const auto keys = chance(seed_, "hyper_tune fantasies", trial.value).branch("rung", k);
    members.push_back({model.posterior(keys), by_rung[k]});
    if (by_rung[k] > greatest) {
      greatest = by_rung[k];
      lengths = model.lengths();
    }
    for (const auto& each : model.seen().best(best_of_rung))
      known.push_back(each->point);
    for (const auto& each : model.seen().best(best_looked_at))
      best.push_back(each->units);
    for (const auto& each : model.seen().pending())
      tried.push_back(each);
    const auto chosen = model.seen().chosen();
    results += chosen.size();
    for (const auto& each : chosen)
      tried.push_back(each->point);
  }
  const auto waiting = rungs_.front().model.seen().pending();
  known.insert(known.end(), waiting.begin(), waiting.end());
  gp_kernel::points of_known(static_cast<Eigen::Index>(known.size()), kernel_.dimensions());
  for (std::size_t i = 0; i < known.size(); ++i)
    of_known.row(static_cast<Eigen::Index>(i)) = known[i].transpose();

  gp_space::filter may_be;
  if (design_.is_finite())
    may_be = [&](const config& values) { return !design_.is_taken(values, in_batch); };
  const gp_ensemble expected(std::move(members), of_known);
  const chance random(seed_, "hyper_tune", trial.value);
  const gp_proposal search({space_, sequence_, expected, std::move(lengths), std::move(best), std::nullopt, results,
                            may_be, std::move(tried), random});
  const auto units = search.find();
  return units ? space_.config_at(*units, may_be, random) : std::nullopt;
}

void hyper_tune_searcher::suppose(trial_id trial, const config& values) {
  const auto where = place_of(values);
  for (auto& each : rungs_)
    each.model.add(key_of(trial), where.units, where.point);
}

void hyper_tune_searcher::withdraw(trial_id trial) {
  for (auto& each : rungs_)
    each.model.forget(key_of(trial));
}

std::optional<std::uint64_t> hyper_tune_searcher::rank_of(const config& values) const {
  return design_.rank_of(values);
}

/// At all rungs: how well it would have done with fewer iterations is not known.
void hyper_tune_searcher::on_known(const config& values, const std::vector<double>& losses) {
  design_.on_known(values, losses);
  const auto& added = known_.emplace_back(known_result{known_.size(), place_of(values), standing_of(losses)});
  for (auto& each : rungs_) {
    each.model.add(added.which, added.where.units, added.where.point);
    each.model.end(added.which, added.how);
    each.valued += added.how.how == gp_observations::standing::kind::valued ? 1 : 0;
  }
  weights_.reset();
}

void hyper_tune_searcher::on_created(trial_id trial, const config& values) {
  const auto [created, is_new] = pending_.emplace(trial, course{place_of(values)});
  if (!is_new)
    return;
  design_.on_created(trial, values);
  for (auto& each : rungs_)
    each.model.add(key_of(trial), created->second.where.units, created->second.where.point);
}

/// The next rung never hears of it.
void hyper_tune_searcher::skip(trial_id trial, course& x) {
  rungs_[x.passed++].model.forget(key_of(trial));
}

/// The next rung has heard of it.
void hyper_tune_searcher::pass(trial_id trial, course& x, const gp_observations::standing& how) {
  auto& there = rungs_[x.passed++];
  there.model.end(key_of(trial), how);
  there.valued += how.how == gp_observations::standing::kind::valued ? 1 : 0;
  weights_.reset();
}

void hyper_tune_searcher::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  auto& x = found->second;
  ladder_.open_above(iteration);
  while (rungs_.size() < ladder_.size())
    open_rung();
  const auto reached = ladder_.reached_at(iteration);
  while (x.passed + 1 < reached)
    skip(trial, x); // It has jumped over these.
  if (x.passed < reached)
    pass(trial, x, standing_of(losses));
}

/// What it has not reached says nothing; but if it failed on its way there, that is not to happen again.
void hyper_tune_searcher::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  auto& x = found->second;
  if (how == trial_outcome::failed || (how == trial_outcome::completed && x.passed == 0))
    pass(trial, x, how == trial_outcome::failed ? gp_observations::standing() : standing_of(losses));
  while (x.passed < rungs_.size())
    skip(trial, x);
  pending_.erase(found);
}

} // namespace tune
