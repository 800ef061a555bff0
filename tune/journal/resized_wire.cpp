#include "tune/journal/resized_wire.hpp"

#include "tune/journal/record_fields_wire.hpp"

namespace tune::record_wire {

void write(const record::trial_resized& from, wire::Record& record) {
  auto& out = *record.mutable_trial_resized();
  out.set_trial(from.trial.value);
  out.set_iteration(from.iteration);
  out.set_size(from.size);
  out.set_reason(from.reason);
  out.set_at_unix_ns(unix_ns_of(from.at));
  if (!from.from)
    return;
  auto& room = *out.mutable_room();
  for (const auto& each : from.from->cluster.parts) {
    auto& part = *room.add_parts();
    part.set_node(each.node);
    part.set_places(each.places);
  }
  room.set_is_wanted(from.from->cluster.is_wanted);
  room.set_to_come(from.from->to_come);
}

result<void> check(const wire::TrialResized& in) {
  if (in.size() == 0)
    return fail(errc::invalid_argument, "size: 0 is less than 1");
  return check_trial(in.trial()).and_then([&] { return check_iteration("iteration", in.iteration(), 0); });
}

result<journal_record> read(const wire::TrialResized& in) {
  record::trial_resized out;
  out.trial = trial_id(in.trial());
  out.iteration = in.iteration();
  out.size = in.size();
  out.reason = in.reason();
  out.at = time_from(in.at_unix_ns());
  if (in.has_room()) {
    out.from.emplace();
    for (const auto& each : in.room().parts())
      out.from->cluster.parts.push_back({each.node(), each.places()});
    out.from->cluster.is_wanted = in.room().is_wanted();
    out.from->to_come = in.room().to_come();
  }
  return journal_record(std::move(out));
}

} // namespace tune::record_wire
