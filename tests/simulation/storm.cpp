#include "tests/simulation/storm.hpp"

#include <fmt/format.h>

#include "tests/simulation/checks.hpp"
#include "tests/simulation/faults.hpp"
#include "tests/simulation/storm_draws.hpp"

using namespace std::chrono_literals;

namespace sim {
namespace {

constexpr std::chrono::minutes everything_finishes_within{10};

cluster_options draw_shape(random_stream& random) {
  cluster_options shape;
  shape.nodes = 1 + static_cast<machine>(random.below(5));
  shape.cpus = 3 + static_cast<std::int64_t>(random.below(4)); // Not less than the largest work wants.
  shape.owners = 1 + static_cast<machine>(random.below(3));
  shape.have_quotas = random.chance(0.3);
  shape.any_timing = random.chance(0.5);
  return shape;
}

workload draw_work(random_stream& random, const cluster_options& shape) {
  workload work;
  work.tasks = random.below(25);
  work.stopped = random.chance(0.5) ? 0.3 : 0;
  work.actors = 1 + random.below(8);
  work.longest = std::chrono::milliseconds(500 + random.below(12'000)); // Some outlast a node that is cut off.
  // A group that is spread over more nodes than there are would wait for ever.
  work.groups = shape.nodes >= 3 ? random.below(4) : 0;
  return work;
}

} // namespace

storm draw_storm(seed s) {
  random_stream random(s, "storm");
  storm drawn;
  drawn.shape = draw_shape(random);
  drawn.work = draw_work(random, drawn.shape);
  drawn.lasts = std::chrono::seconds(10 + random.below(40));
  drawn.only_silence = random.chance(0.3);
  if (drawn.only_silence)
    drawn.faults =
      draw_faults<fault>(random, {isolations, without_length(worker_crashes), without_length(repeated_messages)});
  else
    drawn.faults =
      draw_faults<fault>(random, {without_length(link_breaks), without_length(half_open_links), partitions, isolations,
                                  node_deaths, head_deaths, owner_deaths, owner_departures, drains,
                                  without_length(repeated_messages), without_length(worker_crashes)});
  return drawn;
}

std::string to_text(const storm& what) {
  auto text = fmt::format("{} nodes of {} cpus, {} owners, each with {} tasks, {} actors, {} groups{}{}; {} s",
                          what.shape.nodes, what.shape.cpus, what.shape.owners, what.work.tasks, what.work.actors,
                          what.work.groups, what.shape.have_quotas ? ", quotas" : "",
                          what.shape.any_timing ? ", any timing" : "", what.lasts.count());
  if (what.faults.empty())
    text += " without faults";
  for (const auto& each : what.faults)
    text += fmt::format(", {} each {:.1f} s", each.name, std::chrono::duration<double>(each.every).count());
  return text;
}

storm_outcome survive(const storm& what, seed s, const std::function<void(const std::string&)>& tell) {
  cluster subject(s, what.shape);
  if (tell)
    subject.net().tell_everything(tell);
  subject.check_after_each_event(no_node_overbooked());
  subject.check_after_each_event(head_knows_what_is_held());
  if (what.only_silence)
    subject.check_after_each_event(no_work_runs_twice());
  subject.run(what.work);
  for (const auto& each : what.faults)
    subject.suffer(each);
  subject.advance(what.lasts);
  subject.heal().finishes_within(everything_finishes_within);

  storm_outcome outcome;
  outcome.wrong = subject.broken();
  if (outcome.wrong.empty())
    if (const auto why = subject.why_not_finished(); !why.empty())
      outcome.wrong =
        fmt::format("not finished {} minutes after the last fault: {}", everything_finishes_within.count(), why);
  outcome.virtual_time = subject.net().now().time_since_epoch();
  outcome.events = subject.events();
  outcome.trace_hash = subject.net().trace_hash();
  return outcome;
}

} // namespace sim
