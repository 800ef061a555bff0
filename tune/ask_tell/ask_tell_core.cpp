#include "tune/ask_tell/ask_tell_core.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/searcher/point_queue.hpp"

#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using namespace ask_tell;
using json = nlohmann::ordered_json;

constexpr attempt_number the_attempt = 1; ///< Whoever runs a trial counts no others.

/// NaN equals itself.
bool same(const numbers& a, const numbers& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

std::string shown(const numbers& results) {
  const auto one = [](double x) { return std::isnan(x) ? std::string("NaN") : to_json(value(x)); };
  if (results.size() == 1)
    return one(results.front());
  std::string all;
  for (const auto x : results)
    all += (all.empty() ? "[" : ", ") + one(x);
  return all + "]";
}

std::unique_ptr<searcher> searcher_of(const search_spec& spec) {
  return searcher_with_points(
    spec.searcher, {spec.space, spec.seed, spec.samples, trials_of(spec.points_to_evaluate), spec.objectives.size()},
    spec.points_to_evaluate, spec.objectives);
}

std::string description_of(const search_spec& spec, const char* name) {
  json all;
  all["name"] = name;
  all["trainable"] = name;
  all.update(json::parse(to_json(spec)));
  if (const auto chose = searcher_of(spec)->explanation(); !chose.empty())
    all["searcher_chose"] = chose;
  return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

const char* word_of(trial_outcome how) {
  switch (how) {
  case trial_outcome::completed: return "completed";
  case trial_outcome::stopped: return "stopped";
  case trial_outcome::failed: return "failed";
  case trial_outcome::ignored: return "ignored";
  }
  return "";
}

} // namespace

ask_tell_core::ask_tell_core(search_spec spec)
  : spec_(std::move(spec)),
    description_(description_of(spec_, name_in_journal)),
    search_(searcher_of(spec_)),
    schedule_(spec_.scheduler.make(
      {spec_.seed, spec_.objectives.front().better, std::make_shared<const search_space>(spec_.space)})),
    best_(spec_.objectives) {
}

// ---- Commands.

void ask_tell_core::on_command(const command& said, record::wall_time now, step& todo) {
  std::visit([&](const auto& each) { on(each, now, todo); }, said);
}

/// One after the other, so that three asks for one are an ask for three.
void ask_tell_core::on(const ask& said, record::wall_time now, step& todo) {
  for (std::uint64_t i = 0; i < said.count; ++i) {
    if (paused_ > 0)
      end_lost(now, todo);
    if (paused_ > 0 && resume_paused(now, todo))
      continue;
    const trial_id next(endings_.size() + 1);
    auto answered = search_->ask({next});
    if (answered.proposals.empty()) {
      const bool is_exhausted = answered.how == ask_outcome::exhausted;
      if (is_exhausted && paused_ == lives_.size())
        end_all_paused(now, todo);
      const bool may_come_back = schedule_->needs_checkpoints() && !lives_.empty();
      todo.answers.emplace_back(no_more{is_exhausted && !may_come_back, std::move(answered.reason)});
      return;
    }
    auto& made = answered.proposals.front();
    create(next, made.values);
    const auto origin = made.is_of_user ? record::trial_origin::point : record::trial_origin::searcher;
    todo.records.emplace_back(record::trial_created{next, made.values, origin, now});
    todo.answers.emplace_back(proposed{next, std::move(made.values), 0});
  }
}

bool ask_tell_core::resume_paused(record::wall_time now, step& todo) {
  const auto chosen = schedule_->choose_paused();
  if (!chosen)
    return false;
  auto& trial = lives_.at(chosen->trial);
  trial.state = trial_state::running;
  --paused_;
  if (chosen->with) {
    change(chosen->trial, *chosen->with);
    const checkpoint_ref its_state{lives_.at(trial.from).iteration, the_attempt, "", "", true, 0};
    todo.records.emplace_back(record::trial_exploited{chosen->trial, trial.iteration, trial.from, its_state,
                                                      trial.values, chosen->reason, now});
  } else
    announce(chosen->trial, trial_state::pending, chosen->reason, now, todo);
  todo.answers.emplace_back(proposed{chosen->trial, trial.values, trial.iteration, trial.from});
  return true;
}

void ask_tell_core::change(trial_id trial, const exploit& with) {
  auto& its = lives_.at(trial);
  its.values = with.values;
  its.has_changed = true;
  its.from = with.donor;
  schedule_->on_exploited(trial, with);
}

void ask_tell_core::end_lost(record::wall_time now, step& todo) {
  for (auto& each : schedule_->lost())
    end_paused(each.trial, std::move(each.reason), now, todo);
}

void ask_tell_core::end_paused(trial_id trial, std::string reason, record::wall_time now, step& todo) {
  announce(trial, trial_state::stopped, std::move(reason), now, todo);
  end(trial, trial_state::stopped, trial_outcome::stopped, numbers(lives_.at(trial).results), /*was_stopped=*/true);
}

/// None runs and none can come: no result can bring them back.
void ask_tell_core::end_all_paused(record::wall_time now, step& todo) {
  std::map<trial_id, std::string> reasons;
  for (auto& each : schedule_->end_paused())
    reasons[each.trial] = std::move(each.reason);
  while (!lives_.empty()) {
    const auto trial = lives_.begin()->first;
    const auto found = reasons.find(trial);
    end_paused(trial, found == reasons.end() ? "paused, and no result can bring it back" : found->second, now, todo);
  }
}

void ask_tell_core::on(const tell& said, record::wall_time now, step& todo) {
  if (said.trial.value == 0 || said.trial.value > endings_.size()) {
    todo.answers.emplace_back(
      refused{fmt::format("tell: there is no trial {}; {}", said.trial.value, trials_so_far())});
    return;
  }
  const auto found = lives_.find(said.trial);
  if (found == lives_.end())
    return answer_ended(said, endings_[said.trial.value - 1], todo);
  const auto& trial = found->second;
  auto results = said.values.value_or(trial.results);
  if (said.how == trial_outcome::completed && results.empty()) {
    todo.answers.emplace_back(refused{fmt::format("tell: trial {} has reported nothing, so it needs a \"value\", "
                                                  "\"values\" or \"state\": \"failed\"",
                                                  said.trial.value)});
    return;
  }
  auto state = trial_state::error;
  if (said.how == trial_outcome::completed) {
    state = trial_state::terminated;
    record::result_reported last;
    last.trial = said.trial;
    last.attempt = the_attempt;
    last.iteration = trial.iteration + 1;
    last.values = metrics_of(results);
    last.at = now;
    last.done = true;
    last.decided = {verdict::stop, "it was told"};
    last.becomes = state;
    todo.records.emplace_back(std::move(last));
  } else {
    const auto cause = said.how == trial_outcome::failed ? end_cause::threw : end_cause::lost;
    todo.records.emplace_back(record::attempt_ended{
      said.trial, the_attempt, {cause, fmt::format("it was told as {}", word_of(said.how))}, now});
  }
  announce(said.trial, state, fmt::format("it was told as {}", word_of(said.how)), now, todo);
  if (said.how == trial_outcome::completed)
    hear_last_result(said.trial, results);
  end(said.trial, state, said.how, std::move(results));
  todo.answers.emplace_back(told{said.trial});
}

void ask_tell_core::answer_ended(const tell& said, const ending& ended, step& todo) const {
  const bool is_the_same = ended.how == said.how &&
                           (said.how != trial_outcome::completed || !said.values || same(*said.values, ended.results));
  if (ended.was_stopped || is_the_same)
    todo.answers.emplace_back(told{said.trial});
  else
    todo.answers.emplace_back(refused{fmt::format(
      "tell: trial {} has ended: it was told {}; a trial is told once", said.trial.value,
      ended.how == trial_outcome::completed ? shown(ended.results) : std::string("as ") + word_of(ended.how))});
}

void ask_tell_core::on(const report& said, record::wall_time now, step& todo) {
  const auto found = lives_.find(said.trial);
  if (found == lives_.end())
    return refuse_report(said, todo);
  auto& trial = found->second;
  if (said.iteration == trial.iteration && same(said.values, trial.results)) {
    todo.answers.emplace_back(decided{said.trial, trial.decided}); // Its answer was not seen.
    return;
  }
  if (trial.state == trial_state::paused) {
    todo.answers.emplace_back(refused{fmt::format("report: trial {} is paused after iteration {}; an ask gives it back "
                                                  "when it may go on",
                                                  said.trial.value, trial.iteration)});
    return;
  }
  if (said.iteration <= trial.iteration) {
    todo.answers.emplace_back(
      refused{fmt::format("report: trial {} has reported iteration {} with {}; iterations ascend, so the next is {} or "
                          "later",
                          said.trial.value, trial.iteration, shown(trial.results), trial.iteration + 1)});
    return;
  }
  record::result_reported counted;
  counted.trial = said.trial;
  counted.attempt = the_attempt;
  counted.iteration = said.iteration;
  counted.values = metrics_of(said.values);
  counted.at = now;
  counted.decided = judge(said.trial, said.iteration, said.values, counted.becomes);
  const auto decision_made = counted.decided;
  const auto becomes = counted.becomes;
  todo.records.emplace_back(std::move(counted));
  if (becomes != trial_state::running)
    announce(said.trial, becomes, decision_made.reason, now, todo);
  apply_report(said.trial, said.iteration, said.values, decision_made, becomes);
  todo.answers.emplace_back(decided{said.trial, decision_made});
}

/// Of a trial that has ended, or was never there.
void ask_tell_core::refuse_report(const report& said, step& todo) const {
  if (said.trial.value == 0 || said.trial.value > endings_.size()) {
    todo.answers.emplace_back(
      refused{fmt::format("report: there is no trial {}; {}", said.trial.value, trials_so_far())});
    return;
  }
  const auto& ended = endings_[said.trial.value - 1];
  if (ended.was_stopped) // Again, or too late to know.
    todo.answers.emplace_back(decided{said.trial, {verdict::stop, "it has ended"}});
  else
    todo.answers.emplace_back(refused{fmt::format(
      "report: trial {} has ended: it was told {}", said.trial.value,
      ended.how == trial_outcome::completed ? shown(ended.results) : std::string("as ") + word_of(ended.how))});
}

void ask_tell_core::on(const best&, record::wall_time, step& todo) {
  auto all = best_;
  for (const auto& [trial, each] : lives_)
    if (!each.from) // Else its results are not of these values.
      all.add({trial, each.values, each.results});
  todo.answers.emplace_back(best_found{all.front()});
}

void ask_tell_core::on(const pending&, record::wall_time, step& todo) {
  open_trials open;
  for (const auto& [trial, each] : lives_)
    if (each.state == trial_state::paused)
      open.paused.push_back(trial);
    else
      open.running.push_back({trial, each.values, each.iteration, each.from});
  todo.answers.emplace_back(std::move(open));
}

void ask_tell_core::announce(trial_id trial, trial_state state, std::string reason, record::wall_time now, step& todo) {
  todo.records.emplace_back(record::trial_changed{trial, state, std::move(reason), now});
}

// ---- What happened; the same when it is replayed.

void ask_tell_core::create(trial_id trial, const config& values) {
  lives_[trial].values = values;
  endings_.emplace_back();
  search_->on_created(trial, values);
  schedule_->on_trial_created(trial, values);
}

decision ask_tell_core::judge(trial_id trial, iteration_number iteration, const numbers& results,
                              trial_state& becomes) {
  auto decided = schedule_->on_result({trial, iteration, losses_of(results).front()});
  if (decided.what == verdict::yield) // How many run at once is for whoever runs them to say.
    decided.what = verdict::go_on;
  const auto most = schedule_->max_iterations();
  if (most && iteration >= *most) {
    becomes = trial_state::terminated;
    return {verdict::stop, fmt::format("it has done its {} iterations", *most)};
  }
  if (decided.what == verdict::stop)
    becomes = trial_state::stopped;
  else if (decided.what == verdict::pause)
    becomes = trial_state::paused;
  return decided;
}

void ask_tell_core::apply_report(trial_id trial, iteration_number iteration, numbers results, const decision& decided,
                                 trial_state becomes) {
  auto& its = lives_.at(trial);
  its.iteration = iteration;
  its.results = std::move(results);
  its.decided = decided;
  its.from = {};
  if (!its.has_changed)
    search_->on_report(trial, iteration, losses_of(its.results));
  if (becomes == trial_state::paused) {
    its.state = becomes;
    ++paused_;
    schedule_->on_trial_paused(trial);
    if (!its.has_changed)
      search_->on_paused(trial);
  } else if (has_ended(becomes))
    end(trial, becomes, becomes == trial_state::terminated ? trial_outcome::completed : trial_outcome::stopped,
        numbers(its.results), /*was_stopped=*/true);
}

/// What a trial is told with is a result of its own, unless it is the last report's.
void ask_tell_core::hear_last_result(trial_id trial, const numbers& results) {
  const auto& its = lives_.at(trial);
  if (!its.has_changed && !same(results, its.results))
    search_->on_report(trial, its.iteration + 1, losses_of(results));
}

void ask_tell_core::end(trial_id trial, trial_state state, trial_outcome how, numbers results, bool was_stopped) {
  const auto found = lives_.find(trial);
  auto& its = found->second;
  if (its.state == trial_state::paused)
    --paused_;
  schedule_->on_trial_end(trial, state);
  search_->on_end(trial, its.has_changed ? trial_outcome::ignored : how,
                  results.empty() ? std::vector<double>() : losses_of(results));
  if (state != trial_state::error)
    best_.add({trial, std::move(its.values), results});
  auto& stays = endings_[trial.value - 1];
  stays.state = state;
  stays.how = how;
  stays.was_stopped = was_stopped;
  stays.iteration = its.iteration;
  stays.results = std::move(results);
  lives_.erase(found);
}

// ---- Numbers.

std::vector<double> ask_tell_core::losses_of(const numbers& results) const {
  std::vector<double> losses;
  for (std::size_t i = 0; i < results.size(); ++i)
    losses.push_back(std::isfinite(results[i]) ? to_loss(results[i], spec_.objectives[i].better) : std::nan(""));
  return losses;
}

metrics ask_tell_core::metrics_of(const numbers& results) const {
  metrics named;
  for (std::size_t i = 0; i < results.size(); ++i)
    named.set(spec_.objectives[i].metric, results[i]);
  return named;
}

numbers ask_tell_core::numbers_in(const metrics& values) const {
  numbers results;
  for (const auto& each : spec_.objectives) {
    const auto* x = values.find(each.metric);
    results.push_back(x == nullptr ? std::nan("") : x->to_number());
  }
  return results;
}

std::string ask_tell_core::trials_so_far() const {
  if (endings_.empty())
    return "none was asked for";
  return endings_.size() == 1 ? "only trial 1 was asked for"
                              : fmt::format("trials 1 to {} were asked for", endings_.size());
}

} // namespace tune
