#include "tune/simulate/search_simulation.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/chance.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace tune {
namespace {

using runtime::instant;

constexpr std::size_t most_warnings = 10;

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

std::vector<std::string> names_of(const std::vector<objective>& objectives) {
  std::vector<std::string> names;
  for (const auto& each : objectives)
    names.push_back(each.metric);
  return names;
}

} // namespace

search_simulation::search_simulation(simulated_search what, simulated_nodes_options cluster)
  : what_(std::move(what)),
    nodes_(std::move(cluster), instant{}),
    max_iterations_(what_.scheduler->max_iterations()),
    core_(what_.controller, std::move(what_.searcher), std::move(what_.scheduler)),
    pool_(what_.pool),
    metrics_(names_of(what_.controller.objectives)) {
}

simulated_outcome search_simulation::run() {
  found_.places = nodes_.all_places();
  perform(core_.on_begin(this_moment()));
  perform(nodes_.on_begin(now_));
  tell_all();
  while (!is_over_ && !is_given_up()) {
    const auto next = next_time();
    if (!next) {
      found_.why = "nothing runs, and nothing can come: it waits for ever";
      break;
    }
    advance_to(*next);
    if (const auto wake = nodes_.wake_at(); wake && *wake <= now_)
      perform(nodes_.on_time(now_));
    if (const auto wake = core_.wake_at(); wake && *wake <= now_)
      perform(core_.on_time(this_moment()));
    tell_all();
    while (!is_over_ && !due_.empty() && std::get<instant>(due_.top()) <= now_) {
      const auto id = std::get<runner_id>(due_.top());
      due_.pop();
      on_due(id);
      tell_all();
    }
  }
  fill_in_end();
  return std::move(found_);
}

void search_simulation::fill_in_end() {
  found_.time = now_ - begin_;
  found_.created = core_.created();
  found_.terminated = core_.ended(trial_state::terminated);
  found_.stopped = core_.ended(trial_state::stopped);
  found_.errors = core_.ended(trial_state::error);
  found_.results = core_.results();
  found_.node_failures = nodes_.failures();
  found_.utilisation = places_s_ > 0 ? busy_s_ / places_s_ : 0;
}

moment search_simulation::this_moment() const {
  return {now_, record::wall_time{}};
}

void search_simulation::advance_to(instant then) {
  const double passed = seconds(then - now_);
  busy_s_ += passed * static_cast<double>(busy_);
  places_s_ += passed * static_cast<double>(nodes_.places());
  now_ = then;
}

std::optional<instant> search_simulation::next_time() const {
  auto next = nodes_.wake_at();
  const auto at = [&](instant when) {
    if (!next || when < *next)
      next = when;
  };
  if (const auto wake = core_.wake_at())
    at(*wake);
  if (!due_.empty())
    at(std::get<instant>(due_.top()));
  return next ? std::optional(std::max(*next, now_)) : next;
}

bool search_simulation::is_given_up() {
  if (now_ - begin_ >= what_.longest)
    found_.why = fmt::format("it had not ended after {:g} days", seconds(now_ - begin_) / 86400);
  else if (iterations_ >= what_.most_iterations)
    found_.why =
      fmt::format("it had not ended after {} iterations, most of which were done again and again", iterations_);
  return !found_.why.empty();
}

// ---- Workers.

void search_simulation::set_due(runner_id id, instant when) {
  due_.emplace(when, ++order_, id);
}

/// A runner has one time at which it is due; one that is gone, or whose node failed, none.
void search_simulation::on_due(runner_id id) {
  const auto found = runners_.find(id);
  if (found == runners_.end() || found->second.has_node_failed)
    return;
  if (found->second.attempt)
    step(id);
  else
    perform(pool_.on_alive(id, simulated_nodes::name_of(found->second.node), now_));
}

void search_simulation::step(runner_id id) {
  auto& r = runners_.at(id);
  auto told = r.attempt->on_time(now_);
  if (!told)
    set_due(id, r.attempt->due());
  else if (auto* report = std::get_if<attempt_report>(&*told))
    hear_report(id, *report);
  else
    hear_end(id, std::get<attempt_over>(std::move(*told)));
}

