#include "tune/simulate/simulated_nodes.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/cluster_state.hpp"
#include "tune/controller/trial_demand.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace tune {
namespace {

using runtime::head_core;
using runtime::instant;
using runtime::node_id;

const runtime::owner_id owner{1};
constexpr char version[] = "simulated";

runtime::head_options head_options_of_simulation() {
  runtime::head_options options;
  options.version = version;
  options.cluster = version;
  return options;
}

std::size_t places_of(const runtime::resource_set& total, const runtime::resource_set& wants) {
  runtime::cluster_state one;
  one.nodes.emplace_back();
  one.nodes.back().state = "alive";
  one.nodes.back().total = total;
  return trials_held(one, wants);
}

attempt_end end_of(const error& why) {
  if (why.code == errc::infeasible)
    return {end_cause::infeasible, "resources: " + why.message};
  return {end_cause::not_started, why.message};
}

} // namespace

simulated_nodes::simulated_nodes(simulated_nodes_options options, instant start)
  : options_(std::move(options)),
    head_(head_options_of_simulation(), start) {
  for (std::size_t k = 0; k < options_.nodes.size(); ++k) {
    const auto places = places_of(options_.nodes[k].resources, options_.wants);
    for (std::size_t i = 0; i < options_.nodes[k].count; ++i)
      nodes_.push_back(
        {k, places, true, runtime::incarnation{1}, {options_.seed, "simulated node", nodes_.size() + 1}});
    places_ += places * options_.nodes[k].count;
  }
  all_places_ = places_;
}

std::string simulated_nodes::name_of(node_id node) {
  return fmt::format("node-{}", node.value);
}

runtime::node_hello simulated_nodes::hello_of(node_id id, const node& which) const {
  return {{id, which.start, name_of(id), "simulated", 1, options_.nodes[which.kind].resources, {}},
          version,
          "",
          {},
          /*draining=*/false};
}

simulated_nodes::actions simulated_nodes::on_begin(instant now) {
  actions todo;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const node_id id{i + 1};
    perform(or_throw(head_.on_node_hello(hello_of(id, nodes_[i]), now)), now, todo);
    plan_failure(id, nodes_[i], now);
  }
  perform(or_throw(head_.on_owner_hello(owner, "simulated driver", version, {}, now)), now, todo);
  tell_capacity(todo);
  return todo;
}

void simulated_nodes::plan_failure(node_id id, node& which, instant now) {
  if (!options_.mean_time_between_failures)
    return;
  const auto mean = static_cast<double>(options_.mean_time_between_failures->count());
  const double after = std::min(-std::log1p(-which.random.unit()) * mean,
                                static_cast<double>(std::chrono::nanoseconds(longest_time).count()));
  changes_.emplace(now + std::chrono::nanoseconds(std::llround(after)), id, change::fails);
}

simulated_nodes::actions simulated_nodes::on_wanted(runner_id runner, const place_wish& where, instant now) {
  actions todo;
  runtime::demand wants;
  wants.resources = options_.wants;
  wants.avoided_node = where.avoid_node;
  wants.waits_for_nodes = options_.waits_for_nodes || where.waits_for_node;
  runners_[runner];
  perform(head_.on_demand(owner, runtime::request_id{runner.value}, std::move(wants), now), now, todo);
  return todo;
}

simulated_nodes::actions simulated_nodes::on_released(runner_id runner, instant now) {
  actions todo;
  const auto found = runners_.find(runner);
  if (found == runners_.end())
    return todo;
  const auto held = found->second;
  runners_.erase(found);
  if (!held) {
    perform(head_.on_cancel(owner, runtime::request_id{runner.value}, now), now, todo);
    return todo;
  }
  leases_.erase(held->first);
  if (nodes_[held->second.value - 1].is_up)
    perform(head_.on_lease_ended(held->second, held->first, now), now, todo);
  else // Its node cannot say so; what it held is free when the node is declared dead.
    perform(head_.on_release(owner, held->first, now), now, todo);
  return todo;
}

std::optional<instant> simulated_nodes::wake_at() const {
  auto next = head_.wake_at();
  if (!changes_.empty() && (!next || std::get<instant>(*changes_.begin()) < *next))
    next = std::get<instant>(*changes_.begin());
  return next;
}

