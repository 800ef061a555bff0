#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "runtime/base/instant.hpp"

namespace runtime {

/// When to look again for what ended workers have left. Whoever is new is looked for at once, however long others take
/// to die; those are looked for ever more seldom. A look at all processes takes the longer the more there are: after
/// each there is a rest as long, but no longer than an end may wait.
class look_pace {
public:
  using duration = core_clock::duration;
  static constexpr duration first_rest = std::chrono::milliseconds(5);
  static constexpr duration longest_rest_of_young = std::chrono::milliseconds(20);
  static constexpr duration longest_rest = std::chrono::milliseconds(500);
  static constexpr duration youth = std::chrono::seconds(1); ///< What is not gone by then will hardly go soon.

  void on_told(instant now) {
    newest_ = now;
    rest_ = first_rest;
    is_new_ = true;
  }

  void on_looked(instant begun, instant ended, bool is_clear) {
    const auto took = ended - begun;
    earliest_ = ended + std::min<duration>(took, longest_rest_of_young);
    const bool is_young = newest_ && ended - *newest_ < youth;
    due_.reset();
    if (!is_clear)
      due_ = std::max(earliest_, ended + std::min(rest_, is_young ? longest_rest_of_young : longest_rest));
    rest_ = std::min(2 * rest_, longest_rest);
    is_new_ = false;
  }

  /// Nothing: not before something is told.
  std::optional<instant> look_at() const { return is_new_ ? earliest_ : due_; }

private:
  instant earliest_{};
  std::optional<instant> due_, newest_;
  duration rest_ = first_rest;
  bool is_new_ = false;
};

} // namespace runtime