void search_simulation::hear_report(runner_id id, const attempt_report& report) {
  ++iterations_;
  const auto key = runners_.at(id).key;
  asking_ = key;
  answered_.reset();
  perform(core_.on_attempt_events(key.trial, key.attempt, {report}, this_moment()));
  tell_all();
  asking_.reset();
  if (what_.on_report && !what_.on_report(key.trial, report, now_ - begin_))
    is_over_ = true;
  const auto found = runners_.find(id);
  if (found == runners_.end() || !(found->second.key == key) || !found->second.attempt)
    return; // It was killed.
  found->second.attempt->on_answer(answered_.value_or(attempt_answer::go_on), now_);
  set_due(id, found->second.attempt->due());
}

void search_simulation::hear_end(runner_id id, attempt_over over) {
  auto& r = runners_.at(id);
  const auto key = r.key;
  if (is_users_error(over.end.cause)) {
    ++iterations_;
    count_loss(*r.attempt);
  }
  stop_work(r);
  perform(pool_.on_over(id, now_));
  perform(core_.on_attempt_events(key.trial, key.attempt, {std::move(over)}, this_moment()));
}

void search_simulation::count_loss(const simulated_attempt& attempt) {
  found_.lost_iterations += static_cast<std::uint64_t>(attempt.unsaved_iterations());
  found_.lost_time += attempt.unsaved_time(now_);
}

void search_simulation::stop_work(runner& r) {
  if (!r.attempt)
    return;
  r.attempt.reset();
  r.key = {};
  --busy_;
}

void search_simulation::drop(runner_id id) {
  const auto found = runners_.find(id);
  if (found == runners_.end())
    return;
  stop_work(found->second);
  on_node_[found->second.node].erase(id);
  runners_.erase(found);
}

/// From now on its runners do nothing. The pool hears of it when the head has noticed.
void search_simulation::on_node_failed(runtime::node_id node) {
  for (const auto id : on_node_[node]) {
    auto& r = runners_.at(id);
    if (r.attempt)
      count_loss(*r.attempt);
    stop_work(r);
    r.has_node_failed = true;
  }
  on_node_[node].clear();
}

// ---- The controller, and what it orders.

void search_simulation::tell(attempt_key key, attempt_events what) {
  untold_.emplace_back(key, std::move(what));
}

/// Its disk takes no time: what was written is durable as soon as all that was ordered with it has been done.
void search_simulation::tell_all() {
  for (;;) {
    if (written_ > durable_) {
      durable_ = written_;
      perform(core_.on_durable(durable_, this_moment()));
    } else if (!untold_.empty()) {
      for (auto& [key, events] : std::exchange(untold_, {}))
        perform(core_.on_attempt_events(key.trial, key.attempt, events, this_moment()));
    } else
      return;
  }
}

void search_simulation::perform(controller_core::actions todo) {
  for (auto& each : todo)
    std::visit(runtime::overloaded{
                 [&](const controller_core::append& a) {
                   ++written_;
                   count(a.record);
                 },
                 [&](controller_core::start_attempt& a) { start(std::move(a)); },
                 [&](const controller_core::answer& a) {
                   if (asking_ && *asking_ == attempt_key{a.trial, a.attempt})
                     answered_ = a.reply.what;
                 },
                 [&](const controller_core::kill_attempt& a) {
                   orders_.erase({a.trial, a.attempt});
                   perform(pool_.on_kill({a.trial, a.attempt}));
                 },
                 [&](controller_core::warn& a) {
                   if (found_.warnings.size() < most_warnings)
                     found_.warnings.push_back(std::move(a.what));
                 },
                 [&](controller_core::finish& a) {
                   is_over_ = found_.has_ended = true;
                   found_.has_failed = a.failed;
                   found_.why = std::move(a.why);
                 },
                 [](const auto&) {}, // All nodes see the storage: checkpoints are where they belong.
               },
               each);
}

void search_simulation::count(const journal_record& written) {
  std::visit(runtime::overloaded{
               [&](const record::result_reported& result) { count(result); },
               [&](const record::attempt_started& started) {
                 found_.restarts += interrupted_.erase(started.trial); // 1, if it was.
               },
               [&](const record::attempt_ended& ended) {
                 const bool is_lost = is_loss(ended.end.cause);
                 const bool has_failed = is_users_error(ended.end.cause);
                 found_.lost_attempts += is_lost ? 1 : 0;
                 found_.failed_attempts += has_failed ? 1 : 0;
                 found_.pauses += ended.end.cause == end_cause::paused ? 1 : 0;
                 if (is_lost || has_failed)
                   interrupted_.insert(ended.trial);
               },
               [&](const record::trial_changed& changed) {
                 if (has_ended(changed.state))
                   interrupted_.erase(changed.trial);
               },
               [](const auto&) {},
             },
             written);
}

