#include "runtime/head/placement.hpp"

#include <algorithm>
#include <tuple>

#include "runtime/base/invariant.hpp"

namespace runtime {

namespace {

constexpr double half = 0.5;

bool has_gpus(const placement::node& n) {
  return !n.book.capacity().gpu().is_zero();
}

bool avoids_gpus(const demand& wants) {
  return wants.placement.kind != placement_kind::spread && wants.resources.gpu().is_zero();
}

/// What is wanted on any node: an affinity that cannot be met is as if it were not there.
demand without_affinity(demand wants) {
  wants.placement = {};
  return wants;
}

} // namespace

std::size_t count_matching(const label_map& wanted, const label_map& has) {
  return static_cast<std::size_t>(std::count_if(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto found = has.find(label.first);
    return found != has.end() && found->second == label.second;
  }));
}

bool has_all(const label_map& required, const label_map& has) {
  return required.empty() || count_matching(required, has) == required.size();
}

// ---- the nodes ----

void placement::add(const node_description& what) {
  remove(what.id);
  if (unused_slots_.empty()) {
    unused_slots_.push_back(slots_of_nodes_.size());
    slots_of_nodes_.emplace_back();
    if (slots_of_nodes_.size() > leaves_) {
      leaves_ = std::max<std::size_t>(1, 2 * leaves_);
      tree_.assign(2 * leaves_, {});
      for (std::size_t i = 0; i + 1 < slots_of_nodes_.size(); ++i)
        if (slots_of_nodes_[i].what) {
          unindex(i);
          index(i);
        }
    }
  }
  const auto i = unused_slots_.back();
  unused_slots_.pop_back();
  slots_of_nodes_[i].what.emplace(node{what.id, what.name, what.labels, resource_book(what.total), true, {}});
  slots_.emplace(what.id, i);
  fast_slots_.emplace(what.id, i);
  names_[what.name].insert(what.id);
  index(i);
}

void placement::remove(node_id id) {
  const auto found = slots_.find(id);
  if (found == slots_.end())
    return;
  const auto i = found->second;
  unindex(i);
  const auto name = names_.find(at_slot(i).name);
  name->second.erase(id);
  if (name->second.empty())
    names_.erase(name);
  slots_of_nodes_[i].what.reset();
  unused_slots_.push_back(i);
  reserved_.erase(id);
  fast_slots_.erase(id);
  slots_.erase(found);
}

placement::node& placement::at(node_id id) {
  return *slots_of_nodes_[fast_slots_.at(id)].what;
}

const placement::node* placement::find(node_id id) const {
  const auto found = fast_slots_.find(id);
  return found == fast_slots_.end() ? nullptr : &at_slot(found->second);
}

const placement::node* placement::find(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : find(*found->second.begin());
}

void placement::set_open(node_id id, bool open) {
  const auto i = fast_slots_.at(id);
  slots_of_nodes_[i].what->open = open;
  index(i);
}

result<std::vector<gpu_share>> placement::take(node_id id, lease_id lease, const resource_set& resources) {
  auto taken = at(id).book.take(lease, resources);
  if (!taken)
    return fail(std::move(taken.error()));
  index(fast_slots_.at(id));
  return std::move(taken->gpus);
}

result<void> placement::take_exactly(node_id id, const held_lease& lease) {
  auto taken = at(id).book.take_exactly(lease.lease, lease.resources, lease.gpus);
  index(fast_slots_.at(id));
  return taken;
}

bool placement::give_back(node_id id, lease_id lease) {
  const auto found = fast_slots_.find(id);
  if (found == fast_slots_.end() || !slots_of_nodes_[found->second].what->book.give_back(lease))
    return false;
  index(found->second);
  return true;
}

// ---- the index ----

void placement::index(std::size_t i) {
  auto& s = slots_of_nodes_[i];
  auto& nodes = order_[has_gpus(*s.what)];
  if (!s.what->open)
    return unindex(i);
  const rank now{s.what->book.utilisation(), s.what->id};
  if (s.indexed && *s.indexed != now) {
    auto moved = nodes.by_use.extract(*s.indexed);
    moved.value() = now;
    nodes.by_use.insert(std::move(moved));
  } else if (!s.indexed)
    nodes.by_use.insert(now);
  s.indexed = now;
  if ((now.first < half) != s.in_half_empty) {
    s.in_half_empty = !s.in_half_empty;
    if (s.in_half_empty)
      nodes.half_empty.insert(s.what->id);
    else
      nodes.half_empty.erase(s.what->id);
  }
  const auto& free = s.what->book.free();
  set_most_free(i, {free.cpu(), free.gpu(), free.memory()});
}

