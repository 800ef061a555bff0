#include "tests/simulation/search_storm.hpp"

#include <fmt/format.h>

#include "tests/simulation/storm_draws.hpp"

using namespace std::chrono_literals;

namespace sim {
namespace {

constexpr std::chrono::minutes everything_finishes_within{60};

} // namespace

search_storm draw_search_storm(seed s) {
  random_stream random(s, "search storm");
  search_storm drawn;
  drawn.plan = draw_search_plan(random);
  drawn.lasts = std::chrono::seconds(5 + random.below(40));
  drawn.faults = draw_faults<search_fault>(
    random, {driver_deaths, without_length(interruptions), power_losses, full_disks, disk_errors,
             without_length(rotting_checkpoints), flipped_bits, slow_disks, without_length(killed_workers),
             without_length(lost_nodes), repeated_news, without_length(user_orders), without_length(other_places),
             without_length(clock_jumps)});
  return drawn;
}

std::string to_text(const search_storm& what) {
  auto text = fmt::format("{}; {} s", to_text(what.plan), what.lasts.count());
  if (what.faults.empty())
    text += " without faults";
  for (const auto& each : what.faults)
    text += fmt::format(", {} each {:.1f} s", each.name, std::chrono::duration<double>(each.every).count());
  return text;
}

storm_outcome survive(const search_storm& what, seed s, const std::function<void(const std::string&)>& tell) {
  search subject(s, what.plan);
  if (tell)
    subject.net().tell_everything(tell);
  for (const auto& each : what.faults)
    subject.suffer(each);
  subject.advance(what.lasts);
  subject.heal().finishes_within(everything_finishes_within);

  storm_outcome outcome;
  outcome.wrong = subject.broken();
  if (!outcome.wrong.empty())
    outcome.wrong +=
      fmt::format(" at {} s", std::chrono::duration<double>(subject.net().now().time_since_epoch()).count());
  else if (const auto why = subject.why_not_finished(); !why.empty())
    outcome.wrong =
      fmt::format("not finished {} minutes after the last fault: {}", everything_finishes_within.count(), why);
  outcome.virtual_time = subject.net().now().time_since_epoch();
  outcome.events = subject.events();
  outcome.trace_hash = subject.trace_hash();
  return outcome;
}

} // namespace sim
