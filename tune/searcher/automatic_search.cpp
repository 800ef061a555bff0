#include "tune/searcher/automatic_search.hpp"

#include "tune/searcher/gp_space.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace tune {
namespace {

bool is_grid(const search_space::parameter& each) {
  return std::holds_alternative<domain::crossed>(each.what.get());
}

bool has_grids(const search_space& space) {
  return std::any_of(space.parameters().begin(), space.parameters().end(), is_grid);
}

design_search designed(const searcher_setup& setup, const auto_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return {setup, has_grids(setup.space) ? random_design : sobol_design, made};
}

} // namespace

automatic_search::automatic_search(const searcher_setup& setup, const auto_search_options& options)
  : objectives_(setup.objectives),
    has_grids_(has_grids(setup.space)),
    design_(designed(setup, options)) {
  if (has_grids_)
    return;
  const space_plan plan(setup.space);
  const gp_space space(plan);
  parameters_ = space.dimensions();
  if (parameters_ == 0)
    return;
  for (std::size_t i = 0; i < parameters_; ++i)
    unordered_ += space.axis(i).is() == unit_axis::kind::choices || space.is_conditional(i) ? 1 : 0;
  tpe_search_options by_tpe;
  by_tpe.repeat = options.repeat;
  tpe_ = std::make_unique<tpe>(setup, by_tpe);
  if (objectives_ > 1) {
    nsga2_search_options by_nsga2;
    by_nsga2.repeat = options.repeat;
    by_nsga2.children = nsga2_search_options::variation::simulated_binary; // It begins where it is good already.
    nsga2_ = std::make_unique<nsga2>(setup, by_nsga2);
    return;
  }
  gp_search_options by_gp;
  by_gp.repeat = options.repeat;
  gp_ = std::make_unique<gp>(setup, by_gp);
  bohb_search_options by_bohb;
  by_bohb.repeat = options.repeat;
  bohb_ = std::make_unique<bohb>(setup, by_bohb);
  startup_ = gp::startup_of(by_gp, parameters_);
}

searcher_abilities automatic_search::abilities() const {
  searcher_abilities can;
  can.several_objectives = true;
  can.learns = tpe_ != nullptr;
  return can;
}

std::string automatic_search::explanation() const {
  if (has_grids_)
    return "random in each cell of the grid, as the space has grids";
  if (tpe_ == nullptr)
    return "nothing, as there is nothing to choose in the space";
  const auto rest = fmt::format("one trial in {} is of a Sobol search, lest models are misled", insurance);
  if (objectives_ > 1)
    return fmt::format("tpe, as there are {} objectives; nsga2 after {} trials; {}", objectives_, most_divided, rest);
  const bool is_unordered = unordered_ * 2 > parameters_;
  return fmt::format(
    "{} by turns, as {} of {} parameters {} choices or conditional; tpe alone after {} trials; bohb where many trials "
    "are stopped or paused early; {}",
    is_unordered ? "gp and twice as often tpe" : "tpe and twice as often gp", unordered_, parameters_,
    unordered_ == 1 ? "is" : "are", most_modelled, rest);
}

/// Null: the design's.
learning_search* automatic_search::turn_of(trial_id trial) const {
  if (tpe_ == nullptr)
    return nullptr;
  // Last results say little about each other then: a model for each number of iterations says more.
  if (bohb_ != nullptr && bohb_->can_learn() && (is_decided_ || lengths_.are_many()))
    return bohb_.get(); // Which has its own share of random ones.
  if (gp_ != nullptr && ended_ < startup_)
    return gp_.get();
  if (trial.value % insurance == 0)
    return nullptr;
  if (nsga2_ != nullptr && ended_ >= most_divided)
    return nsga2_.get();
  if (gp_ == nullptr)
    return tpe_.get();
  const bool is_unordered = unordered_ * 2 > parameters_;
  return (trial.value % 3 == 0) == is_unordered ? static_cast<learning_search*>(gp_.get()) : tpe_.get();
}

design_search::drawn automatic_search::next(trial_id trial, const ranks& in_batch) {
  auto* const whose = turn_of(trial);
  return whose != nullptr ? whose->next(trial, in_batch) : design_.draw(trial, in_batch);
}

template <class Event>
void automatic_search::tell(Event event) {
  event(static_cast<searcher&>(design_));
  if (tpe_ != nullptr)
    event(static_cast<searcher&>(*tpe_));
  if (gp_ != nullptr)
    event(static_cast<searcher&>(*gp_));
  if (bohb_ != nullptr)
    event(static_cast<searcher&>(*bohb_));
  if (nsga2_ != nullptr)
    event(static_cast<searcher&>(*nsga2_));
}

void automatic_search::suppose(trial_id trial, const config& values) {
  if (tpe_ != nullptr)
    tpe_->suppose(trial, values);
  if (gp_ != nullptr)
    gp_->suppose(trial, values);
  if (bohb_ != nullptr)
    bohb_->suppose(trial, values);
  if (nsga2_ != nullptr)
    nsga2_->suppose(trial, values);
}

void automatic_search::withdraw(trial_id trial) {
  if (tpe_ != nullptr)
    tpe_->withdraw(trial);
  if (gp_ != nullptr)
    gp_->withdraw(trial);
  if (bohb_ != nullptr)
    bohb_->withdraw(trial);
  if (nsga2_ != nullptr)
    nsga2_->withdraw(trial);
}

std::optional<std::uint64_t> automatic_search::rank_of(const config& values) const {
  return design_.rank_of(values);
}

void automatic_search::count_ended() {
  ++ended_;
  if (ended_ >= most_modelled)
    gp_.reset();
  decide();
}

/// After so many trials it stays with what it is: what is not used any more costs memory and time.
void automatic_search::decide() {
  if (is_decided_ || std::max(ended_, lengths_.all()) < most_modelled)
    return;
  is_decided_ = true;
  if (!lengths_.are_many())
    bohb_.reset();
  lengths_ = {};
}

void automatic_search::on_known(const config& values, const std::vector<double>& losses) {
  tell([&](searcher& each) { each.on_known(values, losses); });
  count_ended();
}

void automatic_search::on_created(trial_id trial, const config& values) {
  if (pending_.emplace(trial, 0).second)
    tell([&](searcher& each) { each.on_created(trial, values); });
}

void automatic_search::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  found->second = std::max(found->second, iteration);
  lengths_.on_goes_on(trial);
  tell([&](searcher& each) { each.on_report(trial, iteration, losses); });
}

void automatic_search::on_paused(trial_id trial) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  if (!is_decided_)
    lengths_.on_waits(trial, found->second);
  tell([&](searcher& each) { each.on_paused(trial); });
  decide();
}

void automatic_search::on_constraints(trial_id trial, const std::vector<double>& violations) {
  tell([&](searcher& each) { each.on_constraints(trial, violations); });
}

void automatic_search::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  const auto iteration = found->second;
  pending_.erase(found);
  tell([&](searcher& each) { each.on_end(trial, how, losses); });
  lengths_.on_goes_on(trial);
  if (!is_decided_ && how == trial_outcome::completed)
    lengths_.on_completed(iteration);
  else if (!is_decided_ && how == trial_outcome::stopped)
    lengths_.on_stopped(iteration);
  if (how != trial_outcome::ignored)
    count_ended();
}

} // namespace tune
