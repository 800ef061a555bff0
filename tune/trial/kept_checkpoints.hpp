#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "tune/trial/checkpoint_ref.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// The checkpoints of a trial that are kept: the newest, which a retry needs; the newest that lies in the storage,
/// which it gets if the node of the newest is lost; and of the others the best. Of two that are equally good the newer
/// one. What is lent to another trial stays beside them.
class kept_checkpoints {
public:
  struct one {
    checkpoint_ref at;
    checkpoint_result result; ///< That it was written after.
    std::size_t lent = 0;     ///< To so many trials.
  };

  /// A new one, or one that lies elsewhere now: its result stays.
  void count(const checkpoint_ref& checkpoint, const checkpoint_result& result);
  void erase(iteration_number iteration, attempt_number attempt); ///< It is lost. One that is not there: no matter.
  /// Takes out and returns what is not kept any more. `keep`: at least 1; one more while the newest is on its way.
  std::vector<checkpoint_ref> trim(std::size_t keep);
  void lend(iteration_number iteration, attempt_number attempt);      ///< One that is not there: no matter.
  void take_back(iteration_number iteration, attempt_number attempt); ///< The same; as often as it was lent.
  bool has_lent() const;
  /// They are of a state that the trial has left: none is the best any more, and the first to go.
  void become_old();

  bool empty() const noexcept { return all_.empty(); }
  const std::vector<one>& all() const noexcept { return all_; } ///< By iteration, then attempt; ascending.
  const checkpoint_ref* find(iteration_number iteration, attempt_number attempt) const; ///< Null: it is not there.
  const checkpoint_ref* newest() const;
  const checkpoint_ref* newest_of(iteration_number iteration) const; ///< Of that iteration; null: there is none.
  const checkpoint_ref* newest_in_storage() const;
  const checkpoint_ref* best() const; ///< Null, too, if no loss is known.
  bool has_some_on_their_way() const; ///< To the storage.

private:
  std::vector<one> all_;
};

} // namespace tune
