#include "tune/controller/trial_demand.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace tune {
namespace {

[[nodiscard]] result<runtime::amount> amount_of(const std::string& name, const value& x) {
  if (x.is_text())
    return name == "memory" ? runtime::parse_memory(x.as<std::string>()) : runtime::parse_amount(x.as<std::string>());
  if (x.is_number())
    return runtime::amount::from_double(x.to_number());
  return fail(errc::invalid_argument, fmt::format("{} is not an amount", to_json(x)));
}

/// A gpu is a unit: of two halves of different ones nobody can use three quarters.
std::int64_t times_in(const std::string& name, runtime::amount has, runtime::amount wants) {
  constexpr auto one = runtime::amount::steps_in_one;
  if (name == "gpu" && wants.units() < one)
    return has.units() / one * (one / wants.units());
  return has.units() / wants.units();
}

std::int64_t trials_on(const runtime::resource_set& has, const runtime::resource_set& each) {
  auto here = std::numeric_limits<std::int64_t>::max();
  for (const auto& wanted : each)
    here = std::min(here, times_in(std::string(wanted.name), has.get(wanted.name), wanted.value));
  return here;
}

/// Of what the node has, what no other driver holds.
runtime::resource_set left_by_others(const runtime::cluster_state& state, const runtime::cluster_state::node& node) {
  auto others = node.used;
  for (const auto& lease : state.leases)
    if (lease.is_own && lease.node == node.name)
      others -= lease.resources.fits_in(others) ? lease.resources : runtime::resource_set();
  return others.fits_in(node.total) ? node.total - others : runtime::resource_set();
}

/// A part for each device, where a trial wants less than one: no trial has parts of two.
void add_parts(std::vector<cluster_room::part>& to, const std::string& node, std::int64_t places,
               const runtime::resource_set& each) {
  constexpr auto one = runtime::amount::steps_in_one;
  const auto gpu = each.gpu().units();
  const auto in_one_part = gpu > 0 && gpu < one ? one / gpu : places;
  for (; places > 0; places -= in_one_part)
    to.push_back({node, static_cast<std::uint32_t>(std::min<std::int64_t>({places, in_one_part, 1'000'000'000}))});
}

/// Something that waits for what the cluster has; what fits nowhere waits for something else.
bool is_wanted(const runtime::cluster_state& state, const runtime::cluster_state::waiting& by) {
  return !by.is_own && std::any_of(state.nodes.begin(), state.nodes.end(),
                                   [&](const auto& node) { return by.wants.fits_in(node.total); });
}

} // namespace

result<runtime::resource_set> demand_of(const std::map<std::string, value>& resources) {
  runtime::resource_set all;
  for (const auto& [name, x] : resources) {
    if (auto good = runtime::validate_resource_name(name); !good)
      return fail(runtime::within("resources", good.error()));
    auto wants = amount_of(name, x);
    if (!wants)
      return fail(runtime::within(fmt::format("resources: \"{}\"", name), wants.error()));
    all.set(name, *wants);
  }
  return all;
}

std::size_t trials_held(const runtime::cluster_state& state, const runtime::resource_set& each) {
  std::int64_t all = 0;
  for (const auto& node : state.nodes) {
    if (node.state != "alive")
      continue;
    if (each.empty()) {
      all += std::max<std::int64_t>(1, node.total.cpu().units() / runtime::amount::steps_in_one);
      continue;
    }
    all += trials_on(node.total, each);
  }
  return static_cast<std::size_t>(all);
}

runtime::resource_set times(const runtime::resource_set& each, trial_size size) {
  runtime::resource_set all;
  for (const auto& wanted : each) {
    const bool is_too_much = wanted.value.units() > runtime::amount::limit().units() / size;
    all.set(wanted.name,
            is_too_much ? runtime::amount::more_than_any() : runtime::amount::from_units(wanted.value.units() * size));
  }
  return all;
}

cluster_room room_in(const runtime::cluster_state& state, const runtime::resource_set& each) {
  cluster_room room;
  if (each.empty())
    return room;
  const bool is_all_known = state.lease_count <= state.leases.size();
  for (const auto& node : state.nodes) {
    if (node.state != "alive")
      continue;
    if (is_all_known)
      add_parts(room.parts, node.name, trials_on(left_by_others(state, node), each), each);
    else
      room.parts.push_back({node.name, 1});
  }
  room.is_wanted = std::any_of(state.queue_together.begin(), state.queue_together.end(),
                               [&](const auto& waiting) { return is_wanted(state, waiting.oldest); });
  return room;
}

} // namespace tune
