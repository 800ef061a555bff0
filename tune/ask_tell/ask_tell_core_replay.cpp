#include "tune/ask_tell/ask_tell_core.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

/// The part of the core that says what a record means when it is read again, and what was still to be written.
namespace tune {
namespace {

using ask_tell::numbers;

bool is_of_ask_tell(const std::string& description, const char* name) {
  const auto all = nlohmann::json::parse(description, nullptr, /*allow_exceptions=*/false);
  return all.is_object() && all.contains("trainable") && all["trainable"] == name;
}

auto does_not_fit(trial_id trial, const char* what) {
  return fail(errc::incompatible, fmt::format("the journal does not fit: trial {}: {}", trial.value, what));
}

} // namespace

void ask_tell_core::on_begin(const std::string& id, record::wall_time now, step& todo) {
  if (!has_begun_) {
    has_begun_ = true;
    todo.records.emplace_back(
      record::experiment_begun{id, name_in_journal, description_, spec_.seed, spec_.samples, now});
    return;
  }
  // The record that says it to others may have been lost with the process.
  for (std::size_t i = 0; i < endings_.size(); ++i)
    if (auto& each = endings_[i]; !each.is_announced) {
      each.is_announced = true;
      announce(trial_id(i + 1), each.state, "told before the process ended", now, todo);
    }
  for (auto& [trial, each] : lives_)
    if (!each.is_announced) {
      each.is_announced = true;
      announce(trial, each.state, each.decided.reason, now, todo);
    }
}

result<void> ask_tell_core::on_replay(const journal_record& past) {
  if (!has_begun_ && !std::holds_alternative<record::experiment_begun>(past))
    return fail(errc::incompatible, "the journal does not fit: it has no beginning");
  return std::visit([this](const auto& each) { return replay(each); }, past);
}

result<void> ask_tell_core::replay(const record::experiment_begun& past) {
  if (has_begun_)
    return fail(errc::incompatible, "the journal does not fit: it begins twice");
  if (!is_of_ask_tell(past.description, name_in_journal))
    return fail(errc::already_exists, fmt::format("it is the journal of the experiment \"{}\", whose trials its own "
                                                  "program runs; use another directory",
                                                  past.name));
  if (const auto changed = differences_of_specs(past.description, description_); !changed.empty())
    return fail(errc::already_exists, fmt::format("it is the journal of another search; use another directory, or go "
                                                  "on with what it was:\n  {}",
                                                  fmt::join(changed, "\n  ")));
  has_begun_ = true;
  return {};
}

result<void> ask_tell_core::replay(const record::trial_created& past) {
  if (past.trial.value != endings_.size() + 1)
    return does_not_fit(past.trial, "it is created out of order");
  create(past.trial, past.values);
  return {};
}

result<void> ask_tell_core::replay(const record::result_reported& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || past.iteration <= found->second.iteration ||
      (found->second.state == trial_state::paused && !past.done)) // A tell may end it.
    return does_not_fit(past.trial, "a result is out of order");
  auto results = numbers_in(past.values);
  if (past.done) {
    hear_last_result(past.trial, results);
    end(past.trial, trial_state::terminated, trial_outcome::completed, std::move(results));
  } else {
    auto becomes = trial_state::running;
    (void)judge(past.trial, past.iteration, results, becomes); // The scheduler hears it; what was decided then holds.
    apply_report(past.trial, past.iteration, std::move(results), past.decided, past.becomes);
  }
  if (const auto still = lives_.find(past.trial); still == lives_.end())
    endings_[past.trial.value - 1].is_announced = false;
  else
    still->second.is_announced = still->second.state == trial_state::running;
  return {};
}

result<void> ask_tell_core::replay(const record::attempt_ended& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end())
    return does_not_fit(past.trial, "it fails, and has ended");
  const auto how = is_users_error(past.end.cause) ? trial_outcome::failed : trial_outcome::ignored;
  end(past.trial, trial_state::error, how, numbers(found->second.results));
  endings_[past.trial.value - 1].is_announced = false;
  return {};
}

result<void> ask_tell_core::replay(const record::trial_changed& past) {
  if (past.trial.value == 0 || past.trial.value > endings_.size())
    return does_not_fit(past.trial, "it changes, and was never created");
  const auto found = lives_.find(past.trial);
  if (found == lives_.end()) {
    endings_[past.trial.value - 1].is_announced = true;
    return {};
  }
  auto& trial = found->second;
  trial.is_announced = true;
  if (past.state == trial_state::pending && trial.state == trial_state::paused) {
    (void)schedule_->choose_paused(); // It chooses the same.
    trial.state = trial_state::running;
    --paused_;
  } else if (past.state == trial_state::stopped)
    end(past.trial, trial_state::stopped, trial_outcome::stopped, numbers(trial.results), /*was_stopped=*/true);
  else if (past.state != trial.state)
    return does_not_fit(past.trial, "it changes as it cannot");
  return {};
}

result<void> ask_tell_core::replay(const record::trial_exploited& past) {
  const auto found = lives_.find(past.trial);
  if (found == lives_.end() || found->second.state != trial_state::paused || lives_.count(past.donor) == 0)
    return does_not_fit(past.trial, "it goes on from another one as it cannot");
  (void)schedule_->choose_paused(); // It chooses the same.
  found->second.state = trial_state::running;
  --paused_;
  change(past.trial, {past.donor, past.values});
  return {};
}

} // namespace tune
