#include "runtime/owner/actor_announcer.hpp"

#include <algorithm>

namespace runtime {

void actor_announcer::on_change(actor_record record, instant now) {
  const auto id = record.id;
  const bool named = !record.name.empty();
  auto& actor = actors_[id];
  if (record.state == actor_state::dead && !actor.ever_told && !named) {
    actors_.erase(id); // The head has never heard of it.
    return;
  }
  if (actor.told || actor.record.id != id)
    changed_.push_back(id);
  actor.told = false;
  actor.record = std::move(record);
  be_due(named ? now : now + options_.gathers_for);
}

std::vector<actor_record> actor_announcer::take_due(instant now) {
  std::vector<actor_record> out;
  if (!due_ || now < *due_)
    return out;
  due_.reset();
  out.reserve(changed_.size());
  for (const auto id : changed_) {
    const auto found = actors_.find(id);
    if (found == actors_.end() || found->second.told)
      continue;
    auto& actor = found->second;
    actor.told = actor.ever_told = true;
    out.push_back(actor.record);
    if (actor.record.state == actor_state::dead)
      dead_.emplace_back(now, id);
  }
  changed_.clear();
  forget_dead(now);
  return out;
}

void actor_announcer::on_new_link(instant now) {
  dead_.clear();
  changed_.clear();
  for (auto& [id, actor] : actors_) {
    actor.told = false;
    changed_.push_back(id);
  }
  if (!changed_.empty())
    due_ = now;
}

void actor_announcer::forget_dead(instant now) {
  while (!dead_.empty() && dead_.front().first + options_.remembers_dead_for <= now) {
    actors_.erase(dead_.front().second);
    dead_.pop_front();
  }
}

void actor_announcer::be_due(instant when) {
  due_ = due_ ? std::min(*due_, when) : when;
}

} // namespace runtime
