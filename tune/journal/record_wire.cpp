#include "tune/journal/record_wire.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "tune/journal/record_fields_wire.hpp"
#include "tune/journal/record_words_wire.hpp"
#include "tune/journal/resized_wire.hpp"
#include "tune/value/values_wire.hpp"

namespace tune::record_wire {
namespace {

// ---- Checks.

[[nodiscard]] result<void> check_seconds(const char* what, double seconds) {
  if (!std::isfinite(seconds) || seconds < 0)
    return fail(errc::invalid_argument, fmt::format("{}: {} is no duration", what, seconds));
  return {};
}

void write(const checkpoint_ref& checkpoint, wire::Checkpoint& out) {
  out.set_iteration(checkpoint.iteration);
  out.set_attempt(checkpoint.attempt);
  out.set_node(checkpoint.node);
  out.set_directory(checkpoint.directory);
  out.set_in_storage(checkpoint.in_storage);
  out.set_size_bytes(checkpoint.bytes);
}

checkpoint_ref checkpoint_from(const wire::Checkpoint& in) {
  return {in.iteration(), in.attempt(), in.node(), in.directory(), in.in_storage(), in.size_bytes()};
}

[[nodiscard]] result<void> check(const wire::Checkpoint& in) {
  auto checked = check_iteration("iteration", in.iteration(), 0);
  if (checked && in.attempt() == 0)
    checked = fail(errc::invalid_argument, "attempt: they are numbered from 1");
  if (!checked)
    return fail(runtime::within("checkpoint", std::move(checked.error())));
  return {};
}

// Of the other messages.

[[nodiscard]] result<void> check(const wire::ExperimentBegun&) {
  return {};
}

[[nodiscard]] result<void> check(const wire::ExperimentResumed&) {
  return {};
}

[[nodiscard]] result<void> check(const wire::ExperimentEnded&) {
  return {};
}

[[nodiscard]] result<void> check(const wire::TrialCreated& in) {
  return check_trial(in.trial());
}

[[nodiscard]] result<void> check(const wire::AttemptStarted& in) {
  auto checked = check_attempt(in.trial(), in.attempt());
  return checked ? check_iteration("from_iteration", in.from_iteration(), 0) : checked;
}

[[nodiscard]] result<void> check(const wire::AttemptPlaced& in) {
  return check_attempt(in.trial(), in.attempt());
}

[[nodiscard]] result<void> check(const wire::ResultReported& in) {
  if (auto checked = check_attempt(in.trial(), in.attempt()); !checked)
    return checked;
  if (auto checked = check_iteration("iteration", in.iteration(), 1); !checked)
    return checked;
  if (auto checked = check_seconds("time_this_iteration_s", in.time_this_iteration_s()); !checked)
    return checked;
  if (auto checked = check_seconds("time_total_s", in.time_total_s()); !checked)
    return checked;
  return in.has_checkpoint() ? check(in.checkpoint()) : result<void>();
}

[[nodiscard]] result<void> check(const wire::CheckpointSaved& in) {
  auto checked = check_trial(in.trial());
  return checked ? check(in.checkpoint()) : checked;
}

[[nodiscard]] result<void> check(const wire::CheckpointLost& in) {
  auto checked = check_attempt(in.trial(), in.attempt());
  return checked ? check_iteration("iteration", in.iteration(), 0) : checked;
}

[[nodiscard]] result<void> check(const wire::AttemptEnded& in) {
  return check_attempt(in.trial(), in.attempt());
}

[[nodiscard]] result<void> check(const wire::TrialChanged& in) {
  return check_trial(in.trial());
}

[[nodiscard]] result<void> check(const wire::TrialOrdered& in) {
  const auto state = in.becomes();
  if (state != wire::TrialState::RUNNING && state != wire::TrialState::PAUSED && state != wire::TrialState::STOPPED)
    return fail(errc::invalid_argument, fmt::format("becomes: {} cannot be ordered", static_cast<int>(state)));
  return check_trial(in.trial());
}

[[nodiscard]] result<void> check(const wire::TrialExploited& in) {
  if (auto checked = check_trial(in.trial()); !checked)
    return checked;
  if (in.donor() == 0)
    return fail(errc::invalid_argument, "donor: trials are numbered from 1");
  if (auto checked = check_iteration("iteration", in.iteration(), 1); !checked)
    return checked;
  return check(in.checkpoint());
}

// ---- What only a writer has to check.

[[nodiscard]] result<void> check_values(const record::trial_created& from) {
  return values_wire::check_depth(from.values).map_error([](error why) {
    return runtime::within("config", std::move(why));
  });
}

[[nodiscard]] result<void> check_values(const record::result_reported& from) {
  return values_wire::check_depth(from.values).map_error([](error why) {
    return runtime::within("metrics", std::move(why));
  });
}

[[nodiscard]] result<void> check_values(const record::trial_exploited& from) {
  return values_wire::check_depth(from.values).map_error([](error why) {
    return runtime::within("config", std::move(why));
  });
}

template <class Other>
[[nodiscard]] result<void> check_values(const Other&) {
  return {};
}

// ---- Each record: out.

void write(const record::experiment_begun& from, wire::Record& record) {
  auto& out = *record.mutable_experiment_begun();
  out.set_id(from.id);
  out.set_name(from.name);
  out.set_description(from.description);
  out.set_seed(from.seed);
  out.set_samples(from.samples);
  out.set_at_unix_ns(unix_ns_of(from.at));
}

void write(const record::experiment_resumed& from, wire::Record& record) {
  auto& out = *record.mutable_experiment_resumed();
  out.set_samples(from.samples);
  out.set_description(from.description);
  out.set_at_unix_ns(unix_ns_of(from.at));
}

void write(const record::experiment_ended& from, wire::Record& record) {
  auto& out = *record.mutable_experiment_ended();
  out.set_why(from.why);
  out.set_complete(from.complete);
  out.set_failed(from.failed);
  out.set_at_unix_ns(unix_ns_of(from.at));
}

void write(const record::trial_created& from, wire::Record& record) {
  auto& out = *record.mutable_trial_created();
  out.set_trial(from.trial.value);
  values_wire::write(from.values, *out.mutable_config());
  out.set_origin(to_wire(from.origin));
  out.set_at_unix_ns(unix_ns_of(from.at));
}

void write(const record::attempt_started& from, wire::Record& record) {
  auto& out = *record.mutable_attempt_started();
  out.set_trial(from.trial.value);
  out.set_attempt(from.attempt);
  out.set_from_iteration(from.from);
  out.set_at_unix_ns(unix_ns_of(from.at));
  out.set_of_trial(from.of.value);
}

void write(const record::attempt_placed& from, wire::Record& record) {
  auto& out = *record.mutable_attempt_placed();
  out.set_trial(from.trial.value);
  out.set_attempt(from.attempt);
  out.set_node(from.node);
  out.set_hostname(from.hostname);
  out.set_node_ip(from.node_ip);
  out.set_process_id(from.process_id);
  out.set_directory(from.directory);
  out.set_sees_storage(from.sees_storage);
}

void write(const record::result_reported& from, wire::Record& record) {
  auto& out = *record.mutable_result_reported();
  out.set_trial(from.trial.value);
  out.set_attempt(from.attempt);
  out.set_iteration(from.iteration);
  values_wire::write(from.values, *out.mutable_metrics());
  out.set_time_this_iteration_s(from.time_this_iteration_s);
  out.set_time_total_s(from.time_total_s);
  out.set_at_unix_ns(unix_ns_of(from.at));
  if (from.checkpoint)
    write(*from.checkpoint, *out.mutable_checkpoint());
  out.set_done(from.done);
  out.set_verdict(to_wire(from.decided.what));
  out.set_reason(from.decided.reason);
  out.set_becomes(to_wire(from.becomes));
}

void write(const record::checkpoint_saved& from, wire::Record& record) {
  auto& out = *record.mutable_checkpoint_saved();
  out.set_trial(from.trial.value);
  write(from.checkpoint, *out.mutable_checkpoint());
  if (from.result) {
    out.mutable_result()->set_loss(from.result->loss);
    out.mutable_result()->set_time_total_s(from.result->time_total_s);
  }
}

void write(const record::checkpoint_lost& from, wire::Record& record) {
  auto& out = *record.mutable_checkpoint_lost();
  out.set_trial(from.trial.value);
  out.set_iteration(from.iteration);
  out.set_attempt(from.attempt);
  if (from.borrower)
    out.set_borrower(from.borrower->value);
}

void write(const record::attempt_ended& from, wire::Record& record) {
  auto& out = *record.mutable_attempt_ended();
  out.set_trial(from.trial.value);
  out.set_attempt(from.attempt);
  out.set_cause(to_wire(from.end.cause));
  out.set_why(from.end.why);
  out.set_at_unix_ns(unix_ns_of(from.at));
}

void write(const record::trial_changed& from, wire::Record& record) {
  auto& out = *record.mutable_trial_changed();
  out.set_trial(from.trial.value);
  out.set_state(to_wire(from.state));
  out.set_reason(from.reason);
  out.set_at_unix_ns(unix_ns_of(from.at));
  out.set_by_user(from.by_user);
}

void write(const record::trial_ordered& from, wire::Record& record) {
  auto& out = *record.mutable_trial_ordered();
  out.set_trial(from.trial.value);
  out.set_becomes(to_wire(from.becomes));
  out.set_reason(from.reason);
  out.set_at_unix_ns(unix_ns_of(from.at));
}

void write(const record::trial_exploited& from, wire::Record& record) {
  auto& out = *record.mutable_trial_exploited();
  out.set_trial(from.trial.value);
  out.set_iteration(from.iteration);
  out.set_donor(from.donor.value);
  write(from.checkpoint, *out.mutable_checkpoint());
  values_wire::write(from.values, *out.mutable_config());
  out.set_reason(from.reason);
  out.set_at_unix_ns(unix_ns_of(from.at));
}

// ---- Each record: in.

[[nodiscard]] result<journal_record> read(const wire::ExperimentBegun& in) {
  return record::experiment_begun{in.id(),   in.name(),    in.description(),
                                  in.seed(), in.samples(), time_from(in.at_unix_ns())};
}

[[nodiscard]] result<journal_record> read(const wire::ExperimentResumed& in) {
  return record::experiment_resumed{in.samples(), in.description(), time_from(in.at_unix_ns())};
}

[[nodiscard]] result<journal_record> read(const wire::ExperimentEnded& in) {
  return record::experiment_ended{in.why(), in.complete(), in.failed(), time_from(in.at_unix_ns())};
}

[[nodiscard]] result<journal_record> read(const wire::TrialCreated& in) {
  auto values = values_wire::config_from(in.config());
  if (!values)
    return fail(runtime::within("config", std::move(values.error())));
  auto origin = word_from(in.origin());
  if (!origin)
    return fail(std::move(origin.error()));
  return record::trial_created{trial_id(in.trial()), std::move(*values), *origin, time_from(in.at_unix_ns())};
}

[[nodiscard]] result<journal_record> read(const wire::AttemptStarted& in) {
  return record::attempt_started{trial_id(in.trial()), in.attempt(), in.from_iteration(), time_from(in.at_unix_ns()),
                                 trial_id(in.of_trial())};
}

[[nodiscard]] result<journal_record> read(const wire::AttemptPlaced& in) {
  return record::attempt_placed{trial_id(in.trial()), in.attempt(),    in.node(),      in.hostname(),
                                in.node_ip(),         in.process_id(), in.directory(), in.sees_storage()};
}

[[nodiscard]] result<journal_record> read(const wire::ResultReported& in) {
  record::result_reported out;
  out.trial = trial_id(in.trial());
  out.attempt = in.attempt();
  out.iteration = in.iteration();
  auto values = values_wire::metrics_from(in.metrics());
  if (!values)
    return fail(runtime::within("metrics", std::move(values.error())));
  out.values = std::move(*values);
  out.time_this_iteration_s = in.time_this_iteration_s();
  out.time_total_s = in.time_total_s();
  out.at = time_from(in.at_unix_ns());
  if (in.has_checkpoint())
    out.checkpoint = checkpoint_from(in.checkpoint());
  out.done = in.done();
  auto what = word_from(in.verdict());
  if (!what)
    return fail(std::move(what.error()));
  out.decided = {*what, in.reason()};
  auto becomes = word_from(in.becomes());
  if (!becomes)
    return fail(std::move(becomes.error()));
  out.becomes = *becomes;
  return journal_record(std::move(out));
}

[[nodiscard]] result<journal_record> read(const wire::CheckpointSaved& in) {
  record::checkpoint_saved out{trial_id(in.trial()), checkpoint_from(in.checkpoint())};
  if (in.has_result())
    out.result = {in.result().loss(), in.result().time_total_s()};
  return out;
}

[[nodiscard]] result<journal_record> read(const wire::CheckpointLost& in) {
  record::checkpoint_lost out{trial_id(in.trial()), in.iteration(), in.attempt()};
  if (in.borrower() != 0)
    out.borrower = trial_id(in.borrower());
  return out;
}

[[nodiscard]] result<journal_record> read(const wire::AttemptEnded& in) {
  auto cause = word_from(in.cause());
  if (!cause)
    return fail(std::move(cause.error()));
  return record::attempt_ended{trial_id(in.trial()), in.attempt(), {*cause, in.why()}, time_from(in.at_unix_ns())};
}

[[nodiscard]] result<journal_record> read(const wire::TrialChanged& in) {
  auto state = word_from(in.state());
  if (!state)
    return fail(std::move(state.error()));
  return record::trial_changed{trial_id(in.trial()), *state, in.reason(), time_from(in.at_unix_ns()), in.by_user()};
}

[[nodiscard]] result<journal_record> read(const wire::TrialOrdered& in) {
  return word_from(in.becomes()).map([&](trial_state becomes) -> journal_record {
    return record::trial_ordered{trial_id(in.trial()), becomes, in.reason(), time_from(in.at_unix_ns())};
  });
}

[[nodiscard]] result<journal_record> read(const wire::TrialExploited& in) {
  auto values = values_wire::config_from(in.config());
  if (!values)
    return fail(runtime::within("config", std::move(values.error())));
  return record::trial_exploited{
    trial_id(in.trial()), in.iteration(), trial_id(in.donor()),      checkpoint_from(in.checkpoint()),
    std::move(*values),   in.reason(),    time_from(in.at_unix_ns())};
}

/// Calls f with the message that the record is, and what it is called.
template <class F>
[[nodiscard]] result<void> with_message(const wire::Record& in, F f) {
  switch (in.what_case()) {
  case wire::Record::kExperimentBegun: return f(in.experiment_begun(), "experiment begun");
  case wire::Record::kExperimentResumed: return f(in.experiment_resumed(), "experiment resumed");
  case wire::Record::kExperimentEnded: return f(in.experiment_ended(), "experiment ended");
  case wire::Record::kTrialCreated: return f(in.trial_created(), "trial created");
  case wire::Record::kAttemptStarted: return f(in.attempt_started(), "attempt started");
  case wire::Record::kAttemptPlaced: return f(in.attempt_placed(), "attempt placed");
  case wire::Record::kResultReported: return f(in.result_reported(), "result reported");
  case wire::Record::kCheckpointSaved: return f(in.checkpoint_saved(), "checkpoint saved");
  case wire::Record::kCheckpointLost: return f(in.checkpoint_lost(), "checkpoint lost");
  case wire::Record::kAttemptEnded: return f(in.attempt_ended(), "attempt ended");
  case wire::Record::kTrialChanged: return f(in.trial_changed(), "trial changed");
  case wire::Record::kTrialOrdered: return f(in.trial_ordered(), "trial ordered");
  case wire::Record::kTrialExploited: return f(in.trial_exploited(), "trial exploited");
  case wire::Record::kTrialResized: return f(in.trial_resized(), "trial resized");
  case wire::Record::WHAT_NOT_SET: break;
  }
  return fail(errc::incompatible, "a record of a kind that this version does not know");
}

[[nodiscard]] result<void> within_message(const char* name, result<void> checked) {
  if (!checked)
    return fail(runtime::within(name, std::move(checked.error())));
  return checked;
}

} // namespace

result<journal_record> record_from(const wire::Record& in) {
  journal_record out;
  const auto done = with_message(in, [&](const auto& message, const char* name) {
    auto checked = check(message);
    if (checked) {
      if (auto made = read(message))
        out = std::move(*made);
      else
        checked = fail(std::move(made.error()));
    }
    return within_message(name, std::move(checked));
  });
  if (!done)
    return fail(done.error());
  return out;
}

result<void> writer::append(const journal_record& record, std::string& out) {
  message_.Clear();
  std::visit([&](const auto& each) { write(each, message_); }, record);
  auto checked = with_message(message_, [&](const auto& message, const char* name) {
    auto fits = check(message);
    if (fits)
      fits = std::visit([](const auto& each) { return check_values(each); }, record);
    return within_message(name, std::move(fits));
  });
  if (checked)
    message_.AppendToString(&out);
  return checked;
}

result<journal_record> reader::read(std::string_view bytes) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return fail(errc::incompatible, fmt::format("{} bytes that are no record", bytes.size()));
  return record_from(message_);
}

result<std::string> to_bytes(const journal_record& record) {
  std::string bytes;
  return writer().append(record, bytes).map([&] { return std::move(bytes); });
}

result<journal_record> record_from(std::string_view bytes) {
  return reader().read(bytes);
}

} // namespace tune::record_wire
