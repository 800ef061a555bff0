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
    auto here = std::numeric_limits<std::int64_t>::max();
    for (const auto& wanted : each)
      here = std::min(here, times_in(std::string(wanted.name), node.total.get(wanted.name), wanted.value));
    all += here;
  }
  return static_cast<std::size_t>(all);
}

} // namespace tune
