#include "runtime/node/node_manager_core.hpp"

#include <algorithm>
#include <utility>

#include "runtime/base/invariant.hpp"
#include "runtime/base/mutation.hpp"

namespace runtime {

node_manager_core::lease::lease(held_lease granted) : held(std::move(granted)), room(held.resources, held.gpus) {
}

node_manager_core::node_manager_core(node_manager_options options, instant now)
  : options_(std::move(options)),
    book_(options_.node.total),
    head_({options_.redial_least, options_.redial_most, options_.welcome_deadline}, now),
    owners_({options_.owner_grace, options_.detached_grace, options_.owner_memory}),
    workers_(options_.workers),
    starts_(options_.starts) {
}

node_hello node_manager_core::hello() const {
  node_hello out{options_.node, options_.version, options_.cluster, {}, draining_};
  out.leases.reserve(leases_.size());
  for (const auto& [id, l] : leases_)
    if (!mutated(mutation::hide_ending_leases) || !l.ending)
      out.leases.push_back(l.held);
  return out;
}

// -- the head -----------------------------------------------------------------

node_manager_core::actions node_manager_core::on_head_linked(instant now) {
  if (left_ || head_.is_closed())
    return {};
  head_.on_linked(now);
  arm_repeat(now);
  return {say_hello{}};
}

node_manager_core::actions node_manager_core::on_head_lost(instant now) {
  head_.on_lost(now);
  return {};
}

node_manager_core::actions node_manager_core::on_welcome(const std::string& cluster, const std::string& version,
                                                         std::uint16_t liveness_port, instant now) {
  if (left_ || !head_.is_linked() || head_.is_welcomed())
    return {};
  if (version != options_.version)
    return on_refused({errc::incompatible, fmt::format("the head runs version {}, this node {}; install the same one",
                                                       version, options_.version)},
                      now);
  if (!options_.cluster.empty() && cluster != options_.cluster)
    return on_refused({errc::incompatible, fmt::format("this node's state belongs to cluster {}, the head's cluster is "
                                                       "{}; choose another state directory with --state",
                                                       options_.cluster, cluster)},
                      now);
  head_.on_welcomed();
  const bool is_new = options_.cluster.empty();
  options_.cluster = cluster;
  actions out{welcomed{cluster, is_new, liveness_port}};
  if (draining_)
    out.push_back(tell_draining{});
  for (auto& [id, told_at] : unheard_leases_) {
    told_at = now;
    out.push_back(tell_lease_ended{id});
    arm_repeat(now);
  }
  return out;
}

node_manager_core::actions node_manager_core::on_refused(error why, instant) {
  if (left_ || head_.is_closed())
    return {};
  head_.close();
  return {refused{std::move(why)}};
}

node_manager_core::actions node_manager_core::on_grant(held_lease granted, instant now) {
  const auto id = granted.lease;
  if (left_)
    return {};
  if (leases_.count(id) != 0)
    return {accept_lease{id}};
  if (const auto over = unheard_leases_.find(id); over != unheard_leases_.end()) {
    over->second = now;
    return {tell_lease_ended{id}};
  }
  // The head has given it up with the first refusal: a repetition that comes later must not be accepted.
  if (const auto before = refused_leases_.find(id); before != refused_leases_.end())
    return {refuse_lease{id, before->second}};
  if (auto may = may_take(granted, now); !may)
    return refuse(id, std::move(may.error()));
  auto taken = book_.take_exactly(id, granted.resources, granted.gpus);
  if (!taken)
    return refuse(id, within(fmt::format("node \"{}\": lease {}", options_.node.name, id), std::move(taken.error())));
  leases_.emplace(id, lease(std::move(granted)));
  return {accept_lease{id}};
}

/// Whether there is room for it, the book says.
result<void> node_manager_core::may_take(const held_lease& granted, instant now) const {
  const auto& name = options_.node.name;
  if (fenced_)
    return fail(errc::refused, fmt::format("node \"{}\" was silent for too long", name));
  if (draining_)
    return fail(errc::refused, fmt::format("node \"{}\" is draining", name));
  if (const auto why = starts_.why_not(now))
    return fail(errc::refused, fmt::format("node \"{}\" {}", name, *why));
  if (!granted.lease || !granted.owner)
    return fail(errc::invalid_argument, "a lease needs an id and an owner");
  if (leases_.size() + unheard_works_.size() >= options_.max_leases)
    return fail(errc::too_large, fmt::format("node \"{}\" has {} leases already, and {} ends of works that were not "
                                             "heard",
                                             name, leases_.size(), unheard_works_.size()));
  return {};
}

node_manager_core::actions node_manager_core::refuse(lease_id id, error why) {
  constexpr std::size_t most_remembered = 1'000; // More than a head can have on their way.
  refused_leases_.emplace(id, why);
  if (refused_leases_.size() > most_remembered)
    refused_leases_.erase(refused_leases_.begin()); // The oldest: a head counts up.
  return {refuse_lease{id, std::move(why)}};
}

node_manager_core::actions node_manager_core::on_unreadable_grant(lease_id id, error why, instant) {
  if (left_ || leases_.count(id) != 0)
    return {};
  return refuse(id, std::move(why));
}

node_manager_core::actions node_manager_core::on_end_lease(lease_id id, const std::string& why, instant now) {
  if (left_)
    return {};
  const auto found = leases_.find(id);
  if (found == leases_.end()) { // It has ended, or never was: the head waits for the answer all the same.
    if (const auto over = unheard_leases_.find(id); over != unheard_leases_.end())
      over->second = now;
    return {tell_lease_ended{id}};
  }
  actions out;
  found->second.ending = true;
  stop_works_of(id, why, options_.stop_deadline, now, out);
  end_lease_if_done(id, now, out);
  return out;
}

node_manager_core::actions node_manager_core::on_lease_end_heard(lease_id id, instant now) {
  actions out;
  unheard_leases_.erase(id);
  leave_if_done(now, out);
  return out;
}

node_manager_core::actions node_manager_core::on_fenced(instant now) {
  if (left_ || fenced_)
    return {};
  fenced_ = true;
  actions out;
  if (mutated(mutation::forget_fencing))
    return out;
  perform(workers_.on_kill_all("its node was cut off from the cluster", now), now, out);
  const auto waits = [](const auto& entry) { return entry.second.state != work_state::in_table; };
  for (auto next = works_.begin(); (next = std::find_if(works_.begin(), works_.end(), waits)) != works_.end();)
    end_unstarted(next->first, cut_off(), now, out); // Which makes room, and so ends those that wait for it.
  return out;
}

node_manager_core::actions node_manager_core::on_unfenced(instant) {
  fenced_ = false;
  return {};
}

// -- leases -------------------------------------------------------------------

void node_manager_core::stop_works_of(lease_id id, const std::string& why, std::chrono::nanoseconds deadline,
                                      instant now, actions& out) {
  std::vector<work_key> keys; // Stopping one may end it.
  for (auto it = works_.lower_bound({id, 0}); it != works_.end() && it->first.lease == id; ++it)
    keys.push_back(it->first);
  for (const auto key : keys)
    stop(key, why, deadline, now, out);
}

void node_manager_core::end_lease_if_done(lease_id id, instant now, actions& out) {
  const auto found = leases_.find(id);
  if (found == leases_.end() || !found->second.ending || found->second.works > 0 || found->second.returning > 0)
    return;
  leases_.erase(found);
  CAF_TUNE_INVARIANT(book_.give_back(id), "lease {} held nothing", id);
  if (!mutated(mutation::forget_unheard_lease_end))
    unheard_leases_[id] = now;
  if (head_.is_welcomed())
    out.push_back(tell_lease_ended{id});
  arm_repeat(now);
  leave_if_done(now, out);
}

// -- owners -------------------------------------------------------------------

result<node_manager_core::actions> node_manager_core::on_owner_hello(owner_id owner, const std::string& version,
                                                                     instant now) {
  if (!owner)
    return fail(errc::invalid_argument, "an owner needs an id");
  if (version != options_.version)
    return fail(errc::incompatible, fmt::format("node \"{}\" runs version {}, the driver {}; install the same one",
                                                options_.node.name, options_.version, version));
  if (left_)
    return fail(errc::refused, fmt::format("node \"{}\" has left the cluster", options_.node.name));
  if (!owners_.knows(owner) && owners_.size() >= options_.max_owners)
    return fail(errc::too_large, fmt::format("node \"{}\" has {} drivers already", options_.node.name, owners_.size()));
  owners_.on_hello(owner);
  actions out;
  for (auto& [key, unheard] : unheard_works_)
    if (unheard.owner == owner) {
      unheard.told_at = now;
      out.push_back(tell_work_ended{owner, key, unheard.end});
      arm_repeat(now);
    }
  fetch_again(owner, out);
  return out;
}

node_manager_core::actions node_manager_core::on_owner_lost(owner_id owner, instant now) {
  owners_.on_lost(owner, now);
  return {};
}

void node_manager_core::give_up(owner_id owner, instant now, actions& out) {
  std::vector<work_key> keys;
  for (const auto& [key, w] : works_)
    if (w.owner == owner)
      keys.push_back(key);
  for (const auto key : keys)
    stop(key, "its owner is gone", options_.stop_deadline, now, out);
  perform(workers_.on_owner_gone(owner, now), now, out);
}

void node_manager_core::forget(owner_id owner) {
  for (auto it = unheard_works_.begin(); it != unheard_works_.end();)
    it = it->second.owner == owner ? unheard_works_.erase(it) : std::next(it);
}

// -- leaving and time ---------------------------------------------------------

node_manager_core::actions node_manager_core::on_drain(instant now) {
  actions out;
  if (left_)
    return out;
  if (draining_) {
    leave_now(now, out);
    return out;
  }
  draining_ = true;
  leave_at_ = now + options_.drain_deadline;
  if (head_.is_welcomed())
    out.push_back(tell_draining{});
  leave_if_done(now, out);
  return out;
}

void node_manager_core::leave_if_done(instant now, actions& out) {
  // That it leaves tells the head that its leases have ended; owners are to hear their results, if they are there.
  const auto somebody_is_to_hear = [this] {
    return std::any_of(unheard_works_.begin(), unheard_works_.end(),
                       [this](const auto& each) { return !owners_.is_given_up(each.second.owner); });
  };
  if (draining_ && !left_ && leases_.empty() && !somebody_is_to_hear())
    leave_now(now, out);
}

void node_manager_core::leave_now(instant now, actions& out) {
  if (left_)
    return;
  left_ = true;
  perform(workers_.on_kill_all("its node leaves the cluster", now), now, out);
  if (head_.is_welcomed())
    out.push_back(tell_leaving{});
  head_.close();
  leave_at_.reset();
  repeat_at_.reset();
  out.push_back(leave{});
}

void node_manager_core::arm_repeat(instant now) {
  if (!repeat_at_)
    repeat_at_ = now + options_.repeat_every;
}

void node_manager_core::repeat(instant now, actions& out) {
  if (!repeat_at_ || *repeat_at_ > now)
    return;
  repeat_at_.reset();
  const auto is_due = [&](instant& told_at) {
    const bool due = told_at + options_.repeat_every <= now;
    if (due)
      told_at = now;
    if (!repeat_at_ || told_at + options_.repeat_every < *repeat_at_)
      repeat_at_ = told_at + options_.repeat_every;
    return due;
  };
  // What cannot be told now is told when its hearer has a link again.
  if (head_.is_welcomed()) {
    for (auto& [id, told_at] : unheard_leases_)
      if (is_due(told_at))
        out.push_back(tell_lease_ended{id});
  } else if (head_.is_linked()) {
    out.push_back(say_hello{});
    repeat_at_ = now + options_.repeat_every;
  }
  for (auto& [key, unheard] : unheard_works_)
    if (owners_.is_linked(unheard.owner) && is_due(unheard.told_at))
      out.push_back(tell_work_ended{unheard.owner, key, unheard.end});
}

node_manager_core::actions node_manager_core::on_time(instant now) {
  actions out;
  if (left_)
    return out;
  if (head_.take_drop(now))
    out.push_back(drop_head{});
  if (head_.take_dial(now))
    out.push_back(dial_head{});
  const auto due = owners_.on_time(now);
  for (const auto owner : due.given_up)
    give_up(owner, now, out);
  for (const auto owner : due.forgotten)
    forget(owner);
  perform(workers_.on_time(now), now, out);
  repeat(now, out);
  if (leave_at_ && *leave_at_ <= now)
    leave_now(now, out);
  else
    leave_if_done(now, out); // An owner may have been forgotten.
  return out;
}

std::optional<instant> node_manager_core::wake_at() const {
  if (left_)
    return {};
  std::optional<instant> next;
  for (const auto& at : {head_.wake_at(), owners_.wake_at(), workers_.wake_at(), repeat_at_, leave_at_})
    if (at && (!next || *at < *next))
      next = at;
  return next;
}

} // namespace runtime
