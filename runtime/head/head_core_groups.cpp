// The lives of head_core's placement groups: granted in one step, and mended when a bundle is lost.
#include <algorithm>
#include <utility>

#include "runtime/base/invariant.hpp"
#include "runtime/head/head_core.hpp"
#include "runtime/head/placement_group.hpp"

namespace runtime {

std::vector<node_id> head_core::kept_nodes(const group_record& group) const {
  std::vector<node_id> kept;
  for (const auto id : group.placed)
    if (const auto l = leases_.find(id); l != leases_.end())
      kept.push_back(l->second.node);
  return kept;
}

bool head_core::grant_group(owner_id owner, request_id request, request_record& r, instant now, actions& out) {
  auto& group = *r.group;
  CAF_TUNE_INVARIANT(group.batch.empty() && !group.missing.empty(), "request {} of owner {}", request, owner);
  const auto& wants = std::get<group_demand>(r.what->what);
  const auto plan = plan_group(wants, kept_nodes(group), books_, {owner, request, r.what->priority});
  if (!plan)
    return false;
  group.batch = std::exchange(group.missing, {});
  group.unanswered = group.batch.size();
  for (std::size_t i = 0; i != group.batch.size(); ++i) {
    const auto bundle = group.batch[i];
    group.placed[bundle] = grant_lease(owner, request, (*plan)[i], wants.bundles[i], bundle, now, out);
  }
  return true;
}

void head_core::fail_batch(owner_id owner, request_id request, request_record& r, instant now, actions& out) {
  auto& group = *r.group;
  for (const auto bundle : std::exchange(group.batch, {})) {
    const auto id = std::exchange(group.placed[bundle], lease_id{});
    if (const auto l = leases_.find(id); l != leases_.end())
      end_lease(id, l->second, "another bundle of its group was refused", now, out);
    group.missing.push_back(bundle);
  }
  group.unanswered = 0;
  queue_group(owner, request, r, now);
}

void head_core::lose_bundle(owner_id owner, request_id request, std::uint32_t bundle, instant now, actions& out) {
  auto& r = *find_request(owner, request);
  auto& group = *r.group;
  if (std::count(group.batch.begin(), group.batch.end(), bundle) != 0) {
    fail_batch(owner, request, r, now, out);
    return;
  }
  group.placed[bundle] = {};
  group.missing.push_back(bundle);
  queue_group(owner, request, r, now);
}

void head_core::queue_group(owner_id owner, request_id request, request_record& r, instant now) {
  auto& group = *r.group;
  if (!group.batch.empty() || group.missing.empty())
    return; // Later: one step after the other.
  leave_queue(owner, request, r);
  std::sort(group.missing.begin(), group.missing.end());
  if (group.missing.size() == group.placed.size())
    r.what = queue_.shape_of(group.wants);
  else {
    auto part = group.wants;
    part.bundles.clear();
    for (const auto bundle : group.missing)
      part.bundles.push_back(group.wants.bundles[bundle]);
    r.what = queue_.shape_of_its_own(std::move(part)); // Where it may go depends on the bundles that stay.
  }
  queue_again(owner, request, r, now);
}

/// True if the lease is the group's now; what its node may still bring back is remembered.
bool head_core::claim(owner_id owner, request_id request, request_record& r, const held_bundle& held) {
  if (!r.group || held.bundle >= r.group->placed.size() || r.group->placed[held.bundle] != lease_id{})
    return false;
  const auto l = leases_.find(held.lease);
  if (l == leases_.end()) {
    if (!was_granted_here(held.lease) && adopted_over_.count(held.lease) == 0)
      owners_.at(owner).claims[held.lease] = {request, held.bundle};
    return false;
  }
  auto& lease = l->second;
  const auto is_free = lease.life == lease_life::held && lease.is_bundle && lease.request == request_id{};
  if (!is_free || lease.owner != owner || lease.resources != r.group->wants.bundles[held.bundle])
    return false;
  lease.request = request;
  lease.bundle = held.bundle;
  r.group->placed[held.bundle] = held.lease;
  auto& missing = r.group->missing;
  missing.erase(std::remove(missing.begin(), missing.end(), held.bundle), missing.end());
  return true;
}

/// A node has brought a lease that its owner may have claimed before.
void head_core::take_claimed(owner_id owner, lease_id lease, instant now, actions& out) {
  auto& claims = owners_.at(owner).claims;
  const auto found = claims.find(lease);
  if (found == claims.end())
    return;
  const auto [request, bundle] = found->second;
  claims.erase(found);
  auto* r = find_request(owner, request);
  if (!r || !claim(owner, request, *r, {bundle, lease}))
    return; // It is over, or the bundle was placed elsewhere.
  if (r->waiting && r->group->missing.empty())
    leave_queue(owner, request, *r);
  else
    queue_group(owner, request, *r, now);
  answer_again(owner, request, *r, now, out);
}

void head_core::finish_if_empty(owner_id owner, request_id request, const group_record& group) {
  const auto is_placed = [](lease_id id) { return id != lease_id{}; };
  if (group.missing.empty() && std::none_of(group.placed.begin(), group.placed.end(), is_placed))
    finish(owner, request);
}

} // namespace runtime