void placement::unindex(std::size_t i) {
  auto& s = slots_of_nodes_[i];
  auto& nodes = order_[has_gpus(*s.what)];
  if (s.indexed)
    nodes.by_use.erase(*s.indexed);
  nodes.half_empty.erase(s.what->id);
  s.indexed.reset();
  s.in_half_empty = false;
  set_most_free(i, {});
}

void placement::set_most_free(std::size_t i, most_free value) {
  auto at = leaves_ + i;
  tree_[at] = value;
  while (at > 1) {
    at /= 2;
    most_free most;
    for (std::size_t k = 0; k != most.size(); ++k)
      most[k] = std::max(tree_[2 * at][k], tree_[2 * at + 1][k]);
    if (most == tree_[at])
      return;
    tree_[at] = most;
  }
}

bool placement::may_be_room(const resource_set& r) const noexcept {
  return leaves_ != 0 && r.cpu() <= tree_[1][0] && r.gpu() <= tree_[1][1] && r.memory() <= tree_[1][2];
}

// ---- room ----

std::optional<resource_stock> placement::room_for(const node& n, const claimant& who) const {
  auto room = n.book.stock();
  if (n.kept_for && !(n.kept_for->whose == who) && who.priority <= n.kept_for->whose.priority &&
      !room.take(n.kept_for->resources))
    return std::nullopt;
  return room;
}

bool placement::has_room(const node& n, const resource_set& r, const claimant& who) const {
  if (!n.open || !n.book.would_fit(r))
    return false;
  if (!n.kept_for || n.kept_for->whose == who || who.priority > n.kept_for->whose.priority)
    return true;
  if (const auto room = room_for(n, who))
    return room->would_fit(r);
  // What the reserved demand still lacks is not known to be free tomorrow: of each name that it wants, others get only
  // what is free beside it, and devices not at all.
  for (const auto [name, value] : r) {
    const auto kept = n.kept_for->resources.get(name);
    if (!kept.is_zero() && (name == "gpu" || n.book.free().get(name) < kept || n.book.free().get(name) - kept < value))
      return false;
  }
  return true;
}

// ---- choices ----

std::optional<node_id> placement::choose(const demand& wants, const claimant& who) const {
  if (wants.placement.kind == placement_kind::node)
    return choose_named(wants, who);
  const auto& r = wants.resources;
  if (!may_be_room(r))
    return std::nullopt;
  if (!wants.required_labels.empty() || !wants.preferred_labels.empty() || !wants.avoided_node.empty())
    return choose_by_scan(wants, who);
  switch (wants.placement.kind) {
  case placement_kind::hybrid:
    for (std::size_t gpus = r.gpu().is_zero() ? 0 : 1; gpus != 2; ++gpus) {
      if (const auto packed = first_half_empty(order_[gpus], r, who))
        return packed;
      if (const auto spread = least_used(order_[gpus], half, r, who))
        return spread;
    }
    return std::nullopt;
  case placement_kind::pack:
    for (std::size_t gpus = r.gpu().is_zero() ? 0 : 1; gpus != 2; ++gpus)
      if (const auto packed = most_used(order_[gpus], r, who))
        return packed;
    return std::nullopt;
  case placement_kind::spread: return least_used_of_all(r, who);
  case placement_kind::node: break; // Above.
  }
  return std::nullopt;
}

std::optional<node_id> placement::choose_named(const demand& wants, const claimant& who) const {
  const auto* named = find(wants.placement.node_name);
  if (named && has_all(wants.required_labels, named->labels) && has_room(*named, wants.resources, who))
    return named->id;
  if (wants.placement.soft)
    return choose(without_affinity(wants), who);
  return std::nullopt;
}

