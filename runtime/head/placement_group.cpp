#include "runtime/head/placement_group.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "runtime/head/wanted.hpp"

namespace runtime {

namespace {

struct candidate {
  node_id id;
  resource_stock room;
  std::size_t preferred = 0;
  bool gpus_for_nothing = false; ///< Has gpus, of which the group wants none.
  double used = 0;
  std::size_t bundles = 0; ///< Of this group.
};

using plan = std::optional<std::vector<node_id>>;

bool wants_gpus(const group_demand& wants) {
  return std::any_of(wants.bundles.begin(), wants.bundles.end(), [](const auto& b) { return !b.gpu().is_zero(); });
}

/// Better ones first.
template <class RoomOf>
std::vector<candidate> candidates(const group_demand& wants, const std::vector<node_id>& kept, const placement& nodes,
                                  RoomOf room_of) {
  const auto no_gpus = !wants_gpus(wants);
  std::vector<candidate> found;
  for (const auto& [id, slot] : nodes.ids()) {
    const auto& n = *nodes.find(id);
    if (!has_all(wants.required_labels, n.labels))
      continue;
    auto room = room_of(n);
    if (!room)
      continue;
    candidate c{id, std::move(*room), count_matching(wants.preferred_labels, n.labels)};
    c.gpus_for_nothing = no_gpus && !n.book.capacity().gpu().is_zero();
    c.used = n.book.utilisation();
    c.bundles = static_cast<std::size_t>(std::count(kept.begin(), kept.end(), id));
    found.push_back(std::move(c));
  }
  std::sort(found.begin(), found.end(), [&](const candidate& a, const candidate& b) {
    return std::tuple(b.preferred, a.gpus_for_nothing, a.used, a.id) <
           std::tuple(a.preferred, b.gpus_for_nothing, b.used, b.id);
  });
  return found;
}

/// Large bundles first: small ones find room where large ones no longer do.
std::vector<std::size_t> largest_first(const group_demand& wants) {
  std::vector<std::size_t> order(wants.bundles.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto& x = wants.bundles[a];
    const auto& y = wants.bundles[b];
    return std::tuple(x.gpu(), x.cpu(), x.memory()) > std::tuple(y.gpu(), y.cpu(), y.memory());
  });
  return order;
}

/// Those of `order` that fit into the room together, in order.
std::vector<std::size_t> that_fit(const group_demand& wants, const std::vector<std::size_t>& order,
                                  resource_stock room) {
  std::vector<std::size_t> fit;
  for (const auto bundle : order)
    if (room.take(wants.bundles[bundle]))
      fit.push_back(bundle);
  return fit;
}

plan plan_pack(const group_demand& wants, std::vector<candidate> nodes) {
  std::vector<node_id> where(wants.bundles.size());
  auto left = largest_first(wants);
  // Nodes that have bundles of the group already come first, as if they had won before.
  std::stable_sort(nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a.bundles > b.bundles; });
  while (!left.empty()) {
    auto best = nodes.end();
    std::vector<std::size_t> best_fit;
    for (auto n = nodes.begin(); n != nodes.end() && best_fit.size() != left.size(); ++n)
      if (auto fit = that_fit(wants, left, n->room); fit.size() > best_fit.size()) {
        best = n;
        best_fit = std::move(fit);
      }
    if (best_fit.empty())
      return std::nullopt;
    for (const auto bundle : best_fit) {
      where[bundle] = best->id;
      left.erase(std::find(left.begin(), left.end(), bundle));
    }
    nodes.erase(best);
  }
  return where;
}

plan plan_strict_pack(const group_demand& wants, const std::vector<node_id>& kept,
                      const std::vector<candidate>& nodes) {
  const auto order = largest_first(wants);
  for (const auto& n : nodes)
    if ((kept.empty() || n.bundles != 0) && that_fit(wants, order, n.room).size() == order.size())
      return std::vector<node_id>(order.size(), n.id);
  return std::nullopt;
}

plan plan_spread(const group_demand& wants, std::vector<candidate> nodes) {
  std::vector<node_id> where(wants.bundles.size());
  for (const auto bundle : largest_first(wants)) {
    auto best = nodes.end();
    for (auto n = nodes.begin(); n != nodes.end(); ++n)
      if (n->room.would_fit(wants.bundles[bundle]) && (best == nodes.end() || n->bundles < best->bundles))
        best = n;
    if (best == nodes.end())
      return std::nullopt;
    best->room.take(wants.bundles[bundle]);
    ++best->bundles;
    where[bundle] = best->id;
  }
  return where;
}

