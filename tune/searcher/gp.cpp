#include "tune/searcher/gp.hpp"

#include "tune/searcher/gp_proposal.hpp"
#include "tune/searcher/modelled_axes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::size_t least_startup = 8;
constexpr std::size_t most_startup = 20; ///< Where lengths are expected to grow with the dimensions, no more help.
constexpr std::size_t best_looked_at = 3;

gp_observations::key key_of(trial_id trial) {
  return (std::uint64_t{1} << 62) + trial.value; // Behind what was known before.
}

design_search_options design_options(const gp_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

/// A trial that was stopped early counts by its last loss: what is stopped is bad, mostly, and looks so.
gp_observations::standing standing_of(double violation, trial_outcome how, const std::vector<double>& losses) {
  using kind = gp_observations::standing::kind;
  if (how == trial_outcome::failed || losses.empty() || !std::isfinite(losses.front()))
    return {kind::failed, 0};
  return violation > 0 ? gp_observations::standing{kind::infeasible, violation}
                       : gp_observations::standing{kind::valued, losses.front()};
}

} // namespace

gp::gp(const searcher_setup& setup, const gp_search_options& options)
  : plan_(setup.space),
    seed_(setup.seed),
    points_(setup.points),
    space_(plan_),
    startup_(startup_of(options, space_.dimensions())),
    design_(setup, sobol_design, design_options(options)),
    sequence_(std::min(space_.dimensions(), sobol_sequence::most_dimensions)),
    kernel_(space_.choices(), options.input_warping),
    model_(kernel_, options.deterministic ? 1e-6 : 1e-4, startup_, setup.seed) {
  if (space_.dimensions() >= static_cast<std::size_t>(options.trust_region_from))
    region_.emplace(space_.dimensions());
}

std::size_t gp::startup_of(const gp_search_options& options, std::size_t dimensions) {
  if (options.startup_trials)
    return static_cast<std::size_t>(*options.startup_trials);
  return std::max(least_startup, std::min(dimensions + 1, most_startup));
}

std::vector<std::string> gp::mistakes(const search_space& space, const gp_search_options& options) {
  std::vector<std::string> found;
  const auto check = [&](const char* option, int is) {
    if (is < 1)
      found.push_back(fmt::format("searcher gp: {} is {}, but must be 1 or more", option, is));
  };
  if (options.startup_trials)
    check("startup_trials", *options.startup_trials);
  check("trust_region_from", options.trust_region_from);
  for (auto& each : mistakes_of_crossed("gp", space))
    found.push_back(std::move(each));
  return found;
}

searcher_abilities gp::abilities() const {
  searcher_abilities can;
  can.grids = false;
  can.learns = true;
  return can;
}

design_search::drawn gp::next(trial_id trial, const ranks& in_batch) {
  auto values = proposed(trial, in_batch);
  return values ? design_search::drawn{std::move(values), {}} : design_.draw(trial, in_batch);
}

void gp::suppose(trial_id trial, const config& values) {
  add(key_of(trial), values);
}

void gp::withdraw(trial_id trial) {
  model_.forget(key_of(trial));
}

std::optional<std::uint64_t> gp::rank_of(const config& values) const {
  return design_.rank_of(values);
}

std::optional<config> gp::proposed(trial_id trial, const ranks& in_batch) {
  if (space_.dimensions() == 0)
    return std::nullopt;
  gp_space::filter may_be;
  if (design_.is_finite())
    may_be = [&](const config& values) { return !design_.is_taken(values, in_batch); };
  if (model_.seen().ended() >= startup_)
    return learned(trial, may_be);
  return trial.value == points_ + 1 && known_ == 0 ? middle(trial, may_be) : std::nullopt;
}

/// In many dimensions nothing that is drawn is as near to wherever the best may be. Choices have no middle.
std::optional<config> gp::middle(trial_id trial, const gp_space::filter& may_be) const {
  const chance random(seed_, "gp middle", trial.value);
  std::vector<double> units;
  for (std::size_t i = 0; i < space_.dimensions(); ++i)
    units.push_back(space_.axis(i).is() == unit_axis::kind::choices ? random.unit(i) : 0.5);
  return space_.config_at(units, may_be, random.branch("rest", 0));
}

std::optional<config> gp::learned(trial_id trial, const gp_space::filter& may_be) {
  const chance random(seed_, "gp", trial.value);
  const auto posterior = model_.posterior(chance(seed_, "gp fantasies", trial.value));
  const auto lengths = model_.lengths();
  const auto& seen = model_.seen();
  std::vector<std::vector<double>> best;
  std::optional<trust_region::box> box;
  for (const auto& each : seen.best(best_looked_at)) {
    best.push_back(each->units);
    if (region_ && !box)
      box = region_->around(each->point, lengths);
  }
  auto tried = seen.pending();
  for (const auto& each : seen.chosen())
    tried.push_back(each->point);
  const gp_proposal search({space_, sequence_, posterior, lengths, std::move(best), std::move(box),
                            std::min(seen.ended(), gp_observations::most), may_be, std::move(tried), random});
  const auto units = search.find();
  return units ? space_.config_at(*units, may_be, random) : std::nullopt;
}

void gp::add(key which, const config& values) {
  if (space_.dimensions() > 0)
    model_.add(which, space_.units_of(values), space_.place_of(values).point);
}

void gp::end(key which, const gp_observations::standing& how) {
  model_.end(which, how);
  if (!region_)
    return;
  const bool is_valued = how.how == gp_observations::standing::kind::valued;
  const double loss = is_valued ? how.value : std::numeric_limits<double>::quiet_NaN();
  model_.seen().ended() > startup_ ? region_->on_end(loss) : region_->on_first(loss);
}

void gp::on_known(const config& values, const std::vector<double>& losses) {
  const key which = known_++;
  design_.on_known(values, losses);
  add(which, values);
  end(which, standing_of(0, trial_outcome::completed, losses));
}

void gp::on_created(trial_id trial, const config& values) {
  if (!pending_.emplace(trial, 0).second)
    return;
  design_.on_created(trial, values);
  add(key_of(trial), values);
}

void gp::on_constraints(trial_id trial, const std::vector<double>& violations) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  found->second = 0;
  for (const double each : violations)
    found->second += std::isnan(each) ? std::numeric_limits<double>::infinity() : std::max(each, 0.0);
}

void gp::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  if (how == trial_outcome::ignored)
    model_.forget(key_of(trial));
  else
    end(key_of(trial), standing_of(found->second, how, losses));
  pending_.erase(found);
}

} // namespace tune
