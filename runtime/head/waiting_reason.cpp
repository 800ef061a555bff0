#include "runtime/head/waiting_reason.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

#include "runtime/head/placement_group.hpp"

namespace runtime {

namespace {

std::string text_of(std::string_view name, amount value) {
  return fmt::format("{}={}", name, name == "memory" ? memory_to_string(value) : value.to_string());
}

/// What `set` has of each name in `names`, also where that is nothing: "cpu=1 gpu=0".
std::string amounts_of(const resource_set& names, const resource_set& set) {
  std::string text;
  for (const auto [name, value] : names)
    text += (text.empty() ? "" : " ") + text_of(name, set.get(name));
  return text;
}

/// The largest part of anything wanted that is missing: 1 if nothing of it is there.
double missing_part(const resource_set& missing, const resource_set& wanted) {
  double part = 0;
  for (const auto [name, value] : missing)
    part = std::max(part, value.to_double() / wanted.get(name).to_double());
  return part;
}

std::string text_of(const label_map& labels) {
  std::string text;
  for (const auto& [name, value] : labels)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  return text;
}

/// Of the nodes that the demand may use at all, the one that misses least of it.
template <class Missing>
const placement::node* best_node(const demand& wants, const placement& nodes, Missing missing_on) {
  const placement::node* best = nullptr;
  std::tuple<std::size_t, double> least;
  for (const auto& [id, slot] : nodes.ids()) {
    const auto& n = *nodes.find(id);
    const bool is_asked =
      wants.placement.kind != placement_kind::node || wants.placement.soft || n.name == wants.placement.node_name;
    if (!is_asked || !has_all(wants.required_labels, n.labels))
      continue;
    const auto missing = missing_on(n);
    const std::tuple misses{missing.size(), missing_part(missing, wants.resources)};
    if (!best || misses < least) {
      best = &n;
      least = misses;
    }
  }
  return best;
}

std::optional<error> why_infeasible(const demand& wants, const placement& nodes) {
  if (nodes.fits_somewhere_ever(wants))
    return std::nullopt;
  const auto say = [](std::string message) { return error{errc::infeasible, std::move(message)}; };
  if (auto valid = validate_demand(wants.resources); !valid)
    return error{errc::invalid_argument, std::move(valid.error().message)};
  if (nodes.size() == 0)
    return say(
      fmt::format("{} fits on no node: the cluster has none; start one, or set wait_for_nodes", wants.resources));
  const bool is_hard = wants.placement.kind == placement_kind::node && !wants.placement.soft;
  if (is_hard && !nodes.find(wants.placement.node_name))
    return say(fmt::format("no node is named \"{}\"; name another, make it soft, or set wait_for_nodes",
                           wants.placement.node_name));
  const auto* best =
    best_node(wants, nodes, [&](const placement::node& n) { return n.book.stock().lacking_ever(wants.resources); });
  if (!best)
    return say(fmt::format("no node has the labels {}; start one with them, or set wait_for_nodes",
                           text_of(wants.required_labels)));
  const auto missing = best->book.stock().lacking_ever(wants.resources);
  const bool only_gpu = missing.size() == 1 && !missing.gpu().is_zero() && best->book.capacity().gpu().is_zero();
  const auto where = wants.required_labels.empty() ? std::string("no node")
                                                   : fmt::format("no node with {}", text_of(wants.required_labels));
  return say(fmt::format("{} fits on {}: the best, \"{}\", has {}; start one with {}, or set wait_for_nodes",
                         amounts_of(missing, wants.resources), where, best->name,
                         amounts_of(missing, best->book.capacity()), only_gpu ? "a GPU" : "more"));
}

std::optional<error> why_infeasible(const group_demand& wants, const placement& nodes) {
  for (std::size_t i = 0; i != wants.bundles.size(); ++i)
    if (i == 0 || wants.bundles[i] != wants.bundles[i - 1])
      if (auto why = why_infeasible(demand_of_bundle(wants, i), nodes))
        return within(fmt::format("bundle {}", i), std::move(*why));
  if (auto why = why_group_never_fits(wants, nodes))
    return error{errc::infeasible, *why + "; start more nodes, or set wait_for_nodes"};
  return std::nullopt;
}

std::string why_waits(const demand& wants, const placement& nodes, const claimant& who) {
  if (const auto never = why_infeasible(wants, nodes))
    return fmt::format("waits for a node: {}", never->message);
  const auto missing_on = [&](const placement::node& n) {
    // What another waits for is not free for this one; where only that stands in the way, it is said below.
    return n.book.stock().lacking(wants.resources);
  };
  const auto* best = best_node(wants, nodes, [&](const placement::node& n) {
    return placement::may_ever_hold(n, wants) && n.open ? missing_on(n) : wants.resources; // Who is lost helps nobody.
  });
  const auto missing = missing_on(*best);
  if (!missing.empty()) {
    std::string has;
    for (const auto [name, value] : missing) {
      const auto lacks_part = name == "gpu" && wants.resources.gpu() <= best->book.free().gpu();
      has += fmt::format("{}{} free{} of {}", has.empty() ? "" : ", ", text_of(name, best->book.free().get(name)),
                         lacks_part ? " in parts of devices" : "", text_of(name, best->book.capacity().get(name)));
    }
    return fmt::format("waits for {}: {} has {}{}", amounts_of(missing, wants.resources), best->name, has,
                       best->open ? "" : " and takes no leases now");
  }
  if (!best->open)
    return fmt::format("waits for {}: {} has room but takes no leases now", wants.resources, best->name);
  if (!nodes.has_room(*best, wants.resources, who))
    return fmt::format("waits for {}: {} keeps its room for a demand that has waited longer", wants.resources,
                       best->name);
  return fmt::format("waits for {}: {} has room, others come first", wants.resources, best->name);
}

std::string why_waits(const group_demand& wants, const placement& nodes, const claimant& who) {
  if (const auto never = why_infeasible(wants, nodes))
    return fmt::format("waits for nodes: {}", never->message);
  for (std::size_t i = 0; i != wants.bundles.size(); ++i) {
    const auto bundle = demand_of_bundle(wants, i);
    if (!nodes.choose(bundle, who))
      return fmt::format("bundle {} of {}: {}", i, wants.bundles.size(), why_waits(bundle, nodes, who));
  }
  return fmt::format("waits for {}: each of the {} bundles fits alone, but not together as {}", sum_of(wants),
                     wants.bundles.size(), to_string(wants.strategy));
}

} // namespace

std::optional<error> why_infeasible(const wanted& what, const placement& nodes) {
  return std::visit([&](const auto& w) { return why_infeasible(w, nodes); }, what);
}

std::string why_waits(const wanted& what, const placement& nodes, const claimant& who) {
  return std::visit([&](const auto& w) { return why_waits(w, nodes, who); }, what);
}

} // namespace runtime
