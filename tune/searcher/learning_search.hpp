#pragma once

#include <cstdint>
#include <optional>
#include <unordered_set>
#include <vector>

#include "tune/searcher/design_search.hpp"
#include "tune/searcher/searcher.hpp"

namespace tune {

/// A searcher that learns and proposes one trial after the other, each with regard to those before it in the batch: a
/// batch is what would be proposed one by one.
class learning_search : public searcher {
public:
  using ranks = std::unordered_set<std::uint64_t>; ///< Of points of a finite space.

  asked ask(const std::vector<trial_id>& trials) final;

  // For those who have several of them propose in turn.
  /// Neither proposed before nor among these.
  virtual design_search::drawn next(trial_id trial, const ranks& in_batch) = 0;
  virtual void suppose(trial_id trial, const config& values) = 0; ///< It is pending, until it is withdrawn.
  virtual void withdraw(trial_id trial) = 0;
  /// Only where no point is to be proposed twice.
  virtual std::optional<std::uint64_t> rank_of(const config& values) const = 0;
};

} // namespace tune
