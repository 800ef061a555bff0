#include "tests/simulation/search_history.hpp"

#include <cmath>

#include <fmt/format.h>

#include "tune/journal/crc32c.hpp"
#include "tune/journal/record_wire.hpp"

using namespace tune;

namespace sim {

/// A learning curve that flattens, with some noise; now and then no number.
metrics results_of(const config& values, iteration_number iteration) {
  const auto noise = crc32c(to_json(values) + std::to_string(iteration));
  if (noise % 97 == 0)
    return {{"score", std::nan("")}};
  const auto best = values.get("x", 0.5) + (values.get("kind", std::string()) == "good" ? 0.2 : 0.0);
  return {{"score", best * (1 - std::exp(-static_cast<double>(iteration) / 6)) + (noise % 1000) / 20'000.0}};
}

void search_history::complain(const std::string& what) {
  if (wrong_.empty())
    wrong_ = what;
}

// ---- What happens.

void search_history::on_durable(journal_position at, const journal_record& what) {
  if (at != bytes_.size() + 1)
    return complain(fmt::format("record {} is told after {}", at, bytes_.size()));
  count(what);
}

void search_history::on_opened(const std::vector<journal_record>& found) {
  if (found.size() < bytes_.size())
    complain(fmt::format("the journal has {} records, and {} had been told (I5)", found.size(), bytes_.size()));
  for (std::size_t i = 0; i != found.size() && wrong_.empty(); ++i)
    if (i >= bytes_.size())
      count(found[i]);
    else if (or_throw(record_wire::to_bytes(found[i])) != bytes_[i])
      complain(fmt::format("record {} of the journal is another one than was told (I5)", i + 1));
}

void search_history::on_begun(trial_id which, attempt_number attempt) {
  const auto found = trials_.find(which);
  if (found == trials_.end() || found->second.attempts < attempt)
    complain(fmt::format("attempt {} of trial {} begins, and is not on disk (I3)", attempt, which.value));
  if (!begun_.insert({which, attempt}).second)
    complain(fmt::format("there are two attempts {} of trial {} (I3)", attempt, which.value));
}

void search_history::on_answered(trial_id which, attempt_number attempt, iteration_number iteration) {
  const auto found = trials_.find(which);
  if (found == trials_.end() || found->second.iterations < iteration)
    complain(fmt::format("iteration {} of attempt {} of trial {} is answered, and not on disk (I2)", iteration, attempt,
                         which.value));
}

std::vector<journal_record> search_history::all() const {
  std::vector<journal_record> records;
  for (const auto& each : bytes_)
    records.push_back(or_throw(record_wire::record_from(each)));
  return records;
}

// ---- What the records say.

void search_history::count(const journal_record& what) {
  bytes_.push_back(or_throw(record_wire::to_bytes(what)));
  for (const char c : bytes_.back())
    hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211u;
  std::visit([this](const auto& each) { hear(each); }, what);
}

search_history::trial* search_history::known(trial_id which, const char* what) {
  const auto found = trials_.find(which);
  if (found == trials_.end())
    complain(fmt::format("trial {}, which there is not, {}", which.value, what));
  return found == trials_.end() ? nullptr : &found->second;
}

void search_history::hear(const record::trial_created& what) {
  if (what.trial.value != trials_.size() + 1 || has_ended_)
    complain(fmt::format("trial {} is created after {}", what.trial.value, trials_.size()));
  trials_[what.trial].values = what.values;
}

void search_history::hear(const record::attempt_started& what) {
  auto* t = known(what.trial, "is started");
  if (t == nullptr)
    return;
  if (t->runs || what.attempt != t->attempts + 1 || has_ended(t->state))
    complain(fmt::format("attempt {} of trial {} starts, which is {}, after {} attempts (I3)", what.attempt,
                         what.trial.value, to_string(t->state), t->attempts));
  const auto newest = t->checkpoints.empty() ? 0 : t->checkpoints.rbegin()->first;
  if (what.from != newest && t->is_newest_known && !t->has_other_values)
    complain(fmt::format("attempt {} of trial {} begins from iteration {}, and its newest checkpoint is of {}",
                         what.attempt, what.trial.value, what.from, newest));
  t->attempts = what.attempt;
  t->restored = what.from;
  t->runs = true;
}

void search_history::hear(const record::attempt_placed& what) {
  auto* t = known(what.trial, "is placed");
  if (t == nullptr)
    return;
  if (!t->runs || t->attempts != what.attempt)
    complain(fmt::format("attempt {} of trial {} runs, and the newest is {} (I3)", what.attempt, what.trial.value,
                         t->attempts));
  t->state = trial_state::running;
}

void search_history::hear(const record::result_reported& what) {
  auto* t = known(what.trial, "has a result");
  if (t == nullptr)
    return;
  ++results_;
  if (!t->runs || t->attempts != what.attempt)
    complain(fmt::format("a result of attempt {} of trial {} counts, and the newest is {} (I3)", what.attempt,
                         what.trial.value, t->attempts));
  if (what.iteration != t->iterations + 1)
    complain(
      fmt::format("iteration {} of trial {} counts after {} (I2)", what.iteration, what.trial.value, t->iterations));
  if (what.values != results_of(t->values, what.iteration))
    complain(fmt::format("iteration {} of trial {} has the result {}, which nobody reported", what.iteration,
                         what.trial.value, to_json(what.values)));
  t->iterations = what.iteration;
  if (what.checkpoint) {
    t->checkpoints.insert({what.checkpoint->iteration, what.checkpoint->attempt});
    t->is_newest_known = true;
  }
}

void search_history::hear(const record::checkpoint_saved& what) {
  if (auto* t = known(what.trial, "has a checkpoint"))
    t->checkpoints.insert({what.checkpoint.iteration, what.checkpoint.attempt});
}

void search_history::hear(const record::checkpoint_lost& what) {
  if (auto* t = known(what.trial, "has lost a checkpoint"); t != nullptr && !what.borrower) {
    t->checkpoints.erase({what.iteration, what.attempt});
    t->is_newest_known = false;
  }
}

void search_history::hear(const record::attempt_ended& what) {
  auto* t = known(what.trial, "has ended an attempt");
  if (t == nullptr)
    return;
  if (!t->runs || t->attempts != what.attempt)
    complain(fmt::format("attempt {} of trial {} ends, and the newest is {} (I3)", what.attempt, what.trial.value,
                         t->attempts));
  t->runs = false;
  t->state = trial_state::pending;
  if (what.end.cause != end_cause::bad_checkpoint)
    return;
  auto bad = t->checkpoints.end();
  for (auto each = t->checkpoints.begin(); each != t->checkpoints.end(); ++each)
    if (each->first == t->restored)
      bad = each; // Of those of one iteration, that of the newest attempt.
  if (bad != t->checkpoints.end())
    t->checkpoints.erase(bad);
  t->is_newest_known = false;
}

void search_history::hear(const record::trial_changed& what) {
  auto* t = known(what.trial, "changes");
  if (t == nullptr)
    return;
  if (t->runs || !may_follow(t->state, what.state))
    complain(fmt::format("trial {} becomes {}, and is {}{}", what.trial.value, to_string(what.state),
                         to_string(t->state), t->runs ? " and runs" : ""));
  t->state = what.state;
}

void search_history::hear(const record::trial_exploited& what) {
  auto* t = known(what.trial, "goes on from another");
  if (t == nullptr)
    return;
  t->values = what.values;
  t->has_other_values = true;
  t->state = trial_state::pending;
}

} // namespace sim
