#include "tune/searcher/cma_es.hpp"

#include "tune/searcher/cma_warm_start.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace tune {
namespace {

constexpr std::uint64_t attempts = 30;       ///< To draw a point that can be tried; then one by chance.
constexpr std::size_t most_known = 1'000;    ///< The best of ten thousand known results.
constexpr std::size_t good_share = 10;       ///< Of them one in so many tells where to begin (Nomura et al.).
constexpr std::size_t most_dimensions = 100; ///< Of a full matrix, unless it is asked for.
constexpr std::size_t most_times_usual = 10; ///< Populations, because so many trials run at a time.

using form = cma_es_search_options::form;

design_search_options design_options(const cma_es_search_options& options) {
  design_search_options made;
  made.repeat = options.repeat;
  return made;
}

} // namespace

cma_es::cma_es(const searcher_setup& setup, const cma_es_search_options& options)
  : plan_(setup.space),
    axes_(plan_),
    seed_(setup.seed),
    options_(options),
    design_(setup, random_design, design_options(options)),
    restarts_(options.restarts, usual_population(), options.deviation),
    run_(restarts_.first(usual_population())) {
}

std::vector<std::string> cma_es::mistakes(const search_space& space, const cma_es_search_options& options) {
  std::vector<std::string> found;
  if (options.population && (*options.population < 4 || *options.population > 10'000))
    found.push_back(fmt::format("searcher cma_es: population is {}, but must be 4 to 10000", *options.population));
  if (!(options.deviation > 0 && options.deviation <= 1))
    found.push_back(
      fmt::format("searcher cma_es: deviation is {}, but must be above 0 and at most 1", options.deviation));
  for (auto& each : mistakes_of_crossed("cma_es", space))
    found.push_back(std::move(each));
  return found;
}

searcher_abilities cma_es::abilities() const {
  searcher_abilities can;
  can.grids = false;
  can.learns = true;
  return can;
}

std::size_t cma_es::usual_population() const {
  return options_.population ? static_cast<std::size_t>(*options_.population)
                             : cma_constants::usual_population(axes_.size());
}

void cma_es::begin() {
  if (!distribution_)
    distribution_ = std::make_unique<cma_distribution>(axes_, start_at_known(), run_.population);
}

cma_start cma_es::start_at(std::vector<double> axes, double deviation) const {
  std::vector<double> numbers;
  std::vector<std::size_t> counts;
  for (std::size_t i = 0; i < axes_.size(); ++i)
    if (axes_.at(i).is() == unit_axis::kind::choices)
      counts.push_back(static_cast<std::size_t>(axes_.at(i).count()));
    else
      numbers.push_back(axes[i]);
  const auto n = static_cast<Eigen::Index>(numbers.size());
  const bool is_diagonal =
    options_.covariance == form::sep || (options_.covariance == form::automatic && numbers.size() > most_dimensions);
  return {Eigen::Map<const Eigen::VectorXd>(numbers.data(), n), deviation,
          cma_covariance(n, is_diagonal ? cma_covariance::form::diagonal : cma_covariance::form::full),
          choice_distribution(std::move(counts))};
}

/// In the middle; with few known results at the best of them; with more as the best are spread.
cma_start cma_es::start_at_known() const {
  if (known_.empty())
    return start_at(std::vector<double>(axes_.size(), 0.5), options_.deviation);
  auto start = start_at(known_.front().axes, options_.deviation);
  const auto count = std::min(known_count_ / good_share, known_.size());
  if (count == 0)
    return start;
  std::vector<Eigen::VectorXd> good;
  std::vector<std::vector<std::uint32_t>> choices(count);
  for (std::size_t k = 0; k < count; ++k) {
    good.push_back(start_at(known_[k].axes, options_.deviation).mean);
    for (std::size_t i = 0; i < axes_.size(); ++i)
      if (axes_.at(i).is() == unit_axis::kind::choices)
        choices[k].push_back(static_cast<std::uint32_t>(axes_.at(i).cell_at(known_[k].axes[i])));
  }
  auto numbers = warm_start(good, start.covariance.which());
  start.mean = std::move(numbers.mean);
  start.deviation = numbers.deviation;
  start.covariance = std::move(numbers.covariance);
  std::vector<choice_distribution::sample> samples;
  for (const auto& each : choices)
    samples.push_back({&each, 1 / static_cast<double>(count)});
  start.choices.begin_at(samples, 0.5); // What seemed good elsewhere need not be so here.
  return start;
}

asked cma_es::ask(const std::vector<trial_id>& trials) {
  begin();
  asked answer;
  ranks in_batch;
  last_asked_.clear();
  for (const auto trial : trials) {
    auto next = axes_.size() > 0 ? evolved(trial, in_batch) : std::nullopt;
    if (!next) {
      auto made = design_.draw(trial, in_batch);
      if (!made.values) {
        answer.how = ask_outcome::exhausted;
        answer.reason = std::move(made.why_not);
        break;
      }
      next = drawn{trial, std::move(*made.values), std::nullopt};
    }
    if (const auto rank = design_.rank_of(next->values))
      in_batch.insert(*rank);
    answer.proposals.push_back({trial, next->values});
    last_asked_.push_back(std::move(*next));
  }
  return answer;
}

/// The i-th point for a trial, if there is one with such values: the same as long as the distribution is.
std::optional<cma_es::drawn> cma_es::at_attempt(trial_id trial, std::uint64_t i) const {
  const chance random(seed_, "cma_es", trial.value * attempts + i);
  auto where = distribution_->drawn(random);
  std::vector<double> axes(axes_.size());
  distribution_->place(where, axes);
  auto made = axes_.config_at(axes, random);
  if (!made)
    return std::nullopt;
  return drawn{trial, std::move(*made), std::move(where)};
}

std::optional<cma_es::drawn> cma_es::evolved(trial_id trial, const ranks& in_batch) const {
  for (std::uint64_t i = 0; i < attempts; ++i)
    if (auto made = at_attempt(trial, i);
        made && plan_.check(made->values) && !design_.is_taken(made->values, in_batch))
      return made;
  return std::nullopt;
}

/// Of which point these are the values. A replay, which was not asked, finds the same as who has just been.
std::optional<cma_point> cma_es::origin_of(trial_id trial, const config& values) const {
  for (const auto& each : last_asked_)
    if (each.trial == trial && each.values == values)
      return each.where;
  for (std::uint64_t i = 0; i < attempts && axes_.size() > 0; ++i)
    if (auto made = at_attempt(trial, i); made && made->values == values)
      return made->where;
  return std::nullopt;
}

/// A point for values that were not drawn. What of them is not there is where the distribution is.
cma_point cma_es::seen_at(const config& values) const {
  std::vector<double> axes(axes_.size());
  distribution_->place(distribution_->middle(), axes);
  axes_.read(values, axes);
  return distribution_->point_at(axes);
}

void cma_es::on_known(const config& values, const std::vector<double>& losses) {
  design_.on_known(values, losses);
  ++known_count_;
  if (losses.size() != 1 || !std::isfinite(losses.front()))
    return;
  known next{losses.front(), std::vector<double>(axes_.size(), 0.5)};
  axes_.read(values, next.axes);
  const auto behind = std::upper_bound(known_.begin(), known_.end(), next,
                                       [](const known& a, const known& b) { return a.loss < b.loss; });
  known_.insert(behind, std::move(next));
  if (known_.size() > most_known)
    known_.pop_back();
}

void cma_es::on_created(trial_id trial, const config& values) {
  if (pending_.count(trial) != 0)
    return;
  begin();
  design_.on_created(trial, values);
  auto origin = origin_of(trial, values);
  const bool is_foreign = !origin;
  pending_.emplace(trial, pending{{}, origin ? std::move(*origin) : seen_at(values), generation_, is_foreign});
}

void cma_es::on_report(trial_id trial, iteration_number iteration, const std::vector<double>& /*losses*/) {
  if (const auto found = pending_.find(trial); found != pending_.end())
    found->second.course.on_report(iteration);
}

void cma_es::on_constraints(trial_id trial, const std::vector<double>& violations) {
  if (const auto found = pending_.find(trial); found != pending_.end())
    found->second.course.on_constraints(violations);
}

void cma_es::on_end(trial_id trial, trial_outcome how, const std::vector<double>& losses) {
  const auto found = pending_.find(trial);
  if (found == pending_.end())
    return;
  if (!has_any_ended_)
    enlarge_population();
  auto which = std::move(found->second);
  pending_.erase(found);
  if (how == trial_outcome::ignored || which.generation < first_of_run_)
    return;
  const bool is_late = which.generation < generation_;
  auto& among = is_late ? stragglers_ : own_;
  if (is_late && stragglers_.size() >= run_.population / 2)
    return;
  among.push_back({which.course.at_end(how, losses), trial, std::move(which.where), is_late || which.is_foreign});
  if (own_.size() + stragglers_.size() >= run_.population)
    close_generation();
}

/// To as many as run at a time, which are as many as there were before the first one ended: of more than a generation
/// the rest would come too late for it.
void cma_es::enlarge_population() {
  has_any_ended_ = true;
  const auto wanted = std::min(pending_.size(), most_times_usual * usual_population());
  if (options_.population || wanted <= run_.population)
    return;
  run_ = restarts_.first(wanted);
  distribution_.reset();
  last_asked_.clear();
  begin();
}

void cma_es::close_generation() {
  auto all = std::move(own_);
  std::move(stragglers_.begin(), stragglers_.end(), std::back_inserter(all));
  own_.clear();
  stragglers_.clear();
  std::sort(all.begin(), all.end(),
            [](const ended& a, const ended& b) { return a.how < b.how || (!(b.how < a.how) && a.trial < b.trial); });
  std::vector<cma_distribution::candidate> ranked;
  for (const auto& each : all) {
    const bool has_completed = each.how.how == trial_standing::kind::completed;
    ranked.push_back({&each.where, has_completed ? each.how.loss : std::numeric_limits<double>::infinity(),
                      each.is_foreign, each.how.how == trial_standing::kind::failed});
  }
  distribution_->update(ranked);
  last_asked_.clear();
  ++generation_;
  trials_of_run_ += all.size();
  if (distribution_->has_converged() || (run_.most_trials && trials_of_run_ >= *run_.most_trials))
    begin_again();
}

void cma_es::begin_again() {
  const chance random(seed_, "restart", ++runs_);
  run_ = restarts_.next(trials_of_run_, random.branch("population", 0));
  std::vector<double> anywhere(axes_.size());
  for (std::size_t i = 0; i < anywhere.size(); ++i)
    anywhere[i] = random.unit(i);
  distribution_ =
    std::make_unique<cma_distribution>(axes_, start_at(std::move(anywhere), run_.deviation), run_.population);
  trials_of_run_ = 0;
  first_of_run_ = generation_;
}

} // namespace tune
