#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/wanted.hpp"
#include "runtime/resources/resource_set.hpp"

namespace runtime {

struct lease_queue_options {
  std::size_t max_waiting = 1'000'000;
  std::chrono::nanoseconds patience = std::chrono::seconds(10); ///< More than 0.
  std::uint64_t max_passes = 1'000;                             ///< More than 0.
};

/// Which waiting demand is tried next. It knows nothing of nodes: whoever asks tries, and says what came of it.
///
/// The order: the more urgent priority first; among equals the owner that holds least (by its dominant share: the
/// largest part that it holds of any resource of the cluster, Ghodsi et al. 2011); then the earlier arrival. An owner
/// whose quota is exhausted is passed over. Demands of one content are one line, and in a line each owner's demands are
/// in order. What does not fit now blocks its line until something changes, and only its line: later ones that fit
/// somewhere go ahead, so that no room stays unused.
///
/// No starvation: a line from which nobody was granted anything for `patience`, or while `max_passes` leases were
/// granted to others, is starving, and its first demand reserves a node: what that node has free, and what becomes free
/// there, is kept from later ones of no higher priority. An owner has one reservation at a time.
///
/// A demand that its owner's quota blocks (what the owner holds and the demand are together more than the quota) holds
/// back nobody: it is not tried, it does not starve, and what it reserved before its owner came to hold so much is free
/// for others from then on. It may reserve again when the quota admits it and it starves anew.
class lease_queue {
public:
  /// The content of a demand; one object for all demands of equal content.
  struct shape {
    wanted what;
    resource_set sum; ///< What counts against quota and share.
    std::int32_t priority = 0;
    std::uint64_t number = 0;
    // Why it does not fit, as last found out: asked by each that arrives and by each look at the cluster.
    mutable std::string why;
    mutable std::optional<instant> why_at;
    mutable std::uint64_t feasible_in = 0; ///< The version of the nodes for which it was found to be feasible.
  };
  using shape_ptr = std::shared_ptr<const shape>;

  /// A demand in the queue. Its place is its arrival's number; a demand that comes back keeps it.
  struct entry {
    owner_id owner;
    request_id request;
    shape_ptr what;
    std::uint64_t place = 0;
    instant since{};
  };

  explicit lease_queue(lease_queue_options options = {});

  shape_ptr shape_of(wanted what);
  shape_ptr shape_of_its_own(wanted what); ///< For what must not share a line with others.
  std::uint64_t next_place() noexcept { return ++last_place_; }

  [[nodiscard]] result<void> may_push() const; ///< too_large when the queue is full.
  void push(entry e, instant now);             ///< Also one that comes back: never refused for the queue's length.
  bool erase(owner_id owner, const shape& what, std::uint64_t place);

  std::optional<entry> next();                  ///< Who is tried now; nothing when all lines are blocked.
  void on_granted(const entry& e, instant now); ///< It leaves the queue and its owner holds more.
  void on_blocked(const shape& what);           ///< It fits nowhere: its line waits for open_lines().
  void reopen(const shape& what);               ///< Its line is tried again, because a demand came back.
  /// A node has more room now: the lines that may fit there are tried again.
  template <class Predicate>
  void open_lines(node_id node, Predicate may_fit_there) {
    for (auto& [number, l] : lines_)
      if (!l.opened_anew && may_fit_there(*l.what))
        open_for(node, l);
  }
  /// The line fitted nowhere when it was tried last, and only these nodes have had more room since: what fits on none
  /// of them may be blocked again without a look at the others. Null: nothing is known.
  const std::vector<node_id>* opened_for(const shape& what) const;

  void take(owner_id owner, const resource_set& resources);
  void give_back(owner_id owner, const resource_set& resources);
  void set_quota(owner_id owner, const resource_set& quota); ///< Absent names are unlimited.
  bool quota_admits(owner_id owner, const resource_set& more) const;
  bool quota_admits_ever(owner_id owner, const resource_set& all) const;
  resource_set quota(owner_id owner) const;
  resource_set held_by(owner_id owner) const;
  void set_cluster(std::map<std::string, double> total); ///< For shares: what all nodes have together.
  double share_of(owner_id owner) const;

  /// The first demand of a line that starves, if any. Say postpone() when it cannot be helped, or was.
  std::optional<entry> starving(instant now);
  void postpone(const shape& what, instant now);
  std::optional<instant> wake_at() const;

  std::size_t size() const noexcept { return size_; }
  std::vector<shape_ptr> shapes() const;                   ///< Of all lines, by number.
  std::vector<entry> waiting_for(const shape& what) const; ///< In order of arrival.
  std::vector<entry> oldest(std::size_t most) const;       ///< At most so many of all, in order of arrival.
  struct equal_entries {
    entry oldest;
    std::size_t count;
  };
  std::vector<equal_entries> equals() const; ///< All, those of one line and owner together; by the oldest's arrival.

private:
  struct waiting {
    request_id request;
    instant since;
  };
  struct line {
    shape_ptr what;
    std::map<owner_id, std::map<std::uint64_t, waiting>> owners; // By place.
    bool blocked = false;
    bool opened_anew = true;         // Not only by nodes that have had more room.
    std::vector<node_id> opened_for; // Otherwise these, and no more than a few.
    instant stands_since{};
    std::uint64_t grants_before = 0;
    instant listed_since{}; // Its key in standing_, which is only brought up to date when it comes first.
  };
  struct account {
    resource_set held;
    resource_set quota;
    double share = 0;
  };

  /// A line's first demand of one owner, in the order in which an owner's are tried.
  struct open_rank {
    std::int64_t less_urgent;
    std::uint64_t place;
    std::uint64_t line;
    bool operator<(const open_rank& other) const {
      return std::tie(less_urgent, place, line) < std::tie(other.less_urgent, other.place, other.line);
    }
  };
  /// What an owner has in open lines.
  struct open_ranks {
    std::set<open_rank> admitted;
    std::set<open_rank> over_quota; // As found when they came first; until the owner holds less, or may hold more.
  };
  using owned = std::map<std::uint64_t, waiting>;

  void open(line& l);
  void open_for(node_id node, line& l);
  void list(const line& l, owner_id owner, const owned& mine);
  void unlist(const line& l, owner_id owner, const owned& mine);
  void try_over_quota_again(owner_id owner);
  void erase_line_if_empty(std::uint64_t number);
  const account* find_account(owner_id owner) const;
  double dominant_share(const resource_set& held) const;
  void settle(owner_id owner, account& a);
  void better_of(std::optional<entry>& best, const line& l) const;
  void forget_unused_shapes();

  lease_queue_options options_;
  std::unordered_multimap<std::size_t, std::shared_ptr<shape>> shapes_;
  std::size_t forget_shapes_at_ = 64;
  std::map<std::uint64_t, line> lines_; ///< By shape; only those in which somebody waits.
  std::map<owner_id, open_ranks> open_;
  std::set<std::pair<instant, std::uint64_t>> standing_;
  std::unordered_map<owner_id, account> accounts_;
  std::map<std::string, double> cluster_;
  std::array<double, 3> known_total_{}; ///< cpu, gpu, memory of cluster_.
  std::uint64_t last_shape_ = 0;
  std::uint64_t last_place_ = 0;
  std::uint64_t grants_ = 0;
  std::size_t size_ = 0;
};

} // namespace runtime
