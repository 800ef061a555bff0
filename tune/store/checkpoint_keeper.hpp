#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "tune/trial/checkpoint_ref.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

struct checkpoint_keeper_options {
  std::size_t newest = 1; ///< So many of the newest are kept; at least 1, for that is what a retry restores.
  std::size_t best = 1;   ///< And so many of those with the lowest loss.
};

/// Which checkpoints of an experiment's trials are kept, and which one a trial restores. Somebody may hold one (a
/// population copies its donor's): it stays until it is given back as often as it was taken.
///
/// Every call may come twice or late: that changes nothing, but each hold() wants its release().
class checkpoint_keeper {
public:
  explicit checkpoint_keeper(checkpoint_keeper_options options = {}) : options_(options) {}

  struct removal {
    trial_id trial;
    checkpoint_ref checkpoint;
  };
  using removals = std::vector<removal>; ///< To be removed now, oldest first.

  /// One was written, whole. `loss`: of the result that it came with; none, or NaN, ranks last. Of two with the same
  /// iteration only that of the newer attempt is kept.
  removals on_written(trial_id trial, const checkpoint_ref& checkpoint, std::optional<double> loss);
  /// It is gone, or broken: it is not restored, and need not be removed.
  void on_lost(trial_id trial, const checkpoint_ref& checkpoint);
  /// Nothing of this trial is wanted any more; what comes late is removed, too.
  removals on_abandoned(trial_id trial);

  /// Only one that is there can be held.
  bool hold(trial_id trial, const checkpoint_ref& checkpoint);
  removals release(trial_id trial, const checkpoint_ref& checkpoint);

  /// The newest; none: it begins anew.
  std::optional<checkpoint_ref> to_restore(trial_id trial) const;
  /// Oldest first.
  std::vector<checkpoint_ref> kept(trial_id trial) const;

private:
  using key = std::pair<iteration_number, attempt_number>;
  struct entry {
    checkpoint_ref at;
    double loss = 0; ///< NaN: none.
    std::uint32_t holders = 0;
  };
  using entries = std::map<key, entry>;

  entry* find(trial_id trial, const checkpoint_ref& checkpoint);
  std::set<key> choose(const entries& all) const;
  removals trim(trial_id trial);

  checkpoint_keeper_options options_;
  std::map<trial_id, entries> trials_;
  std::set<trial_id> abandoned_;
};

} // namespace tune
