#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"

namespace runtime {

/// The owners that a node has heard of: which have a link, which lost it and may come back, which have not come back.
class owner_table {
public:
  struct graces {
    std::chrono::nanoseconds owner; ///< To say hello on a new link; then its works are ended.
    std::chrono::nanoseconds
      detached;                      ///< The same for what is detached: its owner is the head, which may be restarting.
    std::chrono::nanoseconds memory; ///< After the grace: then it is forgotten, with what it was not told.
  };
  struct due {
    std::vector<owner_id> given_up; ///< End its works.
    std::vector<owner_id> forgotten;
  };

  explicit owner_table(graces options) : options_(options) {}

  void on_hello(owner_id owner) { owners_[owner] = {}; }
  void on_lost(owner_id owner, instant now); ///< Unknown, or lost already: changes nothing.
  due on_time(instant now);
  std::optional<instant> wake_at() const;

  bool knows(owner_id owner) const { return owners_.count(owner) != 0; }
  bool is_linked(owner_id owner) const;
  bool is_given_up(owner_id owner) const; ///< Not back within its grace; it may still come, until it is forgotten.
  std::size_t size() const noexcept { return owners_.size(); }

private:
  struct entry {
    bool given_up = false;
    std::optional<instant> due_at; ///< Nothing: it has a link.
  };

  graces options_;
  std::map<owner_id, entry> owners_;
};

} // namespace runtime
