// How nodes come to head_core's cluster, fall silent, come back and leave.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/head/head_core.hpp"

namespace runtime {

namespace {

constexpr std::size_t max_past_starts = 16;

std::string short_fingerprint(const std::string& cluster) {
  return cluster.size() <= 8 ? cluster : cluster.substr(0, 8) + "…";
}

template <class Set>
std::vector<lease_id> in_order(const Set& leases) {
  std::vector<lease_id> sorted(leases.begin(), leases.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

} // namespace

result<void> head_core::check_hello(const node_hello& hello) const {
  if (hello.version != options_.version)
    return fail(errc::incompatible,
                fmt::format("this head runs caf-tune {} but the node runs {}; install the same version on both",
                            options_.version, hello.version));
  if (!hello.cluster.empty() && hello.cluster != options_.cluster)
    return fail(errc::incompatible, fmt::format("state directory belongs to cluster {}, this is cluster {}; choose "
                                                "another with --state",
                                                short_fingerprint(hello.cluster), short_fingerprint(options_.cluster)));
  if (auto valid = validate_capacity(hello.node.total); !valid)
    return fail(within(fmt::format("node \"{}\"", hello.node.name), std::move(valid.error())));
  for (const auto& [id, node] : nodes_)
    if (id != hello.node.id && node.life != node_life::lost && node.what.name == hello.node.name)
      return fail(errc::already_exists, fmt::format("a node named \"{}\" is already in this cluster (at {}:{}); choose "
                                                    "another with --name",
                                                    hello.node.name, node.what.host, node.what.port));
  if (const auto known = nodes_.find(hello.node.id); known != nodes_.end()) {
    const auto& node = known->second;
    const auto is_replaced = std::find(node.past.begin(), node.past.end(), hello.node.start) != node.past.end();
    const auto has_left = node.left && node.what.start == hello.node.start;
    if (has_left || (is_replaced && node.life != node_life::lost))
      return fail(
        errc::refused,
        fmt::format("node \"{}\" was started anew since, or has left; this start of it is over", hello.node.name));
  }
  return {};
}

result<head_core::actions> head_core::on_node_hello(const node_hello& hello, instant now) {
  if (auto valid = check_hello(hello); !valid)
    return fail(std::move(valid.error()));
  actions out;
  if (const auto known = nodes_.find(hello.node.id);
      known != nodes_.end() && known->second.what.start != hello.node.start) {
    auto& node = known->second;
    if (!node.contested) {
      node.contested_until = now + options_.contest_grace;
      set_timer(node.contested_until, timer::node_contest, hello.node.id.value);
    }
    node.contested = std::make_unique<node_hello>(hello);
    list_if_forgettable(node);
    return out;
  }
  admit(hello, now, out);
  settle(now, out);
  return out;
}

void head_core::end_contest(node_record& node, instant now, actions& out) {
  const auto hello = std::exchange(node.contested, nullptr);
  list_if_forgettable(node);
  if (check_hello(*hello)) // Another may have got its name meanwhile: its next hello is told so.
    admit(*hello, now, out);
}

void head_core::admit(const node_hello& hello, instant now, actions& out) {
  const auto [found, is_new] = nodes_.try_emplace(hello.node.id);
  auto& node = found->second;
  if (!is_new && node.what.start != hello.node.start) {
    if (node.life != node_life::lost)
      lose_node(node, "it was started anew", now, out);
    node.past.push_back(node.what.start);
    node.past.erase(std::remove(node.past.begin(), node.past.end(), hello.node.start), node.past.end());
    if (node.past.size() > max_past_starts)
      node.past.erase(node.past.begin());
    node.left = false;
    out.emplace_back(node_forgotten{hello.node.id, node.what.start});
  }
  out.emplace_back(welcome{hello.node.id, hello.node.start});
  if (is_new || node.life == node_life::lost) {
    join(node, hello, now, out);
    return;
  }
  node.life = node_life::alive;
  node.linked = true;
  node.draining = node.draining || hello.draining;
  node.what.host = hello.node.host; // Its address may change, what it has may not.
  node.what.port = hello.node.port;
  refresh_open(node, now);
  reconcile(node, hello.leases, now, out);
}

void head_core::join(node_record& node, const node_hello& hello, instant now, actions& out) {
  node.what = hello.node;
  node.life = node_life::alive;
  node.linked = true;
  node.draining = hello.draining;
  node.paused_until.reset();
  list_if_forgettable(node);
  for (const auto& [id, other] : nodes_) // Refused unless it is lost, see check_hello(); now it is replaced.
    if (id != node.what.id && other.what.name == node.what.name)
      books_.remove(id);
  books_.add(node.what);
  ++nodes_version_;
  recount_cluster();
  out.emplace_back(node_joined{node.what});
  refresh_open(node, now);
  node.lost.clear(); // What it still holds it has just listed.
  reconcile(node, hello.leases, now, out);
}

void head_core::reconcile(node_record& node, const std::vector<held_lease>& listed, instant now, actions& out) {
  std::unordered_set<lease_id> there;
  for (const auto& lease : listed) {
    if (!there.insert(lease.lease).second)
      continue;
    const auto known = leases_.find(lease.lease);
    if (known == leases_.end()) {
      if (mutated(mutation::forget_adoption))
        continue;
      const auto is_over = was_granted_here(lease.lease) || adopted_over_.count(lease.lease) != 0;
      take_over(node, lease, is_over ? lease_life::ending : lease_life::orphan, now, out);
    } else if (known->second.node != node.what.id)
      out.emplace_back(end{node.what.id, lease.lease, "it was granted on another node"});
    else if (known->second.life == lease_life::granting)
      accept(known, now, out);
    else if (known->second.life == lease_life::ending)
      order(known->first, known->second, out);
  }
  // What it does not list and was granted has not arrived; what was held and is not listed has ended there, of which
  // the node tells by itself: an old hello that comes late must not end anything.
  for (const auto id : in_order(node.leases))
    if (there.count(id) == 0)
      order(id, leases_.at(id), out);
}

void head_core::take_over(node_record& node, const held_lease& lease, lease_life life, instant now, actions& out) {
  if (const auto taken = books_.take_exactly(node.what.id, lease); !taken) {
    out.emplace_back(end{node.what.id, lease.lease, "it does not fit into this head's books"});
    return;
  }
  lease_record r;
  r.life = lease_life::held;
  r.is_bundle = lease.bundle;
  r.owner = lease.owner;
  r.node = node.what.id;
  r.resources = lease.resources;
  r.gpus = lease.gpus;
  queue_.take(lease.owner, lease.resources);
  yield_over_quota(lease.owner);
  node.leases.insert(lease.lease);
  const auto owner = owners_.find(lease.owner);
  if (owner != owners_.end())
    owner->second.leases.insert(lease.lease);
  const auto [found, is_new] = leases_.emplace(lease.lease, std::move(r));
  CAF_TUNE_INVARIANT(is_new, "lease {} is there already", lease.lease);
  auto& kept = found->second;
  if (life == lease_life::ending)
    end_lease(lease.lease, kept, "it was given up", now, out);
  else if (owner == owners_.end()) {
    kept.life = lease_life::orphan;
    orphans_[lease.owner].insert(lease.lease);
    set_timer(now + options_.adoption_grace, timer::orphan_grace, lease.lease.value);
  } else {
    out.emplace_back(answer_granted{lease.owner, request_id{}, {describe(lease.lease, kept)}});
    take_claimed(lease.owner, lease.lease, now, out);
  }
}

// ---- trouble ----

head_core::actions head_core::on_node_link_lost(node_id node, incarnation start, instant now) {
  actions out;
  const auto found = nodes_.find(node);
  if (found == nodes_.end())
    return out;
  auto& n = found->second;
  if (n.contested && n.contested->node.start == start)
    n.contested.reset();
  if (n.what.start == start)
    n.linked = false;
  list_if_forgettable(n);
  if (n.what.start != start || n.life != node_life::alive) {
    settle(now, out);
    return out;
  }
  n.life = node_life::unreachable;
  n.since = now;
  set_timer(now + options_.node_grace, timer::node_grace, node.value);
  refresh_open(n, now);
  settle(now, out);
  return out;
}

head_core::actions head_core::on_node_silent(node_id node, incarnation start, instant now) {
  actions out;
  const auto found = nodes_.find(node);
  if (found == nodes_.end() || found->second.what.start != start || found->second.life == node_life::lost)
    return out;
  lose_node(found->second, "it fell silent", now, out);
  settle(now, out);
  return out;
}

head_core::actions head_core::on_node_heard_again(node_id node, incarnation start, instant now) {
  actions out;
  const auto found = nodes_.find(node);
  if (found == nodes_.end() || found->second.what.start != start || found->second.life != node_life::lost ||
      !found->second.linked)
    return out; // Without a link it says hello on a new one.
  auto& n = found->second;
  const node_hello again{n.what, options_.version, options_.cluster, n.lost, n.draining};
  if (auto valid = check_hello(again); valid)
    join(n, again, now, out);
  else
    out.emplace_back(node_refused{node, start, std::move(valid.error())}); // Another has its name now.
  settle(now, out);
  return out;
}

head_core::actions head_core::on_node_draining(node_id node, instant now) {
  actions out;
  const auto found = nodes_.find(node);
  if (found == nodes_.end())
    return out;
  found->second.draining = true;
  if (found->second.life != node_life::lost)
    refresh_open(found->second, now);
  settle(now, out);
  return out;
}

head_core::actions head_core::on_node_leaves(node_id node, incarnation start, instant now) {
  actions out;
  const auto found = nodes_.find(node);
  if (found == nodes_.end() || found->second.what.start != start)
    return out;
  auto& n = found->second;
  const auto is_new = !std::exchange(n.left, true);
  if (n.life != node_life::lost)
    lose_node(n, "it left", now, out);
  if (is_new)
    out.emplace_back(node_forgotten{node, start});
  n.lost.clear();
  forget_return(n, now, out);
  settle(now, out);
  return out;
}

void head_core::lose_node(node_record& node, const std::string& why, instant now, actions& out) {
  const auto id = node.what.id;
  node.life = node_life::lost;
  node.since = now;
  list_if_forgettable(node);
  set_timer(now + options_.return_grace, timer::node_return, id.value);
  refresh_open(node, now);
  recount_cluster();
  out.emplace_back(node_lost{id, node.what.start, node.what.name, why, node.left});
  node.lost.clear();
  const error lost{errc::node_lost, fmt::format("node \"{}\" was lost: {}", node.what.name, why)};
  for (const auto lease : in_order(node.leases)) {
    const auto& r = leases_.at(lease);
    node.lost.push_back({lease, r.owner, r.resources, r.gpus, r.is_bundle});
    lose_lease(lease, lost, now, out);
  }
}

/// It is no longer expected to come back: what only it could hold is refused.
void head_core::forget_return(node_record& node, instant now, actions& out) {
  books_.remove(node.what.id);
  ++nodes_version_;
  refuse_infeasible(now, out);
}

/// Who may come back on the link that it has, or is about to on another one, is not forgotten.
void head_core::list_if_forgettable(const node_record& node) {
  const std::pair entry{node.since, node.what.id};
  if (node.life == node_life::lost && !node.linked && !node.contested)
    forgettable_.insert(entry);
  else
    forgettable_.erase(entry);
}

void head_core::forget_dead_nodes(instant now, actions& out) {
  if (forgettable_.size() <= options_.max_dead_nodes)
    return;
  while (forgettable_.size() > options_.max_dead_nodes) {
    const auto id = forgettable_.begin()->second;
    forgettable_.erase(forgettable_.begin());
    const auto found = nodes_.find(id);
    out.emplace_back(node_forgotten{id, found->second.what.start});
    books_.remove(id);
    nodes_.erase(found);
  }
  ++nodes_version_;
  refuse_infeasible(now, out);
}

void head_core::refresh_open(node_record& node, instant now) {
  const auto* n = books_.find(node.what.id);
  if (!n)
    return;
  const auto is_paused = node.paused_until && *node.paused_until > now;
  const auto open = node.life == node_life::alive && !node.draining && !is_paused;
  books_.set_open(node.what.id, open);
  if (open)
    with_more_room_.push_back(node.what.id);
  else if (n->kept_for) { // Whoever waits for this node may reserve another.
    const auto whose = n->kept_for->whose;
    cancel_reservation(whose.owner, whose.request);
  }
}

void head_core::recount_cluster() {
  std::map<std::string, double> total;
  for (const auto& [id, node] : nodes_)
    if (node.life != node_life::lost)
      for (const auto [name, value] : node.what.total)
        total[std::string(name)] += value.to_double();
  queue_.set_cluster(std::move(total));
}

} // namespace runtime