std::optional<node_id> placement::choose_by_scan(const demand& wants, const claimant& who) const {
  if (wants.placement.kind == placement_kind::node)
    return choose_named(wants, who);
  using score = std::tuple<bool, std::size_t, bool, double, node_id>; // The smallest is the best.
  std::optional<score> best;
  for (const auto& [id, i] : slots_) {
    const auto& n = at_slot(i);
    if (!has_all(wants.required_labels, n.labels) || !has_room(n, wants.resources, who))
      continue;
    const auto used = n.book.utilisation();
    const auto by_strategy = wants.placement.kind == placement_kind::spread ? used
                             : wants.placement.kind == placement_kind::pack ? -used
                             : used < half                                  ? 0
                                                                            : used;
    const score s{!wants.avoided_node.empty() && n.name == wants.avoided_node,
                  wants.preferred_labels.size() - count_matching(wants.preferred_labels, n.labels),
                  avoids_gpus(wants) && has_gpus(n), by_strategy, id};
    if (!best || s < *best)
      best = s;
  }
  return best ? std::optional(std::get<node_id>(*best)) : std::nullopt;
}

std::optional<node_id> placement::first_half_empty(const ordered& nodes, const resource_set& r,
                                                   const claimant& who) const {
  for (const auto id : nodes.half_empty)
    if (has_room(*find(id), r, who))
      return id;
  return std::nullopt;
}

std::optional<node_id> placement::least_used(const ordered& nodes, double from, const resource_set& r,
                                             const claimant& who) const {
  for (auto i = nodes.by_use.lower_bound({from, node_id{}}); i != nodes.by_use.end(); ++i)
    if (has_room(*find(i->second), r, who))
      return i->second;
  return std::nullopt;
}

std::optional<node_id> placement::most_used(const ordered& nodes, const resource_set& r, const claimant& who) const {
  for (auto last = nodes.by_use.end(); last != nodes.by_use.begin();) {
    // Of equally used ones the smallest id first.
    const auto first = nodes.by_use.lower_bound({std::prev(last)->first, node_id{}});
    for (auto i = first; i != last; ++i)
      if (has_room(*find(i->second), r, who))
        return i->second;
    last = first;
  }
  return std::nullopt;
}

std::optional<node_id> placement::least_used_of_all(const resource_set& r, const claimant& who) const {
  auto a = order_[0].by_use.begin();
  auto b = order_[1].by_use.begin();
  const auto end_a = order_[0].by_use.end();
  const auto end_b = order_[1].by_use.end();
  while (a != end_a || b != end_b) {
    const auto& next = b == end_b || (a != end_a && *a < *b) ? *a++ : *b++;
    if (has_room(*find(next.second), r, who))
      return next.second;
  }
  return std::nullopt;
}

// ---- ever ----

bool placement::may_ever_hold(const node& n, const demand& wants) {
  if (wants.placement.kind == placement_kind::node && !wants.placement.soft && n.name != wants.placement.node_name)
    return false;
  return has_all(wants.required_labels, n.labels) && n.book.could_ever_fit(wants.resources);
}

bool placement::fits_somewhere_ever(const demand& wants) const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [&](const auto& entry) { return may_ever_hold(at_slot(entry.second), wants); });
}

void placement::reserve(node_id id, reservation what) {
  auto& n = at(id);
  CAF_TUNE_INVARIANT(!n.kept_for || n.kept_for->whose == what.whose, "node {} is reserved twice", id);
  n.kept_for = std::move(what);
  reserved_.insert(id);
}

std::optional<node_id> placement::choose_to_reserve(const demand& wants) const {
  std::optional<rank> best;
  for (const auto& [id, i] : slots_) {
    const auto& n = at_slot(i);
    if (!n.open || n.kept_for || !may_ever_hold(n, wants))
      continue;
    const rank r{n.book.utilisation(), id};
    if (!best || r < *best)
      best = r;
  }
  return best ? std::optional(best->second) : std::nullopt;
}

std::vector<node_id> placement::cancel_reservations(const claimant& whose) {
  std::vector<node_id> freed;
  for (const auto id : reserved_)
    if (at(id).kept_for->whose == whose)
      freed.push_back(id);
  for (const auto id : freed) {
    at(id).kept_for.reset();
    reserved_.erase(id);
  }
  return freed;
}

} // namespace runtime