void search_simulation::count(const record::result_reported& result) {
  const auto& goal = what_.controller.objectives.front();
  const auto* x = result.values.find(goal.metric);
  const double value = x == nullptr ? std::nan("") : x->to_number();
  const auto is_better = [&](double than) { return goal.better == direction::minimize ? value < than : value > than; };
  if (std::isfinite(value) && (!found_.best || is_better(*found_.best))) {
    found_.best = value;
    found_.time_to_best = now_ - begin_;
  }
  if (what_.target && !found_.time_to_target && (value == *what_.target || is_better(*what_.target)))
    found_.time_to_target = now_ - begin_;
}

void search_simulation::start(controller_core::start_attempt order) {
  const attempt_key key{order.trial, order.attempt};
  auto where = order.where;
  orders_.emplace(key, std::move(order));
  perform(pool_.on_order(key, std::move(where)));
}

void search_simulation::perform(runner_pool::actions todo) {
  for (auto& each : todo)
    std::visit(runtime::overloaded{
                 [&](const runner_pool::spawn& a) {
                   runners_[a.runner];
                   perform(nodes_.on_wanted(a.runner, a.where, now_));
                 },
                 [&](const runner_pool::begin& a) { begin(a.runner, a.attempt); },
                 [&](const runner_pool::stop& a) {
                   drop(a.runner);
                   perform(nodes_.on_released(a.runner, now_));
                   perform(pool_.on_ended(a.runner, {end_cause::stopped, ""}));
                 },
                 [&](const runner_pool::kill& a) {
                   drop(a.runner);
                   perform(nodes_.on_released(a.runner, now_));
                   perform(pool_.on_ended(a.runner, {end_cause::stopped, "it was killed"}));
                 },
                 [&](runner_pool::tell_over& a) {
                   orders_.erase(a.attempt);
                   tell(a.attempt, {attempt_over{std::move(a.end), std::nullopt, ""}});
                 },
               },
               each);
}

void search_simulation::perform(const simulated_nodes::actions& todo) {
  for (const auto& each : todo)
    std::visit(runtime::overloaded{
                 [&](const simulated_nodes::granted& a) {
                   runners_.at(a.runner).node = a.node;
                   on_node_[a.node].insert(a.runner);
                   chance random(what_.seed, "simulated start", a.runner.value);
                   set_due(a.runner, now_ + what_.start_time.draw(random));
                 },
                 [&](const simulated_nodes::ended& a) {
                   drop(a.runner);
                   perform(pool_.on_ended(a.runner, a.why));
                 },
                 [&](const simulated_nodes::failed& a) { on_node_failed(a.node); },
                 [&](const simulated_nodes::holds& a) { perform(core_.on_capacity(a.trials, this_moment())); },
               },
               each);
}

void search_simulation::begin(runner_id id, attempt_key key) {
  const auto found = orders_.find(key);
  const auto from = std::move(found->second);
  orders_.erase(found);
  attempt_order order;
  order.trial = key.trial;
  order.attempt = key.attempt;
  order.metrics = metrics_;
  order.checkpoints = what_.checkpoints;
  order.max_iterations = max_iterations_;
  order.free_until = from.free_until;
  order.time_total_s = from.time_total_s;
  order.restore = from.restore;
  auto& r = runners_.at(id);
  chance random = chance(what_.seed, "simulated checkpoint", key.trial.value).branch("attempt", key.attempt);
  const auto name = simulated_nodes::name_of(r.node);
  r.key = key;
  r.attempt = std::make_unique<simulated_attempt>(
    order, name, what_.model->curve_of(key.trial, from.values, what_.seed),
    simulated_attempt::costs{what_.checkpoint_time.draw(random), what_.can_save, what_.failure_chance, what_.seed},
    now_);
  ++busy_;
  set_due(id, r.attempt->due());
  tell(key, {attempt_alive{name, name, "", 0, /*sees_storage=*/true, ""}});
}

} // namespace tune
