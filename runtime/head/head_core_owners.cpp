// Owners of head_core's cluster, their actors, and what there is to look at.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/mutation.hpp"
#include "runtime/head/head_core.hpp"

namespace runtime {

result<head_core::actions> head_core::on_owner_hello(owner_id owner, const std::string& name,
                                                     const std::string& version, const resource_set& quota,
                                                     instant now) {
  if (version != options_.version)
    return fail(errc::incompatible,
                fmt::format("this head runs caf-tune {} but the driver runs {}; install the same version on both",
                            options_.version, version));
  actions out;
  auto& o = owners_[owner];
  o.name = name;
  o.link_lost_at.reset();
  queue_.set_quota(owner, quota);
  yield_over_quota(owner);
  if (const auto orphans = orphans_.find(owner); orphans != orphans_.end()) {
    answer_granted taken_over{owner, request_id{}, {}};
    for (const auto lease : orphans->second) {
      auto& record = leases_.at(lease);
      record.life = lease_life::held;
      o.leases.insert(lease);
      taken_over.leases.push_back(describe(lease, record));
    }
    orphans_.erase(orphans);
    out.emplace_back(std::move(taken_over));
  }
  // It repeats what it awaits; but of bundles that were lost and placed again while it was away it would never hear.
  std::vector<request_id> groups;
  for (const auto& [request, r] : o.requests)
    if (r.group)
      groups.push_back(request);
  std::sort(groups.begin(), groups.end());
  for (const auto request : groups)
    answer_again(owner, request, o.requests.at(request), now, out);
  settle(now, out);
  return out;
}

head_core::actions head_core::on_owner_link_lost(owner_id owner, instant now) {
  if (const auto o = owners_.find(owner); o != owners_.end()) {
    o->second.link_lost_at = now;
    set_timer(now + options_.owner_grace, timer::owner_grace, owner.value);
  }
  return {};
}

head_core::actions head_core::on_owner_leaves(owner_id owner, instant now) {
  actions out;
  if (owners_.count(owner) == 0)
    return out;
  lose_owner(owner, "it left", now, out);
  settle(now, out);
  return out;
}

void head_core::lose_owner(owner_id owner, const std::string& why, instant now, actions& out) {
  const auto o = owners_.find(owner);
  out.emplace_back(owner_lost{owner, o->second.name, why});
  for (auto& [request, r] : o->second.requests)
    leave_queue(owner, request, r);
  std::vector<lease_id> leases(o->second.leases.begin(), o->second.leases.end());
  std::sort(leases.begin(), leases.end());
  for (const auto lease : leases)
    if (!mutated(mutation::keep_leases_of_gone_owner))
      end_lease(lease, leases_.at(lease), "its owner is gone", now, out);
  directory_.on_owner_gone(owner, {errc::cancelled, fmt::format("its owner \"{}\" is gone", o->second.name)});
  owners_.erase(o);
  queue_.set_quota(owner, {});
}

void head_core::on_announce(owner_id owner, const std::vector<actor_record>& actors) {
  if (owners_.count(owner) == 0)
    return;
  for (auto actor : actors) {
    actor.owner = owner;
    const auto kept = directory_.announce(std::move(actor));
    (void)kept; // A name that is taken or another owner's actor: what is listed stays true.
  }
}

result<actor_record> head_core::reserve_name(owner_id owner, actor_id actor, const std::string& name) {
  if (owners_.count(owner) == 0)
    return fail(errc::refused, fmt::format("owner {} has not said hello", owner));
  return directory_.reserve(owner, actor, name);
}

// ---- to look at ----

std::vector<head_core::node_status> head_core::nodes() const {
  std::vector<node_status> found;
  for (const auto& [id, node] : nodes_) {
    if (node.life == node_life::lost)
      continue;
    const auto& book = books_.find(id)->book;
    const auto state = node.life == node_life::unreachable ? node_state::unreachable
                       : node.draining                     ? node_state::draining
                                                           : node_state::alive;
    found.push_back({node.what, state, book.capacity() - book.free()});
  }
  return found;
}

std::vector<head_core::lease_status> head_core::leases(std::size_t most) const {
  std::vector<lease_id> ids;
  ids.reserve(leases_.size());
  for (const auto& [id, lease] : leases_)
    ids.push_back(id);
  const auto last = ids.begin() + static_cast<std::ptrdiff_t>(std::min(most, ids.size()));
  std::partial_sort(ids.begin(), last, ids.end());
  std::vector<lease_status> found;
  for (auto id = ids.begin(); id != last; ++id) {
    const auto& lease = leases_.at(*id);
    const auto owner = owners_.find(lease.owner);
    const auto state = lease.life == lease_life::granting ? lease_state::granting
                       : lease.life == lease_life::ending ? lease_state::ending
                                                          : lease_state::held;
    found.push_back({*id, lease.owner, owner == owners_.end() ? "" : owner->second.name,
                     nodes_.at(lease.node).what.name, lease.resources, state});
  }
  return found;
}

head_core::demand_status head_core::describe(const lease_queue::entry& e, instant now) const {
  return {e.owner,      e.request, owners_.at(e.owner).name, e.what->sum, why_waits(e.owner, e.request, *e.what, now),
          now - e.since};
}

std::vector<head_core::demand_status> head_core::waiting(instant now, std::size_t most) const {
  std::vector<demand_status> found;
  for (const auto& e : queue_.oldest(most))
    found.push_back(describe(e, now));
  return found;
}

std::vector<head_core::demands_status> head_core::waiting_together(instant now, std::size_t most) const {
  std::vector<demands_status> found;
  for (const auto& equal : queue_.equals())
    if (found.size() < most)
      found.push_back({describe(equal.oldest, now), equal.count});
  return found;
}

const char* to_string(head_core::node_state state) noexcept {
  switch (state) {
  case head_core::node_state::alive: return "alive";
  case head_core::node_state::draining: return "draining";
  case head_core::node_state::unreachable: return "unreachable";
  }
  return "unreachable";
}

const char* to_string(head_core::lease_state state) noexcept {
  switch (state) {
  case head_core::lease_state::granting: return "granting";
  case head_core::lease_state::held: return "held";
  case head_core::lease_state::ending: return "ending";
  }
  return "ending";
}

} // namespace runtime
