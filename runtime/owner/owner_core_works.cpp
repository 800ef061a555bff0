#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"
#include "runtime/owner/owner_core.hpp"
#include "runtime/package/manifest.hpp"

namespace runtime {
namespace {

/// Refused for ever, or only now and there?
attempt_failure kind_of_refusal(errc code) {
  switch (code) {
  case errc::invalid_argument:
  case errc::not_found: // The program has no such type. A node that holds no such lease says refused.
  case errc::infeasible:
  case errc::permission_denied:
  case errc::incompatible:
  case errc::too_large:
  case errc::user_code: return attempt_failure::permanent;
  case errc::already_exists:
  case errc::timed_out:
  case errc::unreachable:
  case errc::refused:
  case errc::io:
  case errc::cancelled:
  case errc::worker_lost:
  case errc::node_lost: break;
  }
  return attempt_failure::unstarted;
}

/// Tells packages of one owner apart.
std::string package_key(const work_spec& spec) {
  return spec.package ? canonical_encoding(*spec.package) : std::string(); // The owner's own.
}

} // namespace

/// As far as this owner knows. Which ones differs from work to work, so that no node is asked by all others.
std::vector<package_holder> owner_core::holders_for(const work& w) const {
  constexpr std::size_t most = 3;
  const auto key = package_key(*w.spec);
  std::vector<package_holder> all;
  if (const auto own = nodes_.find(w.lease->node); own != nodes_.end() && own->second.packages.count(key) != 0)
    return all;
  for (const auto& [id, n] : nodes_)
    if (id != w.lease->node && n.link.is_welcome() && n.packages.count(key) != 0)
      all.push_back({n.host, n.port});
  if (all.size() > most) {
    std::rotate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(w.own % all.size()), all.end());
    all.resize(most);
  }
  return all;
}

void owner_core::enter(work& w, instant now, actions& out) {
  w.repeat = w.repeat.zero();
  if (!w.spec->name.empty() && !w.named) {
    w.at = phase::naming;
    order(w, now, out);
  } else if (w.is_in_group())
    enter_bundle(w, now, out);
  else
    demand(w, now, out);
}

void owner_core::demand(work& w, instant now, actions& out) {
  w.at = phase::demanding;
  w.request = next_request();
  requests_.emplace(w.request, w.own);
  order(w, now, out);
  announce(w, w.policy.restarts() == 0 ? actor_state::pending : actor_state::restarting, now);
}

void owner_core::order(work& w, instant now, actions& out) {
  const auto stop_too = [&] {
    if (w.stopping)
      out.push_back(stop_work{w.lease->node, w.key(), *w.stopping});
  };
  switch (w.at) {
  case phase::naming:
    if (!head_.is_welcome())
      return; // See tell_head_again().
    out.push_back(reserve_name{w.actor, w.spec->name});
    break;
  case phase::demanding:
    if (!head_.is_welcome())
      return;
    out.push_back(demand_lease{w.request, w.spec});
    break;
  case phase::starting:
    out.push_back(start_work{w.lease->node, w.key(), w.actor, w.spec, w.arguments, holders_for(w)});
    stop_too();
    break;
  case phase::running:
    if (!w.stopping)
      return;
    stop_too();
    break;
  case phase::waiting:
  case phase::in_group:
  case phase::linking:
  case phase::pausing: return;
  }
  repeat_later({due::work, w.own}, w.repeat, now);
}

void owner_core::on_work_due(number n, instant now, actions& out) {
  auto* w = find(n);
  if (w == nullptr)
    return;
  if (w->at == phase::pausing)
    enter(*w, now, out);
  else
    order(*w, now, out);
}