simulated_nodes::actions simulated_nodes::on_time(instant now) {
  actions todo;
  while (!changes_.empty() && std::get<instant>(*changes_.begin()) <= now) {
    const auto [at, id, what] = *changes_.begin();
    changes_.erase(changes_.begin());
    on_change(what, id, now, todo);
  }
  if (const auto wake = head_.wake_at(); wake && *wake <= now)
    perform(head_.on_time(now), now, todo);
  tell_capacity(todo);
  return todo;
}

void simulated_nodes::on_change(change what, node_id id, instant now, actions& todo) {
  auto& which = nodes_[id.value - 1];
  switch (what) {
  case change::fails:
    which.is_up = false;
    places_ -= which.places;
    ++failures_;
    todo.push_back(failed{id});
    changes_.emplace(now + options_.detection_time, id, change::is_noticed);
    // One that came back before it was missed would be another start of the same node: the head would notice then.
    changes_.emplace(now + std::max(options_.repair_time.draw(which.random), options_.detection_time), id,
                     change::returns);
    return;
  case change::is_noticed:
    perform(head_.on_node_link_lost(id, which.start, now), now, todo);
    perform(head_.on_node_silent(id, which.start, now), now, todo);
    return;
  case change::returns:
    which.is_up = true;
    which.start = runtime::incarnation{which.start.value + 1};
    places_ += which.places;
    perform(or_throw(head_.on_node_hello(hello_of(id, which), now)), now, todo);
    plan_failure(id, which, now);
    return;
  }
}

/// What the head orders, and what follows from it: nodes answer at once.
void simulated_nodes::perform(head_core::actions orders, instant now, actions& todo) {
  std::deque<head_core::action> left(std::make_move_iterator(orders.begin()), std::make_move_iterator(orders.end()));
  const auto add = [&](head_core::actions more) { std::move(more.begin(), more.end(), std::back_inserter(left)); };
  while (!left.empty()) {
    const auto next = std::move(left.front());
    left.pop_front();
    std::visit(
      runtime::overloaded{
        [&](const head_core::grant& order) {
          if (nodes_[order.node.value - 1].is_up) // Else it is repeated, until the node is declared dead.
            add(head_.on_lease_accepted(order.node, order.lease.lease, now));
        },
        [&](const head_core::end& order) {
          if (nodes_[order.node.value - 1].is_up)
            add(head_.on_lease_ended(order.node, order.lease, now));
        },
        [&](const head_core::answer_granted& answer) {
          const runner_id runner{answer.request.value};
          const auto found = runners_.find(runner);
          CAF_TUNE_INVARIANT(answer.leases.size() == 1, "a runner has one lease");
          const auto& lease = answer.leases.front();
          if (found == runners_.end() || found->second)
            return;
          found->second = {lease.lease, lease.node};
          leases_[lease.lease] = runner;
          todo.push_back(granted{runner, lease.node});
        },
        [&](const head_core::answer_refused& answer) {
          if (runners_.erase(runner_id{answer.request.value}) > 0) // Else it was cancelled.
            todo.push_back(ended{runner_id{answer.request.value}, end_of(answer.why)});
        },
        [&](const head_core::lease_lost& lost) {
          const auto found = leases_.find(lost.lease);
          if (found == leases_.end())
            return;
          const auto runner = found->second;
          leases_.erase(found);
          runners_.erase(runner);
          todo.push_back(ended{runner, {end_cause::lost, lost.why.message}});
        },
        [&](const head_core::node_joined& joined) { known_places_ += nodes_[joined.node.id.value - 1].places; },
        [&](const head_core::node_lost& lost) { known_places_ -= nodes_[lost.node.value - 1].places; },
        [](const auto&) {},
      },
      next);
  }
}

/// As the driver's capacity_watch tells it: at least one, since what fits on no node is for the head to say.
void simulated_nodes::tell_capacity(actions& todo) {
  const auto now_held = std::max<std::size_t>(1, known_places_);
  if (now_held == told_places_)
    return;
  told_places_ = now_held;
  todo.push_back(holds{now_held});
}

} // namespace tune
