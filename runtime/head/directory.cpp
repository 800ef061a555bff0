#include "runtime/head/directory.hpp"

#include <utility>

#include <fmt/format.h>

namespace runtime {

const char* to_string(actor_state state) noexcept {
  switch (state) {
  case actor_state::pending: return "pending";
  case actor_state::starting: return "starting";
  case actor_state::alive: return "alive";
  case actor_state::restarting: return "restarting";
  case actor_state::dead: return "dead";
  }
  return "dead";
}

result<actor_record> directory::reserve(owner_id owner, actor_id actor, const std::string& name) {
  if (name.empty())
    return fail(errc::invalid_argument, "an actor's name is empty; give it one, or reserve none");
  if (const auto taken = names_.find(name); taken != names_.end() && taken->second != actor)
    return fail(errc::already_exists,
                fmt::format("an actor named \"{}\" lives already; choose another name, or get it if it exists", name));
  const auto found = records_.find(actor);
  if (found == records_.end()) {
    if (living() >= max_living_)
      return fail(errc::too_large, fmt::format("{} actors live already, which is the limit", living()));
    actor_record record;
    record.id = actor;
    record.owner = owner;
    record.name = name;
    names_.emplace(name, actor);
    return records_.emplace(actor, std::move(record)).first->second;
  }
  auto& record = found->second;
  if (record.owner != owner)
    return fail(errc::refused, fmt::format("actor {} belongs to another owner", actor));
  if (record.state == actor_state::dead)
    return fail(errc::not_found, fmt::format("actor {} is dead", actor));
  if (!record.name.empty() && record.name != name)
    return fail(errc::already_exists, fmt::format("actor {} is named \"{}\"; a name is for life", actor, record.name));
  record.name = name;
  names_.emplace(name, actor);
  return record;
}

result<void> directory::announce(actor_record record) {
  const auto found = records_.find(record.id);
  if (found != records_.end()) {
    if (found->second.owner != record.owner)
      return fail(errc::refused, fmt::format("actor {} belongs to another owner", record.id));
    if (found->second.state == actor_state::dead)
      return {}; // What is told late must not revive it.
    if (record.name.empty())
      record.name = found->second.name;
  } else if (record.state != actor_state::dead && living() >= max_living_)
    return fail(errc::too_large, fmt::format("{} actors live already, which is the limit", living()));
  result<void> answer;
  if (!record.name.empty() && record.state != actor_state::dead)
    if (const auto name = names_.emplace(record.name, record.id).first; name->second != record.id) {
      answer = fail(errc::already_exists, fmt::format("an actor named \"{}\" lives already", record.name));
      record.name.clear();
    }
  if (found != records_.end() && found->second.name != record.name && !found->second.name.empty())
    names_.erase(found->second.name);
  auto& kept = records_[record.id];
  kept = std::move(record);
  if (kept.state == actor_state::dead)
    bury(kept);
  return answer;
}

void directory::bury(actor_record& record) {
  record.state = actor_state::dead;
  if (const auto name = names_.find(record.name); name != names_.end() && name->second == record.id)
    names_.erase(name);
  dead_.push_back(record.id);
  while (dead_.size() > max_dead_) {
    records_.erase(dead_.front());
    dead_.pop_front();
  }
}

void directory::on_owner_gone(owner_id owner, const error& why) {
  std::vector<actor_id> orphans;
  for (const auto& [id, record] : records_)
    if (record.owner == owner && record.state != actor_state::dead)
      orphans.push_back(id);
  for (const auto id : orphans) {
    auto& record = records_.at(id);
    record.why_dead = why;
    bury(record);
  }
}

result<actor_record> directory::find(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end())
    return fail(errc::not_found, fmt::format("no actor named \"{}\" lives in this cluster", name));
  return records_.at(found->second);
}

result<actor_record> directory::find(actor_id actor) const {
  const auto found = records_.find(actor);
  if (found == records_.end())
    return fail(errc::not_found, fmt::format("actor {} is not known in this cluster", actor));
  return found->second;
}

std::vector<actor_record> directory::all() const {
  std::vector<actor_record> found;
  found.reserve(records_.size());
  for (const auto& [id, record] : records_)
    found.push_back(record);
  return found;
}

} // namespace runtime
