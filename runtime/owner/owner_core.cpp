#include "runtime/owner/owner_core.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "runtime/base/mutation.hpp"

namespace runtime {
namespace {

template <class Key>
void forget_arrived(std::map<Key, instant>& said, instant now, std::chrono::nanoseconds arrives_within) {
  for (auto it = said.begin(); it != said.end() && it->second + arrives_within <= now;) // About in order of time.
    it = said.erase(it);
}

const error no_welcome{errc::unreachable, "it does not answer"};

} // namespace

owner_core::owner_core(owner_options options)
  : options_(std::move(options)),
    head_(options_.head_link),
    announcer_(options_.announcements) {
}

owner_core::actions owner_core::on_begin(instant now) {
  actions out;
  perform(head_.want(now), out);
  due_.set({due::connect, 0}, now + options_.connect_deadline);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_submit_task(task_id task, std::shared_ptr<const work_spec> spec,
                                               std::shared_ptr<const std::string> arguments, instant now) {
  if (tasks_.count(task) != 0)
    return {};
  work w(std::move(spec), std::move(arguments));
  w.task = task;
  return submit(std::move(w), nullptr, now);
}

owner_core::actions owner_core::on_submit_actor(actor_id actor, std::shared_ptr<const work_spec> spec,
                                                std::shared_ptr<const std::string> arguments, instant now) {
  if (actors_.count(actor) != 0)
    return {};
  work w(std::move(spec), std::move(arguments));
  w.actor = actor;
  return submit(std::move(w), nullptr, now);
}

owner_core::actions owner_core::on_restore_actor(actor_id actor, std::shared_ptr<const work_spec> spec,
                                                 std::shared_ptr<const std::string> arguments,
                                                 std::shared_ptr<const granted_lease> lease, std::uint32_t restarts,
                                                 instant now) {
  if (actors_.count(actor) != 0)
    return {};
  work w(std::move(spec), std::move(arguments));
  w.actor = actor;
  w.policy.restore(restarts);
  return submit(std::move(w), std::move(lease), now);
}

owner_core::actions owner_core::submit(work submitted, std::shared_ptr<const granted_lease> lease, instant now) {
  actions out;
  const auto n = ++last_number_;
  submitted.own = n;
  auto& w = works_.emplace(n, std::move(submitted)).first->second;
  if (w.is_task())
    tasks_.emplace(w.task, n);
  else
    actors_.emplace(w.actor, n);
  if (!w.spec->package && package_ && !*package_)
    end(w, fail(within(name_of(w), package_->error())), now, out);
  else if (lease) {
    w.named = w.ordered = w.started = true;
    w.started_at = now;
    take_lease(w, std::move(lease), now, out);
  } else
    enter(w, now, out);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_package(result<void> ready, instant now) {
  actions out;
  package_ = std::move(ready);
  if (*package_) {
    for (auto& [n, w] : works_)
      start_if_reached(w, now, out);
  } else {
    std::vector<number> stuck;
    for (const auto& [n, w] : works_)
      if (!w.spec->package)
        stuck.push_back(n);
    for (const auto n : stuck) {
      auto& w = works_.at(n);
      withdraw(w, now, out);
      release_if_own(w, now, out);
      leave_lease(w);
      end(w, fail(within(name_of(w), package_->error())), now, out);
    }
  }
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_head_linked(instant now) {
  actions out;
  perform(head_.on_linked(now), out);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_head_welcome(const std::string& cluster, instant now) {
  actions out;
  if (!cluster_.empty() && cluster != cluster_)
    return on_head_refused(
      {errc::incompatible, fmt::format("it is the head of another cluster, {} instead of {}", cluster, cluster_)}, now);
  if (!head_.on_welcome(now))
    return out;
  cluster_ = cluster;
  if (!connection_told_) {
    connection_told_ = true;
    due_.drop({due::connect, 0});
    out.push_back(connected{});
  }
  tell_head_again(now, out);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_head_refused(error why, instant now) {
  actions out;
  head_.on_unlinked(why, now); // Asks again later: a restarted head may be of our version.
  fail_to_connect(within(fmt::format("the head at {} refuses this program", options_.head_address), std::move(why)),
                  out);
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_head_unlinked(error why, instant now) {
  actions out;
  const bool is_for_ever =
    why.code == errc::permission_denied || why.code == errc::incompatible || why.code == errc::not_found;
  head_.on_unlinked(why, now);
  if (is_for_ever)
    fail_to_connect(std::move(why), out); // It names the address.
  else if (why.code == errc::timed_out)
    fail_to_connect(no_answer(), out); // The same words, whichever of the two deadlines is over first.
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_node_linked(node_id id, instant now) {
  actions out;
  if (const auto found = nodes_.find(id); found != nodes_.end())
    perform(id, found->second.link.on_linked(now), out);
  else
    out.push_back(forget_node{id}); // It was given up while it was dialled.
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_node_welcome(node_id id, instant now) {
  actions out;
  const auto found = nodes_.find(id);
  if (found == nodes_.end() || !found->second.link.on_welcome(now))
    return out;
  perform(id, peer_link::order::nothing, out);
  due_.drop({due::node_lost, id.value});
  const auto works = found->second.works;
  for (const auto n : works)
    if (auto* w = find(n))
      start_if_reached(*w, now, out); // Also what ran before: the node says what became of it.
  settle(now, out);
  return out;
}

owner_core::actions owner_core::on_node_refused(node_id id, error why, instant now) {
  return on_node_unlinked(id, std::move(why), now);
}

owner_core::actions owner_core::on_node_unlinked(node_id id, error why, instant now) {
  actions out;
  unlink_node(id, why, now, out);
  settle(now, out);
  return out;
}

void owner_core::unlink_node(node_id id, const error& why, instant now, actions& out) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end())
    return;
  auto& n = found->second;
  n.link.on_unlinked(why, now);
  perform(id, peer_link::order::nothing, out);
  for (const auto i : n.works) {
    auto& w = works_.at(i);
    due_.drop({due::work, i});
    if (w.at == phase::running && !w.is_task())
      out.push_back(actor_is_out_of_reach{w.actor, within(fmt::format("node \"{}\"", n.name), why)});
    w.at = phase::linking;
  }
  if (n.works.empty()) {
    due_.drop({due::node, id.value});
    due_.drop({due::node_lost, id.value});
    nodes_.erase(found); // Dialled again when it is needed.
  } else
    await_node(id, n, n.link.down_since().value_or(now));
}

void owner_core::lose_node(node_id id, instant now, actions& out) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end() || found->second.link.is_welcome())
    return;
  auto& n = found->second;
  if (n.link.is_greeting()) { // The next dial must not find the link that it is silent on.
    out.push_back(drop_node{id});
    n.link.on_unlinked(no_welcome, now);
    perform(id, peer_link::order::nothing, out);
  }
  const auto cause = n.link.why_down() ? n.link.why_down()->message : no_welcome.message;
  const error why{errc::node_lost, fmt::format("node \"{}\" ({}:{}) was lost: {}", n.name, n.host, n.port, cause)};
  put_aside_bundles(id, now);
  const auto works = n.works;
  for (const auto i : works) {
    auto& w = works_.at(i);
    release_if_own(w, now, out);
    attempt_over(w, w.ordered ? attempt_failure::system : attempt_failure::unstarted, why, now, out);
  }
  const auto still = nodes_.find(id); // A retry may have come back to it.
  if (still == nodes_.end() || !still->second.works.empty())
    return;
  due_.drop({due::node, id.value});
  nodes_.erase(still);
  out.push_back(forget_node{id});
}

void owner_core::on_head_due(instant now, actions& out) {
  const auto order = head_.on_time(now);
  perform(order, out);
  if (order == peer_link::order::drop)
    head_.on_unlinked(no_welcome, now);
  due_.set({due::head, 0}, head_.wake_at());
}

void owner_core::on_node_due(node_id id, instant now, actions& out) {
  const auto found = nodes_.find(id);
  if (found == nodes_.end())
    return;
  const auto order = found->second.link.on_time(now);
  perform(id, order, out);
  if (order == peer_link::order::drop)
    unlink_node(id, no_welcome, now, out);
}

owner_core::actions owner_core::on_time(instant now) {
  actions out;
  while (const auto what = due_.take_due(now)) {
    const auto [kind, key] = *what;
    switch (kind) {
    case due::head: on_head_due(now, out); break;
    case due::connect: {
      fail_to_connect(head_.why_down() ? within(no_answer_within(), {errc::unreachable, head_.why_down()->message})
                                       : no_answer(),
                      out);
      break;
    }
    case due::node: on_node_due(node_id{key}, now, out); break;
    case due::node_lost: lose_node(node_id{key}, now, out); break;
    case due::work: on_work_due(key, now, out); break;
    case due::group:
      if (const auto found = groups_.find(group_id{key}); found != groups_.end())
        ask_for_group(found->first, found->second, now, out);
      break;
    case due::announcements: break; // See settle().
    }
  }
  settle(now, out);
  return out;
}

std::optional<instant> owner_core::wake_at() const {
  return due_.next();
}

std::optional<actor_record> owner_core::find_actor(actor_id actor) const {
  const auto found = actors_.find(actor);
  if (found == actors_.end())
    return std::nullopt;
  const auto& w = works_.at(found->second);
  switch (w.at) {
  case phase::running: return record_of(w, actor_state::alive);
  case phase::linking:
  case phase::starting: return record_of(w, actor_state::starting);
  case phase::naming:
  case phase::demanding:
  case phase::waiting:
  case phase::in_group:
  case phase::pausing: break;
  }
  return record_of(w, w.policy.restarts() == 0 ? actor_state::pending : actor_state::restarting);
}

std::shared_ptr<const granted_lease> owner_core::lease_of(actor_id actor) const {
  const auto found = actors_.find(actor);
  return found == actors_.end() ? nullptr : works_.at(found->second).lease;
}

void owner_core::perform(peer_link::order order, actions& out) const {
  switch (order) {
  case peer_link::order::nothing: break;
  case peer_link::order::dial: out.push_back(dial_head{}); break;
  case peer_link::order::say_hello: out.push_back(say_hello_to_head{}); break;
  case peer_link::order::drop: out.push_back(drop_head{}); break;
  }
}

void owner_core::perform(node_id id, peer_link::order order, actions& out) {
  const auto& n = nodes_.at(id);
  due_.set({due::node, id.value}, n.link.wake_at());
  switch (order) {
  case peer_link::order::nothing: break;
  case peer_link::order::dial: out.push_back(dial_node{id, n.host, n.port}); break;
  case peer_link::order::say_hello: out.push_back(say_hello_to_node{id}); break;
  case peer_link::order::drop: out.push_back(drop_node{id}); break;
  }
}

void owner_core::await_node(node_id id, const node& n, instant since) {
  due_.set({due::node_lost, id.value},
           since + (n.link.was_welcome() ? options_.node_grace : options_.node_connect_deadline));
}

std::string owner_core::no_answer_within() const {
  return fmt::format("the head at {} does not answer within {} s", options_.head_address,
                     std::chrono::duration<double>(options_.connect_deadline).count());
}

error owner_core::no_answer() const {
  return {errc::unreachable, no_answer_within() + "; is the address right, and no firewall between?"};
}

void owner_core::fail_to_connect(error why, actions& out) {
  if (connection_told_)
    return;
  connection_told_ = true;
  due_.drop({due::connect, 0});
  out.push_back(not_connected{std::move(why)});
}

void owner_core::tell_head_again(instant now, actions& out) {
  for (const auto& [request, when] : cancelled_)
    out.push_back(cancel_demand{request});
  for (const auto& [lease, when] : released_)
    out.push_back(release_lease{lease});
  for (auto& [n, w] : works_) {
    const bool asks = w.at == phase::naming || w.at == phase::demanding || w.at == phase::waiting;
    if (!asks || mutated(mutation::forget_demands))
      continue;
    if (w.at == phase::waiting)
      w.at = phase::demanding; // The head may be another, which does not know it.
    w.repeat = w.repeat.zero();
    order(w, now, out);
  }
  for (auto& [id, g] : groups_) {
    g.repeat = g.repeat.zero();
    if (!g.is_complete())
      ask_for_group(id, g, now, out);
  }
  announcer_.on_new_link(now);
}

void owner_core::cancel(request_id request, instant now, actions& out) {
  if (head_.is_welcome()) {
    forget_arrived(cancelled_, now, options_.arrives_within);
    out.push_back(cancel_demand{request});
  }
  cancelled_[request] = now;
}

void owner_core::release(lease_id lease, instant now, actions& out) {
  if (head_.is_welcome()) {
    forget_arrived(released_, now, options_.arrives_within);
    out.push_back(release_lease{lease});
  }
  released_[lease] = now;
}

void owner_core::repeat_later(due_key key, std::chrono::nanoseconds& last, instant now) {
  last = last == last.zero() ? options_.repeat_after : std::min(last * 2, options_.most_repeat);
  due_.set(key, now + last);
}

void owner_core::settle(instant now, actions& out) {
  due_.set({due::head, 0}, head_.wake_at());
  if (!head_.is_welcome()) {
    due_.drop({due::announcements, 0});
    return;
  }
  if (auto changed = announcer_.take_due(now); !changed.empty())
    out.push_back(announce_actors{std::move(changed)});
  due_.set({due::announcements, 0}, announcer_.wake_at());
}

} // namespace runtime
