#include "tune/searcher/tpe.hpp"

#include "tune/space/unit_encoding.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::uint64_t rounds = 3;    ///< Of new candidates, where none of the first can be tried.
constexpr std::size_t most_tried = 64; ///< Of one round.

tpe_observations::key key_of(trial_id trial) {
  return (std::uint64_t{1} << 62) + trial.value; // Behind what was known before.
}

bool operator==(const space_plan::link& a, const space_plan::link& b) {
  return a.parent == b.parent && a.values == b.values;
}

bool have_same_conditions(const space_plan::dimension& a, const space_plan::dimension& b) {
  return std::equal(a.links.begin(), a.links.end(), b.links.begin(), b.links.end(),
                    [](const space_plan::link& x, const space_plan::link& y) { return x == y; });
}

/// The parameters that are to be drawn together. In the order of their first ones, so that what a group depends on
/// comes before it.
std::vector<std::vector<std::size_t>> groups_of(const space_plan& plan, bool multivariate) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (!is_modelled(plan.at(i)))
      continue;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const auto& each) {
      return multivariate && have_same_conditions(plan.at(each.front()), plan.at(i));
    });
    if (same == groups.end())
      groups.push_back({i});
    else
      same->push_back(i);
  }
  return groups;
}

std::vector<unit_axis> axes_of(const space_plan& plan, const std::vector<std::size_t>& dimensions) {
  std::vector<unit_axis> axes;
  for (const auto i : dimensions)
    axes.emplace_back(plan.at(i).what);
  return axes;
}

design_search_options design_options(const tpe_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

} // namespace

tpe::group::group(std::vector<std::size_t> which, std::vector<unit_axis> of, std::uint64_t seed, std::size_t most_good)
  : dimensions(std::move(which)),
    axes(std::move(of)),
    seen(seed, most_good),
    good(axes),
    bad(axes) {
}

tpe::tpe(const searcher_setup& setup, const tpe_search_options& options)
  : plan_(setup.space),
    seed_(setup.seed),
    options_(options),
    startup_(static_cast<std::size_t>(options.startup_trials)),
    design_(setup, sobol_design, design_options(options)) {
  for (auto& each : groups_of(plan_, options.multivariate)) {
    auto axes = axes_of(plan_, each);
    groups_.emplace_back(std::move(each), std::move(axes), seed_, static_cast<std::size_t>(options.most_good));
  }
}

