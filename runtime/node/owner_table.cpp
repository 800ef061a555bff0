#include "runtime/node/owner_table.hpp"

namespace runtime {

void owner_table::on_lost(owner_id owner, instant now) {
  const auto found = owners_.find(owner);
  if (found == owners_.end() || found->second.due_at)
    return;
  found->second.due_at = now + (owner == detached_owner ? options_.detached : options_.owner);
}

owner_table::due owner_table::on_time(instant now) {
  due out;
  for (auto it = owners_.begin(); it != owners_.end();) {
    auto& [owner, e] = *it;
    if (e.due_at && *e.due_at <= now && !e.given_up) {
      e.given_up = true;
      e.due_at = *e.due_at + options_.memory;
      out.given_up.push_back(owner);
    }
    if (e.due_at && *e.due_at <= now && e.given_up) {
      out.forgotten.push_back(owner);
      it = owners_.erase(it);
    } else
      ++it;
  }
  return out;
}

std::optional<instant> owner_table::wake_at() const {
  std::optional<instant> next;
  for (const auto& [owner, e] : owners_)
    if (e.due_at && (!next || *e.due_at < *next))
      next = e.due_at;
  return next;
}

bool owner_table::is_linked(owner_id owner) const {
  const auto found = owners_.find(owner);
  return found != owners_.end() && !found->second.due_at;
}

bool owner_table::is_given_up(owner_id owner) const {
  const auto found = owners_.find(owner);
  return found != owners_.end() && found->second.given_up;
}

} // namespace runtime
