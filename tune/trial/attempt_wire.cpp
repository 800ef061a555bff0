#include "tune/trial/attempt_wire.hpp"

#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "tune/proto/attempt.pb.h"
#include "tune/value/values_wire.hpp"

namespace tune::attempt_wire {
namespace {

namespace wire = caf_tune::tune::v1;

// -- numbers -------------------------------------------------------------------

[[nodiscard]] result<void> check_seconds(const char* name, double seconds) {
  if (!std::isfinite(seconds) || seconds < 0)
    return fail(errc::invalid_argument, fmt::format("{}: {} is no duration", name, seconds));
  return {};
}

[[nodiscard]] result<void> check_iteration(const char* name, iteration_number iteration, iteration_number least) {
  if (iteration < least)
    return fail(errc::invalid_argument, fmt::format("{}: {} is less than {}", name, iteration, least));
  return {};
}

[[nodiscard]] result<void> check_attempt(attempt_number attempt) {
  if (attempt == 0)
    return fail(errc::invalid_argument, "attempt: they are numbered from 1");
  return {};
}

// -- checkpoints ---------------------------------------------------------------

void write(const checkpoint_ref& checkpoint, wire::WrittenCheckpoint& out) {
  out.set_iteration(checkpoint.iteration);
  out.set_attempt(checkpoint.attempt);
  out.set_node(checkpoint.node);
  out.set_directory(checkpoint.directory);
  out.set_in_storage(checkpoint.in_storage);
  out.set_size_bytes(checkpoint.bytes);
}

[[nodiscard]] result<checkpoint_ref> checkpoint_from(const wire::WrittenCheckpoint& in) {
  checkpoint_ref out{in.iteration(), in.attempt(), in.node(), in.directory(), in.in_storage(), in.size_bytes()};
  auto checked = check_iteration("iteration", out.iteration, 0).and_then([&] { return check_attempt(out.attempt); });
  if (checked && out.directory.empty())
    checked = fail(errc::invalid_argument, "directory: none is named");
  return checked.map([&] { return std::move(out); }).map_error([](error why) {
    return runtime::within("checkpoint", std::move(why));
  });
}

template <class Message>
[[nodiscard]] result<std::optional<checkpoint_ref>> optional_checkpoint(const Message& message) {
  if (!message.has_checkpoint())
    return std::optional<checkpoint_ref>();
  return checkpoint_from(message.checkpoint()).map([](checkpoint_ref ref) {
    return std::optional<checkpoint_ref>(std::move(ref));
  });
}

// -- events --------------------------------------------------------------------

wire::AttemptOver::Cause to_wire(end_cause cause) {
  switch (cause) {
  case end_cause::finished: return wire::AttemptOver::FINISHED;
  case end_cause::stopped: return wire::AttemptOver::STOPPED;
  case end_cause::paused: return wire::AttemptOver::PAUSED;
  case end_cause::threw: return wire::AttemptOver::THREW;
  case end_cause::crashed: return wire::AttemptOver::CRASHED;
  case end_cause::out_of_memory: return wire::AttemptOver::OUT_OF_MEMORY;
  case end_cause::hung: return wire::AttemptOver::HUNG;
  case end_cause::lost: return wire::AttemptOver::LOST;
  case end_cause::not_started: return wire::AttemptOver::NOT_STARTED;
  case end_cause::driver_lost: return wire::AttemptOver::DRIVER_LOST;
  case end_cause::bad_checkpoint: return wire::AttemptOver::BAD_CHECKPOINT;
  case end_cause::infeasible: return wire::AttemptOver::INFEASIBLE;
  case end_cause::unreadable_checkpoint: return wire::AttemptOver::UNREADABLE_CHECKPOINT;
  }
  return wire::AttemptOver::CAUSE_UNSPECIFIED;
}

[[nodiscard]] result<end_cause> cause_from(wire::AttemptOver::Cause cause) {
  switch (cause) {
  case wire::AttemptOver::FINISHED: return end_cause::finished;
  case wire::AttemptOver::STOPPED: return end_cause::stopped;
  case wire::AttemptOver::PAUSED: return end_cause::paused;
  case wire::AttemptOver::THREW: return end_cause::threw;
  case wire::AttemptOver::CRASHED: return end_cause::crashed;
  case wire::AttemptOver::OUT_OF_MEMORY: return end_cause::out_of_memory;
  case wire::AttemptOver::HUNG: return end_cause::hung;
  case wire::AttemptOver::LOST: return end_cause::lost;
  case wire::AttemptOver::NOT_STARTED: return end_cause::not_started;
  case wire::AttemptOver::DRIVER_LOST: return end_cause::driver_lost;
  case wire::AttemptOver::BAD_CHECKPOINT: return end_cause::bad_checkpoint;
  case wire::AttemptOver::INFEASIBLE: return end_cause::infeasible;
  case wire::AttemptOver::UNREADABLE_CHECKPOINT: return end_cause::unreadable_checkpoint;
  default: return fail(errc::incompatible, fmt::format("cause {} is not known", static_cast<int>(cause)));
  }
}

void write(const attempt_alive& alive, wire::AttemptEvent& event) {
  auto& out = *event.mutable_alive();
  out.set_node(alive.node);
  out.set_hostname(alive.hostname);
  out.set_node_ip(alive.node_ip);
  out.set_process_id(alive.process_id);
  out.set_sees_storage(alive.sees_storage);
  out.set_directory(alive.directory);
}

void write(const attempt_report& report, wire::AttemptEvent& event) {
  auto& out = *event.mutable_report();
  out.set_iteration(report.iteration);
  values_wire::write(report.values, *out.mutable_metrics());
  out.set_time_this_iteration_s(report.time_this_iteration_s);
  out.set_time_total_s(report.time_total_s);
  if (report.checkpoint)
    write(*report.checkpoint, *out.mutable_checkpoint());
  out.set_no_checkpoint(report.no_checkpoint);
  out.set_done(report.done);
}

void write(const attempt_over& over, wire::AttemptEvent& event) {
  auto& out = *event.mutable_over();
  out.set_cause(to_wire(over.end.cause));
  out.set_why(over.end.why);
  if (over.checkpoint)
    write(*over.checkpoint, *out.mutable_checkpoint());
  out.set_no_checkpoint(over.no_checkpoint);
}

[[nodiscard]] result<attempt_event> report_from(const wire::AttemptReport& in) {
  attempt_report out;
  out.iteration = in.iteration();
  out.time_this_iteration_s = in.time_this_iteration_s();
  out.time_total_s = in.time_total_s();
  out.no_checkpoint = in.no_checkpoint();
  out.done = in.done();
  const auto checked = check_iteration("iteration", out.iteration, 1)
                         .and_then([&] { return check_seconds("time_this_iteration_s", out.time_this_iteration_s); })
                         .and_then([&] { return check_seconds("time_total_s", out.time_total_s); });
  if (!checked)
    return fail(checked.error());
  auto values = values_wire::metrics_from(in.metrics());
  if (!values)
    return fail(runtime::within("metrics", values.error()));
  out.values = std::move(*values);
  auto checkpoint = optional_checkpoint(in);
  if (!checkpoint)
    return fail(checkpoint.error());
  out.checkpoint = std::move(*checkpoint);
  return attempt_event(std::move(out));
}

[[nodiscard]] result<attempt_event> over_from(const wire::AttemptOver& in) {
  const auto cause = cause_from(in.cause());
  if (!cause)
    return fail(cause.error());
  auto checkpoint = optional_checkpoint(in);
  if (!checkpoint)
    return fail(checkpoint.error());
  return attempt_event(attempt_over{{*cause, in.why()}, std::move(*checkpoint), in.no_checkpoint()});
}

[[nodiscard]] result<attempt_event> read_event(const wire::AttemptEvent& in) {
  switch (in.what_case()) {
  case wire::AttemptEvent::kAlive: {
    const auto& alive = in.alive();
    return attempt_event(attempt_alive{alive.node(), alive.hostname(), alive.node_ip(), alive.process_id(),
                                       alive.sees_storage(), alive.directory()});
  }
  case wire::AttemptEvent::kReport: return report_from(in.report());
  case wire::AttemptEvent::kOver: return over_from(in.over());
  case wire::AttemptEvent::WHAT_NOT_SET: break;
  }
  return fail(errc::incompatible, "an event of no kind");
}

[[nodiscard]] result<attempt_events> read_events(const wire::AttemptEvents& in) {
  if (in.events().empty())
    return fail(errc::incompatible, "no event");
  attempt_events out;
  out.reserve(static_cast<std::size_t>(in.events_size()));
  for (const auto& each : in.events()) {
    auto event = read_event(each);
    if (!event)
      return fail(event.error());
    out.push_back(std::move(*event));
  }
  return out;
}

// -- orders --------------------------------------------------------------------

[[nodiscard]] result<attempt_order> read_order(const wire::AttemptOrder& in) {
  attempt_order out;
  out.experiment = in.experiment();
  out.trial = trial_id(in.trial());
  out.trial_name = in.trial_name();
  out.attempt = in.attempt();
  out.trainable = in.trainable();
  out.seed = in.seed();
  out.metrics.assign(in.metrics().begin(), in.metrics().end());
  out.checkpoints = {in.checkpoint_every(), in.checkpoint_at_end()};
  if (in.has_max_iterations())
    out.max_iterations = in.max_iterations();
  out.free_until = in.free_until();
  out.time_total_s = in.time_total_s();
  out.storage_directory = in.storage_directory();
  out.marker_file = in.marker_file();
  out.marker = in.marker();
  out.resources = {in.resources().begin(), in.resources().end()};
  auto checked = check_attempt(out.attempt)
                   .and_then([&] { return check_iteration("checkpoint_every", out.checkpoints.every, 0); })
                   .and_then([&] { return check_iteration("max_iterations", out.max_iterations.value_or(1), 1); })
                   .and_then([&] { return check_seconds("time_total_s", out.time_total_s); });
  if (checked && out.storage_directory.empty())
    checked = fail(errc::invalid_argument, "storage_directory: none is named");
  if (!checked)
    return fail(checked.error());
  auto values = values_wire::config_from(in.config());
  if (!values)
    return fail(runtime::within("config", values.error()));
  out.values = std::move(*values);
  if (in.has_restore()) {
    auto restore = checkpoint_from(in.restore());
    if (!restore)
      return fail(restore.error());
    out.restore = std::move(*restore);
  }
  return out;
}

template <class Message>
[[nodiscard]] result<Message> parse(std::string_view bytes) {
  Message message;
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return fail(errc::incompatible, fmt::format("{} bytes that are no message", bytes.size()));
  return message;
}

auto of(const char* what) {
  return [what](error why) { return runtime::within(what, std::move(why)); };
}

} // namespace

std::string to_bytes(const attempt_order& order) {
  wire::AttemptOrder out;
  out.set_experiment(order.experiment);
  out.set_trial(order.trial.value);
  out.set_trial_name(order.trial_name);
  out.set_attempt(order.attempt);
  out.set_trainable(order.trainable);
  values_wire::write(order.values, *out.mutable_config());
  out.set_seed(order.seed);
  for (const auto& name : order.metrics)
    out.add_metrics(name);
  out.set_checkpoint_every(order.checkpoints.every);
  out.set_checkpoint_at_end(order.checkpoints.at_end);
  if (order.max_iterations)
    out.set_max_iterations(*order.max_iterations);
  out.set_free_until(order.free_until);
  out.set_time_total_s(order.time_total_s);
  out.set_storage_directory(order.storage_directory);
  out.set_marker_file(order.marker_file);
  out.set_marker(order.marker);
  if (order.restore)
    write(*order.restore, *out.mutable_restore());
  out.mutable_resources()->insert(order.resources.begin(), order.resources.end());
  return out.SerializeAsString();
}

std::string to_bytes(const attempt_events& events) {
  wire::AttemptEvents out;
  for (const auto& each : events)
    std::visit([&](const auto& what) { write(what, *out.add_events()); }, each);
  return out.SerializeAsString();
}

result<attempt_order> order_from(std::string_view bytes) {
  return parse<wire::AttemptOrder>(bytes).and_then(read_order).map_error(of("an attempt's order"));
}

result<attempt_events> events_from(std::string_view bytes) {
  return parse<wire::AttemptEvents>(bytes).and_then(read_events).map_error(of("an attempt's events"));
}

std::uint8_t to_number(attempt_answer answer) noexcept {
  switch (answer) {
  case attempt_answer::go_on: return 1;
  case attempt_answer::pause: return 2;
  case attempt_answer::stop: return 3;
  }
  return 0;
}

result<attempt_answer> answer_from(std::uint8_t number) {
  for (const auto answer : {attempt_answer::go_on, attempt_answer::pause, attempt_answer::stop})
    if (number == to_number(answer))
      return answer;
  return fail(errc::incompatible, fmt::format("an attempt's answer: {} is not known", number));
}

} // namespace tune::attempt_wire
