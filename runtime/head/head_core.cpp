#include "runtime/head/head_core.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "runtime/head/placement_group.hpp"

namespace runtime {

result<void> validate(const head_options& options) {
  std::string wrong;
  const auto must = [&](bool holds, const char* what) {
    if (!holds)
      wrong += (wrong.empty() ? "" : "; ") + std::string(what);
  };
  const auto zero = std::chrono::nanoseconds::zero();
  must(!options.version.empty(), "version must not be empty");
  must(options.epoch >= 1 && options.epoch < (std::uint64_t{1} << 24), "epoch must be 1 to 2^24-1");
  must(options.settling >= zero, "settling must not be negative");
  must(options.repeat_every > zero, "repeat_every must be more than 0");
  must(options.node_grace >= zero, "node_grace must not be negative");
  must(options.contest_grace >= zero, "contest_grace must not be negative");
  must(options.owner_grace >= zero, "owner_grace must not be negative");
  must(options.adoption_grace >= zero, "adoption_grace must not be negative");
  must(options.return_grace >= zero, "return_grace must not be negative");
  must(options.refusal_pause > zero, "refusal_pause must be more than 0");
  must(options.reason_age >= zero, "reason_age must not be negative");
  must(options.max_waiting > 0, "max_waiting must be at least 1");
  must(options.patience > zero, "patience must be more than 0");
  must(options.max_passes > 0, "max_passes must be at least 1");
  must(options.max_dead_nodes > 0, "max_dead_nodes must be at least 1");
  if (wrong.empty())
    return {};
  return fail(errc::invalid_argument, "head options: " + wrong);
}

head_core::head_core(head_options options, instant now)
  : options_(std::move(options)),
    settled_at_(now + options_.settling),
    queue_({options_.max_waiting, options_.patience, options_.max_passes}),
    directory_(options_.max_actors, options_.max_dead_actors) {
  const auto valid = validate(options_);
  CAF_TUNE_INVARIANT(valid, "{}", valid.error().message);
  if (settled_at_ > now)
    set_timer(settled_at_, timer::settled, 0);
}

// ---- time ----

head_core::actions head_core::on_time(instant now) {
  actions out;
  while (!timers_.empty() && std::get<instant>(*timers_.begin()) <= now) {
    const auto [at, what, whose] = *timers_.begin();
    timers_.erase(timers_.begin());
    on_timer(what, whose, now, out);
  }
  repeat_orders(now, out);
  settle(now, out);
  return out;
}

std::optional<instant> head_core::wake_at() const {
  auto next = queue_.wake_at();
  const auto at = [&](instant when) {
    if (!next || when < *next)
      next = when;
  };
  if (!timers_.empty())
    at(std::get<instant>(*timers_.begin()));
  if (!repeats_.empty())
    at(repeats_.front().first);
  return next;
}

void head_core::on_timer(timer what, std::uint64_t whose, instant now, actions& out) {
  // A timer that was overtaken finds nothing to do: what it is about says itself whether its time has come.
  switch (what) {
  case timer::settled: refuse_infeasible(now, out); return;
  case timer::node_grace:
    if (const auto n = nodes_.find(node_id{whose});
        n != nodes_.end() && n->second.life == node_life::unreachable && now - n->second.since >= options_.node_grace)
      lose_node(n->second, "its connection was lost", now, out);
    return;
  case timer::node_contest:
    if (const auto n = nodes_.find(node_id{whose});
        n != nodes_.end() && n->second.contested && n->second.contested_until <= now)
      end_contest(n->second, now, out);
    return;
  case timer::node_pause:
    if (const auto n = nodes_.find(node_id{whose});
        n != nodes_.end() && n->second.paused_until && *n->second.paused_until <= now) {
      n->second.paused_until.reset();
      refresh_open(n->second, now);
    }
    return;
  case timer::node_return:
    if (const auto n = nodes_.find(node_id{whose});
        n != nodes_.end() && n->second.life == node_life::lost && now - n->second.since >= options_.return_grace)
      forget_return(n->second, now, out);
    return;
  case timer::owner_grace:
    if (const auto o = owners_.find(owner_id{whose});
        o != owners_.end() && o->second.link_lost_at && now - *o->second.link_lost_at >= options_.owner_grace)
      lose_owner(o->first, "its connection was lost", now, out);
    return;
  case timer::orphan_grace:
    if (const auto l = leases_.find(lease_id{whose}); l != leases_.end() && l->second.life == lease_life::orphan) {
      orphans_[l->second.owner].erase(l->first);
      if (orphans_[l->second.owner].empty())
        orphans_.erase(l->second.owner);
      end_lease(l->first, l->second, "its owner did not come back", now, out);
    }
    return;
  }
}

void head_core::repeat_orders(instant now, actions& out) {
  const auto is_current = [this](const std::pair<instant, lease_id>& r) {
    const auto l = leases_.find(r.second);
    return l != leases_.end() && l->second.repeat_at == r.first &&
           (l->second.life == lease_life::granting || l->second.life == lease_life::ending);
  };
  while (!repeats_.empty() && (repeats_.front().first <= now || !is_current(repeats_.front()))) {
    const auto [due, id] = repeats_.front();
    const auto repeats = is_current(repeats_.front());
    repeats_.pop_front();
    if (!repeats)
      continue;
    auto& lease = leases_.at(id);
    order(id, lease, out);
    lease.repeat_at = now + options_.repeat_every;
    repeats_.emplace_back(lease.repeat_at, id);
  }
}

// ---- who gets what ----

void head_core::settle(instant now, actions& out) {
  forget_dead_nodes(now, out);
  for (;;) {
    while (!with_more_room_.empty()) {
      const auto node = with_more_room_.back();
      with_more_room_.pop_back();
      open_lines_for(node, now, out);
    }
    const auto first = queue_.next();
    if (!first)
      break;
    if (!may_fit_since_opened(*first->what) || !try_grant(*first, now, out))
      queue_.on_blocked(*first->what);
  }
  while (const auto first = queue_.starving(now)) {
    reserve_for(*first);
    queue_.postpone(*first->what, now);
  }
}

void head_core::open_lines_for(node_id node, instant now, actions& out) {
  const auto* n = books_.find(node);
  if (!n || !n->open)
    return;
  if (n->kept_for) { // Whoever it is kept for comes before the order of the queue.
    const auto whose = n->kept_for->whose;
    const auto* r = find_request(whose.owner, whose.request);
    CAF_TUNE_INVARIANT(r && r->waiting, "node {} is kept for request {}, which does not wait", node, whose.request);
    CAF_TUNE_INVARIANT(queue_.quota_admits(whose.owner, r->what->sum), "node {} is kept for owner {} over its quota",
                       node, whose.owner);
    try_grant({whose.owner, whose.request, r->what, r->place, r->since}, now, out);
  }
  queue_.open_lines(node, [&](const lease_queue::shape& shape) { return may_fit(*n, shape); });
}

bool head_core::may_fit(const placement::node& n, const lease_queue::shape& shape) {
  if (const auto* one = std::get_if<demand>(&shape.what))
    return n.book.would_fit(one->resources);
  const auto& bundles = std::get<group_demand>(shape.what).bundles;
  return std::any_of(bundles.begin(), bundles.end(), [&](const auto& b) { return n.book.would_fit(b); });
}

bool head_core::may_fit_since_opened(const lease_queue::shape& shape) const {
  // One returned lease opens every line that would fit there; when one of them was granted, the others are blocked
  // again without a look at all nodes.
  const auto* opened_for = queue_.opened_for(shape);
  return !opened_for || std::any_of(opened_for->begin(), opened_for->end(), [&](node_id node) {
    const auto* n = books_.find(node);
    return n && n->open && may_fit(*n, shape);
  });
}

bool head_core::try_grant(const lease_queue::entry& e, instant now, actions& out) {
  auto* r = find_request(e.owner, e.request);
  CAF_TUNE_INVARIANT(r && r->waiting, "request {} of owner {} is queued but does not wait", e.request, e.owner);
  if (r->group) {
    if (!grant_group(e.owner, e.request, *r, now, out))
      return false;
  } else {
    const auto& wants = std::get<demand>(r->what->what);
    const auto node = books_.choose(wants, {e.owner, e.request, e.what->priority});
    if (!node)
      return false;
    r->lease = grant_lease(e.owner, e.request, *node, wants.resources, std::nullopt, now, out);
  }
  r->waiting = false;
  queue_.on_granted(e, now);
  cancel_reservation(e.owner, e.request);
  return true;
}

void head_core::reserve_for(const lease_queue::entry& e) {
  if (reserving_.count(e.owner) != 0)
    return;
  const claimant who{e.owner, e.request, e.what->priority};
  const auto keep = [&](node_id node, const resource_set& resources) {
    books_.reserve(node, {who, resources});
    reserving_[e.owner] = e.request;
  };
  if (const auto* one = std::get_if<demand>(&e.what->what)) {
    if (const auto node = books_.choose_to_reserve(*one))
      keep(*node, one->resources);
    return;
  }
  const auto* r = find_request(e.owner, e.request);
  const auto& wants = std::get<group_demand>(e.what->what);
  const auto plan = plan_group_on_empty_nodes(wants, kept_nodes(*r->group), books_);
  if (!plan)
    return;
  std::map<node_id, resource_set> parts;
  for (std::size_t i = 0; i != plan->size(); ++i)
    parts[(*plan)[i]] = capped_sum(parts[(*plan)[i]], wants.bundles[i]);
  for (const auto& [node, resources] : parts)
    keep(node, resources);
}

void head_core::cancel_reservation(owner_id owner, request_id request) {
  const auto found = reserving_.find(owner);
  if (found == reserving_.end() || found->second != request)
    return;
  reserving_.erase(found);
  for (const auto node : books_.cancel_reservations({owner, request, 0}))
    with_more_room_.push_back(node);
}

void head_core::yield_over_quota(owner_id owner) {
  const auto found = reserving_.find(owner);
  if (found == reserving_.end())
    return;
  const auto request = found->second;
  if (const auto* r = find_request(owner, request); r && queue_.quota_admits(owner, r->what->sum))
    return;
  cancel_reservation(owner, request);
}

} // namespace runtime