/// A matching of bundles to nodes by augmenting paths (Kuhn 1955).
class matching {
public:
  matching(const group_demand& wants, const std::vector<candidate>& nodes)
    : wants_(wants),
      nodes_(nodes),
      bundle_of_(nodes.size(), nobody) {}

  bool place(std::size_t bundle) {
    seen_.assign(nodes_.size(), false);
    return augment(bundle);
  }

  std::vector<node_id> where() const {
    std::vector<node_id> found(wants_.bundles.size());
    for (std::size_t n = 0; n != nodes_.size(); ++n)
      if (bundle_of_[n] != nobody)
        found[bundle_of_[n]] = nodes_[n].id;
    return found;
  }

private:
  static constexpr auto nobody = static_cast<std::size_t>(-1);

  bool may_take(std::size_t n, std::size_t bundle) const {
    return !seen_[n] && nodes_[n].bundles == 0 && nodes_[n].room.would_fit(wants_.bundles[bundle]);
  }

  // As deep as the group has bundles, which is at most group_demand::max_bundles.
  bool augment(std::size_t bundle) {
    for (std::size_t n = 0; n != nodes_.size(); ++n)
      if (bundle_of_[n] == nobody && may_take(n, bundle)) {
        bundle_of_[n] = bundle;
        return true;
      }
    for (std::size_t n = 0; n != nodes_.size(); ++n) { // Nobody is moved unless there is need.
      if (bundle_of_[n] == nobody || !may_take(n, bundle))
        continue;
      seen_[n] = true;
      if (augment(bundle_of_[n])) {
        bundle_of_[n] = bundle;
        return true;
      }
    }
    return false;
  }

  const group_demand& wants_;
  const std::vector<candidate>& nodes_;
  std::vector<std::size_t> bundle_of_;
  std::vector<bool> seen_;
};

plan plan_strict_spread(const group_demand& wants, const std::vector<candidate>& nodes) {
  matching m(wants, nodes);
  for (const auto bundle : largest_first(wants))
    if (!m.place(bundle))
      return std::nullopt;
  return m.where();
}

plan plan_on(const group_demand& wants, const std::vector<node_id>& kept, std::vector<candidate> nodes) {
  switch (wants.strategy) {
  case group_strategy::pack: return plan_pack(wants, std::move(nodes));
  case group_strategy::spread: return plan_spread(wants, std::move(nodes));
  case group_strategy::strict_pack: return plan_strict_pack(wants, kept, nodes);
  case group_strategy::strict_spread: return plan_strict_spread(wants, nodes);
  }
  return std::nullopt;
}

} // namespace

plan plan_group(const group_demand& wants, const std::vector<node_id>& kept, const placement& nodes,
                const claimant& who) {
  return plan_on(wants, kept, candidates(wants, kept, nodes, [&](const placement::node& n) {
                   return n.open ? nodes.room_for(n, who) : std::nullopt;
                 }));
}

plan plan_group_on_empty_nodes(const group_demand& wants, const std::vector<node_id>& kept, const placement& nodes) {
  return plan_on(wants, kept, candidates(wants, kept, nodes, [](const placement::node& n) {
                   return n.open && !n.kept_for ? std::optional(resource_stock(n.book.capacity())) : std::nullopt;
                 }));
}

std::optional<std::string> why_group_never_fits(const group_demand& wants, const placement& nodes) {
  const auto all = candidates(
    wants, {}, nodes, [](const placement::node& n) { return std::optional(resource_stock(n.book.capacity())); });
  if (wants.strategy == group_strategy::strict_pack && !plan_strict_pack(wants, {}, all))
    return fmt::format("strict_pack wants {} on one node, which none could hold", sum_of(wants));
  if (wants.strategy == group_strategy::strict_spread && !plan_strict_spread(wants, all))
    return fmt::format("strict_spread wants {} nodes of their own for {} in all, which the {} that there are could not "
                       "hold",
                       wants.bundles.size(), sum_of(wants), all.size());
  resource_set everything;
  for (const auto& n : all)
    everything = capped_sum(everything, n.room.capacity());
  if (!sum_of(wants).fits_in(everything))
    return fmt::format("the group wants {} in all but its nodes have {} together", sum_of(wants), everything);
  return std::nullopt;
}

const char* to_string(group_strategy strategy) noexcept {
  switch (strategy) {
  case group_strategy::pack: return "pack";
  case group_strategy::spread: return "spread";
  case group_strategy::strict_pack: return "strict_pack";
  case group_strategy::strict_spread: return "strict_spread";
  }
  return "pack";
}

} // namespace runtime
