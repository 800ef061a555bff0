// The lives of head_core's leases and of the ordinary demands that they answer.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/head/head_core.hpp"
#include "runtime/head/waiting_reason.hpp"

namespace runtime {

// ---- leases ----

lease_id head_core::grant_lease(owner_id owner, request_id request, node_id node, const resource_set& resources,
                                std::optional<std::uint32_t> bundle, instant now, actions& out) {
  const auto id = new_lease_id();
  auto gpus = books_.take(node, id, resources);
  CAF_TUNE_INVARIANT(gpus, "node {} was chosen: {}", node, gpus.error().message);
  lease_record lease;
  lease.is_bundle = bundle.has_value();
  lease.bundle = bundle.value_or(0);
  lease.owner = owner;
  lease.request = request;
  lease.node = node;
  lease.repeat_at = now + options_.repeat_every;
  lease.resources = resources;
  lease.gpus = std::move(*gpus);
  repeats_.emplace_back(lease.repeat_at, id);
  queue_.take(owner, resources);
  yield_over_quota(owner);
  nodes_.at(node).leases.insert(id);
  owners_.at(owner).leases.insert(id);
  const auto [kept, is_new] = leases_.emplace(id, std::move(lease));
  CAF_TUNE_INVARIANT(is_new, "lease {} is there already", id);
  order(id, kept->second, out);
  return id;
}

lease_id head_core::new_lease_id() {
  // One that a node has listed is not given again, should two heads of a cluster ever have had the same epoch.
  for (;;)
    if (const lease_id id{(options_.epoch << 40) | ++last_lease_}; leases_.count(id) == 0)
      return id;
}

void head_core::order(lease_id id, const lease_record& lease, actions& out) const {
  if (lease.life == lease_life::ending)
    out.emplace_back(end{lease.node, id, lease.why});
  else if (lease.life == lease_life::granting)
    out.emplace_back(grant{lease.node, {id, lease.owner, lease.resources, lease.gpus, lease.is_bundle}});
}

void head_core::end_lease(lease_id id, lease_record& lease, std::string why, instant now, actions& out) {
  if (lease.life == lease_life::ending)
    return;
  lease.life = lease_life::ending;
  lease.why = std::move(why);
  if (mutated(mutation::give_back_before_end) && books_.give_back(lease.node, id))
    with_more_room_.push_back(lease.node);
  lease.repeat_at = now + options_.repeat_every;
  repeats_.emplace_back(lease.repeat_at, id);
  order(id, lease, out);
}

void head_core::drop_lease(lease_id id) {
  const auto found = leases_.find(id);
  const auto& lease = found->second;
  if (books_.give_back(lease.node, id) && !mutated(mutation::forget_to_look_again))
    with_more_room_.push_back(lease.node);
  if (!mutated(mutation::keep_quota_used))
    queue_.give_back(lease.owner, lease.resources);
  nodes_.at(lease.node).leases.erase(id);
  if (const auto owner = owners_.find(lease.owner); owner != owners_.end())
    owner->second.leases.erase(id);
  if (lease.life == lease_life::orphan)
    if (const auto orphans = orphans_.find(lease.owner); orphans != orphans_.end()) {
      orphans->second.erase(id);
      if (orphans->second.empty())
        orphans_.erase(orphans);
    }
  if (!was_granted_here(id))
    adopted_over_.insert(id);
  leases_.erase(found);
}

bool head_core::was_granted_here(lease_id lease) const {
  return lease.value >> 40 == options_.epoch;
}

granted_lease head_core::describe(lease_id id, const lease_record& lease) const {
  const auto& node = nodes_.at(lease.node).what;
  return {id, lease.node, node.start, node.name, node.host, node.port, lease.resources, lease.gpus, lease.bundle};
}

void head_core::accept(leases_map::iterator found, instant now, actions& out) {
  auto& [id, lease] = *found;
  if (lease.life != lease_life::granting)
    return;
  lease.life = lease_life::held;
  auto& r = owners_.at(lease.owner).requests.at(lease.request);
  if (!r.group) {
    out.emplace_back(answer_granted{lease.owner, lease.request, {describe(id, lease)}});
    return;
  }
  if (--r.group->unanswered != 0)
    return;
  answer_granted answer{lease.owner, lease.request, {}};
  for (const auto bundle : std::exchange(r.group->batch, {})) {
    const auto placed = r.group->placed[bundle];
    answer.leases.push_back(describe(placed, leases_.at(placed)));
  }
  out.emplace_back(std::move(answer));
  queue_group(lease.owner, lease.request, r, now); // Bundles that were lost meanwhile.
}

head_core::actions head_core::on_lease_accepted(node_id node, lease_id lease, instant now) {
  actions out;
  const auto found = leases_.find(lease);
  if (found != leases_.end() && found->second.node == node)
    accept(found, now, out);
  else if (nodes_.count(node) != 0)
    out.emplace_back(end{node, lease, "it was given up"}); // It held on to what is over, or accepted it late.
  settle(now, out);
  return out;
}

head_core::actions head_core::on_lease_refused(node_id node, lease_id lease, const error&, instant now) {
  actions out;
  const auto found = leases_.find(lease);
  if (found == leases_.end() || found->second.node != node || found->second.life != lease_life::granting)
    return out; // Long over; or accepted on a repetition, which counts.
  auto& n = nodes_.at(node);
  n.paused_until = now + options_.refusal_pause;
  set_timer(*n.paused_until, timer::node_pause, node.value);
  refresh_open(n, now);
  const auto [owner, request, is_bundle, bundle] =
    std::tuple(found->second.owner, found->second.request, found->second.is_bundle, found->second.bundle);
  drop_lease(lease);
  auto& r = *find_request(owner, request);
  if (is_bundle)
    lose_bundle(owner, request, bundle, now, out);
  else
    queue_again(owner, request, r, now);
  settle(now, out);
  return out;
}

head_core::actions head_core::on_lease_ended(node_id node, lease_id lease, instant now) {
  actions out;
  out.emplace_back(hear_end{node, lease});
  const auto found = leases_.find(lease);
  if (found == leases_.end() || found->second.node != node)
    return out;
  const auto r = found->second;
  if (r.life == lease_life::held && r.is_bundle)
    lose_lease(lease, {errc::node_lost, "its node ended it"}, now, out);
  else if (r.life == lease_life::granting)
    lose_lease(lease, {errc::node_lost, "its node ended it before it was used"}, now, out);
  else {
    if (r.life == lease_life::held)
      finish(r.owner, r.request);
    drop_lease(lease);
  }
  settle(now, out);
  return out;
}

void head_core::lose_lease(lease_id id, const error& why, instant now, actions& out) {
  const auto lease = leases_.at(id);
  drop_lease(id);
  if (lease.life == lease_life::ending || lease.life == lease_life::orphan)
    return;
  auto* r = find_request(lease.owner, lease.request);
  const auto is_known = [&] { // To the owner: a bundle is when its whole batch has been confirmed.
    if (lease.life != lease_life::held)
      return false;
    return !r || !r->group || std::count(r->group->batch.begin(), r->group->batch.end(), lease.bundle) == 0;
  };
  if (is_known())
    out.emplace_back(lease_lost{lease.owner, id, why});
  if (!r)
    return;
  if (r->group)
    lose_bundle(lease.owner, lease.request, lease.bundle, now, out);
  else if (lease.life == lease_life::granting)
    queue_again(lease.owner, lease.request, *r, now);
  else
    finish(lease.owner, lease.request);
}

// ---- requests ----

head_core::request_record* head_core::find_request(owner_id owner, request_id request) {
  const auto o = owners_.find(owner);
  if (o == owners_.end())
    return nullptr;
  const auto r = o->second.requests.find(request);
  return r == o->second.requests.end() ? nullptr : &r->second;
}

head_core::actions head_core::on_demand(owner_id owner, request_id request, demand wants, instant now) {
  return on_wanted(owner, request, wanted(std::move(wants)), {}, now);
}

head_core::actions head_core::on_group(owner_id owner, request_id request, group_demand wants, instant now,
                                       const std::vector<held_bundle>& held) {
  return on_wanted(owner, request, wanted(std::move(wants)), held, now);
}

head_core::actions head_core::on_wanted(owner_id owner, request_id request, wanted what,
                                        const std::vector<held_bundle>& held, instant now) {
  actions out;
  const auto o = owners_.find(owner);
  if (o == owners_.end())
    return out;
  if (request == request_id{}) {
    out.emplace_back(answer_refused{owner, request, {errc::invalid_argument, "request 0 names nothing"}});
    return out;
  }
  if (const auto r = o->second.requests.find(request); r != o->second.requests.end()) {
    answer_again(owner, request, r->second, now, out);
    return out;
  }
  if (o->second.over.contains(request.value)) {
    out.emplace_back(answer_refused{
      owner, request, {errc::node_lost, fmt::format("request {} is over, its lease has ended; demand anew", request)}});
    return out;
  }
  if (auto full = queue_.may_push(); !full) {
    out.emplace_back(answer_refused{owner, request, std::move(full.error())});
    return out;
  }
  const auto shape = queue_.shape_of(std::move(what));
  auto& r = o->second.requests.emplace(request, record_of(shape, now)).first->second;
  bool has_part = false;
  for (const auto& bundle : held)
    has_part = claim(owner, request, r, bundle) || has_part;
  if (auto why = has_part ? std::nullopt : why_refused(owner, *shape, now)) {
    finish(owner, request);
    out.emplace_back(answer_refused{owner, request, std::move(*why)});
    return out;
  }
  if (r.group)
    queue_group(owner, request, r, now);
  else
    queue_again(owner, request, r, now);
  settle(now, out);
  if (const auto* queued = find_request(owner, request); queued && (queued->waiting || has_part))
    answer_again(owner, request, *queued, now, out);
  return out;
}

head_core::request_record head_core::record_of(const lease_queue::shape_ptr& shape, instant now) {
  request_record r;
  r.what = shape;
  r.place = queue_.next_place();
  r.since = now;
  r.waiting = false;
  const auto* group = std::get_if<group_demand>(&shape->what);
  if (!group)
    return r;
  r.group = std::make_unique<group_record>();
  r.group->wants = *group;
  r.group->placed.resize(group->bundles.size());
  for (std::uint32_t i = 0; i != group->bundles.size(); ++i)
    r.group->missing.push_back(i);
  return r;
}

std::optional<error> head_core::why_refused(owner_id owner, const lease_queue::shape& shape, instant now) const {
  const auto* group = std::get_if<group_demand>(&shape.what);
  if (group && (group->bundles.empty() || group->bundles.size() > group_demand::max_bundles))
    return error{errc::invalid_argument,
                 fmt::format("a group has {} bundles; use 1 to {}", group->bundles.size(), group_demand::max_bundles)};
  if (!queue_.quota_admits_ever(owner, shape.sum))
    return error{errc::infeasible,
                 fmt::format("wants {} at once but its owner's quota is {}", shape.sum, queue_.quota(owner))};
  if (shape.feasible_in == nodes_version_)
    return std::nullopt; // A hundred thousand equal demands cost one look at the nodes.
  auto why = why_infeasible(shape.what, books_);
  if (!why)
    shape.feasible_in = nodes_version_;
  // What no node of any cluster could hold is refused even to those who wait.
  else if (why->code == errc::invalid_argument || (!waits_for_nodes(shape.what) && now >= settled_at_))
    return why;
  return std::nullopt;
}

void head_core::answer_again(owner_id owner, request_id request, const request_record& r, instant now,
                             actions& out) const {
  answer_granted granted{owner, request, {}};
  const auto add = [&](lease_id id) {
    if (const auto l = leases_.find(id); l != leases_.end() && l->second.life == lease_life::held)
      granted.leases.push_back(describe(id, l->second));
  };
  add(r.lease);
  if (r.group)
    for (std::uint32_t i = 0; i != r.group->placed.size(); ++i)
      if (std::count(r.group->batch.begin(), r.group->batch.end(), i) == 0)
        add(r.group->placed[i]);
  if (!granted.leases.empty())
    out.emplace_back(std::move(granted));
  if (r.waiting)
    out.emplace_back(answer_waits{owner, request, why_waits(owner, request, *r.what, now)});
}

std::string head_core::why_waits(owner_id owner, request_id request, const lease_queue::shape& what,
                                 instant now) const {
  if (!queue_.quota_admits(owner, what.sum))
    return fmt::format("waits for {}: its owner holds {} and its quota is {}", what.sum, queue_.held_by(owner),
                       queue_.quota(owner));
  if (!what.why_at || now - *what.why_at >= options_.reason_age) {
    what.why = runtime::why_waits(what.what, books_, {owner, request, what.priority});
    what.why_at = now;
  }
  return what.why;
}

void head_core::queue_again(owner_id owner, request_id request, request_record& r, instant now) {
  r.lease = {};
  r.waiting = true;
  queue_.push({owner, request, r.what, r.place, r.since}, now);
  queue_.reopen(*r.what);
}

void head_core::leave_queue(owner_id owner, request_id request, request_record& r) {
  if (!r.waiting)
    return;
  r.waiting = false;
  const auto erased = queue_.erase(owner, *r.what, r.place);
  CAF_TUNE_INVARIANT(erased, "request {} of owner {} was not in the queue", request, owner);
  cancel_reservation(owner, request);
}

void head_core::finish(owner_id owner, request_id request) {
  const auto o = owners_.find(owner);
  if (o == owners_.end() || request == request_id{})
    return;
  o->second.requests.erase(request);
  o->second.over.insert(request.value);
}

void head_core::refuse_infeasible(instant now, actions& out) {
  if (now < settled_at_)
    return;
  for (const auto& shape : queue_.shapes()) {
    if (waits_for_nodes(shape->what))
      continue;
    const auto why = why_infeasible(shape->what, books_);
    if (!why)
      continue;
    for (const auto& e : queue_.waiting_for(*shape)) {
      auto& r = *find_request(e.owner, e.request);
      if (r.group && r.group->missing.size() != r.group->placed.size())
        continue; // Part of it is placed: what remains waits.
      leave_queue(e.owner, e.request, r);
      finish(e.owner, e.request);
      out.emplace_back(answer_refused{e.owner, e.request, *why});
    }
  }
}

head_core::actions head_core::on_cancel(owner_id owner, request_id request, instant now) {
  actions out;
  const auto o = owners_.find(owner);
  if (o == owners_.end())
    return out;
  if (auto* r = find_request(owner, request)) {
    leave_queue(owner, request, *r);
    auto placed = r->group ? r->group->placed : std::vector<lease_id>{};
    placed.push_back(r->lease);
    for (const auto id : placed)
      if (const auto l = leases_.find(id); l != leases_.end() && !mutated(mutation::keep_lease_of_cancelled))
        end_lease(id, l->second, "its demand was cancelled", now, out);
  }
  finish(owner, request); // Also one that has not come yet: its demand may be late.
  out.emplace_back(answer_refused{owner, request, {errc::cancelled, "the demand was cancelled"}});
  settle(now, out);
  return out;
}

head_core::actions head_core::on_release(owner_id owner, lease_id lease, instant now) {
  actions out;
  const auto l = leases_.find(lease);
  if (l == leases_.end() || l->second.owner != owner || l->second.life != lease_life::held)
    return out;
  const auto request = l->second.request;
  if (auto* r = find_request(owner, request); r && r->group) {
    auto& group = *r->group;
    if (std::count(group.batch.begin(), group.batch.end(), l->second.bundle) != 0)
      return out; // Nobody was told of it yet.
    group.placed[l->second.bundle] = {};
    finish_if_empty(owner, request, group);
  } else
    finish(owner, request);
  end_lease(lease, l->second, "its owner released it", now, out);
  settle(now, out);
  return out;
}

} // namespace runtime
