#include "tune/callback/callback_event.hpp"

#include <array>

#include "runtime/base/overloaded.hpp"
#include "tune/results/trial_directory_name.hpp"

namespace tune {
namespace {

callback_trial trial_of(trial_id trial, const experiment_view& view) {
  callback_trial about{trial_name(view.id(), trial), trial.value, {}};
  if (const auto* found = view.find(trial))
    about.config = found->values;
  return about;
}

void add_checkpoint(std::vector<callback_event>& to, trial_id trial, const checkpoint_ref& checkpoint,
                    const experiment_view& view) {
  if (checkpoint.in_storage)
    to.emplace_back(stored_checkpoint{trial_of(trial, view), checkpoint.iteration, checkpoint.directory});
}

trial_end end_of(const record::trial_changed& changed, const experiment_view& view) {
  trial_end end;
  end.trial = trial_of(changed.trial, view);
  end.state = changed.state;
  end.reason = changed.reason;
  if (const auto* trial = view.find(changed.trial)) {
    end.error = trial->error;
    end.iterations = trial->iterations;
    end.metrics = trial->last;
  }
  return end;
}

} // namespace

std::vector<callback_event> events_of(const journal_record& record, const experiment_view& view) {
  std::vector<callback_event> events;
  std::visit(runtime::overloaded{
               [&](const record::attempt_placed& x) {
                 events.emplace_back(trial_start{trial_of(x.trial, view), x.attempt, x.node});
               },
               [&](const record::result_reported& x) {
                 events.emplace_back(trial_report{trial_of(x.trial, view), x.iteration, x.values, x.time_total_s});
                 if (x.checkpoint)
                   add_checkpoint(events, x.trial, *x.checkpoint, view);
               },
               [&](const record::checkpoint_saved& x) { add_checkpoint(events, x.trial, x.checkpoint, view); },
               [&](const record::trial_changed& x) {
                 if (has_ended(x.state))
                   events.emplace_back(end_of(x, view));
               },
               [&](const record::experiment_ended& x) {
                 events.emplace_back(experiment_end{x.why, x.complete});
               },
               [](const auto&) {},
             },
             record);
  return events;
}

void tell(callback& whom, const callback_event& what) {
  std::visit(runtime::overloaded{
               [&](const trial_start& x) { whom.on_trial_started(x); },
               [&](const trial_report& x) { whom.on_result(x); },
               [&](const stored_checkpoint& x) { whom.on_checkpoint(x); },
               [&](const trial_end& x) { whom.on_trial_ended(x); },
               [&](const experiment_end& x) { whom.on_experiment_ended(x); },
             },
             what);
}

const char* name_of(const callback_event& what) {
  constexpr std::array<const char*, std::variant_size_v<callback_event>> names = {
    "on_trial_started", "on_result", "on_checkpoint", "on_trial_ended", "on_experiment_ended"};
  return names[what.index()];
}

} // namespace tune