owner_core::actions owner_core::on_name_reserved(actor_id actor, instant now) {
  actions out;
  const auto found = actors_.find(actor);
  if (found == actors_.end())
    return out;
  auto& w = works_.at(found->second);
  if (w.at != phase::naming)
    return out;
  due_.drop({due::work, w.own});
  w.named = true;
  enter(w, now, out);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_name_refused(actor_id actor, error why, instant now) {
  actions out;
  const auto found = actors_.find(actor);
  if (found == actors_.end() || works_.at(found->second).at != phase::naming)
    return out;
  end(works_.at(found->second), fail(std::move(why)), now, out);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_demand_granted(request_id request, std::vector<granted_lease> leases, instant now) {
  actions out;
  if (const auto found = group_requests_.find(request); found != group_requests_.end()) {
    on_group_granted(found->second, std::move(leases), now, out);
    settle(now, out);
    return out;
  }
  for (auto& lease : leases) {
    const auto asked = requests_.find(request);
    if (asked != requests_.end())
      take_lease(works_.at(asked->second), std::make_shared<const granted_lease>(std::move(lease)), now, out);
    else if (find(work_key{lease.lease, 1}) == nullptr && bundle_leases_.count(lease.lease) == 0)
      release(lease.lease, now, out); // Otherwise the answer is only repeated, or the head is a new one.
  }
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_demand_waits(request_id request, std::string why, instant now) {
  actions out;
  if (const auto found = group_requests_.find(request); found != group_requests_.end()) {
    auto& g = groups_.at(found->second);
    if (!g.is_complete()) {
      due_.drop({due::group, found->second.value}); // It is queued.
      out.push_back(group_waits{found->second, std::move(why)});
    }
  } else if (const auto asked = requests_.find(request); asked != requests_.end()) {
    auto& w = works_.at(asked->second);
    w.at = phase::waiting;
    due_.drop({due::work, w.own});
    tell_waits(w, std::move(why), out);
  }
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_demand_refused(request_id request, error why, instant now) {
  actions out;
  if (const auto found = group_requests_.find(request); found != group_requests_.end()) {
    const auto id = found->second;
    out.push_back(group_refused{id, why});
    end_group(id, why, now, out);
  } else if (const auto asked = requests_.find(request); asked != requests_.end()) {
    auto& w = works_.at(asked->second);
    requests_.erase(asked);
    w.request = {};
    if (why.code == errc::node_lost) // It was granted, and the lease has ended before we heard of it.
      attempt_over(w, attempt_failure::unstarted, std::move(why), now, out);
    else
      end(w, fail(within(name_of(w), std::move(why))), now, out);
  } else
    cancelled_.erase(request); // The answer to that.
  settle(now, out);
  return out;
}

void owner_core::take_lease(work& w, std::shared_ptr<const granted_lease> lease, instant now, actions& out) {
  CAF_TUNE_INVARIANT(!w.lease, "work {} has lease {} and gets {}", w.own, w.lease->lease, lease->lease);
  requests_.erase(w.request);
  w.request = {};
  w.lease = std::move(lease);
  if (!w.is_in_group())
    w.work_number = 1;
  w.at = phase::linking;
  due_.drop({due::work, w.own});
  keys_[w.key()] = w.own;
  auto& n = nodes_.try_emplace(w.lease->node, options_.node_link).first->second;
  n.name = w.lease->node_name;
  n.host = w.lease->host;
  n.port = w.lease->port;
  n.works.insert(w.own);
  announce(w, actor_state::starting, now);
  perform(w.lease->node, n.link.want(now), out);
  if (n.link.down_since() && n.works.size() == 1)
    await_node(w.lease->node, n, now);
  start_if_reached(w, now, out);
}

void owner_core::start_if_reached(work& w, instant now, actions& out) {
  if (w.at != phase::linking || !nodes_.at(w.lease->node).link.is_welcome())
    return;
  if (!w.spec->package && !package_)
    return; // See on_package().
  w.at = phase::starting;
  w.ordered = true;
  w.repeat = w.repeat.zero();
  order(w, now, out);
}

void owner_core::leave_lease(work& w) {
  due_.drop({due::work, w.own});
  if (!w.lease)
    return;
  if (!mutated(mutation::count_end_of_another_attempt))
    keys_.erase(w.key());
  nodes_.at(w.lease->node).works.erase(w.own);
  w.lease.reset();
  w.work_number = 0;
  w.process_id = 0;
  w.ordered = w.started = false;
}

void owner_core::release_if_own(const work& w, instant now, actions& out) {
  if (w.lease && !w.is_in_group())
    release(w.lease->lease, now, out);
}

owner_core::actions owner_core::on_work_started(work_key key, std::uint32_t process_id, instant now) {
  actions out;
  auto* w = find(key);
  if (w == nullptr || w->at != phase::starting)
    return out;
  w->at = phase::running;
  w->process_id = process_id;
  nodes_.at(w->lease->node).packages.insert(package_key(*w->spec));
  if (!w->started)
    w->started_at = now;
  w->started = true;
  due_.drop({due::work, w->own});
  w->repeat = w->repeat.zero();
  order(*w, now, out); // If it is to be stopped.
  announce(*w, actor_state::alive, now);
  if (!w->is_task())
    out.push_back(actor_is_alive{record_of(*w, actor_state::alive)});
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_work_ended(work_key key, work_end told, instant now) {
  actions out;
  auto* w = find(key);
  out.push_back(hear_work_end{w == nullptr ? node_id{} : w->lease->node, key});
  if (w == nullptr)
    return out;
  using how = work_end::how;
  switch (told.cause) {
  case how::finished: {
    task_result finished{std::move(told.result), w->policy.restarts() + 1, w->lease->node_name, told.peak_memory_bytes};
    leave_lease(*w);
    end(*w, std::move(finished), now, out);
    break;
  }
  case how::user_error: attempt_over(*w, attempt_failure::user, std::move(told.why), now, out); break;
  case how::worker_lost:
  case how::stopped: attempt_over(*w, attempt_failure::system, std::move(told.why), now, out); break;
  case how::not_started: {
    auto kind = kind_of_refusal(told.why.code); // For ever: by its worker, perhaps, to which it was handed already.
    if (w->started && kind == attempt_failure::unstarted)
      kind = attempt_failure::system; // It ran, and its node has lost it.
    release_if_own(*w, now, out);     // It may be that the node did not end it.
    if (const auto of = bundle_leases_.find(key.lease);
        of != bundle_leases_.end() && kind == attempt_failure::unstarted) {
      auto& g = groups_.at(of->second.first); // The bundle may be lost, and that word too.
      put_aside(of->second.first, g, g.bundles[of->second.second], now);
    }
    attempt_over(*w, kind, std::move(told.why), now, out);
    break;
  }
  }
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_lease_lost(lease_id lease, error why, instant now) {
  actions out;
  if (const auto found = bundle_leases_.find(lease); found != bundle_leases_.end()) {
    const auto [id, index] = found->second;
    lose_bundle(id, index, why, now, out);
  } else if (auto* w = find(work_key{lease, 1}))
    lose_lease(*w, std::move(why), now, out);
  settle(now, out);
  return out;
}

void owner_core::lose_lease(work& w, error why, instant now, actions& out) {
  if (const auto at = nodes_.find(w.lease->node); why.code == errc::node_lost && at != nodes_.end())
    at->second.packages.clear(); // Its link may stand although it is silent: nobody is to wait for it.
  cut_off(w, out);
  attempt_over(w, w.ordered ? attempt_failure::system : attempt_failure::unstarted, std::move(why), now, out);
}

void owner_core::cut_off(const work& w, actions& out) const {
  if (w.ordered && nodes_.at(w.lease->node).link.is_welcome())
    out.push_back(stop_work{w.lease->node, w.key(), std::chrono::milliseconds(0)});
}

void owner_core::attempt_over(work& w, attempt_failure kind, error why, instant now, actions& out) {
  const auto ran = w.started ? now - w.started_at : std::chrono::nanoseconds(0);
  leave_lease(w);
  if (w.stopping)
    return end(w, fail(was_stopped(w)), now, out);
  const auto pause = w.policy.on_failure(kind, ran, options_.restarts);
  if (!pause)
    return end(w, fail(failed_attempt(w, std::move(why))), now, out);
  if (!w.is_task())
    out.push_back(actor_is_restarting{w.actor, within(name_of(w), std::move(why))});
  announce(w, w.policy.restarts() == 0 ? actor_state::pending : actor_state::restarting, now);
  w.at = phase::pausing;
  if (pause->count() == 0)
    return enter(w, now, out);
  due_.set({due::work, w.own}, now + *pause);
}

owner_core::actions owner_core::on_stop_task(task_id task, std::chrono::milliseconds deadline, instant now) {
  actions out;
  if (const auto found = tasks_.find(task); found != tasks_.end())
    stop(works_.at(found->second), deadline, now, out);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_stop_actor(actor_id actor, std::chrono::milliseconds deadline, instant now) {
  actions out;
  if (const auto found = actors_.find(actor); found != actors_.end())
    stop(works_.at(found->second), deadline, now, out);
  settle(now, out);
  return out;
}

void owner_core::stop(work& w, std::chrono::milliseconds deadline, instant now, actions& out) {
  if (w.lease && w.ordered) {
    w.stopping = deadline;
    if (w.at == phase::linking)
      return; // Said when the node is reached again.
    out.push_back(stop_work{w.lease->node, w.key(), deadline});
    w.repeat = w.repeat.zero();
    repeat_later({due::work, w.own}, w.repeat, now);
    return;
  }
  withdraw(w, now, out);
  release_if_own(w, now, out);
  leave_lease(w);
  end(w, fail(was_stopped(w)), now, out);
}

void owner_core::withdraw(work& w, instant now, actions& out) {
  if (!w.request)
    return;
  cancel(w.request, now, out);
  requests_.erase(w.request);
  w.request = {};
}

void owner_core::end(work& w, result<task_result> how, instant now, actions& out) {
  CAF_TUNE_INVARIANT(!w.lease, "work {} ends and has lease {}", w.own, w.lease->lease);
  due_.drop({due::work, w.own});
  requests_.erase(w.request);
  if (w.is_in_group())
    if (const auto found = groups_.find(w.spec->group); found != groups_.end())
      found->second.works.erase(w.own);
  if (w.is_task()) {
    tasks_.erase(w.task);
    out.push_back(task_finished{w.task, std::move(how)});
  } else {
    actors_.erase(w.actor);
    const auto ended = how.map([](const task_result&) {});
    if (w.spec->name.empty() || w.named) // A name that somebody else has is not ours to speak of.
      announce(w, actor_state::dead, now, ended ? error{errc::cancelled, "it quit in good order"} : ended.error());
    out.push_back(actor_ended{w.actor, ended});
  }
  works_.erase(w.own);
}

void owner_core::announce(const work& w, actor_state as, instant now, error why_dead) {
  if (w.is_task())
    return;
  auto record = record_of(w, as);
  record.why_dead = std::move(why_dead);
  announcer_.on_change(std::move(record), now);
}

void owner_core::tell_waits(const work& w, std::string why, actions& out) const {
  if (w.is_task())
    out.push_back(task_waits{w.task, std::move(why)});
  else
    out.push_back(actor_waits{w.actor, std::move(why)});
}

error owner_core::failed_attempt(const work& w, error why) const {
  const auto restarts = w.policy.restarts();
  if (!w.is_task())
    return within(restarts == 0 ? name_of(w) : fmt::format("{}, restarted {} times", name_of(w), restarts),
                  std::move(why));
  const auto most = w.policy.max_restarts();
  const auto of = most < 0 ? std::string() : fmt::format(" of {}", most + 1);
  return within(fmt::format("{} failed on attempt {}{}", name_of(w), restarts + 1, of), std::move(why));
}

error owner_core::was_stopped(const work& w) const {
  return {errc::cancelled, fmt::format("{} was stopped", name_of(w))};
}

std::string owner_core::name_of(const work& w) {
  if (w.is_task())
    return fmt::format("task \"{}\"", w.spec->type_name);
  if (!w.spec->name.empty())
    return fmt::format("actor \"{}\"", w.spec->name);
  return fmt::format("actor of type \"{}\"", w.spec->type_name);
}

actor_record owner_core::record_of(const work& w, actor_state as) const {
  actor_record record;
  record.id = w.actor;
  record.name = w.spec->name;
  record.type_name = w.spec->type_name;
  record.owner = options_.owner;
  record.state = as;
  if (w.lease) {
    record.node_name = w.lease->node_name;
    record.host = w.lease->host;
    record.port = w.lease->port;
    record.work = w.key();
    record.process_id = w.process_id;
  }
  record.restarts = w.policy.restarts();
  if (as != actor_state::dead)
    record.resources = w.spec->wants.resources;
  return record;
}

owner_core::work* owner_core::find(number n) {
  const auto found = works_.find(n);
  return found == works_.end() ? nullptr : &found->second;
}

owner_core::work* owner_core::find(work_key key) {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : find(found->second);
}

} // namespace runtime