std::vector<std::string> tpe::mistakes(const search_space& space, const tpe_search_options& options) {
  std::vector<std::string> found;
  const auto check = [&](bool holds, const char* option, auto is, const char* must) {
    if (!holds)
      found.push_back(fmt::format("searcher tpe: {} is {}, but must be {}", option, is, must));
  };
  check(options.startup_trials >= 1, "startup_trials", options.startup_trials, "1 or more");
  check(options.candidates >= 1 && options.candidates <= 10'000, "candidates", options.candidates, "1 to 10000");
  check(options.good_share > 0 && options.good_share <= 1, "good_share", options.good_share, "above 0 and at most 1");
  check(options.most_good >= 1 && options.most_good <= 1'000, "most_good", options.most_good, "1 to 1000");
  for (auto& each : mistakes_of_crossed("tpe", space))
    found.push_back(std::move(each));
  return found;
}

searcher_abilities tpe::abilities() const {
  searcher_abilities can;
  can.several_objectives = true;
  can.grids = false;
  can.learns = true;
  return can;
}

/// All of it: what a journal says may be of another space.
bool tpe::is_there(const group& x, const config& values) const {
  return std::all_of(x.dimensions.begin(), x.dimensions.end(),
                     [&](std::size_t i) { return values.contains(plan_.at(i).name); });
}

design_search::drawn tpe::next(trial_id trial, const ranks& in_batch) {
  auto values = ended_ < startup_ ? std::nullopt : learned(trial, in_batch);
  return values ? design_search::drawn{std::move(values), {}} : design_.draw(trial, in_batch);
}

void tpe::suppose(trial_id trial, const config& values) {
  add(key_of(trial), values);
}

void tpe::withdraw(trial_id trial) {
  forget(key_of(trial));
}

std::optional<std::uint64_t> tpe::rank_of(const config& values) const {
  return design_.rank_of(values);
}

/// What the densities say; none: nothing of it can be tried.
std::optional<config> tpe::learned(trial_id trial, const ranks& in_batch) {
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const chance random(seed_, "tpe", trial.value * rounds + round);
    std::vector<std::optional<candidates>> proposed(groups_.size());
    for (std::size_t i = 0; i < most_tried; ++i)
      if (auto made = composed(i, proposed, random); made && plan_.check(*made) && !design_.is_taken(*made, in_batch))
        return std::move(*made);
  }
  return std::nullopt;
}

/// Of the i-th candidates of the groups. Groups are thought about when they turn out to be there; of those of which too
/// little is known it is by chance.
result<config> tpe::composed(std::size_t i, std::vector<std::optional<candidates>>& proposed, const chance& random) {
  std::vector<double> units(plan_.size());
  for (std::size_t j = 0; j < units.size(); ++j)
    units[j] = random.unit(i * units.size() + j);
  for (;;) {
    for (std::size_t g = 0; g < groups_.size(); ++g)
      for (std::size_t j = 0; proposed[g] && i < proposed[g]->size() && j < groups_[g].dimensions.size(); ++j)
        units[groups_[g].dimensions[j]] = (*proposed[g])[i].units[j];
    auto functions = random.branch("sample_from", i);
    auto made = plan_.complete(units, {}, functions);
    bool is_whole = true;
    for (std::size_t g = 0; made && g < groups_.size(); ++g)
      if (!proposed[g] && is_there(groups_[g], *made)) {
        proposed[g] = propose(groups_[g], random.branch("candidates", g));
        is_whole = false;
      }
    if (is_whole)
      return made;
  }
}

tpe::candidates tpe::propose(group& x, const chance& random) const {
  if (x.seen.ended() * 2 < startup_)
    return {};
  const auto seen = x.seen.divide(good_of(options_, x.seen.ended()));
  x.good.assign(seen.good);
  x.good.weigh(seen.weights);
  x.bad.assign(seen.bad);
  const auto count = static_cast<std::size_t>(options_.candidates);
  candidates drawn;
  std::vector<double> scores;
  for (std::size_t i = 0; i < count; ++i) {
    drawn.push_back(x.good.draw(random.branch("candidate", i)));
    scores.push_back(x.good.log_density(drawn.back()) - x.bad.log_density(drawn.back()));
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  candidates ranked;
  for (const auto i : order)
    ranked.push_back(std::move(drawn[i]));
  return ranked;
}

std::size_t tpe::good_of(const tpe_search_options& options, std::size_t ended) {
  const auto share = std::ceil(options.good_share * static_cast<double>(ended) - 1e-9); // 0.15 * 20 is 3, not 4.
  return std::min(static_cast<std::size_t>(share), static_cast<std::size_t>(options.most_good));
}

void tpe::add(key which, const config& values) {
  for (auto& each : groups_) {
    if (!is_there(each, values))
      continue;
    std::vector<double> units;
    for (const auto i : each.dimensions)
      units.push_back(to_unit(plan_.at(i).what, *values.find(plan_.at(i).name)));
    each.seen.add(which, parzen_point::at(each.axes, std::move(units)));
  }
}

void tpe::end(key which, const trial_standing& how) {
  ++ended_;
  for (auto& each : groups_)
    each.seen.end(which, how);
}

void tpe::forget(key which) {
  for (auto& each : groups_)
    each.seen.forget(which);
}

void tpe::on_known(const config& values, const std::vector<double>& losses) {
  const key which = known_++;
  design_.on_known(values, losses);
  add(which, values);
  end(which, trial_course().at_end(trial_outcome::completed, losses));
}

void tpe::on_created(trial_id trial, const config& values) {
  if (!pending_.emplace(trial, trial_course()).second)
    return;
  design_.on_created(trial, values);
  add(key_of(trial), values);
}

void tpe::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& /*losses*/) {
  if (const auto found = pending_.find(trial); found != pending_.end())
    found->second.on_report(iteration);
}

void tpe::on_constraints(trial_id trial, const std::vector<double>& violations) {
  if (const auto found = pending_.find(trial); found != pending_.end())
    found->second.on_constraints(violations);
}

void tpe::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  if (how == trial_outcome::ignored)
    forget(key_of(trial));
  else
    end(key_of(trial), found->second.at_end(how, losses));
  pending_.erase(found);
}

} // namespace tune
