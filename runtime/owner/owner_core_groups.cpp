#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/owner/owner_core.hpp"

namespace runtime {

bool owner_core::group::is_complete() const {
  return std::all_of(bundles.begin(), bundles.end(), [](const bundle& b) { return b.lease != nullptr; });
}

owner_core::actions owner_core::on_submit_group(group_id id, std::shared_ptr<const group_demand> wants, instant now) {
  actions out;
  const auto [added, is_new] = groups_.try_emplace(id);
  if (!is_new)
    return out;
  auto& g = added->second;
  g.bundles.resize(wants->bundles.size());
  g.wants = std::move(wants);
  g.request = next_request();
  group_requests_.emplace(g.request, id);
  ask_for_group(id, g, now, out);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_release_group(group_id id, instant now) {
  actions out;
  if (groups_.count(id) != 0)
    end_group(id, {errc::cancelled, "its placement group was released"}, now, out);
  settle(now, out);
  return out;
}

void owner_core::ask_for_group(group_id id, group& g, instant now, actions& out) {
  if (!head_.is_welcome() || g.is_complete())
    return;
  demand_group asks{g.request, g.wants, {}};
  for (std::uint32_t i = 0; i != g.bundles.size(); ++i)
    if (const auto& b = g.bundles[i]; b.newest && b.newest != b.lost)
      asks.held.push_back({i, b.newest});
  out.push_back(std::move(asks));
  repeat_later({due::group, id.value}, g.repeat, now);
}

void owner_core::on_group_granted(group_id id, std::vector<granted_lease> leases, instant now, actions& out) {
  auto& g = groups_.at(id);
  std::vector<std::uint32_t> moved;
  for (auto& lease : leases) {
    const auto index = lease.bundle;
    if (take_bundle(id, g, std::move(lease), now, out))
      moved.push_back(index);
  }
  if (g.is_complete()) {
    due_.drop({due::group, id.value});
    g.repeat = g.repeat.zero();
  } else if (!g.granted)
    return; // It is granted as a whole; later a bundle may come alone.
  if (!g.granted) {
    g.granted = true;
    std::vector<granted_lease> all;
    for (const auto& b : g.bundles)
      all.push_back(*b.lease);
    out.push_back(group_granted{id, std::move(all)});
  } else
    for (const auto index : moved)
      out.push_back(bundle_moved{id, *g.bundles[index].lease});
  const auto works = g.works;
  for (const auto n : works)
    if (auto* w = find(n); w != nullptr && w->at == phase::in_group)
      enter_bundle(*w, now, out);
}

bool owner_core::take_bundle(group_id id, group& g, granted_lease lease, instant now, actions& out) {
  if (lease.bundle >= g.bundles.size()) {
    release(lease.lease, now, out);
    return false;
  }
  auto& b = g.bundles[lease.bundle];
  const bool is_repeated = b.lease && b.lease->lease == lease.lease;
  if (is_repeated || lease.lease < b.newest || lease.lease == b.lost)
    return false;                              // Also an answer from before the loss: it must not revive the lease.
  const bool is_new = lease.lease != b.newest; // Otherwise it was only out of reach.
  if (b.newest && is_new && b.newest != b.lost) {
    release(b.newest, now, out); // The head has placed the bundle again, and its word of the loss was lost.
    lose_bundle(id, lease.bundle, {errc::node_lost, "its bundle was placed again elsewhere"}, now, out);
  }
  bundle_leases_[lease.lease] = {id, lease.bundle};
  b.newest = lease.lease;
  if (is_new)
    b.last_work = 0;
  b.lease = std::make_shared<const granted_lease>(std::move(lease));
  return is_new;
}

void owner_core::enter_bundle(work& w, instant now, actions& out) {
  const auto found = groups_.find(w.spec->group);
  if (found == groups_.end() || w.spec->bundle >= found->second.bundles.size()) {
    const auto what = found == groups_.end()
                        ? fmt::format("there is no placement group {}", w.spec->group)
                        : fmt::format("placement group {} has {} bundles, and none with the index {}", w.spec->group,
                                      found->second.bundles.size(), w.spec->bundle);
    return end(w, fail(errc::not_found, fmt::format("{}: {}", name_of(w), what)), now, out);
  }
  auto& g = found->second;
  g.works.insert(w.own);
  auto& b = g.bundles[w.spec->bundle];
  w.at = phase::in_group;
  if (!b.lease || !g.granted) {
    announce(w, actor_state::pending, now);
    return; // See on_group_granted().
  }
  w.work_number = ++b.last_work;
  take_lease(w, b.lease, now, out);
}

void owner_core::lose_bundle(group_id id, std::uint32_t index, const error& why, instant now, actions& out) {
  auto& g = groups_.at(id);
  auto& b = g.bundles[index];
  const auto lost = b.newest;
  b.lost = lost;
  b.lease.reset();
  bundle_leases_.erase(lost);
  const auto works = g.works;
  for (const auto n : works) {
    auto* w = find(n);
    if (w == nullptr || !w->lease || w->lease->lease != lost)
      continue;
    lose_lease(*w, why, now, out);
  }
  repeat_later({due::group, id.value}, g.repeat, now); // The head places it again by itself: only a reminder.
}

void owner_core::put_aside(group_id id, group& g, bundle& b, instant now) {
  b.lease.reset();
  repeat_later({due::group, id.value}, g.repeat, now); // The head says the same lease again, or another.
}

void owner_core::put_aside_bundles(node_id where, instant now) {
  for (auto& [id, g] : groups_)
    for (auto& b : g.bundles)
      if (b.lease && b.lease->node == where)
        put_aside(id, g, b, now);
}

void owner_core::end_group(group_id id, const error& why, instant now, actions& out) {
  const auto works = groups_.at(id).works;
  for (const auto n : works) {
    auto& w = works_.at(n);
    if (w.lease)
      cut_off(w, out);
    leave_lease(w);
    end(w, fail(within(name_of(w), why)), now, out);
  }
  drop_group(id, now, out);
}

void owner_core::drop_group(group_id id, instant now, actions& out) {
  const auto found = groups_.find(id);
  const auto& g = found->second;
  for (const auto& b : g.bundles)
    if (b.newest && b.newest != b.lost) {
      release(b.newest, now, out);
      bundle_leases_.erase(b.newest);
    }
  cancel(g.request, now, out);
  due_.drop({due::group, id.value});
  group_requests_.erase(g.request);
  groups_.erase(found);
}

} // namespace runtime
