#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"

namespace runtime {

/// The cluster's actors by id and by name. What it knows its owners have told; a name belongs to one living actor.
class directory {
public:
  explicit directory(std::size_t max_living = 1'000'000, std::size_t max_dead = 10'000)
    : max_living_(max_living),
      max_dead_(max_dead) {}

  /// Makes the name the actor's. The same actor again: its record. Another living actor has it: already_exists.
  [[nodiscard]] result<actor_record> reserve(owner_id owner, actor_id actor, const std::string& name);
  /// What an owner tells of its actor. Dead ones stay dead, and another owner's actor is not touched: refused.
  /// A name that was not reserved is reserved now; if it is taken the record is kept without it.
  [[nodiscard]] result<void> announce(actor_record record);
  /// All that it owns is dead, and the names are free.
  void on_owner_gone(owner_id owner, const error& why);

  [[nodiscard]] result<actor_record> find(const std::string& name) const; ///< Living ones only.
  [[nodiscard]] result<actor_record> find(actor_id actor) const;          ///< Also the newest dead ones.
  std::vector<actor_record> all() const;                                  ///< By id.
  std::size_t living() const noexcept { return records_.size() - dead_.size(); }

private:
  void bury(actor_record& record); ///< It has become dead.

  std::size_t max_living_;
  std::size_t max_dead_;
  std::map<actor_id, actor_record> records_;
  std::map<std::string, actor_id> names_; ///< Of living ones.
  std::deque<actor_id> dead_;             ///< Oldest first.
};

} // namespace runtime
